# shellcheck shell=bash disable=SC2154 # claude, home, work and results are the runner's
# The scenarios of tests/claude/run: scenario_NAME VERSION works in $work/project and appends Claude Code's JSON results to
# $results. A scenario fails only when the client did not do what it should; the judge compares the figures.

# in_home COMMAND...: in the scenario's home, with nothing of this process's environment.
in_home() { env -i "${environment[@]}" "$@"; }

# await COMMAND...: until it succeeds; fails after five minutes, which is enough on a busy machine.
await() {
	local end=$((SECONDS + 300))
	while [ "$SECONDS" -lt "$end" ]; do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.1
	done
	echo "waited in vain for: $*"
	return 1
}

# is_known MODEL: whether this version of the client knows the model. It charges those that it does not know as its default.
is_known() { grep -aqE "$1[^-0-9a-z]" "$claude"; }

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

# An agent that sends an agent; and one that works on in the background.
scenario_nested_agents() {
	ask 'Send one. @@{"content":[{"type":"tool_use","name":"Agent","input":{"description":"look around","prompt":"Look.","subagent_type":"general-purpose"},"then":{"content":[{"type":"tool_use","name":"Agent","input":{"description":"look deeper","prompt":"Deeper.","subagent_type":"general-purpose"}}]}}]}@@'
}

scenario_background_agent() {
	ask 'Send one. @@{"content":[{"type":"tool_use","name":"Agent","input":{"description":"look around","prompt":"Look.","subagent_type":"general-purpose","run_in_background":true}}]}@@'
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

# The fork's id sorts before its parent's. Up to 2.1.150, nothing in a copied line tells who paid, and the earlier path gets
# it: there the parent's id sorts first.
scenario_fork_sorts_first() {
	local parent=ffffffff-0000-4000-8000-000000000001 fork=00000000-0000-4000-8000-000000000002
	[ "$1" != 2.1.150 ] || { parent=00000000-0000-4000-8000-000000000002 fork=ffffffff-0000-4000-8000-000000000001; }
	ask 'Parent' --session-id "$parent" && ask 'Fork' --resume "$parent" --fork-session --session-id "$fork"
}

# Each of them copies the lines of those before it.
scenario_fork_of_a_fork() {
	local ids=(ffffffff-0000-4000-8000-000000000001 88888888-0000-4000-8000-000000000002 00000000-0000-4000-8000-000000000003)
	[ "$1" != 2.1.150 ] || ids=(00000000-0000-4000-8000-000000000003 88888888-0000-4000-8000-000000000002 ffffffff-0000-4000-8000-000000000001)
	ask 'Parent' --session-id "${ids[0]}" &&
		ask 'Fork' --resume "${ids[0]}" --fork-session --session-id "${ids[1]}" &&
		ask 'Fork of the fork' --resume "${ids[1]}" --fork-session --session-id "${ids[2]}"
}

scenario_worktree() {
	git -C "$work/project" init -q &&
		git -C "$work/project" -c user.name=n -c user.email=e@x commit -q --allow-empty -m first || return
	ask 'In a worktree' --worktree side
}

# The answer says at which speed it came.
scenario_fast_mode() {
	local model=claude-opus-5-5
	is_known "$model" || model=claude-opus-4-6
	ask 'Fast. @@{"final":{"speed":"fast"}}@@' --model "$model"
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

# ---- at a terminal ----

scenario_esc_in_a_stream() {
	open_terminal one && asks one 'First' || return
	type_in one 'Long. @@{"slow_ms":500,"content":[{"type":"text","text":"a b c d e f g h i j k l m n o p q r s t"}]}@@' &&
		await shows one '● a b c' && press one Escape && await shows one Interrupted && asks one 'After' && leave one
}

scenario_model_changed() {
	local model=claude-opus-4-8
	is_known "$model" || model=claude-opus-4-6
	open_terminal one && asks one 'First' && type_in one "/model $model" || return
	# It asks whether the history may be read again at the new model's price.
	await shows one 'Switch model\|Set model' && { shows one 'Set model' || press one Enter; } &&
		await shows one 'Set model' && asks one 'Second' && leave one
}

scenario_rewind() {
	open_terminal one && asks one 'First' && asks one 'Second' && type_in one '/rewind' &&
		await shows one 'Restore the code' && press one Up && press one Enter && await shows one 'Restore conversation' &&
		press one Enter && await is_prompt_filled one && press one C-u && asks one 'Another second' && leave one
}
is_prompt_filled() { shows "$1" Second && ! shows "$1" 'Restore conversation'; }

scenario_compact_and_clear() {
	open_terminal one && asks one 'First' && asks one 'Second' && type_in one '/compact' &&
		await shows one 'Compacted\|compacted' && asks one 'After the compaction' && has_last_figure one && type_in one '/clear' || return
	await is_cleared one && asks one 'After the clear' && leave one
}
is_cleared() { ! shows "$1" 'After the compaction'; }

scenario_killed_at_the_terminal() {
	open_terminal one && asks one 'First' || return
	local first
	first=$(newest_session)
	type_in one 'Long. @@{"slow_ms":500,"content":[{"type":"text","text":"a b c d e f g h i j k l m n o p q r s t"}]}@@' &&
		await shows one '● a b c' && kill -9 "$(on_screen display-message -p -t =one: '#{pane_pid}')" && await is_closed one &&
		: >"$work/killed" && ask 'After' --resume "$first"
}

# Ten terminals, each with swatch's statusline each second.
scenario_ten_sessions_with_statuslines() {
	local i
	for i in 1 2 3 4 5 6 7 8 9 10; do open_terminal "t$i" || return; done
	for i in 1 2 3 4 5 6 7 8 9 10; do type_in "t$i" "Terminal $i" || return; done
	for i in 1 2 3 4 5 6 7 8 9 10; do await answered "Terminal $i" && await is_idle "t$i" && asks "t$i" "Again $i" || return; done
	for i in 1 2 3 4 5 6 7 8 9 10; do leave "t$i" || return; done
	[ "$(find "$work/statuslines" -name '*.shown' -size +0 | wc -l)" -eq 10 ] || { echo "a statusline showed nothing"; return 1; }
}

# ---- trouble ----

# Each kind of limit: refused once, then the account answers again.
scenario_limit_then_answer() {
	local claim
	for claim in five_hour seven_day seven_day_opus seven_day_sonnet; do
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

# Each model that swatch has a price for and the client knows, with each kind of token: input, output, both kinds of cache
# writes, cache reads; below and above 200,000 tokens.
scenario_every_model() {
	local model models count=0 kinds='"cache_creation_input_tokens":9000,"cache_creation":{"ephemeral_5m_input_tokens":4000,"ephemeral_1h_input_tokens":5000}'
	models=$(in_home swatch pricing --all --json | jq -r '.models[].model | select(test("^claude-[a-z]+-[0-9](-[0-9])?$"))') || return
	for model in $models; do
		is_known "$model" || continue
		count=$((count + 1))
		ask "All kinds. @@{\"usage\":{$kinds}}@@" --model "$model" || return
		ask "Much. @@{\"usage\":{$kinds,\"input_tokens\":150000,\"cache_read_input_tokens\":90000}}@@" --model "$model" || return
	done
	[ "$count" -ge 9 ] || { echo "the client knows $count models only"; return 1; }
}

scenario_ten_sessions() {
	local i pids=()
	for i in 1 2 3 4 5 6 7 8 9 10; do
		(ask "Session $i") &
		pids+=($!)
	done
	wait "${pids[@]}"
}
