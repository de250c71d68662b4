# For contrib/run-tests.sh: what is neither a unit test, a corpus nor a file of integration tests. Each part is a
# function part_NAME.
# shellcheck shell=sh disable=SC2154,SC2317 # contrib/run-tests.sh sets the rest

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

# ---- of --full alone ----

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
