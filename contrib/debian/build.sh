#!/bin/sh
# Builds the Debian package from this source tree: leaves swatchd_VERSION_ARCH.deb in build/deb.
#
# usage: contrib/debian/build.sh [OPTION...]     with options of dpkg-buildpackage
#   DEB_BUILD_OPTIONS=nocheck contrib/debian/build.sh     without the unit tests
set -eu
cd "$(dirname "$0")/../.."
out=build/deb

die() { printf 'build.sh: %s\n' "$*" >&2; exit 1; }

command -v dpkg-buildpackage >/dev/null 2>&1 ||
	die "dpkg-buildpackage is missing: install it with apt-get install dpkg-dev debhelper"
version=$(sed -n 's/^AC_INIT(\[swatch\], \[\([^]]*\)\])$/\1/p' configure.ac)
packaged=$(sed -n '1s/^swatchd (\(.*\)) .*/\1/p' contrib/debian/changelog)
[ "${version:-none}" = "$packaged" ] ||
	die "configure.ac says version '$version', contrib/debian/changelog '$packaged': add an entry there"

# Build a copy, so that nothing is left outside the build folder; leave out the products of a build in the source tree.
tree=$out/swatchd-$version
rm -rf "$tree"
mkdir -p "$tree"
tar -cf - --exclude='*.o' --exclude='*.a' --exclude='.deps' --exclude='.dirstamp' \
	COPYING NEWS README.md CONTRIBUTING.md configure.ac Makefile.am .ci src man contrib tests | tar -xf - -C "$tree"
cp -R contrib/debian "$tree/debian"
rm "$tree/debian/build.sh"

# make may run the tests that run this script: the make below must not take itself for a child of that one.
unset MAKEFLAGS MFLAGS MAKELEVEL
cd "$tree"
dpkg-checkbuilddeps ||
	die "install these first: cd $tree && sudo apt-get build-dep ."
dpkg-buildpackage -us -uc -b "$@"
cd ../../..
ls "$out"/swatchd_"$packaged"_*.deb
