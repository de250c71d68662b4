# swatch setup and Claude Code's settings: a statusline in them, and all their bytes back.
load helper
load setup

@test "another program's statusline is shown, replaced, and put back byte for byte" {
	fake_systemd
	settings $'{ "statusLine" : {"command":"ccusage statusline  --x","type":"command"} ,"a":1}'
	cp "$HOME/.claude/settings.json" "$BATS_TEST_TMPDIR/before"
	sets_up
	says "has another program's: ccusage statusline --x"
	is "$(line_of)" "$SWATCH_BUILD_DIR/swatch statusline"
	is "$(json-value .a "$HOME/.claude/settings.json")" 1
	# an older backup stays
	is "$(sha256sum <"$HOME/.claude/settings.json.swatch-backup")" "$(sha256sum <"$BATS_TEST_TMPDIR/before")"
	takes_back
	cmp "$BATS_TEST_TMPDIR/before" "$HOME/.claude/settings.json"
	[ ! -e "$HOME/.claude/settings.json.swatch-backup" ]
	echo older >"$HOME/.claude/settings.json.swatch-backup"
	swatch setup --yes
	is "$(cat "$HOME/.claude/settings.json.swatch-backup")" older
	cmp "$BATS_TEST_TMPDIR/before" "$HOME/.claude/settings.json.swatch-backup.2"
	# Claude Code writes the file anew, with another setting
	jq '.model = "opus"' "$HOME/.claude/settings.json" >"$HOME/new" && mv "$HOME/new" "$HOME/.claude/settings.json"
	takes_back
	says "the backup stays"
	is "$(jq -c . "$HOME/.claude/settings.json")" '{"statusLine":{"command":"ccusage statusline  --x","type":"command"},"a":1,"model":"opus"}'
	# and what was changed since is its owner's
	swatch setup --yes
	settings '{"statusLine":{"type":"command","command":"mine"}}'
	takes_back
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
		sets_up
		grep -q "$SWATCH_BUILD_DIR/swatch statusline" "$HOME/.claude/settings.json"
		takes_back
		printf '%s' "$good" | cmp - "$HOME/.claude/settings.json"
	done
	settings '{"disableAllHooks":true}'
	ln "$HOME/.claude/settings.json" "$HOME/second"
	sets_up
	says '"disableAllHooks" in ~/.claude/settings.json turns off statuslines, too' 'the file has 2 names (hard links)' 'done'
	[[ "$output" != *"with the next message"* ]]
	# what its owner adds to our line goes with it
	jq '.statusLine.refreshInterval = 7 | del(.disableAllHooks)' "$HOME/second" >"$HOME/.claude/settings.json"
	run swatch setup --undo --yes
	is "$(cat "$HOME/second")" '{"disableAllHooks":true}'
}

@test "links are followed, also one that leads nowhere yet" {
	fake_systemd
	mkdir "$TEST_HOME/dotfiles"
	printf '%s' "$SETTINGS_TEXT" >"$TEST_HOME/dotfiles/claude.json"
	ln -s ../dotfiles/claude.json "$HOME/.claude/settings.json"
	sets_up
	is "$(readlink "$HOME/.claude/settings.json")" ../dotfiles/claude.json
	is "$(line_of)" "$SWATCH_BUILD_DIR/swatch statusline"
	swatch setup --undo --yes
	printf '%s' "$SETTINGS_TEXT" | cmp - "$TEST_HOME/dotfiles/claude.json"
	is "$(ls "$TEST_HOME/dotfiles")" claude.json
	rm "$TEST_HOME/dotfiles/claude.json"
	sets_up
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
