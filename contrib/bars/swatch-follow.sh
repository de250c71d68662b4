#!/usr/bin/env bash
# Runs a command now, whenever the shared figures change (once a second at most), and once a minute, because the time
# that is left changes by itself. For bars that take line after line from a module: waybar, polybar.
# usage: swatch-follow.sh COMMAND [ARG...]
if [ $# -eq 0 ]; then
	echo "usage: swatch-follow.sh COMMAND [ARG...]" >&2
	exit 2
fi

# By a printf of our own, so that the end of the bar ends this script.
show() {
	local line
	line=$("$@" 3<&-) || exit
	printf '%s\n' "$line" || exit 0
}

while :; do
	# It is there as long as the daemon is.
	exec 3< <(exec swatch events --json 2>/dev/null)
	due=$SECONDS
	while :; do
		if [ "$SECONDS" -ge "$due" ]; then
			show "$@"
			shown=$SECONDS
			due=$((shown + 60))
		fi
		if IFS= read -r -t $((due - SECONDS > 0 ? due - SECONDS : 1)) -u 3 line; then
			case $line in
			*'"file":"billing-shared.json"'* | '{"event":"stale"'* | '{"event":"fresh"'*) due=$((shown + 1)) ;;
			esac
		elif [ $? -le 128 ]; then
			break
		fi
	done
	exec 3<&-
	show "$@"
	sleep 10
done
