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
	swatch status | grep -q 'contended 1 time'
}
