# Text of others on a terminal: whatever transcripts, files and names carry, what comes out can be printed.
load helper

# Titles, links and the clipboard (OSC), colours and erasing (CSI, also as one C1 character and as one raw byte), ends
# of lines, going back, writing from right to left, a line separator, DEL, and a great length.
LONG=$(head -c 10000 /dev/zero | tr '\0' L)
# as JSON writes it
ESCAPED='\u001b]0;T\u0007\u001b]8;;http://x\u001b\\\\\u001b]52;c;ZXZpbA==\u0007\u001b[7;5m\u009b31m\u009d0;T\u009c\r\b\b\nINJ\u202eabc\u2066\u2028\u007f\u061c'
# as bytes; JSON has no raw C0
RAW_C1=$'\xC2\x9B31m\x9B31m\xC2\x9D0;T\xC2\x9C\xE2\x80\xAEabc\xE2\x81\xA6\xE2\x80\xA8\x7F\xD8\x9C\xFF\xC0\x9B'
RAW=$'\033]0;T\a\033]52;c;ZXZpbA==\a\033[7;5m\r\b\b\nINJ'$RAW_C1
EVIL=$ESCAPED$RAW_C1

on_screen() { command tmux -f /dev/null -S "$TEST_HOME/tmux" "$@"; }

teardown() {
	on_screen kill-server 2>/dev/null || true
	stop_daemon
	[ -n "$BATS_TEST_COMPLETED" ] || tail -n 40 "$LOG" | cat -v
	rm -rf "$TEST_HOME"
}

FAULTS='[\x00-\x09\x0B-\x1F\x7F]|\xC2[\x80-\x9F]|\xD8\x9C|\xE2\x80[\x8E\x8F\xA8-\xAE]|\xE2\x81[\xA6-\xA9]|^INJ'

# are_printable FILE...: text with ends of lines, and nothing else that a terminal would obey.
are_printable() {
	local bad=0
	LC_ALL=C grep -aqP "$FAULTS" "$@" || bad=$?
	if [ $bad -ne 1 ] || ! iconv -f UTF-8 -t UTF-8 "$@" >/dev/null; then
		echo "not printable (the numbers are those of the commands below):"
		LC_ALL=C grep -aHP -m 3 "$FAULTS" "$@" | cat -v | cut -c 1-1000
		[ ! -f "$SHOWN/commands" ] || cat -v "$SHOWN/commands"
		return 1
	fi
}

# Runs a command plain and with colours forced; as JSON, which has no colours, once. all_are_printable looks at what came out, of
# all commands at once: looking takes longer than they do.
shows() {
	local status=0 file
	: $((COMMANDS += 1))
	file=$SHOWN/$COMMANDS
	printf '%s: swatch %s\n' "$COMMANDS" "$*" >>"$SHOWN/commands"
	case " $* " in
	*' --json '*)
		CLICOLOR_FORCE=1 timeout 60 swatch "$@" >"$file.plain" 2>&1 </dev/null 3>&- || status=$?
		;;
	*)
		NO_COLOR=1 timeout 60 swatch "$@" >"$file.plain" 2>&1 </dev/null 3>&- || status=$?
		CLICOLOR_FORCE=1 swatch "$@" >"$file.colour" 2>&1 </dev/null 3>&- || true
		;;
	esac
	[ $status -lt 124 ] || { echo "swatch $*: ended with status $status"; return 1; }
}

all_are_printable() {
	not grep -aE 'AddressSanitizer|runtime error' "$SHOWN"/*.plain "$SHOWN"/*.colour
	# none of the colours is theirs
	LC_ALL=C not grep -alF $'\033[7;5m' "$SHOWN"/*.colour
	sed -i 's/\x1B\[[0-9;]*m//g' "$SHOWN"/*.colour
	are_printable "$SHOWN"/*.plain "$SHOWN"/*.colour
}

every_command() {
	local report option preset
	for option in "" --json; do
		for report in status pricing 'pricing --all' doctor config 'check --context 50' 'check --today 1 --block 1 --five-hour 50 --seven-day 50' \
			'check --context 50 --session s1' verify; do
			shows $report $option
		done
		for report in blocks daily weekly monthly sessions; do
			shows $report $option
			[ $report = blocks ] || shows $report --breakdown $option
		done
		shows daily --project "$RAW" $option
	done
	shows setup --dry-run
	shows setup --undo --dry-run
	shows refresh --wait
	shows expire --dry-run
	shows config --check "$TEST_HOME/evil.conf"
	shows daily --timezone "$RAW"
	shows daily --since "$RAW"
	shows "$RAW"
	shows help "$RAW"
	shows --cache "$TEST_HOME/$RAW" status
	shows --config "$TEST_HOME/$RAW" status
	shows check --session "$RAW" --context 5
	shows statusline --check-format --format "{$RAW}"
}

every_statusline() {
	local file=$SHOWN/statusline-$COMMANDS.plain format preset
	for preset in ccusage compact full powerline plain; do
		NO_COLOR=1 swatch statusline --preset $preset <"$TEST_HOME/input" >"$SHOWN/statusline-$COMMANDS-$preset.plain" 2>&1 3>&-
	done
	format=$(sed -n 's/^	[A-Z]*("\([a-z0-9_]*\)".*/{\1} /p' "$SWATCH_TOP/src/swatch/statusline/fact_table.h" | tr -d '\n')
	[ ${#format} -gt 500 ]
	NO_COLOR=1 swatch statusline --format "$format" <"$TEST_HOME/input" >"$file" 2>&1 3>&-
	grep -aq L "$file"
}

plant() {
	local name
	COMMANDS=0 SHOWN=$TEST_HOME/shown
	mkdir "$SHOWN"
	mkdir -p "$PROJECTS/-p$RAW_C1" "$PROJECTS/$(printf '%s' "$RAW" | tr '/\n' '__' | cut -b 1-200)" 2>/dev/null || true
	for name in "$PROJECTS"/*; do
		[ -d "$name" ] || continue
		{
			message 1 100000
			message 2 | jq -c --arg long "$LONG" --argjson evil "\"$ESCAPED\"" '
				.cwd = "/home/" + $evil + $long | .gitBranch = $evil + $long | .version = "2.1.39" | .type = "assistant"
				| .message.model = "claude-" + $evil | .message.content[0].text = $evil + $long
				| .requestId = $evil | .message.id = $evil | .[$evil] = $evil | .slug = $evil'
			message 3 | sed "s|/home/u/p|/home/$EVIL|; s|claude-opus-4-6|claude-$RAW_C1|; s|\"hello\"|\"$RAW_C1\"|; s|\"main\"|\"$RAW_C1\"|; s|2.1.39|2.1.39$RAW_C1|"
			printf '{"type":"%s","timestamp":"%s"}\n' "$EVIL" "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
			printf '{"type":"%s","timestamp":"%s"}\n' "$ESCAPED$LONG" "$ESCAPED"
			printf '{"type":"cost-state","totalCostUSD":5,"modelUsage":{"%s":{"inputTokens":1,"outputTokens":1,"costUSD":3},"%s":{"inputTokens":1,"outputTokens":1,"costUSD":1}}}\n' "$EVIL" "$RAW_C1$LONG"
			printf '{"type":"assistant","timestamp":"%s","isApiErrorMessage":true,"error":"rate_limit","apiErrorStatus":429,"quotaLimits":{"status":"rejected","resetsAt":%d,"rateLimitType":"%s"},"message":{"id":"l","model":"<synthetic>","content":[]}}\n' \
				"$(date -u +%Y-%m-%dT%H:%M:%SZ)" $((EPOCHSECONDS + 3600)) "$EVIL"
			printf '%s\n' "$RAW" "{\"$EVIL"
		} >"$name/s1.jsonl"
		cp "$name/s1.jsonl" "$name/x$RAW_C1.jsonl"
	done
	printf '{"cleanupPeriodDays":"%s","statusLine":{"type":"%s","command":"cat %s"},"%s":1}' "$ESCAPED" "$ESCAPED" "$ESCAPED" "$EVIL" >"$HOME/.claude/settings.json"
	printf '{"%s":{"input_cost_per_token":1e-5,"output_cost_per_token":1e-5},"claude-%s":{"input_cost_per_token":"%s"}}' "$ESCAPED" "$ESCAPED" "$ESCAPED" >"${CONFIG%/*}/pricing.json"
	printf '[%s]\n%s = %s\n[log]\nlevel = %s\n' "$RAW_C1" "$RAW" "$RAW" "$RAW" >"$TEST_HOME/evil.conf"
	printf '{"session_id":"s1","model":{"id":"%s","display_name":"%s"},"cwd":"/%s","session_name":"%s","version":"%s","transcript_path":"%s","workspace":{"current_dir":"/%s","project_dir":"/%s","git_worktree":"%s"},"output_style":{"name":"%s"},"effort":{"level":"%s"},"vim":{"mode":"%s"},"agent":{"name":"%s"},"worktree":{"name":"%s","branch":"%s"},"pr":{"number":5,"review_state":"%s"},"prompt_cache":{"ttl":"%s"},"rate_limits":{"%s":{"used_percentage":5,"resets_at":%d}}}' \
		"$EVIL" "$EVIL$LONG" "$EVIL" "$EVIL" "$EVIL" "$EVIL" "$EVIL$LONG" "$EVIL" "$EVIL" "$EVIL" "$EVIL" "$EVIL" "$EVIL" "$EVIL" "$EVIL" "$EVIL" "$EVIL" "$EVIL" $((EPOCHSECONDS + 3600)) >"$TEST_HOME/input"
	fake_ccusage evil >/dev/null <<-SH
		#!/bin/sh
		[ ! -e "\$HOME/bad" ] || { printf '%s' '$RAW' >&2; printf '%s' '$RAW'; exit 1; }
		printf '{"blocks":[{"id":"%s","startTime":"%s","endTime":"%s","isActive":true,"isGap":false,"entries":1,"actualEndTime":null,"burnRate":null,"projection":null,"costUSD":1,"totalTokens":4,"tokenCounts":{"inputTokens":1,"outputTokens":1,"cacheCreationInputTokens":1,"cacheReadInputTokens":1},"models":["%s"]}],"daily":[{"date":"%s","%s":"%s"}]}' \
			'$ESCAPED' "\$(date -u +%Y-%m-%dT%H:00:00.000Z)" "\$(date -u -d '5 hours' +%Y-%m-%dT%H:00:00.000Z)" '$ESCAPED' '$ESCAPED' '$ESCAPED' '$ESCAPED'
	SH
}

# Every text of the cache files, as somebody else's program may have left it there.
spoil_cache() {
	local file
	for file in billing-shared.json sessions.json s1.json; do
		jq -c --argjson evil "\"$ESCAPED\"" --arg long "$LONG" '
			walk(if type == "string" then $evil + . + $long elif type == "object" then . + {($evil): $evil} else . end)
			| .schema = 1 | .writer = "swatchd 9" | if has("sessionId") then .sessionId = "s1" else . end
			| if has("block") and .block then .block.startTime = (now - 600 | todate) | .block.endTime = (now + 600 | todate) else . end
			| if .sessions then .sessions[0].sessionId = "s1" else . end | .isFresh = true | .freshUntil = 99999999999999' \
			"$CACHE/$file" | sed "s|LLLLLLLL|$RAW_C1|" >"$TEST_HOME/spoiled"
		mv "$TEST_HOME/spoiled" "$CACHE/$file"
	done
	printf '99 %s %s\n' "$RAW_C1" "$RAW" >"$CACHE/.swatch.lock"
	: >"$CACHE/$RAW_C1.json"
	: >"$CACHE/.swatch.tmp.$RAW_C1"
}

@test "nothing that a transcript, a file or a name carries steers the terminal, with a daemon" {
	plant
	printf '[ccusage]\ncommand = %s\nsettle = 0s\n[alerts]\ncommand = /bin/cat\ncontext = 1\nblock_cost = 0.01\n[statusline]\nformat = %s\n' "$HOME/evil" 'x' >"$CONFIG"
	start_daemon
	NO_COLOR=1 swatch events >"$TEST_HOME/events" 2>&1 3>&- &
	follower=$!
	swatch events --json >"$TEST_HOME/events.json" 2>&1 3>&- &
	follower_json=$!
	await status_is '.control.clients >= 3' true
	every_statusline
	every_command
	# ccusage's last words, in the log, the status and the events
	touch "$HOME/bad"
	shows refresh --wait
	shows status
	shows status --json
	message 9 | sed "s|/home/u/p|/home/$EVIL|" >"$PROJECTS/-p/s9.jsonl"
	printf '{"op":"tick","sessionId":"s9","contextWindowSize":1200}\n{"op":"%s"}\n%s\n' "$EVIL" "$EVIL" | socat -t 5 - "UNIX-CONNECT:$(status_of .socket)" >"$TEST_HOME/answers"
	cp "$TEST_HOME/evil.conf" "$CONFIG"
	kill -HUP "$DAEMON"
	await grep -q 'there is no section' "$LOG"
	await grep -q alert "$TEST_HOME/events"
	await grep -q config "$TEST_HOME/events"
	kill "$follower" "$follower_json"
	run swatchd --once
	printf '%s\n' "$output" >"$TEST_HOME/faults"
	grep -q 'there is no section' "$TEST_HOME/faults"
	# the daemon's answers and log, what followers got, and the faults of the config
	are_printable "$TEST_HOME/answers" "$TEST_HOME/events" "$TEST_HOME/events.json" "$LOG" "$TEST_HOME/faults"
	# it was there to be shown
	[ "$(cat "$SHOWN"/*.plain | wc -c)" -gt 20000 ]
	all_are_printable
	[ "$(wc -c <"$TEST_HOME/events.json")" -gt 1000 ]
}

@test "the same without a daemon, from files that somebody else has spoiled" {
	plant
	printf '[ccusage]\ncommand = %s\nsettle = 0s\n' "$HOME/evil" >"$CONFIG"
	# this one is taken, names and all
	printf '{"%s":{"input_cost_per_token":1e-5,"output_cost_per_token":1e-5}}' "$ESCAPED" >"${CONFIG%/*}/pricing.json"
	swatchd --once >>"$LOG" 2>&1
	spoil_cache
	every_statusline
	shows status
	grep -aq '0;T' "$SHOWN/$COMMANDS.plain"
	every_command
	spoil_cache
	cp "$TEST_HOME/evil.conf" "$CONFIG"
	every_statusline
	every_command
	are_printable "$LOG"
	all_are_printable
}

@test "the live screen gets none of it either: what it writes to the terminal, byte by byte" {
	[ -x "$SWATCH_BUILD_DIR/swatch-top" ] || skip "built without swatch top"
	plant
	configure ""
	swatchd --once --no-refresh >>"$LOG" 2>&1
	spoil_cache
	local daemon
	for daemon in no yes; do
		[ $daemon = no ] || start_daemon
		on_screen new-session -d -x 120 -y 40 "read go; LC_ALL=C.UTF-8 TERM=screen swatch top" 3>&-
		on_screen pipe-pane -o "cat >'$TEST_HOME/pane.$daemon'"
		on_screen send-keys Enter
		await grep -aq 'SESSION' "$TEST_HOME/pane.$daemon"
		on_screen send-keys j
		on_screen send-keys Enter
		await grep -aq 'project' "$TEST_HOME/pane.$daemon"
		on_screen send-keys Escape
		on_screen send-keys q
		await sh -c "! tmux -S '$TEST_HOME/tmux' list-sessions 2>/dev/null"
		LC_ALL=C not grep -aqP '\x1B\]|\x1B\[7;5m|\xC2[\x80-\x9F]|\xE2\x80[\xA8-\xAE]|\xE2\x81[\xA6-\xA9]|\xD8\x9C' "$TEST_HOME/pane.$daemon"
		iconv -f UTF-8 -t UTF-8 "$TEST_HOME/pane.$daemon" >/dev/null
	done
}
