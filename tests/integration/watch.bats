# Folders come and go; transcripts are cut, replaced, deleted; nothing is missed and nothing counts twice.
load helper

@test "new folders, nested at once" {
	start_daemon
	mkdir -p "$PROJECTS/-new/s1/subagents"
	message 1 >"$PROJECTS/-new/s1/subagents/agent-1.jsonl"
	message 2 >"$PROJECTS/-new/s1.jsonl"
	swatch sync
	field_is s1.json .tokens.input 6
}

@test "a folder moved, deleted, made again" {
	start_daemon
	mkdir "$PROJECTS/-a"
	message 1 >"$PROJECTS/-a/s1.jsonl"
	swatch sync
	mv "$PROJECTS/-a" "$PROJECTS/-b"
	message 2 >>"$PROJECTS/-b/s1.jsonl"
	swatch sync
	field_is s1.json .transcriptPath "$PROJECTS/-b/s1.jsonl"
	field_is s1.json .tokens.input 6
	rm -r "$PROJECTS/-b"
	swatch sync
	field_is s1.json .transcript.exists false
	field_is s1.json .alerts.dataLossRisk true
	mkdir "$PROJECTS/-b"
	message 3 >"$PROJECTS/-b/s1.jsonl"
	swatch sync
	field_is s1.json .transcript.exists true
	field_is s1.json .transcript.messageCount 1
	# nothing that was seen is forgotten
	field_is s1.json .tokens.input 9
}

@test "a folder moved out of the tree and back" {
	start_daemon
	mkdir -p "$PROJECTS/-a/s1/subagents"
	message 1 >"$PROJECTS/-a/s1/subagents/agent-1.jsonl"
	swatch sync
	mv "$PROJECTS/-a" "$HOME/elsewhere"
	swatch sync
	status_is .watch.transcripts 0
	message 2 >>"$HOME/elsewhere/s1/subagents/agent-1.jsonl"
	swatch sync
	status_is .watch.transcripts 0
	mv "$HOME/elsewhere" "$PROJECTS/-a"
	swatch sync
	status_is .watch.transcripts 1
	field_is s1.json .tokens.input 6
}

@test "projects/ that is not there yet, vanishes and comes back" {
	rm -r "$HOME/.claude"
	start_daemon --cache "$HOME/cache"
	CACHE=$HOME/cache
	mkdir -p "$PROJECTS/-p"
	message 1 >"$PROJECTS/-p/s1.jsonl"
	swatch --cache "$CACHE" sync
	field_is s1.json .transcript.messageCount 1
	rm -r "$PROJECTS"
	swatch --cache "$CACHE" sync
	field_is s1.json .transcript.exists false
	mkdir -p "$PROJECTS/-p"
	message 2 >"$PROJECTS/-p/s2.jsonl"
	swatch --cache "$CACHE" sync
	field_is s2.json .transcript.messageCount 1
	mv "$HOME/.claude" "$HOME/.claude-away"
	mkdir -p "$PROJECTS/-p"
	message 3 >"$PROJECTS/-p/s3.jsonl"
	swatch --cache "$CACHE" sync
	field_is s3.json .transcript.messageCount 1
	is "$(swatch --cache "$CACHE" status --json | json-value .watch.transcripts)" 1
}

@test "one tree reached twice counts once" {
	mkdir "$HOME/.config/claude"
	ln -s "$PROJECTS" "$HOME/.config/claude/projects"
	message 1 >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	message 2 >>"$PROJECTS/-p/s1.jsonl"
	swatch sync
	status_is .watch.transcripts 1
	field_is s1.json .tokens.input 6
}

@test "CLAUDE_CONFIG_DIR: several directories, or projects/ itself" {
	export CLAUDE_CONFIG_DIR="~/one, $HOME/two/projects"
	mkdir -p "$HOME/one/projects/-p" "$HOME/two/projects/-p"
	message 1 >"$HOME/one/projects/-p/s1.jsonl"
	message 2 >"$HOME/two/projects/-p/s2.jsonl"
	start_daemon
	CACHE=$HOME/one/session-health
	field_is s1.json .sessionId s1
	field_is s2.json .sessionId s2
}

@test "more events than the kernel's queue holds: figures are exact afterwards" {
	start_daemon
	message 0 >"$PROJECTS/-p/s1.jsonl"
	swatch sync
	queue=$(cat /proc/sys/fs/inotify/max_queued_events)
	kill -STOP "$DAEMON"
	mkdir "$PROJECTS/-flood"
	# files that come and go fill the queue: two events each, and none of them is merged with another
	awk -v n="$queue" -v d="$PROJECTS/-p" 'BEGIN { for (i = 0; i < n; i++) { f = d "/f" (i % 500) ".tmp"; printf "" > f; close(f); if (i % 500 == 499) system("rm -f " d "/*.tmp") } }'
	for i in $(seq 1 20); do message "$i" >>"$PROJECTS/-p/s1.jsonl"; done
	mkdir "$PROJECTS/-late"
	message 99 >"$PROJECTS/-late/s2.jsonl"
	kill -CONT "$DAEMON"
	swatch sync
	[ "$(status_of .watch.overflows)" -ge 1 ]
	field_is s1.json .tokens.input 63
	field_is s2.json .tokens.input 3
	field_is billing-shared.json .block.entries 22
	message 100 >>"$PROJECTS/-late/s2.jsonl"
	swatch sync
	field_is s2.json .tokens.input 6
}

@test "polling: files and folders come, grow and go without inotify" {
	configure $'[watch]\nmethod = poll'
	start_daemon
	message 1 >"$PROJECTS/-p/s1.jsonl"
	await test -f "$CACHE/s1.json"
	mkdir "$PROJECTS/-q"
	message 2 >"$PROJECTS/-q/s2.jsonl"
	message 3 >>"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s1.json .tokens.input 6
	field_is s2.json .tokens.input 3
	rm -r "$PROJECTS/-q"
	swatch sync
	field_is s2.json .transcript.exists false
	[ "$(status_of .watch.polledDirectories)" -ge 1 ]
	is "$(status_of '.watch.polled[0].why')" '[watch] method = poll'
}

@test "the watch limit: what cannot be watched is polled, and said once" {
	# a user namespace has a limit of its own; where none can be made, this machine cannot show it
	unshare -Ur sh -c 'echo 8 >/proc/sys/user/max_inotify_watches' 2>/dev/null || skip "no user namespace can be made here"
	for i in $(seq 20); do
		mkdir "$PROJECTS/-d$i"
		message "$i" >"$PROJECTS/-d$i/s$i.jsonl"
	done
	unshare -Ur sh -c 'echo 8 >/proc/sys/user/max_inotify_watches; exec swatchd' >>"$LOG" 2>&1 3>&- &
	DAEMON=$!
	await test -f "$CACHE/s20.json"
	message 100 >>"$PROJECTS/-d20/s20.jsonl"
	message 101 >>"$PROJECTS/-d1/s1.jsonl"
	await sh -c 'jq -e ".tokens.input == 6" '"$CACHE/s20.json $CACHE/s1.json"
	is "$(grep -c 'inotify watch limit reached (user.max_inotify_watches=8)' "$LOG")" 1
}

@test "half a line waits for its end" {
	start_daemon
	line=$(message 1)
	printf '%s' "${line:0:200}" >"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s1.json .transcript.messageCount 0
	field_is s1.json .transcript.isSynced false
	printf '%s' "${line:200}" >>"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s1.json .transcript.messageCount 0
	echo >>"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s1.json .transcript.messageCount 1
	field_is s1.json .transcript.isSynced true
}

@test "a transcript that is cut, rewritten in place, replaced" {
	start_daemon
	for i in 1 2 3; do message $i; done >"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s1.json .transcript.messageCount 3
	truncate -s "$(message 1 | wc -c)" "$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s1.json .transcript.messageCount 1
	# the same inode, longer than before, other content
	for i in 6 7 8 9; do message $i; done | dd of="$PROJECTS/-p/s1.jsonl" conv=notrunc status=none
	swatch sync
	field_is s1.json .transcript.messageCount 4
	message 5 >"$PROJECTS/-p/other"
	mv "$PROJECTS/-p/other" "$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s1.json .transcript.messageCount 1
	# each message was spent once: 1 to 3, 6 to 9, 5
	field_is s1.json .tokens.input 24
	[ "$(status_of .tail.resets)" -ge 3 ]
}

@test "a line of more than 64 MiB is skipped and counted; the next one counts" {
	start_daemon
	{
		message 1
		printf '{"type":"user","text":"'
		head -c 70000000 /dev/zero | tr '\0' x
		printf '"}\n'
		message 2
	} >"$PROJECTS/-p/s1.jsonl"
	swatch sync
	status_is .tail.skippedLines 1
	field_is s1.json .transcript.messageCount 2
	field_is s1.json .health.status warning
}

@test "what is no regular transcript is passed over" {
	mkfifo "$PROJECTS/-p/fifo.jsonl"
	ln -s /etc/passwd "$PROJECTS/-p/link.jsonl"
	mkdir "$PROJECTS/-p/directory.jsonl"
	ln -s "$PROJECTS" "$PROJECTS/-p/loop"
	message 1 >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	mkfifo "$PROJECTS/-p/fifo2.jsonl"
	swatch sync
	is "$(ls "$CACHE" | tr '\n' ' ')" "billing-shared.json s1.json sessions.json "
	printf 'no json\n{"type":1}\n[1,2]\n\n\xff\xfe\n' >>"$PROJECTS/-p/s1.jsonl"
	message 2 >>"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s1.json .transcript.messageCount 2
	[ "$(status_of .tail.malformedLines)" -ge 3 ]
}

@test "transcripts and folders that vanish as soon as they are there are ordinary events" {
	start_daemon
	# a moment apart, so that the daemon looks at some of them while they are there
	python3 - "$PROJECTS" "$(message 0)" <<-'END'
		import os, sys, time
		projects, line = sys.argv[1:]
		for i in range(200):
		    path = f"{projects}/-p/v{i}.jsonl"
		    with open(path, "w") as transcript:
		        transcript.write(line.replace('_0"', f'_v{i}"') + "\n")
		    os.remove(path)
		    os.mkdir(f"{projects}/-v{i}")
		    os.rmdir(f"{projects}/-v{i}")
		    time.sleep(0.002)
	END
	rm -f "$CACHE"/*.json
	message 1 >"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s1.json .transcript.messageCount 1
	not grep -iE "error|cannot" "$LOG"
}

@test "~/.claude is pointed to another profile: each has its own sessions and figures, by the same daemon" {
	rm -rf "$HOME/.claude"
	mkdir -p "$HOME/one/projects/-p" "$HOME/two/projects/-p"
	message 1 400000 >"$HOME/one/projects/-p/s1.jsonl"
	message 2 800000 >"$HOME/two/projects/-p/s2.jsonl"
	ln -s one "$HOME/.claude"
	start_daemon
	is "$(field billing-shared.json '.today.costUSD | round')" 10
	ln -sfn two "$HOME/.claude"
	await test -e "$HOME/two/session-health/s2.json"
	swatch sync
	[ ! -e "$HOME/two/session-health/s1.json" ]
	[ -e "$HOME/one/session-health/s1.json" ]
	is "$(field billing-shared.json '.today.costUSD | round')" 20
	ln -sfn one "$HOME/.claude"
	await field_is s1.json .state active
	await swatch sync
	[ ! -e "$HOME/one/session-health/s2.json" ]
	is "$(field billing-shared.json '.today.costUSD | round')" 10
}

@test "something is mounted over the projects, or over one of them, and unmounted again" {
	[ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null || skip "only root can mount"
	mkdir -p "$HOME/new/-n" "$HOME/other"
	message 1 400000 >"$PROJECTS/-p/s1.jsonl"
	message 2 400000 >"$HOME/new/-n/s2.jsonl"
	message 3 400000 >"$HOME/other/s3.jsonl"
	start_daemon
	mount --bind "$HOME/new" "$PROJECTS"
	swatch sync
	field_is billing-shared.json '.today.costUSD | round' 20
	umount "$PROJECTS"
	mount --bind "$HOME/other" "$PROJECTS/-p"
	swatch sync
	field_is billing-shared.json '.today.costUSD | round' 30
	umount "$PROJECTS/-p"
	message 4 400000 >>"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is billing-shared.json '.today.costUSD | round' 40
	# What is not there cannot be fresh.
	mv "$PROJECTS" "$HOME/away"
	await field_is billing-shared.json .isFresh false
	is "$(status_of .watch.blind)" "$PROJECTS, where transcripts were, is not there"
	mv "$HOME/away" "$PROJECTS"
	await field_is billing-shared.json .isFresh true
}

@test "the socket's folder is removed: the daemon listens again" {
	start_daemon
	rm -rf "$XDG_RUNTIME_DIR"
	mkdir -m 700 "$XDG_RUNTIME_DIR"
	await swatch sync
}
