// api: answers the Messages API on loopback, so that the real Claude Code writes real transcripts without an account.
//
// usage: node api.mjs PORT-FILE LOG-FILE
//
// It listens on a free port of 127.0.0.1 and writes the number into PORT-FILE. A prompt says how it is answered: the last
// "@@{...}@@" of the newest user text that has one is JSON with any of
//
//   content    the content blocks of the first answer; what follows a tool's result is plain text
//   steps      a list of contents: one for each turn since that prompt
//   usage      members that replace those of the default usage
//   final      members that replace those of the usage in message_delta, the one that counts
//   message    members that are added to the message in message_start
//   model      the model that answers, where it is not the one that was asked for
//   headers    response headers
//   error      {status, type, message, headers, times}: refuse so many requests before answering
//   cut        end the stream after so many events, without its end
//   slow_ms    wait so long between two events
//
// A block {"type":"tool_use","name":"Agent"} also reaches clients that call that tool "Task"; its member "then" is the
// directive for the agent that it starts. Each answer is one JSON line in LOG-FILE: what was asked for, the usage, and
// whether the client took all of it.
import http from "node:http";
import fs from "node:fs";
import { randomUUID } from "node:crypto";

const [portFile, logFile] = process.argv.slice(2);
const refusals = new Map();
let answers = 0;

const id = (prefix) => prefix + randomUUID().replaceAll("-", "").slice(0, 24);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function textOf(message) {
	if (typeof message.content === "string") return message.content;
	return (message.content ?? []).filter((block) => block?.type === "text").map((block) => block.text).join("\n");
}

// The directive in force, and how many assistant turns came after the prompt that holds it.
function directiveOf(messages) {
	let turns = 0;
	for (const message of [...messages].reverse()) {
		if (message.role === "assistant") {
			turns++;
			continue;
		}
		const found = [...textOf(message).matchAll(/@@(\{.*?\})@@/gs)].pop();
		if (found) return { directive: JSON.parse(found[1]), turns };
	}
	return { directive: {}, turns: 0 };
}

// What a person typed last: the client puts its own reminders beside it.
function promptOf(messages) {
	const newest = messages.filter((message) => message.role === "user").pop();
	const blocks = typeof newest?.content === "string" ? [{ type: "text", text: newest.content }] : newest?.content ?? [];
	const typed = blocks.filter((block) => block?.type === "text" && !block.text.startsWith("<system-reminder>")).pop();
	return typed?.text.trim().slice(0, 60);
}

// The session that asks, where the client says it.
function sessionOf(body) {
	try { return JSON.parse(body.metadata.user_id).session_id; } catch { return undefined; }
}

// What the server says of the account: a 5-hour and a 7-day window.
function limitHeaders() {
	const now = Math.floor(Date.now() / 1000);
	const fiveHour = now - (now % 3600) + 3 * 3600, sevenDay = now - (now % 86400) + 4 * 86400;
	const prefix = "anthropic-ratelimit-unified-";
	return {
		[prefix + "status"]: "allowed",
		[prefix + "5h-status"]: "allowed", [prefix + "5h-reset"]: fiveHour, [prefix + "5h-utilization"]: "0.41",
		[prefix + "7d-status"]: "allowed", [prefix + "7d-reset"]: sevenDay, [prefix + "7d-utilization"]: "0.27",
		[prefix + "representative-claim"]: "five_hour", [prefix + "reset"]: fiveHour,
		[prefix + "overage-status"]: "rejected",
	};
}

function send(response, status, body, headers = {}) {
	const text = JSON.stringify(body);
	response.writeHead(status, {
		"content-type": "application/json", "content-length": Buffer.byteLength(text), "request-id": id("req_"), ...headers,
	});
	response.end(text);
}

// Returns true when this request was refused, as the directive wants it.
function refuse(response, error, key) {
	const count = refusals.get(key) ?? 0;
	if (!error || count >= (error.times ?? 1)) return false;
	refusals.set(key, count + 1);
	send(response, error.status, { type: "error", error: { type: error.type, message: error.message ?? "no" } },
		{ ...limitHeaders(), "x-should-retry": "false", ...error.headers });
	return true;
}

function contentFor(directive, turns, toolNames) {
	const blocks = directive.steps ? directive.steps[turns] : turns === 0 ? directive.content : undefined;
	return (blocks ?? [{ type: "text", text: `Answer ${answers}: done.` }]).map((block) => {
		if (block.type !== "tool_use") return block;
		const name = block.name === "Agent" && !toolNames.includes("Agent") ? "Task" : block.name;
		const { then, ...sent } = block;
		if (then) sent.input = { ...sent.input, prompt: `${sent.input.prompt} @@${JSON.stringify(then)}@@` };
		return { ...sent, name, id: id("toolu_") };
	});
}

function usageFor(directive) {
	const n = answers % 50;
	return {
		input_tokens: 11 + n, cache_creation_input_tokens: 3000 + n, cache_read_input_tokens: 20000 + 100 * n,
		cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 3000 + n },
		output_tokens: 120 + n, service_tier: "standard", inference_geo: "global", ...directive.usage,
	};
}

// One content block as the events of a stream.
function* blockEvents(block, index) {
	const start = (content_block) => ({ type: "content_block_start", index, content_block });
	const delta = (piece) => ({ type: "content_block_delta", index, delta: piece });
	if (block.type === "text") {
		yield start({ type: "text", text: "" });
		for (const word of block.text.match(/\S+\s*/g) ?? []) yield delta({ type: "text_delta", text: word });
	} else if (block.type === "tool_use") {
		yield start({ type: "tool_use", id: block.id, name: block.name, input: {} });
		yield delta({ type: "input_json_delta", partial_json: JSON.stringify(block.input) });
	} else {
		yield start(block);
	}
	yield { type: "content_block_stop", index };
}

function* streamEvents(message, content, usage, stopReason) {
	yield { type: "message_start", message };
	for (const [index, block] of content.entries()) yield* blockEvents(block, index);
	yield { type: "message_delta", delta: { stop_reason: stopReason, stop_sequence: null }, usage };
	yield { type: "message_stop" };
}

// Sends the stream; returns whether the client took all of it.
async function stream(response, events, headers, directive) {
	let gone = false;
	response.on("close", () => (gone = true));
	response.writeHead(200, { "content-type": "text/event-stream", "request-id": id("req_"), ...headers });
	let count = 0;
	for (const event of events) {
		if (directive.cut && count++ >= directive.cut) {
			response.destroy();
			return false;
		}
		response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
		if (directive.slow_ms) await pause(directive.slow_ms);
		if (gone) return false;
	}
	response.end();
	return true;
}

async function answer(request, response, body) {
	const messages = body.messages ?? [];
	const toolNames = (body.tools ?? []).map((tool) => tool.name);
	// Calls without tools are the client's own (titles, summaries): no directive is meant for them.
	const helper = toolNames.length === 0;
	const { directive, turns } = helper ? { directive: {}, turns: 0 } : directiveOf(messages);
	if (refuse(response, directive.error, JSON.stringify(directive))) return;
	answers++;
	const content = contentFor(directive, turns, toolNames);
	const final = { ...usageFor(directive), ...directive.final };
	if (body.speed) final.speed = body.speed;
	const stopReason = content.some((block) => block.type === "tool_use") ? "tool_use" : "end_turn";
	const message = {
		id: id("msg_"), type: "message", role: "assistant", model: directive.model ?? body.model, content: [],
		stop_reason: null, stop_sequence: null, usage: { ...final, output_tokens: 1 }, ...directive.message,
	};
	const headers = { ...limitHeaders(), ...directive.headers };
	let complete = true;
	if (body.stream)
		complete = await stream(response, streamEvents(message, content, final, stopReason), headers, directive);
	else
		send(response, 200, { ...message, content, stop_reason: stopReason, usage: final }, headers);
	fs.appendFileSync(logFile, JSON.stringify({
		id: message.id, session: sessionOf(body), model: message.model, asked: body.model, prompt: promptOf(messages),
		usage: final, helper, complete,
	}) + "\n");
}

const server = http.createServer((request, response) => {
	const chunks = [];
	request.on("data", (chunk) => chunks.push(chunk));
	request.on("end", () => {
		const path = request.url.split("?")[0];
		if (request.method === "HEAD") return response.writeHead(200).end();
		if (path === "/v1/messages/count_tokens") return send(response, 200, { input_tokens: 1234 });
		if (path !== "/v1/messages")
			return send(response, 404, { type: "error", error: { type: "not_found_error", message: "no" } });
		answer(request, response, JSON.parse(Buffer.concat(chunks).toString() || "{}")).catch((error) => {
			fs.appendFileSync(logFile + ".errors", `${error.stack}\n`);
			response.destroy();
		});
	});
});
server.listen(0, "127.0.0.1", () => {
	fs.writeFileSync(portFile + ".new", `${server.address().port}\n`);
	fs.renameSync(portFile + ".new", portFile);
});
