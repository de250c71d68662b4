# The reports: from the daemon and without it, as tables and as JSON; what models cost.
load helper

# A day of two models in two projects, and one of a model that nobody knows.
write_history() {
	mkdir -p "$PROJECTS/-home-u-site" "$PROJECTS/-home-u-tool"
	{
		AT=2026-02-10T23:30:00.000Z message a 1000
		AT=2026-02-11T10:00:00.000Z message b 2000
		AT=2026-02-11T10:05:00.000Z MODEL=claude-haiku-4-5-20251001 message c 3000000
	} >"$PROJECTS/-home-u-site/11111111-2222-3333-4444-555555555555.jsonl"
	AT=2026-02-12T10:00:00.000Z message d 4000 >"$PROJECTS/-home-u-tool/s2.jsonl"
}

# answered WORD...: a report of the daemon; nothing when the transcripts were read instead.
answered() {
	swatch "$@" >"$TEST_HOME/answered" 2>"$TEST_HOME/answered.err"
	grep -q "transcripts here instead" "$TEST_HOME/answered.err" || cat "$TEST_HOME/answered"
}

# In characters, whatever the locale and the awk: the bytes that continue one are taken out.
widest() { LC_ALL=C tr -d '\200-\277' | awk '{ if (length($0) > w) w = length($0) } END { print w + 0 }'; }

# reports DIR: what every report says, on both channels, as a table and as JSON, a file each.
reports() {
	local report count=0
	mkdir "$1"
	for report in blocks "blocks --recent" daily weekly monthly sessions "daily --breakdown" \
		"daily --since 20260211 --until 2026-02-11" "daily --timezone Asia/Tokyo" "sessions --project -home-u-tool"; do
		count=$((count + 1))
		COLUMNS=100 swatch $report >"$1/$count" 2>&1
		swatch $report --json >"$1/$count.json" 2>&1
	done
}

@test "each report is the same with a daemon and without one, as a table and as JSON" {
	write_history
	MODEL=claude-nobody-1 AT=2026-02-12T11:00:00.000Z message e >>"$PROJECTS/-home-u-tool/s2.jsonl"
	reports "$TEST_HOME/alone"
	start_daemon
	reports "$TEST_HOME/daemon"
	diff -r "$TEST_HOME/alone" "$TEST_HOME/daemon"
	stop_daemon
	is "$(ls "$TEST_HOME/alone" | wc -l)" 20
	# It was the daemon that answered: it says so when it was not.
	not grep -r "transcripts here instead" "$TEST_HOME/daemon"
}

@test "a message that was just written is in the daemon's report" {
	start_daemon
	for i in 1 2 3 4 5; do
		message "new$i" 10 >>"$PROJECTS/-p/s.jsonl"
		is "$(answered daily --json | json-value .totals.outputTokens)" $((10 * i))
	done
	stop_daemon
}

@test "JSON has ccusage's keys in ccusage's order, also of an empty history" {
	is "$(swatch blocks --json)" $'{\n  "blocks": []\n}'
	is "$(swatch daily --json | jq -c 'keys_unsorted')" '["daily","totals"]'
	is "$(swatch weekly --json | jq -c 'keys_unsorted')" '["totals","weekly"]'
	is "$(swatch sessions --json | jq -c .totals.totalTokens)" 0
	run swatch daily
	is "$status" 0
	[[ $output == *"no usage found"*".claude/projects"* ]]
	run swatch blocks --active
	is "$status" 0
	is "$output" "no block is active"
}

@test "totals are the sums of the rows" {
	write_history
	for report in daily weekly monthly sessions; do
		swatch $report --json >"$TEST_HOME/report"
		jq -e --arg rows "$report" '(.[$rows] | length > 0) and (.totals.outputTokens == ([.[$rows][].outputTokens] | add))
			and ((.totals.totalCost - ([.[$rows][].totalCost] | add)) | fabs < 1e-9)' "$TEST_HOME/report"
		swatch $report | grep -q '^total .*3,007,000'
	done
}

@test "tables fit the width, 120 columns in a pipe, and say what had no room and which zone it is" {
	write_history
	for columns in 40 60 80 120 200; do
		for report in blocks daily weekly monthly sessions "sessions --breakdown"; do
			COLUMNS=$columns swatch $report >"$TEST_HOME/table"
			[ "$(widest <"$TEST_HOME/table")" -le "$columns" ] || { echo "$report at $columns"; cat "$TEST_HOME/table"; false; }
		done
	done
	[ "$(COLUMNS=80 swatch pricing | widest)" -le 80 ]
	[ "$(swatch sessions --breakdown | widest)" -le 120 ]
	COLUMNS=200 run swatch sessions
	[[ $output == *11111111-2222-3333-4444-555555555555*claude-haiku-4-5-20251001* && $output != *'no room for'* ]]
	TZ=UTC COLUMNS=40 run swatch daily
	[[ $output == *'no room for '* && $output == *'days and times in UTC' ]]
	COLUMNS=80 run swatch sessions
	[[ $output != *11111111-2222* && $output == *11111111* ]]
}

@test "a terminal gets its width and colours; NO_COLOR, CLICOLOR and pipes do not get colours" {
	write_history
	on_terminal() { script -qec "stty cols 70; $1" /dev/null </dev/null; }
	run on_terminal "env TERM=xterm swatch daily"
	[[ $output == *$'\033['* ]]
	is "$(on_terminal "env TERM=xterm NO_COLOR=1 swatch daily" | tr -d '\r' | widest)" "$(COLUMNS=70 swatch daily | widest)"
	for setting in NO_COLOR=1 CLICOLOR=0 TERM=dumb; do
		run on_terminal "env TERM=xterm $setting swatch daily"
		[[ $output == *2026-02-11* && $output != *$'\033['* ]]
	done
	run swatch daily
	[[ $output != *$'\033['* ]]
	CLICOLOR_FORCE=1 run swatch daily
	[[ $output == *$'\033['* ]]
	CLICOLOR_FORCE=1 NO_COLOR=1 run swatch daily
	[[ $output != *$'\033['* ]]
}

@test "lines are UTF-8 or ASCII, by the locale" {
	write_history
	LC_ALL=C.UTF-8 run swatch daily
	[[ $output == *─* ]]
	LC_ALL=C run swatch daily
	[[ $output == *---* ]]
	[ "$(printf %s "$output" | tr -d '\000-\177' | wc -c)" -eq 0 ]
}

@test "names out of transcripts carry no control sequences" {
	mkdir -p "$PROJECTS"/$'-evil\033]0;x\007'
	MODEL='claude-\u001b[31mred' AT=2026-02-11T10:00:00.000Z message a >"$PROJECTS"/$'-evil\033]0;x\007/s\033[2J.jsonl'
	for report in blocks daily sessions "sessions --breakdown" "sessions --json" pricing "pricing --json"; do
		swatch $report >"$TEST_HOME/out" 2>&1
		not grep -q -e $'\033' -e $'\007' "$TEST_HOME/out" || { cat -v "$TEST_HOME/out"; false; }
	done
}

@test "unpriced models are named on stderr of every report, by the daemon too" {
	MODEL=claude-nobody-1 message a >"$PROJECTS/-p/s.jsonl"
	for way in alone daemon; do
		[ $way = alone ] || start_daemon
		for report in blocks daily weekly monthly sessions "daily --json"; do
			is "$(swatch $report 2>&1 >/dev/null)" "swatch: no price for claude-nobody-1; its tokens count as 0 USD; see swatch-pricing(1)"
		done
	done
	stop_daemon
	echo '{"claude-nobody-1":{"input_cost_per_token":1,"output_cost_per_token":1}}' >"${CONFIG%/*}/pricing.json"
	run swatch daily --json
	[[ $output != *"no price"* ]]
	is "$(swatch daily --json | jq .totals.totalCost)" 13
}

@test "days go by the zone asked for, and by the one configured" {
	write_history
	is "$(swatch daily --json | jq -r '.daily[].date' | tr '\n' ' ')" "2026-02-10 2026-02-11 2026-02-12 "
	is "$(swatch daily --json --timezone Europe/Berlin | jq -r '.daily[].date' | tr '\n' ' ')" "2026-02-11 2026-02-12 "
	is "$(TZ=Europe/Berlin swatch daily --json | jq -r '.daily[].date' | tr '\n' ' ')" "2026-02-11 2026-02-12 "
	is "$(TZ=CET-1CEST swatch daily --json | jq -r '.daily[].date' | tr '\n' ' ')" "2026-02-11 2026-02-12 "
	configure 'timezone = Europe/Berlin'
	is "$(swatch daily --json | jq -r '.daily[].date' | tr '\n' ' ')" "2026-02-11 2026-02-12 "
	is "$(swatch daily --json --timezone UTC | jq -r '.daily[].date' | head -1)" 2026-02-10
	swatch blocks --timezone Asia/Tokyo | grep '^02-11 08:00'
	# The daemon has days of its own, the client asks for others.
	start_daemon
	is "$(answered daily --json --timezone UTC | jq -r '.daily[].date' | head -1)" 2026-02-10
	is "$(answered daily --json | jq -r '.daily[].date' | head -1)" 2026-02-11
	stop_daemon
}

@test "a zone that cannot be read is named, and the days are said to be in UTC" {
	local why="cannot read the time zone Mars/Olympus (/usr/share/zoneinfo/Mars/Olympus): No such file or directory"
	write_history
	TZ=Mars/Olympus run swatch daily
	[[ $output == "swatch: $why; days and times are in UTC; "* && $output == *'days and times in UTC' ]]
	# no tzdata at all
	TZDIR=$TEST_HOME/none TZ=Europe/Berlin run swatch blocks
	[[ $output == "swatch: cannot read the time zone Europe/Berlin ($TEST_HOME/none/Europe/Berlin): "* && $output == *'times in UTC' ]]
	TZDIR=$TEST_HOME/none run swatch daily --timezone Europe/Berlin
	[[ $status -eq 2 && $output == *"--timezone: cannot read the time zone Europe/Berlin "* ]]
	TZ=Mars/Olympus run swatch doctor
	[[ $output == *'cannot read the time zone Mars/Olympus'* ]]
	export TZ=Mars/Olympus
	start_daemon
	grep -F "$why" "$LOG"
	TZ=UTC answered daily --json >"$TEST_HOME/right"
	swatch daily --json 2>/dev/null | cmp - "$TEST_HOME/right"
	# it is not the daemon's zone that it would not know, either
	ask '{"op":"report","kind":"daily","timezone":"Mars/Olympus"}' | jq -e '.ok == false'
	stop_daemon
}

@test "since, until and project leave out what they say" {
	write_history
	is "$(swatch daily --json --since 2026-02-11 --until 20260211 | jq -r '.daily[].date')" 2026-02-11
	is "$(swatch sessions --json --project -home-u-tool | jq -r '.sessions[].sessionId')" s2
	message today >"$PROJECTS/-p/s.jsonl"
	is "$(swatch daily --json --since today | jq '.daily | length')" 1
	is "$(swatch daily --json --since 1d --until today | jq '.daily | length')" 1
	run swatch daily --since 20990101
	is "$status" 0
	is "$output" "no usage found for these options"
}

@test "bad options are errors that say what is allowed" {
	for bad in "daily --since tomorrow" "daily --since 20260229" "daily --until 2026-2-1" "weekly --timezone Mars/Olympus" \
		"monthly --timezone ../../etc/passwd" "sessions --threads 0" "blocks --threads many" "blocks --since 20260101" \
		"daily --project=" "daily --since 20260202 --until 20260201" "blocks x" "pricing --all claude-opus-4-6"; do
		run swatch $bad
		is "$status" 2
		[[ $output == "swatch: "* ]]
	done
}

@test "the active block's burn rate and projection stand below the table" {
	{
		AT=$(date -u -d '-2 minutes' +%Y-%m-%dT%H:%M:%S.000Z) message a 1000
		AT=$(date -u -d '-1 minute' +%Y-%m-%dT%H:%M:%S.000Z) message b 1000
	} >"$PROJECTS/-p/s.jsonl"
	run swatch blocks --active
	is "$status" 0
	[[ $output == *active* && $output == *"burn rate"*"tokens a minute"* && $output == *projection* ]]
}

@test "a daemon that is gone, or talks nonsense, does not stand in the way" {
	write_history
	start_daemon
	socket=$(status_of .socket)
	kill_daemon
	[ -S "$socket" ]
	swatch daily --json >"$TEST_HOME/alone" 2>"$TEST_HOME/err"
	[ ! -s "$TEST_HOME/err" ]
	rm "$socket"
	setsid socat "UNIX-LISTEN:$socket,fork" "SYSTEM:head -n 1 >/dev/null; echo nonsense" >/dev/null 2>&1 3>&- &
	socat=$!
	await listens "$socket"
	swatch daily --json 2>"$TEST_HOME/err" | diff "$TEST_HOME/alone" -
	kill "$socat"
	grep -q "not a JSON object; reading the transcripts here instead" "$TEST_HOME/err"
}

@test "pricing: any spelling, where it is from, and what is not known" {
	run swatch pricing 'claude-opus-4-6[1m]' us.anthropic.claude-sonnet-4-5-20250929-v1:0
	is "$status" 0
	[[ $output == *'claude-opus-4-6[1m]'*'= claude-opus-4-6 '*'$5.00'*table* ]]
	[[ $output == *'= claude-sonnet-4-5-20250929 x 1.1'*'$3.30'* ]]
	run swatch pricing claude-nobody-1
	is "$status" 1
	[[ $output == *"claude-nobody-1: not known"* && $output == *"no price for claude-nobody-1"* ]]
	mkdir "$HOME/other"
	echo '[billing]' >"$HOME/other/my.conf"
	echo '{"claude-nobody-1":{"input_cost_per_token":1e-6,"output_cost_per_token":2e-6}}' >"$HOME/other/pricing.json"
	is "$(swatch --config "$HOME/other/my.conf" pricing --json claude-nobody-1 | jq -r '.models[0].source, .pricingFile')" \
		"pricing.json"$'\n'"$HOME/other/pricing.json"
	swatch --config "$HOME/other/my.conf" pricing --all | grep -q '^claude-nobody-1 .*file$'
}

@test "pricing: the models of the history, each once" {
	write_history
	is "$(swatch pricing --json | jq -r '.models[].model' | tr '\n' ' ')" "claude-haiku-4-5-20251001 claude-opus-4-6 "
	rm -r "$PROJECTS"
	run swatch pricing
	is "$status" 0
	[[ $output == *"no models used yet"* ]]
}

@test "a faulty pricing.json is an error that names it, in every command that prices" {
	write_history
	echo '{"x":{"input_cost_per_token":-1}}' >"${CONFIG%/*}/pricing.json"
	for command in daily blocks pricing; do
		run swatch $command
		is "$status" 2
		[[ $output == *"${CONFIG%/*}/pricing.json"*input_cost_per_token* ]]
	done
}
