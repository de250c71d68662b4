# The packages of Debian, Arch and RPM: built as a person builds them, installed in a scratch root, looked at,
# run, and removed again. It guards what is installed where. --full only: each package is a build of its own.
bats_require_minimum_version 1.5.0
load helper

# Once for the file: the tests look at what these left.
setup_file() {
	export DEB_FOLDER=$SWATCH_TOP/build/deb
	export DEB_ROOT=$BATS_FILE_TMPDIR/deb
	needs dpkg-buildpackage dh lintian || return 0
	# what an earlier version left
	rm -rf "$DEB_FOLDER"
	# Its unit tests are those of any build: all rounds of the made-up cases run elsewhere.
	unset RUN_TESTS_FULL
	if sh "$SWATCH_TOP/contrib/debian/build.sh" >"$BATS_FILE_TMPDIR/deb.log" 2>&1; then
		dpkg-deb -x "$(deb)" "$DEB_ROOT"
	fi
}

# needs COMMAND...: true when they are there; says what is missing.
needs() {
	local command
	for command in "$@"; do
		command -v "$command" >/dev/null || { MISSING=$command; return 1; }
	done
}
skip_without() { needs "$@" || skip "there is no $MISSING here"; }
needs_deb() {
	skip_without dpkg-buildpackage dh lintian
	[ -d "$DEB_ROOT" ] || { echo "it was not built: see the test of that"; return 1; }
}
deb() { echo "$DEB_FOLDER"/swatchd_*.deb; }
version() { sed -n 's/^AC_INIT(\[swatch\], \[\([^]]*\)\])$/\1/p' "$SWATCH_TOP/configure.ac"; }

# quietly COMMAND...: says the end of what it said when it fails, and nothing else.
quietly() { "$@" >"$TEST_HOME/quietly.log" 2>&1 3>&- || { tail -n 40 "$TEST_HOME/quietly.log"; return 1; }; }

# scratch_dpkg ROOT ARG...: dpkg on a root of its own, with nothing in it but its own accounts.
scratch_dpkg() {
	local root=$1
	shift
	mkdir -p "$root/var/lib/dpkg/updates" "$root/var/lib/dpkg/info"
	touch "$root/var/lib/dpkg/status" "$root/var/lib/dpkg/available"
	PATH=$PATH:/usr/sbin:/sbin dpkg --root="$root" --log="$root.log" --force-not-root --force-script-chrootless \
		--force-depends "$@" 3>&-
}
files_of() { (cd "$1" && find . -path ./var/lib/dpkg -prune -o ! -type d -print | LC_ALL=C sort); }

# has_everything ROOT LIBEXEC ZSH DOC: what every package installs, wherever its kind of system wants it.
has_everything() {
	local file page
	for file in usr/bin/swatch usr/bin/swatchd "$2/swatch/swatch-commands" "$2/swatch/swatch-top" \
		usr/lib/systemd/user/swatchd.path usr/lib/systemd/user/swatchd.service \
		usr/share/bash-completion/completions/swatch usr/share/fish/vendor_completions.d/swatch.fish "$3/_swatch" \
		"$4/examples/statusline.sh" "$4/examples/swatchd.desktop"; do
		[ -f "$1/$file" ] || { echo "not there: $file"; return 1; }
	done
	for page in "$SWATCH_TOP"/man/*.[1-8]; do
		compgen -G "$1/usr/share/man/man${page##*.}/${page##*/}*" >/dev/null || { echo "no ${page##*/}"; return 1; }
	done
	is "$(sed -n 's/^ExecStart=//p' "$1/usr/lib/systemd/user/swatchd.service")" /usr/bin/swatchd
	is "$(sed -n 's/^Exec=//p' "$1/$4/examples/swatchd.desktop")" /usr/bin/swatchd
	# where the one program looks for the other
	grep -q "/$2/swatch/swatch-commands" "$1/usr/bin/swatch"
}

@test "one version everywhere" {
	local version
	version=$(version)
	[ -n "$version" ]
	is "$(sed -n '1s/^swatchd (\(.*\)) .*/\1/p' "$SWATCH_TOP/contrib/debian/changelog")" "$version"
	is "$(sed -n 's/^pkgver=//p' "$SWATCH_TOP/contrib/arch/PKGBUILD")" "$version"
	is "$(sed -n 's/^Version: *//p' "$SWATCH_TOP/contrib/rpm/swatchd.spec")" "$version"
	is "$(sed -n 's/^\([0-9][0-9.]*\)$/\1/p' "$SWATCH_TOP/NEWS" | head -n 1)" "$version"
}

@test "Debian: the package builds, its unit tests pass, and the hardened compiler warns of nothing" {
	skip_without dpkg-buildpackage dh lintian
	[ -d "$DEB_ROOT" ] || { tail -n 60 "$BATS_FILE_TMPDIR/deb.log"; return 1; }
	grep -q '^# PASS: ' "$BATS_FILE_TMPDIR/deb.log"
	run ! grep -E '^[^ ]+:[0-9]+:[0-9]+: warning:' "$BATS_FILE_TMPDIR/deb.log"
}

@test "Debian: lintian finds no error" {
	needs_deb
	quietly lintian --fail-on error --no-tag-display-limit "$(deb)"
}

@test "Debian: everything is where Debian's shells, man and service manager look" {
	needs_deb
	has_everything "$DEB_ROOT" usr/libexec usr/share/zsh/vendor-completions usr/share/doc/swatchd
	grep -qx 'enable swatchd.service' "$DEB_ROOT/usr/lib/systemd/user-preset/80-swatchd.preset"
	# nothing in a folder that belongs to others
	is "$(cd "$DEB_ROOT" && ls)" usr
	is "$(cd "$DEB_ROOT/usr" && echo *)" "bin lib libexec share"
	is "$(dpkg-deb -f "$(deb)" Version)" "$(version)"
}

@test "Debian: its programs run: figures from a transcript, a statusline, a report" {
	needs_deb
	message 1 1000 >"$PROJECTS/-p/s1.jsonl"
	"$DEB_ROOT/usr/bin/swatchd" --once 3>&-
	field_is s1.json '.writer' "swatchd $(version)"
	field_is billing-shared.json '.costToday > 0' true
	is "$("$DEB_ROOT/usr/libexec/swatch/swatch-commands" --version)" "swatch $(version)"
	is "$("$DEB_ROOT/usr/libexec/swatch/swatch-commands" daily --json | jq '.totals.outputTokens')" 1000
	is "$(echo '{"model":{"display_name":"Opus"}}' | NO_COLOR=1 "$DEB_ROOT/usr/bin/swatch" statusline | grep -c Opus)" 1
	# the statusline's program asks for no library
	run ldd "$DEB_ROOT/usr/bin/swatch"
	[[ $output != *'=>'* ]]
}

@test "Debian: it installs, is installed again, and its purge leaves nothing" {
	needs_deb
	local root=$TEST_HOME/root
	quietly scratch_dpkg "$root" -i "$(deb)"
	is "$(dpkg-query --admindir="$root/var/lib/dpkg" -W -f '${Status}' swatchd)" "install ok installed"
	[ -x "$root/usr/bin/swatch" ]
	quietly scratch_dpkg "$root" -i "$(deb)"
	quietly scratch_dpkg "$root" -P swatchd
	is "$(files_of "$root")" ""
}

@test "Debian: it does not go beside Debian's own swatch, and the unit is enabled for all" {
	needs_deb
	local root=$TEST_HOME/root other=$TEST_HOME/other unit
	mkdir -p "$other/DEBIAN"
	printf '%s\n' 'Package: swatch' 'Version: 3.2.4-5' 'Architecture: all' 'Maintainer: x <x@x.invalid>' \
		'Description: the log watcher' >"$other/DEBIAN/control"
	dpkg-deb --root-owner-group -b "$other" "$other.deb"
	quietly scratch_dpkg "$root" -i "$other.deb"
	run ! scratch_dpkg "$root" -i "$(deb)"
	[[ $output == *conflict* ]]
	[ ! -e "$root/usr/bin/swatch" ]

	dpkg-deb -e "$(deb)" "$TEST_HOME/control"
	for unit in swatchd.service swatchd.path; do
		grep -q "deb-systemd-helper --user enable '$unit'" "$TEST_HOME/control/postinst"
		# one call, which names both
		grep -q "deb-systemd-helper --user purge .*'$unit'" "$TEST_HOME/control/postrm"
	done
}

@test "the user unit has no fault that systemd knows, and little that it could give up" {
	skip_without systemd-analyze
	# its programs and pages, under names that are there: they are not installed on this machine
	sed -e "s,^ExecStart=.*,ExecStart=$SWATCH_BUILD_DIR/swatchd," -e '/^Documentation=/d' \
		"$SWATCH_TOP/contrib/systemd/swatchd.service.in" >"$TEST_HOME/swatchd.service"
	sed '/^Documentation=/d' "$SWATCH_TOP/contrib/systemd/swatchd.path" >"$TEST_HOME/swatchd.path"
	run -0 systemd-analyze --user verify "$TEST_HOME/swatchd.service" "$TEST_HOME/swatchd.path"
	[ -z "$output" ] || { echo "$output"; return 1; }
	systemd-analyze --user security --offline=yes --threshold=20 --no-pager "$TEST_HOME/swatchd.service"
}

@test "make uninstall takes away what make install brought, folders of its own too" {
	make -C "$SWATCH_BUILD_DIR" install DESTDIR="$TEST_HOME/root" prefix=/usr/local 3>&-
	has_everything_of_make "$TEST_HOME/root"
	make -C "$SWATCH_BUILD_DIR" uninstall DESTDIR="$TEST_HOME/root" prefix=/usr/local 3>&-
	is "$(find "$TEST_HOME/root" ! -type d)" ""
	is "$(find "$TEST_HOME/root" -name '*swatch*')" ""
}
has_everything_of_make() {
	[ -x "$1/usr/local/bin/swatchd" ] && [ -x "$1/usr/local/libexec/swatch/swatch-commands" ] &&
		[ -f "$1/usr/local/lib/systemd/user/swatchd.service" ]
}

@test "a prefix in one's home: the user service goes where systemd reads it there" {
	mkdir "$TEST_HOME/build"
	cd "$TEST_HOME/build"
	quietly "$SWATCH_TOP/configure" --prefix="$HOME/.local"
	quietly make install-systemduserunitDATA
	grep -qx "ExecStart=$HOME/.local/bin/swatchd" "$HOME/.local/share/systemd/user/swatchd.service"
}

# distribution: the source as people get it.
distribution() {
	make -C "$SWATCH_BUILD_DIR" dist >"$TEST_HOME/dist.log" 2>&1 3>&- || { tail -n 30 "$TEST_HOME/dist.log"; return 1; }
	echo "$SWATCH_BUILD_DIR/swatch-$(version).tar.gz"
}

@test "Arch: what PKGBUILD builds is whole" {
	skip_without make autoconf
	mkdir -p "$TEST_HOME/src" "$TEST_HOME/pkg"
	tar -xzf "$(distribution)" -C "$TEST_HOME/src"
	# as makepkg does: each function in the folder of the sources, and an error ends it
	# shellcheck disable=SC2016 # expanded there
	quietly bash -ec 'srcdir=$1 pkgdir=$2
		. "$srcdir"/swatch-*/contrib/arch/PKGBUILD
		. "$srcdir"/swatch-*/contrib/arch/$install
		declare -F post_install post_upgrade
		pre_remove | grep "swatch setup --undo"
		(cd "$srcdir"; build) && (cd "$srcdir"; package)' - "$TEST_HOME/src" "$TEST_HOME/pkg"
	has_everything "$TEST_HOME/pkg" usr/lib usr/share/zsh/site-functions usr/share/doc/swatchd
}

@test "RPM: the spec in the distribution builds a package that is whole, and goes in and out" {
	skip_without rpmbuild rpm2cpio cpio
	local source
	source=$(distribution)
	# The macros are systemd's for RPM; --nodeps: on Debian the packages that it needs have other names.
	quietly rpmbuild -tb --nodeps --nocheck --define "_topdir $TEST_HOME/rpm" \
		--define '_userunitdir /usr/lib/systemd/user' --define '_userpresetdir /usr/lib/systemd/user-preset' \
		--define 'systemd_user_post() true' --define 'systemd_user_preun() true' \
		--define 'systemd_user_postun_with_restart() true' "$source"
	local package
	package=$(echo "$TEST_HOME"/rpm/RPMS/*/swatchd-[0-9]*.rpm)
	rpm -qp --scripts "$package" 2>/dev/null | grep -q 'swatch setup --undo'
	mkdir "$TEST_HOME/root"
	rpm2cpio "$package" | (cd "$TEST_HOME/root" && cpio -idm --quiet)
	has_everything "$TEST_HOME/root" usr/libexec usr/share/zsh/site-functions usr/share/doc/swatchd
	[ -f "$TEST_HOME/root/usr/lib/systemd/user-preset/80-swatchd.preset" ]
}
