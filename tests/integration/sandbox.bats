# What swatchd denies itself and the programs that it runs.

bats_require_minimum_version 1.5.0
# The home directory has to be where programs may not write: not in a directory for temporary files.
for TEST_BASE in /dev/shm "${XDG_RUNTIME_DIR:-/nowhere}" "$HOME" "$SWATCH_BUILD_DIR"; do
	case $TEST_BASE in /tmp | /tmp/* | /var/tmp/*) continue ;; esac
	[ ! -d "$TEST_BASE" ] || [ ! -w "$TEST_BASE" ] || break
done
unset TMPDIR
load helper

# need_sandbox: the daemon runs, and has one; on other kernels there is nothing to try.
need_sandbox() {
	[ "$(status_of .sandbox.state)" = on ] && return
	echo "# NOT TESTED, it needs Landlock: $BATS_TEST_DESCRIPTION" >&3
	skip "NOT TESTED: $(status_of .sandbox.why)"
}

# script NAME: makes a program of stdin where programs can run; prints its path.
script() {
	cat >"$BATS_TEST_TMPDIR/$1"
	chmod +x "$BATS_TEST_TMPDIR/$1"
	echo "$BATS_TEST_TMPDIR/$1"
}

# answering SHELL: a refresh command that runs these lines, and then gives no block.
answering() { printf '#!/bin/sh\nset -e\n%s\necho %s\n' "$1" "'{\"blocks\":[]}'" | script fake; }

restart() {
	stop_daemon
	start_daemon
}

reload() {
	local before
	before=$(grep -c 'config reloaded' "$LOG" || true)
	kill -HUP "$DAEMON"
	await sh -c "[ \$(grep -c 'config reloaded' '$LOG') -gt $before ]"
	swatch sync
}

# whole COMMAND: all that the daemon does, with that command as ccusage.
whole() {
	# said: what a command of alerts can write, it writes to a place of [sandbox] write
	mkdir "$HOME/said"
	local alert
	alert=$(script alert <<-EOS
		#!/bin/sh
		{ echo "\$SWATCH_ALERT"; grep NoNewPrivs /proc/self/status; } >>"$HOME/said/alerts"
	EOS
	)
	printf '[billing]\nsource = auto\n[ccusage]\ncommand = %s blocks --active --json --offline\n[alerts]\ncommand = %s\nblock_cost = 2\n[sandbox]\nwrite = ~/said\n[sessions]\nidle_after = 1s\nexpire_after = 2s\n' \
		"$1" "$alert" >"$CONFIG"
	# old: it expires at the start
	AT=2026-01-01T00:00:00.000Z message 0 >"$PROJECTS/-p/old.jsonl"
	touch -d 2026-01-01 "$PROJECTS/-p/old.jsonl"
	mkdir -m 700 "$CACHE"
	echo '{"writer":"swatchd 0","sessionId":"old"}' >"$CACHE/old.json"
	start_daemon
	need_sandbox
	await [ ! -e "$CACHE/old.json" ]
	message 1 40000 >"$PROJECTS/-p/s1.jsonl"
	message 2 40000 >>"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s1.json .sessionId s1
	swatch refresh --wait
	status_is .refresh.lastError null
	field_is billing-shared.json .ccusage.failures 0
	# the two saw the same transcripts
	is "$(field billing-shared.json '.ccusage.costUSD > 2 and (.ccusage.driftUSD | fabs) < 0.01')" true
	await grep -q block_cost "$HOME/said/alerts"
	grep -q 'NoNewPrivs:.*1' "$HOME/said/alerts"
	status_is .alerts.failed 0
	# prices of one's own, put there by a rename as editors do
	swatch pricing claude-opus-4-6 >/dev/null
	sed -i 's/block_cost = 2/block_cost = 2, 3000/' "$CONFIG"
	reload
	await [ ! -e "$CACHE/s1.json" ]
	swatch events --json >"$BATS_TEST_TMPDIR/events" 3>&- &
	await sh -c '[ "$(swatch status --json | jq .control.clients)" -ge 2 ]'
	kill $!
	no_temp_files
	all_files_parse
	local socket
	socket=$(status_of .socket)
	[ -S "$socket" ]
	stop_daemon
	[ ! -e "$socket" ]
	is "$(grep -c 'sandbox (Landlock ABI' "$LOG")" 1
	not grep -q 'ermission denied' "$LOG"
}

@test "all that swatchd does it does in its sandbox, with ccusage 20" {
	whole "$CCUSAGE20"
}

@test "and with ccusage 18, a program for node" {
	whole "$CCUSAGE18"
}

@test "a refresh command that writes elsewhere cannot, and it is seen; [sandbox] write lets it" {
	use_ccusage "$(answering 'echo x >"$HOME/evil"')"
	start_daemon
	need_sandbox
	run swatch refresh --wait
	[ "$status" -eq 1 ]
	[ ! -e "$HOME/evil" ]
	[[ $(status_of .refresh.lastError) == *'ermission denied; is it swatchd'*'sandbox? [sandbox] write in swatch.conf names more places' ]]
	swatch status | tr -s '\n ' ' ' | grep -qF '[sandbox] write in swatch.conf names more places'
	grep -q 'ccusage gave no figures: .*\[sandbox\] write' "$LOG"

	# the transcripts and the person's own files are as they were
	message 1 >"$PROJECTS/-p/s1.jsonl"
	use_ccusage "$(answering ': >"$HOME/.claude/projects/-p/s1.jsonl"')"
	reload
	run ! swatch refresh --wait
	[ -s "$PROJECTS/-p/s1.jsonl" ]
	use_ccusage "$(answering 'rm "$HOME/.claude/projects/-p/s1.jsonl"')"
	reload
	run ! swatch refresh --wait
	[ -s "$PROJECTS/-p/s1.jsonl" ]
	use_ccusage "$(answering 'echo x >>"$HOME/.config/swatch/swatch.conf"')"
	reload
	run ! swatch refresh --wait

	mkdir "$HOME/good"
	use_ccusage "$(answering 'mkdir -p "$HOME/good/d"; echo x >"$HOME/good/evil"; mv "$HOME/good/evil" "$HOME/good/d/"')" \
		$'[sandbox]\nwrite = /no/such/place, ~/good'
	reload
	grep -q '\[sandbox\] changed: that takes effect at the next start' "$LOG"
	run ! swatch refresh --wait
	restart
	swatch refresh --wait
	[ -e "$HOME/good/d/evil" ]
	grep -q '\[sandbox\] write: /no/such/place: No such file or directory; nothing is written there until the next start' "$LOG"
}

@test "--once is as confined" {
	use_ccusage "$(answering 'echo x >"$HOME/evil"')"
	start_daemon
	need_sandbox
	stop_daemon
	run swatchd --once
	[ "$status" -eq 4 ]
	[ ! -e "$HOME/evil" ]
	use_ccusage "$(answering 'echo x >/tmp/swatch-test.$$; rm /tmp/swatch-test.$$')"
	swatchd --once
}

# need_filter: the daemon runs, and can be kept from sockets.
need_filter() {
	[ "$(status_of .sandbox.network)" = denied ] && return
	echo "# NOT TESTED, it needs a filter of system calls: $BATS_TEST_DESCRIPTION" >&3
	skip "NOT TESTED: no filter of sockets here"
}

@test "there is no network, unless the config says so" {
	local command
	command=$(script fake <<-'EOS'
		#!/usr/bin/env bash
		exec 3<>/dev/tcp/127.0.0.1/9
	EOS
	)
	use_ccusage "$command"
	start_daemon
	need_filter
	run ! swatch refresh --wait
	[[ $(status_of .refresh.lastError) == *'ddress family not supported'*'[sandbox] network in swatch.conf opens the network' ]]
	use_ccusage "$command" $'[sandbox]\nnetwork = yes'
	restart
	status_is .sandbox.network open
	run ! swatch refresh --wait
	[[ $(status_of .refresh.lastError) != *'ddress family'* ]]
}

@test "a refresh reaches no service of the person's by its socket; an alert does" {
	local command alert
	mkdir "$HOME/said"
	command=$(answering 'swatch sync >&2')
	alert=$(printf '#!/bin/sh\nswatch sync >"%s" 2>&1 && echo reached >>"%s"\n' "$HOME/said/alert" "$HOME/said/alert" | script alert)
	printf '[billing]\nsource = auto\n[ccusage]\ncommand = %s\n[alerts]\ncommand = %s\nblock_cost = 1\n[sandbox]\nwrite = ~/said\n' \
		"$command" "$alert" >"$CONFIG"
	start_daemon
	need_filter
	run ! swatch refresh --wait
	[[ $(status_of .refresh.lastError) == *'ddress family not supported'*'[sandbox] network in swatch.conf opens the network' ]]
	message 1 90000 >"$PROJECTS/-p/s1.jsonl"
	await grep -q reached "$HOME/said/alert"
}

@test "off is off, and doctor tells; required starts where it can" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	use_ccusage "$(answering 'echo x >"$HOME/evil"; grep -q "NoNewPrivs:.*1" /proc/self/status')" $'[sandbox]\nmode = off'
	start_daemon
	status_is .sandbox.state off
	status_is .sandbox.network open
	grep -qF 'no sandbox: [sandbox] mode = off' "$LOG"
	swatch refresh --wait
	[ -e "$HOME/evil" ]
	is "$(swatch doctor --json | jq -r '.checks[] | select(.name == "sandbox") | .state + ": " + .what')" \
		'note: swatchd has no sandbox: [sandbox] mode = off'
	swatch status | grep -q '^sandbox  *off'

	configure $'[sandbox]\nwrite = /no/such/place'
	restart
	need_sandbox
	[[ $(swatch doctor --json | jq -r '.checks[] | select(.name == "sandbox") | .state + ": " + .what') == \
		'good: swatchd and what it runs can write only where they have to'*'note: [sandbox] write: /no/such/place cannot be written to: No such file or directory' ]]
	swatch status | grep -q '^sandbox  *on: writes only in '
	is "$(status_of '.sandbox.writable[0]')" "$CACHE"
	is "$(status_of '.sandbox.refused[0].path')" /no/such/place
	configure $'[sandbox]\nmode = required'
	restart
	status_is .sandbox.state on
}

@test "Claude directories that come later, go, and come again are read" {
	rm -rf "$HOME/.claude"
	configure $'[cache]\ndirectory = ~/cache'
	CACHE=$HOME/cache
	start_daemon
	need_sandbox
	for i in 1 2; do
		mkdir -p "$PROJECTS/-p"
		message "$i" >"$PROJECTS/-p/s$i.jsonl"
		await test -e "$CACHE/s$i.json"
		rm -rf "$HOME/.claude"
		swatch sync
	done
	# one that the config names from now on, a link to elsewhere
	mkdir -p "$HOME/elsewhere/projects/-q"
	ln -s elsewhere "$HOME/link"
	message 3 >"$HOME/elsewhere/projects/-q/s3.jsonl"
	configure $'[cache]\ndirectory = ~/cache\n[watch]\npaths = ~/link'
	reload
	await test -e "$CACHE/s3.json"
}

@test "a cache directory that is emptied is filled again; one that is removed needs a new start" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	need_sandbox
	rm "$CACHE"/.swatch.lock "$CACHE"/*
	message 2 >>"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s1.json .tokens.input 6
	rm -r "$CACHE"
	message 3 >>"$PROJECTS/-p/s1.jsonl"
	status=0
	wait "$DAEMON" || status=$?
	is "$status" 1
	grep -q "the cache directory $CACHE is gone, and .*Permission denied; ending: start it again" "$LOG"
	start_daemon
	field_is s1.json .tokens.input 9
}

@test "where the way to the cache is a link" {
	mkdir "$HOME/real"
	mv "$HOME/.claude" "$HOME/real/claude"
	ln -s real/claude "$HOME/.claude"
	start_daemon
	need_sandbox
	message 1 >"$PROJECTS/-p/s1.jsonl"
	await test -e "$CACHE/s1.json"
	status_is .publish.failed 0
}
