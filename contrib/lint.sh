#!/bin/sh
# Looks through the sources with clang-tidy (.clang-tidy) and cppcheck (contrib/lint/), of Debian bookworm's
# versions. It guards against slips that compile without a warning. When they find something, it prints that
# and ends with 1. Works in build/lint.
#
# With names, only those files: contrib/lint.sh src/cache/lock.c; --src leaves out the tests.
#
# usage: contrib/lint.sh [--src | FILE.c...]
set -u
cd "$(dirname "$0")/.." || exit 2
top=$(pwd)
build=$top/build/lint
jobs=2
only=.
case ${1:-} in
'') ;;
--src) only='^/*src/' && shift ;;
-*) sed -n '2,/^# *usage/s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac

for tool in clang-tidy cppcheck autoreconf make; do
	command -v "$tool" >/dev/null 2>&1 || { echo "lint.sh: $tool is missing; Debian: apt-get install clang-tidy cppcheck"; exit 2; }
done

# ---- the compiler's calls: an own build folder, in which nothing is built ----

mkdir -p "$build" || exit 2
calls() (
	[ -f configure ] || autoreconf -i || exit
	cd "$build" || exit
	[ -f Makefile ] || "$top/configure" --disable-dependency-tracking || exit
	# A header that is made; and the Makefile makes itself anew here, where a list of files changed.
	make src/swatch/setup/unit_text.h || exit
	make -n V=1 all check TESTS= >commands.txt
)
if ! calls >"$build/configure.log" 2>&1; then
	cat "$build/configure.log"
	echo "lint.sh: cannot configure a build folder"
	exit 2
fi
awk -v top="$top" -v directory="$build" -f contrib/lint/compile-commands.awk "$build/commands.txt" >"$build/compile_commands.json"

# What is linted: every file that is compiled, or those that were named.
files=$build/files.txt
sed -n 's|.*"file": "'"$top"'/*\([^"]*\)".*|\1|p' "$build/compile_commands.json" | grep -e "$only" | sort >"$files"
if [ $# -gt 0 ]; then
	for file; do
		grep -q -x -F "$file" "$files" || { echo "lint.sh: $file is not a .c file that is compiled"; exit 2; }
	done
	printf '%s\n' "$@" >"$files"
fi
[ -s "$files" ] || { echo "lint.sh: found no files in what make would run"; exit 2; }

# ---- the two ----

found=0
look() { # name, log
	if [ -s "$2" ]; then
		found=1
		sed "s|$top/||g" "$2"
		echo "$1: see above; what is in $2"
	else
		echo "$1: nothing found in $(wc -l <"$files") files"
	fi
}

cppcheck_log=$build/cppcheck.log
mkdir -p "$build/cppcheck"
set --
while read -r file; do set -- "$@" "--file-filter=$top/$file"; done <"$files"
cppcheck --project="$build/compile_commands.json" "$@" --enable=warning,style,performance,portability --inline-suppr --std=c17 \
	--library=posix,gnu,"$top/contrib/lint/swatch.cfg" --suppressions-list="$top/contrib/lint/cppcheck.suppress" \
	--cppcheck-build-dir="$build/cppcheck" -j "$jobs" --quiet --error-exitcode=1 \
	--template='{file}:{line}: {severity}: {message} [{id}]' >"$cppcheck_log" 2>&1 || echo "cppcheck: exit status $?" >>"$cppcheck_log"
look cppcheck "$cppcheck_log"

# One file a run: version 14 mixes up va_lists when it is given several. It counts on stderr what it left out.
tidy_log=$build/clang-tidy.log
xargs -P "$jobs" -n 1 clang-tidy -p "$build" --quiet <"$files" >"$tidy_log" 2>"$build/clang-tidy.err"
status=$?
[ "$status" -eq 0 ] || [ -s "$tidy_log" ] || cp "$build/clang-tidy.err" "$tidy_log"
look clang-tidy "$tidy_log"
[ "$found" -eq 0 ]
