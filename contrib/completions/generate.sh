#!/bin/sh
# Writes the shells' completions from commands.tsv.
#   generate.sh           writes swatch.bash, _swatch and swatch.fish beside itself
#   generate.sh --check   writes nothing; fails, and shows how, when one of them is not what it would write
set -eu
here=$(cd "$(dirname "$0")" && pwd)
table=$here/commands.tsv

generate() {
	awk -F '\t' -v shell="$1" -f "$here/generate.awk" "$table"
}

if [ "${1-}" = --check ]; then
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	status=0
	for file in swatch.bash _swatch swatch.fish; do
		generate "$file" >"$work/$file"
		if ! diff -u "$here/$file" "$work/$file"; then
			echo "$file is not what commands.tsv gives: run contrib/completions/generate.sh" >&2
			status=1
		fi
	done
	exit $status
fi

for file in swatch.bash _swatch swatch.fish; do
	generate "$file" >"$here/$file.new"
	mv "$here/$file.new" "$here/$file"
done
