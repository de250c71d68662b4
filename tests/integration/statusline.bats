#!/usr/bin/env bats
# swatch statusline: a line in every case, what is on it, and what the daemon learns of it.

load helper

SID=11111111-2222-3333-4444-555555555555

# input [FIELDS]: what Claude Code writes; FIELDS go before the others.
input() {
	printf '{%s"session_id":"%s","cwd":"/home/u/p","model":{"id":"claude-opus-4-6","display_name":"Opus 4.6"},"cost":{"total_cost_usd":1.25},"context_window":{"context_window_size":200000,"used_percentage":21}}' \
		"${1:-}" "${2:-$SID}"
}

# limits PERCENT HOURS: rate_limits whose five hours end then.
limits() {
	printf '"rate_limits":{"five_hour":{"used_percentage":%s,"resets_at":%d}},' "$1" $((EPOCHSECONDS + $2 * 3600))
}

# line [ARG...]: the statusline without colours.
line() { NO_COLOR=1 swatch statusline "$@"; }

# prints_a_line: exit status 0, one line that is not empty, nothing on stderr.
prints_a_line() {
	is "$status" 0
	[ -n "$output" ]
	is "${#lines[@]}" 1
}

cached() { [ -f "$CACHE/$SID.json" ] && [ -f "$CACHE/billing-shared.json" ]; }

with_figures() {
	message a 1000 >"$PROJECTS/-p/$SID.jsonl"
	start_daemon
	cached
}

@test "a line is printed whatever stdin holds" {
	run line </dev/null
	prints_a_line
	for text in '' ' ' '{' '{"model":' 'null' '[1,2]' 'not json' '{}' '{"model":null,"cost":7,"context_window":"x","rate_limits":[]}' \
		'{"model":{"display_name":["x"]},"session_id":{"a":1},"cost":{"total_cost_usd":"many"}}' \
		'{"session_id":"../../etc/passwd"}' '{"session_id":"sessions"}' $'\xff\xfe'; do
		run line <<<"$text"
		prints_a_line
		[[ $output != *'$'* ]]
	done
	run line <&-
	prints_a_line
}

@test "ten megabytes are no reason to wait or to fail" {
	{ printf '{"model":{"display_name":"Opus"},"x":"'; head -c 10000000 /dev/zero | tr '\0' x; printf '"}'; } >"$TEST_HOME/big"
	run line <"$TEST_HOME/big"
	prints_a_line
	[[ $output == Opus* ]]
	# as a pipe, whose writer is stopped
	output=$( (trap '' PIPE; cat "$TEST_HOME/big" 2>/dev/null) | line)
	[[ $output == Opus* ]]
}

@test "a pipe that is held open is not waited for" {
	# The writer ends only when it is stopped: a line that waited for it would never come.
	mkfifo "$TEST_HOME/in" "$TEST_HOME/hold"
	setsid sh -c 'exec 3>"$1"; printf "%s" "$2" >&3; read -r _ <"$3"' - "$TEST_HOME/in" "$(input)" "$TEST_HOME/hold" 3>&- &
	run line <"$TEST_HOME/in"
	prints_a_line
	[[ $output == "Opus 4.6 | \$1.25 session"* ]]
	echo >"$TEST_HOME/hold"
	# and one that never writes
	setsid sh -c 'exec 3>"$1"; read -r _ <"$2"' - "$TEST_HOME/in" "$TEST_HOME/hold" 3>&- &
	run line <"$TEST_HOME/in"
	prints_a_line
	echo >"$TEST_HOME/hold"
	wait
}

@test "without a cache the input alone is shown, and why" {
	run line <<<"$(input)"
	prints_a_line
	is "$output" 'Opus 4.6 | $1.25 session | context 42,000 (21%) | swatchd is not running'
}

@test "with a daemon all of it is shown, and nothing is stale" {
	with_figures
	run line --format '{model}{|}{session_cost_swatch}{|}{today_cost}{|}{block_cost}{|}{branch}{|}{stale}{|}{note}' <<<"$(input)"
	prints_a_line
	cost=$(jq -r '.costToday * 100 | round / 100' "$CACHE/billing-shared.json")
	is "$output" "Opus 4.6 | \$$(printf %.2f "$cost") | \$$(printf %.2f "$cost") | \$$(printf %.2f "$cost") | main"
	run line --format '{?block_left>295:yes}' <<<"$(input)"
	# less than an hour of the five may be over, since a block begins at the full hour
	run line --format '{?block_left>=239:yes}' <<<"$(input)"
	is "$output" yes
	stop_daemon
}

@test "a cold cache costs what pricing.json says, with old versions of Claude Code as well" {
	own_price() { printf '{"claude-opus-4-6":{"input_cost_per_token":1e-4,"output_cost_per_token":1e-4,"cache_creation_input_token_cost":%s}}' "$1" >"${CONFIG%/*}/pricing.json"; }
	with_figures
	# 3 tokens in, 100 written, 1000 read; $6.25 a million to write them again
	field_is "$SID.json" '.promptCache.coldCostUSD * 1e9 | round' 6893750
	field_is "$SID.json" '.promptCache | "\(.ttl) \(.tokens) \(.price.write5m) \(.price.write1h)"' '5m 1103 6.25 10'
	is "$(line --format '{recache_tokens} {cold_cost}' <<<"$(input)")" '1,103 $0.01'
	run line <<<"$(input)"
	[[ $output == *' | cache '?m' ($0.01 cold) | '* ]]
	cache='"prompt_cache":{"warm":true,"ttl":"1h","expires_at":%d,"recache_tokens_if_cold":100000},'
	cache=$(printf "$cache" $((EPOCHSECONDS + 1000)))
	is "$(line --format '{cold_cost}' <<<"$(input "$cache")")" '$1.00'
	own_price 2e-4
	kill -HUP "$DAEMON"
	await sh -c "grep -q 'config reloaded' '$LOG'"
	swatch sync
	is "$(line --format '{cold_cost}' <<<"$(input "$cache")")" '$20.00'
	is "$(line --format '{cold_cost}' <<<"$(input)")" '$0.22'
	# another model than the transcript's: by the price that is compiled in
	is "$(line --format '{cold_cost}' <<<"$(input "$cache" | sed 's/claude-opus-4-6/claude-sonnet-4-6/')")" '$0.60'
}

@test "what has no price is named, and never shown as nothing" {
	MODEL=claude-nobody-9 message a 1000 >"$PROJECTS/-p/$SID.jsonl"
	start_daemon
	for preset in ccusage compact full powerline plain; do
		run line --preset "$preset" <<<"$(input '' | sed 's/claude-opus-4-6/claude-nobody-9/; s/1.25/0/')"
		prints_a_line
		[[ $output != *'$0.00'* && $output == *'no price'* ]]
	done
	run line <<<"$(input '' | sed 's/claude-opus-4-6/claude-nobody-9/; s/1.25/0/')"
	[[ $output == 'Opus 4.6 | block ('*' left) | '*' | no price for claude-nobody-9 | '* ]]
	# a day that has a cost, too, is marked as not whole
	message b 1000 >>"$PROJECTS/-p/other.jsonl"
	swatch sync
	field_is billing-shared.json .today.unpriced 1
	is "$(line --format '{today_unpriced} {today_cost}' </dev/null)" '1 $0.03'
	[[ $(line <<<"$(input)") == 'Opus 4.6 | $1.25 session / $0.03+ today / $0.03 block ('* ]]
}

@test "a narrow terminal leaves out what matters least, and still shows the limits" {
	with_figures
	limits=$(limits 42.5 2)
	for columns in 200 120 80 40; do
		run env COLUMNS="$columns" NO_COLOR=1 swatch statusline <<<"$(input "$limits")"
		prints_a_line
		# Claude Code keeps two columns on each side for itself
		[ "${#output}" -le $((columns - 4)) ]
		[[ $output == 'Opus 4.6 | $1.25'*'21%'*'5h 42%'* && $output != *…* ]]
	done
	is "$output" 'Opus 4.6 | $1.25 | ctx 21% | 5h 42%'
	# and what settings.json gives the line; a program that asks for itself has the whole width
	printf '\357\273\277{"statusLine":{"type":"command","padding":2,"command":"x"},"padding":9}' >"$HOME/.claude/settings.json"
	is "$(COLUMNS=30 line --format 12345678901234567890123 <<<"$(input)")" '123456789012345678901…'
	is "$(COLUMNS=30 line --format 12345678901234567890123 </dev/null)" 12345678901234567890123
	mkdir -p "$HOME/w/.claude"
	echo '{"statusLine":{"command":"y"}}' >"$HOME/w/.claude/settings.json"
	is "$(COLUMNS=27 line --format 12345678901234567890123 <<<"$(input '"workspace":{"project_dir":"'"$HOME/w"'"},')")" 12345678901234567890123
}

@test "figures that nobody keeps up to date are marked" {
	with_figures
	kill_daemon
	run line <<<"$(input)"
	prints_a_line
	[[ $output == *' | stale '* && $output == *'swatchd is not running' && $output == *' today'* ]]
	# of another day: no cost of today, and a block that is over
	jq '.lastFetched -= 172800000 | .today.date = "2020-01-01" | .block.endTime = "2020-01-01T05:00:00.000Z"' \
		"$CACHE/billing-shared.json" >"$TEST_HOME/old"
	cat "$TEST_HOME/old" >"$CACHE/billing-shared.json"
	run line <<<"$(input)"
	prints_a_line
	[[ $output == *'stale 2d'* && $output != *today* && $output != *block* && $output != *'$0.00'* ]]
}

@test "a cache of a newer schema, or one that is no JSON, gives no figures" {
	with_figures
	kill_daemon
	jq '.schema = 2 | .costToday = 77' "$CACHE/billing-shared.json" >"$TEST_HOME/new"
	cat "$TEST_HOME/new" >"$CACHE/billing-shared.json"
	run line <<<"$(input)"
	prints_a_line
	[[ $output == *'update swatch'* && $output != *77* && $output == *'$1.25 session'* ]]
	for content in '' 'nonsense' '{"costToday":' '[]'; do
		printf '%s' "$content" >"$CACHE/billing-shared.json"
		printf '%s' "$content" >"$CACHE/$SID.json"
		run line <<<"$(input)"
		prints_a_line
		[[ $output == *'$1.25 session'* && $output != *today* ]]
	done
	rm "$CACHE/billing-shared.json"
	ln -s /dev/zero "$CACHE/billing-shared.json"
	run line <<<"$(input)"
	prints_a_line
}

@test "a tick reaches the daemon: limits are the account's, in every session's line" {
	with_figures
	line <<<"$(input "$(limits 42.5 2)")" >/dev/null
	await field_is billing-shared.json .rateLimits.fiveHour.usedPercentage 42.5
	field_is billing-shared.json .rateLimits.fiveHour.sessionId "$SID"
	field_is billing-shared.json .rateLimits.fiveHour.source statusline
	# the server's five hours hold what was spent in this block
	field_is billing-shared.json '.window.costUSD == .block.costUSD' true
	field_is billing-shared.json '.window.resetsAt == .rateLimits.fiveHour.resetsAt' true
	await field_is "$SID.json" .billing.toldCostUSD 1.25
	field_is "$SID.json" .context.windowSize 200000
	# another terminal, which was told nothing
	run line --format '{rate_5h}% {block_left} {window_cost}' <<<"$(input '' other)"
	[[ $output == '42% 1h 59m $'* || $output == '42% 2h 0m $'* ]]
	# and one that was told less, earlier
	line <<<"$(input "$(limits 40 2)" other)" >/dev/null
	swatch sync
	field_is billing-shared.json .rateLimits.fiveHour.usedPercentage 42.5
	stop_daemon
	# the limits outlive the daemon
	start_daemon
	field_is billing-shared.json .rateLimits.fiveHour.usedPercentage 42.5
	stop_daemon
}

@test "what the daemon knows already is not told again" {
	with_figures
	stanza=$(limits 42.5 2)
	line <<<"$(input "$stanza")" >/dev/null
	await field_is "$SID.json" .billing.toldCostUSD 1.25
	await field_is billing-shared.json .rateLimits.fiveHour.usedPercentage 42.5
	before=$(status_of .control.accepted)
	# a limit is confirmed once a minute
	for _ in 1 2 3 4 5; do line <<<"$(input)" >/dev/null; done
	is "$(status_of .control.accepted)" $((before + 1))
	stop_daemon
}

@test "a daemon that does not answer is not waited for" {
	with_figures
	kill -STOP "$DAEMON"
	for i in $(seq 200); do line <<<"$(input "$(limits "$((i % 100)).5" 2)")" >/dev/null; done
	kill -CONT "$DAEMON"
	stop_daemon
}

@test "formats and presets: option, config, and what is wrong with them" {
	is "$(line --format '{model}{?rate_5h: | 5h {rate_5h}%}' <<<"$(input)")" 'Opus 4.6'
	is "$(line --format='{model}{?context_percent: | {context_percent}%}' <<<"$(input)")" 'Opus 4.6 | 21%'
	configure $'[statusline]\nformat = {model} {|}\n  {session_cost}'
	is "$(line <<<"$(input)")" 'Opus 4.6  |  $1.25'
	is "$(line --preset plain <<<"$(input)")" 'Opus 4.6 | $1.25 session | context 21% | swatchd is not running'
	configure $'[statusline]\npreset = plain'
	is "$(line <<<"$(input)")" 'Opus 4.6 | $1.25 session | context 21% | swatchd is not running'
	# a fault: the preset, and a word about it
	configure $'[statusline]\nformat = {nothing}'
	run line <<<"$(input)"
	prints_a_line
	[[ $output == 'Opus 4.6 | $1.25 session | '*'bad format: swatch statusline --check-format' ]]
	run swatch statusline --check-format
	is "$status" 2
	is "$output" "swatch: the format is wrong at byte 2: there is no field 'nothing'"
	configure $'[statusline]\npreset = nosuch'
	run swatch statusline --check-format
	is "$status" 2
	is "$output" "swatch: there is no preset 'nosuch'"
	run swatch statusline --check-format --format '{model}'
	is "$status" 0
	run line --preset nosuch <<<"$(input)"
	prints_a_line
	[[ $output == *'no such preset'* ]]
	# a config with faults in it is no reason to say nothing
	printf 'nonsense\n[nosuch]\nx = 1\n[statusline]\nformat = {dir}\n' >"$CONFIG"
	is "$(line <<<"$(input)")" p
	run swatch statusline --frobnicate </dev/null
	is "$status" 2
}

@test "colours: wanted in a pipe, not with NO_COLOR; lines fit COLUMNS" {
	[[ $(swatch statusline <<<"$(input)") == *$'\033['* ]]
	[[ $(NO_COLOR=1 swatch statusline <<<"$(input)") != *$'\033['* ]]
	[[ $(TERM=dumb swatch statusline <<<"$(input)") != *$'\033['* ]]
	is "$(COLUMNS=18 line --format '{model}{|}{session_cost}' <<<"$(input)")" 'Opus 4.6'
	is "$(COLUMNS=9 LC_ALL=C line --format '日本語日本語' </dev/null)" '日本語日…'
}

@test "names out of the input carry no control sequences" {
	run line <<<"$(input '"session_name":"\u001b]0;x\u0007\u009b31m","agent":{"name":"a\u202eb"},"worktree":{"branch":"\u001b[31m"},')"
	not grep -q -e $'\033' -e $'\007' -e $'\302\233' <<<"$output"
	output=$(line --format '{session_name}{agent}{branch}' <<<"$(input '"session_name":"\u001b]0;x\u0007\u009b31m","agent":{"name":"a\u202eb"},"worktree":{"branch":"\u001b[31m"},')")
	is "$output" '?]0;x??31ma?b?[31m'
}

@test "the preview shows every preset" {
	run swatch statusline --preview
	is "$status" 0
	for preset in ccusage compact full powerline plain; do
		[[ $output == *"$preset: "* ]]
	done
	run swatch statusline --preview --preset plain
	[[ $output == "plain: "*"Opus 4.6 | \$4.27 session"* && $output != *powerline* ]]
	run swatch statusline --preview --preset nosuch
	is "$status" 2
	run swatch statusline --preview --format '{model} {context_percent}%'
	is "$output" "Opus 4.6 62%"
}
