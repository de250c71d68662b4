// judge: holds what swatch says of each session against what Claude Code itself says.
//
// usage: node judge.mjs SCENARIO HOME API-LOG CLAUDE-RESULTS SWATCH-SESSIONS
//
// Claude Code's own figures are, for each session, the last `cost-state` line of its transcript; without one (before
// August 2026), the sum of `total_cost_usd` and `modelUsage` of its results (one JSON object a line in CLAUDE-RESULTS).
// SWATCH-SESSIONS is what `swatch sessions --json` printed. Tokens are compared by model and by kind.
//
// Claude Code counts some answers for which it writes no line (titles, summaries, an answer that was cut off). The API
// log knows all answers: one whose id is in no transcript is a named difference, and is taken off Claude Code's figure.
// So are web searches, which swatch counts only with [billing] extras. Prints a row for each session, and ends with 1 when
// a figure differs otherwise.
import fs from "node:fs";
import path from "node:path";

const [scenario, home, apiLog, resultsFile, sessionsFile] = process.argv.slice(2);
const WEB_SEARCH_USD = 0.01;
const kinds = ["input", "output", "cacheRead", "cacheCreation"];
const jsonLines = (file) => (fs.existsSync(file) ? fs.readFileSync(file, "utf8").split("\n").filter(Boolean).map(JSON.parse) : []);

// ---- what was written ----

const projects = path.join(home, ".claude/projects");
const transcripts = fs.readdirSync(projects, { recursive: true }).filter((name) => name.endsWith(".jsonl"));
const written = new Set(), costStates = new Map(), forkParents = new Map();
for (const name of transcripts) {
	for (const text of fs.readFileSync(path.join(projects, name), "utf8").split("\n")) {
		let line;
		try { line = JSON.parse(text); } catch { continue; }
		if (line.message?.id) written.add(line.message.id);
		if (line.type === "cost-state") costStates.set(line.sessionId, line);
		if (line.forkedFrom?.sessionId) forkParents.set(path.basename(name, ".jsonl"), line.forkedFrom.sessionId);
	}
}

// ---- Claude Code's figures ----

const claude = new Map();
function claudeSession(id) {
	if (!claude.has(id)) claude.set(id, { cost: 0, models: new Map() });
	return claude.get(id);
}
function addModels(session, modelUsage, sign = 1) {
	for (const [model, usage] of Object.entries(modelUsage ?? {})) {
		const sum = session.models.get(model) ?? { input: 0, output: 0, cacheRead: 0, cacheCreation: 0, cost: 0, searches: 0 };
		sum.input += sign * usage.inputTokens;
		sum.output += sign * usage.outputTokens;
		sum.cacheRead += sign * usage.cacheReadInputTokens;
		sum.cacheCreation += sign * usage.cacheCreationInputTokens;
		sum.searches += sign * (usage.webSearchRequests ?? 0);
		sum.cost += sign * usage.costUSD;
		session.models.set(model, sum);
	}
}
for (const result of jsonLines(resultsFile)) {
	if (costStates.has(result.session_id)) continue;
	claudeSession(result.session_id).cost += result.total_cost_usd;
	addModels(claudeSession(result.session_id), result.modelUsage);
}
for (const [id, state] of costStates) {
	claudeSession(id).cost = state.totalCostUSD;
	addModels(claudeSession(id), state.modelUsage);
}
// A fork begins with its parent's total, which is the parent's cost and not the fork's.
for (const [id, parent] of forkParents) {
	const mine = claude.get(id), base = claude.get(parent);
	if (!mine || !base || !costStates.has(id)) continue;
	mine.cost -= base.cost;
	addModels(mine, costStates.get(parent)?.modelUsage, -1);
}

// ---- answers without a line ----

const unwritten = jsonLines(apiLog).filter((answer) => !written.has(answer.id));

// ---- swatch's figures ----

const rows = JSON.parse(fs.readFileSync(sessionsFile, "utf8")).sessions;
const plainName = (name) => name.replace(/-fast$/, "").replace(/\[1m\]$/, "").replace(/-20\d{6}$/, "");
let bad = 0;
for (const row of rows) {
	const session = claude.get(row.sessionId);
	if (!session) {
		if (row.totalTokens === 0) continue;
		console.log(`${scenario}: session ${row.sessionId}: swatch $${row.totalCost}, and Claude Code says nothing`);
		bad++;
		continue;
	}
	const notes = [], ours = new Map();
	for (const part of row.modelBreakdowns) {
		const name = plainName(part.modelName), sum = ours.get(name) ?? { input: 0, output: 0, cacheRead: 0, cacheCreation: 0, cost: 0 };
		sum.input += part.inputTokens;
		sum.output += part.outputTokens;
		sum.cacheRead += part.cacheReadTokens;
		sum.cacheCreation += part.cacheCreationTokens;
		sum.cost += part.cost;
		ours.set(name, sum);
	}
	for (const [name, theirs] of session.models) {
		const model = plainName(name);
		const mine = ours.get(model) ?? { input: 0, output: 0, cacheRead: 0, cacheCreation: 0, cost: 0 };
		// Only this session's: an answer that is logged with the session that asked for it, or with none.
		const missing = unwritten.filter((answer) => plainName(answer.model) === model &&
			(answer.session ? answer.session === row.sessionId : true));
		const lacks = (kind, key) => missing.reduce((sum, answer) => sum + (answer.usage[key] ?? 0), 0);
		const gap = {
			input: lacks("input", "input_tokens"), output: lacks("output", "output_tokens"),
			cacheRead: lacks("cacheRead", "cache_read_input_tokens"),
			cacheCreation: lacks("cacheCreation", "cache_creation_input_tokens"),
		};
		let equal = true, equalWithGap = true;
		for (const kind of kinds) {
			equal &&= theirs[kind] === mine[kind];
			equalWithGap &&= theirs[kind] - gap[kind] === mine[kind];
		}
		const dollars = theirs.cost - mine.cost - theirs.searches * WEB_SEARCH_USD;
		if (theirs.searches > 0) notes.push(`${theirs.searches} web searches: $${(theirs.searches * WEB_SEARCH_USD).toFixed(2)}`);
		if (equal && Math.abs(dollars) < 1e-9) continue;
		if (equalWithGap && missing.length > 0 && dollars >= -1e-9) {
			notes.push(`${missing.length} answers of ${model} without a line: $${dollars.toFixed(6)}`);
			continue;
		}
		bad++;
		console.log(`${scenario}: session ${row.sessionId}, ${model}: Claude Code ${JSON.stringify(theirs)}, swatch ${JSON.stringify(mine)}, ` +
			`answers without a line ${JSON.stringify(gap)}`);
	}
	console.log(`${scenario}\t${row.sessionId.slice(0, 8)}\tClaude Code $${session.cost.toFixed(9)}\tswatch $${row.totalCost.toFixed(9)}` +
		(notes.length ? `\t${notes.join("; ")}` : "\tequal"));
}
for (const [id, session] of claude) {
	if (session.cost > 1e-9 && !rows.some((row) => row.sessionId === id)) {
		console.log(`${scenario}: session ${id}: Claude Code $${session.cost}, and swatch has no such session`);
		bad++;
	}
}
process.exit(bad ? 1 : 0);
