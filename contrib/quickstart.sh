#!/bin/sh
# From a fresh checkout to figures that stay fresh: installs what the build needs, builds in ./build, starts swatchd, and
# shows its figures. You can run it again: it uses what is already there.
#
# usage: contrib/quickstart.sh [--yes] [--demo]
#   --yes    do not ask before installing packages or before writing to the Claude directory
#   --demo   use the demo home even if there is a Claude directory
set -u
cd "$(dirname "$0")/.." || exit 1
top=$(pwd)
work=$top/build/quickstart
source_copy=$work/source
objects=$work/objects
demo_home=$top/build/demo-home
demo_minutes=10
assume_yes=no
demo=no
start=yes
swatch_here=build/swatch

say() { printf '\n== %s\n' "$*"; }
die() { printf 'quickstart: %s\n' "$*" >&2; exit 1; }

# ask QUESTION: true for yes. Without a terminal there is nobody to ask: then it needs --yes.
ask() {
	if [ "$assume_yes" = yes ]; then
		printf '%s yes (--yes)\n' "$1"
		return 0
	fi
	[ -t 0 ] || die "$1 There is no terminal to ask on: run this again with --yes"
	printf '%s [Y/n] ' "$1"
	read -r answer || return 1
	case $answer in '' | y* | Y*) return 0 ;; *) return 1 ;; esac
}

# logged NAME COMMAND...: runs a command with its output in a log; shows the end of the log when the command fails.
logged() {
	log=$work/$1.log
	shift
	"$@" >"$log" 2>&1 && return 0
	tail -n 40 "$log" >&2
	die "'$*' failed; its whole output is in $log"
}

# ---- what the build needs ----

debian_packages='' fedora_packages='' arch_packages=''

lacks() { # debian fedora arch
	debian_packages="$debian_packages $1"
	fedora_packages="$fedora_packages $2"
	arch_packages="$arch_packages $3"
}
has_command() { command -v "$1" >/dev/null 2>&1; }
has_library() { # header library package: true if a program that includes and links them compiles
	mkdir -p "$work" || die "cannot write in $work"
	printf '#include <stdio.h>\n#include <%s>\nint main(void) { return 0; }\n' "$1" >"$work/probe.c"
	# shellcheck disable=SC2046 # the flags are words
	cc -o "$work/probe" "$work/probe.c" $(pkg-config --cflags --libs "$3" 2>/dev/null || echo "-l$2") >/dev/null 2>&1
}
find_missing() {
	debian_packages='' fedora_packages='' arch_packages=''
	has_command cc || lacks "gcc libc6-dev" gcc gcc
	has_command make || lacks make make make
	has_command autoreconf || lacks autoconf autoconf autoconf
	has_command automake || lacks automake automake automake
	has_command pkg-config || lacks pkg-config pkgconf-pkg-config pkgconf
	has_library ev.h ev libev || lacks libev-dev libev-devel libev
	has_library json-c/json.h json-c json-c || lacks libjson-c-dev json-c-devel json-c
	has_library sqlite3.h sqlite3 sqlite3 || lacks libsqlite3-dev sqlite-devel sqlite
	has_library curses.h ncursesw ncursesw || lacks libncurses-dev ncurses-devel ncurses
	[ -n "$debian_packages" ]
}
as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}
install_missing() {
	find_missing || return 0
	say "the build needs some packages that are missing"
	if has_command apt-get && [ "$(id -u)" -ne 0 ] && ! has_command sudo; then
		echo "Only root can install them, and there is no sudo here. As root (su -), run:"
		echo
		echo "    apt-get update && apt-get install --no-install-recommends$debian_packages"
		echo
		die "then run this again, as yourself"
	fi
	if has_command apt-get; then
		ask "Install$debian_packages with apt-get?" || die "the build needs these packages"
		as_root apt-get update -q || die "apt-get update failed; is the network up?"
		# shellcheck disable=SC2086 # a list of names
		as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $debian_packages ||
			die "apt-get install failed"
		find_missing || return 0
		die "apt-get installed them, but these are still missing:$debian_packages"
	fi
	echo "Debian, Ubuntu:  apt-get install$debian_packages"
	echo "Fedora:          dnf install$fedora_packages"
	echo "Arch:            pacman -S$arch_packages"
	die "install the missing packages, then run this again"
}

# ---- building ----

# The build works on a copy, so that autoreconf leaves nothing outside the build folder.
copy_sources() {
	mkdir -p "$source_copy" "$objects" || return 1
	tar -cf - COPYING NEWS README.md CONTRIBUTING.md configure.ac Makefile.am .ci src man contrib tests |
		tar -xf - -C "$source_copy"
}
build() {
	say "building in build/quickstart"
	logged copy copy_sources
	if [ ! -x "$source_copy/configure" ] || [ -n "$(find "$source_copy" -name '*.am' -newer "$source_copy/configure")" ] ||
		[ -n "$(find "$source_copy/configure.ac" -newer "$source_copy/configure")" ]; then
		( cd "$source_copy" && logged autoreconf autoreconf -i ) || exit 1
	fi
	[ -f "$objects/Makefile" ] || ( cd "$objects" && logged configure "$source_copy/configure" ) || exit 1
	logged make make -C "$objects" -j "$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)"
	PATH=$objects:$PATH
	export PATH
	# A name that is short to type.
	ln -sf quickstart/objects/swatch "$top/build/swatch" || die "cannot write $top/build/swatch"
	swatch --version
}

# ---- the demo home ----

# demo_message FOLDER SESSION MODEL TIME N: one exchange as Claude Code writes it: a question, and the answer on two lines,
# each with the usage so far.
demo_message() {
	stamp=$(date -u -d "@$4" +%Y-%m-%dT%H:%M:%S) || return 1
	out=$((300 + $5 * 7919 % 1100))
	written=$((400 + $5 * 104729 % 2600))
	reused=$((18000 + $5 * 1299709 % 70000))
	common="\"sessionId\":\"$2\",\"cwd\":\"/home/demo/${1##*-}\",\"version\":\"2.1.39\",\"gitBranch\":\"main\",\"isSidechain\":false"
	message="\"id\":\"msg_demo_$4_$5\",\"model\":\"$3\",\"type\":\"message\",\"role\":\"assistant\""
	usage="\"input_tokens\":3,\"cache_creation_input_tokens\":$written,\"cache_read_input_tokens\":$reused,\"cache_creation\":{\"ephemeral_5m_input_tokens\":$written,\"ephemeral_1h_input_tokens\":0},\"service_tier\":\"standard\""
	{
		printf '{"type":"user",%s,"message":{"role":"user","content":"demo question %s"},"uuid":"demo-%s-%s-u","timestamp":"%s.100Z"}\n' \
			"$common" "$5" "$4" "$5" "$stamp"
		printf '{"type":"assistant",%s,"requestId":"req_demo_%s_%s","message":{%s,"content":[{"type":"thinking","thinking":"demo"}],"usage":{%s,"output_tokens":9}},"uuid":"demo-%s-%s-a","timestamp":"%s.400Z"}\n' \
			"$common" "$4" "$5" "$message" "$usage" "$4" "$5" "$stamp"
		printf '{"type":"assistant",%s,"requestId":"req_demo_%s_%s","message":{%s,"content":[{"type":"text","text":"demo answer %s"}],"usage":{%s,"output_tokens":%s}},"uuid":"demo-%s-%s-b","timestamp":"%s.800Z"}\n' \
			"$common" "$4" "$5" "$message" "$5" "$usage" "$out" "$4" "$5" "$stamp"
	} >>"$demo_home/.claude/projects/$1/$2.jsonl"
}
demo_turn() { # N TIME: the three sessions take turns
	case $(($1 % 3)) in
	0) demo_message -home-demo-shop 11111111-aaaa-4bbb-8ccc-000000000001 claude-opus-4-6 "$2" "$1" ;;
	1) demo_message -home-demo-api 22222222-aaaa-4bbb-8ccc-000000000002 claude-sonnet-4-5-20250929 "$2" "$1" ;;
	2) demo_message -home-demo-docs 33333333-aaaa-4bbb-8ccc-000000000003 claude-haiku-4-5-20251001 "$2" "$1" ;;
	esac
}
write_demo_home() {
	mkdir -p "$demo_home/.claude/projects/-home-demo-shop" "$demo_home/.claude/projects/-home-demo-api" \
		"$demo_home/.claude/projects/-home-demo-docs" "$demo_home/.config" || die "cannot write in $demo_home"
	now=$(date +%s)
	n=0
	while [ "$n" -lt 60 ]; do
		demo_turn "$n" "$((now - 2400 + n * 40))" || die "cannot write the demo transcripts in $demo_home"
		n=$((n + 1))
	done
}
# Runs in the background, under a lock: writes a line every few seconds, for some minutes.
demo_writer() {
	end=$(($(date +%s) + demo_minutes * 60))
	n=60
	while now=$(date +%s) && [ "$now" -lt "$end" ] && [ -d "$demo_home/.claude/projects" ]; do
		demo_turn "$n" "$now" || exit 1
		n=$((n + 1))
		sleep 5
	done
	echo "the demo writer stopped after $demo_minutes minutes; contrib/quickstart.sh starts it again"
}
use_demo_home() {
	echo "This uses a demo home in build/demo-home with three made-up sessions: these are not your figures."
	[ -d "$demo_home/.claude/projects" ] || write_demo_home
	CLAUDE_CONFIG_DIR=$demo_home/.claude
	XDG_CONFIG_HOME=$demo_home/.config
	export CLAUDE_CONFIG_DIR XDG_CONFIG_HOME
	cache=$CLAUDE_CONFIG_DIR/session-health
	# If the path is short enough for a socket, keep that in the cache directory, inside the build folder.
	without_runtime_directory=
	if [ ${#cache} -le 90 ]; then
		unset XDG_RUNTIME_DIR
		without_runtime_directory='-u XDG_RUNTIME_DIR '
	fi
	# So that looking again is short to type.
	swatch_here=build/demo-swatch
	cat >"$top/$swatch_here" <<EOF || die "cannot write $top/$swatch_here"
#!/bin/sh
# The swatch of contrib/quickstart.sh, with the figures of its demo home.
exec env $without_runtime_directory"CLAUDE_CONFIG_DIR=$CLAUDE_CONFIG_DIR" "XDG_CONFIG_HOME=$XDG_CONFIG_HOME" "$objects/swatch" "\$@"
EOF
	chmod +x "$top/$swatch_here" || die "cannot write $top/$swatch_here"
	setsid flock -n "$demo_home/writer.lock" sh "$top/contrib/quickstart.sh" --demo-writer \
		>>"$work/demo-writer.log" 2>&1 </dev/null &
	echo "A background process adds a message every 5 seconds, and stops after $demo_minutes minutes."
}

# ---- which Claude directory ----

# Prints the config directory in which swatchd will keep its cache, if a data directory has transcripts.
find_claude_directory() {
	if [ -n "${CLAUDE_CONFIG_DIR:-}" ]; then
		first=${CLAUDE_CONFIG_DIR%%,*}
		case $first in [~] | [~]/*) first=$HOME${first#?} ;; esac
		case $first in */projects | */projects/) first=$(dirname "$first") ;; esac
		[ -d "$first/projects" ] && printf '%s\n' "$first"
	elif [ -d "$HOME/.claude/projects" ] || [ -d "${XDG_CONFIG_HOME:-$HOME/.config}/claude/projects" ]; then
		printf '%s\n' "$HOME/.claude"
	fi
}
choose_home() {
	claude=$(find_claude_directory)
	if [ "$demo" = no ] && [ -n "$claude" ]; then
		cache=$claude/session-health
		say "your Claude directory is $claude"
		swatch status >/dev/null 2>&1 && return 0
		ask "Start swatchd, which reads that and keeps its own files in $cache?" && return 0
		start=no
		echo "No daemon was started, and nothing was written there. To see swatch with made-up figures instead:"
		echo "  sh contrib/quickstart.sh --demo"
		return 0
	fi
	say "the demo home"
	[ -n "$claude" ] || echo "You have no Claude directory with transcripts."
	use_demo_home
}

# ---- the daemon ----

start_daemon() {
	if swatch status >/dev/null 2>&1; then
		echo "swatchd is already running; this uses it."
		return 0
	fi
	setsid swatchd >>"$work/swatchd.log" 2>&1 </dev/null &
	pid=$!
	tries=0
	until swatch sync >/dev/null 2>&1; do
		tries=$((tries + 1))
		if [ "$tries" -gt 600 ] || ! kill -0 "$pid" 2>/dev/null; then
			tail -n 20 "$work/swatchd.log" >&2
			die "swatchd did not start; the end of its log is above, all of it in $work/swatchd.log"
		fi
		sleep 0.1
	done
	echo "swatchd is running (pid $pid); its log is build/quickstart/swatchd.log"
}
# figure FILE KEY: prints the first value of a key in a JSON file (- for standard input).
figure() {
	awk -v key="\"$2\":" '{
		at = index($0, key)
		if (!at) next
		rest = substr($0, at + length(key))
		sub(/^ */, "", rest)
		match(rest, /^("[^"]*"|[^,}\]]*)/)
		print substr(rest, 1, RLENGTH)
		exit
	}' "$1"
}
show() {
	say "swatch status"
	swatch status
	say "some figures from the cache files, which statuslines read"
	swatch sync >/dev/null 2>&1
	billing=$cache/billing-shared.json
	[ -r "$billing" ] || die "swatchd has not written $billing; its log is $work/swatchd.log"
	echo "$billing"
	for key in costToday burnRatePerHour budgetRemaining budgetPercentUsed resetTime totalTokens isFresh source; do
		printf '  %-18s %s\n' "$key" "$(figure "$billing" "$key")"
	done
	if [ -r "$cache/sessions.json" ]; then
		# Not totalSessions: that counts the sessions that have a file, status also those whose file has expired.
		echo "$cache/sessions.json"
		printf '  %-18s %s\n' activeSessions "$(figure "$cache/sessions.json" activeSessions)"
	fi
	say "one session's statusline, as Claude Code would show it"
	session=$(figure "$cache/sessions.json" sessionId)
	printf '{"session_id":%s}\n' "${session:-null}" | swatch statusline
}
show_how_to_stay() {
	say "what you can do next"
	if [ "$start" = yes ]; then
		echo "look again                  $swatch_here status"
		echo "a live screen               $swatch_here top"
	fi
	echo "what each day cost          $swatch_here daily"
	echo "what each block cost        $swatch_here blocks"
	if [ "$start" = yes ]; then
		echo "follow the daemon           $swatch_here events"
		pid=$(swatch status --json | figure - pid)
		if [ -n "$pid" ] && ! grep -q 'swatchd\.service' "/proc/$pid/cgroup" 2>/dev/null; then
			echo "stop this daemon            kill $pid"
		fi
	fi
	cat <<EOF
install swatch              sudo make -C build/quickstart/objects install
connect it                  swatch setup
  It connects ccusage, the service and the statusline, and shows each step first. To do so by hand:
EOF
	if has_command systemctl; then
		echo "  start it at login         systemctl --user daemon-reload && systemctl --user enable --now swatchd"
	else
		echo "  start it at login         cp /usr/local/share/doc/swatch/examples/swatchd.desktop ~/.config/autostart/"
	fi
	cat <<EOF
  connect the statusline    put this into ~/.claude/settings.json:
    "statusLine": {"type": "command", "command": "/usr/local/bin/swatch statusline"}
take it back                swatch setup --undo, then: sudo make -C build/quickstart/objects uninstall
read the manuals            man swatch, man swatchd, man swatch.conf
EOF
}

for option in "$@"; do
	case $option in
	--yes | -y) assume_yes=yes ;;
	--demo) demo=yes ;;
	--demo-writer) demo_writer; exit ;;
	--help | -h) sed -n '2,/--demo /s/^# \{0,1\}//p' "$0"; exit 0 ;;
	*) die "there is no option '$option'; the options are --yes, --demo and --help" ;;
	esac
done
: "${HOME:?is not set}"
install_missing
build
choose_home
if [ "$start" = yes ]; then
	start_daemon
	show
fi
show_how_to_stay
