// judge: holds what swatch says of each session against what Claude Code itself says.
//
// usage: node judge.mjs SCENARIO WORK
//
// WORK is the scenario's directory: home/ with the transcripts, api.log (the stand-in's answers), results (what `claude -p`
// printed, one JSON object a line), sessions.json (`swatch sessions --json`), where terminals ran, statuslines/ with the last
// input of each session's statusline, and where ccusage is there, ccusage.json (`ccusage claude session --json`), whose
// figures are shown and not judged: swatch verify does that.
//
// Claude Code's own figures are, for each session, the last `cost-state` line of its transcript; without one (before
// August 2026), the sum of `total_cost_usd` and `modelUsage` of its results. Tokens are compared by model and by kind.
//
// Claude Code counts some answers for which it writes no line (titles, summaries, compactions), and estimates the output of
// an answer that was cut off. After a kill, it has forgotten what came since its last cost-state (a scenario that kills it at
// a terminal leaves a file "killed"). The stand-in's log knows all answers: those whose id is in no transcript, and the output of
// those that were cut off, are named differences, and are taken off Claude Code's figure. So are web searches, which swatch
// counts only with [billing] extras. Prints a row for each session, and ends with 1 when a figure differs otherwise.
import fs from "node:fs";
import path from "node:path";

const [scenario, work] = process.argv.slice(2);
const home = path.join(work, "home");
const WEB_SEARCH_USD = 0.01;
const NEAR_USD = 1e-9;
const kinds = { input: "input_tokens", output: "output_tokens", cacheRead: "cache_read_input_tokens",
	cacheCreation: "cache_creation_input_tokens" };
const read = (name) => { try { return fs.readFileSync(path.join(work, name), "utf8"); } catch { return ""; } };
const jsonLines = (name) => read(name).split("\n").filter(Boolean).map(JSON.parse);
const nothing = () => ({ input: 0, output: 0, cacheRead: 0, cacheCreation: 0, cost: 0, searches: 0 });
const plainName = (name) => name.replace(/-fast$/, "").replace(/\[1m\]$/, "").replace(/-20\d{6}$/, "");

// ---- what was written ----

const projects = path.join(home, ".claude/projects");
const transcripts = fs.existsSync(projects) ? fs.readdirSync(projects, { recursive: true }).filter((name) => name.endsWith(".jsonl")) : [];
const written = new Set(), costStates = new Map(), forkParents = new Map();
for (const name of transcripts) {
	for (const text of fs.readFileSync(path.join(projects, name), "utf8").split("\n")) {
		let line;
		try { line = JSON.parse(text); } catch { continue; }
		if (line.message?.id) written.add(line.message.id);
		if (line.type === "cost-state") costStates.set(line.sessionId, line);
		// A fork's copied lines tell which session asked for them.
		const file = path.basename(name, ".jsonl"), asker = line.forkedFrom?.sessionId ?? line.requestSessionId;
		if (asker && asker !== file && path.dirname(path.dirname(name)) === ".") forkParents.set(file, asker);
	}
}

// ---- Claude Code's figures ----

const claude = new Map();
function claudeSession(id) {
	if (!claude.has(id)) claude.set(id, { cost: 0, models: new Map() });
	return claude.get(id);
}
function addModels(session, modelUsage, sign = 1) {
	for (const [name, usage] of Object.entries(modelUsage ?? {})) {
		const model = plainName(name), sum = session.models.get(model) ?? nothing();
		sum.input += sign * usage.inputTokens;
		sum.output += sign * usage.outputTokens;
		sum.cacheRead += sign * usage.cacheReadInputTokens;
		sum.cacheCreation += sign * usage.cacheCreationInputTokens;
		sum.searches += sign * (usage.webSearchRequests ?? 0);
		sum.cost += sign * usage.costUSD;
		session.models.set(model, sum);
	}
}
for (const result of jsonLines("results")) {
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
	const mine = claude.get(id), base = costStates.get(parent);
	if (!mine || !base || !costStates.has(id)) continue;
	mine.cost -= base.totalCostUSD;
	addModels(mine, base.modelUsage, -1);
}

// ---- answers that have no line, or not all of their output ----

const answers = jsonLines("api.log");
const was_killed = fs.existsSync(path.join(work, "killed"));

// Which of the answers make the difference: some of `missing`, less some of `forgotten`, and output of those that were cut
// off. null: none do.
function explain(difference, missing, cut, forgotten) {
	const list = [...missing, ...forgotten].slice(0, 16);
	for (let chosen = 0; chosen < 1 << list.length; chosen++) {
		const part = list.filter((_, i) => chosen & (1 << i)), rest = { ...difference };
		for (const answer of part)
			for (const [kind, member] of Object.entries(kinds))
				rest[kind] += (answer.usage[member] ?? 0) * (forgotten.includes(answer) ? 1 : -1);
		const open = [...cut, ...part.filter((answer) => !answer.complete)];
		const most = open.reduce((sum, answer) => sum + answer.usage.output_tokens, 0);
		// Of a missing answer that was cut off, all of its output was taken off above.
		const least = -part.filter((answer) => !answer.complete).reduce((sum, answer) => sum + answer.usage.output_tokens, 0);
		if (rest.input === 0 && rest.cacheRead === 0 && rest.cacheCreation === 0 && rest.output >= least && rest.output <= most)
			return { part, output: rest.output };
	}
	return null;
}

// ---- swatch's figures ----

let bad = 0;
function complain(text) {
	console.log(`${scenario}: ${text}`);
	bad++;
}

function modelsOf(row) {
	const models = new Map();
	for (const part of row.modelBreakdowns) {
		const name = plainName(part.modelName), sum = models.get(name) ?? nothing();
		sum.input += part.inputTokens;
		sum.output += part.outputTokens;
		sum.cacheRead += part.cacheReadTokens;
		sum.cacheCreation += part.cacheCreationTokens;
		sum.cost += part.cost;
		models.set(name, sum);
	}
	return models;
}

// What the difference in one model comes from, or undefined after a complaint.
function judgeModel(row, model, theirs, mine) {
	const difference = {}, notes = [];
	for (const kind of Object.keys(kinds)) difference[kind] = theirs[kind] - mine[kind];
	const searches = theirs.searches * WEB_SEARCH_USD, dollars = theirs.cost - mine.cost - searches;
	if (theirs.searches > 0) notes.push(`${theirs.searches} web searches $${searches.toFixed(2)}`);
	if (Object.values(difference).every((n) => n === 0) && Math.abs(dollars) < NEAR_USD) return notes;
	const of_session = answers.filter((answer) => plainName(answer.model) === model &&
		(!answer.session || answer.session === row.sessionId));
	const found = explain(difference, of_session.filter((answer) => !written.has(answer.id)),
		of_session.filter((answer) => written.has(answer.id) && !answer.complete),
		was_killed ? of_session.filter((answer) => written.has(answer.id) && answer.complete) : []);
	if (!found || (dollars < -NEAR_USD && !was_killed) || (found.part.length === 0 && found.output === 0)) {
		complain(`session ${row.sessionId}, ${model}: Claude Code ${JSON.stringify(theirs)}, swatch ${JSON.stringify(mine)}`);
		return undefined;
	}
	const forgotten = found.part.filter((answer) => written.has(answer.id)).length, unwritten = found.part.length - forgotten;
	if (unwritten > 0) notes.push(`${unwritten} answers of ${model} without a line`);
	if (forgotten > 0) notes.push(`${forgotten} answers that Claude Code forgot when it was killed`);
	if (found.output > 0 && found.part.length === 0) notes.push(`${found.output} tokens of an answer that was cut off`);
	notes.push(`$${dollars.toFixed(6)}`);
	return notes;
}

const ccusage = JSON.parse(read("ccusage.json") || '{"sessions":[]}').sessions ?? [];
const rows = JSON.parse(read("sessions.json") || '{"sessions":[]}').sessions;
for (const row of rows) {
	const session = claude.get(row.sessionId), notes = [], ours = modelsOf(row);
	if (!session) {
		if (row.totalTokens > 0) complain(`session ${row.sessionId}: swatch $${row.totalCost}, and Claude Code says nothing`);
		continue;
	}
	for (const model of new Set([...session.models.keys(), ...ours.keys()])) {
		const found = judgeModel(row, model, session.models.get(model) ?? nothing(), ours.get(model) ?? nothing());
		notes.push(...(found ?? ["DIFFERENT"]));
	}
	const reference = ccusage.filter((other) => other.sessionId === row.sessionId).map((other) => `ccusage $${other.totalCost.toFixed(9)}`);
	console.log([scenario, row.sessionId.slice(0, 8), `Claude Code $${session.cost.toFixed(9)}`, `swatch $${row.totalCost.toFixed(9)}`,
		...(ccusage.length > 0 ? [reference[0] ?? "ccusage -"] : []), notes.join("; ") || "equal"].join("\t"));
}
for (const [id, session] of claude)
	if (session.cost > NEAR_USD && !rows.some((row) => row.sessionId === id))
		complain(`session ${id}: Claude Code $${session.cost}, and swatch has no such session`);

// ---- what the statuslines were given: Claude Code's figure as it ended ----

const statuslines = path.join(work, "statuslines");
for (const id of fs.existsSync(statuslines) ? fs.readdirSync(statuslines).filter((name) => !name.includes(".")) : []) {
	const told = JSON.parse(fs.readFileSync(path.join(statuslines, id), "utf8")).cost.total_cost_usd;
	const total = costStates.get(id)?.totalCostUSD;
	if (total !== undefined && Math.abs(told - total) > NEAR_USD)
		console.log(`${scenario}: session ${id.slice(0, 8)}: its last statusline was given $${told}, and it ended with $${total}`);
}
process.exit(bad ? 1 : 0);
