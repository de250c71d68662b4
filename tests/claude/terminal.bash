# shellcheck shell=bash disable=SC2154,SC2317 # variables and callers are elsewhere
# Claude Code at a terminal, for tests/claude/scenarios.bash: each session is a window of a tmux of the scenario's own.

on_screen() { tmux -S "$work/tmux" "$@"; }

# open_terminal NAME [OPTION...]: starts the client in $work/project and waits for its prompt.
open_terminal() {
	local name=$1
	shift
	# A new home asks for a theme, for an account and whether the folder is trusted.
	[ -e "$home/.claude.json" ] || jq -n --arg folder "$work/project" \
		'{hasCompletedOnboarding: true, theme: "dark", projects: {($folder): {hasTrustDialogAccepted: true}}}' \
		>"$home/.claude.json" || return
	# once: the terminals before this one run it
	[ -e "$work/statusline" ] || write_statusline || return
	(cd "$work/project" && on_screen new-session -d -s "$name" -x 140 -y 40 env -i "${environment[@]}" TERMINAL="$name" "$claude" "$@") || return
	await shows "$name" '❯'
}

# The statusline shows swatch's, each second. It keeps its last input and all that it showed for the judge, and counts its
# runs for leave(). The client ends a run that is slower than a second, so the input is kept first, with few processes.
write_statusline() {
	mkdir -p "$work/statuslines" "$home/.claude"
	cat >"$work/statusline" <<-END
		#!/bin/bash
		IFS= read -r -d "" input
		[[ \$input =~ \"session_id\":\ ?\"([-0-9a-f]+)\" ]] || exit
		file="$work/statuslines/\${BASH_REMATCH[1]}"
		printf '%s' "\$input" >"\$file.new" && mv "\$file.new" "\$file"
		echo "\$file" >>"$work/statuslines/\$TERMINAL.runs"
		swatch statusline <<<"\$input" | tee -a "\$file.shown"
	END
	chmod +x "$work/statusline"
	jq -n --arg command "$work/statusline" '{statusLine: {type: "command", command: $command, refreshInterval: 1}}' \
		>"$home/.claude/settings.json"
}

# A name behind "=" is no prefix of another one.
screen() { on_screen capture-pane -p -t "=$1:"; }

# shows NAME PATTERN: whether the terminal shows it.
shows() { screen "$1" | grep -q -- "$2"; }

# type_in NAME TEXT: types it and sends it off. The client takes what comes at once for a paste, and Enter with it: Enter
# comes later, and again when the text has stayed in the box.
type_in() {
	on_screen send-keys -t "=$1:" -l -- "$2" && await shows "$1" "${2:0:20}" && await is_sent "$1" "${2:0:20}"
}
is_sent() {
	local i
	sleep 0.5
	press "$1" Enter
	for ((i = 0; i < 100; i++)); do
		stands_in_box "$1" "$2" || return 0
		sleep 0.1
	done
	return 1
}

# stands_in_box NAME TEXT: whether the text is in the box in which one types, between the last two rules.
stands_in_box() {
	screen "$1" | awk '/───────/ { before = box; box = ""; next } { box = box $0 "\n" } END { printf "%s", before }' |
		grep -qF -- "$2"
}

press() { on_screen send-keys -t "=$1:" "$2"; }

# asks NAME PROMPT: sends a prompt, which the scenario has only once, and waits until its answer is complete.
asks() { type_in "$1" "$2" && await answered "$2" && await is_idle "$1"; }

# answered PROMPT: whether the client has written down the answer to the prompt. Not any answer will do: on a busy machine, one
# that the client asked for by itself may come first.
answered() {
	local id
	id=$(jq -r --arg prompt "$1" 'select(.prompt == $prompt and (.helper | not)) | .id' "$work/api.log" | tail -n 1)
	[ -n "$id" ] && grep -rqF -- "$id" "$home/.claude/projects"
}
is_idle() { ! shows "$1" 'esc to interrupt'; }

# has_last_figure NAME: waits until the statusline has had the session's last figure. That is its second run from now on: the
# first may have begun before the answer's end.
has_last_figure() { await has_run "$1" $(($(runs "$1") + 2)); }

# leave NAME: ends the client as people do, and waits until it is gone.
leave() { has_last_figure "$1" && type_in "$1" /exit && await is_closed "$1"; }
runs() { wc -l <"$work/statuslines/$1.runs"; }
has_run() { [ "$(runs "$1")" -ge "$2" ]; }
is_closed() { ! on_screen has-session -t "=$1" 2>/dev/null; }

# The newest session of the scenario.
newest_session() {
	local newest
	newest=$(find "$home/.claude/projects" -maxdepth 2 -name '*.jsonl' -printf '%T@ %f\n' | sort -rn | head -n 1)
	basename "${newest#* }" .jsonl
}

# What the terminals show goes into files, for whoever wants to know why a scenario failed.
keep_screens() {
	local name
	[ -S "$work/tmux" ] || return 0
	for name in $(on_screen list-sessions -F '#{session_name}' 2>/dev/null); do
		screen "$name" >"$work/screen.$name"
	done
}

close_terminals() { [ ! -S "$work/tmux" ] || on_screen kill-server 2>/dev/null || :; }
