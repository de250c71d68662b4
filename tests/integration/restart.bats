# A restart goes on where the last run stood: it opens no transcript that is as it was, and no field of any file differs.
load helper

# all_seen: and what the status says of transcripts.
all_seen() {
	seen
	swatch status --json | jq -S '[.schema, .tail.malformedLines, .tail.malformed, .tail.malformedFiles]'
}
# saved: the ledger's file has all that was read.
saved() { await saved_now; }
saved_now() { status_is .ledger.waiting 0 && [ "$(status_of .ledger.writtenAt)" != null ] && [ -z "$(unsaved)" ]; }
# unsaved: transcripts that the ledger's file does not know to their end.
unsaved() {
	local path size
	find "$PROJECTS" -name '*.jsonl' -printf '%p %s\n' | while read -r path size; do
		[ "$(sqlite3 -readonly "$HOME/.local/state/swatch/ledger.db" \
			"SELECT count(*) FROM transcript WHERE path = '$path' AND offset = $size AND NOT gone")" = 1 ] || echo "$path"
	done
}
# bytes_read N: so much of all transcripts was read since the start.
bytes_read() { status_is .tail.bytes "$1"; }
cost_state() {
	printf '{"type":"cost-state","sessionId":"x","totalCostUSD":%s,"modelUsage":{"claude-opus-4-6":{"inputTokens":3,"outputTokens":20,"cacheReadInputTokens":1000,"cacheCreationInputTokens":100,"webSearchRequests":0,"costUSD":0.5}}}\n' "$1"
}

@test "a restart opens no transcript that is as it was, and no field of any file differs; neither does a kill" {
	mkdir -p "$PROJECTS/-p/s1/subagents" "$PROJECTS/-q"
	{ message 1; TEXT='the last word' message 2 20; cost_state 0.7; printf '{"type":"assistant","message":{"usage":7\n'; } >"$PROJECTS/-p/s1.jsonl"
	message 3 30 '"isSidechain":true,' >"$PROJECTS/-p/s1/subagents/agent-1.jsonl"
	message 4 >"$PROJECTS/-p/s2.jsonl"
	printf '{"type":"new-to-us","timestamp":"2026-11-23T08:00:00.000Z"}\n' >>"$PROJECTS/-p/s2.jsonl"
	message 5 >"$PROJECTS/-q/gone.jsonl"
	message 6 >"$PROJECTS/-q/rewritten.jsonl"
	AT=2026-01-01T00:00:00.000Z message 7 >"$PROJECTS/-q/old.jsonl"
	touch -d '2026-01-01' "$PROJECTS/-q/old.jsonl"
	start_daemon
	rm "$PROJECTS/-q/gone.jsonl"
	message 8 50 >"$PROJECTS/-q/rewritten.jsonl"
	swatch sync
	saved
	swatch sync
	before=$(all_seen)
	stop_daemon
	start_daemon
	bytes_read 0
	diff <(echo "$before") <(all_seen)
	kill_daemon
	start_daemon
	bytes_read 0
	diff <(echo "$before") <(all_seen)
	# It goes on from there.
	was=$(field s1.json .transcript.messageCount)
	cost=$(field s1.json .billing.sessionCost)
	TEXT=more message 2 40 >>"$PROJECTS/-p/s1.jsonl"
	TEXT=more message 9 20 >>"$PROJECTS/-p/s1.jsonl"
	swatch sync
	is "$(field s1.json .transcript.messageCount)" $((was + 1))
	is "$(field s1.json '.transcript.lastMessagePreview, .claudeCost.totalUSD')" $'more\n0.7'
	is "$(jq -n "$(field s1.json .billing.sessionCost) > $cost")" true
	[ "$(status_of .tail.bytes)" -lt 1000 ]
}

@test "what changed while no daemon ran is found at the next start: grown, rewritten, deleted, new, moved" {
	for name in same grown rewritten deleted moved; do
		for number in 1 2 3; do message "$name$number"; done >"$PROJECTS/-p/$name.jsonl"
	done
	start_daemon
	saved
	figures=$(swatch daily --json | jq -c .totals.totalTokens)
	kill_daemon
	message grown4 >>"$PROJECTS/-p/grown.jsonl"
	size=$(stat -c %s "$PROJECTS/-p/rewritten.jsonl")
	for number in 4 5 6; do message "rewritten$number"; done >"$PROJECTS/-p/rewritten.jsonl"
	is "$(stat -c %s "$PROJECTS/-p/rewritten.jsonl")" "$size"
	rm "$PROJECTS/-p/deleted.jsonl"
	mkdir "$PROJECTS/-q"
	mv "$PROJECTS/-p/moved.jsonl" "$PROJECTS/-q/moved.jsonl"
	message new1 >"$PROJECTS/-q/new.jsonl"
	start_daemon
	# 15 messages before, and 1 + 3 + 1 more
	is "$figures" $((15 * 1113))
	is "$(swatch daily --json | jq -c .totals.totalTokens)" $((20 * 1113))
	is "$(field grown.json .transcript.messageCount)" 4
	is "$(field rewritten.json .transcript.messageCount)" 3
	is "$(field moved.json .transcriptPath)" "$PROJECTS/-q/moved.jsonl"
	is "$(field new.json .transcript.messageCount)" 1
	saved
	kill_daemon
	start_daemon
	bytes_read 0
	is "$(swatch daily --json | jq -c .totals.totalTokens)" $((20 * 1113))
}
