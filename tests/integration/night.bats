# The long night of tests/night, one minute of it: real sessions, statuslines and clients, one fault after the
# other, and the real ccusage. It guards what only weeks of use would show: memory, descriptors and latency
# that creep up. --full only.
load helper

# look: what all reports, and the page of what is kept, say of all days; none of it is less than before.
look() {
	local now
	now=$( { swatch daily --json; swatch monthly --json; swatch sessions --json; } |
		jq -c '.totals | [.inputTokens, .outputTokens, .cacheCreationTokens, .cacheReadTokens, .totalCost]')
	now=$(jq -cs . <<<"$now$(swatch history --json | jq -c '[.messages, .totalCost]')")
	jq -en "[[$BEFORE, $now] | transpose[] | transpose[] | .[1] >= .[0] - 1e-9] | all and length == 17" >/dev/null ||
		{ echo "$1: from $BEFORE to $now"; return 1; }
	BEFORE=$now
}

# look_at_status: what the daemon says of today is not less than before on the same day.
look_at_status() {
	local cost day
	day=$(date +%F)
	cost=$(swatch status --json | jq '.billing.costToday')
	[ "$day" != "$TODAY" ] || jq -en "$cost >= $COST_TODAY - 1e-9" >/dev/null ||
		{ echo "$1: today's cost from $COST_TODAY to $cost"; return 1; }
	TODAY=$day COST_TODAY=$cost
}

@test "stopped and killed every few seconds: no figure that anybody can read goes back" {
	local i round
	mkdir -p "$PROJECTS/-storm" "$PROJECTS/-gone/g1/subagents"
	for i in 1 2 3 4 5 6 7 8; do message "g$i" 100 >"$PROJECTS/-gone/g$i.jsonl"; done
	message sub 50 '"isSidechain":true,' >"$PROJECTS/-gone/g1/subagents/agent-1.jsonl"
	AT=2026-01-05T10:00:00.000Z message old >"$PROJECTS/-gone/old.jsonl"
	start_daemon
	cache-reader "$CACHE" 1 "$HOME/stop" 20 figures >"$HOME/tally" 2>&1 3>&- &
	reader=$!
	storm-writer "$PROJECTS" 6 10 600 3>&- &
	writer=$!
	BEFORE=[[0,0,0,0,0],[0,0,0,0,0],[0,0,0,0,0],[0,0]] SECONDS=0 TODAY='' COST_TODAY=0
	for ((round = 1; round <= 6 || SECONDS < 100; round++)); do
		look "round $round"
		look_at_status "round $round"
		# Now and then at once; else when much of it is in the ledger's file.
		[ $((round % 4)) -eq 0 ] || sleep 2
		[ "$round" -gt 8 ] || rm -rf "$PROJECTS/-gone/g$round.jsonl" "$PROJECTS/-gone/g$round"
		look "round $round, before its end"
		look_at_status "round $round, before its end"
		if [ $((round % 2)) -eq 0 ]; then stop_daemon; else kill_daemon; fi
		look "round $round, without a daemon"
		start_daemon
	done
	kill "$writer"
	wait "$writer" || true
	pkill -f "storm-writer $PROJECTS" || true
	swatch sync
	look "the end"
	look_at_status "the end"
	jq -en "$COST_TODAY > 0" >/dev/null
	touch "$HOME/stop"
	wait "$reader" || { head -n 20 "$HOME/tally"; false; }
	# what was deleted is in it, and nothing is twice
	is "$(swatch daily --json | jq '.totals.outputTokens')" \
		$(($(swatch daily --live-only --json | jq '.totals.outputTokens') + $(gone_tokens)))
	is "$(sqlite3 "$HOME/.local/state/swatch/ledger.db" 'PRAGMA integrity_check')" ok
}
# Of the eight sessions and the subagent that were deleted, as far as the rounds came.
gone_tokens() {
	local i sum=0
	for i in 1 2 3 4 5 6 7 8; do [ -e "$PROJECTS/-gone/g$i.jsonl" ] || sum=$((sum + 100)); done
	[ -e "$PROJECTS/-gone/g1" ] || sum=$((sum + 50))
	echo "$sum"
}

@test "a minute of the long night: memory, descriptors and latency stay, every figure is a fresh start's and ccusage's" {
	"$SWATCH_BUILD_DIR/tests/night/night" --build "$SWATCH_BUILD_DIR" --ccusage "$CCUSAGE20_NPM" --minutes 1 --history 20M
}
