#!/usr/bin/env bats
# [daemon] autostart: the statusline starts swatchd where nobody else does, once, and leaves nothing of its own in it.

load helper

teardown() {
	local pid
	pid=$(status_of .pid 2>/dev/null)
	[ -z "$pid" ] || [ "$pid" = null ] || kill "$pid"
	rm -rf "$TEST_HOME"
}

line() { swatch statusline "$@" <<<'{"session_id":"s1","model":{"display_name":"Opus"}}'; }
with_autostart() { configure $'[daemon]\nautostart = yes'; }

# copy_with DAEMON: a swatch of its own folder, beside which that daemon stands.
copy_with() {
	BIN=$TEST_HOME/bin
	mkdir "$BIN"
	cp "$SWATCH_BUILD_DIR/swatch" "$SWATCH_BUILD_DIR/swatch-commands" "$BIN"
	cat >"$BIN/swatchd"
	chmod +x "$BIN/swatchd"
	PATH=$BIN:$PATH
}
none_is_left() { ! pgrep -f "$BIN/swatchd"; }
tries() { [ ! -f "$TEST_HOME/tries" ] || wc -l <"$TEST_HOME/tries"; }

@test "a statusline without a daemon starts one that is on its own, and the next one has its figures" {
	with_autostart
	message a 1000 >"$PROJECTS/-p/s1.jsonl"
	exec 7<"$CONFIG"
	export CLAUDE_CODE_CHILD_SESSION=1 CLAUDECODE=1 NOTIFY_SOCKET=$TEST_HOME/nobody LC_ALL=C
	run line
	exec 7<&-
	is "$status" 0
	[[ $output == *Opus* ]]
	await swatch sync
	local pid environment
	pid=$(status_of .pid)
	environment=$(tr '\0' '\n' <"/proc/$pid/environ" | cut -d= -f1)
	is "$(grep -c -e CLAUDE -e NOTIFY -e BATS <<<"$environment")" 0
	is "$(grep -c -x -e HOME -e LC_ALL -e XDG_RUNTIME_DIR <<<"$environment")" 3
	is "$(readlink "/proc/$pid/fd/"* | grep -c -F "$CONFIG")" 0
	is "$(readlink "/proc/$pid/fd/0" "/proc/$pid/fd/1" | sort -u)" /dev/null
	is "$(readlink "/proc/$pid/cwd")" /
	# its session is not ours: what ends a statusline and its group does not reach it
	[ "$(cut -d' ' -f6 "/proc/$pid/stat")" != "$(cut -d' ' -f6 "/proc/$$/stat")" ]
	# its log has the times
	grep -q '^20[0-9-]*T[0-9:.]*Z swatchd: ' "$HOME/.local/state/swatch/swatchd.log"
	run line
	[[ $output == *'$'* ]]
	is "$(status_of .pid)" "$pid"
}

@test "many statuslines at once try once, and one that cannot start is not tried again at once" {
	copy_with <<-EOF
		#!/bin/sh
		echo try >>'$TEST_HOME/tries'
		exit 1
	EOF
	with_autostart
	local i pids=()
	for i in 1 2 3 4 5 6 7 8 9 10; do
		line >/dev/null 2>&1 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i"; done
	await test -s "$TEST_HOME/tries"
	line
	line
	# whoever was started has been started before its statusline ended
	await none_is_left
	is "$(tries)" 1
	# an hour later it is tried again, and also when the clock was set back
	touch -d '1 hour ago' "$CACHE/.swatch.autostart"
	line
	await sh -c "[ \$(wc -l <'$TEST_HOME/tries') -eq 2 ]"
	touch -d '1 day' "$CACHE/.swatch.autostart"
	line
	await sh -c "[ \$(wc -l <'$TEST_HOME/tries') -eq 3 ]"
}

@test "the daemon gets the statusline's own --config and --cache, as paths that hold anywhere" {
	copy_with <<-EOF
		#!/bin/sh
		printf '%s\n' "\$@" >'$TEST_HOME/arguments.new'
		mv '$TEST_HOME/arguments.new' '$TEST_HOME/arguments'
	EOF
	with_autostart
	cp "$CONFIG" "$TEST_HOME/my.conf"
	configure ""
	cd "$TEST_HOME"
	swatch --config my.conf --cache "my cache" statusline <<<'{}'
	await test -f "$TEST_HOME/arguments"
	is "$(cat "$TEST_HOME/arguments")" "--config
$TEST_HOME/my.conf
--cache
$TEST_HOME/my cache"
}

@test "without the setting, or with a daemon, or with a hostile file in its place, nothing is started" {
	copy_with <<-EOF
		#!/bin/sh
		echo try >>'$TEST_HOME/tries'
	EOF
	line
	[ ! -e "$CACHE/.swatch.autostart" ]
	with_autostart
	mkdir -p "$CACHE"
	chmod 700 "$CACHE"
	ln -s "$TEST_HOME/elsewhere" "$CACHE/.swatch.autostart"
	line
	rm "$CACHE/.swatch.autostart"
	mkfifo "$CACHE/.swatch.autostart"
	line
	rm "$CACHE/.swatch.autostart"
	: >"$TEST_HOME/empty"
	ln "$TEST_HOME/empty" "$CACHE/.swatch.autostart"
	line
	[ ! -s "$TEST_HOME/empty" ]
	rm "$CACHE/.swatch.autostart"
	[ ! -e "$TEST_HOME/elsewhere" ]
	PATH=$SWATCH_BUILD_DIR:$PATH
	"$SWATCH_BUILD_DIR/swatchd" >>"$LOG" 2>&1 3>&- &
	await swatch sync
	"$BIN/swatch" statusline <<<'{}'
	is "$(tries)" ""
}

@test "doctor knows who starts it" {
	with_autostart
	PATH=/usr/bin:/bin
	mkdir "$TEST_HOME/bin"
	printf '#!/bin/sh\nexit 1\n' >"$TEST_HOME/bin/systemctl"
	chmod +x "$TEST_HOME/bin/systemctl"
	PATH=$TEST_HOME/bin:$SWATCH_BUILD_DIR:$PATH
	is "$(swatch doctor --json | jq -r '.checks[] | select(.name == "service") | .state')" good
}
