# swatch doctor: a page of checks, each with what to do about it.
load helper

# check NAME: what the page's JSON says of it, a line a finding.
check() { swatch doctor --json | jq -r ".checks[] | select(.name == \"$1\") | .state + \": \" + .what"; }
remedy() { swatch doctor --json | jq -r ".checks[] | select(.name == \"$1\") | .remedy"; }
# check_is NAME PATTERN
check_is() {
	local said
	said=$(check "$1")
	# shellcheck disable=SC2053
	[[ "$said" == $2 ]] || { echo "$1: got '$said', not '$2'"; return 1; }
}

# systemctl as it answers: fake_systemctl LOAD FILE ACTIVE [EXIT-STATUS]
fake_systemctl() {
	mkdir -p "$TEST_HOME/bin"
	printf '#!/bin/sh\necho "$@" >"%s/systemctl-args"\nprintf "LoadState=%%s\\nUnitFileState=%%s\\nActiveState=%%s\\nExecMainStatus=%%s\\n" %s %s %s %s\n' \
		"$TEST_HOME" "$1" "$2" "$3" "${4:-0}" >"$TEST_HOME/bin/systemctl"
	chmod +x "$TEST_HOME/bin/systemctl"
	PATH=$TEST_HOME/bin:$PATH
}

settings() { printf '%s\n' "$1" >"$HOME/.claude/settings.json"; }

@test "where all is well it says so, and exits 0" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	settings '{"statusLine":{"type":"command","command":"swatch statusline"}}'
	fake_systemctl loaded enabled active
	start_daemon
	# how much of inotify this machine's other programs use is not the test's business
	# nor whether its kernel has Landlock
	is "$(swatch doctor --json | jq -c '[.checks[] | select(.name != "inotify" and .name != "sandbox" and .state != "good")]')" '[]'
	run swatch doctor
	if [ "$(check inotify | cut -d: -f1)" = bad ]; then
		[ "$status" -eq 1 ]
	else
		[ "$status" -eq 0 ]
		[[ "$output" == *'all is well, '* ]]
	fi
	is "$(swatch doctor --json | jq -r '[.checks[].name] | join(" ")')" \
		"config daemon sandbox service transcripts client inotify watching cache other files ccusage prices ledger statusline cleanup clock"
	check_is daemon "good: swatchd * runs (pid $DAEMON, since *)"
	check_is ccusage 'good: not in use: [[]billing] source = native'
}

@test "no daemon, and one that is not the service's" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	fake_systemctl loaded enabled inactive
	run swatch doctor
	[ "$status" -eq 1 ]
	check_is daemon 'bad: swatchd is not running: *'
	[[ "$(remedy daemon)" == 'start it with: systemctl --user start swatchd'* ]]
	check_is service 'bad: swatchd.service is enabled, but inactive'
	check_is cache 'note: *'
	start_daemon
	check_is service 'note: *the swatchd that runs is not the service*'
	is "$(remedy service)" 'swatch setup puts the service in its place'
	fake_systemctl loaded disabled inactive
	check_is service 'note: swatchd.service does not start at login (disabled)'
	fake_systemctl not-found '""' inactive
	check_is service 'note: the user service swatchd.service is missing*'
	is "$(remedy service)" 'swatch setup installs it'
	fake_systemctl loaded enabled failed 3
	check_is service 'note: swatchd.service did not start, because another swatchd ran'
	is "$(remedy service)" 'swatch setup puts the service in its place'
	fake_systemctl loaded enabled failed
	check_is service 'bad: swatchd.service has failed'
	grep -q -- '--user show' "$TEST_HOME/systemctl-args"
	fake_systemctl loaded enabled activating 1
	check_is service 'bad: swatchd.service has failed, and systemd tries again'
	[[ "$(remedy service)" == *'journalctl --user -u swatchd'* ]]
	# with another cache directory it is not the service's business
	is "$(swatch --cache "$CACHE" doctor --json | jq '[.checks[] | select(.name == "service")] | length')" 0
	printf '#!/bin/sh\necho "no bus \033]0;x\007" >&2; exit 1\n' >"$TEST_HOME/bin/systemctl"
	check_is service "note: the user's systemd does not answer (*no bus*"
	swatch doctor >"$TEST_HOME/page"
	not grep -q "$(printf '[\033\007]')" "$TEST_HOME/page"
}

@test "another cache directory in the config, which the service's swatchd has not read yet" {
	fake_systemctl loaded enabled active
	configure "[cache]
directory = $TEST_HOME/x/elsewhere"
	check_is service 'bad: swatchd.service is active, but its swatchd has another cache directory'
	[[ "$(remedy service)" == *'systemctl --user restart swatchd' ]]
	# Claude Code has run here, although the new directory's parent is missing
	[[ "$(remedy daemon)" == 'start it with: systemctl --user start swatchd'* ]]
	rm -r "$HOME/.claude"
	[[ "$(remedy daemon)" == 'start it with: run Claude Code once (claude), since it has not run here; then: '* ]]
}

@test "without its own sandbox, doctor credits the mounts of the unit that confine swatchd" {
	[ "$(id -u)" -eq 0 ] || skip "only root can mount"
	configure '[sandbox]
mode = off'
	start_daemon
	check_is sandbox 'note: swatchd has no sandbox*'
	stop_daemon
	# as ProtectSystem=strict and ReadWritePaths= do
	unshare -m sh -c 'for d in "$@"; do mount --bind "$d" "$d" || exit 1; done; mount -o remount,bind,ro "$1" && exec swatchd' \
		sh "$HOME" "$CACHE" "$XDG_RUNTIME_DIR" >>"$LOG" 2>&1 3>&- &
	DAEMON=$!
	await answers_or_ended
	check_is sandbox "note: swatchd has no sandbox*; but the service's unit keeps it from writing anywhere but where it has to"
}

@test "a faulty config is a finding, and the other checks go on" {
	configure 'nonsense'
	check_is config "bad: $CONFIG:3: *"
	is "$(remedy config)" "see all of it with: swatch config --check $CONFIG"
	check_is daemon 'bad: *'
	run swatch doctor
	[ "$status" -eq 1 ]
	rm "$CONFIG"
	check_is config "good: $CONFIG does not exist; all settings are defaults"
}

@test "ccusage: missing, failing, talking nonsense, old, and not on the daemon's PATH" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	use_ccusage "$TEST_HOME/none blocks --json"
	check_is ccusage "bad: $TEST_HOME/none is not found: *"
	printf '[billing]\nsource = auto\n[ccusage]\ncommand = %s\n' "$TEST_HOME/none" >"$CONFIG"
	check_is ccusage 'note: *nothing checks them'
	use_ccusage "$(fake_ccusage fails <<<$'#!/bin/sh\necho broken >&2; exit 7')"
	check_is ccusage 'bad: it fails: exit status 7: broken; it ran in *'
	use_ccusage "$(fake_ccusage talks <<<$'#!/bin/sh\necho hello {}')"
	check_is ccusage 'bad: its output is not a JSON object with*'
	use_ccusage "$(fake_ccusage hangs <<<$'#!/bin/sh\nexec sleep 1000')" 'timeout = 1s'
	check_is ccusage 'bad: it fails: *'
	use_ccusage "$(fake_ccusage old <<<$'#!/bin/sh\n[ "$1" != --version ] || { echo ccusage 18.0.11; exit; }\necho \'notice {"blocks":[]}\' | sed "s/notice //"') blocks --json"
	check_is ccusage "note: $TEST_HOME/old 18.0.11 answers in *its figures are too low"
	use_ccusage "$(fake_ccusage new <<<$'#!/bin/sh\n[ "$1" != --version ] || { echo ccusage 20.0.24; exit; }\necho \'{"blocks":[]}\'') blocks --json"
	check_is ccusage "good: $TEST_HOME/new 20.0.24 answers in *"
	# as setup writes it: the version is not node's
	use_ccusage "$(command -v sh) $TEST_HOME/new blocks --json"
	check_is ccusage "good: $TEST_HOME/new 20.0.24 answers in *"
	printf '[billing]\nsource = auto\n[ccusage]\ncommand = new blocks --json\n' >"$CONFIG"
	start_daemon
	PATH=$TEST_HOME:$PATH check_is ccusage "good: $TEST_HOME/new 20.0.24 answers in *
bad: it is here, but swatchd does not run it: *"
}

@test "the real ccusage" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	use_ccusage "$CCUSAGE20_NPM blocks --active --json --offline"
	check_is ccusage "good: $CCUSAGE20_NPM 20.0.* answers in *"
}

@test "a service that failed, a daemon that hangs, and figures that ccusage does not agree with" {
	local hour
	hour=$(date -u +%Y-%m-%dT%H:00:00.000Z)
	message 1 >"$PROJECTS/-p/s1.jsonl"
	printf '{"blocks":[{"id":"%s","startTime":"%s","endTime":"%s","actualEndTime":null,"isActive":true,"isGap":false,"entries":2,"tokenCounts":{"inputTokens":1,"outputTokens":2,"cacheCreationInputTokens":3,"cacheReadInputTokens":4},"totalTokens":10,"costUSD":9.5,"models":["claude-opus-4-6"],"burnRate":null,"projection":null}]}\n' \
		"$hour" "$hour" "$(date -u -d '5 hours' +%Y-%m-%dT%H:00:00.000Z)" >"$HOME/answer.json"
	printf '[billing]\nsource = auto\n[ccusage]\ncommand = cat %s\nsettle = 1m\nmax_delay = 10m\n' "$HOME/answer.json" >"$CONFIG"
	fake_systemctl loaded enabled failed
	start_daemon
	check_is service 'bad: swatchd.service has failed'
	swatch refresh --wait
	check_is drift "note: ccusage counts \$9.50 more; \$9.50 of it has no known reason"
	is "$(remedy drift)" 'swatch verify shows which messages make the difference'
	kill -STOP "$DAEMON"
	run check_is daemon 'bad: swatchd cannot be reached: swatchd listens but did not answer within *'
	kill -CONT "$DAEMON"
	[ "$status" -eq 0 ]
}

@test "the cache directory: permissions, other programs' files, rubbish" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	check_is cache "good: $CACHE is yours alone"
	check_is 'other files' 'good: *'
	touch "$CACHE/config.json" "$CACHE/daemon.log"
	mkdir "$CACHE/cooldowns"
	printf '{"writer":"else"}' >"$CACHE/mine.json"
	check_is 'other files' 'note: 4 files in the cache directory that swatchd did not write: *'
	chmod 644 "$CACHE/s1.json"
	check_is cache 'bad: others may read s1.json'
	chmod 600 "$CACHE/s1.json"
	chmod 755 "$CACHE"
	check_is cache "bad: others may look into $CACHE (mode 755)"
	chmod 700 "$CACHE"
	stop_daemon
	echo rubbish >"$CACHE/billing-shared.json"
	touch "$CACHE/.swatch.tmp.1"
	check_is cache 'bad: not a JSON object: billing-shared.json
note: left by a swatchd that crashed: .swatch.tmp.1'
	# nothing was changed
	[ -e "$CACHE/.swatch.tmp.1" ]
	[ -e "$CACHE/mine.json" ]
}

@test "Claude Code's settings: the statusline, and transcripts about to be deleted" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	check_is statusline "note: no statusLine is set in $HOME/.claude/settings.json"
	is "$(remedy statusline)" 'swatch setup puts it in, and keeps everything else in that file as it is'
	settings '{"statusLine":{"type":"command","command":"ccusage statusline"}}'
	check_is statusline 'bad: its program is not found: ccusage (*)'
	settings '{"statusLine":{"type":"command","command":"sh ~/x.sh | ccusage \u001b[2J"}}'
	check_is statusline 'note: it is another program*every refresh of every session reads all transcripts'
	settings '{"statusLine":{"command":"swatch statusline"},"disableAllHooks":true}'
	check_is statusline 'note: "disableAllHooks"*'
	settings '{"statusLine":'
	check_is statusline 'bad: *settings.json cannot be read: it ends in the middle'
	# a link, as dotfiles have it
	printf '{"statusLine":{"command":"swatch statusline"}}' >"$TEST_HOME/dotfile"
	ln -sf "$TEST_HOME/dotfile" "$HOME/.claude/settings.json"
	check_is statusline 'good: connected: swatch statusline'
	check_is cleanup 'good: Claude Code keeps transcripts for 30 days; it will not delete any soon'
	touch -d '28 days ago' "$PROJECTS/-p/old.jsonl"
	touch -d '26 days ago' "$PROJECTS/-p/younger.jsonl"
	check_is cleanup 'note: 1 transcript about to be deleted: Claude Code keeps them for 30 days;*'
	settings '{"cleanupPeriodDays":365}'
	check_is cleanup 'good: Claude Code keeps transcripts for 365 days; it will not delete any soon'
	settings '{"cleanupPeriodDays":10}'
	check_is cleanup 'note: 2 transcripts about to be deleted*'
}

@test "which Claude Code wrote the newest transcript" {
	local file=$PROJECTS/-p/s1.jsonl unknown='good: swatch was tried with Claude Code up to *'
	check_is client "$unknown"
	message 1 >"$file"
	check_is client 'good: Claude Code 2.1.39; swatch was tried with it up to *'
	message 2 | sed 's/2\.1\.39/99.0.1/' >>"$file"
	check_is client 'note: Claude Code 99.0.1 is newer than *'
	# half a line and a version that is not one do not count
	message 3 | sed 's/2\.1\.39/99.x/' >>"$file"
	message 4 | head -c 150 >>"$file"
	check_is client 'note: Claude Code 99.0.1 is newer than *'
	# only the end of a large file is read
	head -c 300000 /dev/zero | tr '\0' x >>"$file"
	check_is client "$unknown"
}

@test "a clock that is wrong, and models without a price" {
	MODEL=claude-next-9 message 1 >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	check_is clock 'good: *'
	check_is prices 'bad: no price is known, so $0.00 is counted, for claude-next-9'
	touch -d '3 hours' "$PROJECTS/-p/s2.jsonl"
	check_is clock "bad: 1 transcript written in the future, such as $PROJECTS/-p/s2.jsonl (in *)"
	rm "$PROJECTS/-p/s2.jsonl"
	swatch sync
	AT=$(date -u -d '2 hours' +%Y-%m-%dT%H:%M:%S.000Z) message 2 >>"$PROJECTS/-p/s1.jsonl"
	# what a message says about times is not its time
	AT=$(date -u +%Y-%m-%dT%H:%M:%S.000Z) message 3 | sed 's/"content":\[/&{"type":"tool_use","input":{"timestamp":"2099-01-01T00:00:00Z"}},/' \
		>>"$PROJECTS/-p/s1.jsonl"
	swatch sync
	check_is clock "bad: 1 line dated in the future, the latest in $PROJECTS/-p/s1.jsonl (in *)"
}

@test "polled directories, as configured" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	configure '[watch]
method = poll'
	start_daemon
	check_is watching 'note: * polled, not watched, so changes show up a few seconds late: *'
}

@test "no transcripts anywhere" {
	rm -r "$PROJECTS"
	check_is transcripts 'bad: no transcripts: * does not exist'
	run swatch doctor --nonsense
	[ "$status" -eq 2 ]
}

@test "counts that cannot be are named: which kind, in which file, how many" {
	local bad=$PROJECTS/-p/s2.jsonl
	message 1 >"$PROJECTS/-p/s1.jsonl"
	{ message 2; message 3 -4; } >"$bad"
	# too old for a session file: a thread reads it
	AT=2026-01-01T00:00:00.000Z message 4 99999999999999999 >"$PROJECTS/-p/old.jsonl"
	touch -d 2026-01-01T01:00:00Z "$PROJECTS/-p/old.jsonl"
	start_daemon
	swatch sync
	message 5 | sed 's/"output_tokens":10/"output_tokens":"10"/' >>"$bad"
	echo 'no JSON' >>"$bad"
	swatch sync
	status_is '.tail | [.malformedLines, .malformedFilesTotal] | tostring' '[4,2]'
	status_is '.tail.malformed | tostring' '{"damaged":1,"negative":1,"noNumber":1,"tooLarge":1}'
	status_is '.tail.malformedFiles[0] | tostring' "{\"path\":\"$bad\",\"damaged\":1,\"negative\":1,\"noNumber\":1,\"tooLarge\":0}"
	check_is transcripts "*
note: 3 lines with a count that cannot be (1 below 0, 1 no whole number, 1 too large), so their tokens are not counted: most in $bad"
	[[ $(swatch status --verbose) == *'3 lines with a count that cannot be'* ]]
	status_is '.problems[0].reason' malformed-counts
	# the file is written again without them
	message 2 >"$bad"
	swatch sync
	status_is .tail.malformedLines 1
}
