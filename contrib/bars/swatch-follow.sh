#!/usr/bin/env bash
# Runs a command now, whenever the shared figures or the sessions change (at most once a second), and once a minute, because the time left
# changes by itself. For bars that read one line after another from a module: waybar, polybar.
# usage: swatch-follow.sh COMMAND [ARG...]
if [ $# -eq 0 ]; then
	echo "usage: swatch-follow.sh COMMAND [ARG...]" >&2
	exit 2
fi

# This script prints the line itself, so that it ends when the bar does.
show() {
	local line
	line=$("$@" 3<&-) || exit
	printf '%s\n' "$line" || exit 0
}

while :; do
	# Ends when the daemon does.
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
			*'"file":"billing-shared.json"'* | *'"file":"sessions.json"'* | '{"event":"stale"'* | '{"event":"fresh"'*) due=$((shown + 1)) ;;
			esac
		elif [ $? -le 128 ]; then
			break
		fi
	done
	exec 3<&-
	show "$@"
	sleep 10
done
