#!/bin/sh
# Checks that the rooms of src/ know each other in one direction only. The list of rooms is the map in CONTRIBUTING.md:
# the lines there that begin with four blanks and "src/", lowest room first. A file may include headers of its own room
# and of the rooms above it in that list, and of no other; two files of one room may not include each other in a circle,
# unless it goes through a header named "internal". Every folder of src/ has its line in the map.
#
# Prints each line that breaks this, and ends with 1 when there is one.
#
# usage: tests/rooms.sh
set -eu
cd "$(dirname "$0")/.."
rooms=$(sed -n 's|^    \(src/[a-z/]*[a-z]\)/\{0,1\} .*|\1|p' CONTRIBUTING.md)
[ -n "$rooms" ] || { echo "tests/rooms.sh: no map of src/ in CONTRIBUTING.md"; exit 1; }
find src -type d ! -path src | sort >"${TMPDIR:-/tmp}/rooms.$$"
trap 'rm -f "${TMPDIR:-/tmp}/rooms.$$"' EXIT
find src -name '*.[ch]' -exec grep -n '#include "' /dev/null {} + | awk -F'[:"]' -v list="$rooms" -v folders="${TMPDIR:-/tmp}/rooms.$$" '
	function folder(path) { sub("/[^/]*$", "", path); return path }
	function stem(path) { sub("[.][ch]$", "", path); return path }
	# Follows the includes of one room from `at`; true when `goal` is reached.
	function reaches(at, goal, depth,    i, n, next_ones) {
		if (depth > 40 || seen[at]++)
			return 0
		n = split(uses[at], next_ones, " ")
		for (i = 1; i <= n; i++)
			if (next_ones[i] == goal || reaches(next_ones[i], goal, depth + 1))
				return 1
		return 0
	}
	BEGIN {
		count = split(list, names, "\n")
		for (i = 1; i <= count; i++)
			place[names[i]] = i
		while ((getline name < folders) > 0)
			if (!(name in place)) {
				print name ": not in the map of CONTRIBUTING.md"
				bad = 1
			}
	}
	{
		# src/room/file.c:12:#include "other/header.h" gives $1, $2 and $4.
		from = folder($1); header = "src/" $4; to = folder(header)
		if (from in place && to in place && place[to] > place[from]) {
			print $1 ":" $2 ": " from " may not include " $4 ": " to " comes after it in the map"
			bad = 1
		}
		if (index(to, "src/swatchd") == 1 && index(from, "src/swatchd") != 1) {
			print $1 ":" $2 ": " from " may not include the daemon"
			bad = 1
		}
		if (from == to && stem($1) != stem(header) && header !~ /internal[.]h$/ && $1 !~ /internal[.]h$/) {
			uses[stem($1)] = uses[stem($1)] " " stem(header)
			where[stem($1)] = where[stem($1)] " " $1 ":" $2
		}
	}
	END {
		for (file in uses) {
			split("", seen)
			if (reaches(file, file, 0)) {
				print file ": its includes lead back to it:" where[file]
				bad = 1
			}
		}
		exit bad
	}'
