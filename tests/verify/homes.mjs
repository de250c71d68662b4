// homes: makes up a home with transcripts in which everything happens that swatch and ccusage count differently, and much
// that both count alike.
//
// usage: node homes.mjs DIRECTORY SEED...
//
// The same seed makes the same home, DIRECTORY/SEED with projects/ in it, so that it can be a CLAUDE_CONFIG_DIR. All texts
// are made up.
import fs from "node:fs";
import path from "node:path";

const [directory, ...seeds] = process.argv.slice(2);

// ---- chance (mulberry32) ----

let state = 0;
function chance() {
	state = (state + 0x6d2b79f5) >>> 0;
	let t = state;
	t = Math.imul(t ^ (t >>> 15), t | 1);
	t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
	return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const below = (n) => Math.floor(chance() * n);
const pick = (list) => list[below(list.length)];
const one_in = (n) => below(n) === 0;
// Every home has its own mix: each kind of trouble is frequent, rare or missing in it.
const rates = new Map();
function happens(kind) {
	if (!rates.has(kind)) rates.set(kind, pick([0, 0, 0, 0.03, 0.2]));
	return chance() < rates.get(kind);
}

// ---- what lines are made of ----

const models = ["claude-opus-4-6", "claude-sonnet-4-5-20250929", "claude-haiku-4-5-20251001", "claude-opus-4-20250514",
	"claude-3-5-sonnet-20241022", "claude-opus-4-1-20250805"];
const odd_models = ["claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5", "claude-fable-5-2", "claude-opus-4-8",
	"claude-sonnet-4-6[1m]", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "eu.anthropic.claude-opus-5-5",
	"anthropic/claude-4.5-sonnet-20250929", "claude-4.6-opus", "kimi-k2.5", "gpt-5", "claude-next-9-9", "<synthetic>",
	"vertex_ai/claude-opus-4-5@20251101", "openrouter/anthropic/claude-sonnet-4.5"];
const fatal = ["id", "cwd", "model", "speed", "costUSD", "version", "sessionId", "requestId", "isApiErrorMessage",
	"cache_read_input_tokens", "cache_creation_input_tokens"];

let seed = "", counter = 0, now = 0;
function next_time() {
	now += pick([0, 1, 900, 40000, 600000]) * (1 + below(9));
	if (one_in(12)) now += below(9 * 3600) * 1000;
	if (one_in(40)) now += below(20 * 86400) * 1000;
	return now;
}

function time_text(ms) {
	const text = new Date(ms).toISOString();
	if (!happens("time form")) return text;
	return pick([text.replace("Z", "+00:00"), text.replace("Z", "123Z"), text.replace(/\.\d+Z/, "Z"), text.replace("T", "t"),
		text.replace(/Z$/, "z"), text.replace("Z", "456789Z")]);
}

function count(limit) {
	if (happens("huge")) return pick([2 ** 53 - 1, 2 ** 53 + 2, 1e15, 5e9, 4294967296]);
	if (happens("zero")) return 0;
	return below(limit);
}

function make_usage() {
	const usage = { input_tokens: count(3000), output_tokens: count(2000), cache_creation_input_tokens: count(20000),
		cache_read_input_tokens: count(300000) };
	const flat = usage.cache_creation_input_tokens;
	if (one_in(2)) {
		const hour = below(flat + 1);
		usage.cache_creation = { ephemeral_5m_input_tokens: flat - hour, ephemeral_1h_input_tokens: hour };
		if (happens("breakdown"))
			usage.cache_creation = pick([{}, { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
				{ ephemeral_1h_input_tokens: below(9000) },
				{ ephemeral_5m_input_tokens: flat + 7, ephemeral_1h_input_tokens: 3 }]);
	}
	if (happens("no flat")) delete usage.cache_creation_input_tokens;
	if (happens("iterations")) usage.iterations = make_iterations(usage);
	if (happens("speed")) usage.speed = pick(["standard", "fast"]);
	if (happens("search")) usage.server_tool_use = { web_search_requests: below(4) };
	return usage;
}

function make_iterations(usage) {
	const plain = (part) => ({ type: "message", input_tokens: Math.floor(usage.input_tokens / part),
		output_tokens: Math.floor(usage.output_tokens / part), cache_read_input_tokens: 0, cache_creation_input_tokens: 0 });
	const list = [plain(2), plain(3)];
	if (one_in(2)) list.push({ type: "advisor_message", model: pick([...models, ...odd_models]), input_tokens: count(9000),
		output_tokens: below(900) });
	if (one_in(4)) list.push({ type: "compaction", input_tokens: below(90000), output_tokens: below(900) });
	if (one_in(6)) list.unshift({ type: "message" });
	if (one_in(9)) list.push({ type: "fallback_message", model: pick(models), input_tokens: below(900), output_tokens: below(90) });
	return list;
}

// A message: the lines that it is written on, as objects.
function make_message(session, agent) {
	const id = `msg_${seed}_${counter++}`, model = happens("model") ? pick(odd_models) : pick(models);
	const usage = make_usage(), lines = [], parts = happens("parts") ? 1 + below(4) : 1;
	for (let part = 1; part <= parts; part++) {
		const line = { type: "assistant", timestamp: time_text(next_time()), sessionId: session, cwd: "/made/up", version: "2.1.39",
			isSidechain: Boolean(agent), requestId: `req_${id}`, uuid: `u${counter++}`, message: { id, model, role: "assistant",
				content: [{ type: "text", text: "made up" }], usage: { ...usage, output_tokens: Math.floor(usage.output_tokens * part / parts) } } };
		if (agent) line.agentId = agent;
		spoil(line);
		lines.push(line);
	}
	return lines;
}

function spoil(line) {
	if (happens("no request")) delete line.requestId;
	if (happens("no message id")) delete line.message.id;
	if (happens("no model")) delete line.message.model;
	if (happens("empty text")) pick([() => (line.requestId = ""), () => (line.sessionId = ""), () => (line.message.id = ""),
		() => (line.message.model = "")])();
	if (happens("null")) {
		const name = pick(fatal);
		pick([() => (line[name] = null), () => (line.message.content[0].input = { [name]: null }), () => (line.extra = [{ [name]: null }])])();
	}
	if (happens("version")) line.version = pick(["dev", "2.1", "2.1.39-beta", "v2.1.39", "1.0.128"]);
	if (happens("cost")) line.costUSD = pick([0, -1, 0.5, 1e7, 0.000001]);
	if (happens("paused")) line.message.pausedResponses = [{ usage: { input_tokens: below(900), output_tokens: below(900),
		cache_creation_input_tokens: below(900), cache_read_input_tokens: 0 } }];
	if (happens("new limit")) Object.assign(line, { isApiErrorMessage: true, error: "rate_limit", apiErrorStatus: 429,
		quotaLimits: { status: "rejected", resetsAt: Math.floor(now / 1000) + 5000, rateLimitType: "five_hour" } });
	else if (happens("old limit")) {
		line.isApiErrorMessage = true;
		line.message.content = [{ type: "text", text: `Claude AI usage limit reached|${Math.floor(now / 1000) + 4000}` }];
	}
	if (happens("error mark")) line.isApiErrorMessage = pick([0, 1, 1.5, "", "false", {}, [], null]);
	if (happens("wrong type")) pick([() => (line.isSidechain = "no"), () => (line.costUSD = "0.5"),
		() => (line.requestId = 5), () => (line.sessionId = {}), () => (line.message.id = 7), () => (line.message.model = ["m"]),
		() => (line.message.usage.speed = "turbo"), () => (line.message.usage.cache_creation = 5)])();
	if (happens("bad count")) line.message.usage[pick(Object.keys(line.message.usage))] = pick([-5, "7", 1.5, 2 ** 60, true]);
}

// A line's text, which may be written in another form, or damaged.
function text_of(line) {
	let text = JSON.stringify(line);
	if (happens("number form")) text = text.replace(/"input_tokens":(\d+)/, (all, n) => `"input_tokens":${pick([`${n}.0`, `${n}e0`, `${n}.00`])}`);
	if (happens("space")) text = text.replace('"usage":{', '"usage": {');
	if (happens("escape")) text = text.replace('"made up"', '"a \\"usage\\":{ in a \\u0022text\\u0022"');
	if (happens("mark twice")) text = text.replace('"version":', '"isApiErrorMessage":true,"isApiErrorMessage":false,"version":');
	if (happens("twice")) text = text.replace('"version":', '"version":"2.1.39","version":');
	if (happens("cut")) text = text.slice(0, 20 + below(text.length - 40)) + text;
	if (happens("joined")) text = `${JSON.stringify({ type: "summary", summary: "x" })}${text}`;
	if (happens("NUL")) text = "\0".repeat(1 + below(9)) + text;
	if (happens("broken")) text = text.slice(0, below(text.length));
	return text + (happens("CRLF") ? "\r\n" : "\n");
}

const progress = (line) => ({ type: "progress", sessionId: line.sessionId, timestamp: line.timestamp, version: "2.1.39",
	data: { type: "agent_progress", message: { type: "assistant", timestamp: line.timestamp, message: line.message, requestId: line.requestId } } });

// ---- files ----

const files = new Map();
function write(name, text) { files.set(name, (files.get(name) ?? "") + text); }

function copy_into(name, lines, session) {
	for (const line of lines) {
		const copy = structuredClone(line);
		if (one_in(2)) copy.sessionId = session;
		if (happens("fork mark")) copy.forkedFrom = { sessionId: line.sessionId, messageUuid: line.uuid };
		if (happens("payer mark")) copy.requestSessionId = line.sessionId;
		if (happens("sidechain copy")) Object.assign(copy, { isSidechain: true, requestId: `req_copy_${counter++}` });
		write(name, text_of(copy));
	}
}

function make_home() {
	state = Number(seed) >>> 0;
	counter = 0;
	rates.clear();
	files.clear();
	now = Date.UTC(2026, 0, 1) + below(200 * 86400) * 1000;
	const projects = ["-made-up", "-made-up-two", "-p"].slice(0, 1 + below(3));
	const sessions = [];
	for (let i = 1 + below(4); i > 0; i--) sessions.push(`${String(below(1e8)).padStart(8, "0")}-0000-4000-8000-000000000000`);
	const written = [];
	for (const session of sessions) {
		const project = pick(projects);
		const places = [`${project}/${session}.jsonl`];
		if (happens("agent")) places.push(`${project}/${session}/subagents/agent-a${counter++}.jsonl`);
		if (happens("workflow")) places.push(`${project}/${session}/subagents/workflows/wf_${counter}/agent-b${counter++}.jsonl`);
		if (happens("old agent")) places.push(`${project}/agent-c${counter++}.jsonl`);
		if (happens("login failed")) write(places[0], text_of({ type: "assistant", timestamp: time_text(next_time()), sessionId: session,
			version: "2.1.39", isApiErrorMessage: true, uuid: "u", message: { id: `none_${counter++}`, model: "<synthetic>", role: "assistant",
				content: [{ type: "text", text: "Invalid API key" }], usage: { input_tokens: 0, output_tokens: 0,
					cache_creation_input_tokens: 0, cache_read_input_tokens: 0 } } }));
		for (let i = happens("empty") ? 0 : 1 + below(8); i > 0; i--) {
			const place = pick(places), lines = make_message(session, place === places[0] ? "" : "a1");
			for (const line of lines) write(place, text_of(line));
			if (happens("progress")) write(places[0], text_of(progress(lines[lines.length - 1])));
			written.push(lines);
		}
		if (happens("fork") && written.length > 0) {
			const fork = `${String(below(1e8)).padStart(8, "0")}-1111-4000-8000-000000000000`;
			for (let i = 0; i < written.length && i < 4; i++) copy_into(`${pick(projects)}/${fork}.jsonl`, written[i], fork);
		}
	}
	for (const [name, content] of files) {
		const file = path.join(directory, seed, "projects", name);
		let text = content;
		if (happens("BOM")) text = "\ufeff" + text;
		if (happens("unfinished")) text = text.replace(/\r?\n$/, "");
		fs.mkdirSync(path.dirname(file), { recursive: true });
		fs.writeFileSync(file, text);
	}
}
for (seed of seeds) make_home();
