#!/usr/bin/env bats
# swatch purge, reprice and import: commands that change the ledger's file, with swatchd and without.

load helper

# of SESSION NUMBER TOKENS: a message that this session paid.
of() { message "$2" "$3" | sed "s/\"sessionId\":\"x\"/\"sessionId\":\"$1\"/"; }

# keep_projects: swatchd has kept sessions of two projects. $LEDGER is the file.
keep_projects() {
	LEDGER=$HOME/.local/state/swatch/ledger.db
	mkdir -p "$PROJECTS/-home-u-secret" "$PROJECTS/-home-u-other"
	AT=2026-03-29T10:00:00.000Z of s1 1 1000 >"$PROJECTS/-home-u-secret/s1.jsonl"
	AT=2026-03-30T10:00:00.000Z of s2 2 2000 >"$PROJECTS/-home-u-secret/s2.jsonl"
	AT=2026-03-30T11:00:00.000Z of s3 3 3000 >"$PROJECTS/-home-u-other/s3.jsonl"
	start_daemon
	stop_daemon
}

# what each session cost, in billionths of a dollar
costs() { swatch sessions --json | jq -c '[.sessions[] | {(.sessionId): (.totalCost * 1e9 | round)}] | add // {}'; }
total() { swatch daily --json | jq '.totals.totalCost * 1e9 | round'; }
# what was printed, on one line
said() { tr '\n' ' ' <<<"$output" | tr -s ' '; }
no_trace_of() { ! cat "$LEDGER"* | grep -aqF -e "$1"; }

@test "purge takes a project out for good, with swatchd and without" {
	local before
	keep_projects
	before=$(costs | jq -c '{s3}')
	run swatch purge --project secret --dry-run
	[ "$status" -eq 0 ]
	[[ $(said) == "project -home-u-secret: 2 messages would be deleted: 2 transcripts of 2 days "* ]]
	run swatch purge --project secret </dev/null
	[ "$status" -eq 1 ]
	[[ $output == *"add --yes"* ]]
	is "$(costs | jq length)" 3
	start_daemon
	run swatch purge --project secret --yes
	[ "$status" -eq 0 ]
	[[ $(said) == *": 2 messages deleted: "* ]]
	await eval '[ "$(costs)" = "$before" ]'
	# not by a scan, a start, a copy, a new line of the same message
	cp "$PROJECTS/-home-u-secret/s1.jsonl" "$PROJECTS/-home-u-other/copy.jsonl"
	AT=2026-03-29T10:00:01.000Z of s1 1 5000 >>"$PROJECTS/-home-u-other/copy.jsonl"
	swatch rescan
	is "$(costs | jq -c '{s3}')" "$before"
	is "$(total)" "$(json-value .s3 <<<"$before")"
	stop_daemon
	no_trace_of secret
	is "$(total)" "$(json-value .s3 <<<"$before")"
	start_daemon
	is "$(total)" "$(json-value .s3 <<<"$before")"
	stop_daemon
	no_trace_of secret
	# what is said there now is kept
	of s2 9 10 >>"$PROJECTS/-home-u-secret/s2.jsonl"
	start_daemon
	is "$(costs | jq -c keys)" '["s2","s3"]'
	stop_daemon
	# without a daemon: the past
	run swatch purge --before 2026-04-01 --yes
	[ "$status" -eq 0 ]
	is "$(costs | jq -c keys)" '["s2"]'
	start_daemon
	is "$(costs | jq -c keys)" '["s2"]'
}

@test "reprice changes only what it is asked to, and a message without a price gets one by itself" {
	local at
	LEDGER=$HOME/.local/state/swatch/ledger.db
	AT=2026-03-29T10:00:00.000Z of s1 1 1000 >"$PROJECTS/-p/s1.jsonl"
	AT=2026-03-30T10:00:00.000Z of s2 2 1000 >"$PROJECTS/-p/s2.jsonl"
	AT=2026-03-30T11:00:00.000Z MODEL=nonesuch-1 of s3 3 1000 >"$PROJECTS/-p/s3.jsonl"
	start_daemon
	stop_daemon
	rm "$PROJECTS"/-p/*.jsonl
	at=$(costs | json-value .s1)
	is "$(costs | json-value .s3)" 0
	mkdir -p "$HOME/.config/swatch"
	echo '{"claude-opus-4-6":{"input_cost_per_token":0.001,"output_cost_per_token":0.001},"nonesuch-1":{"input_cost_per_token":0,"output_cost_per_token":0.002}}' \
		>"$HOME/.config/swatch/pricing.json"
	run swatch reprice --since 2026-03-30 --dry-run
	[ "$status" -eq 0 ]
	[[ $(said) == *"2 messages would change: "* ]]
	start_daemon
	is "$(costs | json-value .s1)" "$at"
	run swatch reprice --since 2026-03-30 --yes
	[ "$status" -eq 0 ]
	await eval '[ "$(costs | json-value .s2)" = 1003000000 ]'
	is "$(costs | json-value .s1)" "$at"
	is "$(costs | json-value .s3)" 2000000000
	run swatch reprice
	[ "$status" -eq 2 ]
}

keep_names() { configure "[ledger]
projects = $1"; }
project_of() { swatch sessions --json | jq -r ".sessions[] | select(.sessionId == \"$1\").projectPath"; }
exported() { swatch export | jq -r .project | sort -u | tr '\n' ' '; }

@test "names of projects are kept as [ledger] projects says, and no figure depends on it" {
	local mode
	keep_projects
	costs >"$TEST_HOME/before"
	rm -r "$PROJECTS/-home-u-other"
	for mode in hash off path; do
		keep_names $mode
		start_daemon
		costs | diff "$TEST_HOME/before" -
		stop_daemon
		costs | diff "$TEST_HOME/before" -
		is "$(swatch history --json | jq -r .projectNames)" $mode
		case $mode in
		hash)
			no_trace_of -home-u-
			[[ "$(exported)" =~ ^(#[0-9a-f]{16}\ ){2}$ ]]
			is "$(project_of s1)" -home-u-secret
			is "$(project_of s3)" "$(swatch export | jq -r 'select(.sessionId == "s3").project')"
			[[ "$(swatch sessions)" == *" project "[0-9a-f]* ]]
			is "$(swatch daily --project=-home-u-other --json | jq .totals.inputTokens)" \
				"$(swatch daily --project="$(project_of s3)" --json | jq .totals.inputTokens)"
			is "$(swatch daily --project=-home-u-other --json | jq '.totals.totalCost * 1e9 | round')" \
				"$(jq .s3 "$TEST_HOME/before")"
			;;
		off)
			no_trace_of -home-u-
			is "$(exported)" " "
			is "$(project_of s1)$(project_of s3)" "Unknown ProjectUnknown Project"
			run swatch daily --project secret
			[ "$status" -eq 2 ]
			[[ $output == *"[ledger] projects = off"* ]]
			;;
		path) [[ "$(exported)" == "-home-u-secret ~"* || "$(exported)" == *-home-u-secret* ]] ;;
		esac
	done
	# a reload changes the file at once, and what is new is read where the file ends
	keep_names off
	start_daemon
	keep_names hash
	kill -HUP "$DAEMON"
	await eval '[ "$(swatch history --json | jq -r .projectNames)" = hash ]'
	AT=2026-03-31T10:00:00.000Z of s1 4 4000 >>"$PROJECTS/-home-u-secret/s1.jsonl"
	await eval '[ "$(swatch history --json | jq .messages)" = 4 ]'
	run swatch purge --project=-home-u-secret --yes
	[ "$status" -eq 0 ]
	[[ $(said) == *": 3 messages deleted: "* ]]
	await eval '[ "$(costs | jq -c keys)" = '"'"'["s3"]'"'"' ]'
	stop_daemon
	no_trace_of -home-u-
}

@test "import takes in messages once, from an export, a sum or a backup, all or nothing" {
	keep_projects
	costs >"$TEST_HOME/before"
	swatch export --messages >"$TEST_HOME/messages"
	swatch export >"$TEST_HOME/hours"
	swatch backup "$TEST_HOME/copy"
	is "$(tail -1 "$TEST_HOME/messages" | json-value .type)" cursor
	for from in messages copy hours; do
		rm -rf "$HOME/.local/state" "$PROJECTS"/*
		run swatch import "$TEST_HOME/$from"
		[ "$status" -eq 0 ]
		[[ $(said) == "imported"*"3 added · 0 raised · 0 same"* ]]
		costs | diff "$TEST_HOME/before" -
		run swatch import "$TEST_HOME/$from"
		[[ $(said) == *"0 added · 0 raised · 3 same"* ]]
	done
	# sums of hours, and then their messages; with a daemon
	start_daemon
	costs | diff "$TEST_HOME/before" -
	run swatch import - <"$TEST_HOME/messages"
	[[ $(said) == *"3 added"* ]]
	await eval 'costs | diff -q "$TEST_HOME/before" -'
	# at once: swatchd may be beginning anew
	run swatch import "$TEST_HOME/hours"
	[[ $(said) == *"0 added · 0 raised · 3 same"* ]]
	stop_daemon
	# another machine's, and nothing half
	sed 's/"host":"[^"]*"/"host":"laptop"/; s/req_/other_/; s/"key":"\(...\)/"key":"fff/' "$TEST_HOME/messages" >"$TEST_HOME/other"
	{ head -2 "$TEST_HOME/other"; echo '{"type":"message","v":1}'; } >"$TEST_HOME/bad"
	run swatch import "$TEST_HOME/bad"
	[ "$status" -eq 1 ]
	[[ $output == *"bad, line 3: "*"; nothing was imported" ]]
	costs | diff "$TEST_HOME/before" -
	swatch import "$TEST_HOME/other"
	is "$(costs | json-value .s3)" "$(jq '.s3 * 2' "$TEST_HOME/before")"
	swatch export --messages | grep -c '"host":"laptop"' | grep -qx 3
	# limits that were hit travel, too
	head -1 "$TEST_HOME/messages" | jq -c '{host, root, transcript, version, subagent, sessionId, offset, time}
		+ {type: "hit", v: 1, limit: "five_hour", resetsAt: "2026-03-30T05:00:00.000Z", oldForm: false, inMessage: true}' >"$TEST_HOME/hit"
	run swatch import "$TEST_HOME/hit"
	[[ $(said) == *"1 added · 0 raised · 0 same"* ]]
	swatch export --messages | grep '"type":"hit"' >"$TEST_HOME/hits"
	is "$(wc -l <"$TEST_HOME/hits")" 1
	run swatch import "$TEST_HOME/hits"
	[[ $(said) == *"0 added · 0 raised · 1 same"* ]]
	# what was purged stays away
	swatch purge --session s3 --yes
	run swatch import "$TEST_HOME/messages"
	[[ $(said) == *"2 same · 1 purged"* ]]
}

@test "what other programs counted is kept apart" {
	echo '{"daily":[{"date":"2025-11-01","totalCost":1.5,"modelBreakdowns":[{"modelName":"claude-x","inputTokens":1,"outputTokens":2,"cacheCreationTokens":3,"cacheReadTokens":4,"cost":1.5}]}]}' >"$TEST_HOME/daily"
	run swatch import --ccusage "$TEST_HOME/daily"
	[ "$status" -eq 0 ]
	[[ $(said) == *"1 added"* ]]
	run swatch import --ccusage "$TEST_HOME/daily"
	[[ $(said) == *"0 added · 0 raised · 1 same"* ]]
	is "$(swatch daily --json | jq -c '[(.daily | length), .totals.totalTokens, .imported[0].source, .imported[0].totalCost]')" \
		'[0,0,"ccusage",1.5]'
	[[ "$(swatch daily)" == *"2025-11-01  10 tokens  "*"1.50  (ccusage)" ]]
	is "$(swatch daily --json --live-only | json-value .imported)" null
	echo '{"dailyModelTokens":[{"date":"2025-11-02","tokensByModel":{"claude-x":7}}]}' >"$HOME/.claude/stats-cache.json"
	run swatch import --stats-cache
	[[ $(said) == *"1 added"* ]]
	echo '{"daily":[{"date":"yesterday"}]}' >"$TEST_HOME/daily"
	run swatch import --ccusage "$TEST_HOME/daily"
	[ "$status" -eq 1 ]
	[[ $(said) == *"nothing was imported"* ]]
}

@test "commands in a row wait for swatchd while it begins anew, and for one that does not listen yet" {
	local socket round
	keep_projects
	start_daemon
	swatch export --messages >"$TEST_HOME/messages"
	for round in 1 2 3 4 5; do
		run swatch import "$TEST_HOME/messages"
		[ "$status" -eq 0 ] || { echo "$output"; false; }
		run swatch sync
		[ "$status" -eq 0 ] || { echo "$output"; false; }
	done
	is "$(grep -c 'beginning anew' "$LOG")" 5
	socket=$(ls "$XDG_RUNTIME_DIR"/swatch/*.sock)
	mv "$socket" "$TEST_HOME/elsewhere"
	{ sleep 0.3; mv "$TEST_HOME/elsewhere" "$socket"; } &
	run swatch sync
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	wait "$!"
	# what has no lock does not listen later, either
	stop_daemon
	run timeout 2 swatch sync
	[ "$status" -eq 3 ]
}

@test "swatchd ends at a signal that comes while it begins anew, and a reload does not end it" {
	local round
	keep_projects
	swatch export >"$TEST_HOME/messages"
	for round in 1 2 3 4 5 6; do
		start_daemon
		swatch import "$TEST_HOME/messages"
		# it hears this before, while or after it begins anew
		[ $((round % 2)) = 0 ] || kill -HUP "$DAEMON"
		[ $((round % 3)) = 0 ] || await eval '[ "$(grep -c "beginning anew" "$LOG")" = '$round' ]'
		kill "$DAEMON"
		await is_gone "$DAEMON"
		wait "$DAEMON"
		DAEMON=
		is "$(grep -c "ending: signal 15" "$LOG")" $((round + 1))
	done
}

@test "lines that come while a command has the file count when it is back, and copies of old ones once" {
	keep_projects
	start_daemon
	coproc LENDER { exec python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(b"{\"op\":\"lend\"}\n")
print(s.makefile().readline(), flush=True); sys.stdin.readline()' "$(status_of .socket)" 3>&-; }
	read -r answer <&"${LENDER[0]}"
	is "$(json-value .path <<<"$answer")" "$LEDGER"
	AT=2026-03-29T10:00:00.000Z of s1 1 10 >>"$PROJECTS/-home-u-secret/s1.jsonl"
	AT=2026-03-29T10:00:00.000Z of s2 2 9000 >>"$PROJECTS/-home-u-secret/s2.jsonl"
	of s3 9 50 >>"$PROJECTS/-home-u-other/s3.jsonl"
	swatch sync
	not grep -q 'cannot account' "$LOG"
	echo >&"${LENDER[1]}"
	wait "$LENDER_PID"
	await grep -q 'beginning anew' "$LOG"
	await eval '[ "$(costs)" = "$(swatch sessions --json --live-only | jq -c "[.sessions[] | {(.sessionId): (.totalCost * 1e9 | round)}] | add")" ]'
	is "$(costs | jq -c keys)" '["s1","s2","s3"]'
}
