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
plain_files="setup service settings reports sandbox top watch limits daemon statusline refresh terminal alerts bars time doctor tables cache kills"
plain_files="$plain_files autostart memory subagents sessions check commands idle config"
# They measure, or load the machine: one after the other, when nothing else runs. Only --full has them.
alone_files="kills idle storm night packages large"
long_units="test_ledger_store test_ledger_ties test_top_view test_statusline_presets test_config_few test_gather test_audit test_json_edit test_child"
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

# ---- how it is done ----

# Each file of contrib/run-tests/ is a subject of its own.
. contrib/run-tests/count.sh
. contrib/run-tests/build.sh
. contrib/run-tests/parts.sh
. contrib/run-tests/needs.sh

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
run_job() {
	job=$1
	job_file=$(printf '%s' "$job" | tr -c 'a-zA-Z0-9_.' '-')
	case $job in
	part:*) "part_$(echo "${job#*:}" | tr - _)" ;;
	*) "job_${job%%:*}" "${job#*:}" ;;
	esac
	:
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
