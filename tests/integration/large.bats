# Homes and transcripts far larger than anybody's: figures are exact, memory is bounded (a line may have 64
# MiB), and the daemon answers meanwhile.
load helper

# In memory, where making 200,000 files takes seconds and not minutes, if there is room.
if [ -z "${TEST_BASE:-}" ] && [ -d /dev/shm ] && [ -w /dev/shm ]; then
	[ "$(df -Pm /dev/shm | awk 'NR == 2 { print $4 }')" -lt 4000 ] || TEST_BASE=/dev/shm
fi

# Peak of the daemon's memory. A sanitized one has its own.
peak_mb() { awk '/^VmHWM/ { print int($2 / 1024) }' "/proc/$DAEMON/status"; }
peak_is_below_mb() {
	is_sanitized || [ "$(peak_mb)" -lt "$1" ] || { echo "$(peak_mb) MB"; return 1; }
}
needs_mb() {
	local free
	free=$(df -Pm "$TEST_HOME" | awk 'NR == 2 { print $4 }')
	[ "$free" -gt "$1" ] || skip "NOT TESTED: $1 MB below $TEST_HOME are needed, and $free are free"
}

# old_transcripts FOLDERS: ten in each, of ten days ago.
old_transcripts() {
	AT=$(date -u -d '-10 days' +%Y-%m-%dT00:00:00.000Z) message ID >"$HOME/line"
	(cd "$PROJECTS" && seq -f -d%.0f "$1" | xargs mkdir --)
	awk -v top="$PROJECTS" -v folders="$1" '{
		parts = split($0, part, "ID")
		for (d = 1; d <= folders; d++)
			for (f = 0; f < 10; f++) {
				line = part[1]
				for (i = 2; i <= parts; i++)
					line = line d "_" f part[i]
				path = top "/-d" d "/s" d "_" f ".jsonl"
				print line > path
				close(path)
			}
	}' "$HOME/line"
	find "$PROJECTS" -name '*.jsonl' -print0 | xargs -0 touch -d '-10 days'
}

@test "20,000 folders with 200,000 transcripts: exact, and what is written in the last of them is seen" {
	needs_mb 2000
	old_transcripts 20000
	swatchd >>"$LOG" 2>&1 3>&- &
	DAEMON=$!
	await listens "$XDG_RUNTIME_DIR/swatch/.*"
	# it answers while it lists and reads
	swatch status >/dev/null
	# all of it goes while it is read: each is not looked for among all the others, which takes minutes
	await sh -c '[ "$(swatch status --json | jq .watch.transcripts)" -gt 100000 ]'
	mv "$PROJECTS" "$HOME/away"
	timeout 150 swatch sync
	status_is .watch.transcripts 0
	mv "$HOME/away" "$PROJECTS"
	await sh -c 'swatch sync && [ "$(swatch status --json | jq .watch.transcripts)" = 200000 ]'
	[ "$(status_of '.watch.directories')" -ge 20000 ]
	is "$(swatch daily --json | jq '.totals.inputTokens')" 600000
	message new >>"$PROJECTS/-d20000/s20000_9.jsonl"
	await test -f "$CACHE/s20000_9.json"
	swatch sync
	is "$(swatch daily --json | jq '.totals.inputTokens')" 600003
	is "$(ls "$CACHE"/s[0-9]*.json | wc -l)" 1
	peak_is_below_mb 390
	stop_daemon
	is "$(swatch daily --json | jq '.totals.inputTokens')" 600003
}

@test "a stop while threads read the history is a clean one" {
	local round stopped=0
	old_transcripts 2000
	for round in $(seq 20); do
		rm -rf "$CACHE"
		swatchd >>"$LOG" 2>&1 3>&- &
		DAEMON=$!
		await swatch status
		[ "$(status_of .tail.pending)" -eq 0 ] || stopped=$((stopped + 1))
		stop_daemon || { echo "it ended with $?"; false; }
		[ "$stopped" -lt 3 ] || break
	done
	# where it is always done before anybody can ask, this says nothing
	[ "$stopped" -gt 0 ] || skip "NOT TESTED: 20,000 transcripts are read before they can be asked for"
}

@test "a transcript of 5 GB: what stands beyond 4 GiB counts, and is followed" {
	needs_mb 1000
	local transcript=$PROJECTS/-p/s1.jsonl round
	message 0 >"$transcript"
	# mostly hole: lines as large as nothing writes them
	for round in 1 2 3 4 5; do
		truncate -s "${round}G" "$transcript"
		printf '\n' >>"$transcript"
		message "$round" >>"$transcript"
	done
	start_daemon
	field_is s1.json .tokens.input 18
	message 6 >>"$transcript"
	swatch sync
	field_is s1.json .tokens.input 21
	status_is .tail.skippedLines 5
	# what is skipped is work too, and has its turns
	[ "$(status_of .tail.bytes)" -gt 5000000000 ]
	peak_is_below_mb 80
	is "$(swatch daily --json | jq '.totals.inputTokens')" 21
	stop_daemon
	is "$(swatch daily --json | jq '.totals.inputTokens')" 21
}

@test "one line of 1 GB, written in pieces: passed over, and what follows counts" {
	needs_mb 2500
	local transcript=$PROJECTS/-p/s1.jsonl
	message 1 >"$transcript"
	start_daemon
	{
		message 2 | tr -d '}\n'
		head -c 1G /dev/zero | tr '\0' x
	} >>"$transcript"
	swatch sync
	field_is s1.json .tokens.input 3
	printf '\n' >>"$transcript"
	message 3 >>"$transcript"
	swatch sync
	field_is s1.json .tokens.input 6
	status_is .tail.skippedLines 1
	peak_is_below_mb 80
	stop_daemon
	is "$(swatch daily --json | jq '.totals.inputTokens')" 6
}
