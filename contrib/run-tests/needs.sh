# For contrib/run-tests.sh: the packages and versions of ccusage that the tests need, and their installation.
# shellcheck shell=sh disable=SC2034,SC2154 # contrib/run-tests.sh sets the rest

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
