# What the integration tests share: a home of their own for each test, a daemon in it, and lines to write.
# The environment says where the programs are: SWATCH_BUILD_DIR, SWATCH_TOP, CCUSAGE20, CCUSAGE18.

# Long enough for a sanitized program on a slow machine; nothing waits for it that goes well.
WAIT_STEPS=600

setup() {
	# Short, because a socket's path may have 107 bytes only.
	TEST_HOME=$(mktemp -d "${TEST_BASE:-/tmp}/swatch.XXXXXX")
	export HOME=$TEST_HOME XDG_RUNTIME_DIR=$TEST_HOME/run TZ=UTC
	unset CLAUDE_CONFIG_DIR XDG_CONFIG_HOME XDG_STATE_HOME NOTIFY_SOCKET WATCHDOG_USEC JOURNAL_STREAM
	mkdir -m 700 "$XDG_RUNTIME_DIR"
	PATH=$SWATCH_BUILD_DIR:$SWATCH_BUILD_DIR/tests/integration:$SWATCH_BUILD_DIR/tests/bench:$PATH
	PROJECTS=$HOME/.claude/projects
	CACHE=$HOME/.claude/session-health
	CONFIG=$HOME/.config/swatch/swatch.conf
	mkdir -p "$PROJECTS/-p" "${CONFIG%/*}"
	LOG=$TEST_HOME/log
	DAEMON=
	configure ""
}

teardown() {
	stop_daemon
	if [ -z "$BATS_TEST_COMPLETED" ] && [ -f "$LOG" ]; then
		echo "--- log of swatchd"
		tail -n 40 "$LOG"
	fi
	rm -rf "$TEST_HOME"
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
	swatchd "$@" >>"$LOG" 2>&1 3>&- &
	DAEMON=$!
	# the same cache directory as the daemon's, when it was named
	await swatch ${1:+"$@"} sync
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

# listens PATH [COUNT]: so many programs accept at that name, a socket that was renamed since included; the file alone is
# there a moment before
listens() { [ "$(grep -cE "^[^ ]+ [^ ]+ [^ ]+ 00010000 .* $1\$" /proc/net/unix)" -ge "${2:-1}" ]; }

# await COMMAND...: until it succeeds; fails when it does not within a minute.
await() {
	local i
	for ((i = 0; i < WAIT_STEPS; i++)); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.1
	done
	echo "waited in vain for: $*"
	return 1
}

# message ID [OUTPUT-TOKENS] [FIELDS]: a line as Claude Code writes it, of now. FIELDS go before the others.
message() {
	printf '{%s"type":"assistant","timestamp":"%s","sessionId":"x","cwd":"/home/u/p","version":"2.1.39","gitBranch":"main","isSidechain":false,"requestId":"req_%s","message":{"id":"msg_%s","model":"%s","role":"assistant","content":[{"type":"text","text":"%s"}],"usage":{"input_tokens":3,"output_tokens":%d,"cache_creation_input_tokens":100,"cache_read_input_tokens":1000}}}\n' \
		"${3:-}" "${AT:-$(date -u +%Y-%m-%dT%H:%M:%S.000Z)}" "$1" "$1" "${MODEL:-claude-opus-4-6}" "${TEXT:-hello}" "${2:-10}"
}

# field FILE JQ: a value of a cache file.
field() { jq -r "$2" "$CACHE/$1"; }
status_of() { swatch status --json | jq -r "$1"; }
is() { [ "$1" = "$2" ] || { echo "got '$1', not '$2'"; return 1; }; }
field_is() { is "$(field "$1" "$2")" "$3"; }
status_is() { is "$(status_of "$1")" "$2"; }
# is_gone PID: it ended; one that only waits to be reaped by whoever inherited it is gone too.
is_gone() { [ ! -e "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"; }
# not COMMAND...: fails when the command does not. bats does not see that of a line that begins with `!`, unless it is
# the last one.
not() { ! "$@"; }
no_temp_files() { ! ls -A "$CACHE" | grep -F .swatch.tmp.; }
all_files_parse() {
	local file
	for file in "$CACHE"/*.json; do
		[ -e "$file" ] || continue
		jq -e .writer "$file" >/dev/null || { echo "bad: $file"; return 1; }
	done
}
