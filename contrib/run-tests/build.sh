# For contrib/run-tests.sh: the two builds that the tests run on, and how a job waits for one.
# shellcheck shell=sh disable=SC2154 # contrib/run-tests.sh sets the rest

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
