# Bars and prompts: the examples of contrib/bars, each as its bar uses it.
bats_require_minimum_version 1.5.0
load helper

bar() { "$SWATCH_TOP/contrib/bars/swatch-$1.sh"; }

# limits FIVE-HOUR SEVEN-DAY: what Claude Code tells a statusline.
limits() {
	tell_statusline "$(printf '{"session_id":"s1","rate_limits":{"five_hour":{"used_percentage":%s,"resets_at":%d},"seven_day":{"used_percentage":%s,"resets_at":%d}}}' \
		"$1" $((EPOCHSECONDS + 7200)) "$2" $((EPOCHSECONDS + 72000)))"
	# nobody answers a tick: the first sync may come to its turn before it, the second cannot
	swatch sync
	swatch sync
}

# is_for_waybar: one line, an object of waybar-custom(5)'s members and types.
is_for_waybar() {
	is "$(wc -l <"$1")" 1
	jq -e '(keys - ["alt", "class", "percentage", "text", "tooltip"] == []) and (.text | type == "string" and length > 0)
		and (.tooltip | type == "string" and length > 0)
		and (.percentage | type == "number" and . == floor and . >= 0 and . <= 100)
		and (.class | IN("normal", "warning", "critical", "stale"))' "$1" >/dev/null || { cat "$1"; return 1; }
}

waybar_is() {
	bar waybar >"$HOME/out"
	is_for_waybar "$HOME/out" && is "$(jq -r "$1" "$HOME/out")" "$2"
}

with_figures() {
	message 1 40000 >"$PROJECTS/-p/s1.jsonl"
	start_daemon
}

@test "every example prints something without a daemon, cache or home, and does not read stdin" {
	mkdir "$HOME/empty"
	for name in waybar tmux polybar i3blocks; do
		run env HOME="$HOME/empty" timeout 20 "$SWATCH_TOP/contrib/bars/swatch-$name.sh" < <(sleep 30 3>&-)
		[ "$status" -eq 0 ]
		[[ $output == *'swatchd is not running'* ]]
	done
	waybar_is .class stale
	with_figures
	stop_daemon
	waybar_is .class stale
	[[ $(bar tmux) == '$1.00 today'*stale* ]]
	# a bar may be narrow, but JSON is not cut
	COLUMNS=10 bar waybar >"$HOME/out"
	is_for_waybar "$HOME/out"
}

@test "a model without a price is no reason to say nothing, or that it cost nothing" {
	MODEL=claude-nobody-9 message 1 40000 >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	waybar_is .class normal
	for name in waybar tmux polybar i3blocks; do
		run bar "$name"
		[[ $output == *'no price'* && $output != *'$0.00'* ]]
	done
}

@test "waybar's module: JSON in its documented shape, its class by the limits" {
	with_figures
	waybar_is .class normal
	waybar_is .percentage 0
	[[ $(bar waybar | json-value .text) =~ ^\$1\.00\ today\ ·\ \$1\.00\ block\ \([0-9hm\ ]+\)$ ]]
	limits 42.5 10
	waybar_is .percentage 42
	waybar_is .class normal
	[[ $(bar waybar | json-value .text) == *' · 5h 42%' ]]
	is "$(bar waybar | jq -r .tooltip | cut -d' ' -f1 | paste -sd ' ')" 'Today Block 5 7'
	limits 43 75
	waybar_is .class warning
	limits 91 75
	waybar_is .class critical
	limits 100 75
	waybar_is .class critical
	waybar_is .percentage 100
	# the config and the style are what waybar reads: JSON with comments, and the module's names
	sed 's|^[[:space:]]*//.*||' "$SWATCH_TOP/contrib/bars/waybar.jsonc" | jq -e '."custom/swatch" | ."return-type" == "json" and (has("interval") | not)'
	for class in warning critical stale; do grep -q "^#custom-swatch\.$class " "$SWATCH_TOP/contrib/bars/waybar.css"; done
}

@test "swatch-follow.sh: a line at every change, none without, on through the daemon's end, until the bar ends" {
	# a shell of its own session: it is ended as a bar ends, by a reader that goes
	mkfifo "$HOME/bar"
	setsid bash -c '"$SWATCH_TOP"/contrib/bars/swatch-follow.sh "$SWATCH_TOP"/contrib/bars/swatch-waybar.sh >"$HOME/bar"' 2>"$HOME/errors" 3>&- &
	follower=$!
	exec 7<"$HOME/bar"
	lines() { IFS= read -r -t 60 -u 7 line && printf '%s\n' "$line" >"$HOME/out" && is_for_waybar "$HOME/out"; }
	# no daemon yet; it looks again after a while
	lines
	is "$(json-value .class "$HOME/out")" stale
	# the daemon must not keep the bar's end open
	with_figures 7<&-
	until [ "$(json-value .class "$HOME/out")" = normal ]; do lines; done
	await sh -c '[ "$(swatch status --json | json-value .control.clients)" -ge 2 ]'
	message 2 80000 >>"$PROJECTS/-p/s1.jsonl"
	until jq -e '.text | startswith("$3.00 today")' "$HOME/out"; do lines; done
	limits 93 10
	until [ "$(json-value .class "$HOME/out")" = critical ]; do lines; done
	# what is no bar's business makes no line: the next one tells of what came later
	mkdir -p "$HOME/.claude/projects/-q"
	swatch rescan
	message 3 40000 >>"$PROJECTS/-p/s1.jsonl"
	until jq -e '.text | startswith("$4.00 today")' "$HOME/out"; do lines; done
	stop_daemon
	until [ "$(json-value .class "$HOME/out")" = stale ]; do lines; done
	start_daemon 7<&-
	until [ "$(json-value .class "$HOME/out")" = critical ]; do lines; done
	await sh -c '[ "$(swatch status --json | json-value .control.clients)" -ge 2 ]'
	exec 7<&-
	message 4 40000 >>"$PROJECTS/-p/s1.jsonl"
	await is_gone "$follower"
	await sh -c '[ "$(swatch status --json | json-value .control.clients)" = 1 ]'
	is "$(cat "$HOME/errors")" ''
	run "$SWATCH_TOP/contrib/bars/swatch-follow.sh"
	[ "$status" -eq 2 ]
}

@test "tmux: the figures are in the status line, with its colours" {
	with_figures
	limits 92.5 71
	unset TMUX
	mkdir -p "$HOME/.config/tmux"
	cp "$SWATCH_TOP/contrib/bars/swatch-tmux.sh" "$HOME/.config/tmux/"
	export LC_ALL=C.UTF-8
	# one tmux that shows the other: only a client draws a status line
	tmux -S $HOME/inner -f "$SWATCH_TOP/contrib/bars/tmux.conf" new-session -d -x 120 -y 10 'exec sleep 600' 3>&-
	tmux -S $HOME/outer -f /dev/null new-session -d -x 120 -y 10 "unset TMUX; exec tmux -S $HOME/inner attach" 3>&-
	shown() { tmux -S $HOME/outer capture-pane -p -t 0 "$@"; }
	await sh -c "tmux -S '$HOME/outer' capture-pane -p -t 0 | grep -qE '[$]1\.00 today \| [$]1\.00 block \([0-9hm ]+\) \| 5h 9[23]%, 7d 71% \| [0-9]+:[0-9]+'" || { shown; false; }
	# red, then yellow
	shown -e | grep -qE $'\033\\[31m(\033\\[[0-9;]*m)*5h 9[23]%'
	shown -e | grep -qE $'\033\\[33m(\033\\[[0-9;]*m)*7d 71%'
	run ! grep -qF '#[' < <(shown)
	tmux -S $HOME/outer kill-server
	tmux -S $HOME/inner kill-server
}

@test "polybar and i3blocks: their colours, and the lines that they take" {
	with_figures
	limits 10 10
	[[ $(bar polybar) =~ ^\$1\.00\ today\ \|\ \$1\.00\ block\ \([0-9hm\ ]+\)\ \|\ 5h\ 10%%\{F-\},\ 7d\ 10%%\{F-\}$ ]]
	is "$(bar i3blocks | wc -l)" 2
	is "$(bar i3blocks | sed -n 2p)" '$1.00 10%'
	limits 95 75
	[[ $(bar polybar) == *' | %{F#e06c75}5h 95%%{F-}, %{F#e5c07b}7d 75%%{F-}' ]]
	is "$(bar i3blocks | wc -l)" 3
	is "$(bar i3blocks | sed -n 3p)" '#e06c75'
	stop_daemon
	is "$(bar i3blocks | sed -n 3p)" '#808080'
	[[ $(bar polybar) == *' | %{F#e5c07b}stale '*'%{F-}' ]]
}

@test "starship's custom command, run as it runs it: by sh, from its stdin" {
	with_figures
	limits 42 10
	command=$(sed -n 's/^command = "\(.*\)"$/\1/p' "$SWATCH_TOP/contrib/bars/starship.toml")
	[ -n "$command" ]
	is "$(printf '%s' "$command" | sh)" '$1.00 5h 42%'
	stop_daemon
	[[ $(printf '%s' "$command" | sh) == '$1.00 5h 42% stale '* ]]
}

@test "statusline.sh: what is left is counted from now, what is over is not shown, a broken file is no reason to say nothing" {
	line() { echo '{"session_id":"s1","model":{"display_name":"x"}}' | sh "$SWATCH_TOP/contrib/statusline/statusline.sh"; }
	# since FIELD-JQ: the shared file, as it would be by now
	since() { jq "(now * 1000 | floor) as \$now | $1" "$TEST_HOME/billing" >"$CACHE/billing-shared.json"; }
	is "$(line)" 'swatchd has written no figures yet'
	with_figures
	[[ $(line) =~ ^'Opus4.6 · session $1 · context '[0-9.]+'% · today $1 · block $1, '2[0-9][0-9]' min left'$ ]]
	limits 12 50
	[[ $(line) =~ 'today $1 · block $1, 1'[12][0-9]' min left'$ ]]
	stop_daemon
	cp "$CACHE/billing-shared.json" "$TEST_HOME/billing"
	# nobody wrote it anew since: the window goes on, and is over in the end
	since '.window.resetsAt = $now + 630000'
	[[ $(line) == *', 10 min left' ]]
	since '.window = null | .block.endTime = ($now / 1000 + 90 | strftime("%FT%T.000Z"))'
	[[ $(line) == *'block $1, 1 min left' ]]
	since '.window.resetsAt = $now - 1000 | .lastFetched -= 2 * 86400000 | .freshUntil = $now - 1000'
	[[ $(line) =~ ^'Opus4.6 · session $1 · context '[0-9.]+'% · stale'$ ]]
	since '.isFresh = false'
	[[ $(line) == *' · stale' ]]
	echo '{' >"$CACHE/billing-shared.json"
	[[ $(line) =~ ^'Opus4.6 · session $1 · context '[0-9.]+'% · swatchd has written no figures yet'$ ]]
	echo '{"model":{"value":"Opus4.6"},"billing":{"sessionCost":null},"context":null}' >"$CACHE/s1.json"
	[[ $(line) == 'Opus4.6 · swatchd has '* ]]
}
