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
	printf '[billing]\nsource = auto\n[ccusage]\ncommand = %s blocks --active --json --offline\n[alerts]\ncommand = %s\nblock_cost = 2\n[sandbox]\nwrite = ~/said\n[sessions]\nidle_after = 10m\nexpire_after = 1h\n' \
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
	sed -i 's/block_cost = 2/block_cost = 2, 3000/; s/10m/1s/; s/1h/2s/' "$CONFIG"
	reload
	await [ ! -e "$CACHE/s1.json" ]
	swatch events --json >"$BATS_TEST_TMPDIR/events" 3>&- &
	local reader=$!
	await sh -c '[ "$(swatch status --json | json-value .control.clients)" -ge 2 ]'
	kill "$reader"
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
	whole "$CCUSAGE20_NPM"
}

@test "and with ccusage 18, a program for node" {
	whole "$CCUSAGE18"
}

@test "and with bun, which some people have instead of node" {
	if ! command -v bun >/dev/null; then
		echo "# NOT TESTED, it needs bun: $BATS_TEST_DESCRIPTION" >&3
		skip 'NOT TESTED: no bun here'
	fi
	whole "$(command -v bun) $(readlink -f "$CCUSAGE18")"
}

@test "a refresh command that writes elsewhere cannot, and it is seen; [sandbox] write lets it" {
	use_ccusage "$(answering 'echo x >"$HOME/evil"')"
	start_daemon
	need_sandbox
	run swatch refresh --wait
	[ "$status" -eq 1 ]
	[ ! -e "$HOME/evil" ]
	[[ $(status_of .refresh.lastError) == *'ermission denied; is it swatchd'*'sandbox? [sandbox] write in swatch.conf names more places' ]]
	swatch status --verbose | tr -s '\n ' ' ' | grep -qF '[sandbox] write in swatch.conf names more places'
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

need_filter_anyway() { [ "$(status_of .sandbox.filter)" = true ] || skip "NOT TESTED: no filter here"; }

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
	# (a sanitizer would look for leaks with ptrace)
	command=$(answering 'ASAN_OPTIONS=detect_leaks=0 swatch sync >&2')
	alert=$(printf '#!/bin/sh\nASAN_OPTIONS=detect_leaks=0 swatch sync >"%s" 2>&1 && echo reached >>"%s"\n' "$HOME/said/alert" "$HOME/said/alert" | script alert)
	printf '[billing]\nsource = auto\n[ccusage]\ncommand = %s\n[alerts]\ncommand = %s\nblock_cost = 1\n[sandbox]\nwrite = ~/said\n' \
		"$command" "$alert" >"$CONFIG"
	start_daemon
	need_filter
	run ! swatch refresh --wait
	[[ $(status_of .refresh.lastError) == *'ddress family not supported'*'[sandbox] network in swatch.conf opens the network' ]]
	message 1 90000 >"$PROJECTS/-p/s1.jsonl"
	await grep -q reached "$HOME/said/alert"
}

# ---- an attacker ----

ATTACKER=$SWATCH_BUILD_DIR/tests/sandbox/attacker
WITHOUT=$SWATCH_BUILD_DIR/tests/sandbox/without

# start_victim: something outside that has one of each kind; it ends with the test.
start_victim() {
	mkdir "$HOME/victim"
	"$ATTACKER" victim "$BATS_TEST_TMPDIR/victim" "$HOME/victim" </dev/null >/dev/null 3>&- &
	await test -s "$BATS_TEST_TMPDIR/victim"
}

# attack KIND: the command with which an attacker is run as ccusage or as the command of alerts.
attack() {
	printf '#!/bin/sh\nexec %s attack %s %s %s\n' "$ATTACKER" "$BATS_TEST_TMPDIR/victim" "$BATS_TEST_TMPDIR/$1" "$1" |
		script "attack-$1"
}

# held KIND: the attacker is done, and broke no promise that status calls kept; prints what it broke.
held() {
	local kept
	grep -qx done "$BATS_TEST_TMPDIR/$1" || { echo "$1: it did not get to its end"; return 1; }
	kept=$(status_of '[.sandbox.promises[] | select(.state == "kept").name] | join(" ")')
	[ -n "$kept" ] || { echo "no promise is kept"; return 1; }
	awk -v kept=" $kept " -v kind="$1" '
		$1 == "could" && index(kept, " " $2 " ") { print kind ": " $0; bad = 1 }
		$1 == "refused" { refused++ }
		END { exit bad || refused < 8 }' "$BATS_TEST_TMPDIR/$1"
}

# unhurt: the victim is as it was.
unhurt() {
	is "$(cat "$HOME/victim/file" "$HOME/victim/spare")" $'as it was\nas it was'
	is "$(grep -c hit "$BATS_TEST_TMPDIR/victim" || true)" 0
}

@test "an attacker breaks no promise, as ccusage or as an alert, whatever the kernel lacks" {
	local lack
	export ATTACKED_CACHE=$CACHE
	start_victim
	for lack in nothing filters landlock both; do
		rm -f "$BATS_TEST_TMPDIR"/{refresh,alert} "$CACHE"/* "$CACHE"/.swatch.* "$PROJECTS/-p"/*
		printf '[billing]\nsource = auto\n[ccusage]\ncommand = %s\n[alerts]\ncommand = %s\nblock_cost = 1\n' \
			"$(attack refresh)" "$(attack alert)" >"$CONFIG"
		if [ "$lack" != nothing ]; then
			swatchd() { exec "$WITHOUT" "$lack" "$SWATCH_BUILD_DIR/swatchd" "$@"; }
		fi
		start_daemon
		[ "$lack" != nothing ] || need_sandbox
		swatch refresh --wait
		message 1 90000 >"$PROJECTS/-p/s1.jsonl"
		await grep -qsx done "$BATS_TEST_TMPDIR/alert"
		held refresh
		held alert
		case $lack in
		nothing)
			unhurt
			status_is '[.sandbox.notDenied[]] | length' 0
			not grep -q 'does not deny' "$LOG"
			;;
		*)
			grep -q "this kernel does not deny: .*$([ "$lack" = landlock ] && echo 'writing files elsewhere' || echo 'dangerous system calls')" "$LOG"
			swatch status | tr -s '\n ' ' ' | grep -q 'does not deny'
			swatch doctor --json | jq -e '.checks[] | select(.name == "sandbox" and .state == "note").what | test("not den")'
			;;
		esac
		stop_daemon
		: >"$LOG"
	done
	unset -f swatchd
}

@test "network = yes and package_runner = yes give up what they say, and nothing else" {
	local key
	start_victim
	for key in network package_runner; do
		rm -f "$BATS_TEST_TMPDIR/refresh"
		use_ccusage "$(attack refresh)" "$(printf '[sandbox]\n%s = yes' "$key")"
		start_daemon
		need_sandbox
		need_filter_anyway
		swatch refresh --wait
		held refresh
		grep -q '^could network TCP' "$BATS_TEST_TMPDIR/refresh"
		is "$(grep -c '^could services a service with a path' "$BATS_TEST_TMPDIR/refresh" || true)" \
			"$([ "$key" = network ] && echo 1 || echo 0)"
		unhurt
		stop_daemon
	done
}

@test "doctor, verify and setup run ccusage as confined" {
	start_victim
	use_ccusage "$(attack refresh)"
	start_daemon
	need_sandbox
	need_filter
	for command in "doctor" "verify"; do
		rm -f "$BATS_TEST_TMPDIR/refresh"
		run swatch $command
		held refresh
	done
	# setup: a ccusage that a service does not find on its PATH is tried out
	mkdir -p "$HOME/.local/bin"
	cp "$(attack refresh)" "$HOME/.local/bin/ccusage"
	rm -f "$BATS_TEST_TMPDIR/refresh"
	configure '[billing]
source = auto'
	run swatch setup --yes
	held refresh
	unhurt
}

# lingering: how many processes of the attacker's are left.
lingering() { grep -lxs swatch-lingers /proc/[0-9]*/comm | wc -l; }

@test "whatever a command starts ends with it: sessions of their own, orphans, a killed supervisor, a swarm" {
	local lack
	for lack in nothing both; do
		[ "$lack" = nothing ] || swatchd() { exec "$WITHOUT" "$lack" "$SWATCH_BUILD_DIR/swatchd" "$@"; }
		printf '[billing]\nsource = auto\n[ccusage]\ncommand = %s linger 400\n[alerts]\ncommand = %s linger 40\nblock_cost = 1\n' \
			"$ATTACKER" "$ATTACKER" >"$CONFIG"
		rm -f "$PROJECTS/-p"/* "$CACHE"/.swatch.alerts.json
		start_daemon
		swatch refresh --wait
		is "$(lingering)" 0
		message 1 90000 >"$PROJECTS/-p/s1.jsonl"
		swatch sync
		await sh -c '[ "$(swatch status --json | jq ".alerts.good")" -ge 1 ]'
		is "$(lingering)" 0
		sed -i "s/linger 400/revolt/" "$CONFIG"
		reload
		run swatch refresh --wait
		await sh -c '[ "$(grep -lxs swatch-lingers /proc/[0-9]*/comm | wc -l)" = 0 ]'
		# a daemon that is killed takes them along
		sed -i "s/command = .* revolt/command = $(printf '%s' "$(script ends_last <<-EOS
			#!/bin/sh
			"$ATTACKER" linger 5 >/dev/null
			exec sleep 60
		EOS
		)" | sed 's/[\/&]/\\&/g')/" "$CONFIG"
		reload
		swatch refresh
		await sh -c '[ "$(grep -lxs swatch-lingers /proc/[0-9]*/comm | wc -l)" = 5 ]'
		kill_daemon
		await sh -c '[ "$(grep -lxs swatch-lingers /proc/[0-9]*/comm | wc -l)" = 0 ]'
	done
	unset -f swatchd
	# without Landlock's scope this would be a race
	use_ccusage "$ATTACKER swarm 20"
	start_daemon
	need_sandbox
	[ "$(status_of .sandbox.landlock)" -ge 6 ] || skip "NOT TESTED: it needs Landlock ABI 6"
	swatch refresh --wait
	is "$(lingering)" 0
}

@test "memory_limit counts shared memory, and all processes together" {
	local how lack
	for lack in nothing both; do
		[ "$lack" = nothing ] || swatchd() { exec "$WITHOUT" "$lack" "$SWATCH_BUILD_DIR/swatchd" "$@"; }
		for how in shared children; do
			use_ccusage "$ATTACKER hoard 1500 $how $BATS_TEST_TMPDIR/hoard" 'memory_limit = 64M'
			echo 0 >"$BATS_TEST_TMPDIR/hoard"
			start_daemon
			run ! swatch refresh --wait
			[ "$(cat "$BATS_TEST_TMPDIR/hoard")" -le 256 ]
			[ "$lack$how" = nothingshared ] || status_of .refresh.lastError | grep -q 'used more memory than memory_limit'
			stop_daemon
		done
	done
	unset -f swatchd
}

@test "required runs no command where anything is missing, and says what" {
	local lack=filters
	use_ccusage "$(answering 'echo ran >/tmp/swatch-ran.$$; rm /tmp/swatch-ran.$$; echo x >'"$BATS_TEST_TMPDIR/ran")" \
		"$(printf '[sandbox]\nmode = required\nwrite = %s\n' "$BATS_TEST_TMPDIR")"
	start_daemon
	need_sandbox
	need_filter
	swatch refresh --wait
	[ -e "$BATS_TEST_TMPDIR/ran" ]
	stop_daemon
	rm "$BATS_TEST_TMPDIR/ran"
	swatchd() { exec "$WITHOUT" "$lack" "$SWATCH_BUILD_DIR/swatchd" "$@"; }
	start_daemon
	run swatch refresh --wait
	[ "$status" -ne 0 ]
	[ ! -e "$BATS_TEST_TMPDIR/ran" ]
	status_is .sandbox.runsPrograms false
	[[ $(status_of .refresh.nextDueReason) == *'required asks for: the network, services behind Unix sockets, dangerous system calls, shared memory' ]]
	grep -q 'does not deny: the network, .*; neither ccusage nor the alert command is run' "$LOG"
	swatch doctor --json | jq -e '.checks[] | select(.name == "sandbox" and .state == "bad").what | test("dangerous system calls")'
	rm "$BATS_TEST_TMPDIR/ran"  # of doctor, for which nothing was missing
	stop_daemon
	lack=landlock
	run swatchd --once
	[ "$status" -eq 1 ]
	[[ $output == *'cannot start without a sandbox'* ]]
	[ ! -e "$BATS_TEST_TMPDIR/ran" ]
	unset -f swatchd
	# the commands, too
	run "$WITHOUT" landlock swatch doctor
	[ ! -e "$BATS_TEST_TMPDIR/ran" ]
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
	swatch status --verbose | grep -q '^sandbox  *off'

	configure $'[sandbox]\nwrite = /no/such/place'
	restart
	need_sandbox
	[[ $(swatch doctor --json | jq -r '.checks[] | select(.name == "sandbox") | .state + ": " + .what') == \
		'good: swatchd and what it runs can write only where they have to'*'note: [sandbox] write: /no/such/place cannot be written to: No such file or directory' ]]
	swatch status --verbose | grep -q '^sandbox  *on: writes only in '
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
