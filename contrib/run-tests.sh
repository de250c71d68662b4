#!/bin/sh
# Runs the tests on a fresh machine too: it asks before it installs what they need (Debian: with apt-get),
# builds in ./build, prints each step with its seconds, and ends with the line "N passed, N failed". The exit
# status is 0 only when nothing failed. Logs are in build/logs.
#
# Without options, in a few minutes: a sanitized and a plain build, unit tests, integration tests side by
# side, the fuzzing corpora once, the rules of the rooms, manual pages, scripts, and what the source archive
# contains.
#
#   --full        everything there is, an hour or more: also clang, lint, coverage, large homes, the storm, the long night,
#                 packages, calls that fail, valgrind, five minutes of fuzzing, swatch verify on 500 made-up homes, the
#                 real Claude Code, make distcheck
#   --torture     the same, and every call fails in every way: an hour or two more
#   --only NAME   one part: one of --list, a file of tests/integration (daemon) or a unit test (test_buf); may be repeated
#   --list        prints those names
#   --yes         installs without asking, as it does when CI is set
#   --jobs N      so many at a time (twice as many as there are processors, since most of them mostly wait)
#
# usage: contrib/run-tests.sh [--full | --torture] [--yes] [--jobs N] [--only NAME]... [--list]
# shellcheck disable=SC2317 # many functions are run by step and by name
set -u
cd "$(dirname "$0")/.." || exit 1
top=$(pwd)
build=$top/build
logs=$build/logs
cores=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
# A file of tests that takes longer than this hangs, and has failed.
file_timeout=1800

has_command() { command -v "$1" >/dev/null 2>&1; }
now() { date +%s; }
usage() { sed -n '2,/^# *usage/s/^# \{0,1\}//p' "$0"; }

# ---- what there is to do ----

# The rest of the time of a run is that of its longest part: these are started first, in this order.
sanitized_files="hostile live faults verify"
plain_files="setup reports sandbox top watch limits daemon statusline refresh terminal alerts bars time doctor tables cache kills"
plain_files="$plain_files autostart memory subagents sessions check commands idle config"
# They measure, or load the machine: one after the other, when nothing else runs. Only --full has them.
alone_files="kills idle storm night packages large"
long_units="test_ledger_store test_ledger_ties test_top test_gather test_audit test_json_edit test_child"
quick_parts="rooms man shell dist"
full_parts="clang lint shell-bats coverage fault-injection valgrind fuzz verify-homes claude distcheck"

unit_names() { for file in tests/unit/test_*.c; do basename "$file" .c; done; }
corpus_names() { for file in tests/fuzz/fuzz_*.c; do basename "$file" .c; done; }
bats_names() { for file in tests/integration/*.bats; do basename "$file" .bats; done; }
is_in() { case " $2 " in *" $1 "*) ;; *) false ;; esac; } # WORD "WORDS"

# Which build a file of integration tests runs on: those about input that lies, and about figures, on the
# sanitized one. With --full all do, but for those about speed and crashes of the program that people run, or
# its packages.
build_of() {
	if is_in "$1" "$sanitized_files"; then
		echo asan
	elif [ "$full" = yes ] && ! is_in "$1" "$alone_files"; then
		echo asan
	else
		echo plain
	fi
}

# The jobs of one run, the longest first. A file that nobody put into a list runs, too.
list_jobs() {
	echo build:plain
	for name in $sanitized_files $plain_files; do
		[ "$full" = yes ] && is_in "$name" "$alone_files" || echo "bats:$name"
	done
	for name in $(bats_names); do
		is_in "$name" "$sanitized_files $plain_files $alone_files" || echo "bats:$name"
	done
	for name in $long_units; do echo "unit:$name"; done
	for name in $quick_parts; do echo "part:$name"; done
	for name in $(unit_names); do
		is_in "$name" "$long_units" || echo "unit:$name"
	done
	for name in $(corpus_names); do echo "corpus:$name"; done
}

# job_of NAME: the job that somebody means by that name.
job_of() {
	if is_in "$1" "$quick_parts $full_parts"; then
		echo "part:$1"
	elif [ -f "tests/integration/$1.bats" ]; then
		echo "bats:$1"
	elif [ -f "tests/unit/$1.c" ]; then
		echo "unit:$1"
	elif [ -f "tests/fuzz/$1.c" ]; then
		echo "corpus:$1"
	elif [ "$1" = unit ]; then
		for name in $(unit_names); do echo "unit:$name"; done
	elif [ "$1" = corpora ]; then
		for name in $(corpus_names); do echo "corpus:$name"; done
	else
		false
	fi
}

# ---- counting ----

# Each job leaves $logs/JOB.result, "passed failed skipped", and prints what people should read in one piece. What it
# skipped, and why, is in $logs/JOB.skipped, for the end of the run: a test that nobody runs must not pass unseen.
result() { # passed failed skipped
	echo "$1 $2 $3" >"$logs/$job_file.result"
}
show_log() { # log
	# A compiler that goes on after an error leaves it far above the end.
	if [ "$(wc -l <"$1")" -gt 40 ]; then
		grep -n -i -e 'error[: ]' -e 'warning:' -e '\*\*\*' "$1" | head -n 20 | sed 's/^/        /'
		echo "        ..."
	fi
	tail -n 40 "$1" | sed 's/^/        /'
	printf '        (all of it: %s)\n' "$1"
}
verdict() { # ok|FAILED what seconds
	printf '%-7s %s, %d s\n' "$1" "$2" "$3"
}

# What a TAP log shows. Groups that did not run all they had planned, and a bad exit status without a failed
# test (a crash, a leak, a time-out), are one failure more.
count_tap() { # name log exit-status seconds
	good=$(grep -a '^ok ' "$2" | grep -c -v -i '# skip')
	left_out=$(grep -a '^ok ' "$2" | grep -c -i '# skip')
	bad=$(grep -a -c '^not ok ' "$2")
	planned=$(sed -n 's/^1\.\.\([0-9][0-9]*\).*/\1/p' "$2" | awk '{ n += $1 } END { print n + 0 }')
	ran=$((good + bad + left_out))
	grep -a '^ok .*# *[sS][kK][iI][pP]' "$2" | sed "s/^ok [0-9]* \(- \)*/$1: /" >"$logs/$job_file.skipped"
	{
		sed 's/^/skipped /' "$logs/$job_file.skipped"
		if [ "$bad" -gt 0 ]; then
			verdict FAILED "$1: $bad of $((good + bad)) tests" "$4"
			grep -a -A 25 '^not ok ' "$2" | grep -a -v '^ok ' | sed 's/^/        /'
		elif [ "$3" -ne 0 ]; then
			verdict FAILED "$1 ended with status $3" "$4"
			show_log "$2"
		elif [ "$planned" -eq 0 ] || [ "$ran" -ne "$planned" ]; then
			verdict FAILED "$1 ran $ran of $planned tests" "$4"
			show_log "$2"
		else
			verdict ok "$1: $good tests" "$4"
		fi
	} >"$logs/$job_file.shown"
	if [ "$bad" -eq 0 ] && { [ "$3" -ne 0 ] || [ "$planned" -eq 0 ] || [ "$ran" -ne "$planned" ]; }; then bad=1; fi
	result "$good" "$bad" "$left_out"
	cat "$logs/$job_file.shown"
	[ "$bad" -eq 0 ]
}

# step WORDS COMMAND...: one test that is one command; its output goes to a log.
step() {
	words=$1 started=$(now)
	shift
	if "$@" >"$logs/$job_file.log" 2>&1; then
		result 1 0 0
		verdict ok "$words" $(($(now) - started))
	else
		result 0 1 0
		{ verdict FAILED "$words" $(($(now) - started)); show_log "$logs/$job_file.log"; } >"$logs/$job_file.shown"
		cat "$logs/$job_file.shown"
		return 1
	fi
}

# ---- building ----

build_with() ( # directory compiler options... -- targets...
	directory=$1 compiler=$2
	shift 2
	mkdir -p "$directory" && cd "$directory" || exit
	options=
	while [ "$1" != -- ]; do
		options="$options '$1'"
		shift
	done
	shift
	# by the system's own shell: configure prefers bash, which takes half as long again for it
	[ -f Makefile ] ||
		eval "CONFIG_SHELL=/bin/sh /bin/sh \"\$top/configure\" CC='$compiler' --enable-werror $options" || exit
	# not in one: the others need what `all` makes first
	make -j"$cores" all && make -j"$cores" "$@"
)
# Without ccache a build is a minute or two longer; with it, one is a compilation only where something
# changed.
use_ccache() {
	has_command ccache || return 0
	for folder in /usr/lib/ccache /usr/lib64/ccache /usr/lib/ccache/bin; do
		[ -x "$folder/gcc" ] && PATH=$folder:$PATH && break
	done
	export CCACHE_BASEDIR="${CCACHE_BASEDIR:-$top}" CCACHE_NOHASHDIR=1
}
# The hundred programs of the unit tests are linked in half the time by another linker. Backtraces need the numbers of the
# lines, and nothing else that -g writes: a fifth of the time of compiling.
build_sanitized() {
	linker=
	for name in gold lld; do
		[ -n "$linker" ] || ! has_command "ld.$name" || linker=-fuse-ld=$name
	done
	build_with "$build/asan" gcc --enable-asan "CFLAGS=-g1 -O1" "LDFLAGS=$linker" -- unit-programs fuzz-programs integration-programs
}
build_plain() {
	if [ "$RUN_TESTS_WHOLE" = yes ]; then
		build_with "$build/plain" gcc "CFLAGS=-g1 -O2" -- check TESTS=
	else
		build_with "$build/plain" gcc "CFLAGS=-g1 -O2" -- integration-programs other-programs
	fi
}

# needs_build NAME: waits until another job has built it; false when that failed.
needs_build() {
	waited=0
	while [ ! -e "$logs/built-$1" ] && [ $((waited += 1)) -lt $((file_timeout * 5)) ]; do sleep 0.2; done
	[ "$(cat "$logs/built-$1" 2>/dev/null)" = yes ]
}

# ---- the kinds of jobs ----

job_build() {
	if [ "$1" = asan ]; then
		words="gcc with ASan and UBSan, no warnings"
		step "$words" build_sanitized
	else
		words="gcc as people build it, no warnings"
		step "$words" build_plain
	fi
	# shellcheck disable=SC2181 # of either step
	if [ $? -eq 0 ]; then echo yes; else echo no; fi >"$logs/built-$1.new"
	mv "$logs/built-$1.new" "$logs/built-$1"
}
job_unit() {
	log=$logs/$1.tap started=$(now)
	CMOCKA_MESSAGE_OUTPUT=TAP timeout -k 10 "$file_timeout" "$build/asan/tests/unit/$1" >"$log" 2>"$logs/$1.err"
	status=$?
	# Not in one stream: a crash's report would be in the middle of a line.
	cat "$logs/$1.err" >>"$log"
	count_tap "$1" "$log" "$status" $(($(now) - started))
}
job_corpus() {
	step "$1: its corpus" timeout -k 10 "$file_timeout" "$build/asan/tests/fuzz/$1" "tests/fuzz/corpus/${1#fuzz_}.ar"
}
job_bats() {
	kind=$(build_of "$1")
	needs_build "$kind" || { step "$1.bats: there is no build of it" false; return; }
	started=$(now)
	SWATCH_BUILD_DIR=$build/$kind timeout -k 10 "$file_timeout" bats --tap "tests/integration/$1.bats" \
		>"$logs/$1.tap" 2>&1 </dev/null
	count_tap "$1.bats" "$logs/$1.tap" $? $(($(now) - started))
}

# ---- the other parts; each is a function part_NAME ----

part_rooms() { step "includes go down the list of rooms" tests/rooms.sh; }

# mandoc looks up the pages that a page refers to, and ours are not installed: it gets a tree of them. It is
# no fault of a page that the tree has no index, or that other people's pages are not on this machine.
lint_pages() (
	tree=$build/lint-man
	rm -rf "$tree"
	for page in man/*.[1-8]; do
		mkdir -p "$tree/man${page##*.}" && cp "$page" "$tree/man${page##*.}/"
	done
	findings=$(for page in man/*.[1-8]; do MANPATH=$tree mandoc -T lint -W style "$page" 2>&1; done |
		grep -v 'outdated mandoc.db lacks' | awk '!/referenced manual not found/ || /Xr swatch/')
	printf '%s\n' "$findings"
	[ -z "$findings" ]
)
part_man() { step "mandoc finds nothing in the manual pages" lint_pages; }

lint_scripts() {
	set -- contrib/*.sh contrib/*/*.sh contrib/arch/PKGBUILD .ci/run tests/rooms.sh tests/fuzz/run tests/fuzz/afl tests/faults/run \
		tests/valgrind/run tests/verify/run tests/claude/run tests/claude/scenarios.bash tests/claude/terminal.bash
	if has_command shellcheck; then
		shellcheck "$@"
	else
		for script; do bash -n "$script" || return; done
	fi
}
part_shell() { step "shellcheck finds nothing in the scripts" lint_scripts; }
# A `!` whose failure no test sees; the rest of what shellcheck finds is the way of bats.
lint_bats() { ! has_command shellcheck || shellcheck -i SC2314,SC2315 tests/integration/*.bats; }
part_shell_bats() { step "shellcheck finds no test that cannot fail" lint_bats; }

# Whoever adds a file has to put it into a Makemodule.am, or it is missing from the archive that people build
# from.
check_archive() {
	needs_build plain || { echo "there is no plain build"; return 1; }
	make -C "$build/plain" dist || return
	archive=$build/plain/swatch-$(sed -n 's/^AC_INIT(\[swatch\], \[\([^]]*\)\])$/\1/p' configure.ac).tar.gz
	tar -tzf "$archive" | sed -n 's|^[^/]*/\(.*[^/]\)$|\1|p' | LC_ALL=C sort >"$logs/archive.txt"
	if ! git ls-files >/dev/null 2>&1; then
		echo "there is no git repository here: the list of files is not checked"
		return 0
	fi
	git ls-files | grep -v -e '^\.gitignore$' -e '/\.gitignore$' -e '^\.gitattributes$' -e '^\.github/' -e 'Makemodule\.am$' |
		LC_ALL=C sort >"$logs/tracked.txt"
	LC_ALL=C comm -13 "$logs/archive.txt" "$logs/tracked.txt" >"$logs/missing.txt"
	[ ! -s "$logs/missing.txt" ] || { echo "in git, and not in the archive (add them to a Makemodule.am):"; cat "$logs/missing.txt"; return 1; }
}
part_dist() { step "make dist: every tracked file is in the archive" check_archive; }

# Another compiler warns of other things.
part_clang() { step "clang, no warnings" build_with "$build/clang" clang -- check TESTS=; }
part_lint() { step "clang-tidy and cppcheck find nothing" contrib/lint.sh; }
part_coverage() {
	step "unit tests run 90% of the lines of the rooms below the daemon" contrib/coverage.sh
	status=$?
	grep '%' "$logs/$job_file.log" | sed 's/^/        /'
	return "$status"
}
# Preloading and a sanitizer do not go together: the plain build.
part_fault_injection() {
	if [ "$torture" = yes ]; then
		step "every call fails, every system call is a crash" tests/faults/run "$build/plain" --all
	else
		step "calls fail, system calls are crashes (a part; --torture: all)" tests/faults/run "$build/plain"
	fi
	status=$?
	grep -h 'tried,\|losses' "$logs/$job_file.log" | sed 's/^/        /'
	return "$status"
}
part_valgrind() {
	step "valgrind: no error, leak or open descriptor (a part; all: tests/valgrind/run)" tests/valgrind/run "$build/plain" --quick
}
has_libfuzzer() {
	printf '%s\n' 'int LLVMFuzzerTestOneInput(const char *, long);' \
		'int LLVMFuzzerTestOneInput(const char *data, long size) { return data && size ? 0 : -1; }' >"$build/has-fuzzer.c" &&
		clang -fsanitize=fuzzer,address -o "$build/has-fuzzer" "$build/has-fuzzer.c"
}
part_fuzz() {
	if has_libfuzzer >"$logs/has-fuzzer.log" 2>&1; then
		step "five minutes of fuzzing find nothing" tests/fuzz/run --smoke
	else
		result 0 0 1
		echo "five minutes of fuzzing # skip clang has no libFuzzer here (Debian: libclang-rt-dev)" >"$logs/$job_file.skipped"
		sed 's/^/skipped /' "$logs/$job_file.skipped"
	fi
}
# Its last line is "N passed, N failed"; a home or a scenario each.
count_lines() { # words log exit-status seconds
	counts=$(sed -n 's/^\([0-9][0-9]*\) passed, \([0-9][0-9]*\) failed$/\1 \2/p' "$2" | tail -n 1)
	good=${counts% *} bad=${counts#* }
	if [ "$3" -eq 0 ] && [ "${bad:-1}" -eq 0 ]; then
		result "$good" 0 0
		verdict ok "$1: $good" "$4"
		return
	fi
	[ "${bad:-0}" -gt 0 ] || bad=1
	result "${good:-0}" "$bad" 0
	{ verdict FAILED "$1" "$4"; show_log "$2"; } >"$logs/$job_file.shown"
	cat "$logs/$job_file.shown"
	return 1
}
part_verify_homes() {
	started=$(now)
	tests/verify/run --build "$build/plain" --ccusage "$CCUSAGE20" >"$logs/$job_file.log" 2>&1
	count_lines "swatch verify explains every difference on made-up homes" "$logs/$job_file.log" $? $(($(now) - started))
}
# Without npm's registry it fails rather than passes: it is the one test that sees a change of Claude Code.
part_claude() {
	started=$(now)
	tests/claude/run --build "$build/plain" --ccusage "$CCUSAGE20" >"$logs/$job_file.log" 2>&1
	count_lines "the real Claude Code's figures are swatch's" "$logs/$job_file.log" $? $(($(now) - started))
	status=$?
	grep '^cannot install' "$logs/$job_file.log" | sed 's/^/        /'
	return "$status"
}
# What `make dist` packs builds, and passes its tests, away from the sources; all rounds of them ran before.
part_distcheck() { step "make distcheck" env -u RUN_TESTS_FULL make -C "$build/plain" -j"$cores" distcheck; }

run_job() {
	job=$1
	job_file=$(printf '%s' "$job" | tr -c 'a-zA-Z0-9_.' '-')
	case $job in
	part:*) "part_$(echo "${job#*:}" | tr - _)" ;;
	*) "job_${job%%:*}" "${job#*:}" ;;
	esac
	:
}

# ---- what the tests need ----

packages="gcc libc6-dev make autoconf automake pkg-config libev-dev libjson-c-dev libsqlite3-dev libcmocka-dev libncurses-dev
	bats jq mandoc shellcheck socat sqlite3 tmux python3 util-linux procps bsdextrautils"
# Other versions of clang-tidy, cppcheck and gcovr find other things than the committed configuration answers
# for.
full_packages="clang valgrind dpkg-dev debhelper lintian rpm cpio clang-tidy cppcheck gcovr"
commands="gcc make autoreconf pkg-config bats jq mandoc socat sqlite3 tmux python3 setpriv unshare pgrep"

# Prints the packages that are missing. Where node and npm come from elsewhere than Debian, they are good too.
missing_packages() {
	for package in $packages; do
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || printf ' %s' "$package"
	done
	if ! has_command npm || ! has_command node; then printf ' nodejs npm'; fi
}
missing_commands() {
	for program in $commands node npm; do has_command "$program" || printf ' %s' "$program"; done
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
may_install() { # packages
	[ "$yes" = no ] || return 0
	[ -z "${CI:-}" ] || return 0
	if [ ! -t 0 ]; then
		echo "these packages are missing:$1"
		echo "install them, or call this with --yes: apt-get install$1"
		return 1
	fi
	printf 'these packages are missing:%s\ninstall them with apt-get? [y/N] ' "$1"
	read -r answer
	case $answer in [yY]*) ;; *) return 1 ;; esac
}
get_packages() {
	[ "$full" = no ] || packages="$packages $full_packages"
	if has_command apt-get; then
		missing=$(missing_packages)
		[ -n "$missing" ] || return 0
		may_install "$missing" || exit 1
		job_file=packages
		step "packages are installed" install_packages "$missing" || finish
		# Where there is no such package, clang brings its runtime along, or fuzzing is skipped.
		[ "$full" = no ] || has_libfuzzer >/dev/null 2>&1 || install_packages libclang-rt-dev >"$logs/libclang-rt-dev.log" 2>&1
	else
		missing=$(missing_commands)
		[ -z "$missing" ] || { echo "these commands are missing, install them first:$missing"; exit 1; }
	fi
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
get_ccusage() {
	job_file=ccusage20
	step "ccusage 20.0.24 from npm" install_ccusage 20.0.24 "$build/ccusage20"
	job_file=ccusage18
	step "ccusage 18.0.11 from npm" install_ccusage 18.0.11 "$build/ccusage18"
}

# ---- the run ----

full=no torture=no yes=no only='' jobs=$((cores * 2))
while [ $# -gt 0 ]; do
	case $1 in
	--full) full=yes ;;
	--torture) full=yes torture=yes ;;
	# what the default was not, once
	--quick) ;;
	--yes) yes=yes ;;
	--jobs) jobs=${2:?} && shift ;;
	--only) only="$only ${2:?}" && shift ;;
	--list)
		for name in unit corpora $quick_parts $full_parts; do echo "$name"; done
		bats_names
		unit_names
		corpus_names
		exit
		;;
	# what this calls itself with: one job of a run that is going on
	--job)
		full=$RUN_TESTS_FULL torture=$RUN_TESTS_TORTURE
		run_job "$2"
		exit 0
		;;
	-h | --help) usage; exit 0 ;;
	*) usage; exit 2 ;;
	esac
	shift
done
begun=$(now)

# A person's settings are not the tests'; npm and ccache need HOME.
for name in $(env | sed -n 's/^\(\(XDG_\|CLAUDE\|SWATCH_\|LC_\|LANG\|CLICOLOR\|NOTIFY_\|WATCHDOG_\)[A-Za-z0-9_]*\)=.*/\1/p'); do unset "$name"; done
unset NO_COLOR TZ TZDIR COLUMNS LINES TMUX
ASAN_OPTIONS=detect_leaks=1
UBSAN_OPTIONS=print_stacktrace=1
SWATCH_TOP=$top
CCUSAGE20=$build/ccusage20/node_modules/.bin/ccusage
CCUSAGE18=$build/ccusage18/node_modules/.bin/ccusage
# The kills and the quiet seconds of the default run; --full takes the files' own.
if [ "$full" = no ]; then
	KILLS=${KILLS:-20} IDLE_SECONDS=${IDLE_SECONDS:-10}
	export KILLS IDLE_SECONDS
fi
# Only valgrind runs the plain build's unit tests.
RUN_TESTS_WHOLE=$full
! is_in valgrind "$only" || RUN_TESTS_WHOLE=yes
RUN_TESTS_FULL=$full RUN_TESTS_TORTURE=$torture
export ASAN_OPTIONS UBSAN_OPTIONS SWATCH_TOP CCUSAGE20 CCUSAGE18 RUN_TESTS_FULL RUN_TESTS_TORTURE RUN_TESTS_WHOLE

rm -rf "$logs"
mkdir -p "$logs" || exit 1

say() { printf '\n== %s (after %d s)\n' "$1" $(($(now) - begun)); }
finish() {
	if [ "$(cat "$logs"/*.skipped 2>/dev/null | wc -l)" -gt 0 ]; then
		say "skipped"
		cat "$logs"/*.skipped
	fi
	cat "$logs"/*.result 2>/dev/null | awk '
		{ passed += $1; failed += $2; skipped += $3 }
		END {
			printf "\n%d passed, %d failed", passed, failed
			if (skipped)
				printf ", %d skipped", skipped
			print ""
			exit failed > 0
		}'
	exit
}
# run_jobs JOB...: side by side. One that was killed leaves no result, and has failed.
run_jobs() {
	printf '%s\n' "$@" | xargs -P "$jobs" -n 1 sh "$0" --job
	for job; do
		job_file=$(printf '%s' "$job" | tr -c 'a-zA-Z0-9_.' '-')
		[ -f "$logs/$job_file.result" ] || step "$job ended without a result" false
	done
}
use_ccache

if [ -n "$only" ]; then
	list=
	for name in $only; do
		job=$(job_of "$name") || { echo "run-tests.sh: $name is not a part of the tests; --list names them"; exit 2; }
		list="$list $job"
	done
	missing=$(missing_commands)
	[ -z "$missing" ] || echo "these commands are missing:$missing"
	job_file=autoreconf
	[ -f configure ] || step "autoreconf" autoreconf -i || finish
	case $list in *bats:* | *part:verify-homes* | *part:claude*) get_ccusage ;; esac
	builds=
	for job in $list; do
		case $job in
		unit:* | corpus:*) kind=asan ;;
		bats:*) kind=$(build_of "${job#*:}") ;;
		part:dist* | part:fault* | part:valgrind | part:verify-homes | part:claude) kind=plain ;;
		*) continue ;;
		esac
		is_in "build:$kind" "$builds" || builds="$builds build:$kind"
	done
	for job in $builds; do
		run_jobs "$job"
		[ "$(cat "$logs/built-${job#*:}")" = yes ] || finish
	done
	# shellcheck disable=SC2086 # words
	run_jobs $list
	finish
fi

say "what the tests need"
get_packages
get_ccusage &
ccusage_pid=$!

say "building"
job_file=autoreconf
step "autoreconf" autoreconf -i || finish
run_jobs build:asan
[ "$(cat "$logs/built-asan")" = yes ] || finish
wait "$ccusage_pid"

say "everything, $jobs at a time"
# shellcheck disable=SC2046 # words
run_jobs $(list_jobs)

if [ "$full" = yes ]; then
	say "what needs the machine for itself"
	for name in $alone_files; do run_jobs "bats:$name"; done
	for name in $full_parts; do run_jobs "part:$name"; done
fi
say "done"
finish
