#!/bin/sh
# Runs every test, on a fresh machine too: installs what they need (Debian: with apt-get), builds in ./build, and ends
# with the line "N passed, N failed". Logs stay in build/logs.
#
# --quick leaves out the long ones: storm, idle, night, packages, faults, valgrind, fuzzing, lint, coverage, and make
# distcheck. --torture takes an hour or two more: every call fails in every way, and every system call is a crash.
#
# usage: contrib/run-tests.sh [--quick | --torture]
# shellcheck disable=SC2317 # many functions are run by step
set -u
cd "$(dirname "$0")/.." || exit 1
top=$(pwd)
build=$top/build
logs=$build/logs
quick=no torture=no
case ${1:-} in
'') ;;
--quick) quick=yes ;;
--torture) torture=yes ;;
*) sed -n '2,/^# *usage/s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
passed=0 failed=0 skipped=0
# Longer than any file of tests takes; one that hangs is a failure and not a run without end.
file_timeout=1800
rm -rf "$logs"
mkdir -p "$logs" || exit 1

say() { printf '\n== %s\n' "$*"; }
pass() {
	passed=$((passed + 1))
	printf 'ok      %s\n' "$1"
}
fail() { # what, log
	failed=$((failed + 1))
	printf 'FAILED  %s\n' "$1"
	if [ -n "${2:-}" ] && [ -f "$2" ]; then
		# A compiler that goes on after an error leaves it far above the end.
		if [ "$(wc -l <"$2")" -gt 40 ]; then
			grep -n -i -e 'error[: ]' -e 'warning:' -e '\*\*\*' "$2" | head -n 20 | sed 's/^/        /'
			echo "        ..."
		fi
		tail -n 40 "$2" | sed 's/^/        /'
		printf '        (the whole of it: %s)\n' "$2"
	fi
}
finish() {
	if [ "$skipped" -gt 0 ]; then
		printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
	else
		printf '\n%d passed, %d failed\n' "$passed" "$failed"
	fi
	[ "$failed" -eq 0 ]
	exit
}
# step NAME COMMAND...: one test that is one command; its output goes to a log.
step() {
	step_name=$1
	shift
	step_log=$logs/$(printf '%s' "$step_name" | tr -c 'a-zA-Z0-9.' '-').log
	if "$@" >"$step_log" 2>&1; then
		pass "$step_name"
	else
		fail "$step_name" "$step_log"
		return 1
	fi
}
has_command() { command -v "$1" >/dev/null 2>&1; }

# ---- what the tests need ----

packages="gcc libc6-dev clang make autoconf automake pkg-config libev-dev libjson-c-dev libinih-dev libcmocka-dev
	libncurses-dev bats jq mandoc shellcheck socat valgrind tmux util-linux procps bsdextrautils dpkg-dev debhelper lintian rpm cpio"
# Other versions of these find other things than the committed configuration answers for.
[ "$quick" = yes ] || packages="$packages clang-tidy cppcheck gcovr"

# Prints the packages that are not there. Where node and npm come from somewhere else than Debian, they are good too.
missing_packages() {
	for package in $packages; do
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || printf ' %s' "$package"
	done
	if ! has_command npm || ! has_command node; then printf ' nodejs npm'; fi
}
as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif has_command sudo; then
		sudo "$@"
	else
		echo "this needs root, and there is no sudo: $*"
		return 1
	fi
}
install_packages() {
	# shellcheck disable=SC2086 # a list of names
	as_root apt-get update -q &&
		as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $1
}
install_ccusage() { # version directory
	for attempt in 1 2 3 4; do
		if "$2/node_modules/.bin/ccusage" --version | grep -F "$1"; then
			return 0
		fi
		[ "$attempt" -eq 1 ] || sleep $((attempt * 5))
		mkdir -p "$2" && npm install --prefix "$2" --no-audit --no-fund --no-save "ccusage@$1"
	done
	"$2/node_modules/.bin/ccusage" --version | grep -F "$1"
}

has_libfuzzer() {
	mkdir -p "$build" && printf '%s\n' 'int LLVMFuzzerTestOneInput(const char *, long);' \
		'int LLVMFuzzerTestOneInput(const char *data, long size) { return data && size ? 0 : -1; }' >"$build/has-fuzzer.c" &&
		clang -fsanitize=fuzzer,address -o "$build/has-fuzzer" "$build/has-fuzzer.c"
}

say "what the tests need"
if has_command apt-get; then
	missing=$(missing_packages)
	if [ -n "$missing" ]; then
		echo "installing with apt-get:$missing"
		step "packages are installed" install_packages "$missing" || finish
	fi
	# Where there is no such package, clang brings its runtime along, or fuzzing is left out below.
	has_libfuzzer >"$logs/has-fuzzer.log" 2>&1 || install_packages libclang-rt-dev >"$logs/libclang-rt-dev.log" 2>&1
else
	echo "no apt-get here; these must be there already, under whatever names:"
	echo "$packages" nodejs npm | tr -s '\t\n' '  '
	echo
fi
step "ccusage 20.0.24 from npm" install_ccusage 20.0.24 "$build/ccusage20"
step "ccusage 18.0.11 from npm" install_ccusage 18.0.11 "$build/ccusage18"

# ---- building ----

build_with() ( # directory compiler options...
	directory=$1 compiler=$2
	shift 2
	mkdir -p "$directory" && cd "$directory" &&
		"$top/configure" CC="$compiler" --enable-werror "$@" && make -j2 && make -j2 check TESTS=
)

say "building"
step "autoreconf" autoreconf -i || finish
step "gcc with ASan and UBSan, no warnings" build_with "$build/asan" gcc --enable-asan CFLAGS="-g -O1" || finish
step "gcc as people build it, no warnings" build_with "$build/plain" gcc || finish
step "clang, no warnings" build_with "$build/clang" clang

# ---- counting ----

# Counts the tests of a TAP log. Groups that did not run all they had planned, and a bad exit status without a failed
# test (a crash, a leak, a time-out), are one failure more.
count_tap() { # name log exit-status
	good=$(grep -a '^ok ' "$2" | grep -c -v -i '# skip')
	left_out=$(grep -a '^ok ' "$2" | grep -c -i '# skip')
	bad=$(grep -a -c '^not ok ' "$2")
	planned=$(sed -n 's/^1\.\.\([0-9][0-9]*\).*/\1/p' "$2" | awk '{ n += $1 } END { print n + 0 }')
	passed=$((passed + good))
	failed=$((failed + bad))
	skipped=$((skipped + left_out))
	grep -a '^ok .*# *[sS][kK][iI][pP]' "$2" | sed 's/^ok [0-9]* /skipped /'
	if [ "$bad" -gt 0 ]; then
		printf 'FAILED  %s: %d of %d\n' "$1" "$bad" "$((good + bad))"
		grep -A 25 '^not ok ' "$2" | grep -v '^ok ' | sed 's/^/        /'
	elif [ "$3" -ne 0 ]; then
		fail "$1 ended with status $3" "$2"
		return
	fi
	if [ "$planned" -eq 0 ] || [ "$((good + bad + left_out))" -ne "$planned" ]; then
		fail "$1 ran $((good + bad + left_out)) of $planned tests" "$2"
	elif [ "$bad" -eq 0 ]; then
		printf 'ok      %s: %d tests\n' "$1" "$good"
	fi
}

# ---- unit tests ----

say "unit tests, sanitized"
ASAN_OPTIONS=detect_leaks=1
UBSAN_OPTIONS=print_stacktrace=1
export ASAN_OPTIONS UBSAN_OPTIONS
for file in tests/unit/test_*.c; do
	name=$(basename "$file" .c)
	log=$logs/$name.tap
	CMOCKA_MESSAGE_OUTPUT=TAP timeout -k 10 "$file_timeout" "$build/asan/tests/unit/$name" >"$log" 2>"$logs/$name.err"
	status=$?
	# Not in one stream: a crash's report would stand in the middle of a line.
	cat "$logs/$name.err" >>"$log"
	count_tap "$name" "$log" "$status"
done

# ---- the sources, and which lines of them the unit tests run ----

if [ "$quick" = yes ]; then
	echo "left out: contrib/lint.sh, contrib/coverage.sh (--quick)"
else
	say "lint, coverage"
	step "clang-tidy and cppcheck find nothing" contrib/lint.sh
	step "unit tests run 90% of the lines of base, cache and usage" contrib/coverage.sh
	tail -n 6 "$step_log" | sed 's/^/        /'
fi

# ---- integration tests ----

say "integration tests"
SWATCH_TOP=$top
CCUSAGE20=$build/ccusage20/node_modules/.bin/ccusage
CCUSAGE18=$build/ccusage18/node_modules/.bin/ccusage
export SWATCH_TOP CCUSAGE20 CCUSAGE18
for file in tests/integration/*.bats; do
	name=$(basename "$file" .bats)
	# The heavy ones are about speed and crashes of the program that people run, or its packages; the others run sanitized.
	case $name in
	storm | idle | night | packages)
		if [ "$quick" = yes ]; then
			echo "left out: $name (--quick)"
			continue
		fi
		SWATCH_BUILD_DIR=$build/plain
		;;
	*) SWATCH_BUILD_DIR=$build/asan ;;
	esac
	export SWATCH_BUILD_DIR
	timeout -k 10 "$file_timeout" bats --tap "$file" >"$logs/$name.tap" 2>&1 </dev/null
	count_tap "$name.bats" "$logs/$name.tap" $?
done

# ---- faults ----

# Preloading and a sanitizer do not go together: the plain build. What it found is in the log.
say "calls that fail, and crashes (tests/faults)"
if [ "$torture" = yes ]; then
	step "every call fails, every system call is a crash" tests/faults/run "$build/plain" --all
	grep -h 'tried,\|losses' "$step_log" | sed 's/^/        /'
elif [ "$quick" = yes ]; then
	echo "left out: tests/faults (--quick)"
else
	step "calls fail, system calls are crashes (a part; --torture: all)" tests/faults/run "$build/plain"
	grep -h 'tried,\|losses' "$step_log" | sed 's/^/        /'
fi

# ---- valgrind ----

say "valgrind (a part; tests/valgrind/run without --quick: all)"
if [ "$quick" = yes ]; then
	echo "left out: tests/valgrind (--quick)"
else
	step "no error, leak or open descriptor under valgrind" tests/valgrind/run "$build/plain" --quick
fi

# ---- fuzzing ----

# What was ever found stays in the corpora: each harness goes through its own, sanitized.
say "fuzzing (tests/fuzz)"
for file in tests/fuzz/fuzz_*.c; do
	name=$(basename "$file" .c)
	step "$name goes through its corpus" timeout -k 10 "$file_timeout" "$build/asan/tests/fuzz/$name" \
		"tests/fuzz/corpus/${name#fuzz_}.ar"
done
if [ "$quick" = yes ]; then
	echo "left out: five minutes of fuzzing (--quick)"
elif ! has_libfuzzer >"$logs/has-fuzzer.log" 2>&1; then
	skipped=$((skipped + 1))
	echo "skipped five minutes of fuzzing: clang has no libFuzzer here (Debian: libclang-rt-dev)"
else
	step "five minutes of fuzzing find nothing" tests/fuzz/run --smoke && sed 's/^/        /' "$step_log"
fi

# ---- manual pages, scripts, distribution ----

# mandoc looks up the pages that a page refers to: ours are not installed, so that it gets a tree of them. That
# the tree has no index, and that other people's pages are not on this machine, is no fault of the page.
lint_tree=$build/lint-man
rm -rf "$lint_tree"
for page in man/*.[1-8]; do
	section=$lint_tree/man${page##*.}
	mkdir -p "$section" && cp "$top/$page" "$section/"
done
lint_page() {
	findings=$(MANPATH=$lint_tree mandoc -T lint -W style "$1" 2>&1 |
		grep -v 'outdated mandoc.db lacks' |
		awk '!/referenced manual not found/ || /Xr swatch/')
	printf '%s\n' "$findings"
	[ -z "$findings" ]
}

say "manual pages and scripts"
for page in man/*.[1-8]; do
	step "mandoc -T lint $page" lint_page "$page"
done
for script in contrib/*.sh contrib/*/*.sh contrib/arch/PKGBUILD .ci/run tests/fuzz/run tests/fuzz/afl; do
	if has_command shellcheck; then
		step "shellcheck $script" shellcheck "$script"
	else
		step "bash -n $script" bash -n "$script"
	fi
done
# A `!` whose failure no test sees; the rest of what it finds is the way of bats.
for script in tests/integration/*.bats; do
	! has_command shellcheck || step "shellcheck $script" shellcheck -i SC2314,SC2315 "$script"
done
if [ "$quick" = no ]; then
	say "distribution"
	step "make distcheck" make -C "$build/plain" -j2 distcheck
fi
finish
