# Refreshes: one ccusage at a time, how long its figures last, and who waits for it.
load helper

slow_ccusage() { # SECONDS: counts its runs, and whether two overlap
	fake_ccusage slow >/dev/null <<-SH
		#!/bin/sh
		echo start >>"\$HOME/runs"
		mkdir "\$HOME/running" || echo overlap >>"\$HOME/overlaps"
		sleep $1
		rmdir "\$HOME/running"
		echo '{"blocks":[]}'
	SH
	use_ccusage "$HOME/slow"
}

@test "the lock is held until ccusage has ended and the shared file is written" {
	slow_ccusage 1
	swatchd --once >>"$LOG" 2>&1 3>&- &
	once=$!
	await test -d "$HOME/running"
	run swatchd --once
	is "$status" 3
	[[ $output == *"once"* ]]
	wait "$once"
	field_is billing-shared.json .ccusage.failures 0
	run swatchd --once --no-refresh
	is "$status" 0
}

@test "four clients wait for one ccusage of 25 s: nobody gives up, and it runs once" {
	slow_ccusage 25
	for i in 1 2 3 4; do
		swatch refresh >"$HOME/answer.$i" 2>&1 3>&- &
		clients="$clients $!"
	done
	for client in $clients; do wait "$client"; done
	is "$(wc -l <"$HOME/runs")" 1
	[ ! -e "$HOME/overlaps" ]
}

@test "the burn rate decides how old the figures may become" {
	# two messages a minute apart: 1 million output tokens are 25 dollars
	old=$(date -u -d '-1 minute' +%Y-%m-%dT%H:%M:%S.000Z)
	good='{"blocks":[]}'
	for case in "1 low" "1000 mid" "40000 high"; do
		set -- $case
		rm -rf "$PROJECTS/-p" "$CACHE"
		mkdir "$PROJECTS/-p"
		printf '[ccusage]\ncommand = echo %s\nsettle = 0s\nmax_delay = 0s\nttl_low = 1000s\nttl_mid = 500s\nttl_high = 250s\n' "'$good'" >"$CONFIG"
		{ AT=$old message 1 "$1"; message 2 "$1"; } >"$PROJECTS/-p/s1.jsonl"
		start_daemon
		swatch refresh --wait
		message 3 1 >>"$PROJECTS/-p/s1.jsonl"
		swatch sync
		await sh -c 'swatch status --json | jq -e ".refresh.state == \"waiting\""'
		wait_s=$(status_of '((.refresh.nextDueAt - .refresh.lastFinishedAt) / 1000) | round')
		case $2 in
		low) expected=1000 ;;
		mid) expected=500 ;;
		high) expected=250 ;;
		esac
		[ "$wait_s" -ge $((expected - 1)) ] && [ "$wait_s" -le $((expected + 1)) ] || { echo "$2: $wait_s"; false; }
		stop_daemon
	done
}

@test "status shows the lock's and the refreshes' counts" {
	slow_ccusage 0
	start_daemon
	message 1 >"$PROJECTS/-p/s1.jsonl"
	swatch refresh --wait
	run swatchd
	is "$status" 3
	swatch status --json >"$HOME/status"
	jq -e '.lock | (.path | endswith(".swatch.lock")) and .contended == 1 and .waits == 0 and .waitedMs == 0' "$HOME/status"
	jq -e '.refresh | .runs >= 1 and .good >= 1 and .failed == 0 and .lastDurationMs >= 0 and (.lastStartedAt <= .lastFinishedAt)' "$HOME/status"
	swatch status --verbose | grep -q 'contended 1 time'
}

held_ccusage() { # EXIT-STATUS: runs until somebody makes ~/go
	fake_ccusage held >/dev/null <<-SH
		#!/bin/sh
		echo start >>"\$HOME/runs"
		until [ -e "\$HOME/go" ]; do sleep 0.05; done
		echo '{"blocks":[]}'
		exit $1
	SH
}

reloads_are() { is "$(grep -c 'config reloaded' "$LOG")" "$1"; }
runs_are() { is "$(wc -l <"$HOME/runs")" "$1"; }

@test "turned off by a reload while ccusage runs, and on again: the daemon lives, and a run begins though nobody writes" {
	message 1 40000 >"$PROJECTS/-p/s1.jsonl"
	runs=0
	: >"$HOME/runs"
	use_ccusage "$HOME/held"
	held_ccusage 0
	start_daemon
	# Until ccusage has answered there is a block, too.
	jq -e '.source == "native" and .block.costUSD > 0 and .isFresh == false' "$CACHE/billing-shared.json"
	for case in "0 [billing]\nsource = native" "7 [billing]\nsource = native" "0 [ccusage]\ncommand = /nonexistent/ccusage" \
		"7 [ccusage]\ncommand = /nonexistent/ccusage"; do
		held_ccusage "${case%% *}"
		runs=$((runs + 1))
		await runs_are "$runs"
		printf "${case#* }\n" >"$CONFIG"
		kill -HUP "$DAEMON"
		await reloads_are $((2 * runs - 1))
		status_is .refresh.state running
		touch "$HOME/go"
		await status_is .refresh.state off
		message "2$runs" 10 >>"$PROJECTS/-p/s1.jsonl"
		swatch sync
		rm "$HOME/go"
		use_ccusage "$HOME/held" 'ttl_low = 1s
ttl_mid = 1s
ttl_high = 1s'
		kill -HUP "$DAEMON"
		await reloads_are $((2 * runs))
	done
	await runs_are $((runs + 1))
	is_gone "$DAEMON" && return 1
	touch "$HOME/go"
	await field_is billing-shared.json .source ccusage
}
