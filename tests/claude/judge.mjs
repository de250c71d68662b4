// judge: holds what swatch says of each session against what Claude Code itself says.
//
// usage: node judge.mjs SCENARIO WORK
//
// WORK is the scenario's directory: home/ with the transcripts, api.log (the stand-in's answers), results (what `claude -p`
// printed, one JSON object a line), pricing.json (`swatch pricing --all --json`), sessions.json (`swatch sessions --json`), where terminals ran, statuslines/ with the last
// input of each session's statusline, and where ccusage is there, ccusage.json (`ccusage claude session --json`), whose
// figures are shown and not judged: swatch verify does that.
//
// Claude Code's own figures are, for each session, the last `cost-state` line of its transcript; without one (before
// August 2026), the sum of `total_cost_usd` and `modelUsage` of its results. Tokens are compared by model and by kind. A
// session of such a version at a terminal has only what its statusline was given: cost.total_cost_usd.
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
const written = new Map(), costStates = new Map(), forkParents = new Map();
for (const name of transcripts) {
	for (const text of fs.readFileSync(path.join(projects, name), "utf8").split("\n")) {
		let line;
		try { line = JSON.parse(text); } catch { continue; }
		if (line.message?.id) written.set(line.message.id, line.message.usage);
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

// Sessions of which only the statusline's cost is known.
const statuslines = path.join(work, "statuslines"), told = new Map();
for (const id of fs.existsSync(statuslines) ? fs.readdirSync(statuslines).filter((name) => !name.includes(".")) : []) {
	const cost = JSON.parse(fs.readFileSync(path.join(statuslines, id), "utf8")).cost?.total_cost_usd;
	if (!claude.has(id) && cost > 0) told.set(id, cost);
}

// ---- answers that have no line, or not all of their output ----

const answers = jsonLines("api.log");
const prices = new Map(JSON.parse(read("pricing.json") || '{"models":[]}').models.map((price) => [price.model, price]));
const was_killed = fs.existsSync(path.join(work, "killed"));

// All choices of some of the list.
function* choicesOf(list) {
	for (let chosen = 0; chosen < 1 << list.length; chosen++) yield list.filter((_, i) => chosen & (1 << i));
}

// Which of the answers make the difference: some of `missing`, less some of `forgotten`, and output of those that were cut
// off. null: none do.
function explain(difference, missing, cut, forgotten) {
	for (const part of choicesOf([...missing, ...forgotten].slice(0, 16))) {
		const rest = { ...difference };
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

// What an answer costs by swatch's prices, and how much of that is the 1-hour writes' surcharge.
function priceOf(model, answer) {
	const price = prices.get(model), usage = answer.usage;
	if (!price) return { all: NaN, hour: NaN };
	const prompt = usage.input_tokens + usage.cache_read_input_tokens + usage.cache_creation_input_tokens;
	const rates = price.above?.wholeRequest && prompt > price.above.tokens ? price.above.usdPerMillionTokens : price.usdPerMillionTokens;
	const factor = (usage.speed === "fast" ? price.fastFactor : 1) / 1e6;
	const hours = Math.min(usage.cache_creation?.ephemeral_1h_input_tokens ?? 0, usage.cache_creation_input_tokens);
	const hour = hours * (rates.cacheWrite1h - rates.cacheWrite5m) * factor;
	return { hour, output: rates.output * factor, all: hour + (usage.input_tokens * rates.input + usage.output_tokens * rates.output +
		usage.cache_read_input_tokens * rates.cacheRead + usage.cache_creation_input_tokens * rates.cacheWrite5m) * factor };
}

// What the difference in one model comes from, or undefined after a complaint.
function judgeModel(row, model, theirs, mine) {
	const difference = {}, notes = [];
	for (const kind of Object.keys(kinds)) difference[kind] = theirs[kind] - mine[kind];
	const searches = theirs.searches * WEB_SEARCH_USD, dollars = theirs.cost - mine.cost - searches;
	const is_near = (usd) => Math.abs(dollars - usd) < NEAR_USD;
	if (theirs.searches > 0) notes.push(`${theirs.searches} web searches $${searches.toFixed(2)}`);
	if (Object.values(difference).every((n) => n === 0) && is_near(0)) return notes;
	const of_session = answers.filter((answer) => plainName(answer.model) === model &&
		(!answer.session || answer.session === row.sessionId));
	const of_lines = of_session.filter((answer) => written.has(answer.id));
	const found = explain(difference, of_session.filter((answer) => !written.has(answer.id)),
		of_lines.filter((answer) => !answer.complete), was_killed ? of_lines.filter((answer) => answer.complete) : []);
	const forgotten = found?.part.filter((answer) => written.has(answer.id)) ?? [];
	const unwritten = found?.part.filter((answer) => !written.has(answer.id)) ?? [];
	const sum = (list, member) => list.reduce((usd, answer) => usd + priceOf(model, answer)[member], 0);
	const rest = found?.output ? found.output * priceOf(model, of_session[0]).output : 0;
	const expected = sum(unwritten, "all") - sum(forgotten, "all") + rest;
	// Claude Code 2.1.150 and earlier charge 1-hour writes as 5-minute ones.
	const as_5m = sum(of_lines, "hour") - sum(forgotten, "hour") + sum(unwritten, "hour");
	if (!found || !(is_near(expected) || is_near(expected - as_5m))) {
		complain(`session ${row.sessionId}, ${model}: Claude Code ${JSON.stringify(theirs)}, swatch ${JSON.stringify(mine)}`);
		return undefined;
	}
	if (unwritten.length > 0) notes.push(`${unwritten.length} answers of ${model} without a line`);
	if (forgotten.length > 0) notes.push(`${forgotten.length} answers that Claude Code forgot when it was killed`);
	if (found.output > 0) notes.push(`${found.output} tokens of an answer that was cut off`);
	if (!is_near(expected)) notes.push(`1-hour writes charged as 5-minute ones`);
	notes.push(`$${dollars.toFixed(6)}`);
	return notes;
}

const sumOf = (list, member) => list.reduce((usd, answer) => usd + priceOf(plainName(answer.model), answer)[member], 0);
const withoutLine = (id) => answers.filter((answer) => answer.session === id && !written.has(answer.id)).slice(0, 12);

// From which sums a session may have gone on counting: those of the others, to whose last figure an answer without a line may
// have been added after their statusline ran last.
function* basesOf(id) {
	yield 0;
	for (const [other, usd] of told) {
		if (other === id) continue;
		for (const late of choicesOf(withoutLine(other)))
			for (const hour of [0, sumOf(late, "hour")]) yield usd + sumOf(late, "all") - hour;
	}
}

// The same for a session of which only the sum is known. Claude Code 2.1.150 leaves out an answer that was cut off, and goes
// on counting from the session before a /clear.
function judgeSum(row, cost) {
	const of_session = answers.filter((answer) => answer.session === row.sessionId);
	const missing = withoutLine(row.sessionId);
	const lines = of_session.filter((answer) => written.has(answer.id)).map((answer) => ({ ...answer, usage: written.get(answer.id) }));
	const open = lines.filter((answer) => !answer.complete);
	for (const base of basesOf(row.sessionId)) for (const part of choicesOf(missing)) for (const cut of choicesOf(open)) {
		const counted = [...lines.filter((answer) => !cut.includes(answer)), ...part];
		for (const hour of [0, sumOf(counted, "hour")]) {
			if (Math.abs(cost - base - (row.totalCost + sumOf(part, "all") - sumOf(cut, "all") - hour)) > NEAR_USD) continue;
			return [...(part.length > 0 ? [`${part.length} answers without a line`] : []),
				...(cut.length > 0 ? [`${cut.length} answers that were cut off, which Claude Code leaves out`] : []),
				...(base > 0 ? [`counted on from the session before, $${base.toFixed(6)}`] : []),
				...(hour > 0 ? ["1-hour writes charged as 5-minute ones"] : []), `the statusline's figure, $${(cost - row.totalCost).toFixed(6)}`];
		}
	}
	complain(`session ${row.sessionId}: its statusline was given $${cost}, swatch has $${row.totalCost}`);
	return ["DIFFERENT"];
}

const ccusage = JSON.parse(read("ccusage.json") || '{"sessions":[]}').sessions ?? [];
const rows = JSON.parse(read("sessions.json") || '{"sessions":[]}').sessions;
for (const row of rows) {
	const session = claude.get(row.sessionId), notes = [], ours = modelsOf(row);
	if (!session && told.has(row.sessionId)) {
		const cost = told.get(row.sessionId);
		console.log([scenario, row.sessionId.slice(0, 8), `Claude Code $${cost.toFixed(9)}`, `swatch $${row.totalCost.toFixed(9)}`,
			judgeSum(row, cost).join("; ")].join("\t"));
		continue;
	}
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

process.exit(bad ? 1 : 0);
