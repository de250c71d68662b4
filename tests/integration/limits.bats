# What a system runs out of, and what lies about that is no transcript: told, survived, and over when it is over.
load helper

# The superuser may read everything: the daemon gets on without that.
without_privilege() {
	[ "$(id -u)" -ne 0 ] || swatchd() {
		exec setpriv --bounding-set=-dac_override,-dac_read_search --inh-caps=-dac_override,-dac_read_search swatchd "$@"
	}
}

@test "32 descriptors: clients do not get the last ones, and the files keep up" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	bash -c 'ulimit -n 32; exec swatchd' >>"$LOG" 2>&1 3>&- &
	DAEMON=$!
	await swatch sync
	# more at once than there are descriptors for
	for i in $(seq 30); do
		swatch events >/dev/null 2>&1 3>&- &
		followers="$followers $!"
	done
	await grep -q 'clients of the control socket are refused: of 32 descriptors' "$LOG"
	message 2 >>"$PROJECTS/-p/s1.jsonl"
	await sh -c 'jq -e ".transcript.messageCount == 2" '"$CACHE/s1.json"
	for follower in $followers; do kill "$follower" 2>/dev/null || true; done
	await swatch sync
	message 3 >>"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s1.json .transcript.messageCount 3
	no_temp_files
}

@test "the watch limit, and watches given back: what was polled is watched again" {
	unshare -Ur sh -c 'echo 8 >/proc/sys/user/max_inotify_watches' 2>/dev/null || skip "no user namespace can be made here"
	for i in $(seq 20); do
		mkdir "$PROJECTS/-d$i"
		message "$i" >"$PROJECTS/-d$i/s$i.jsonl"
	done
	# the limit rises when a file says so: from within the namespace, which nobody else can enter
	unshare -Ur bash -c 'echo 8 >/proc/sys/user/max_inotify_watches
		( until [ -e "$HOME/raise" ]; do sleep 0.1; done; echo 1000 >/proc/sys/user/max_inotify_watches ) </dev/null &
		exec swatchd' >>"$LOG" 2>&1 3>&- &
	DAEMON=$!
	await test -f "$CACHE/s20.json"
	touch "$HOME/raise"
	# the socket is this user's outside and inside: polled folders are tried again at each sync
	await sh -c 'swatch sync && [ "$(swatch status --json | json-value .watch.polledDirectories)" = 0 ]'
	message 100 >>"$PROJECTS/-d20/s20.jsonl"
	await sh -c 'jq -e ".tokens.input == 6" '"$CACHE/s20.json"
}

@test "folders too deep in each other: said once, however often they are polled" {
	configure $'[watch]\nmethod = poll'
	deep=$PROJECTS
	for i in $(seq 33); do deep=$deep/d; done
	mkdir -p "$deep/one" "${deep%/*}/two"
	message 1 >"$deep/s1.jsonl"
	message 2 >"${deep%/*}/s2.jsonl"
	start_daemon
	# each lists every polled folder
	for i in $(seq 4); do swatch sync; done
	is "$(grep -c 'more than 32 folders deep' "$LOG")" 1
	field_is billing-shared.json .block.entries 1
}

@test "50,000 events while it is stopped: figures are exact afterwards" {
	message 0 >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	kill -STOP "$DAEMON"
	for round in $(seq 50); do
		awk -v d="$PROJECTS/-p" 'BEGIN { for (i = 0; i < 500; i++) { f = d "/f" i ".tmp"; printf "" > f; close(f) } }'
		rm -f "$PROJECTS"/-p/*.tmp
	done
	for i in $(seq 1 20); do message "$i" >>"$PROJECTS/-p/s1.jsonl"; done
	mkdir -p "$PROJECTS/-late/s2/subagents"
	message 99 >"$PROJECTS/-late/s2.jsonl"
	message 98 >"$PROJECTS/-late/s2/subagents/agent-a.jsonl"
	kill -CONT "$DAEMON"
	swatch sync
	[ "$(status_of .watch.overflows)" -ge 1 ]
	field_is s1.json .tokens.input 63
	field_is s2.json .tokens.input 6
	field_is billing-shared.json .block.entries 23
}

@test "names with newlines, control characters and bad UTF-8: counted, never shown raw" {
	local odd
	odd=$'-a\nb\033[31mc\xff\xfe'
	mkdir "$PROJECTS/$odd"
	message 1 >"$PROJECTS/$odd/s1.jsonl"
	message 2 >"$PROJECTS/-p/"$'x\ny\xff.jsonl'
	start_daemon
	message 3 >>"$PROJECTS/$odd/s1.jsonl"
	message 4 >>"$PROJECTS/-p/"$'x\ny\xff.jsonl'
	swatch sync
	field_is s1.json .tokens.input 6
	field_is billing-shared.json .block.entries 4
	all_files_parse
	for command in status sessions daily blocks doctor; do
		run swatch "$command"
		[[ $output != *$'\033[31m'* ]] || { echo "$command"; false; }
	done
	not grep -q $'\033' "$LOG"
	is "$(ls "$CACHE"/*.json | wc -l)" 3
}

@test "loops of symlinks, a FIFO, a socket, a device and a directory named x.jsonl: passed over, at once" {
	start_daemon
	mkfifo "$PROJECTS/-p/fifo.jsonl"
	socat UNIX-LISTEN:"$PROJECTS/-p/socket.jsonl" - >/dev/null 2>&1 3>&- </dev/null &
	listener=$!
	mkdir "$PROJECTS/-p/directory.jsonl"
	message 5 >"$PROJECTS/-p/directory.jsonl/inside.jsonl"
	ln -s "$PROJECTS/-p" "$PROJECTS/-p/loop"
	ln -s self "$PROJECTS/-p/self"
	ln -s two.jsonl "$PROJECTS/-p/one.jsonl"
	ln -s one.jsonl "$PROJECTS/-p/two.jsonl"
	ln -s /dev/zero "$PROJECTS/-p/zero.jsonl"
	# a device of one's own is the superuser's to make
	mknod "$PROJECTS/-p/device.jsonl" c 1 5 2>/dev/null || true
	message 1 >"$PROJECTS/-p/s1.jsonl"
	await test -S "$PROJECTS/-p/socket.jsonl"
	swatch rescan
	kill "$listener" 2>/dev/null || true
	field_is s1.json .tokens.input 3
	# the one in the directory counts for what lies above it
	field_is billing-shared.json .block.entries 2
	status_is .watch.transcripts 2
	for command in "daily --json" "sessions --json" "blocks --json"; do swatch $command >/dev/null; done
}

@test "the log names a transcript that may not be read once, and it is read when it may be" {
	without_privilege
	message 1 >"$PROJECTS/-p/s1.jsonl"
	chmod 000 "$PROJECTS/-p/s1.jsonl"
	mkdir "$PROJECTS/-q"
	message 2 >"$PROJECTS/-q/s2.jsonl"
	chmod 000 "$PROJECTS/-q"
	start_daemon
	swatch sync
	swatch sync
	is "$(grep -c "cannot read transcript $PROJECTS/-p/s1.jsonl: Permission denied" "$LOG")" 1
	is "$(grep -c "cannot watch $PROJECTS/-q: Permission denied" "$LOG")" 1
	chmod 600 "$PROJECTS/-p/s1.jsonl"
	chmod 700 "$PROJECTS/-q"
	swatch sync
	field_is s1.json .tokens.input 3
	field_is s2.json .tokens.input 3
	status_is .watch.polledDirectories 0
}

@test "projects/ that cannot be looked at for a while keeps its sessions" {
	without_privilege
	message 1 >"$PROJECTS/-p/s1.jsonl"
	start_daemon --cache "$HOME/cache"
	CACHE=$HOME/cache
	chmod 000 "$HOME/.claude"
	swatch --cache "$CACHE" rescan
	grep -q "cannot look at $PROJECTS: Permission denied" "$LOG"
	field_is s1.json .transcript.exists true
	chmod 700 "$HOME/.claude"
	message 2 >>"$PROJECTS/-p/s1.jsonl"
	swatch --cache "$CACHE" sync
	field_is s1.json .tokens.input 6
}

@test "a hole of 200 MB, and a line of 200 MB: no memory for them, and what follows counts" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	truncate -s 200M "$PROJECTS/-p/s1.jsonl"
	printf '\n' >>"$PROJECTS/-p/s1.jsonl"
	message 2 >>"$PROJECTS/-p/s1.jsonl"
	start_daemon
	field_is s1.json .tokens.input 6
	truncate -s +200M "$PROJECTS/-p/s1.jsonl"
	printf '\n' >>"$PROJECTS/-p/s1.jsonl"
	message 3 >>"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s1.json .tokens.input 9
	status_is .tail.skippedLines 2
	is "$(swatch daily --json | jq '.daily[0].inputTokens')" 9
}

rss() { status_of .memory.rssBytes; }

@test "the memory that a flood of output took is given back" {
	! is_sanitized || skip "a sanitizer keeps what was freed"
	message 1 >"$PROJECTS/-p/s1.jsonl"
	use_ccusage "$(fake_ccusage flood <<<$'#!/bin/sh\nexec yes x')"
	start_daemon
	before=$(rss)
	# after the first one malloc kept what the next ones took
	for _ in 1 2 3 4 5; do
		run swatch refresh --wait
		[[ $output == *'more than 16 MiB'* ]] || { echo "$output"; false; }
	done
	[ "$(rss)" -lt $((before + 2000000)) ] || { echo "$before before, $(rss) after"; false; }
}

@test "a disk that is nearly full: small files can be written and large ones not, and the log says so once" {
	[ "$(id -u)" -eq 0 ] || skip "a filesystem can be mounted by root only"
	mkdir "$HOME/small"
	unshare -m true || skip "no mount namespace can be made here"
	export CACHE=$HOME/small/cache LOG
	start_in_small() {
		mount -t tmpfs -o size=256k,mode=700 small "$HOME/small"
		mkdir -m 700 "$CACHE"
		exec swatchd --cache "$CACHE"
	}
	export -f start_in_small
	unshare -m bash -c start_in_small >>"$LOG" 2>&1 3>&- &
	DAEMON=$!
	await swatch --cache "$CACHE" sync
	small=/proc/$DAEMON/root$HOME/small
	# so many sessions that their list takes more room than one of them
	for i in $(seq 20); do message "$i" >"$PROJECTS/-p/s$i.jsonl"; done
	swatch --cache "$CACHE" sync
	cat /dev/zero >"$small/filler" 2>/dev/null || true
	truncate -s -4096 "$small/filler"
	for i in $(seq 100 130); do
		message "$i" >>"$PROJECTS/-p/s1.jsonl"
		swatch --cache "$CACHE" sync
		status_of() { swatch --cache "$CACHE" status --json | jq -r "$1"; }
		failed=$(status_of .publish.failed)
	done
	[ "$failed" -gt 1 ]
	is "$(grep -c 'No space left on device' "$LOG")" 1
	is "$(grep -c 'can be written again' "$LOG")" 0
	rm "$small/filler"
	message 200 >>"$PROJECTS/-p/s1.jsonl"
	swatch --cache "$CACHE" sync
	await grep -q 'can be written again' "$LOG"
	is "$(status_of .publish.lastError)" null
}

@test "a full disk: what the daemon keeps for its next start is written when there is room, though nothing happens" {
	[ "$(id -u)" -eq 0 ] || skip "a filesystem can be mounted by root only"
	mkdir "$HOME/small"
	unshare -m true || skip "no mount namespace can be made here"
	configure '[alerts]
today_cost = 0.01'
	export CACHE=$HOME/small/cache LOG
	# the disk is full before the daemon starts: its lock cannot say where the socket is, either
	start_in_small() {
		mount -t tmpfs -o size=256k,mode=700 small "$HOME/small"
		mkdir -m 700 "$CACHE"
		: >"$CACHE/.swatch.lock"
		chmod 600 "$CACHE/.swatch.lock"
		cat /dev/zero >"$HOME/small/filler" 2>/dev/null || true
		exec swatchd --cache "$CACHE"
	}
	export -f start_in_small
	message 1 100000 >"$PROJECTS/-p/s1.jsonl"
	unshare -m bash -c start_in_small >>"$LOG" 2>&1 3>&- &
	DAEMON=$!
	await swatch --cache "$CACHE" sync
	await grep -q 'swatch.alerts.json: No space left' "$LOG"
	small=/proc/$DAEMON/root$HOME/small
	[ ! -s "$small/cache/.swatch.lock" ]
	rm "$small/filler"
	await test -s "$small/cache/.swatch.alerts.json"
	await grep -q "^$XDG_RUNTIME_DIR" "$small/cache/.swatch.lock"
	is "$(jq -r '.announced[0].rule' "$small/cache/.swatch.alerts.json")" today_cost
}
