# Time as it goes wrong: a machine that slept, clocks that are set, days without a midnight or with two, zones that
# change, timestamps that nobody can have meant, and boundaries that are hit to the millisecond.
load helper

iso() { date -u -d "@$1" +%Y-%m-%dT%H:%M:%S.000Z; }

# A clock that can be turned while programs run: by so many seconds, from the machine's own.
use_clock() {
	export CLOCK_SHIFT_FILE=$TEST_HOME/clock LD_PRELOAD=$SWATCH_BUILD_DIR/tests/integration/clock-shift.so
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0
	printf '%-15d' "$1" >"$CLOCK_SHIFT_FILE"
}
# in place, and whole: who reads it meanwhile reads the old number or the new one
turn() { printf '%-15d' "$1" 1<>"$CLOCK_SHIFT_FILE"; }
# by the turned clock, and by the machine's own
now_s() { date +%s; }
real_now_s() { env -u LD_PRELOAD date +%s; }

# What a daemon that starts now would say of the same transcripts. A file's projection is as of its lastFetched: what is
# right for that moment is replaced by a word, and anything else is an error.
# shellcheck disable=SC2016
figures='.lastFetched as $at | .block as $block
	| (if $block.burnRate then ([(($block.endTime | sub("[.]000Z"; "Z") | fromdate) * 1000 - $at) / 60000 | round, 0] | max)
		else null end) as $minutes
	| if $minutes == null then .
	  elif .block.projection.remainingMinutes == $minutes
		and (.block.projection.totalTokens - $block.totalTokens - $block.burnRate.tokensPerMinute * $minutes | fabs) < 1
		and (.block.projection.totalCost - $block.costUSD - $block.burnRate.costPerHour / 60 * $minutes | fabs) < 0.011
	  then .block.projection = "as of lastFetched"
	  else error("projected \(.block.projection), \($minutes) minutes before the end") end
	| {costToday, block, today, totalTokens, resetTime}'
figures_of() { jq -S "$figures" "$1/billing-shared.json"; }
fresh_start() {
	rm -rf "$TEST_HOME/fresh"
	swatchd --once --no-refresh --cache "$TEST_HOME/fresh" >/dev/null 2>&1
	figures_of "$TEST_HOME/fresh"
}
as_if_started_now() {
	swatch sync
	diff <(figures_of "$CACHE") <(fresh_start)
}

# The clock's own place in an hour and a day must not decide what a test sees: ten past six in the morning, UTC, today.
MORNING_S=22200
at_morning() {
	local now
	now=$(now_s)
	echo $((now - now % 86400 + MORNING_S - now))
}

@test "the machine slept for nine hours: the block is over at the first look, and the next message starts another" {
	use_clock "$(at_morning)"
	AT=$(iso "$(now_s)") message 1 100000 >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	field_is billing-shared.json .block.entries 1
	before=$(field billing-shared.json .freshUntil)
	kill -STOP "$DAEMON"
	turn $(($(cat "$CLOCK_SHIFT_FILE") + 9 * 3600))
	kill -CONT "$DAEMON"
	as_if_started_now
	field_is billing-shared.json .block null
	field_is billing-shared.json .isFresh true
	[ "$(field billing-shared.json .freshUntil)" -gt "$before" ]
	AT=$(iso "$(now_s)") message 2 100000 >>"$PROJECTS/-p/s1.jsonl"
	as_if_started_now
	field_is billing-shared.json .block.entries 1
	# the same day: both count
	is "$(field billing-shared.json '.costToday > 5')" true
	# and the next night through midnight
	turn $(($(cat "$CLOCK_SHIFT_FILE") + 14 * 3600))
	as_if_started_now
	field_is billing-shared.json .costToday 0
}

@test "the clock is set back and forth by hours: nothing is lost, nothing is counted twice" {
	local shift base
	base=$(at_morning)
	use_clock "$base"
	AT=$(iso "$(now_s)") message 1 1000 >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	n=1
	for shift in -3 5 -1 26 0 -30 2 0; do
		turn $((base + shift * 3600))
		as_if_started_now || { echo "after the turn to $shift h"; false; }
		n=$((n + 1))
		AT=$(iso "$(now_s)") message $n 1000 >>"$PROJECTS/-p/s1.jsonl"
		as_if_started_now || { echo "after a message at $shift h"; false; }
		field_is s1.json .transcript.messageCount $n
		all_files_parse
	done
	is "$(swatch blocks --json | jq '[.blocks[].entries] | add')" $n
	status_is .publish.failed 0
	# time that runs backwards must not make it spin
	[ "$(status_of .publish.written)" -lt 500 ]
}

@test "an alert comes once, whichever way the clock is turned, and again in another block" {
	local base
	base=$(at_morning)
	use_clock "$base"
	configure $'[alerts]\nblock_cost = 1\ncommand = /bin/true'
	AT=$(iso "$(now_s)") message 1 1000000 >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	status_is .alerts.fired 1
	for shift in -2 1 -1 0; do
		turn $((base + shift * 3600))
		swatch rescan
		swatch sync
	done
	status_is .alerts.fired 1
	turn $((base + 7 * 3600))
	AT=$(iso "$(now_s)") message 2 1000000 >>"$PROJECTS/-p/s1.jsonl"
	swatch sync
	status_is .alerts.fired 2
}

# figures_at ISO-TIME ZONE: costToday's date, tokens of today and the day's end, as a daemon that starts then says it
figures_at() {
	use_clock $(($(date -u -d "$1" +%s) - $(date +%s)))
	rm -rf "$CACHE"
	TZ=$2 swatchd --once --no-refresh >>"$LOG" 2>&1
	field billing-shared.json '"\(.today.date) \(.today.totalTokens)"'
	unset LD_PRELOAD
}

@test "a day without a midnight and a day with two" {
	[ -e /usr/share/zoneinfo/America/Havana ] || skip "no tz database here"
	# Havana goes from 0:00 to 1:00 on 8 March 2026, and from 1:00 to 0:00 on 1 November
	local n=0 at
	for at in 2026-03-08T04:59:59.999Z 2026-03-08T05:00:00.000Z 2026-03-09T03:59:59.999Z 2026-03-09T04:00:00.000Z \
		2026-11-01T03:59:59.999Z 2026-11-01T04:00:00.000Z 2026-11-01T04:59:59.999Z 2026-11-01T05:00:00.000Z \
		2026-11-02T04:59:59.999Z 2026-11-02T05:00:00.000Z; do
		n=$((n + 1))
		AT=$at message $n $((10 ** (n % 6) )) >>"$PROJECTS/-p/s1.jsonl"
	done
	is "$(swatch daily --timezone America/Havana --json | jq -c '[.daily[] | [(.date // .period), .outputTokens]]')" \
		'[["2026-03-07",10],["2026-03-08",1100],["2026-03-09",10000],["2026-10-31",100000],["2026-11-01",1111],["2026-11-02",10000]]'
	# the daemon's own day: before, in and after the hour that comes twice, and on the day of 23 hours
	is "$(figures_at 2026-11-01T04:30:00Z America/Havana)" '2026-11-01 5523'
	is "$(figures_at 2026-11-01T05:30:00Z America/Havana)" '2026-11-01 5523'
	is "$(figures_at 2026-11-02T04:59:50Z America/Havana)" '2026-11-01 5523'
	is "$(figures_at 2026-11-02T05:00:10Z America/Havana)" '2026-11-02 11103'
	is "$(figures_at 2026-03-08T05:00:10Z America/Havana)" '2026-03-08 3306'
}

@test "the second midnight of a day passes under a running daemon" {
	[ -e /usr/share/zoneinfo/America/Havana ] || skip "no tz database here"
	local base
	base=$(($(date -u -d 2026-11-01T03:50:00Z +%s) - $(date +%s)))
	use_clock "$base"
	export TZ=America/Havana
	AT=2026-11-01T03:30:00.000Z message 1 1000 >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	field_is billing-shared.json .today.date 2026-10-31
	turn $((base + 3600))
	as_if_started_now
	field_is billing-shared.json .today.date 2026-11-01
	field_is billing-shared.json .today.totalTokens 0
	AT=2026-11-01T04:40:00.000Z message 2 1000 >>"$PROJECTS/-p/s1.jsonl"
	swatch sync
	# 0:50 for the second time: still the same day
	turn $((base + 2 * 3600))
	as_if_started_now
	field_is billing-shared.json .today.date 2026-11-01
	field_is billing-shared.json .today.totalTokens 2103
	turn $((base + 26 * 3600))
	as_if_started_now
	field_is billing-shared.json .today.date 2026-11-02
}

@test "the zone changes under a running daemon: whose day it is follows at once" {
	[ -e /usr/share/zoneinfo/Pacific/Kiritimati ] || skip "no tz database here"
	use_clock "$(at_morning)"
	configure $'timezone = UTC'
	AT=$(iso $(($(now_s) - 3 * 3600))) message 1 1000 >"$PROJECTS/-p/s1.jsonl"
	AT=$(iso $(($(now_s) - 11 * 3600))) message 2 1000 >>"$PROJECTS/-p/s1.jsonl"
	start_daemon
	# ten past six UTC: since midnight there is one, since midnight in Kiritimati (10:00 UTC) both, in Hawaii (10:00 UTC of today) both of yesterday evening on
	field_is billing-shared.json .today.totalTokens 2103
	for zone in Pacific/Kiritimati:4206 Pacific/Honolulu:4206 UTC:2103; do
		configure "timezone = ${zone%:*}"
		kill -HUP "$DAEMON"
		await sh -c "swatch sync; jq -e '.today.totalTokens == ${zone#*:}' '$CACHE/billing-shared.json'" || { echo "$zone"; field billing-shared.json .today; false; }
		as_if_started_now
	done
}

@test "the machine's own zone is replaced under a running daemon" {
	if [ "$(id -u)" != 0 ] || ! unshare -m true 2>/dev/null; then
		echo "# NOT TESTED, it needs root: $BATS_TEST_DESCRIPTION" >&3
		skip "NOT TESTED: /etc/localtime can only be replaced by root"
	fi
	[ -e /etc/localtime ] && [ -e /usr/share/zoneinfo/Pacific/Kiritimati ] || skip "no tz database here"
	use_clock "$(at_morning)"
	unset TZ
	AT=$(iso $(($(now_s) - 3 * 3600))) message 1 1000 >"$PROJECTS/-p/s1.jsonl"
	AT=$(iso $(($(now_s) - 11 * 3600))) message 2 1000 >>"$PROJECTS/-p/s1.jsonl"
	cp -L /usr/share/zoneinfo/UTC "$TEST_HOME/zone"
	unshare -m sh -c 'mount --bind "$1" /etc/localtime && exec swatchd' sh "$TEST_HOME/zone" >>"$LOG" 2>&1 3>&- &
	DAEMON=$!
	await swatch sync
	field_is billing-shared.json .today.totalTokens 2103
	cp -L /usr/share/zoneinfo/Pacific/Kiritimati "$TEST_HOME/zone"
	# glibc looks at the seconds of the file's time, the daemon once a minute at the zone
	touch -d '2026-01-01 12:00' "$TEST_HOME/zone"
	turn $(($(cat "$CLOCK_SHIFT_FILE") + 61))
	AT=$(iso "$(now_s)") message 3 1000 >>"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is billing-shared.json .today.totalTokens 6309
}

@test "timestamps of the future, of 1970 and of nobody's calendar: counted as ccusage counts them, or not at all" {
	local n=0 at day
	day=$(date +%F)
	for at in "$(iso "$(now_s)")" 2999-01-01T00:00:00.000Z 9999-12-31T23:59:59.999Z 1970-01-01T00:00:00.000Z 1969-12-31T23:59:59.999Z 0001-01-01T00:00:00Z \
		2026-02-30T00:00:00.000Z 2026-13-01T00:00:00.000Z 2026-01-01T24:00:00.000Z 2026-01-01T00:60:00.000Z 2016-12-31T23:59:60.000Z \
		2026-01-01 2026-01-01T00:00:00 20260101T000000Z ' ' 1767225600 2026-01-01T00:00:00.123456789Z 2026-01-01T00:00:00+14:00 2026-01-01T00:00:00-99:99 \
		'2026-01-01T00:00:00.000Z ' -2026-01-01T00:00:00.000Z 12026-01-01T00:00:00.000Z; do
		n=$((n + 1))
		AT=$at message $n 1000 >>"$PROJECTS/-p/s1.jsonl"
	done
	for at in null 1767225600000 '[]' '{}' true '""'; do
		n=$((n + 1))
		AT=2026-01-01 message $n 1000 | sed "s|\"timestamp\":\"2026-01-01\"|\"timestamp\":$at|" >>"$PROJECTS/-p/s1.jsonl"
	done
	start_daemon
	all_files_parse
	# what counts, the reports and ccusage agree on
	run swatch verify --command "$CCUSAGE20"
	is "$status" 0 || { echo "$output"; false; }
	as_if_started_now
	# a session is not active in the future
	is "$(field sessions.json '.sessions[0].lastActivity / 1000 <= now + 5')" true
	field_is billing-shared.json .isFresh true
	# what is to come does not lengthen today, and does not make it spin
	[ "$(date +%F)" != "$day" ] || field_is billing-shared.json .today.totalTokens 2103
	[ "$(status_of .publish.written)" -lt 50 ]
	# exit 1 is a finding of doctor's and check's; a crash is more than 3
	for command in status blocks daily doctor 'check --today 1'; do
		swatch $command >/dev/null 2>&1 || [ $? -le 3 ]
	done
	stop_daemon
}

@test "block and day boundaries hit to the millisecond: as ccusage draws them" {
	local n=0 at
	for at in 2026-03-01T10:00:00.000Z 2026-03-01T14:59:59.999Z 2026-03-01T15:00:00.000Z 2026-03-01T15:00:00.001Z \
		2026-03-01T20:00:00.001Z 2026-03-01T23:59:59.999Z 2026-03-02T00:00:00.000Z 2026-03-02T05:00:00.000Z 2026-03-02T10:00:00.001Z \
		2026-03-03T09:59:59.999Z 2026-03-03T14:00:00.000Z 2026-03-03T14:00:00.001Z 2026-03-31T23:59:59.999Z 2026-04-01T00:00:00.000Z; do
		n=$((n + 1))
		AT=$at message $n $n >>"$PROJECTS/-p/s1.jsonl"
	done
	run swatch verify --command "$CCUSAGE20"
	is "$status" 0 || { echo "$output"; false; }
	# an entry five hours after the block's start belongs to it, a millisecond later to the next
	is "$(swatch blocks --json --timezone UTC | jq -c '[.blocks[] | select(.isGap | not) | [.id[5:16], .entries]] | .[0:2]')" '[["03-01T10:00",3],["03-01T15:00",1]]'
	is "$(swatch daily --json --timezone UTC | jq -c '[.daily[].outputTokens]')" '[21,24,33,13,14]'
}

@test "a daemon's day and block end exactly at their ends" {
	local base end
	base=$(at_morning)
	use_clock "$base"
	# the block began at 6:00 sharp
	end=$(now_s)
	end=$((end - end % 86400 + 11 * 3600))
	AT=$(iso $((end - 5 * 3600))) message 1 1000 >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	is "$(field billing-shared.json .block.endTime)" "$(iso $end)"
	# its last entry is older than five hours only after its end: a second before, it is there
	AT=$(iso $((end - 600))) message 2 1000 >>"$PROJECTS/-p/s1.jsonl"
	turn $((end - 30 - $(real_now_s)))
	as_if_started_now
	field_is billing-shared.json .block.entries 2
	turn $((end - $(real_now_s)))
	as_if_started_now
	field_is billing-shared.json .block null
	end=$((end - end % 86400 + 86400))
	turn $((end - 30 - $(real_now_s)))
	as_if_started_now
	field_is billing-shared.json .today.totalTokens 4206
	turn $((end - $(real_now_s)))
	as_if_started_now
	field_is billing-shared.json .today.totalTokens 0
}
