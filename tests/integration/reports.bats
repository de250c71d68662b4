#!/usr/bin/env bats
# The reports against real ccusage 20.0.24: key for key, in several time zones, from a scan and from the daemon.

load helper

# a_history SEED: sessions of 40 days as mkhome makes them, without the lines that only `ccusage claude daily` counts.
a_history() {
	local file
	rm -rf "$HOME/.claude/projects"
	mkhome "$HOME/.claude" --bytes 4000000 --files 60 --days 40 --seed "$1" >/dev/null
	find "$HOME/.claude/projects" -name '*.jsonl' | while read -r file; do
		grep -v '"type":"progress"' "$file" >"$file.new" || true
		mv "$file.new" "$file"
	done
	mkdir -p "$PROJECTS/-p" "$PROJECTS/-q"
	# one session's id in two projects; a growing message; two models without a price; a file of no project
	AT=2026-03-29T00:30:00.000Z
	{ message 1 10; message 1 30; MODEL=nonesuch message 2 5; } >"$PROJECTS/-p/same.jsonl"
	{ message 3 7; MODEL='<synthetic>' message 4 0; message 1 30; } >"$PROJECTS/-q/same.jsonl"
	AT=2026-03-29T01:30:00.000Z
	MODEL=another message 5 9 >"$PROJECTS/loose.jsonl"
	mkdir -p "$PROJECTS/-p/same/subagents"
	message 6 9 '"costUSD":0.25,' >"$PROJECTS/-p/same/subagents/agent-a.jsonl"
	unset AT
}

# What both print; money to 1e-9, rates of tokens to 1e-3.
shape='def shape: walk(if type == "number" then if fabs < 1e4 then . * 1e9 | round / 1e9 + 0 else . * 1e3 | round / 1e3 end else . end); '

# same_report THEIRS OURS: both files have the same JSON, key for key and in the same order. Prints the first differences.
same_report() {
	jq -n -e --slurpfile theirs "$1" --slurpfile ours "$2" "$shape"'($theirs | shape | tojson) == ($ours | shape | tojson)' >/dev/null ||
		{ diff <(jq "$shape shape" "$1") <(jq "$shape shape" "$2") | head -20; false; }
}

# equal KIND ARGS...: that report of swatch is ccusage's. A projection counts whole minutes to the end of a block, which is a
# full hour: it changes half past each minute.
equal() {
	local kind=$1 theirs minute
	shift
	case $kind in
	blocks) theirs="blocks" ;;
	sessions) theirs="claude session" ;;
	*) theirs="claude $kind" ;;
	esac
	while minute=$(((EPOCHSECONDS + 30) / 60)); do
		# shellcheck disable=SC2086
		"$CCUSAGE20" $theirs --json --offline "$@" >"$TEST_HOME/theirs"
		swatch "$kind" --json "$@" >"$TEST_HOME/ours" 2>"$TEST_HOME/said"
		[ "$minute" -eq $(((EPOCHSECONDS + 30) / 60)) ] && break
	done
	[ -s "$TEST_HOME/ours" ]
	same_report "$TEST_HOME/theirs" "$TEST_HOME/ours" || { echo "$kind $* differs"; cat "$TEST_HOME/said"; false; }
}

all_equal() {
	equal blocks
	equal daily "$@"
	equal weekly "$@"
	equal monthly "$@"
	equal sessions
}

@test "every report equals ccusage's, key for key, in six time zones" {
	a_history 1
	for TZ in UTC Europe/Berlin America/New_York Asia/Kolkata Pacific/Apia Australia/Lord_Howe; do
		export TZ
		all_equal
	done
	grep -q 'no price for another, nonesuch' "$TEST_HOME/said"
}

@test "--timezone, --since and --until mean what they mean to ccusage" {
	a_history 2
	since=$(date -u -d '20 days ago' +%Y%m%d)
	until=$(date -u -d '3 days ago' +%Y%m%d)
	for zone in Asia/Tokyo America/St_Johns; do
		for kind in daily weekly monthly; do
			equal "$kind" --timezone "$zone" --since "$since"
			equal "$kind" --timezone "$zone" --since "$since" --until "$until"
			equal "$kind" --timezone "$zone" --until "$until"
		done
	done
	equal daily --since 20200101 --until 20200102
}

@test "the daemon's reports are the scan's" {
	a_history 3
	for kind in blocks daily weekly monthly sessions; do
		swatch "$kind" --json >"$TEST_HOME/scan-$kind"
	done
	start_daemon
	for kind in blocks daily weekly monthly sessions; do
		swatch "$kind" --json >"$TEST_HOME/daemon"
		same_report "$TEST_HOME/scan-$kind" "$TEST_HOME/daemon"
	done
	all_equal
	# and what is written from now on is in them
	message new 11 >>"$PROJECTS/-p/same.jsonl"
	all_equal
	field_is sessions.json '.sessions | length > 0' true
	# one that keeps no file has everything in memory, and answers itself
	stop_daemon
	printf '[ledger]\nenabled = no\n' >>"$CONFIG"
	start_daemon
	status_is .ledger.enabled false
	all_equal
}

@test "the daemon's file projects the active block as its reports and ccusage do" {
	AT=$(date -u -d '-17 minutes' +%Y-%m-%dT%H:%M:%S.123Z) message 1 4321 >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	theirs=none
	for n in 2 3 4 5 6 7 8 9; do
		minute=$(((EPOCHSECONDS + 30) / 60))
		message "$n" 1234 >>"$PROJECTS/-p/s1.jsonl"
		swatch sync
		file=$(field billing-shared.json '.block.projection | tojson')
		ours=$(swatch blocks --active --json | jq -c '.blocks[0].projection')
		theirs=$("$CCUSAGE20" blocks --active --json --offline | jq -c '.blocks[0].projection')
		[ "$minute" -eq $(((EPOCHSECONDS + 30) / 60)) ] && break
	done
	echo "$theirs" | jq -e '.remainingMinutes > 0 and .totalTokens > 5000'
	for one in "$file" "$ours"; do
		is "$(echo "$one" | jq -cS .)" "$(echo "$theirs" | jq -cS .)"
	done
}

@test "a workflow's agents belong to their session, in every report" {
	mkdir -p "$PROJECTS/-p/s1/subagents/workflows/wf_1"
	message 1 10 >"$PROJECTS/-p/s1.jsonl"
	message 2 10 >"$PROJECTS/-p/s1/subagents/workflows/wf_1/agent-x.jsonl"
	is "$(swatch sessions --json | jq -r '.sessions | length')" 1
	is "$(swatch sessions --json | jq -r '.sessions[0].outputTokens')" 20
	is "$("$CCUSAGE20" claude session --json --offline | jq -r '.sessions | length')" 2
}

@test "a report that is asked for wrongly says so, to a person and on the socket" {
	printf '[ledger]\nenabled = no\n' >>"$CONFIG"
	start_daemon
	run swatch daily --since 2026-13-40
	is "$status" 2
	run swatch daily --timezone Nowhere/Land
	is "$status" 2
	socket=$(status_of .socket)
	ask() { printf '%s\n' "$1" | timeout 10 python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(sys.stdin.buffer.read()); print(s.makefile().readline())' "$socket"; }
	ask '{"op":"report","kind":"hourly"}' | jq -e '.ok == false and (.error | contains("kind"))'
	ask '{"op":"report","kind":"daily","timezone":"Nowhere/Land"}' | jq -e '.ok == false and (.error | contains("Nowhere/Land"))'
	ask '{"op":"report","kind":"daily","since":"tomorrow"}' | jq -e '.ok == false'
	ask '{"op":"report","kind":"daily","since":["x"]}' | jq -e '.ok'
	ask '{"op":"spend","since":0,"step":86400000,"count":2}' | jq -e '.ok'
	# one that keeps a file has the last days in memory
	stop_daemon
	sed -i "s/enabled = no/keep = forever/" "$CONFIG"
	AT=2026-03-30T10:00:00.000Z message old >"$PROJECTS/-p/old.jsonl"
	swatchd --once
	start_daemon
	ask '{"op":"report","kind":"daily"}' | jq -e '.ok == false and (.error | contains("swatch daily"))'
	ask '{"op":"spend","since":0,"step":86400000,"count":2}' | jq -e '.ok == false and (.error | contains("8 days"))'
	ask '{"op":"spend","since":'$(((EPOCHSECONDS - 7 * 86400) * 1000))',"step":86400000,"count":7}' | jq -e '.ok'
}

@test "pricing --all --json is JSON, with the prices of the past" {
	swatch pricing --all --json >"$HOME/prices.json"
	jq -e '[.models[].until[] | .day, .usdPerMillionTokens.cacheRead] | length >= 2' "$HOME/prices.json" >/dev/null
}
