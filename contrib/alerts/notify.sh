#!/bin/sh
# Shows an alert of swatchd as a desktop notification, or else in the status line of every tmux client.
# In ~/.config/swatch/swatch.conf:
#     [alerts]
#     command = /path/to/notify.sh
# Run it by hand to see whether it works. swatch.conf(5) describes its environment.
message=${SWATCH_MESSAGE:-Alerts of swatch are shown here}
case ${SWATCH_ALERT:-} in
limit_reached) urgency=critical ;;
limit_reset) urgency=low ;;
*) urgency=normal ;;
esac

# The body of a notification may have markup.
if command -v notify-send >/dev/null; then
	text=$(printf '%s' "$message" | sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g')
	notify-send --app-name=swatch --urgency="$urgency" -- 'Claude Code' "$text" && exit 0
fi

# tmux would run #(command), and replace % by parts of the date.
if command -v tmux >/dev/null; then
	text=$(printf '%s' "$message" | sed 's/[#%]/&&/g')
	shown=no
	for client in $(tmux list-clients -F '#{client_name}' 2>/dev/null); do
		tmux display-message -c "$client" -d 10000 "swatch: $text" && shown=yes
	done
	[ "$shown" = yes ] && exit 0
fi

echo "notify.sh: neither notify-send nor a tmux client could show: $message" >&2
exit 1
