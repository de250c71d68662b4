# Twenty sessions at once, readers, real ccusage; kill -9 in the middle of it; and the quiet afterwards.
load helper

# ccusage behind a wrapper that counts runs and sees whether two run at once
wrap_ccusage() {
	fake_ccusage wrapped >/dev/null <<-SH
		#!/bin/sh
		echo run >>"\$HOME/runs"
		mkdir "\$HOME/running" || echo overlap >>"\$HOME/overlaps"
		"$CCUSAGE20" "\$@"
		status=\$?
		rmdir "\$HOME/running"
		exit \$status
	SH
	printf '[ccusage]\ncommand = %s blocks --active --json --offline\n' "$HOME/wrapped" >"$CONFIG"
}

@test "storm: 20 writers, 50 lines a second each, 10 s, 8 readers: no bad read, never two ccusage, three runs at most" {
	wrap_ccusage
	mkdir "$PROJECTS/-storm"
	start_daemon
	cache-reader "$CACHE" 8 "$HOME/stop" >"$HOME/tally" 2>&1 3>&- &
	reader=$!
	storm-writer "$PROJECTS" 20 50 10
	swatch sync
	touch "$HOME/stop"
	wait "$reader" || { tail "$HOME/tally"; false; }
	tail -n 1 "$HOME/tally"
	[ ! -e "$HOME/overlaps" ]
	[ "$(wc -l <"$HOME/runs" 2>/dev/null || echo 0)" -le 3 ]
	# every figure against the transcripts: 500 lines a session are 334 messages, a third of them on two lines
	for i in $(seq 0 19); do
		field_is "storm-$i.json" .transcript.messageCount 334
		field_is "storm-$i.json" .transcript.sizeBytes "$(stat -c %s "$PROJECTS/-storm/storm-$i.jsonl")"
		field_is "storm-$i.json" .context.tokensUsed "$(tail -n 1 "$PROJECTS/-storm/storm-$i.jsonl" | jq '.message.usage | .input_tokens + .cache_creation_input_tokens + .cache_read_input_tokens')"
		field_is "storm-$i.json" .tokens.output "$(jq -s 'group_by(.message.id) | map(map(.message.usage.output_tokens) | max) | add' "$PROJECTS/-storm/storm-$i.jsonl")"
	done
	swatch refresh --wait
	field_is billing-shared.json '.ccusage.driftUSD * 1e6 | round | . == 0' true
	real=$(CLAUDE_CONFIG_DIR=$HOME/.claude "$CCUSAGE20" blocks --active --json --offline | jq '.blocks[0].costUSD * 1e6 | round')
	field_is billing-shared.json '.block.costUSD * 1e6 | round' "$real"
	status_is .watch.overflows 0
}

@test "half lines in a storm: the same figures" {
	mkdir "$PROJECTS/-storm"
	start_daemon
	storm-writer "$PROJECTS" 5 50 2 half
	swatch sync
	for i in 0 1 2 3 4; do field_is "storm-$i.json" .transcript.messageCount 67; done
	status_is .tail.malformedLines 0
}

@test "kill -9 at 200 random moments of a storm: whole files, an immediate next start, no temp file" {
	wrap_ccusage
	mkdir "$PROJECTS/-storm"
	RANDOM=${SEED:=$$}
	echo "SEED=$SEED"
	storm-writer "$PROJECTS" 10 20 600 3>&- &
	writer=$!
	for round in $(seq 200); do
		swatchd >>"$LOG" 2>&1 3>&- &
		DAEMON=$!
		# from before the lock to well into publishing
		sleep "0.$(printf '%03d' $((RANDOM % 150)))"
		kill_daemon
		all_files_parse || { echo "round $round"; false; }
	done
	kill "$writer"
	wait "$writer" || true
	pkill -f "storm-writer $PROJECTS" || true
	start_daemon
	no_temp_files
	all_files_parse
	swatch status >/dev/null
}

@test "idle: 60 s with no activity are no wake-ups and no CPU" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	# the copies of the shared figures follow within 10 s; then there is nothing left to do
	sleep 12
	before=$(grep -h ctxt_switches "/proc/$DAEMON/status"; cut -d' ' -f14,15 "/proc/$DAEMON/stat")
	sleep 60
	is "$(grep -h ctxt_switches "/proc/$DAEMON/status"; cut -d' ' -f14,15 "/proc/$DAEMON/stat")" "$before"
}
