# shellcheck shell=bash disable=SC2154 # claude, home, work and results are the runner's
# The scenarios of tests/claude/run: scenario_NAME VERSION works in $work/project and appends Claude Code's JSON results to
# $results. A scenario fails only when the client did not do what it should; the judge compares the figures.

# in_home COMMAND...: in the scenario's home, with nothing of this process's environment.
in_home() {
	env -i HOME="$home" XDG_RUNTIME_DIR="$work/run" PATH="$PATH" TERM=xterm-256color LANG=C.UTF-8 TZ=UTC \
		ANTHROPIC_BASE_URL="http://127.0.0.1:$(cat "$work/port" 2>/dev/null)" \
		CLAUDE_CODE_OAUTH_TOKEN=sk-ant-oat01-fakefakefake DISABLE_AUTOUPDATER=1 DISABLE_TELEMETRY=1 \
		CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 DISABLE_ERROR_REPORTING=1 IS_SANDBOX=1 "$@"
}

# await COMMAND...: until it succeeds; fails after two minutes.
await() {
	local i
	for ((i = 0; i < 2400; i++)); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.05
	done
	echo "waited in vain for: $*"
	return 1
}

# ask PROMPT [OPTION...]: one `claude -p`; its result goes to $results, and its session's id to $session.
ask() {
	local prompt=$1 result
	shift
	result=$(cd "${directory:-$work/project}" &&
		in_home timeout 600 "$claude" -p "$prompt" --output-format json --permission-mode bypassPermissions "$@" </dev/null)
	session=$(printf '%s' "$result" | jq -r .session_id 2>/dev/null)
	printf '%s' "$result" | jq -c . >>"$results" || { echo "no JSON: $result"; return 1; }
	[ -n "$session" ]
}

scenario_one_shot() { ask 'Say hi'; }

scenario_many_turns() {
	ask 'First' || return
	local first=$session i
	for i in 2 3 4; do
		ask "Turn $i" --resume "$first" || return
	done
}

scenario_tools() {
	ask 'Run them. @@{"steps":[[{"type":"text","text":"Two."},{"type":"tool_use","name":"Bash","input":{"command":"echo A","description":"run it"}},{"type":"tool_use","name":"Bash","input":{"command":"echo B","description":"run it"}}],[{"type":"tool_use","name":"Bash","input":{"command":"echo C","description":"run it"}}]]}@@'
}

scenario_agents() {
	ask 'Send one. @@{"content":[{"type":"tool_use","name":"Agent","input":{"description":"look around","prompt":"Look.","subagent_type":"general-purpose"}}]}@@'
}

scenario_agent_of_another_model() {
	ask 'Send one. @@{"content":[{"type":"tool_use","name":"Agent","input":{"description":"look around","prompt":"Look.","subagent_type":"general-purpose","model":"haiku"}}]}@@'
}

scenario_compact() {
	ask 'Something to forget' || return
	ask '/compact' --resume "$session"
}

scenario_resume_with_another_model() {
	ask 'First' --model opus || return
	ask 'Second' --resume "$session" --model haiku
}

# The fork's id sorts before its parent's.
scenario_fork_sorts_first() {
	ask 'Parent' --session-id ffffffff-0000-4000-8000-000000000001 || return
	ask 'Fork' --resume "$session" --fork-session --session-id 00000000-0000-4000-8000-000000000002
}

scenario_worktree() {
	git -C "$work/project" init -q &&
		git -C "$work/project" -c user.name=n -c user.email=e@x commit -q --allow-empty -m first || return
	ask 'In a worktree' --worktree side
}

scenario_web_search() { ask 'Search. @@{"final":{"server_tool_use":{"web_search_requests":3,"web_fetch_requests":0}}}@@'; }

scenario_cache_writes_5m_and_1h() {
	ask 'Both. @@{"usage":{"cache_creation_input_tokens":9000,"cache_creation":{"ephemeral_5m_input_tokens":4000,"ephemeral_1h_input_tokens":5000}}}@@'
}

scenario_over_200k() {
	ask 'Much. @@{"usage":{"input_tokens":250000,"cache_read_input_tokens":30000}}@@' --model sonnet || return
	ask 'Much. @@{"usage":{"input_tokens":250000,"cache_read_input_tokens":30000}}@@' --model haiku
}

scenario_iterations() {
	ask 'Twice. @@{"final":{"input_tokens":120000,"cache_read_input_tokens":0,"cache_creation_input_tokens":0,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},"output_tokens":700,"iterations":[{"type":"message","input_tokens":70000,"output_tokens":300,"cache_read_input_tokens":0,"cache_creation_input_tokens":0},{"type":"message","input_tokens":50000,"output_tokens":400,"cache_read_input_tokens":0,"cache_creation_input_tokens":0}]}}@@' --model haiku
}

# Each kind of limit: refused once, then the account answers again.
scenario_limit_then_answer() {
	local claim
	for claim in five_hour seven_day seven_day_opus; do
		ask "Limit. @@{\"error\":{\"status\":429,\"type\":\"rate_limit_error\",\"message\":\"limit $claim\",\"headers\":{\"anthropic-ratelimit-unified-status\":\"rejected\",\"anthropic-ratelimit-unified-representative-claim\":\"$claim\",\"retry-after\":\"3600\"}}}@@" || :
		ask 'Again' || return
	done
}

scenario_overloaded_then_answer() {
	ask 'Busy. @@{"error":{"status":529,"type":"overloaded_error","message":"Overloaded"}}@@' || :
	ask 'Again'
}

scenario_killed_in_a_stream() {
	ask 'First' || return
	local first=$session
	(cd "$work/project" && in_home "$claude" -p 'Long. @@{"slow_ms":500,"content":[{"type":"text","text":"a b c d e f g h i j k l m n o p"}]}@@' \
		--resume "$first" --output-format json </dev/null >/dev/null 2>&1) &
	local client=$!
	# The client streams as soon as its transcript has the prompt.
	await grep -q 'Long\. ' "$home/.claude/projects/"*/"$first.jsonl"
	pkill -9 -f -- "--resume $first" || :
	wait "$client" 2>/dev/null
	ask 'After' --resume "$first"
}

scenario_every_model() {
	local model
	for model in claude-opus-4-6 claude-opus-4-8 claude-sonnet-4-6 claude-haiku-4-5 claude-opus-5 claude-sonnet-5 \
		claude-opus-5-5 claude-sonnet-5-5 claude-haiku-5-5 claude-fable-5-1 claude-fable-5-2; do
		ask "With $model" --model "$model" || return
	done
}

scenario_ten_sessions() {
	local i pids=()
	for i in 1 2 3 4 5 6 7 8 9 10; do
		(ask "Session $i") &
		pids+=($!)
	done
	wait "${pids[@]}"
}
