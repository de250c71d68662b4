#!/usr/bin/env bats
# swatch statusline --subagents: rows of Claude Code's panel of subagents.

load helper

rows() { NO_COLOR=1 swatch statusline --subagents; }
# panel TASKS [COLUMNS]
panel() { printf '{"session_id":"s1","columns":%s,"tasks":[%s]}' "${2:-120}" "$1"; }
# task FIELDS: one that runs for two minutes and five seconds.
task() {
	printf '{"id":"a1","type":"local_agent","status":"running","description":"Find the parser","label":"Reading x.c","model":"claude-opus-4-6-20260101[1m]","startTime":%s,"tokenCount":41234%s}' \
		"$(((EPOCHSECONDS - 125) * 1000))" "${1:-}"
}
content() { json-value .content <<<"$output"; }

@test "an agent's row has its task, model, tokens and time" {
	run rows <<<"$(panel "$(task)")"
	is "$status" 0
	is "${#lines[@]}" 1
	is "$(json-value .id <<<"$output")" a1
	is "$(content)" 'Find the parser · opus-4-6 · 41.2k tokens · 2m'
	# of one that is over: what came of it, and no time, since nobody tells when it ended
	run rows <<<"$(panel "$(task ',"status":"completed"')")"
	is "$(content)" 'Find the parser · completed · opus-4-6 · 41.2k tokens'
	# in colours, unless they are not wanted
	run swatch statusline --subagents <<<"$(panel "$(task)")"
	[[ $(content) == *$'\033[2m'* ]]
}

@test "each row is one line of JSON under the id it came with, whatever that is" {
	run rows <<<"$(panel '{"id":"a\"\\\u0031","description":"one"},{"id":7,"description":"two"},{"id":"x","type":"local_bash","description":"a shell"},{"description":"no id"},{"id":null,"description":"no id"},{"id":"y"},7')"
	is "$status" 0
	is "${#lines[@]}" 2
	is "$(jq -c '[.id, .content]' <<<"$output")" '["a\"\\1","one"]
[7,"two"]'
}

@test "a row fits its columns: details go first, then the title is cut, wide characters counted" {
	local columns
	for columns in 80 50 40 33 25 16 10 3 1; do
		run rows <<<"$(panel "$(task ',"description":"日本語の解析器を見つけて直す and then test it thoroughly"')" $columns)"
		is "${#lines[@]}" 1
		[ "$(content | jq -Rr 'explode | map(if . > 12287 then 2 else 1 end) | add')" -le "$columns" ]
	done
	run rows <<<"$(panel "$(task)" 33)"
	is "$(content)" 'Find the parser · 2m'
	run rows <<<"$(panel "$(task)" '"many"')"
	[[ $(content) == *opus* ]]
}

@test "what is no panel gives no rows and no error, and nothing is waited for" {
	local text
	for text in '' '{' 'null' '[]' 'not json' '{}' '{"tasks":null}' '{"tasks":{"id":"a"}}' '{"tasks":[{"id":"a","description":"x"}' \
		'{"tasks":[[[[' '{"tasks":[{"id":{"a":1},"description":"x"}]}' "{\"tasks\":[{\"id\":\"$(printf 'x%.0s' {1..300})\",\"description\":\"x\"}]}"; do
		run rows <<<"$text"
		is "$status" 0
		is "$output" ""
	done
	# a writer that neither writes nor ends
	mkfifo "$TEST_HOME/pipe"
	exec 7<>"$TEST_HOME/pipe"
	run rows <"$TEST_HOME/pipe"
	exec 7<&-
	is "$status" 0
	is "$output" ""
}

@test "text of a task cannot steer a terminal" {
	run rows <<<"$(panel '{"id":"a","description":"x\u001b]0;owned\u0007\u009b31m\u202ey\nz","status":"\u001b[2J","model":"\u001b[31m"}')"
	is "${#lines[@]}" 1
	content | not grep -q -P '[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80\xae'
	[[ $(content) == x*y*z* ]]
}

@test "a thousand tasks are bounded" {
	run rows <<<"$(panel "$(for i in {1..1000}; do printf '{"id":"%d","description":"t"},' "$i"; done)7")"
	is "$status" 0
	is "${#lines[@]}" 64
}
