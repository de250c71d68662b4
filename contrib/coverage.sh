#!/bin/sh
# Which lines the tests run: a table by room, from the unit tests; with --all from the integration tests too,
# but for those about speed and packages. Ends with 1 when less than 90% of the lines of a room below the
# daemon ran, or a unit test failed. Works in build/coverage; build/coverage/files.csv has each file,
# build/coverage/lines.txt the lines that did not run.
#
# It guards the rooms that everything else is built on: what they promise is tested without a daemon. Only
# program and sandbox have no floor: most of their lines run in processes that become another program, and what
# those ran is lost.
#
# usage: contrib/coverage.sh [--all]
set -u
cd "$(dirname "$0")/.." || exit 2
top=$(pwd)
build=$top/build/coverage
least=90
all=no
case ${1:-} in
'') ;;
--all) all=yes ;;
*) sed -n '2,/^# *usage/s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
for tool in gcovr gcov autoreconf make; do
	command -v "$tool" >/dev/null 2>&1 || { echo "coverage.sh: $tool is missing; Debian: apt-get install gcovr gcc"; exit 2; }
done

make_build() (
	[ -f configure ] || autoreconf -i || exit
	cd "$build" || exit
	[ -f Makefile ] || "$top/configure" --enable-coverage || exit
	make -j2 && make -j2 unit-programs || exit
	[ "$all" = no ] || make -j2 integration-programs
)
mkdir -p "$build" || exit 2
if ! make_build >"$build/build.log" 2>&1; then
	tail -n 30 "$build/build.log"
	echo "coverage.sh: cannot build; the whole of it: $build/build.log"
	exit 2
fi
# Made-up cases and faults by the thousand run the same lines as the first few, and take many minutes.
unset RUN_TESTS_FULL
# What was counted before is not what these tests run.
find "$build" -name '*.gcda' -exec rm -f {} +

failed=0
for file in tests/unit/test_*.c; do
	name=$(basename "$file" .c)
	if ! timeout -k 10 600 "$build/tests/unit/$name" >"$build/$name.log" 2>&1; then
		failed=1
		tail -n 20 "$build/$name.log"
		echo "coverage.sh: $name failed"
	fi
done
if [ "$all" = yes ]; then
	for file in tests/integration/*.bats; do
		name=$(basename "$file" .bats)
		case $name in storm | kills | idle | packages) continue ;; esac
		SWATCH_TOP=$top SWATCH_BUILD_DIR=$build \
			CCUSAGE20=${CCUSAGE20:-$top/build/ccusage20/node_modules/.bin/ccusage} \
			CCUSAGE18=${CCUSAGE18:-$top/build/ccusage18/node_modules/.bin/ccusage} \
			timeout -k 10 1800 bats --tap "$file" >"$build/$name.tap" 2>&1 </dev/null ||
			echo "coverage.sh: $name.bats failed (this is about lines: go by contrib/run-tests.sh)"
	done
fi

if ! gcovr -j 2 -r "$top" --object-directory "$build" -f 'src/' --csv "$build/files.csv" --txt "$build/lines.txt" \
	"$build" 2>"$build/gcovr.log"; then
	cat "$build/gcovr.log"
	echo "coverage.sh: gcovr failed"
	exit 2
fi
# The columns of the CSV: the file, its lines, those that ran.
awk -F, -v least="$least" '
	NR > 1 {
		split($1, part, "/")
		lines[part[2]] += $2
		ran[part[2]] += $3
	}
	END {
		printf "%-10s %8s %8s %8s\n", "room", "lines", "ran", "percent"
		below = split("base json config price transcript secret limits ledger history report ccusage cache ipc", rooms, " ")
		count = below
		rooms[++count] = "program"
		rooms[++count] = "sandbox"
		rooms[++count] = "swatchd"
		rooms[++count] = "swatch"
		for (i = 1; i <= count; i++) {
			room = rooms[i]
			percent = lines[room] ? 100 * ran[room] / lines[room] : 0
			low = i <= below && percent < least
			bad += low
			printf "%-10s %8d %8d %7.1f%%%s\n", room, lines[room], ran[room], percent,
				low ? "  less than " least "%" : ""
		}
		exit bad > 0
	}' "$build/files.csv" || failed=1
exit "$failed"
