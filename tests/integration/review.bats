# What the review of the older system asked for, point by point.
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

@test "review 1: the shared file is written atomically: ten writers, no reader gets bad JSON" {
	printf '[ccusage]\ncommand = %s blocks --active --json --offline\nsettle = 100ms\n' "$CCUSAGE20" >"$CONFIG"
	mkdir "$PROJECTS/-storm"
	start_daemon
	cache-reader "$CACHE" 4 "$HOME/stop" >"$HOME/tally" 2>&1 3>&- &
	reader=$!
	storm-writer "$PROJECTS" 10 20 3
	swatch sync
	touch "$HOME/stop"
	wait "$reader" || { cat "$HOME/tally"; false; }
}

@test "review 2: the lock is held until the shared file is written" {
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

@test "review 3: no stale write over a newer one" {
	start_daemon
	last=0
	for i in $(seq 30); do
		message "$i" >>"$PROJECTS/-p/s1.jsonl"
		swatch sync
		now=$(field s1.json .gatheredAt)
		[ "$now" -ge "$last" ]
		field_is s1.json .transcript.messageCount "$i"
		last=$now
	done
	# another writer cannot come in between: it is refused
	run swatchd --once
	is "$status" 3
}

@test "review 4: a file that vanishes between two calls is an ordinary event" {
	start_daemon
	for i in $(seq 200); do
		message "$i" >"$PROJECTS/-p/v$i.jsonl"
		rm "$PROJECTS/-p/v$i.jsonl"
		mkdir "$PROJECTS/-v$i" && rmdir "$PROJECTS/-v$i"
	done
	rm -f "$CACHE"/*.json
	message 1 >"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s1.json .transcript.messageCount 1
	not grep -i error "$LOG"
}

@test "review 5: a holder that crashes frees the lock at once" {
	start_daemon
	kill_daemon
	run swatchd --once --no-refresh
	is "$status" 0
	start_daemon
	status_is .lock.waits 0
}

@test "review 6: waiting fits a ccusage of 25 s: nobody gives up, nobody piles up" {
	slow_ccusage 25
	for i in 1 2 3 4; do
		swatch refresh >"$HOME/answer.$i" 2>&1 3>&- &
		clients="$clients $!"
	done
	for client in $clients; do wait "$client"; done
	is "$(wc -l <"$HOME/runs")" 1
	[ ! -e "$HOME/overlaps" ]
}

@test "review 7: the ttl goes by the burn rate" {
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

@test "review 8: cleanup by age and by count, without being asked" {
	configure $'[sessions]\nidle_after = 1s\nexpire_after = 1h\nmax_files = 2'
	for i in 1 2 3; do
		message "$i" >"$PROJECTS/-p/s$i.jsonl"
		touch -d "$i minutes ago" "$PROJECTS/-p/s$i.jsonl"
	done
	message 4 >"$PROJECTS/-p/old.jsonl"
	touch -d '2 hours ago' "$PROJECTS/-p/old.jsonl"
	start_daemon
	is "$(cd "$CACHE" && ls | tr '\n' ' ')" "billing-shared.json s1.json s2.json sessions.json "
	message 5 >>"$PROJECTS/-p/s3.jsonl"
	await test ! -e "$CACHE/s2.json"
	[ -e "$CACHE/s3.json" ]
}

@test "review 9: shared and per-session data apart" {
	start_daemon
	message 1 >"$PROJECTS/-p/s1.jsonl"
	message 2 >"$PROJECTS/-p/s2.jsonl"
	swatch sync
	field_is billing-shared.json '[has("sessionId"), has("transcript"), has("context")] | any' false
	field_is billing-shared.json .block.entries 2
	field_is s1.json .billing.sessionTokens 1113
	field_is s2.json .billing.sessionTokens 1113
}

@test "review 10: two sessions with the same id: the last activity wins, nothing breaks" {
	mkdir "$PROJECTS/-q"
	TEXT=first message 1 >"$PROJECTS/-p/s1.jsonl"
	touch -d '1 minute ago' "$PROJECTS/-p/s1.jsonl"
	start_daemon
	TEXT=second message 2 >"$PROJECTS/-q/s1.jsonl"
	swatch sync
	field_is s1.json .transcript.lastMessagePreview second
	TEXT=third message 3 >>"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s1.json .transcript.lastMessagePreview third
	field_is s1.json .transcriptPath "$PROJECTS/-p/s1.jsonl"
	field_is s1.json .tokens.input 9
	rm "$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s1.json .transcript.lastMessagePreview second
	field_is sessions.json .totalSessions 1
}

@test "review 11: lock and refresh metrics can be seen" {
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
