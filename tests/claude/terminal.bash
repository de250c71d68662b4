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
		>"$home/.claude.json" && write_statusline || return
	(cd "$work/project" && on_screen new-session -d -s "$name" -x 140 -y 40 env -i "${environment[@]}" "$claude" "$@") || return
	await shows "$name" '❯'
}

# The statusline shows swatch's, each second, and keeps its last input and all that it showed for the judge.
write_statusline() {
	mkdir -p "$work/statuslines" "$home/.claude"
	cat >"$work/statusline" <<-END
		#!/bin/bash
		input=\$(cat)
		file="$work/statuslines/\$(jq -r .session_id <<<"\$input")"
		printf '%s' "\$input" >"\$file.new.\$\$" && mv "\$file.new.\$\$" "\$file"
		swatch statusline <<<"\$input" | tee -a "\$file.shown"
	END
	chmod +x "$work/statusline"
	jq -n --arg command "$work/statusline" '{statusLine: {type: "command", command: $command, refreshInterval: 1}}' \
		>"$home/.claude/settings.json"
}

# The statusline shows swatch's, each second, and keeps its last input and all that it showed for the judge.
write_statusline() {
	mkdir -p "$work/statuslines" "$home/.claude"
	cat >"$work/statusline" <<-END
		#!/bin/bash
		input=\$(cat)
		file="$work/statuslines/\$(jq -r .session_id <<<"\$input")"
		printf '%s' "\$input" >"\$file.new.\$\$" && mv "\$file.new.\$\$" "\$file"
		swatch statusline <<<"\$input" | tee -a "\$file.shown"
	END
	chmod +x "$work/statusline"
	jq -n --arg command "$work/statusline" '{statusLine: {type: "command", command: $command, refreshInterval: 1}}' \
		>"$home/.claude/settings.json"
}

screen() { on_screen capture-pane -p -t "$1"; }

# shows NAME PATTERN: whether the terminal shows it.
shows() { screen "$1" | grep -q -- "$2"; }

# type_in NAME TEXT: types it and sends it off. The client takes what comes at once for a paste: Enter comes later.
type_in() {
	on_screen send-keys -t "$1" -l -- "$2" && await shows "$1" "${2:0:20}" && sleep 0.5 && on_screen send-keys -t "$1" Enter
}

press() { on_screen send-keys -t "$@"; }

# asks NAME PROMPT: sends a prompt and waits until its answer is complete.
asks() {
	local before
	before=$(answers)
	type_in "$1" "$2" && await answered "$before" && await is_idle "$1"
}

# How many requests of the conversation, not of the client's helpers, were answered.
answers() { grep -c '"helper":false' "$work/api.log"; }
answered() { [ "$(answers)" -gt "$1" ]; }
is_idle() { ! shows "$1" 'esc to interrupt'; }

# leave NAME: ends the client as people do, and waits until it is gone. Its statusline has the last figure after a second.
leave() {
	sleep 2
	type_in "$1" /exit && await is_closed "$1"
}
is_closed() { ! on_screen has-session -t "$1" 2>/dev/null; }

# The newest session of the scenario.
newest_session() {
	local newest
	newest=$(find "$home/.claude/projects" -maxdepth 2 -name '*.jsonl' -printf '%T@ %f\n' | sort -rn | head -n 1)
	basename "${newest#* }" .jsonl
}

close_terminals() { [ ! -S "$work/tmux" ] || on_screen kill-server 2>/dev/null || :; }
