# swatch setup's service: the unit, its environment and its start, and what starts swatchd where there is no systemd.
load helper
load setup

@test "a unit that is installed is used, and a daemon that runs by itself makes room when that is sure to start" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	mkdir "$TEST_HOME/units"
	printf '[Service]\nExecStart=%s/swatchd\n' "$SWATCH_BUILD_DIR" >"$TEST_HOME/units/swatchd.service"
	fake_systemd "$TEST_HOME/units"
	start_daemon
	sets_up
	says "the unit is installed: ~/units/swatchd.service" "only then end the swatchd that runs (pid $DAEMON)"
	[ ! -e "$HOME/.config/systemd" ]
	is "$(acts)" "--user start swatchd.service
--user reset-failed swatchd.service
--user start swatchd.service
--user enable swatchd.service"
	status_is .pid "$(cat "$TEST_HOME/systemd/pid")"
	# one that was enabled before stays so
	rm "$HOME/.local/state/swatch/setup.json"
	swatch setup --yes
	takes_back
	is "$(acts | wc -l)" 4
}

@test "setup names a start that fails, and does the other steps" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	fake_systemd
	echo 1 >"$TEST_HOME/systemd/broken"
	run swatch setup --yes
	[ "$status" -eq 1 ]
	says "systemctl --user start failed: exit status 1: Job for swatchd.service failed"
	is "$(line_of)" "$SWATCH_BUILD_DIR/swatch statusline"
	[ ! -e "$TEST_HOME/systemd/enabled" ]
	takes_back
	[ ! -e "$HOME/.claude/settings.json" ]
	[ ! -e "$HOME/.config/systemd" ]
}

@test "a service that systemd cannot confine: the drop-in is named, a daemon that works goes on, autostart is offered" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	fake_systemd
	start_daemon
	local status_and_setting
	for status_and_setting in '217 PrivateUsers=no' '226 ProtectKernelLogs=no'; do
		echo "${status_and_setting% *}" >"$TEST_HOME/systemd/broken"
		run swatch setup --yes
		[ "$status" -eq 1 ]
		says "the swatchd that runs (pid $DAEMON) goes on" "(status ${status_and_setting% *}/" "as in many containers" \
			"systemctl --user edit swatchd" "${status_and_setting#* }" "[daemon] autostart = yes" "done" \
			"swatchd answers (pid $DAEMON)"
		[ ! -e "$TEST_HOME/systemd/enabled" ]
		run swatch doctor
		says "(status ${status_and_setting% *}/" "${status_and_setting#* }"
		swatch setup --undo --yes
	done
}

@test "before Claude Code ever ran: setup does not call a service started that its conditions keep back" {
	mkdir "$TEST_HOME/units"
	printf '[Service]\nExecStart=%s/swatchd\n' "$SWATCH_BUILD_DIR" >"$TEST_HOME/units/swatchd.service"
	fake_systemd "$TEST_HOME/units"
	rm -r "$HOME/.claude"
	# the folder that the unit waits for is there before the service is started
	touch "$TEST_HOME/systemd/condition"
	sets_up
	[ -d "$HOME/.claude" ]
	says "Claude Code has not run here" "statusline" "service" "does not run yet" "run Claude Code once (claude): swatchd starts then"
	[[ "$output" != *"starts with every login"* ]]
	run swatch doctor
	says "waits until Claude Code has run here" "run Claude Code once"
	# a daemon that works is not ended for it
	start_daemon
	sets_up
	says "the swatchd that runs (pid $DAEMON) goes on"
	status_is .pid "$DAEMON"
}

@test "the service gets CLAUDE_CONFIG_DIR and the places where it may write" {
	export CLAUDE_CONFIG_DIR="$TEST_HOME/c 100% \"q\" \\b"
	mkdir -p "$CLAUDE_CONFIG_DIR/projects"
	fake_systemd
	sets_up
	local extra=$HOME/.config/systemd/user/swatchd.service.d/swatch-setup.conf quoted
	quoted="$TEST_HOME/c 100%% \\\"q\\\" \\\\b"
	grep -qxF "Environment=\"CLAUDE_CONFIG_DIR=$quoted\"" "$extra"
	# the unit is not held back by what only its service manager knows
	grep -qxF "ConditionPathIsDirectory=" "$extra"
	# of the ledger, too, although only the cache is elsewhere
	local folders="\"$quoted/session-health\" \"$HOME/.local/state/swatch\""
	grep -qxF "ReadWritePaths=$folders" "$extra"
	grep -qxF "ExecStartPre=+/bin/mkdir -p -m 0700 $folders" "$extra"
	is "$(json-value .statusLine.command "$CLAUDE_CONFIG_DIR/settings.json")" "$SWATCH_BUILD_DIR/swatch statusline"
	[ ! -e "$HOME/.claude/settings.json" ]
	# what its owner has changed since is his
	echo 'Environment=A=b' >>"$extra"
	sets_up
	says "swatch-setup.conf is yours: it stays as it is"
	takes_back
	says "swatch-setup.conf was changed since, and stays as it is"
	[ -e "$extra" ]
	[ ! -e "$HOME/.config/systemd/user/swatchd.service" ]
}

@test "without systemd the statusline starts swatchd, which is started now, once" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	no_systemd
	settings "$SETTINGS_TEXT"
	local conf=$'# mine\n[billing]\nsource = native\n'
	printf '%s' "$conf" >"$CONFIG"
	export NOTIFY_SOCKET=$TEST_HOME/nobody
	exec 7<"$CONFIG"
	sets_up
	exec 7<&-
	says "the user's systemd does not answer" "[daemon] autostart = yes" "swatchd answers (pid "
	is "$(cat "$CONFIG")" "$conf"$'\n[daemon]\nautostart = yes'
	local pid
	pid=$(status_of .pid)
	# it has nothing of ours: no terminal, no session, no descriptor, no parent
	is "$(readlink "/proc/$pid/fd/0" "/proc/$pid/fd/1" | sort -u)" /dev/null
	is "$(readlink "/proc/$pid/fd/2")" "$HOME/.local/state/swatch/swatchd.log"
	is "$(readlink "/proc/$pid/fd/"* | grep -cF "$CONFIG")" 0
	[ "$(cut -d' ' -f6 "/proc/$pid/stat")" != "$(cut -d' ' -f6 "/proc/$$/stat")" ]
	is "$(readlink "/proc/$pid/cwd")" /
	is "$(tr '\0' '\n' <"/proc/$pid/environ" | grep -c NOTIFY_SOCKET)" 0
	sets_up
	says "[daemon] autostart is set already" "swatchd runs already (pid $pid)"
	is "$(status_of .pid)" "$pid"
	takes_back
	await is_gone "$pid"
	printf '%s' "$conf" | cmp - "$CONFIG"
	printf '%s' "$SETTINGS_TEXT" | cmp - "$HOME/.claude/settings.json"
}
