# The daemon as a person meets it: it starts, publishes, reloads, ends.
load helper

@test "a message is in the session's file, the shared file and the list" {
	start_daemon
	message 1 >"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s1.json .sessionId s1
	field_is s1.json .projectPath /home/u/p
	field_is s1.json .transcript.messageCount 1
	field_is s1.json .transcript.lastMessagePreview hello
	field_is s1.json .model.value Opus4.6
	field_is s1.json .context.tokensUsed 1103
	field_is s1.json .git.branch main
	field_is s1.json .state active
	# 3 in, 10 out, 100 written for five minutes, 1000 read: $5, $25, $6.25, $0.50 a million
	field_is s1.json .billing.sessionCost 0.00139
	field_is billing-shared.json .costToday 0.00139
	field_is billing-shared.json .block.costUSD 0.00139
	field_is billing-shared.json .isFresh true
	field_is sessions.json '.sessions[0].sessionId' s1
	field_is sessions.json .totalSessions 1
}

@test "the growing lines of one message count once, with the last figure" {
	start_daemon
	message 1 5 >"$PROJECTS/-p/s1.jsonl"
	swatch sync
	message 1 500 >>"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s1.json .tokens.output 500
	field_is s1.json .transcript.messageCount 1
	field_is billing-shared.json .block.entries 1
}

@test "a subagent's usage is its parent session's" {
	start_daemon
	message 1 >"$PROJECTS/-p/s1.jsonl"
	mkdir -p "$PROJECTS/-p/s1/subagents/workflows/wf_9"
	message 2 >"$PROJECTS/-p/s1/subagents/agent-a.jsonl"
	message 3 >"$PROJECTS/-p/s1/subagents/workflows/wf_9/agent-b.jsonl"
	swatch sync
	field_is s1.json .subagents.count 2
	field_is s1.json .tokens.input 9
	field_is s1.json .transcript.messageCount 1
	field_is sessions.json .totalSessions 1
}

@test "a model without a price is named, and the others count" {
	start_daemon
	message 1 >"$PROJECTS/-p/s1.jsonl"
	MODEL=claude-next-9 message 2 >>"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is billing-shared.json '.unpricedModels[0]' claude-next-9
	field_is s1.json '.models[] | select(.model == "claude-next-9") | .costUSD' null
	field_is s1.json .billing.sessionCost 0.00139
	swatch status --verbose | grep -q claude-next-9
}

@test "a name that is no session id makes no file, and counts" {
	start_daemon
	message 1 >"$PROJECTS/-p/billing-shared.jsonl"
	message 2 >"$PROJECTS/-p/.hidden.jsonl"
	message 3 >"$PROJECTS/-p/a b.jsonl"
	message 4 >"$PROJECTS/-p/good.jsonl"
	swatch sync
	is "$(ls "$CACHE" | tr '\n' ' ')" "billing-shared.json good.json sessions.json "
	is "$(field billing-shared.json .writer | cut -d' ' -f1)" swatchd
	# and its usage counts all the same, also when it grows, shrinks and goes
	field_is billing-shared.json .block.entries 4
	message 5 >>"$PROJECTS/-p/a b.jsonl"
	swatch sync
	field_is billing-shared.json .block.entries 5
	: >"$PROJECTS/-p/a b.jsonl"
	rm "$PROJECTS/-p/.hidden.jsonl"
	swatch sync
	field_is billing-shared.json .block.entries 5
}

# old_history: 40 sessions that were last active ten days ago, of three messages each.
old_history() {
	local i
	for i in $(seq 40); do
		AT=$(date -u -d '10 days ago' +%Y-%m-%dT%H:%M:%S.000Z)
		{ message "a$i"; message "b$i"; message "c$i" 10; message "c$i" 30; } >"$PROJECTS/-p/old-$i.jsonl"
		mkdir -p "$PROJECTS/-p/old-$i/subagents"
		message "d$i" >"$PROJECTS/-p/old-$i/subagents/agent-x.jsonl"
		touch -d '10 days ago' "$PROJECTS/-p/old-$i.jsonl" "$PROJECTS/-p/old-$i/subagents/agent-x.jsonl"
	done
	unset AT
}

@test "an old transcript that wakes has all its figures" {
	old_history
	printf '{"type":"assistant","message":{"usage":' >>"$PROJECTS/-p/old-7.jsonl"
	touch -d '10 days ago' "$PROJECTS/-p/old-7.jsonl"
	message 1 >"$PROJECTS/-p/new.jsonl"
	start_daemon
	swatch sync
	is "$(ls "$CACHE" | tr '\n' ' ')" "billing-shared.json new.json sessions.json "
	status_is .watch.transcripts 81
	# half a line waited in one of them
	printf '{}}}\n' >>"$PROJECTS/-p/old-7.jsonl"
	message e7 >>"$PROJECTS/-p/old-7.jsonl"
	message e8 >>"$PROJECTS/-p/old-8/subagents/agent-x.jsonl"
	swatch sync
	field_is old-7.json .transcript.messageCount 5
	field_is old-7.json .subagents.count 1
	field_is old-7.json .tokens.output 70
	field_is old-8.json .transcript.messageCount 3
	field_is old-8.json .tokens.output 70
	[ ! -e "$CACHE/old-9.json" ]
}

# waits_beside: a client waits for its sync, transcripts wait to be read, and the daemon answers all the same
waits_beside() { swatch status --json | jq -e '.control.clients == 2 and .tail.pending > 0'; }
seen_beside() {
	local i
	swatchd >>"$LOG" 2>&1 3>&- &
	DAEMON=$!
	await listens "$XDG_RUNTIME_DIR/swatch/.*"
	swatch sync &
	for i in $(seq 50); do
		waits_beside && wait $! && return
		kill -0 $! 2>/dev/null || break
	done
	stop_daemon
	rm -rf "$CACHE"
	return 1
}

@test "a sync during the first read waits for its end, and holds nobody else up" {
	local i
	message ID >"$HOME/line"
	for i in 1 2 3; do
		awk -v file="$i" '{ for (i = 0; i < 20000; i++) { line = $0; gsub("ID", file "-" i, line); print line } }' \
			"$HOME/line" >"$PROJECTS/-p/s$i.jsonl"
	done
	seen_beside || seen_beside || seen_beside
	field_is s1.json .tokens.input 60000
}

@test "figures are the same read at once and live" {
	old_history
	message 1 >"$PROJECTS/-p/new.jsonl"
	swatchd --once --no-refresh
	figures=$(jq -S '[.costToday, .totalTokens, .today]' "$CACHE/billing-shared.json")
	rm "$CACHE"/*.json
	start_daemon
	swatch sync
	is "$(jq -S '[.costToday, .totalTokens, .today]' "$CACHE/billing-shared.json")" "$figures"
	field_is billing-shared.json .isFresh true
}

@test "while sessions keep writing, their files keep up" {
	mkdir "$PROJECTS/-storm"
	start_daemon
	storm-writer "$PROJECTS" 20 20 60 3>&- &
	writer=$!
	await sh -c 'jq -e ".transcript.messageCount >= 20" '"$CACHE/storm-19.json"
	# published while it wrote: nobody waited for a pause
	[ "$(json-value .transcript.messageCount "$CACHE/storm-0.json")" -lt 500 ]
	not is_gone "$writer"
	lag=$(($(wc -l <"$PROJECTS/-storm/storm-0.jsonl") * 2 / 3 - $(field storm-0.json .transcript.messageCount)))
	# 20 lines a second are 13 messages: the bound is five seconds for a slow machine
	[ "$lag" -lt 67 ] || { echo "lag: $lag messages"; false; }
	pkill -P "$writer"
	wait "$writer" || true
}

@test "SIGTERM and SIGINT end it cleanly: no socket, no child, no temp file" {
	hang=$(fake_ccusage hang <<-'SH'
		#!/bin/sh
		echo $$ >"$HOME/child"
		exec sleep 1000
	SH
	)
	for signal in TERM INT; do
		use_ccusage "$hang"
		rm -f "$HOME/child"
		start_daemon
		message $signal >>"$PROJECTS/-p/s1.jsonl"
		await test -s "$HOME/child"
		socket=$(status_of .socket)
		[ -S "$socket" ]
		kill -$signal "$DAEMON"
		wait "$DAEMON"
		DAEMON=
		[ ! -e "$socket" ]
		is_gone "$(cat "$HOME/child")"
		no_temp_files
	done
}

@test "SIGHUP takes a good config over, and keeps the old one for a bad one" {
	start_daemon
	message 1 >"$PROJECTS/-p/s1.jsonl"
	TEXT=abcdefghij message 2 >"$PROJECTS/-p/s2.jsonl"
	swatch sync
	configure $'[sessions]\npreview = 3'
	kill -HUP "$DAEMON"
	await grep -q 'config reloaded' "$LOG"
	TEXT=abcdefghij message 3 >>"$PROJECTS/-p/s2.jsonl"
	swatch sync
	field_is s2.json .transcript.lastMessagePreview abc
	configure $'[sessions]\npreview = many\ncolour = red'
	kill -HUP "$DAEMON"
	await grep -q 'keeping the old one' "$LOG"
	grep -q 'preview = many: not a whole number; allowed: 0 to 500' "$LOG"
	# a command reads the config too, and would refuse a bad one
	rm "$CONFIG"
	TEXT=qwertz message 4 >>"$PROJECTS/-p/s2.jsonl"
	swatch sync
	field_is s2.json .transcript.lastMessagePreview qwe
}

@test "a SIGHUP that comes while swatchd starts reloads it, and does not end it" {
	python3 -I -c 'import os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP]); os.kill(os.getpid(), signal.SIGHUP)
os.execvp("swatchd", ["swatchd"])' >>"$LOG" 2>&1 3>&- &
	DAEMON=$!
	await eval 'grep -q "config reloaded" "$LOG" || is_gone "$DAEMON"'
	swatch sync
	stop_daemon
}

@test "reloads do not pile up descriptors, and open no further one of the ledger" {
	reload() {
		kill -HUP "$DAEMON"
		await grep_count $((reloads += 1)) 'config reloaded' "$LOG"
		swatch sync
	}
	grep_count() { [ "$(grep -c "$2" "$3")" = "$1" ]; }
	reloads=0
	message 1 >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	await status_is .ledger.written 1
	reload
	# a backup of the ledger has some open for a moment
	await test -e "$HOME/.local/state/swatch/ledger.db.1"
	descriptors=$(ls "/proc/$DAEMON/fd" | wc -l)
	for round in {1..20}; do reload; done
	is "$(readlink "/proc/$DAEMON/fd/"* | grep -c '/ledger.db$')" 2
	is "$(ls "/proc/$DAEMON/fd" | wc -l)" "$descriptors"
}

@test "a bad config: file, line, and what is allowed; exit 2" {
	printf '[watch]\ntail_delay = soon\n[nonsense]\nx = 1\n' >"$CONFIG"
	run swatchd --once
	is "$status" 2
	[[ $output == *"swatch.conf:2: [watch] tail_delay = soon: not a duration; allowed: "* ]]
	[[ $output == *"swatch.conf:4: "*nonsense* ]]
	run swatchd --once --config "$HOME/none.conf"
	is "$status" 2
}

@test "--once scans, refreshes, publishes, exits" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	printf '[ccusage]\ncommand = %s blocks --active --json --offline\n' "$CCUSAGE20_NPM" >"$CONFIG"
	run swatchd --once
	is "$status" 0
	field_is s1.json .billing.sessionCost 0.00139
	field_is billing-shared.json .ccusage.driftUSD 0
	field_is billing-shared.json .ccusage.costUSD 0.00139
	no_temp_files
	use_ccusage false
	run swatchd --once
	is "$status" 4
	field_is billing-shared.json .isFresh false
	run swatchd --once --no-refresh
	is "$status" 0
}

@test "without stdin, stdout and stderr: no log in what is opened in their place" {
	close_some() { exec <&- 2>&-; exec swatchd; }
	close_all() { exec <&- >&- 2>&-; exec swatchd; }
	for how in close_some close_all; do
		$how 3>&- &
		DAEMON=$!
		await swatch sync
		message $how >>"$PROJECTS/-p/s1.jsonl"
		kill -HUP "$DAEMON"
		swatch sync
		is "$(head -n 1 "$CACHE/.swatch.lock")" "$DAEMON daemon $(swatchd --version | cut -d' ' -f2)"
		all_files_parse
		stop_daemon
	done
	field_is s1.json .transcript.messageCount 2
}

@test "what a transcript says cannot steer a terminal" {
	start_daemon
	TEXT='\u001b]0;owned\u0007 x' message 1 >"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field s1.json .transcript.lastMessagePreview | not grep -q $'[\033\007]'
}

@test "schema drift is counted" {
	start_daemon
	printf '{"type":"brand-new","version":"9.9.9","shiny":1}\n' >"$PROJECTS/-p/s1.jsonl"
	swatch sync
	status_is '.schema.lineTypes["brand-new"]' 1
	status_is .schema.fields.shiny 1
	status_is '.schema.versions["9.9.9"]' 1
}
