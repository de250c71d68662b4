# What transcripts said counts after they are gone: the ledger's file, and what can happen to it.
load helper

# write_messages TRANSCRIPT FIRST LAST: of project -p.
write_messages() {
	local number
	for number in $(seq "$2" "$3"); do message "$number"; done >>"$PROJECTS/-p/$1.jsonl"
}
figures() {
	swatch daily --json | jq -cS .totals
	swatch sessions --json | jq -cS '.sessions | map([.sessionId, .totalCost, .totalTokens]) | sort'
}
ledger() { sqlite3 -readonly "$HOME/.local/state/swatch/ledger.db" "$1"; }
# kept COUNT: waits until the file has so many messages that count.
kept() { await has_kept "$1"; }
has_kept() { [ "$(ledger 'SELECT count(*) FROM message WHERE NOT flags & 16')" = "$1" ]; }

@test "when no transcript is left, a restart changes no figure, and neither does the next one" {
	write_messages s1 1 5
	write_messages s2 6 9
	start_daemon
	kept 9
	before=$(figures)
	kill_daemon
	rm "$PROJECTS"/-p/*
	start_daemon
	is "$(figures)" "$before"
	stop_daemon
	start_daemon
	is "$(figures)" "$before"
	is "$(swatch daily --json --live-only | json-value .totals.totalTokens)" 0
	status_is .ledger.kept true
	is "$(stat -c %a ~/.local/state/swatch ~/.local/state/swatch/ledger.db | paste -sd,)" 700,600
	# nobody's text is in it
	not grep -qa hello ~/.local/state/swatch/ledger.db
}

@test "swatchd --once keeps all that it reads, also more than one commit takes" {
	message 0 | awk '{ for (i = 1; i <= 20100; i++) { line = $0; sub(/"id":"[^"]*"/, "\"id\":\"n" i "\"", line); sub(/"requestId":"[^"]*"/, "\"requestId\":\"r" i "\"", line); print line } }' >"$PROJECTS/-p/s1.jsonl"
	swatchd --once
	is "$(ledger 'SELECT count(*) FROM message')" 20100
	is "$(ledger 'SELECT offset FROM transcript')" "$(stat -c %s "$PROJECTS/-p/s1.jsonl")"
}

@test "what goes while the daemon runs counts on, when the daemon is killed then, too; so does what was rewritten" {
	write_messages gone 1 4
	write_messages cut 5 9
	start_daemon
	kept 9
	before=$(figures)
	rm "$PROJECTS/-p/gone.jsonl"
	head -n 1 "$PROJECTS/-p/cut.jsonl" >"$TEST_HOME/cut"
	cp "$TEST_HOME/cut" "$PROJECTS/-p/cut.jsonl"
	swatch sync
	is "$(figures)" "$before"
	kill_daemon
	start_daemon
	is "$(figures)" "$before"
	# it grows again
	write_messages cut 10 10
	kept 10
	before=$(figures)
	kill_daemon
	rm "$PROJECTS/-p/cut.jsonl"
	start_daemon
	is "$(figures)" "$before"
}

@test "a damaged file is moved aside, and one of a newer swatch left alone; both are said, and the figures go on" {
	write_messages s1 1 3
	start_daemon
	kept 3
	stop_daemon
	rm ~/.local/state/swatch/ledger.db.*
	echo 'this is no database, whatever it was before' >~/.local/state/swatch/ledger.db
	start_daemon
	grep 'ledger.db was damaged: it is .*ledger.db.damaged now, and there is no backup' "$LOG"
	kept 3
	stop_daemon
	sqlite3 ~/.local/state/swatch/ledger.db 'PRAGMA user_version = 99' >/dev/null
	before=$(sha256sum ~/.local/state/swatch/ledger.db)
	write_messages s1 4 4
	start_daemon
	grep 'a newer swatch made it' "$LOG"
	status_is .ledger.kept false
	is "$(swatch daily --json | json-value .totals.totalTokens)" $((4 * 1113))
	stop_daemon
	is "$(sha256sum ~/.local/state/swatch/ledger.db)" "$before"
}

# of_past NUMBER [OUTPUT]: a message whose block is over.
of_past() { AT=2026-03-30T$(printf %02d $(($1 % 9 + 9))):00:00.000Z message "$@"; }

@test "reports without swatchd count what came since it read, as it will" {
	local number kind before=()
	for number in $(seq 1 14); do of_past "$number" >>"$PROJECTS/-p/s$((number % 4)).jsonl"; done
	swatchd --once
	# a line of a message that is kept says more; a copy, a new message, half a line, a line for a limit
	of_past 2 9000 >>"$PROJECTS/-p/s1.jsonl"
	of_past 8 >>"$PROJECTS/-p/s1.jsonl"
	of_past 20 >>"$PROJECTS/-p/s2.jsonl"
	of_past 21 | head -c 50 >>"$PROJECTS/-p/s2.jsonl"
	# rewritten, deleted, new, a copy of the deleted
	tail -n 2 "$PROJECTS/-p/s3.jsonl" >"$TEST_HOME/s3" && cp "$TEST_HOME/s3" "$PROJECTS/-p/s3.jsonl"
	mkdir "$PROJECTS/-q"
	mv "$PROJECTS/-p/s0.jsonl" "$PROJECTS/-q/s5.jsonl"
	of_past 22 >>"$PROJECTS/-q/s5.jsonl"
	for kind in daily monthly sessions blocks; do before+=("$(swatch "$kind" --json)"); done
	is "$(json-value .totals.totalTokens <<<"${before[0]}")" $((16 * 1113 + 8990))
	swatchd --once
	for kind in daily monthly sessions blocks; do
		is "${before[0]}" "$(swatch "$kind" --json)"
		before=("${before[@]:1}")
	done
}

@test "swatchd holds the last days in memory, and looks the past up: what an old session says more adds up" {
	local number
	for number in $(seq 1 12); do of_past "$number" >>"$PROJECTS/-p/s$((number % 3)).jsonl"; done
	swatchd --once
	message 20 >>"$PROJECTS/-p/s0.jsonl"
	start_daemon
	grep -q ' 0 messages of the last days' "$LOG"
	# a line of an old message says more, another's copy says less, a copy stands in a new session; a new one
	of_past 3 9000 >>"$PROJECTS/-p/s0.jsonl"
	of_past 6 1 >>"$PROJECTS/-p/s0.jsonl"
	of_past 4 >>"$PROJECTS/-p/s9.jsonl"
	message 21 >>"$PROJECTS/-p/s0.jsonl"
	swatch sync
	is "$(swatch sessions --json)" "$(swatch sessions --json --live-only)"
	status_is '.ledger.inMemory < 12' true
	is "$(field s0.json .billing.sessionTokens)" $((6 * 1113 + 8990))
}

@test "messages that cannot be read at the start are read again out of the transcripts" {
	local file=$HOME/.local/state/swatch/ledger.db page
	write_messages s1 1 9
	start_daemon
	kept 9
	before=$(figures)
	stop_daemon
	rm "$file".*
	page=$(ledger "SELECT rootpage FROM sqlite_schema WHERE name = 'message'")
	head -c 4096 /dev/zero | tr '\0' Z | dd of="$file" bs=4096 seek=$((page - 1)) conv=notrunc status=none
	start_daemon
	grep 'cannot read .*ledger.db: .*; reading all transcripts again' "$LOG"
	is "$(figures)" "$before"
	# and kept again, in a new file
	await grep -q 'ledger.db was damaged' "$LOG"
	kept 9
}

@test "two daemons of one person, each with its own transcripts, keep one file" {
	write_messages mine 1 3
	start_daemon
	kept 3
	mkdir -p "$HOME/office/projects/-w"
	for number in 21 22; do message "$number"; done >"$HOME/office/projects/-w/theirs.jsonl"
	CLAUDE_CONFIG_DIR=$HOME/office swatchd >>"$LOG" 2>&1 3>&- &
	other=$!
	kept 5
	is "$(swatch daily --json | json-value .totals.totalTokens)" $((3 * 1113))
	is "$(CLAUDE_CONFIG_DIR=$HOME/office swatch daily --json | json-value .totals.totalTokens)" $((2 * 1113))
	kill "$other"
	wait "$other"
	is "$(ledger 'PRAGMA integrity_check')" ok
}

@test "[ledger] enabled = no writes no file; a folder that cannot be made is said, and the daemon goes on" {
	configure $'[ledger]\nenabled = no'
	write_messages s1 1 2
	start_daemon
	stop_daemon
	[ ! -e ~/.local/state/swatch ]
	configure ''
	mkdir -p ~/.local
	rm -rf ~/.local/state
	touch ~/.local/state
	start_daemon
	grep 'cannot open .*ledger.db: Not a directory' "$LOG"
	is "$(swatch daily --json | json-value .totals.totalTokens)" $((2 * 1113))
}

@test "limits that were hit, what statuslines told, and a session's cost outlive the transcript and the cache" {
	local resets=$((EPOCHSECONDS + 9000))
	message 1 >"$PROJECTS/-p/s1.jsonl"
	message 2 >"$PROJECTS/-p/s2.jsonl"
	printf '{"type":"assistant","timestamp":"%s","sessionId":"x","version":"2.1.200","uuid":"u","isApiErrorMessage":true,"error":"rate_limit","apiErrorStatus":429,"quotaLimits":{"status":"rejected","resetsAt":%d,"rateLimitType":"seven_day"},"message":{"id":"l","model":"<synthetic>","role":"assistant","content":[],"usage":{"input_tokens":0,"output_tokens":0}}}\n' \
		"$(date -u -d '+1 second' +%Y-%m-%dT%H:%M:%S.000Z)" "$resets" >>"$PROJECTS/-p/s2.jsonl"
	start_daemon
	for percent in 40 40.4 41; do
		tell_statusline '{"session_id":"s1","cost":{"total_cost_usd":12.5},"context_window":{"context_window_size":1000000,"used_percentage":18},"rate_limits":{"five_hour":{"used_percentage":'$percent',"resets_at":'"$resets"'}}}'
		swatch sync
		# what is told between two commits is one row
		await eval '[ "$(ledger "SELECT max(point) FROM reading")" = '"${percent%.*}"' ]'
	done
	await kept_facts
	kill_daemon
	rm -r "$CACHE" "$PROJECTS/-p/s2.jsonl"
	start_daemon
	swatch sync
	field_is billing-shared.json '.usageLimit.kind' seven_day
	field_is billing-shared.json '.rateLimits.sevenDay.source' transcript
	field_is billing-shared.json '.rateLimits.fiveHour.usedPercentage' 41
	field_is s1.json '"\(.billing.toldCostUSD) \(.context.toldWindowSize)"' '12.5 1000000'
	# once each, whatever was read again
	is "$(ledger 'SELECT count(*) FROM hit')" 1
	is "$(ledger 'SELECT group_concat(point) FROM reading')" 40,41
	is "$(ledger "SELECT label FROM profile JOIN transcript ON profile = profile.id GROUP BY 1")" .claude
	is "$(ledger "SELECT group_concat(DISTINCT b.name) FROM message m JOIN branch b ON b.id = m.branch")" main
	is "$(ledger "SELECT model, json_extract(price, '\$.output') = 25 FROM price")" 'claude-opus-4-6|1'
	not test -e "$CACHE/.swatch.gone.json"
}
kept_facts() { [ "$(ledger 'SELECT (SELECT max(percent) FROM reading) || (SELECT count(*) FROM hit) || (SELECT nano_usd FROM told)')" = 41.0112500000000 ]; }

@test "a limit that a statusline told just before the end is written at the end" {
	# what was freed is no path
	export MALLOC_PERTURB_=85
	message 1 >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	tell_statusline '{"session_id":"s1","rate_limits":{"five_hour":{"used_percentage":40,"resets_at":'$((EPOCHSECONDS + 9000))'}}}'
	swatch sync
	stop_daemon
	is "$(ledger 'SELECT group_concat(point) FROM reading')" 40
}
