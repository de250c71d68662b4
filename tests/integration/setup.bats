# swatch setup: everything connected, everything back. A systemctl that keeps states in files stands in for systemd.
load helper

SETTINGS_TEXT='{
    "model": "opus",
    "permissions": { "allow": ["Bash(ls:*)"], "deny": [] },

    "env": {"A": "\u00e4 // no comment"}
}
'

settings() { printf '%s' "$1" >"$HOME/.claude/settings.json"; }

# Made anew in each test: fake_systemd [DIRECTORY...]: other directories with units.
fake_systemd() {
	mkdir -p "$TEST_HOME/bin" "$TEST_HOME/systemd"
	printf '%s\n' "$*" >"$TEST_HOME/systemd/directories"
	cat >"$TEST_HOME/bin/systemctl" <<-'SCRIPT'
		#!/bin/bash
		state=${0%/*}/../systemd
		echo "$*" >>"$state/calls"
		[ "$1" = --user ] || exit 1
		own=${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user
		unit=
		read -r directories <"$state/directories"
		for directory in "$own" $directories; do
			[ -n "$unit" ] || [ ! -f "$directory/swatchd.service" ] || unit=$directory/swatchd.service
		done
		start() {
			[ ! -e "$state/condition" ] || return 0
			if [ -z "$unit" ] || [ -e "$state/broken" ]; then
				cat "$state/broken" >"$state/exit"
				echo "Job for swatchd.service failed" >&2
				exit 1
			fi
			# what systemd makes of the quotes
			program=$(sed -n 's/^ExecStart="\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' "$unit")
			# by a process that is not ours: whatever systemctl leaves behind is ended with it
			rm -f "$state/started"
			echo "$program" >"$state/start"
			until [ -s "$state/started" ]; do sleep 0.05; done
			read -r pid <"$state/started"
			until [ "$(swatch status --json 2>/dev/null | json-value .pid)" = "$pid" ]; do
				if [ -e "$state/exit.$pid" ]; then
					mv "$state/exit.$pid" "$state/exit"
					echo "Job for swatchd.service failed" >&2
					exit 1
				fi
				sleep 0.05
			done
			echo $pid >"$state/pid"
		}
		stop() {
			[ -e "$state/pid" ] || return 0
			read -r pid <"$state/pid"
			kill "$pid"
			while [ -e "/proc/$pid" ]; do sleep 0.05; done
			rm "$state/pid"
		}
		case "$2 $3" in
		*UnitPath*) echo "UnitPath=$own $directories" ;;
		show*)
			[ -n "$unit" ] && echo LoadState=loaded || echo LoadState=not-found
			[ -e "$state/enabled" ] && echo UnitFileState=enabled || echo UnitFileState=disabled
			[ -e "$state/pid" ] && echo ActiveState=active || echo ActiveState=inactive
			[ -e "$state/condition" ] && echo ConditionResult=no || echo ConditionResult=yes
			echo "ConditionTimestamp=Mon 2026-11-30 05:00:00 UTC"
			ended=0
			[ ! -e "$state/exit" ] || read -r ended <"$state/exit"
			echo "ExecMainStatus=$ended" ;;
		enable*) : >"$state/enabled" ;;
		reset-failed*) ;;
		'start swatchd.path') [ -e "$state/condition" ] || exit 1 ;;
		'disable --now') rm -f "$state/enabled"; stop ;;
		disable*) rm -f "$state/enabled" ;;
		start*) start ;;
		stop*) stop ;;
		restart*) stop; start ;;
		daemon-reload*) ;;
		*) exit 1 ;;
		esac
	SCRIPT
	chmod +x "$TEST_HOME/bin/systemctl"
	PATH=$TEST_HOME/bin:$PATH
	mkfifo "$TEST_HOME/systemd/start"
	manage "$TEST_HOME/systemd" 3>&- &
	MANAGER=$!
}

# The user's manager: starts the programs that it reads from a FIFO, and writes down how each ended.
manage() {
	local program pid status
	while read -r program <"$1/start"; do
		(
			setsid "$program" >>"$1/log" 2>&1 </dev/null &
			pid=$!
			echo $pid >"$1/started"
			status=0
			wait $pid || status=$?
			echo $status >"$1/exit.$pid"
		) &
	done
}

no_systemd() {
	mkdir -p "$TEST_HOME/bin"
	printf '#!/bin/sh\necho "Failed to connect to bus" >&2; exit 1\n' >"$TEST_HOME/bin/systemctl"
	chmod +x "$TEST_HOME/bin/systemctl"
	PATH=$TEST_HOME/bin:$PATH
}

# says TEXT...: in the last output, one after the other, however its lines are broken.
says() {
	local text piece
	text=$(tr -s '[:space:]' ' ' <<<"$output")
	for piece; do
		[[ "$text" == *"$piece"* ]] || { printf "not said: '%s' in:\n%s\n" "$piece" "$output"; return 1; }
		text=${text#*"$piece"}
	done
}

acts() { grep -v -- ' show ' "$TEST_HOME/systemd/calls" || true; }
# Every file with its content, its mode and its time; not what the daemon keeps.
tree() {
	# the ledger is swatchd's own, and comes when it likes
	find "$TEST_HOME" \( -name session-health -o -name systemd -path "$TEST_HOME/systemd" -o -name run \
		-o -path '*/.local/state/swatch' \) -prune \
		-o -printf '%P %m %T@ %l\n' | sort
	find "$TEST_HOME" \( -name session-health -o -path "$TEST_HOME/systemd" -o -name run -o -name 'ledger.db*' \) -prune -o -type f -print0 |
		sort -z | xargs -0 sha256sum
}
names() { tree | sed 's/^\([^ ]* [0-7]*\) [0-9.]*/\1/' | grep -v '^[^ ]* \?7[0-7]* *$'; }
line_of() { json-value .statusLine.command "$HOME/.claude/settings.json"; }

teardown() {
	local pid
	[ -z "$MANAGER" ] || kill "$MANAGER"
	pid=$(timeout 20 swatch status --json 2>/dev/null | jq -r '.pid // empty')
	if [ -n "$pid" ]; then
		kill "$pid"
		await is_gone "$pid"
	fi
	rm -rf "$TEST_HOME"
}

@test "--dry-run shows everything and touches nothing; without a terminal it asks for --yes" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	fake_systemd
	settings "$SETTINGS_TEXT"
	tree >"$BATS_TEST_TMPDIR/before"
	run swatch setup --dry-run
	[ "$status" -eq 0 ]
	says "found: ~/.claude/projects"
	says "write ~/.config/systemd/user/swatchd.service"
	says "edit ~/.claude/settings.json" "swatch statusline"
	says "systemctl --user start swatchd.service" "systemctl --user enable swatchd.service"
	says "nothing was done (--dry-run)"
	run swatch setup </dev/null
	[ "$status" -eq 2 ]
	says "edit ~/.claude/settings.json" "there is no terminal to ask; --yes does all of this"
	run swatch setup --undo </dev/null
	[ "$status" -eq 0 ]
	says "nothing to undo"
	tree | diff "$BATS_TEST_TMPDIR/before" -
	is "$(acts)" ""
	[ ! -e "$CACHE" ]
	run swatch --cache "$CACHE" setup --yes
	[ "$status" -eq 2 ]
}

@test "--yes connects all of it, a second run changes nothing, --undo puts all of it back" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	fake_systemd
	settings "$SETTINGS_TEXT"
	chmod 640 "$HOME/.claude/settings.json"
	names >"$BATS_TEST_TMPDIR/before"
	run swatch setup --yes
	echo "$output"
	[ "$status" -eq 0 ]
	says "swatchd answers (pid " "What a session will show" "today" "next: swatch doctor"
	# nothing but the one member is new
	local text
	text=$(cat "$HOME/.claude/settings.json"; echo .)
	is "${text%.}" "${SETTINGS_TEXT%$'\n}\n'},
    \"statusLine\": {
        \"type\": \"command\",
        \"command\": \"$SWATCH_BUILD_DIR/swatch statusline\",
        \"padding\": 0,
        \"refreshInterval\": 30
    }
}
"
	is "$(stat -c %a "$HOME/.claude/settings.json")" 640
	printf '%s' "$SETTINGS_TEXT" | cmp - "$HOME/.claude/settings.json.swatch-backup"
	run sh -c "$(line_of)" <<<'{"model":{"display_name":"Opus"}}'
	[[ "$output" == *Opus* ]]
	is "$(acts)" "--user daemon-reload
--user start swatchd.service
--user enable swatchd.service"
	# whoever runs setup wants it to start, whatever is there
	run ! grep -E '^(Condition|Also|PropagatesStopTo)|for everybody' "$HOME/.config/systemd/user/swatchd.service"
	grep -qx "ExecStart=\"$SWATCH_BUILD_DIR/swatchd\"" "$HOME/.config/systemd/user/swatchd.service"
	grep -qx 'ReadWritePaths=%h/.claude/session-health %h/.local/state/swatch' "$HOME/.config/systemd/user/swatchd.service"
	[ ! -e "$HOME/.config/systemd/user/swatchd.service.d" ]
	is "$(stat -c %a "$HOME/.local/state/swatch/setup.json")" 600
	is "$(swatch doctor --json | jq -r '.checks[] | select(.name == "statusline" or .name == "service") | .state')" $'good\ngood'

	tree >"$BATS_TEST_TMPDIR/once"
	run swatch setup
	[ "$status" -eq 0 ]
	says "already so in ~/.claude/settings.json" "already so: swatchd.service is enabled and runs"
	run swatch setup --yes
	[ "$status" -eq 0 ]
	tree | diff "$BATS_TEST_TMPDIR/once" -
	is "$(acts | wc -l)" 3

	run swatch setup --undo --dry-run
	[ "$status" -eq 0 ]
	tree | diff "$BATS_TEST_TMPDIR/once" -
	run swatch setup --undo
	[ "$status" -eq 2 ]
	tree | diff "$BATS_TEST_TMPDIR/once" -
	run swatch setup --undo --yes
	echo "$output"
	[ "$status" -eq 0 ]
	printf '%s' "$SETTINGS_TEXT" | cmp - "$HOME/.claude/settings.json"
	rm -r "$HOME/.local"
	names | diff "$BATS_TEST_TMPDIR/before" -
	is "$(acts | tail -2)" "--user disable --now swatchd.service
--user daemon-reload"
	run swatch status --verbose
	[ "$status" -eq 3 ]
}

@test "a unit that is installed is used, and a daemon that runs by itself makes room when that is sure to start" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	mkdir "$TEST_HOME/units"
	printf '[Service]\nExecStart=%s/swatchd\n' "$SWATCH_BUILD_DIR" >"$TEST_HOME/units/swatchd.service"
	fake_systemd "$TEST_HOME/units"
	start_daemon
	run swatch setup --yes
	echo "$output"
	[ "$status" -eq 0 ]
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
	run swatch setup --undo --yes
	[ "$status" -eq 0 ]
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
	run swatch setup --undo --yes
	[ "$status" -eq 0 ]
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
	run swatch setup --yes
	echo "$output"
	[ "$status" -eq 0 ]
	[ -d "$HOME/.claude" ]
	says "Claude Code has not run here" "statusline" "service" "does not run yet" "run Claude Code once (claude): swatchd starts then"
	[[ "$output" != *"starts with every login"* ]]
	run swatch doctor
	says "waits until Claude Code has run here" "run Claude Code once"
	# a daemon that works is not ended for it
	start_daemon
	run swatch setup --yes
	[ "$status" -eq 0 ]
	says "the swatchd that runs (pid $DAEMON) goes on"
	status_is .pid "$DAEMON"
}

@test "the service gets CLAUDE_CONFIG_DIR and the places where it may write" {
	export CLAUDE_CONFIG_DIR="$TEST_HOME/c 100% \"q\" \\b"
	mkdir -p "$CLAUDE_CONFIG_DIR/projects"
	fake_systemd
	run swatch setup --yes
	echo "$output"
	[ "$status" -eq 0 ]
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
	run swatch setup --yes
	[ "$status" -eq 0 ]
	says "swatch-setup.conf is yours: it stays as it is"
	run swatch setup --undo --yes
	[ "$status" -eq 0 ]
	says "swatch-setup.conf was changed since, and stays as it is"
	[ -e "$extra" ]
	[ ! -e "$HOME/.config/systemd/user/swatchd.service" ]
}

@test "ccusage of nvm goes into swatch.conf with its node, and comes out again" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	fake_systemd
	local conf=$'# mine \n[billing]\nsource = auto  ; as it comes\n\n[log]\nlevel = info'
	printf '%s' "$conf" >"$CONFIG"
	local version
	for version in v9.11.0 'v20 1;x'; do
		mkdir -p "$HOME/.nvm/versions/node/$version/bin"
		printf '#!/bin/sh\n[ "$2" = --version ] && exec echo "ccusage 20.0.24 by $0"\nexec /bin/sh "$@"\n' \
			>"$HOME/.nvm/versions/node/$version/bin/node-of-nvm"
		printf '#!/usr/bin/env node-of-nvm\nprintf %%s\\\\n "$@" >"$HOME/ran"; echo "{\\"blocks\\":[]}"\n' \
			>"$HOME/.nvm/versions/node/$version/bin/ccusage"
		chmod +x "$HOME/.nvm/versions/node/$version/bin/"*
	done
	# without any other ccusage
	PATH=$(tr : '\n' <<<"$PATH" | while read -r directory; do [ -e "$directory/ccusage" ] || echo "$directory"; done | paste -sd:)
	run swatch setup --yes
	echo "$output"
	[ "$status" -eq 0 ]
	says "tried with a service's PATH: it says ccusage 20.0.24 by "
	is "$(head -n 6 "$CONFIG")" "$conf"
	is "$(swatch config --json | jq -r '.settings[] | select(.section == "ccusage" and .key == "command") | .value')" \
		"\"$HOME/.nvm/versions/node/v20 1\\;x/bin/node-of-nvm\" \"$HOME/.nvm/versions/node/v20 1\\;x/bin/ccusage\" blocks --active --json --offline"
	swatch refresh --wait
	is "$(cat "$HOME/ran")" $'blocks\n--active\n--json\n--offline'
	run swatch setup --yes
	says "ccusage already so: "
	# a newer node
	mkdir -p "$HOME/.nvm/versions/node/v22.1.0"
	cp -r "$HOME/.nvm/versions/node/v9.11.0/bin" "$HOME/.nvm/versions/node/v22.1.0/bin"
	run swatch setup --yes
	[ "$status" -eq 0 ]
	grep -qF 'v22.1.0/bin/ccusage' "$CONFIG"
	run swatch setup --undo --yes
	[ "$status" -eq 0 ]
	printf '%s' "$conf" | cmp - "$CONFIG"
	# a line of one's own stays, and a missing one stays missing
	printf '[ccusage]\ncommand = mine\n' >"$CONFIG"
	run swatch setup --yes
	says "[ccusage] command is your own: mine"
	is "$(cat "$CONFIG")" $'[ccusage]\ncommand = mine'
}

@test "another program's statusline is shown, replaced, and put back byte for byte" {
	fake_systemd
	settings $'{ "statusLine" : {"command":"ccusage statusline  --x","type":"command"} ,"a":1}'
	cp "$HOME/.claude/settings.json" "$BATS_TEST_TMPDIR/before"
	run swatch setup --yes
	[ "$status" -eq 0 ]
	says "has another program's: ccusage statusline --x"
	is "$(line_of)" "$SWATCH_BUILD_DIR/swatch statusline"
	is "$(json-value .a "$HOME/.claude/settings.json")" 1
	# an older backup stays
	is "$(sha256sum <"$HOME/.claude/settings.json.swatch-backup")" "$(sha256sum <"$BATS_TEST_TMPDIR/before")"
	run swatch setup --undo --yes
	[ "$status" -eq 0 ]
	cmp "$BATS_TEST_TMPDIR/before" "$HOME/.claude/settings.json"
	[ ! -e "$HOME/.claude/settings.json.swatch-backup" ]
	echo older >"$HOME/.claude/settings.json.swatch-backup"
	swatch setup --yes
	is "$(cat "$HOME/.claude/settings.json.swatch-backup")" older
	cmp "$BATS_TEST_TMPDIR/before" "$HOME/.claude/settings.json.swatch-backup.2"
	# Claude Code writes the file anew, with another setting
	jq '.model = "opus"' "$HOME/.claude/settings.json" >"$HOME/new" && mv "$HOME/new" "$HOME/.claude/settings.json"
	run swatch setup --undo --yes
	[ "$status" -eq 0 ]
	says "the backup stays"
	is "$(jq -c . "$HOME/.claude/settings.json")" '{"statusLine":{"command":"ccusage statusline  --x","type":"command"},"a":1,"model":"opus"}'
	# and what was changed since is its owner's
	swatch setup --yes
	settings '{"statusLine":{"type":"command","command":"mine"}}'
	run swatch setup --undo --yes
	[ "$status" -eq 0 ]
	says "statusLine was changed since, and stays as it is: mine" "the one from before setup: ccusage statusline --x" \
		"the backup of the file from before setup stays: ~/.claude/settings.json.swatch-backup"
	is "$(line_of)" mine
}

@test "settings that cannot be read are refused and stay as they are" {
	fake_systemd
	local bad
	for bad in '{"a":1,}' $'// c\n{}' '{"a":1,"a":2}' '[]' '{"a":"' $'{"a":"\xff"}'; do
		settings "$bad"
		run swatch setup --yes
		[ "$status" -eq 1 ]
		says "settings.json cannot be read: it " "; it stays as it is"
		printf '%s' "$bad" | cmp - "$HOME/.claude/settings.json"
	done
	# the other steps are done
	[ -e "$TEST_HOME/systemd/enabled" ]
	{ printf '{"a":"'; head -c 4200000 /dev/zero | tr '\0' x; printf '"}'; } >"$HOME/.claude/settings.json"
	run swatch setup --yes
	says "larger than"
	rm "$HOME/.claude/settings.json"
	mkfifo "$HOME/.claude/settings.json"
	run timeout 60 swatch setup --yes
	[ "$status" -eq 1 ]
	says "not a regular file"
	rm "$HOME/.claude/settings.json"
	settings "$SETTINGS_TEXT"
	chmod 444 "$HOME/.claude/settings.json"
	run swatch setup --yes
	[ "$status" -eq 1 ]
	says "read-only"
	printf '%s' "$SETTINGS_TEXT" | cmp - "$HOME/.claude/settings.json"
	[ ! -e "$HOME/.claude/settings.json.swatch-backup" ]
}

@test "what Claude Code takes is taken: a blank file, a byte order mark; and all bytes come back" {
	no_systemd
	local good
	for good in '' $'\n' $'\xef\xbb\xbf{"a":1}' $'\xef\xbb\xbf'; do
		echo "with: $good"
		settings "$good"
		run swatch setup --yes
		echo "$output"
		[ "$status" -eq 0 ]
		grep -q "$SWATCH_BUILD_DIR/swatch statusline" "$HOME/.claude/settings.json"
		run swatch setup --undo --yes
		[ "$status" -eq 0 ]
		printf '%s' "$good" | cmp - "$HOME/.claude/settings.json"
	done
	settings '{"disableAllHooks":true}'
	ln "$HOME/.claude/settings.json" "$HOME/second"
	run swatch setup --yes
	[ "$status" -eq 0 ]
	says '"disableAllHooks" in ~/.claude/settings.json turns off statuslines, too' 'the file has 2 names (hard links)' 'done'
	[[ "$output" != *"with the next message"* ]]
	# what its owner adds to our line goes with it
	jq '.statusLine.refreshInterval = 7 | del(.disableAllHooks)' "$HOME/second" >"$HOME/.claude/settings.json"
	run swatch setup --undo --yes
	is "$(cat "$HOME/second")" '{"disableAllHooks":true}'
}

@test "a home that cannot be written: each message has the reason of the call that failed" {
	[ "$(id -u)" -eq 0 ] || skip "only root can act as another user"
	no_systemd
	chmod 711 "$TEST_HOME"
	mkdir -p "$TEST_HOME/other/.claude/projects"
	run setpriv --reuid=65533 --regid=65533 --clear-groups env HOME="$TEST_HOME/other" XDG_RUNTIME_DIR= \
		swatch setup --yes
	[ "$status" -eq 1 ]
	says "statusline" "no file can be made" "Permission denied" 'what belongs into it: "statusLine": {' \
		"not done, because it cannot be recorded" "Permission denied"
	[[ "$output" != *"No such file"* ]]
}

@test "root with somebody's environment: nothing is written, and nothing of the config is run" {
	[ "$(id -u)" -eq 0 ] || skip "only root can act as another user"
	local home=$TEST_HOME/somebody command
	mkdir -p "$home/.claude/projects/-p" "$home/run" "$home/.config/swatch"
	printf '[daemon]\nautostart = yes\n[ccusage]\ncommand = /bin/sh -c "touch %s/ran"\n' "$home" >"$home/.config/swatch/swatch.conf"
	ln -s /etc/never "$home/.claude/session-health"
	chown -hR 65533:65533 "$home"
	tree_of_home() { find "$home" -printf '%P %U %m %l\n' | sort; }
	tree_of_home >"$BATS_TEST_TMPDIR/before"
	for command in "swatchd --once" swatchd "swatch setup --yes" "swatch setup --undo --yes" "swatch refresh" "swatch expire" \
		"swatch doctor" "swatch verify"; do
		HOME=$home XDG_RUNTIME_DIR=$home/run run $command
		echo "$command: $output"
		[ "$status" -eq 2 ]
		says "this runs as root, but HOME is $home, which belongs to uid 65533; run it as that user"
	done
	HOME=$home XDG_RUNTIME_DIR=$home/run swatch statusline <<<'{}'
	tree_of_home | diff "$BATS_TEST_TMPDIR/before" -
	[ ! -e /etc/never ]
	# su without - keeps these
	XDG_RUNTIME_DIR=$home/run run swatch setup --yes
	[ "$status" -eq 1 ]
	says "XDG_RUNTIME_DIR is $home/run, which belongs to"
	CLAUDE_CONFIG_DIR="$HOME/.claude, $home/.claude/not/yet" run swatch setup --yes
	says "CLAUDE_CONFIG_DIR is $home/.claude/not/yet, which belongs to"
	# no word about it for whoever only asks for help
	HOME=$home run swatch setup --help
	[ "$status" -eq 0 ]
}

@test "a path with a version in it is not written where PATH leads to the same program" {
	no_systemd
	local cellar=$TEST_HOME/Cellar/swatch/0.1.0/bin
	mkdir -p "$cellar" "$TEST_HOME/linked"
	cp "$SWATCH_BUILD_DIR/swatch" "$SWATCH_BUILD_DIR/swatch-commands" "$SWATCH_BUILD_DIR/swatchd" "$cellar"
	ln -s "$cellar/swatch" "$cellar/swatchd" "$TEST_HOME/linked"
	PATH=$cellar:$TEST_HOME/linked:$PATH
	run "$cellar/swatch" setup --yes
	[ "$status" -eq 0 ]
	is "$(line_of)" "$TEST_HOME/linked/swatch statusline"
	# without such a link it is the only path that there is
	run "$cellar/swatch" setup --undo --yes
	rm -r "$TEST_HOME/linked"
	run "$cellar/swatch" setup --yes
	is "$(line_of)" "$cellar/swatch statusline"
}

@test "links are followed, also one that leads nowhere yet" {
	fake_systemd
	mkdir "$TEST_HOME/dotfiles"
	printf '%s' "$SETTINGS_TEXT" >"$TEST_HOME/dotfiles/claude.json"
	ln -s ../dotfiles/claude.json "$HOME/.claude/settings.json"
	run swatch setup --yes
	[ "$status" -eq 0 ]
	is "$(readlink "$HOME/.claude/settings.json")" ../dotfiles/claude.json
	is "$(line_of)" "$SWATCH_BUILD_DIR/swatch statusline"
	swatch setup --undo --yes
	printf '%s' "$SETTINGS_TEXT" | cmp - "$TEST_HOME/dotfiles/claude.json"
	is "$(ls "$TEST_HOME/dotfiles")" claude.json
	rm "$TEST_HOME/dotfiles/claude.json"
	run swatch setup --yes
	[ "$status" -eq 0 ]
	is "$(jq -c 'keys' "$TEST_HOME/dotfiles/claude.json")" '["statusLine"]'
	swatch setup --undo --yes
	is "$(readlink "$HOME/.claude/settings.json")" ../dotfiles/claude.json
	[ ! -e "$TEST_HOME/dotfiles/claude.json" ]
	ln -sf settings.json "$HOME/.claude/settings.json"
	run swatch setup --yes
	[ "$status" -eq 1 ]
}

@test "every directory of Claude Code gets its statusline, copies that are only watched get none" {
	no_systemd
	mkdir -p "$HOME/.config/claude/projects" "$HOME/office/projects" "$HOME/copy/projects"
	echo '{}' >"$HOME/office/settings.json"
	configure "[watch]
paths = $HOME/.claude, $HOME/office, $HOME/copy"
	run swatch setup --dry-run
	[ "$status" -eq 0 ]
	says "write ~/.config/claude/settings.json" "write ~/.claude/settings.json" "edit ~/office/settings.json"
	[[ "$output" != *copy* ]]
	# none has been used yet: the one that Claude Code would make
	configure ''
	rm -r "$HOME/.claude" "$HOME/.config/claude"
	run swatch setup --dry-run
	says "~/.claude has no projects yet" "write ~/.claude/settings.json"
	CLAUDE_CONFIG_DIR=$HOME/new run swatch setup --dry-run
	says "~/new has no projects yet" "write ~/new/settings.json"
}

@test "a disk that is full: the old file stays, and nothing is left behind" {
	fake_systemd
	swatch setup --yes
	swatch setup --undo --yes
	{ printf '{"a":"'; head -c 3000 /dev/zero | tr '\0' x; printf '"}'; } >"$HOME/.claude/settings.json"
	cp "$HOME/.claude/settings.json" "$BATS_TEST_TMPDIR/before"
	run bash -c 'trap "" XFSZ; ulimit -f 2; swatch setup --yes'
	[ "$status" -eq 1 ]
	says "File too large"
	cmp "$BATS_TEST_TMPDIR/before" "$HOME/.claude/settings.json"
	is "$(ls -A "$HOME/.claude")" $'projects\nsession-health\nsettings.json'
	# nor without a record of what is done
	settings '{}'
	run bash -c 'trap "" XFSZ; ulimit -f 0; swatch setup --yes'
	[ "$status" -eq 1 ]
	says "cannot"
	is "$(cat "$HOME/.claude/settings.json")" '{}'
}

@test "a record that cannot be read: nothing is done" {
	fake_systemd
	settings '{}'
	mkdir -p "$HOME/.local/state/swatch"
	local bad
	for bad in '{' '[]' '{"version":2,"changes":[]}' '{"version":1,"changes":[{"kind":"file","path":"%zz","value":"x"}]}' \
		'{"version":1,"changes":[{"kind":"new"}]}'; do
		echo "$bad" >"$HOME/.local/state/swatch/setup.json"
		run swatch setup --yes
		[ "$status" -eq 1 ]
		says "cannot read $HOME/.local/state/swatch/setup.json"
		run swatch setup --undo --yes
		[ "$status" -eq 1 ]
	done
	is "$(cat "$HOME/.claude/settings.json")" '{}'
	[ ! -e "$TEST_HOME/systemd/calls" ]
}

@test "without systemd the statusline starts swatchd, which is started now, once" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	no_systemd
	settings "$SETTINGS_TEXT"
	local conf=$'# mine\n[billing]\nsource = native\n'
	printf '%s' "$conf" >"$CONFIG"
	export NOTIFY_SOCKET=$TEST_HOME/nobody
	exec 7<"$CONFIG"
	run swatch setup --yes
	echo "$output"
	[ "$status" -eq 0 ]
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
	run swatch setup --yes
	[ "$status" -eq 0 ]
	says "[daemon] autostart is set already" "swatchd runs already (pid $pid)"
	is "$(status_of .pid)" "$pid"
	run swatch setup --undo --yes
	[ "$status" -eq 0 ]
	await is_gone "$pid"
	printf '%s' "$conf" | cmp - "$CONFIG"
	printf '%s' "$SETTINGS_TEXT" | cmp - "$HOME/.claude/settings.json"
}

# answers WORDS...: swatch setup on a terminal, with these lines typed
answers() { printf '%s\n' "$@" | script -qec "swatch setup $OPTIONS" /dev/null; }

@test "on a terminal each step is asked for, and a no goes on with the next" {
	fake_systemd
	settings '{"a":1}'
	run answers y n
	echo "$output"
	[ "$status" -eq 0 ]
	says "Do this? [Y/n]" "done: Claude Code shows it" "Do this? [Y/n]" "left as it is" "swatchd does not run"
	is "$(acts)" ""
	is "$(line_of)" "$SWATCH_BUILD_DIR/swatch statusline"
	OPTIONS=--undo run answers n
	is "$(line_of)" "$SWATCH_BUILD_DIR/swatch statusline"
	OPTIONS=--undo run answers ''
	[ "$status" -eq 0 ]
	is "$(cat "$HOME/.claude/settings.json")" '{"a":1}'
	# another program's is not given up by an empty answer
	settings '{"statusLine":{"type":"command","command":"other"}}'
	run answers n ''
	says "Do this? [y/N]" "left as it is"
	is "$(line_of)" other
}

@test "a home with blanks, quotes and a newline" {
	no_systemd
	# the programs stand there, too
	local odd=$TEST_HOME/$'a \'b\' "c"\n$(d)'
	mkdir -p "$odd/.claude/projects" "$odd/bin"
	cp "$SWATCH_BUILD_DIR/swatch" "$SWATCH_BUILD_DIR/swatch-commands" "$SWATCH_BUILD_DIR/swatchd" "$odd/bin"
	export HOME=$odd
	printf '{}' >"$HOME/.claude/settings.json"
	# what it may be asked of [daemon] is not the point here
	run "$odd/bin/swatch" setup --yes
	echo "$output"
	says "swatchd answers"
	run sh -c "$(line_of)" <<<'{"model":{"display_name":"Opus"}}'
	[[ "$output" == *Opus* ]]
	run "$odd/bin/swatch" setup --undo --yes
	[ "$status" -eq 0 ]
	is "$(cat "$HOME/.claude/settings.json")" '{}'
	run "$odd/bin/swatch" status
	[ "$status" -eq 3 ]
	fake_systemd
	run "$odd/bin/swatch" setup --yes
	[ "$status" -eq 1 ]
	says "a unit file cannot hold a newline in a path"
	run sh -c "$(line_of)" <<<'{"model":{"display_name":"Opus"}}'
	[[ "$output" == *Opus* ]]
}
