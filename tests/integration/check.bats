# swatch check: exit 0 below, 1 above, 2 unknown, with a line of why.
load helper

# check WANTED-STATUS ARGUMENTS: runs it; what it says is in $output.
check() {
	local wanted=$1
	shift
	run swatch check "$@"
	[ "$status" -eq "$wanted" ] || { echo "exit status $status, not $wanted: $output"; return 1; }
}

in_ms() { echo $(($(date +%s%3N) + $1 * 60000)); }
in_iso() { date -u -d "$1" +%Y-%m-%dT%H:%M:%S.000Z; }

# billing JQ: billing-shared.json as a daemon that is gone has left it, changed by JQ.
billing() {
	mkdir -p -m 700 "$CACHE"
	jq -n "{schema: 1, writer: \"swatchd 0.1.0\", costToday: 12.5, burnRatePerHour: 3, isFresh: true,
		lastFetched: $(in_ms 0), freshUntil: $(in_ms 60), source: \"native\", unpricedModels: [],
		block: {costUSD: 42.1, endTime: \"$(in_iso '90 min')\"},
		rateLimits: {fiveHour: {usedPercentage: 85.5, resetsAt: $(in_ms 60), observedAt: $(in_ms -5)},
			sevenDay: {usedPercentage: 40, resetsAt: $(in_ms 600), observedAt: $(in_ms -5)}}} | ${1:-.}" >"$CACHE/billing-shared.json"
}

# session ID PERCENT [STATE]
session() {
	printf '{"schema":1,"writer":"swatchd 0.1.0","sessionId":"%s","state":"%s","context":{"percentUsed":%s,"updatedAt":%s}}\n' \
		"$1" "${3:-active}" "$2" "$(in_ms 0)" >"$CACHE/$1.json"
}

# alive COMMAND...: with the cache's lock held, as while a daemon lives.
alive() { flock "$CACHE/.swatch.lock" "$@"; }

@test "a daemon's figures: below, above, and each says why" {
	message 1 1000000 >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	check 0 --block 40usd --today 100usd --context 80
	is "${#lines[@]}" 3
	[[ "${lines[0]}" =~ ^'below: block: $25.00 of $40.00, '[0-9].*' left'$ ]]
	is "${lines[1]}" 'below: today: $25.00 of $100.00'
	[[ "${lines[2]}" =~ ^'below: context: '.*' of 80% in session s1'$ ]]
	check 1 --block 40 --today '$20'
	is "${lines[1]}" 'above: today: $25.00 of $20.00'
	# one that is above goes before one that is unknown
	check 2 --today 100 --five-hour 85
	[[ "${lines[1]}" == 'unknown: 5-hour limit: unknown; Claude Code reports it only to swatch statusline' ]]
	check 1 --today 1 --five-hour 85
	check 1 --quiet --today 1
	is "$output" ""
	# the daemon goes: what it left is above, or unknown, and never below
	stop_daemon
	check 2 --today 100
	[[ "$output" == 'unknown: today: $25.00 of $100.00; stale, as of '*', no swatchd is running' ]]
	check 0 --today 100 --stale-ok
	check 1 --today 20
}

@test "the server's limits that a statusline was told" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	tell_statusline "$(printf '{"session_id":"s1","rate_limits":{"five_hour":{"used_percentage":84.5,"resets_at":%d},"seven_day":{"used_percentage":91,"resets_at":%d}}}' \
		"$(date -d '2 hours' +%s)" "$(date -d '3 days' +%s)")"
	await swatch check --five-hour 85
	check 0 --five-hour 85
	[[ "$output" == 'below: 5-hour limit: 84.5% of 85%, resets in '* ]]
	check 1 --five-hour 84.5%
	check 1 --seven-day 90
	[[ "$output" == 'above: 7-day limit: 91% of 90%, resets in '* ]]
}

@test "what is stale, of another day, ended or reset is unknown" {
	check 2 --today 100
	[[ "$output" == *'no figures, and no swatchd is running' ]]
	billing
	alive swatch check --block 50 --today 100 --five-hour 90 --seven-day 90
	check 2 --five-hour 90
	check 1 --five-hour 85
	check 1 --block 42
	# the file's own word
	billing '.isFresh = false'
	run alive swatch check --today 100
	[ "$status" -eq 2 ]
	billing ".freshUntil = $(in_ms -1)"
	run alive swatch check --today 100
	[ "$status" -eq 2 ]
	# a block that has ended, null, and a text in its place
	billing ".block.endTime = \"$(in_iso '1 min ago')\""
	check 2 --block 10 --stale-ok
	[[ "$output" == *'block: the last known one has ended'* ]]
	billing '.block = null'
	check 2 --block 10
	run alive swatch check --block 10
	[ "$status" -eq 0 ]
	is "$output" 'below: block: none is active'
	billing '.block = {costUSD: "much"}'
	run alive swatch check --block 10
	[ "$status" -eq 2 ]
	# another day
	billing ".lastFetched = $(in_ms -2880)"
	check 2 --today 1 --stale-ok
	# a limit that was reset
	billing ".rateLimits.fiveHour.resetsAt = $(in_ms -1)"
	run alive swatch check --five-hour 50
	[ "$status" -eq 2 ]
	[[ "$output" == *'the limit reset at '* ]]
	# a newer swatchd's file; rubbish
	billing '.schema = 2'
	run alive swatch check --today 100
	[ "$status" -eq 2 ]
	echo rubbish >"$CACHE/billing-shared.json"
	run alive swatch check --today 100 --five-hour 10
	[ "$status" -eq 2 ]
	# costs that are too low say so
	billing '.unpricedModels = ["claude-next\u001b[2J"]'
	run alive swatch check --today 100
	[ "$status" -eq 0 ]
	[[ "$output" == *'; no price is known for claude-next?[2J' ]]
}

@test "a cost that nobody knows is not below" {
	billing '.unpricedModels = ["claude-next"] | .costToday = 0 | .today = {costUSD: 0, totalTokens: 9} | .block += {costUSD: 0, totalTokens: 9}'
	run alive swatch check --today 100
	[ "$status" -eq 2 ]
	[[ "$output" == 'unknown: today: its cost is unknown; no price is known for claude-next' ]]
	run alive swatch check --block 100
	[ "$status" -eq 2 ]
	[[ "$output" == 'unknown: block: its cost is unknown; no price is known for claude-next, '*' left' ]]
	# nothing was used: that is nothing
	billing '.unpricedModels = ["claude-next"] | .costToday = 0 | .today = {costUSD: 0, totalTokens: 0}'
	alive swatch check --today 100
}

@test "the context of a session, of a hook's session, or of the fullest active one" {
	billing
	session one 81
	session two 30
	session old 95 idle
	run alive swatch check --context 80
	[ "$status" -eq 1 ]
	is "$output" 'above: context: 81% of 80% in session one'
	alive swatch check --context 80 --session two
	run alive swatch check --context 80 --session none
	[ "$status" -eq 2 ]
	[[ "$output" == *"there is no session 'none'"*'unknown: context: nothing is known of session none' ]]
	echo '{"hook_event_name":"PreToolUse","session_id":"two","tool_input":{"a":[[[[1]]]]}}' | alive swatch check --context 80 --stdin
	# a writer that holds the pipe open is not waited for
	mkfifo "$TEST_HOME/pipe"
	exec 8<>"$TEST_HOME/pipe"
	echo '{"session_id":"one"}' >&8
	run alive swatch check --context 80 --stdin <"$TEST_HOME/pipe"
	exec 8>&-
	[ "$status" -eq 1 ]
	# a tool's whole input may stand before it
	{
		printf '{"tool_input":{"content":"'
		head -c 12000000 /dev/zero | tr '\0' 'x'
		printf '"},"session_id":"two"}'
	} >"$TEST_HOME/large"
	alive swatch check --context 80 --stdin <"$TEST_HOME/large"
	for text in '' '{' 'x' '[]' '{"session_id":7}' '{"session_id":"../one"}' '{"session_id":"none"}'; do
		printf '%s' "$text" >"$TEST_HOME/in"
		run alive swatch check --context 80 --stdin <"$TEST_HOME/in"
		[ "$status" -eq 2 ] || { echo "$text: $status"; return 1; }
	done
	# nobody is there
	rm "$CACHE"/one.json "$CACHE"/two.json
	run alive swatch check --context 80
	[ "$status" -eq 0 ]
	is "$output" 'below: context: no session is active'
	check 2 --context 80
}

@test "as JSON" {
	billing
	is "$(alive swatch check --block 40 --today 100 --json | jq -c '[.state, (.checks | map([.name, .state, .value, .limit, .unit, .isFresh]))]')" \
		'["above",[["block","above",42.1,40,"USD",true],["today","below",12.5,100,"USD",true]]]'
	rm "$CACHE/billing-shared.json"
	is "$(swatch check --five-hour 80 --json | jq -c '[.state, .checks[0].value, .checks[0].asOf]')" '["unknown",null,null]'
}

@test "wrong usage is 2, as what is unknown" {
	check 2
	[[ "$output" == *'nothing to check'* ]]
	for amount in 0 -1 much 40eur 1e3 0x10 '' nan 99999999999999999999 '40usd x'; do
		check 2 --block "$amount"
		[[ "$output" == *'is not an amount of US dollars'* ]]
	done
	for percent in 0 85usd '$85' x; do
		check 2 --context "$percent"
	done
	check 2 --today 5 --session s1
	check 2 --context 80 --session s1 --stdin
	check 2 --context 80 --session ../x
	check 2 --today 5 extra
}

@test "as a hook: above is 2 with the reason on stderr alone; below, unknown and a wrong usage never are" {
	billing
	alive true
	local code=0
	is "$(alive swatch check --hook --today 1 2>"$HOME/why" || echo "code $?")" 'code 2'
	grep -q 'above: today: ' "$HOME/why"
	is "$(alive swatch check --hook --today 1000000 2>&1 || code=$?)/$code" /0
	rm "$CACHE/billing-shared.json"
	is "$(alive swatch check --hook --today 1 2>&1 || code=$?)/$code" /0
	run alive swatch check --hook --today much
	is "$status" 1
	session one 81
	run alive swatch check --hook --context 80 <<<'{"hook_event_name":"UserPromptSubmit","session_id":"one"}'
	is "$status" 2
}

@test "a session by the beginning of its id, or by its project; an unknown one names near ones" {
	billing
	session 0a1b2c3d-1111-4222-8333-444455556666 81
	printf '{"sessions":[{"sessionId":"0a1b2c3d-1111-4222-8333-444455556666","projectPath":"/home/u/shop"}]}' >"$CACHE/sessions.json"
	for name in 0a1b shop /home/u/shop; do
		run alive swatch check --context 80 --session "$name"
		is "$status" 1
	done
	run alive swatch check --context 80 --session shpo
	is "$status" 2
	[[ $output == *"there is no session 'shpo'; near ones: shop"* ]]
}
