# What the integration tests share: each test gets a home of its own, a daemon in it, and lines to write.
# The environment says where the programs are: SWATCH_BUILD_DIR, SWATCH_TOP, CCUSAGE20, CCUSAGE18.

# await gives up after this many seconds. It is long because a sanitized program on a busy machine may be a
# hundred times slower; a test that passes never waits for it.
AWAIT_SECONDS=${AWAIT_SECONDS:-180}

# The person who runs the tests has settings, a running swatchd and perhaps ccusage: no test may see any of
# them.
forget_the_person() {
	local top=${SWATCH_TOP:-} build=${SWATCH_BUILD_DIR:-}
	unset "${!XDG_@}" "${!CLAUDE@}" "${!SWATCH_@}" "${!LC_@}" "${!LANG@}" "${!CLICOLOR@}" "${!TMUX@}" "${!WATCHDOG_@}" \
		"${!DBUS_@}" "${!npm_@}" "${!NPM_@}" "${!NODE_@}" \
		NO_COLOR COLUMNS LINES TZDIR NOTIFY_SOCKET JOURNAL_STREAM SUDO_USER
	export SWATCH_TOP=$top SWATCH_BUILD_DIR=$build TZ=UTC LC_ALL=C.UTF-8 TERM=xterm
}

# path_without PROGRAM: PATH, with a folder of links in place of each folder that has PROGRAM. The links are
# to everything else in it.
path_without() {
	local folder shadow result=
	local -a folders
	IFS=: read -ra folders <<<"$PATH"
	for folder in "${folders[@]}"; do
		if [ -e "$folder/$1" ]; then
			shadow=${BATS_FILE_TMPDIR:-$TEST_HOME}/without-$1${folder//\//-}
			if [ ! -d "$shadow" ]; then
				mkdir "$shadow"
				find "$folder/" -maxdepth 1 ! -type d ! -name "$1" -exec ln -s -t "$shadow" {} +
			fi
			folder=$shadow
		fi
		result=$result${result:+:}$folder
	done
	echo "$result"
}

# tell_statusline JSON: what Claude Code gives a statusline. All of it is there when the statusline starts, which waits for
# its input only for a moment.
tell_statusline() { swatch statusline >/dev/null <<<"$1"; }

# use_binary_of_ccusage: what npm installs as ccusage is a script of node's that starts the program proper, and node takes
# twenty times as long as that. CCUSAGE20 is the program, CCUSAGE20_NPM what people have.
use_binary_of_ccusage() {
	local program
	CCUSAGE20_NPM=${CCUSAGE20:-}
	for program in "${CCUSAGE20_NPM%/.bin/ccusage}"/@ccusage/ccusage-*/bin/ccusage; do
		[ ! -x "$program" ] || CCUSAGE20=$program
	done
	export CCUSAGE20
}

# Before each command bats notes where it is: a tenth of the time of a test. bash knows the line of a
# command that fails without that, and bats prints the lines that it finds in this array.
note_only_failures() {
	trap - DEBUG
	trap 'bats_error_trap; note_failure "$LINENO"' ERR
	BATS_DEBUG_LAST_STACK_TRACE=() BATS_DEBUG_LASTLAST_STACK_TRACE=()
}
note_failure() { # line
	local line=$1 i
	BATS_DEBUG_LAST_STACK_TRACE=()
	for ((i = 1; i < ${#FUNCNAME[@]}; i++)); do
		BATS_DEBUG_LAST_STACK_TRACE+=("$line ${FUNCNAME[i]} ${BASH_SOURCE[i]}")
		[ "${FUNCNAME[i]}" != "$BATS_TEST_NAME" ] || break
		line=${BASH_LINENO[i]}
	done
}

# What each test of a file needs alike: PATH without ccusage, and the FIFO of snooze().
make_once_a_file() {
	local kept=${BATS_FILE_TMPDIR:-$TEST_HOME}
	NEVER_WRITTEN=$kept/never
	if [ -e "$kept/path" ]; then
		read -r PATH <"$kept/path"
		return
	fi
	mkfifo "$NEVER_WRITTEN"
	PATH=$(path_without ccusage)
	printf '%s\n' "$PATH" >"$kept/path"
}

setup() {
	local program
	for program in jq socat; do
		command -v "$program" >/dev/null || { echo "the tests need $program: install it"; return 1; }
	done
	forget_the_person
	use_binary_of_ccusage
	# What a command leaks is gone when it ends: with --full the sanitizer looks for that, and valgrind does. A daemon's
	# leaks are always looked for (start_daemon), and those of the unit tests. To remember more than one caller of each
	# allocation is a third of the time that a sanitized program takes to start.
	[ "${RUN_TESTS_FULL:-}" = yes ] || export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0:malloc_context_size=1
	# Short, because a socket's path has at most 107 bytes.
	[ -w "${TEST_BASE:=/tmp}" ] || TEST_BASE=/tmp
	until TEST_HOME=$TEST_BASE/swatch.$((RANDOM * 32768 + RANDOM)) && [ ! -e "$TEST_HOME" ]; do :; done
	export HOME=$TEST_HOME XDG_RUNTIME_DIR=$TEST_HOME/run
	mkdir -m 700 "$TEST_HOME" "$XDG_RUNTIME_DIR"
	make_once_a_file
	PATH=$SWATCH_BUILD_DIR:$SWATCH_BUILD_DIR/tests/integration:$SWATCH_BUILD_DIR/tests/bench:$PATH
	PROJECTS=$HOME/.claude/projects
	CACHE=$HOME/.claude/session-health
	CONFIG=$HOME/.config/swatch/swatch.conf
	mkdir -p "$PROJECTS/-p" "${CONFIG%/*}"
	LOG=$TEST_HOME/log
	DAEMON=
	configure ""
	note_only_failures
}

teardown() {
	local ended=0
	stop_daemon || ended=$?
	if [ -f "$LOG" ] && { [ -z "$BATS_TEST_COMPLETED" ] || [ "$ended" -ne 0 ]; }; then
		echo "--- log of swatchd, which ended with status $ended"
		tail -n 40 "$LOG"
	fi
	rm -rf "$TEST_HOME"
	return "$ended"
}

# configure TEXT: no ccusage, unless the text says otherwise.
configure() {
	case $1 in
	*source*) printf '%s\n' "$1" >"$CONFIG" ;;
	*) printf '[billing]\nsource = native\n%s\n' "$1" >"$CONFIG" ;;
	esac
}

# use_ccusage COMMAND [MORE-KEYS]: that command as ccusage, with short waits.
use_ccusage() {
	printf '[billing]\nsource = ccusage\n[ccusage]\ncommand = %s\nsettle = 50ms\nmax_delay = 1s\n%s\n' "$1" "${2:-}" >"$CONFIG"
}

# fake_ccusage NAME: makes a script of stdin; prints its path.
fake_ccusage() {
	cat >"$TEST_HOME/$1"
	chmod +x "$TEST_HOME/$1"
	echo "$TEST_HOME/$1"
}

start_daemon() {
	# with one caller for each allocation, no leak is ever found
	ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=1:malloc_context_size=30 swatchd "$@" >>"$LOG" 2>&1 3>&- &
	DAEMON=$! ANSWERED=no LOOKS=0
	# the same cache directory as the daemon's, when it was named; one that ended says why in its log
	await answers_or_ended "$@"
	[ "$ANSWERED" = yes ] || swatch ${1:+"$@"} sync
}
# To look for a socket costs less than to start a program that finds none. Where it is somewhere else, ask all the same.
answers_or_ended() {
	if [ $((LOOKS += 1)) -gt 20 ] || compgen -G "$XDG_RUNTIME_DIR/swatch/*.sock"; then
		swatch ${1:+"$@"} sync && ANSWERED=yes && return
	fi
	is_gone "$DAEMON"
}

# stop_daemon: ends it, and says by its status whether it ended cleanly.
stop_daemon() {
	[ -n "$DAEMON" ] || return 0
	local pid=$DAEMON
	DAEMON=
	kill "$pid" 2>/dev/null
	wait "$pid"
}

kill_daemon() {
	kill -9 "$DAEMON"
	wait "$DAEMON" 2>/dev/null || true
	DAEMON=
}

# listens PATH [COUNT]: so many programs accept at that name, a socket that was renamed since included; the
# file alone is there a moment before
listens() { [ "$(grep -cE "^[^ ]+ [^ ]+ [^ ]+ 00010000 .* $1\$" /proc/net/unix)" -ge "${2:-1}" ]; }

# snooze SECONDS: as sleep, without a process. The FIFO is not kept open, or every program that a test starts would
# inherit it.
snooze() { read -rt "$1" <>"$NEVER_WRITTEN" || true; }

# await COMMAND...: until it succeeds; fails when it does not within AWAIT_SECONDS. Between two looks it waits as long as
# the look took, so that what it waits for has the half of a processor at least.
await() {
	local end=$((SECONDS + AWAIT_SECONDS)) begun took
	while begun=${EPOCHREALTIME/[.,]/} && ! "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || { echo "waited in vain for: $*"; return 1; }
		took=$((${EPOCHREALTIME/[.,]/} - begun))
		printf -v took '0.%06d' $((took < 10000 ? 10000 : took > 200000 ? 200000 : took))
		snooze "$took"
	done
}

# message ID [OUTPUT-TOKENS] [FIELDS]: a line as Claude Code writes it, of now. FIELDS go before the others.
message() {
	local now=${AT:-}
	if [ -z "$now" ]; then
		if [ -n "${LD_PRELOAD:-}" ]; then
			# this shell does not have the clock that its children get
			now=$(date -u +%Y-%m-%dT%H:%M:%S.000Z)
		else
			TZ=UTC printf -v now '%(%Y-%m-%dT%H:%M:%S.000Z)T' -1
		fi
	fi
	printf '{%s"type":"assistant","timestamp":"%s","sessionId":"x","cwd":"/home/u/p","version":"2.1.39","gitBranch":"main","isSidechain":false,"requestId":"req_%s","message":{"id":"msg_%s","model":"%s","role":"assistant","content":[{"type":"text","text":"%s"}],"usage":{"input_tokens":3,"output_tokens":%d,"cache_creation_input_tokens":100,"cache_read_input_tokens":1000}}}\n' \
		"${3:-}" "$now" "$1" "$1" "${MODEL:-claude-opus-4-6}" "${TEXT:-hello}" "${2:-10}"
}

# Preloaded libraries, memory and speed are not a sanitized program's own.
is_sanitized() { grep -qa __asan_init "$SWATCH_BUILD_DIR/swatchd"; }

# field FILE JQ: a value of a cache file.
field() { json-value "$2" "$CACHE/$1"; }
status_of() { swatch status --json | json-value "$1"; }
is() { [ "$1" = "$2" ] || { echo "got '$1', not '$2'"; return 1; }; }
field_is() { is "$(field "$1" "$2")" "$3"; }
status_is() { is "$(status_of "$1")" "$2"; }
# seen: every cache file, without the times that move by themselves, and without the sessions' copies of the shared
# figures, which follow within seconds
seen() {
	local file
	for file in "$CACHE"/*.json; do
		echo "${file##*/}"
		jq -S 'walk(if type == "object" then del(.gatheredAt, .lastUpdate, .lastUpdated, .lastModifiedAgo, .lastMessageAgo,
			.lastActivityAgo, .lastFetched, .budgetRemaining, .budgetPercentUsed, .projection) else . end) |
			if .sessionId then .billing |= del(.costToday, .burnRatePerHour, .totalTokens, .tokensPerMinute, .resetTime)
			else . end' "$file"
	done
}
# is_gone PID: it ended; one that only waits to be reaped by whoever inherited it is gone too.
is_gone() { [ ! -e "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"; }
# not COMMAND...: fails when the command does not. bats does not see that of a line that begins with `!`,
# unless it is the last one.
not() { ! "$@"; }
no_temp_files() { ! ls -A "$CACHE" | grep -F .swatch.tmp.; }
all_files_parse() {
	local -a files=("$CACHE"/*.json)
	[ -e "${files[0]}" ] || return 0
	is "$(jq -n '[inputs | select(.writer)] | length' "${files[@]}")" "${#files[@]}"
}
