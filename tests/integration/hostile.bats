# Who is not to be trusted: other users of the machine, programs that talk to the socket, and what they plant.
# SECURITY.md names these tests. Those with a second user need root, who becomes nobody for them.
load helper

# In the home of the test, which nobody must get through.
second_user() {
	if [ "$(id -u)" != 0 ] || ! setpriv --reuid=65534 --regid=65534 --clear-groups true 2>/dev/null; then
		echo "# NOT TESTED, it needs root: $BATS_TEST_DESCRIPTION" >&3
		skip "NOT TESTED: a second user is needed, and only root can become one"
	fi
	chmod 711 "$TEST_HOME"
}
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"; }
theirs() { chown -h nobody "$@"; }

# However the page is wrapped.
says() { [[ $(tr -s '[:space:]' ' ' <<<"$output") == *"$1"* ]] || { echo "not said: $1"; echo "$output"; return 1; }; }
line() { swatch statusline --preset plain "$@"; }
socket() { status_of .socket; }
ask() { socat -t 5 - "UNIX-CONNECT:$1"; }
# every file under the home, but for those that come and go, and the ledger's, which come a second later
files() { (cd "$TEST_HOME" && find . -not -name 'log*' -not -path './.local*' -printf '%p %y %l\n' | sort); }

# ---- the cache directory ----

@test "another user's cache directory is refused, with why, by the daemon and by every reader" {
	second_user
	mkdir -p "$TEST_HOME/theirs"
	printf '{"schema":1,"writer":"swatchd 9","costToday":777,"isFresh":true,"lastFetched":1}' >"$TEST_HOME/theirs/billing-shared.json"
	theirs "$TEST_HOME/theirs" "$TEST_HOME/theirs/billing-shared.json"
	chmod 700 "$TEST_HOME/theirs"
	configure $'[daemon]\nautostart = yes'
	run swatchd --once --no-refresh --cache "$TEST_HOME/theirs"
	is "$status" 1
	says "$TEST_HOME/theirs belongs to another user (uid 65534): not used"
	run swatch --cache "$TEST_HOME/theirs" check --today 1000
	[ "$status" -ne 0 ]
	says 'belongs to another user'
	run swatch --cache "$TEST_HOME/theirs" status
	[[ $output != *'$777'* ]]
	run swatch --cache "$TEST_HOME/theirs" doctor
	says 'belongs to another user'
	run swatch --cache "$TEST_HOME/theirs" statusline <<<'{"session_id":"s1","model":"m"}'
	is "$status" 0
	[[ $output != *'$777'* ]]
	is "$(ls -A "$TEST_HOME/theirs")" billing-shared.json
}

@test "another user's link to a directory of one's own is not followed" {
	second_user
	mkdir -m 1777 "$TEST_HOME/tmp"
	mkdir -m 700 "$HOME/private"
	ln -s "$HOME/private" "$TEST_HOME/tmp/cache"
	theirs "$TEST_HOME/tmp/cache"
	run swatchd --once --no-refresh --cache "$TEST_HOME/tmp/cache"
	is "$status" 1
	# a kernel with protected_symlinks says it before we can
	[[ $output == *"is a link that another user made"* || $output == *"Permission denied"* ]]
	run swatch --cache "$TEST_HOME/tmp/cache" check --today 1
	[[ $output == *"is a link that another user made"* || $output == *"Permission denied"* ]]
	is "$(ls -A "$HOME/private")" ""
	# one's own link is one's own business
	ln -s "$HOME/private" "$TEST_HOME/mine"
	swatchd --once --no-refresh --cache "$TEST_HOME/mine"
	[ -e "$HOME/private/billing-shared.json" ]
}

@test "a cache directory that everybody may write is refused, with how to mend it" {
	mkdir -p "$CACHE"
	chmod 777 "$CACHE"
	run swatchd --once --no-refresh
	is "$status" 1
	says "others may write in the cache directory $CACHE: not used; look at what is in it, then chmod 700 $CACHE"
	run swatch check --today 1
	says 'others may write in the cache directory'
}

# ---- the runtime directory and the socket ----

@test "a directory for the socket that is another user's, a link or open to others is refused" {
	mkdir -m 700 "$TEST_HOME/elsewhere"
	ln -s "$TEST_HOME/elsewhere" "$XDG_RUNTIME_DIR/swatch"
	run timeout 30 swatchd
	is "$status" 1
	says 'move away what is there'
	rm "$XDG_RUNTIME_DIR/swatch"
	mkdir "$XDG_RUNTIME_DIR/swatch"
	chmod 770 "$XDG_RUNTIME_DIR/swatch"
	run timeout 30 swatchd
	is "$status" 1
	says 'is not one that only you can write: not used'
	second_user
	chmod 700 "$XDG_RUNTIME_DIR/swatch"
	theirs "$XDG_RUNTIME_DIR/swatch"
	run timeout 30 swatchd
	is "$status" 1
	says 'is not one that only you can write: not used'
	# as it is after su or sudo, which keep the variable: what is made there would be in the other one's way
	rm -r "$XDG_RUNTIME_DIR/swatch"
	theirs "$XDG_RUNTIME_DIR"
	run timeout 30 swatchd
	is "$status" 1
	says "the runtime directory $XDG_RUNTIME_DIR belongs to another user (uid 65534): not used"
	is "$(ls -A "$XDG_RUNTIME_DIR")" ""
}

@test "another user's program on the socket is not believed, and told nothing" {
	second_user
	start_daemon
	path=$(socket)
	message 1 >"$PROJECTS/-p/s1.jsonl"
	swatch sync
	# the runtime directory was theirs all along: they put a socket of their own in place of ours
	chmod 711 "$XDG_RUNTIME_DIR" "${path%/*}"
	mv "$path" "$path.ours"
	mkdir "$TEST_HOME/spy"
	theirs "$TEST_HOME/spy" "${path%/*}"
	# not for ever: should this test fail, nobody else would end it
	as_nobody timeout 60 socat -u "UNIX-LISTEN:$path,fork,mode=777" "OPEN:$TEST_HOME/spy/heard,creat,append" >/dev/null 2>&1 3>&- &
	spy=$!
	# ours still has the name that it was bound to
	await listens "$path" 2
	run swatch status --verbose
	says "another user's program listens on $path; not trusted"
	run swatch daily --json
	[[ $output != *'"spy"'* ]]
	run swatch refresh
	[ "$status" -ne 0 ]
	line <<<'{"session_id":"s1","context_window":{"context_window_size":123456},"rate_limits":{"five_hour":{"used_percentage":5,"resets_at":9999999999}}}'
	swatchd --once >/dev/null 2>&1 || true
	kill "$spy"
	[ ! -s "$TEST_HOME/spy/heard" ]
	chown root "${path%/*}"
	mv -f "$path.ours" "$path"
}

@test "another user who gets to the socket is thrown out without an answer" {
	second_user
	start_daemon
	path=$(socket)
	chmod 711 "$XDG_RUNTIME_DIR" "${path%/*}"
	chmod 777 "$path"
	run as_nobody socat -t 2 - "UNIX-CONNECT:$path" <<<'{"op":"status"}'
	[[ $output != *'"ok"'* && $output != *version* ]]
	status_is .control.dropped 1
	status_is .control.badRequests 0
}

@test "what stands in the socket's place is not removed unless it is a socket" {
	start_daemon
	path=$(socket)
	stop_daemon
	echo precious >"$path"
	run swatchd
	is "$status" 1
	says 'something that is not a socket is there; move it away'
	is "$(cat "$path")" precious
	rm "$path"
	ln -s "$CONFIG" "$path"
	run swatchd
	is "$status" 1
	says 'something that is not a socket'
	[ -f "$CONFIG" ]
}

# ---- what is planted in the cache directory ----

@test "a planted lock is refused, with why" {
	mkdir -m 700 "$CACHE"
	ln -s "$TEST_HOME/made" "$CACHE/.swatch.lock"
	run swatchd --once --no-refresh
	is "$status" 1
	says '.swatch.lock: it is a link; look who made it, and remove it'
	[ ! -e "$TEST_HOME/made" ]
	rm "$CACHE/.swatch.lock"
	mkfifo "$CACHE/.swatch.lock"
	run swatchd --once --no-refresh
	is "$status" 1
	says ".swatch.lock: it is not a regular file, has a second name, or belongs to another user"
	# who may write in the directory gives a file of one's own a second name: it would be emptied
	rm "$CACHE/.swatch.lock"
	echo precious >"$TEST_HOME/precious"
	ln "$TEST_HOME/precious" "$CACHE/.swatch.lock"
	run swatchd --once --no-refresh
	is "$status" 1
	says 'has a second name'
	is "$(cat "$TEST_HOME/precious")" precious
	rm "$CACHE/.swatch.lock"
	mkfifo "$CACHE/.swatch.lock"
	# nobody holds what is no lock
	run swatch status --verbose
	is "$status" 3
	second_user
	rm "$CACHE/.swatch.lock"
	: >"$CACHE/.swatch.lock"
	theirs "$CACHE/.swatch.lock"
	run swatchd --once --no-refresh
	is "$status" 1
	says "belongs to another user"
}

@test "temp names, links, FIFOs and folders in the cache files' places: nothing elsewhere is written, and no hang" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	mkdir -m 700 "$CACHE"
	for name in victim1 victim2 victim3 victim4; do echo precious >"$TEST_HOME/$name"; done
	ln -s "$TEST_HOME/victim1" "$CACHE/billing-shared.json"
	ln "$TEST_HOME/victim2" "$CACHE/s1.json"
	mkfifo "$CACHE/.swatch.alerts.json"
	ln -s "$TEST_HOME/victim4" "$CACHE/.swatch.tmp.1.1"
	# the daemon's own temp names, known before it starts
	timeout -s KILL 60 sh -c 'ln -s "$1" "$2/.swatch.tmp.$$.1"; mkdir "$2/.swatch.tmp.$$.2"; mkfifo "$2/.swatch.tmp.$$.3"; exec swatchd --once --no-refresh' \
		sh "$TEST_HOME/victim3" "$CACHE"
	for name in victim1 victim2 victim3 victim4; do is "$(cat "$TEST_HOME/$name")" precious; done
	[ ! -L "$CACHE/billing-shared.json" ]
	field_is billing-shared.json .writer "swatchd $(swatchd --version | cut -d' ' -f2)"
	field_is s1.json .transcript.messageCount 1
	# a folder stays what it is, and the log names the failure
	rm "$CACHE/sessions.json"
	mkdir "$CACHE/sessions.json"
	start_daemon
	status_is '.publish.failed > 0' true
	grep -q 'sessions.json' "$LOG"
	rmdir "$CACHE/sessions.json"
	message 2 >>"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is sessions.json .totalSessions 1
	swatch expire
	[ -d "$CACHE" ]
}

@test "readers are not held up by FIFOs, devices or floods in the cache files' places" {
	mkdir -m 700 "$CACHE"
	local kind command
	for kind in fifo link large deep; do
		for name in billing-shared.json sessions.json s1.json .swatch.alerts.json .swatch.lock; do
			rm -f "$CACHE/$name"
			case $kind in
			fifo) mkfifo "$CACHE/$name" ;;
			link) ln -s /dev/zero "$CACHE/$name" ;;
			large) truncate -s 5G "$CACHE/$name" 2>/dev/null || truncate -s 100M "$CACHE/$name" ;;
			deep) head -c 200000 /dev/zero | tr '\0' '[' >"$CACHE/$name" ;;
			esac
		done
		for command in status 'check --today 1' 'check --context 5' doctor blocks 'sessions --json'; do
			run timeout 60 swatch $command
			[ "$status" -le 3 ] || { echo "$kind: $command: $status"; echo "$output"; false; }
		done
		run timeout 60 swatch statusline <<<'{"session_id":"s1","model":"m"}'
		is "$status" 0
	done
}

# ---- session ids ----

@test "session ids with ../, /, NUL, newlines or 4 KB name no file, wherever they come from" {
	long=$(head -c 4096 /dev/zero | tr '\0' a)
	echo precious >"$HOME/.claude/evil.json"
	for name in 'a b' '..' '.hidden' $'new\nline' "$(head -c 249 /dev/zero | tr '\0' b)" sessions billing-shared config alerts $'\xff\xfe' '$(id)' '-rf'; do
		message 1 >"$PROJECTS/-p/$name.jsonl"
	done
	message 2 | sed 's|"sessionId":"x"|"sessionId":"../../evil"|' >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	is "$(LC_ALL=C ls -A "$CACHE" | tr '\n' ' ')" '-rf.json .swatch.lock billing-shared.json s1.json sessions.json '
	before=$(files)
	for id in '"../evil"' '"../../.claude/evil"' '"/etc/passwd"' '"s1/../s1"' '"s1\u0000/../../evil"' "\"$long\"" '""' '"."' '".."' '"sessions"' \
		'"new\nline"' null 7 '["s1"]' '{"a":1}' '"\ud800"'; do
		printf '{"op":"tick","sessionId":%s,"contextWindowSize":4242,"costUSD":66}\n' "$id" >>"$TEST_HOME/log.ticks"
		printf '{"session_id":%s,"model":"m","cost":{"total_cost_usd":66},"context_window":{"context_window_size":4242}}' "$id" | line >/dev/null
		printf '{"session_id":%s}' "$id" | run swatch check --context 50 --stdin
	done
	ask "$(socket)" <"$TEST_HOME/log.ticks"
	for id in ../evil /etc/passwd "$long" $'new\nline' .. sessions; do
		run swatch check --context 50 --session "$id"
		[ "$status" -ge 1 ]
		[ "$status" -le 2 ]
	done
	swatch sync
	is "$(files)" "$before"
	is "$(cat "$HOME/.claude/evil.json")" precious
	# none of them was taken for the session that there is
	field_is s1.json '[.context.windowSize, .billing.toldCostUSD] | map(. == 4242 or . == 66) | any' false
	field_is sessions.json '[.sessions[].sessionId] | sort | join(" ")' '-rf s1'
}

# ---- the socket's clients ----

@test "ten thousand connections with half a line each: others are served all the while, and none is left" {
	start_daemon
	path=$(socket)
	fds=$(ls "/proc/$DAEMON/fd" | wc -l)
	mkfifo "$TEST_HOME/hold"
	hostile-client "$path" crowd 10000 <"$TEST_HOME/hold" >"$TEST_HOME/crowd" 3>&- &
	crowd=$!
	exec 8>"$TEST_HOME/hold"
	await grep -qx 10000 "$TEST_HOME/crowd"
	# four hundred of them are still there, and more than the daemon takes
	for i in 1 2 3 4 5; do status_is '.control.clients <= 128' true; done
	message 1 >"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s1.json .transcript.messageCount 1
	is "$(grep -c 'to make room' "$LOG")" 1
	exec 8>&-
	wait "$crowd"
	await status_is .control.clients 1
	# a backup of the ledger has some open for a moment
	await sh -c "[ \$(ls /proc/$DAEMON/fd | wc -l) -le $((fds + 1)) ]"
	stop_daemon
}

@test "who awaits an answer, or follows events, is not sent away for a crowd" {
	fake_ccusage slow >/dev/null <<-'SH'
		#!/bin/sh
		while [ ! -e "$HOME/go" ]; do sleep 0.05; done
		echo '{"blocks":[]}'
	SH
	use_ccusage "$HOME/slow"
	start_daemon
	path=$(socket)
	swatch refresh --wait >"$TEST_HOME/refreshed" 2>&1 3>&- &
	waiter=$!
	swatch events >"$TEST_HOME/events" 2>&1 3>&- &
	follower=$!
	await status_is '.control.clients >= 3' true
	hostile-client "$path" crowd 1000 </dev/null
	touch "$HOME/go"
	wait "$waiter"
	message 1 >"$PROJECTS/-p/s1.jsonl"
	await grep -q session-started "$TEST_HOME/events"
	kill "$follower"
}

@test "a gigabyte without a newline is not taken in" {
	start_daemon
	taken=$(timeout 60 hostile-client "$(socket)" flood 1000000000)
	[ "$taken" -lt 10000000 ] || { echo "$taken"; false; }
	status_is .control.badRequests 1
	swatch sync
}

@test "garbage and lies on the socket: refused, and nothing written but what is true" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	before=$(files)
	hostile-client "$(socket)" garbage 20000
	swatch sync
	status_is '.control.badRequests > 1000' true
	is "$(files)" "$before"
	all_files_parse
	field_is s1.json .transcript.messageCount 1
	not grep -qE 'AddressSanitizer|runtime error' "$LOG"
}

@test "a client that asks and never reads is thrown out" {
	start_daemon
	hostile-client "$(socket)" deaf
	status_is .control.dropped 1
	swatch sync
}

@test "so is one for which less waits than may, but which takes none of it" {
	start_daemon
	size=$(swatch status --json | jq -c . | wc -c)
	# more than the socket holds, and less than the daemon keeps
	is "$(timeout 60 hostile-client "$(socket)" mute $((700000 / size)))" $((700000 / size))
	status_is .control.dropped 1
	grep -q 'was dropped: it does not read' "$LOG"
}

@test "a statusline tick that lies: bounded, typed, and nowhere else" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	before=$(files)
	now=$EPOCHSECONDS
	many=$(for i in $(seq 500); do printf ',"limit_%d":{"used_percentage":50,"resets_at":%d}' "$i" $((now + 3600)); done)
	{
		for size in 1e308 -1 0 '"200000"' null true '[]' 999 100000001 9223372036854775807 1e999; do
			printf '{"op":"tick","sessionId":"s1","contextWindowSize":%s}\n' "$size"
		done
		for cost in -1 1e10 '"5"' null '{}' 1e999; do printf '{"op":"tick","sessionId":"s1","costUSD":%s}\n' "$cost"; done
		for percent in -1 1e308 '"nan"' '"inf"' '"0x10"' null '[]' 100001; do
			printf '{"op":"tick","sessionId":"s1","rateLimits":{"five_hour":{"used_percentage":%s,"resets_at":%d}}}\n' "$percent" $((now + 3600))
		done
		for reset in 0 -5 1 "$((now - 1))" "$((now + 360000000))" 1e308 '"1970-01-01T00:00:00Z"' '"9999-12-31T23:59:59Z"' '"tomorrow"' null; do
			printf '{"op":"tick","sessionId":"s1","rateLimits":{"seven_day":{"used_percentage":50,"resets_at":%s}}}\n' "$reset"
		done
		for name in '../../evil' 'a b' '' '5x' '\u001b[31m' "$(head -c 5000 /dev/zero | tr '\0' x)"; do
			printf '{"op":"tick","sessionId":"s1","rateLimits":{"%s":{"used_percentage":50,"resets_at":%d}}}\n' "$name" $((now + 3600))
		done
		for usd in -1 1e308 1e10 '"-5"' '"1e300"' '"nan"'; do
			printf '{"op":"tick","sessionId":"s1","rateLimits":{"spend_limit":{"used_percentage":50,"resets_at":%d,"used_usd":%s,"limit_usd":%s}}}\n' \
				$((now + 3600)) "$usd" "$usd"
		done
		printf '{"op":"tick","sessionId":"s1","rateLimits":{"x":1%s}}\n' "$many"
	} | ask "$(socket)"
	swatch sync
	is "$(files)" "$before"
	field_is s1.json .context.windowSize 200000
	field_is s1.json '.billing | has("toldCostUSD") and .toldCostUSD != null' false
	field_is billing-shared.json '.rateLimits | (.fiveHour // .sevenDay) == null' true
	field_is billing-shared.json '.rateLimits.spendLimit | [.usedPercentage, has("usedUSD"), has("limitUSD")] | join(" ")' '50 false false'
	field_is billing-shared.json '.rateLimits | length <= 16' true
	field_is billing-shared.json '[.rateLimits | keys[] | test("^[A-Za-z][A-Za-z0-9]*$")] | all' true
	all_files_parse
	[ "$(wc -c <"$CACHE/billing-shared.json")" -lt 20000 ]
}

@test "op report and spend: zones that are files, absurd days and numbers are refused, and hang nothing" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	printf "[ledger]\nenabled = no\n" >>"$CONFIG"
	mkfifo "$TEST_HOME/fifo"
	for database in "" "$TEST_HOME/none"; do
		TZDIR=$database
		if [ -n "$database" ]; then export TZDIR; else unset TZDIR; fi
		start_daemon
		path=$(socket)
		for zone in ":$TEST_HOME/fifo" "$TEST_HOME/fifo" "../../../..$TEST_HOME/fifo" /etc/passwd "$(head -c 4096 /dev/zero | tr '\0' Z)"; do
			printf '{"op":"report","kind":"daily","timezone":"%s"}\n' "$zone"
		done >"$HOME/requests"
		for rest in '"kind":"../daily"' '"kind":7' '"kind":"daily","since":"2026"' '"kind":"daily","since":"99999999999999"' \
			'"kind":"daily","project":"'"$(head -c 9000 /dev/zero | tr '\0' p)"'"'; do
			printf '{"op":"report",%s}\n' "$rest"
		done >>"$HOME/requests"
		for rest in '"since":-1,"step":1000,"count":1' '"since":0,"step":1,"count":1' '"since":0,"step":1000,"count":99999999' '"since":1e308,"step":1000,"count":5' '"since":0'; do
			printf '{"op":"spend",%s}\n' "$rest"
		done >>"$HOME/requests"
		# a line each: one that was answered would have more
		is "$(ask "$path" <"$HOME/requests" | jq -c .ok | sort | uniq -c | xargs)" '15 false'
		swatch sync
		stop_daemon
	done
}

# ---- what setup and autostart write and read ----

end_detached_daemon() {
	local pid
	await swatch sync
	pid=$(status_of .pid)
	kill "$pid"
	await is_gone "$pid"
}

with_detached_daemon() {
	configure $'[daemon]\nautostart = yes'
	rm -rf "$CACHE"
	line <<<'{"session_id":"s1"}' >/dev/null
	end_detached_daemon
}

@test "a log that is a link, a FIFO, another user's or a name of another file is not written, and not emptied" {
	LOGS=$HOME/.local/state/swatch
	mkdir -p "$LOGS"
	head -c 2000000 /dev/zero >"$TEST_HOME/precious"
	ln -s "$TEST_HOME/precious" "$LOGS/swatchd.log"
	with_detached_daemon
	ln -f "$TEST_HOME/precious" "$LOGS/swatchd.log"
	with_detached_daemon
	is "$(wc -c <"$TEST_HOME/precious")" 2000000
	rm "$LOGS/swatchd.log"
	mkfifo "$LOGS/swatchd.log"
	with_detached_daemon
	rm "$LOGS/swatchd.log"
	with_detached_daemon
	[ -s "$LOGS/swatchd.log" ]
	is "$(stat -c %a "$LOGS/swatchd.log")" 600
	second_user
	: >"$LOGS/swatchd.log"
	theirs "$LOGS/swatchd.log"
	with_detached_daemon
	[ ! -s "$LOGS/swatchd.log" ]
}

@test "setup's record and Claude Code's settings of another user, or open to others, are not obeyed" {
	mkdir -p "$HOME/.local/state/swatch"
	echo '{}' >"$HOME/.claude/settings.json"
	record=$HOME/.local/state/swatch/setup.json
	printf '{"version":1,"changes":[{"kind":"statusLine","path":"%s","value":"{}","previous":"{\\"command\\":\\"evil\\"}"},{"kind":"file","path":"%s","value":"precious\\n"}]}' \
		"$HOME/.claude/settings.json" "$TEST_HOME/precious" >"$record"
	echo precious >"$TEST_HOME/precious"
	chmod 666 "$record"
	run swatch setup --undo --yes
	is "$status" 1
	says "others may write in it (look what is in it, then chmod 600 $record)"
	if [ "$(id -u)" = 0 ]; then
		chmod 600 "$record"
		theirs "$record"
		run swatch setup --undo --yes
		is "$status" 1
		says 'it belongs to another user (uid 65534)'
		rm "$record"
		theirs "$HOME/.claude/settings.json"
		run swatch setup --yes
		says 'it belongs to another user'
		# which did the rest
		end_detached_daemon
	else
		echo "# NOT TESTED, it needs root: the record of another user" >&3
	fi
	is "$(cat "$HOME/.claude/settings.json")" '{}'
	is "$(cat "$TEST_HOME/precious")" precious
}

@test "the record of alerts: a link, a folder, a flood or a hole is passed over" {
	configure $'[alerts]\nblock_cost = 1'
	message 1 1000000 >"$PROJECTS/-p/s1.jsonl"
	mkdir -m 700 "$CACHE"
	echo precious >"$TEST_HOME/precious"
	local kind
	for kind in link fifo large deep folder; do
		rm -rf "$CACHE/.swatch.alerts.json"
		case $kind in
		link) ln -s "$TEST_HOME/precious" "$CACHE/.swatch.alerts.json" ;;
		fifo) mkfifo "$CACHE/.swatch.alerts.json" ;;
		large) truncate -s 100M "$CACHE/.swatch.alerts.json" ;;
		deep) head -c 200000 /dev/zero | tr '\0' '[' >"$CACHE/.swatch.alerts.json" ;;
		folder) mkdir "$CACHE/.swatch.alerts.json" ;;
		esac
		start_daemon
		status_is .alerts.fired 1
		stop_daemon
		[ "$kind" = folder ] || jq -e '.announced | length == 1' "$CACHE/.swatch.alerts.json"
	done
	is "$(cat "$TEST_HOME/precious")" precious
}

@test "a pricing.json or swatch.conf that is a FIFO, a device or a flood holds nothing up" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	local kind file
	for file in pricing.json swatch.conf; do
		for kind in fifo device large; do
			rm -f "${CONFIG%/*}/$file"
			case $kind in
			fifo) mkfifo "${CONFIG%/*}/$file" ;;
			device) ln -s /dev/zero "${CONFIG%/*}/$file" ;;
			large) truncate -s 200M "${CONFIG%/*}/$file" ;;
			esac
			run timeout 60 swatchd --once --no-refresh
			[ "$status" -le 2 ] || { echo "$file as $kind: swatchd: $status"; false; }
			run timeout 60 swatch pricing
			[ "$status" -le 3 ] || { echo "$file as $kind: pricing: $status"; false; }
			run timeout 60 swatch statusline <<<'{"model":"m"}'
			is "$status" 0
		done
		rm -f "${CONFIG%/*}/$file"
		configure ""
	done
}
