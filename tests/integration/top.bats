# swatch top on a real terminal: tmux with a server of its own, looked at with capture-pane.
load helper

TOP_TERM=screen

# tmux's socket is in the test's home: the machine's own sessions are not seen, and not touched.
# SCREEN: another server, because one that is ending cannot be told from one that runs.
SCREEN=
on_screen() { command tmux -f /dev/null -S "$TEST_HOME/tmux$SCREEN" "$@"; }

# top SIZE ENVIRONMENT ARGUMENTS: starts it in a shell that says afterwards how it ended, and what the terminal is like.
top() {
	local size=$1 environment=$2
	shift 2
	cat >"$TEST_HOME/run.sh" <<-END
		trap : INT
		stty -g >"$TEST_HOME/stty.before"
		env -u TMUX -u COLUMNS -u LINES TERM=$TOP_TERM $environment swatch top $* 2>"$TEST_HOME/stderr"
		echo "ended with \$?"
		stty -g >"$TEST_HOME/stty.after"
		cat
	END
	on_screen new-session -d -x "${size%x*}" -y "${size#*x}" sh "$TEST_HOME/run.sh" 3>&-
}

screen() { on_screen capture-pane -p; }
shows() { screen | grep -qF -- "$1"; }
hides() { ! screen | grep -qF -- "$1"; }
sees() { await shows "$1" || { screen; cat "$TEST_HOME/stderr"; return 1; }; }
press() { on_screen send-keys "$@"; }
pid_of_top() { pgrep -P "$(on_screen display-message -p '#{pane_pid}')" -f 'top' | head -n 1; }
# the first session that is listed
first_is() { screen | grep -A 1 '^   SESSION' | tail -n 1 | grep -q "^ [^ ] $1 "; }
# the sparkline has a highest place
burn_is_drawn() { screen | grep -qE '^ burn rate  [^ $]*█'; }
fits() { [ "$(screen | wc -L)" -le "$1" ]; }

teardown() {
	on_screen kill-server 2>/dev/null || true
	stop_daemon
	if [ -z "$BATS_TEST_COMPLETED" ] && [ -f "$LOG" ]; then
		echo "--- log of swatchd"
		tail -n 40 "$LOG"
		cat "$TEST_HOME/stderr" 2>/dev/null
	fi
	rm -rf "$TEST_HOME"
}

# project NAME ID COST-TOKENS: a session of its own project
project() {
	mkdir -p "$PROJECTS/-$1"
	message "$2" "$3" "\"note\":\"\"," | sed "s|/home/u/p|/home/u/$1|" >>"$PROJECTS/-$1/$2.jsonl"
}

@test "block, burn rate, limits, sessions and events in 80x24, and what happens shows without a key" {
	AT=$(date -u -d '-2 sec' +%Y-%m-%dT%H:%M:%S.000Z) project shop s1 100000
	project shop s1b 100000
	start_daemon
	tell_statusline "$(printf '{"session_id":"s1","rate_limits":{"five_hour":{"used_percentage":42,"resets_at":%d},"seven_day":{"used_percentage":91,"resets_at":%d}}}' \
		"$(date -d '2 hours' +%s)" "$(date -d '3 days' +%s)")"
	await swatch check --five-hour 85
	top 80x24 LANG=C.UTF-8
	sees 'swatch top  today $5.0'
	sees ' 5-hour     ████████████░░░░░░░░░░░░░░░░   42% · resets '
	sees ' 7-day      █████████████████████████░░░   91% · resets '
	sees 'connected to swatchd, pid '"$DAEMON"
	# the burn rate over time is the daemon's
	await burn_is_drawn
	sees '/h · $'
	sees 'left · to '
	sees '2 of 2 sessions active'
	# another session, and more of the first: nobody presses a key
	project api s2 1000000
	sees ' ● api '
	await shows 'today $30.0'
	screen | grep -qE 'session-(started|active) +(api )?s2'
	project shop s1 1000000
	await shows 'today $52.5'
	is "$(screen | wc -l)" 24
	fits 80
	press q
	sees 'ended with 0'
	cmp "$TEST_HOME/stty.before" "$TEST_HOME/stty.after"
	hides 'swatch top'
	is "$(cat "$TEST_HOME/stderr")" ""
}

@test "sorting, selecting, one session's page, help" {
	AT=$(date -u -d '-30 min' +%Y-%m-%dT%H:%M:%S.000Z) project dear s1 3000000
	AT=$(date -u -d '-20 min' +%Y-%m-%dT%H:%M:%S.000Z) project middle s2 200000
	AT=$(date -u -d '-10 min' +%Y-%m-%dT%H:%M:%S.000Z) TEXT='what was said last' project cheap s3 10
	start_daemon
	top 80x24 LANG=C.UTF-8 --sort cost
	sees '▼COST'
	await first_is dear
	press r
	await first_is cheap
	press s
	sees 'sort: rate'
	press '<'
	press '<'
	sees '▼LAST'
	press r
	sees '▲LAST'
	press r
	# by what is active only
	press a
	sees 'a all'
	press a
	sees 'a active only'
	# s3 is under the others by name, whatever the screen scrolled to
	press '<'
	sees 'SESSION▲'
	await first_is cheap
	press j
	press Enter
	sees ' session    s3'
	shows ' project    /home/u/cheap'
	shows 'what was said last'
	shows 'claude-opus-4-6'
	# 1,103 tokens, five minutes from the message on
	screen | grep -qE '^ cache +(warm for [0-9]+ [sm]|cold: the next).*again for \$0\.0'
	press n
	sees ' session    s1'
	press p
	sees ' session    s3'
	press Escape
	sees 'SESSION▲'
	press '?'
	sees 'keys and words'
	press Escape
	sees 'SESSION▲'
	press C-c
	sees 'ended with 0'
}

@test "any size: the screen follows, and nothing is drawn beside it" {
	local size
	project shop s1 100000
	start_daemon
	top 80x24 LANG=C.UTF-8
	sees ' ● shop '
	for size in 132x43 60x20 40x12 20x5 8x3 2x1 100x30; do
		on_screen resize-window -x "${size%x*}" -y "${size#*x}"
		await fits "${size%x*}"
	done
	sees ' limits     unknown'
	sees '$/H'
	on_screen resize-window -x 20 -y 5
	sees 'shop'
	press j
	press Enter
	sees '/shop'
	press q
	sees 'ended with 0'
}

@test "without UTF-8 it is ASCII, and without colours there are none" {
	project shop s1 100000
	project 'größe' s2 1000
	start_daemon
	top 80x24 'LANG=C LC_ALL= NO_COLOR=1'
	sees ' block      #'
	sees ' * shop '
	sees ' * gr??e '
	screen | LC_ALL=C grep -q '[^ -~]' && { screen; return 1; }
	# attributes, and not one colour
	on_screen capture-pane -p -e >"$TEST_HOME/escapes"
	grep -q $'\033\[[0-9;]*1m' "$TEST_HOME/escapes"
	not grep -qE $'\033\[([0-9;]*;)?(3[0-7]|9[0-7]|4[0-7])m' "$TEST_HOME/escapes"
	press q
	sees 'ended with 0'
	# with them, in sixteen
	on_screen kill-server
	SCREEN=.sixteen
	top 80x24 'LANG=C LC_ALL='
	sees ' * shop '
	on_screen capture-pane -p -e | grep -qE $'\033\[([0-9;]*;)?3[1-6]m'
}

@test "hostile text in transcripts and files does not reach the terminal" {
	local evil='\u001b]0;OWNED\u0007\u001b[2J\u001b[31mred\u009b5m\u202e\r\n'
	message 1 1000 | jq -c --argjson evil "\"$evil\"" '.cwd = "/home/" + $evil | .gitBranch = $evil
		| .message.model = "claude-" + $evil | .message.content[0].text = $evil + "said"' >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	stop_daemon
	# what a transcript is cleaned of on its way, a file of somebody else may hold
	jq --argjson evil "\"$evil\"" '.projectPath = "/home/" + $evil | .model.value = $evil | .git.branch = $evil
		| .transcript.lastMessagePreview = $evil | .health.issues = [$evil]' "$CACHE/s1.json" >"$TEST_HOME/new"
	mv "$TEST_HOME/new" "$CACHE/s1.json"
	jq --argjson evil "\"$evil\"" '.unpricedModels = [$evil] | .source = $evil' "$CACHE/billing-shared.json" >"$TEST_HOME/new"
	mv "$TEST_HOME/new" "$CACHE/billing-shared.json"
	top 130x30 LANG=C.UTF-8
	sees 'no price for ?]0;OWNED??[2J?[31mred?5m???'
	press j
	press Enter
	sees ' session    s1'
	sees ' project    /home/?]0;OWNED??[2J?[31mred?5m???'
	on_screen capture-pane -p -e >"$TEST_HOME/escapes"
	not grep -qE $'\033\\[[0-9;]*31m(red|\033)' "$TEST_HOME/escapes"
	LC_ALL=C not grep -q $'\xC2\x9B\|\xE2\x80\xAE' "$TEST_HOME/escapes"
	[[ "$(on_screen display-message -p '#{pane_title}')" != *OWNED* ]]
	press Escape
	press q
	sees 'ended with 0'
}

@test "no daemon: it says so, shows the files as they are, and connects when one starts" {
	project shop s1 1000000
	start_daemon
	stop_daemon
	top 80x24 LANG=C.UTF-8
	sees 'swatchd is not running; the figures are from '
	sees 'start it with: '
	sees 'stale'
	sees ' shop '
	# one run of swatchd --once: the files are new, and nobody is there
	project api s2 1000000
	swatchd --once --no-refresh >>"$LOG" 2>&1
	sees ' api '
	shows 'swatchd is not running'
	start_daemon
	sees 'fresh'
	hides 'swatchd is not running'
	kill_daemon
	sees 'swatchd is gone'
	sees 'swatchd is not running'
	start_daemon
	project web s3 1000000
	sees ' web '
	sees 'fresh'
	press q
	sees 'ended with 0'
}

@test "no cache directory at all, and then there is one" {
	rm -rf "$PROJECTS"
	top 80x24 LANG=C.UTF-8
	sees 'swatchd is not running'
	sees 'no session is known yet'
	mkdir -p "$PROJECTS/-p"
	project shop s1 1000
	start_daemon
	sees ' ● shop '
	hides 'swatchd is not running'
}

@test "signals: it can be stopped and continued, and its end restores the terminal" {
	local pid
	# a shell with jobs: Ctrl-Z gives the terminal back
	message 1 >"$PROJECTS/-p/s9.jsonl"
	start_daemon
	on_screen new-session -d -x 80 -y 24 "env PS1='prompt> ' TERM=screen LANG=C.UTF-8 bash --norc --noprofile -i" 3>&-
	sees 'prompt>'
	press 'swatch top' Enter
	sees 'connected to swatchd'
	press C-z
	sees 'Stopped'
	is "$(on_screen display-message -p '#{cursor_flag} #{alternate_on}')" '1 0'
	press fg Enter
	sees 'connected to swatchd'
	press q
	await hides 'connected to swatchd'
	press 'echo "it gave $?"' Enter
	sees 'it gave 0'
	on_screen kill-server
	SCREEN=.again
	stop_daemon
	project shop s1 1000
	start_daemon
	top 80x24 LANG=C.UTF-8
	sees ' ● shop '
	pid=$(pid_of_top)
	[ -n "$pid" ]
	kill -STOP "$pid"
	on_screen resize-window -x 100 -y 30
	kill -CONT "$pid"
	sees '$/H'
	kill -TERM "$pid"
	sees 'ended with 143'
	cmp "$TEST_HOME/stty.before" "$TEST_HOME/stty.after"
	# the cursor is there again, and what was on the screen before
	is "$(on_screen display-message -p '#{cursor_flag} #{alternate_on}')" '1 0'
}

@test "top says in a line that it has no terminal, or an unknown one" {
	run swatch top </dev/null
	[ "$status" -eq 1 ]
	[[ "$output" == 'swatch: top: it needs a terminal to draw on; '* ]]
	run swatch top --sort size
	[ "$status" -eq 2 ]
	[[ "${lines[0]}" == "swatch: top: --sort 'size' is not one of: activity, "* ]]
	run swatch top --nonsense
	[ "$status" -eq 2 ]
	for TOP_TERM in dumb no-such-terminal; do
		SCREEN=.$TOP_TERM
		top 80x24 LANG=C.UTF-8
		sees 'ended with 1'
		grep -q "the terminal type '$TOP_TERM'" "$TEST_HOME/stderr"
		on_screen kill-server
	done
	run swatch help top
	[ "$status" -eq 0 ]
	[[ "${lines[0]}" == 'usage: swatch top [--sort KEY] [--reverse] [--active]' ]]
	swatch top --help | grep -q 'man swatch-top'
	swatch help | grep -q '^  top '
	run swatch tpo
	[[ "$output" == *"did you mean 'top'?" ]]
}

@test "the daemon says what each minute cost" {
	local since answer
	since=$((EPOCHSECONDS / 3600 * 3600 - 3600))
	AT=$(date -u -d "@$((since + 65))" +%Y-%m-%dT%H:%M:%S.000Z) project shop s1 1000000
	AT=$(date -u -d "@$((since + 185))" +%Y-%m-%dT%H:%M:%S.000Z) project shop s1b 2000000
	start_daemon
	ask() { printf '%s\n' "$1" | socat -t 5 - "UNIX-CONNECT:$(swatch status --json | json-value .socket)"; }
	answer=$(ask "{\"op\":\"spend\",\"since\":${since}000,\"step\":60000,\"count\":4}")
	is "$(jq -c '[.ok, .since, .step, (.usd | map(floor))]' <<<"$answer")" "[true,${since}000,60000,[0,25,0,50]]"
	for bad in '"since":-1,"step":60000,"count":4' '"since":5,"step":1,"count":4' '"since":5,"step":60000,"count":0' \
		'"since":5,"step":60000,"count":1441' '"since":9e18,"step":60000,"count":4' '"since":"x"'; do
		is "$(ask "{\"op\":\"spend\",$bad}" | json-value .ok)" false
	done
}
