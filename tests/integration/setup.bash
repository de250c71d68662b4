# What the tests of swatch setup share: a systemctl that keeps states in files and stands in for systemd, settings of Claude
# Code, and what there is before and after. "load helper" comes first.

SETTINGS_TEXT='{
    "model": "opus",
    "permissions": { "allow": ["Bash(ls:*)"], "deny": [] },

    "env": {"A": "\u00e4 // no comment"}
}
'

settings() { printf '%s' "$1" >"$HOME/.claude/settings.json"; }

# Made anew in each test: fake_systemd [DIRECTORY...]: other directories with units.
fake_systemd() {
	mkdir -p "$TEST_HOME/bin" "$TEST_HOME/systemd"
	printf '%s\n' "$*" >"$TEST_HOME/systemd/directories"
	cat >"$TEST_HOME/bin/systemctl" <<-'SCRIPT'
		#!/bin/bash
		state=${0%/*}/../systemd
		echo "$*" >>"$state/calls"
		[ "$1" = --user ] || exit 1
		own=${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user
		unit=
		read -r directories <"$state/directories"
		for directory in "$own" $directories; do
			[ -n "$unit" ] || [ ! -f "$directory/swatchd.service" ] || unit=$directory/swatchd.service
		done
		start() {
			[ ! -e "$state/condition" ] || return 0
			if [ -z "$unit" ] || [ -e "$state/broken" ]; then
				cat "$state/broken" >"$state/exit"
				echo "Job for swatchd.service failed" >&2
				exit 1
			fi
			# what systemd makes of the quotes
			program=$(sed -n 's/^ExecStart="\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' "$unit")
			# by a process that is not ours: whatever systemctl leaves behind is ended with it
			rm -f "$state/started"
			echo "$program" >"$state/start"
			until [ -s "$state/started" ]; do sleep 0.05; done
			read -r pid <"$state/started"
			until [ "$(swatch status --json 2>/dev/null | json-value .pid)" = "$pid" ]; do
				if [ -e "$state/exit.$pid" ]; then
					mv "$state/exit.$pid" "$state/exit"
					echo "Job for swatchd.service failed" >&2
					exit 1
				fi
				sleep 0.05
			done
			echo $pid >"$state/pid"
		}
		stop() {
			[ -e "$state/pid" ] || return 0
			read -r pid <"$state/pid"
			kill "$pid"
			while [ -e "/proc/$pid" ]; do sleep 0.05; done
			rm "$state/pid"
		}
		case "$2 $3" in
		*UnitPath*) echo "UnitPath=$own $directories" ;;
		show*)
			[ -n "$unit" ] && echo LoadState=loaded || echo LoadState=not-found
			[ -e "$state/enabled" ] && echo UnitFileState=enabled || echo UnitFileState=disabled
			[ -e "$state/pid" ] && echo ActiveState=active || echo ActiveState=inactive
			[ -e "$state/condition" ] && echo ConditionResult=no || echo ConditionResult=yes
			echo "ConditionTimestamp=Mon 2026-11-30 05:00:00 UTC"
			ended=0
			[ ! -e "$state/exit" ] || read -r ended <"$state/exit"
			echo "ExecMainStatus=$ended" ;;
		enable*) : >"$state/enabled" ;;
		reset-failed*) ;;
		'start swatchd.path') [ -e "$state/condition" ] || exit 1 ;;
		'disable --now') rm -f "$state/enabled"; stop ;;
		disable*) rm -f "$state/enabled" ;;
		start*) start ;;
		stop*) stop ;;
		restart*) stop; start ;;
		daemon-reload*) ;;
		*) exit 1 ;;
		esac
	SCRIPT
	chmod +x "$TEST_HOME/bin/systemctl"
	PATH=$TEST_HOME/bin:$PATH
	mkfifo "$TEST_HOME/systemd/start"
	manage "$TEST_HOME/systemd" 3>&- &
	MANAGER=$!
}

# The user's manager: starts the programs that it reads from a FIFO, and writes down how each ended.
manage() {
	local program pid status
	while [ -p "$1/start" ]; do
		# empty when the writer before had not closed it yet
		read -r program <"$1/start" || continue
		(
			setsid "$program" >>"$1/log" 2>&1 </dev/null &
			pid=$!
			echo $pid >"$1/started"
			status=0
			wait $pid || status=$?
			echo $status >"$1/exit.$pid"
		) &
	done
}

no_systemd() {
	mkdir -p "$TEST_HOME/bin"
	printf '#!/bin/sh\necho "Failed to connect to bus" >&2; exit 1\n' >"$TEST_HOME/bin/systemctl"
	chmod +x "$TEST_HOME/bin/systemctl"
	PATH=$TEST_HOME/bin:$PATH
}

# says TEXT...: in the last output, one after the other, however its lines are broken.
says() {
	local text piece
	text=$(tr -s '[:space:]' ' ' <<<"$output")
	for piece; do
		[[ "$text" == *"$piece"* ]] || { printf "not said: '%s' in:\n%s\n" "$piece" "$output"; return 1; }
		text=${text#*"$piece"}
	done
}

# All of it without a question, and all of it back; both go well.
sets_up() { succeeds swatch setup --yes; }
takes_back() { succeeds swatch setup --undo --yes; }
succeeds() {
	run "$@"
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
}

acts() { grep -v -- ' show ' "$TEST_HOME/systemd/calls" || true; }
# Every file with its content, its mode and its time; not what the daemon keeps.
tree() {
	# the ledger is swatchd's own, and comes when it likes
	find "$TEST_HOME" \( -name session-health -o -name systemd -path "$TEST_HOME/systemd" -o -name run \
		-o -path '*/.local/state/swatch' \) -prune \
		-o -printf '%P %m %T@ %l\n' | sort
	find "$TEST_HOME" \( -name session-health -o -path "$TEST_HOME/systemd" -o -name run -o -name 'ledger.db*' \) -prune -o -type f -print0 |
		sort -z | xargs -0 sha256sum
}
names() { tree | sed 's/^\([^ ]* [0-7]*\) [0-9.]*/\1/' | grep -v '^[^ ]* \?7[0-7]* *$'; }
line_of() { json-value .statusLine.command "$HOME/.claude/settings.json"; }

teardown() {
	local pid
	[ -z "$MANAGER" ] || kill "$MANAGER"
	pid=$(timeout 20 swatch status --json 2>/dev/null | jq -r '.pid // empty')
	if [ -n "$pid" ]; then
		kill "$pid"
		await is_gone "$pid"
	fi
	rm -rf "$TEST_HOME"
}
