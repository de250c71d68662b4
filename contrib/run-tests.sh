#!/bin/sh
# Runs every test, on a fresh machine too: installs what they need (Debian: with apt-get), builds in ./build, and ends
# with the line "N passed, N failed". Logs stay in build/logs.
#
# usage: contrib/run-tests.sh [--quick]     --quick leaves out the long ones (the storm, the kill test, distcheck)
set -u
cd "$(dirname "$0")/.." || exit 1
top=$(pwd)
build=$top/build
logs=$build/logs
quick=no
[ "${1:-}" = --quick ] && quick=yes
passed=0 failed=0
mkdir -p "$logs" || exit 1

say() { printf '\n== %s\n' "$*"; }
pass() { passed=$((passed + 1)); printf 'ok      %s\n' "$1"; }
fail() {
	failed=$((failed + 1))
	printf 'FAILED  %s\n' "$1"
	if [ -n "${2:-}" ] && [ -f "$2" ]; then tail -n "${3:-60}" "$2" | sed 's/^/        /'; fi
}
finish() {
	printf '\n%d passed, %d failed\n' "$passed" "$failed"
	[ "$failed" -eq 0 ]
	exit
}
# step NAME COMMAND...: one test that is one command; its output goes to a log.
step() {
	name=$1
	shift
	log=$logs/$(printf '%s' "$name" | tr -c 'a-zA-Z0-9\n' '-').log
	if "$@" >"$log" 2>&1; then pass "$name"; else fail "$name" "$log"; return 1; fi
}
as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }

# ---- what the tests need ----

packages="gcc clang make autoconf automake pkg-config libev-dev libjson-c-dev libinih-dev libcmocka-dev bats jq mandoc strace"
install_packages() {
	missing=
	for package in $packages; do
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
	done
	command -v npm >/dev/null 2>&1 || missing="$missing nodejs npm"
	[ -z "$missing" ] && return 0
	echo "installing:$missing"
	as_root apt-get update -q && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y $missing
}
install_ccusage() { # version directory
	[ -x "$2/node_modules/.bin/ccusage" ] && return 0
	mkdir -p "$2" || return 1
	for attempt in 1 2 3; do
		npm install --prefix "$2" --no-audit --no-fund --no-save "ccusage@$1" && return 0
		echo "attempt $attempt failed"
		sleep 5
	done
	return 1
}

say "what the tests need"
if command -v apt-get >/dev/null 2>&1; then
	step "packages are installed" install_packages || finish
else
	echo "no apt-get here: these must be there already: $packages npm"
fi
step "ccusage 20.0.24 from npm" install_ccusage 20.0.24 "$build/ccusage20"
step "ccusage 18.0.11 from npm" install_ccusage 18.0.11 "$build/ccusage18"

# ---- building ----

configure_and_make() { # directory compiler options...
	directory=$1 compiler=$2
	shift 2
	mkdir -p "$directory" && cd "$directory" && "$top/configure" CC="$compiler" --enable-werror "$@" && make -j2 && cd "$top"
}
build_with() ( configure_and_make "$@" )

say "building"
step "autoreconf" autoreconf -i || finish
step "gcc, ASan and UBSan, no warnings" build_with "$build/asan" gcc --enable-asan CFLAGS="-g -O1" || finish
step "clang, no warnings" build_with "$build/clang" clang
step "gcc, as people build it" build_with "$build/plain" gcc || finish
step "test programs, sanitized" make -C "$build/asan" -j2 check TESTS= || finish
step "test programs, plain" make -C "$build/plain" -j2 check TESTS= || finish

# ---- unit tests ----

# Counts the lines of a TAP log; a program that died before its plan was done is one failure more.
count_tap() { # name log exit-status
	good=$(grep -c '^ok ' "$2")
	bad=$(grep -c '^not ok ' "$2")
	plan=$(sed -n 's/^1\.\.\([0-9][0-9]*\).*/\1/p' "$2" | head -n 1)
	passed=$((passed + good))
	failed=$((failed + bad))
	[ "$bad" -eq 0 ] || { printf 'FAILED  %s: %d of %d\n' "$1" "$bad" "$((good + bad))"; grep -A 14 '^not ok ' "$2" | sed 's/^/        /'; }
	if [ "$3" -ne 0 ] && [ "$bad" -eq 0 ]; then
		fail "$1 (exit status $3)" "$2"
	elif [ -z "$plan" ] || [ "$((good + bad))" -ne "$plan" ]; then
		fail "$1 did not run all of its ${plan:-unknown number of} tests" "$2"
	else
		[ "$bad" -ne 0 ] || printf 'ok      %s: %d tests\n' "$1" "$good"
	fi
}

say "unit tests, sanitized"
ASAN_OPTIONS=detect_leaks=1:abort_on_error=0
export ASAN_OPTIONS
for program in "$build"/asan/tests/unit/test_*; do
	case $program in *.o | *.c) continue ;; esac
	[ -x "$program" ] || continue
	name=$(basename "$program")
	CMOCKA_MESSAGE_OUTPUT=TAP "$program" >"$logs/$name.tap" 2>"$logs/$name.err"
	status=$?
	cat "$logs/$name.err" >>"$logs/$name.tap"
	count_tap "$name" "$logs/$name.tap" "$status"
done

# ---- integration tests ----

say "integration tests"
SWATCH_TOP=$top
CCUSAGE20=$build/ccusage20/node_modules/.bin/ccusage
CCUSAGE18=$build/ccusage18/node_modules/.bin/ccusage
export SWATCH_TOP CCUSAGE20 CCUSAGE18
for file in tests/integration/*.bats; do
	name=$(basename "$file" .bats)
	# The heavy ones are about speed and crashes of the program that people run; the others run sanitized.
	case $name in
	storm | idle)
		[ "$quick" = yes ] && { echo "left out: $name (--quick)"; continue; }
		SWATCH_BUILD_DIR=$build/plain
		;;
	*) SWATCH_BUILD_DIR=$build/asan ;;
	esac
	export SWATCH_BUILD_DIR
	bats --tap "$file" >"$logs/$name.tap" 2>&1
	count_tap "$name.bats" "$logs/$name.tap" $?
done

# ---- manual pages, scripts, distribution ----

say "manual pages and scripts"
for page in man/*.[158]; do
	step "mandoc -T lint $page" sh -c 'out=$(mandoc -T lint "$1" 2>&1); printf "%s\n" "$out"; [ -z "$out" ]' sh "$page"
done
for script in contrib/*.sh .ci/run; do
	step "syntax of $script" sh -n "$script"
done
if [ "$quick" = no ]; then
	say "distribution"
	step "make distcheck" make -C "$build/plain" -j2 distcheck TESTS=
fi
finish
