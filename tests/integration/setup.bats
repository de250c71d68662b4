# swatch setup: everything connected, everything back; or each step by itself, wherever the home and the programs are.
load helper
load setup

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
	sets_up
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
	sets_up
	tree | diff "$BATS_TEST_TMPDIR/once" -
	is "$(acts | wc -l)" 3

	run swatch setup --undo --dry-run
	[ "$status" -eq 0 ]
	tree | diff "$BATS_TEST_TMPDIR/once" -
	run swatch setup --undo
	[ "$status" -eq 2 ]
	tree | diff "$BATS_TEST_TMPDIR/once" -
	takes_back
	printf '%s' "$SETTINGS_TEXT" | cmp - "$HOME/.claude/settings.json"
	rm -r "$HOME/.local"
	names | diff "$BATS_TEST_TMPDIR/before" -
	is "$(acts | tail -2)" "--user disable --now swatchd.service
--user daemon-reload"
	run swatch status --verbose
	[ "$status" -eq 3 ]
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
	sets_up
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
	sets_up
	grep -qF 'v22.1.0/bin/ccusage' "$CONFIG"
	takes_back
	printf '%s' "$conf" | cmp - "$CONFIG"
	# a line of one's own stays, and a missing one stays missing
	printf '[ccusage]\ncommand = mine\n' >"$CONFIG"
	run swatch setup --yes
	says "[ccusage] command is your own: mine"
	is "$(cat "$CONFIG")" $'[ccusage]\ncommand = mine'
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
