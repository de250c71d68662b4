# swatch config: what is in force and where from; every fault of a file; the defaults as a file.
load helper

setting() { swatch config --json | jq -r ".settings[] | select(.section == \"$1\" and .key == \"$2\") | .$3"; }

@test "each setting says where it came from: the file and its line, or the default" {
	printf '# mine\n[billing]\nsource = native\n\n[ccusage]\nsettle = 1500ms\nsettle = 3000ms\n' >"$CONFIG"
	run swatch config
	[ "$status" -eq 0 ]
	[[ "$output" == *$'\n'"source = native "*"; ~/.config/swatch/swatch.conf:3"$'\n'* ]]
	[[ "$output" == *$'\n'"settle = 3s "*"; ~/.config/swatch/swatch.conf:7"$'\n'* ]]
	[[ "$output" == *$'\n'"timeout = 1m "*"; default"$'\n'* ]]
	is "$(setting billing source line)" 3
	is "$(setting billing source file)" "$CONFIG"
	is "$(setting ccusage settle value)" 3s
	is "$(setting ccusage settle line)" 7
	is "$(setting ccusage timeout line)" null
	is "$(setting ccusage timeout file)" null
	# every setting of the manual is there
	is "$(swatch config --json | jq '.settings | length')" "$(swatch config --defaults | grep -c '^[a-z]')"
}

@test "the directories that follow from the settings say why they are these" {
	is "$(swatch config --json | jq -r '.cacheDirectory + " " + .cacheDirectoryFrom')" "$CACHE default"
	is "$(CLAUDE_CONFIG_DIR=$HOME/c swatch config --json | jq -r '.cacheDirectory + " " + .cacheDirectoryFrom')" \
		"$HOME/c/session-health CLAUDE_CONFIG_DIR"
	is "$(swatch --cache "$HOME/x" config --json | jq -r '.cacheDirectory + " " + .cacheDirectoryFrom')" "$HOME/x --cache"
	configure "[cache]
directory = $HOME/y"
	is "$(swatch config --json | jq -r '.cacheDirectory + " " + .cacheDirectoryFrom')" "$HOME/y [cache] directory"
	rm "$CONFIG"
	swatch config | grep -q '; does not exist; all settings are defaults'
	is "$(swatch config --json | json-value .configFileExists)" false
}

@test "--check says every fault of a file, with its line, and the exit status" {
	cat >"$TEST_HOME/bad" <<-EOF
		[ccusage]
		timeout = soon
		what is this
		timeot = 5s
		$(printf 'command = %0300d' 0)
		[nothing]
		key = 1
		[log]
		neither is this
		level = loud
	EOF
	run swatch config --check "$TEST_HOME/bad"
	[ "$status" -eq 1 ]
	is "$(printf '%s\n' "$output" | cut -d: -f2 | sort -n | tr '\n' ' ')" "2 3 4 5 7 9 10 "
	[[ "$output" == *"$TEST_HOME/bad:2: [ccusage] timeout = soon: not a duration; allowed: 1s to 10m"* ]]
	[[ "$output" == *"$TEST_HOME/bad:10: [log] level = loud: not one of the choices; allowed: error, warning, info, debug"* ]]
	is "$(swatch config --check "$TEST_HOME/bad" --json | jq -r '[.ok, (.errors | length), .errors[-1].line, (.errors[-1].error | startswith("[log] level"))] | join(" ")')" \
		"false 7 10 true"
	# what goes wrong in a file says so before anything runs
	run swatch --config "$TEST_HOME/bad" config
	[ "$status" -eq 2 ]
	run swatch config --check "$TEST_HOME/none"
	[ "$status" -eq 1 ]
	[[ "$output" == *"does not exist"* ]]
	run swatch config --check "$CONFIG"
	[ "$status" -eq 0 ]
	is "$(swatch config --check "$CONFIG" --json | jq -c '[.ok, .errors]')" '[true,[]]'
	run swatch config --check
	[ "$status" -eq 2 ]
}

@test "--defaults writes a config file that has no faults and changes nothing" {
	swatch config --defaults >"$CONFIG"
	swatch config --check "$CONFIG"
	is "$(swatch config --json | jq '[.settings[] | select(.line == null)] | length')" 0
	swatch config --json | jq -r '.settings[] | [.section, .key, .value] | join(" ")' >"$TEST_HOME/with"
	rm "$CONFIG"
	swatch config --json | jq -r '.settings[] | [.section, .key, .value] | join(" ")' >"$TEST_HOME/without"
	diff "$TEST_HOME/with" "$TEST_HOME/without"
	# every setting is commented, and swatchd takes it
	is "$(swatch config --defaults | grep -c '^# allowed: ')" "$(swatch config --defaults | grep -c '^[a-z]')"
}

@test "what stands in a file does not control the terminal" {
	printf '[nothing]\nk = \033]0;title\007 \302\233 x\n' >"$TEST_HOME/bad"
	swatch config --check "$TEST_HOME/bad" 2>"$TEST_HOME/said" && return 1
	LC_ALL=C not grep -q "$(printf '[\033\007]')" "$TEST_HOME/said"
	printf '[watch]\npaths = /a\033]0;title\007b\n' >"$CONFIG"
	swatch config >"$TEST_HOME/said"
	swatch config --json >>"$TEST_HOME/said"
	LC_ALL=C not grep -q "$(printf '[\033\007]')" "$TEST_HOME/said"
	grep -q 'paths = /a?\]0;title?b' "$TEST_HOME/said"
}

@test "a faulty statusline format is a fault of the file, for --check and for doctor, and stops nothing else" {
	printf '[sessions]\npreview = 10\n[statusline]\nformat = {model} {?x\n' >"$CONFIG"
	run swatch config --check "$CONFIG"
	is "$status" 1
	[[ $output == *"swatch.conf:4: [statusline] format: at byte "* ]]
	is "$(swatch config --check "$CONFIG" --json | jq -r '"\(.ok) \(.errors[0].line)"')" 'false 4'
	swatch doctor --json | jq -e '.checks[] | select(.name == "config") | .state == "bad" and (.what | contains("format"))'
	swatch config | grep -q '^preview = 10 '
}
