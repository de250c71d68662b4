# The cache directory: one writer, private and whole files, and what happens when it is taken away.
load helper

@test "ten writers, and no reader of a cache file gets bad JSON" {
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

@test "a file never goes back to older figures" {
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

@test "a holder of the lock that crashes frees it at once" {
	start_daemon
	kill_daemon
	run swatchd --once --no-refresh
	is "$status" 0
	start_daemon
	status_is .lock.waits 0
}

@test "the shared file has nothing of one session, and a session's file has its own figures" {
	start_daemon
	message 1 >"$PROJECTS/-p/s1.jsonl"
	message 2 >"$PROJECTS/-p/s2.jsonl"
	swatch sync
	field_is billing-shared.json '[has("sessionId"), has("transcript"), has("context")] | any' false
	field_is billing-shared.json .block.entries 2
	field_is s1.json .billing.sessionTokens 1113
	field_is s2.json .billing.sessionTokens 1113
}

@test "files are private, and other programs' files stay" {
	mkdir -m 755 "$CACHE"
	echo '{"mine": true}' >"$CACHE/config.json"
	echo log >"$CACHE/daemon.log"
	mkdir "$CACHE/cooldowns"
	echo '{"sessionId": "old"}' >"$CACHE/0a0a0a0a-old.json"
	message 1 >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	swatch sync
	is "$(stat -c %a "$CACHE")" 700
	is "$(stat -c %a "$CACHE/s1.json")" 600
	is "$(stat -c %a "$CACHE/billing-shared.json")" 600
	is "$(stat -c %a "$(status_of .socket)")" 600
	stop_daemon
	is "$(cat "$CACHE/config.json")" '{"mine": true}'
	is "$(cat "$CACHE/daemon.log")" log
	[ -d "$CACHE/cooldowns" ]
	# no writer's mark of ours in it
	[ -f "$CACHE/0a0a0a0a-old.json" ]
}

@test "nothing is written when nothing visible changed" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	swatch sync
	before=$(stat -c %i "$CACHE/s1.json" "$CACHE/sessions.json" "$CACHE/billing-shared.json")
	chmod 644 "$PROJECTS/-p/s1.jsonl"
	cat "$PROJECTS/-p/s1.jsonl" >/dev/null
	swatch sync
	swatch rescan
	is "$(stat -c %i "$CACHE/s1.json" "$CACHE/sessions.json" "$CACHE/billing-shared.json")" "$before"
}

@test "a second daemon exits 3 and names the holder" {
	start_daemon
	run swatchd
	is "$status" 3
	[[ $output == *"another swatchd (pid $DAEMON, daemon, version"* ]]
	status_is .lock.contended 1
	# one that could not write who it is, on a full disk: pid 0 is nobody's, and 'kill 0' the end of one's
	# own shell
	: >"$CACHE/.swatch.lock"
	run swatchd
	is "$status" 3
	[[ $output == *"another swatchd already uses $CACHE"* && $output != *'kill 0'* ]]
	mv "$(status_of .socket)" "$TEST_HOME/away"
	run swatch status --verbose
	[[ $output == *'does not listen'* && $output != *'kill 0'* ]]
}

@test "a cache directory that is removed, emptied or moved away is made again, with the lock and all files" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	message 2 >"$PROJECTS/-p/s2.jsonl"
	start_daemon
	descriptors=$(ls "/proc/$DAEMON/fd" | wc -l)
	round=10
	# a whole one that goes, what is in it, and one that is moved away
	for way in 'rm -r "$CACHE"' 'rm "$CACHE"/.swatch.lock "$CACHE"/*' 'mv "$CACHE" "$HOME/moved"'; do
		eval "$way"
		message $((round += 1)) >>"$PROJECTS/-p/s1.jsonl"
		swatch sync
		field_is s1.json .tokens.input $(((round - 9) * 3))
		field_is s2.json .tokens.input 3
		field_is sessions.json .totalSessions 2
		field_is billing-shared.json .block.entries $((round - 8))
		is "$(stat -c %a "$CACHE")" 700
		run swatchd
		is "$status" 3
		is "$(grep -c 'was removed or emptied: writing everything again' "$LOG")" $((round - 10))
	done
	# a backup of the ledger has some open for a moment
	await sh -c "[ \$(ls /proc/$DAEMON/fd | wc -l) -le $descriptors ]"
	no_temp_files
	stop_daemon
}

@test "a cache directory that is gone for good: the daemon ends, and says why" {
	start_daemon
	# stopped, or it would make the directory again between these
	kill -STOP "$DAEMON"
	rm -r "$CACHE"
	mkdir -m 700 "$CACHE"
	ln -s /nowhere "$CACHE/.swatch.lock"
	kill -CONT "$DAEMON"
	message 1 >"$PROJECTS/-p/s1.jsonl"
	status=0
	wait "$DAEMON" || status=$?
	DAEMON=
	is "$status" 1
	grep -q 'is gone, and it cannot be locked again: .*; ending' "$LOG"
}

@test "a cache directory that another daemon has now: the one before ends" {
	start_daemon
	first=$DAEMON
	kill -STOP "$first"
	mv "$CACHE" "$HOME/moved"
	start_daemon
	kill -CONT "$first"
	message 1 >"$PROJECTS/-p/s1.jsonl"
	status=0
	wait "$first" || status=$?
	is "$status" 1
	grep -q "was removed, and another swatchd (pid $DAEMON) has it now; ending" "$LOG"
	swatch sync
	field_is s1.json .tokens.input 3
}
