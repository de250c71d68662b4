# Live accounting: prices, limits, known moments, the audit, copies, Claude Code's own total.
load helper

# utc TIME: as transcripts have it.
utc() { date -u -d "$1" +%Y-%m-%dT%H:%M:%S.000Z; }

# in_time TEST: runs TEST LEAD with a moment LEAD seconds ahead, until it comes before that moment: a slow machine may be
# too late for a near one. TEST returns 1 when it was late, and fails the test itself (exit) otherwise.
in_time() {
	local lead
	for lead in 4 15 60 200; do
		"$1" "$lead" && return 0
		stop_daemon || true
		rm -rf "$PROJECTS"/-p/* "$CACHE" "$HOME/.local/state/swatch"
	done
	echo "always too late"
	return 1
}

# use_shifted_clock SECONDS: for everything that is started from here on.
use_shifted_clock() {
	export CLOCK_SHIFT_S=$1 LD_PRELOAD=$SWATCH_BUILD_DIR/tests/integration/clock-shift.so
	# a sanitizer wants to be the first of the libraries
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0
}

# ---- prices ----

# a part of LiteLLM's file as it is published: other providers, modes without token prices, fields that are not ours
litellm() {
	cat <<-JSON
		{"sample_spec": {"code_interpreter_cost_per_session": 0.0, "input_cost_per_token": 0.0, "litellm_provider": "one of https://docs.litellm.ai/docs/providers", "max_tokens": "LEGACY parameter", "mode": "one of chat, embedding"},
		 "1024-x-1024/dall-e-2": {"input_cost_per_pixel": 1.9e-08, "litellm_provider": "openai", "mode": "image_generation", "output_cost_per_pixel": 0.0},
		 "gpt-4": {"input_cost_per_token": 3e-05, "litellm_provider": "openai", "max_input_tokens": 8192, "mode": "chat", "output_cost_per_token": 6e-05, "supports_function_calling": true},
		 "claude-next-9": {"cache_creation_input_token_cost": ${1:-1e-05}, "cache_creation_input_token_cost_above_1hr": 1.6e-05, "cache_read_input_token_cost": 1e-06, "deprecation_date": "2030-01-01", "input_cost_per_token": 8e-06, "litellm_provider": "anthropic", "max_input_tokens": 200000, "mode": "chat", "output_cost_per_token": 4e-05, "search_context_cost_per_query": {"search_context_size_high": 0.01}, "supports_vision": true}}
	JSON
}

# reload: SIGHUP, and waits until it was taken.
reload() {
	local before
	before=$(grep -c 'config reloaded' "$LOG" || true)
	kill -HUP "$DAEMON"
	await sh -c "[ \$(grep -c 'config reloaded' '$LOG') -gt $before ]"
	swatch sync
}

@test "pricing.json prices what has no price; what had one keeps its cost in the ledger" {
	MODEL=claude-next-9 message 1 >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	field_is billing-shared.json '.unpricedModels[0]' claude-next-9
	litellm >"${CONFIG%/*}/pricing.json"
	reload
	field_is billing-shared.json '.unpricedModels | length' 0
	field_is s1.json '.billing.sessionCost * 1e9 | round' 2424000
	litellm 2e-05 >"${CONFIG%/*}/pricing.json"
	reload
	field_is s1.json '.billing.sessionCost * 1e9 | round' 2424000
	stop_daemon
	rm "${CONFIG%/*}/pricing.json"
	start_daemon
	field_is s1.json '.billing.sessionCost * 1e9 | round' 2424000
}

@test "without a ledger pricing.json prices everything anew, at the start and on SIGHUP" {
	printf '[ledger]\nenabled = no\n' >>"$CONFIG"
	MODEL=claude-next-9 message 1 >"$PROJECTS/-p/s1.jsonl"
	message 2 >>"$PROJECTS/-p/s1.jsonl"
	start_daemon
	field_is billing-shared.json '.unpricedModels[0]' claude-next-9
	field_is s1.json '.models[] | select(.model == "claude-next-9") | .unpriced' true
	field_is s1.json '.models[] | select(.model == "claude-opus-4-6") | .unpriced' false
	field_is s1.json .billing.sessionCost 0.00139
	status_is .billing.unpricedModels[0] claude-next-9
	swatch status --verbose | grep -q 'no price is known.*claude-next-9'
	# entries that are there follow: 3 in, 10 out, 100 written, 1000 read
	litellm >"${CONFIG%/*}/pricing.json"
	reload
	field_is billing-shared.json '.unpricedModels | length' 0
	field_is s1.json '.models[] | select(.model == "claude-next-9") | .costUSD * 1e9 | round' 2424000
	field_is s1.json '.billing.sessionCost * 1e9 | round' 3814000
	field_is billing-shared.json '.costToday * 1e9 | round' 3814000
	field_is billing-shared.json '.block.costUSD * 1e9 | round' 3814000
	status_is .pricing.models 2
	# another price; a line that grows takes out what it had put in
	litellm 2e-05 >"${CONFIG%/*}/pricing.json"
	reload
	field_is s1.json '.billing.sessionCost * 1e9 | round' 4814000
	MODEL=claude-next-9 message 1 20 >>"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s1.json '.billing.sessionCost * 1e9 | round' 5214000
	# a faulty one changes nothing, and the log names it
	echo '{"claude-next-9": {"input_cost_per_token": "much"}}' >"${CONFIG%/*}/pricing.json"
	reload
	field_is s1.json '.billing.sessionCost * 1e9 | round' 5214000
	grep -q 'pricing.json.*input_cost_per_token.*the prices in force stay' "$LOG"
	swatch status --verbose | grep -q 'pricing.json is not in force'
	rm "${CONFIG%/*}/pricing.json"
	reload
	field_is s1.json .billing.sessionCost 0.00139
	field_is billing-shared.json '.unpricedModels[0]' claude-next-9
	status_is .pricing.error null
	# and the same at the start
	stop_daemon
	litellm >"${CONFIG%/*}/pricing.json"
	start_daemon
	field_is s1.json '.billing.sessionCost * 1e9 | round' 4214000
}

@test "a faulty pricing.json at the start: the compiled-in prices, and the log says so" {
	echo '{"claude-opus-4-6": ' >"${CONFIG%/*}/pricing.json"
	message 1 >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	field_is s1.json .billing.sessionCost 0.00139
	grep -q "pricing.json.*the compiled-in prices are in force" "$LOG"
	[ "$(status_of .pricing.error)" != null ]
	swatch status --verbose | grep -q 'pricing.json is not in force'
}

@test "pricing.json stands beside the config that was named" {
	mkdir "$HOME/elsewhere"
	# a ledger would keep the price
	printf '[ledger]\nenabled = no\n' >>"$CONFIG"
	cp "$CONFIG" "$HOME/elsewhere/my.conf"
	litellm >"$HOME/elsewhere/pricing.json"
	MODEL=claude-next-9 message 1 >"$PROJECTS/-p/s1.jsonl"
	swatchd --once --config "$HOME/elsewhere/my.conf"
	field_is s1.json '.billing.sessionCost * 1e9 | round' 2424000
	swatchd --once
	field_is s1.json .billing.sessionCost 0
}

# ---- copies, rewrites, deletion ----

@test "a resumed copy whose path comes first takes the usage over, and both files say so" {
	start_daemon
	{ message 1; message 2; } >"$PROJECTS/-p/s2.jsonl"
	swatch sync
	field_is s2.json .billing.sessionCost 0.00278
	{ cat "$PROJECTS/-p/s2.jsonl"; message 3; } >"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s1.json .tokens.output 30
	field_is s2.json .tokens.output 0
	field_is s2.json .billing.sessionCost 0
	field_is s2.json .billing.sessionBurnRate null
	field_is billing-shared.json .block.entries 3
	# a copy whose path comes later takes nothing
	cp "$PROJECTS/-p/s1.jsonl" "$PROJECTS/-p/s3.jsonl"
	swatch sync
	field_is s1.json .tokens.output 30
	field_is s3.json .billing.sessionCost 0
}

@test "a rewritten, a truncated and a deleted transcript: what was seen counts" {
	start_daemon
	{ message 1; message 2; message 3; } >"$PROJECTS/-p/s1.jsonl"
	swatch sync
	# the same lines in another inode
	cp "$PROJECTS/-p/s1.jsonl" "$HOME/new" && mv "$HOME/new" "$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is billing-shared.json .block.entries 3
	# the last one is taken back, and another one is written
	size=$(head -n 2 "$PROJECTS/-p/s1.jsonl" | wc -c)
	truncate -s "$size" "$PROJECTS/-p/s1.jsonl"
	MODEL=claude-haiku-4-5 message 4 >>"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is billing-shared.json .block.entries 4
	field_is s1.json .tokens.output 40
	field_is s1.json .transcript.messageCount 3
	field_is s1.json .model.value Haiku4.5
	today=$(field billing-shared.json .costToday)
	rm "$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is billing-shared.json .costToday "$today"
	field_is billing-shared.json .block.entries 4
}

@test "an old session that grows a line older than all others stays exact" {
	start_daemon
	AT=$(utc '2 hours ago') message 1 >"$PROJECTS/-p/s1.jsonl"
	swatch sync
	AT=$(utc '4 hours ago') message 2 >>"$PROJECTS/-p/s1.jsonl"
	swatch sync
	start=$(date -u -d '4 hours ago' +%Y-%m-%dT%H:00:00.000Z)
	field_is billing-shared.json .block.startTime "$start"
	field_is billing-shared.json .block.entries 2
}

# ---- known moments ----

until_midnight() {
	local now seconds at_end
	now=$(date +%s)
	seconds=$(((86400 - now % 86400 - $1 + 86400) % 86400))
	# local time is ahead of UTC by this, so that midnight is $1 seconds away
	export TZ="XXX-$((seconds / 3600)):$((seconds / 60 % 60)):$((seconds % 60))"
	at_end=$((now + $1))
	AT=$(utc '1 second ago') message 1 >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	cp "$CACHE/billing-shared.json" "$HOME/before.json"
	[ "$(date +%s)" -lt "$at_end" ] || return 1
	is "$(json-value .costToday "$HOME/before.json")" 0.00139 || exit 1
	is "$(jq ".freshUntil / 1000" "$HOME/before.json")" "$at_end" || exit 1
}

@test "local midnight: the day starts again with no activity, in the sessions' files too" {
	configure $'[sessions]\nidle_after = 1s'
	in_time until_midnight
	await sh -c "jq -e '.costToday == 0 and .today.costUSD == 0' '$CACHE/billing-shared.json'"
	[ "$(field billing-shared.json .today.date)" != "$(json-value .today.date "$HOME/before.json")" ]
	field_is billing-shared.json .isFresh true
	# an idle session's copy as well
	field_is s1.json .state idle
	field_is s1.json .billing.costToday 0
	field_is s1.json .billing.sessionCost 0.00139
	await sh -c "jq -e '.global.totalCostToday == 0' '$CACHE/sessions.json'"
}

until_block_end() {
	local now shift
	unset LD_PRELOAD
	now=$(date +%s)
	use_shifted_clock $((3600 - now % 3600 - $1))
	shift=$CLOCK_SHIFT_S
	# the file's own time is the unshifted clock's
	AT=$(utc "@$((now + shift - 4 * 3600))") message 1 >"$PROJECTS/-p/s1.jsonl"
	AT=$(utc "@$((now + shift - 60))") message 2 >>"$PROJECTS/-p/s1.jsonl"
	start_daemon
	cp "$CACHE/billing-shared.json" "$HOME/before.json"
	[ "$(date +%s)" -lt $((now + shift + $1)) ] || return 1
	is "$(json-value .block.costUSD "$HOME/before.json")" 0.00278 || exit 1
	is "$(jq ".freshUntil / 1000" "$HOME/before.json")" $((now + shift + $1)) || exit 1
	[ "$(field s1.json .billing.sessionBurnRate)" != null ] || exit 1
}

@test "the block's end: no block any more, with no activity" {
	in_time until_block_end
	await sh -c "jq -e '.block == null and .resetTime == null and .totalTokens == 0' '$CACHE/billing-shared.json'"
	field_is billing-shared.json .budgetRemaining 0
	field_is billing-shared.json .burnRatePerHour 0
	field_is billing-shared.json .isFresh true
	[ "$(field billing-shared.json .freshUntil)" -gt "$(json-value .freshUntil "$HOME/before.json")" ]
	field_is s1.json .billing.resetTime null
	field_is s1.json .billing.sessionBurnRate null
}

# limit_line RESET-SECONDS KIND: the marker as Claude Code writes it now.
limit_line() {
	printf '{"type":"assistant","timestamp":"%s","sessionId":"x","version":"2.1.200","uuid":"u","isApiErrorMessage":true,"error":"rate_limit","apiErrorStatus":429,"quotaLimits":{"status":"rejected","resetsAt":%d,"rateLimitType":"%s"},"message":{"id":"lim_%d","model":"<synthetic>","role":"assistant","content":[{"type":"text","text":"You have hit your limit"}],"usage":{"input_tokens":0,"output_tokens":0}}}\n' \
		"$(utc now)" "$1" "$2" "$1"
}

until_reset() {
	local reset
	reset=$(($(date +%s) + $1))
	{ message 1; limit_line "$reset" five_hour; } >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	cp "$CACHE/billing-shared.json" "$HOME/before.json"
	swatch status --verbose >"$HOME/status"
	[ "$(date +%s)" -lt "$reset" ] || return 1
	is "$(jq -c '.usageLimit | [.kind, .resetsAt, .sessionId]' "$HOME/before.json")" "[\"five_hour\",${reset}000,\"s1\"]" || exit 1
	is "$(json-value .block.usageLimitResetTime "$HOME/before.json")" "$(utc "@$reset")" || exit 1
	is "$(json-value .freshUntil "$HOME/before.json")" "${reset}000" || exit 1
	grep -q '5-hour limit hit, resets' "$HOME/status" || exit 1
}

@test "a usage limit's reset: the file changes then, with no activity" {
	in_time until_reset
	await sh -c "jq -e '.usageLimit == null' '$CACHE/billing-shared.json'"
	[ "$(field billing-shared.json .freshUntil)" -gt "$(json-value .freshUntil "$HOME/before.json")" ]
	# as ccusage has it: the block still tells
	is "$(field billing-shared.json .block.usageLimitResetTime)" "$(json-value .block.usageLimitResetTime "$HOME/before.json")"
}

# line_of MODEL: its statusline, as an account without a 5-hour limit gets it
line_of() {
	printf '{"session_id":"s1","model":{"id":"%s"},"rate_limits":{"seven_day":{"used_percentage":%s,"resets_at":%d}}}' \
		"$1" "${2:-27}" "$week" | NO_COLOR=1 swatch statusline --preset plain
}

@test "a limit of one model, in an account without a 5-hour limit: shown where that model runs, over when it answers" {
	now=$(date +%s) week=$(($(date +%s) + 200000))
	{ AT=$(utc "@$((now - 60))") MODEL=claude-opus-5-5 message 1; limit_line $((now + 86400)) seven_day_opus; } >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	line_of claude-opus-5-5 >/dev/null
	await field_is billing-shared.json .rateLimits.sevenDay.usedPercentage 27
	field_is billing-shared.json '[.rateLimits.fiveHour, .rateLimits.sevenDayOpus.model, .usageLimit.kind] | @csv' ',"opus","seven_day_opus"'
	field_is billing-shared.json '[.weeklyBudgetPercentUsed, .weeklyBudgetRemaining, .weeklyResetDay] | map(tostring) | join(" ")' "27 55 $(date -d "@$week" +%a)"
	[[ $(line_of claude-opus-5-5) == *'7d opus 100%'*'7d opus limit reached, until '* ]]
	[[ $(line_of claude-sonnet-5-5) == *'7d 27%'* && $(line_of claude-sonnet-5-5) != *opus* ]]
	swatch check --five-hour 80 | grep -q '^below: 5-hour limit: this account has no such limit'
	run swatch check --limit seven_day_opus=90
	is "$status" 1
	# another model's answer ends nothing
	AT=$(utc "@$(($(date +%s) + 2))") MODEL=claude-sonnet-5-5 message 2 >>"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is billing-shared.json .usageLimit.kind seven_day_opus
	AT=$(utc "@$(($(date +%s) + 3))") MODEL=claude-opus-5-5 message 3 >>"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is billing-shared.json '[.usageLimit, .rateLimits.sevenDayOpus] | @csv' ','
	# older versions say neither which limit it is nor when it resets
	limit_line 0 "" | sed 's/"quotaLimits":{[^}]*},//' | awk -v at="$(utc "@$(($(date +%s) + 5))")" '{ sub(/"timestamp":"[^"]*"/, "\"timestamp\":\"" at "\""); print }' >>"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is billing-shared.json '.usageLimit | [.kind, .resetsAt] | @csv' ','
	[[ $(line_of claude-sonnet-5-5) == *'usage limit reached, reset unknown'* ]]
	stop_daemon
	start_daemon
	[[ $(line_of claude-sonnet-5-5 20) == *'usage limit reached, reset unknown'* ]]
	# the same session tells less of the same week than before: an upgrade
	await field_is billing-shared.json .rateLimits.sevenDay.usedPercentage 27
	line_of claude-sonnet-5-5 19 >/dev/null
	await field_is billing-shared.json .rateLimits.sevenDay.usedPercentage 19
	stop_daemon
}

@test "the old limit marker is in the block as ccusage has it; one without usage is a limit all the same" {
	reset=$(($(date +%s) + 3600))
	line() {
		printf '{"type":"assistant","timestamp":"%s","version":"1.0.9","isApiErrorMessage":true,"message":{"id":"%s","model":"<synthetic>","content":[{"type":"text","text":"Claude AI usage limit reached|%d"}]%s}}\n' \
			"$(utc now)" "$1" "$2" "$3"
	}
	{ message 1; line a "$reset" ',"usage":{"input_tokens":0,"output_tokens":0}'; line b $((reset + 60)) ''; } >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	theirs=$(CLAUDE_CONFIG_DIR=$HOME/.claude "$CCUSAGE20" blocks --active --json --offline | jq -r '.blocks[0].usageLimitResetTime')
	is "$theirs" "$(utc "@$reset")"
	field_is billing-shared.json .block.usageLimitResetTime "$theirs"
	field_is billing-shared.json .usageLimit.resetsAt $((reset + 60))000
	field_is billing-shared.json .usageLimit.kind null
}

@test "a limit that was hit: known after a restart though its transcript was deleted, before the stop or after it" {
	reset=$(($(date +%s) + 3000))
	for when in before after; do
		message 1 >"$PROJECTS/-p/s1.jsonl"
		{ message "$when"; limit_line "$reset" five_hour; } >"$PROJECTS/-p/s2.jsonl"
		start_daemon
		[ $when = after ] || { rm "$PROJECTS/-p/s2.jsonl" && swatch sync; }
		jq -c '[.usageLimit, .rateLimits.fiveHour]' "$CACHE/billing-shared.json" >"$HOME/before.json"
		stop_daemon
		rm -f "$PROJECTS/-p/s2.jsonl"
		start_daemon
		is "$(jq -c '[.usageLimit, .rateLimits.fiveHour]' "$CACHE/billing-shared.json")" "$(cat "$HOME/before.json")"
		is "$(json-value .usageLimit.resetsAt "$CACHE/billing-shared.json")" "${reset}000"
		[ $when = after ] || field_is billing-shared.json .block.usageLimitResetTime "$(utc "@$reset")"
		stop_daemon
		rm -rf "${CACHE:?}"
	done
}

until_cold() {
	local cold
	cold=$(($(date +%s) + $1))
	AT=$(utc "@$((cold - 300))") message 1 >"$PROJECTS/-p/s1.jsonl"
	AT=$(utc "@$((cold - 300))") message 2 | sed 's/"cache_read/"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":100},&/' >"$PROJECTS/-p/s2.jsonl"
	start_daemon
	cp "$CACHE/s1.json" "$HOME/before.json"
	[ "$(date +%s)" -lt "$cold" ] || return 1
	is "$(json-value .transcript.cacheWarmth "$HOME/before.json")" warm || exit 1
}

@test "the prompt cache goes cold after five minutes, or after an hour, with no activity" {
	in_time until_cold
	await sh -c "jq -e '.transcript.cacheWarmth == \"cold\"' '$CACHE/s1.json'"
	field_is s2.json .transcript.cacheWarmth warm
	AT=$(utc '61 minutes ago') message 3 | sed 's/"cache_read/"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":100},&/' >"$PROJECTS/-p/s3.jsonl"
	AT=$(utc '4 minutes ago') message 4 >>"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s3.json .transcript.cacheWarmth cold
	field_is s1.json .transcript.cacheWarmth warm
}

# ---- the audit ----

# answer_of USD [MODEL]: what a ccusage would print, into $HOME/answer.json
answer_of() {
	local hour
	hour=$(date -u +%Y-%m-%dT%H:00:00.000Z)
	printf '{"blocks":[{"id":"%s","startTime":"%s","endTime":"%s","actualEndTime":null,"isActive":true,"isGap":false,"entries":2,"tokenCounts":{"inputTokens":1,"outputTokens":2,"cacheCreationInputTokens":3,"cacheReadInputTokens":4},"totalTokens":10,"costUSD":%s,"models":["%s"],"burnRate":null,"projection":null}]}\n' \
		"$hour" "$hour" "$(date -u -d '5 hours' +%Y-%m-%dT%H:00:00.000Z)" "$1" "${2:-claude-opus-4-6}" >"$HOME/answer.json"
}

use_audit() { printf '[ccusage]\ncommand = cat %s\nsettle = 1m\nmax_delay = 10m\n' "$HOME/answer.json" >"$CONFIG"; }

@test "a drift is shown with both figures, over a restart, and changes no figure" {
	use_audit
	message 1 >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	answer_of 9.5
	swatch refresh --wait
	swatch refresh --wait
	field_is billing-shared.json .source native
	field_is billing-shared.json .sourceReason null
	field_is billing-shared.json .block.costUSD 0.00139
	field_is billing-shared.json .costToday 0.00139
	field_is billing-shared.json .ccusage.costUSD 9.5
	field_is billing-shared.json .ccusage.nativeUSD 0.00139
	field_is billing-shared.json '.ccusage.driftUSD * 1e9 | round' 9498610000
	field_is billing-shared.json '.ccusage.reasons | join(" ")' unknown
	status_is '.billing.reasons | join(" ")' unknown
	swatch status --verbose | tr -s '\n ' ' ' | grep -qF 'ccusage counts $9.50 more; $9.50 of it has no known reason'
	is "$(grep -cF 'ccusage counts $9.50 more than swatch in this block: unknown' "$LOG")" 1
	stop_daemon
	start_daemon
	field_is billing-shared.json '.ccusage.reasons | join(" ")' unknown
	answer_of 0.00139
	swatch refresh --wait
	field_is billing-shared.json .ccusage.driftUSD 0
	field_is billing-shared.json '.ccusage.reasons | length' 0
	swatch status --verbose | grep -q 'ccusage agrees'
}

@test "a model that only ccusage can price switches at once, and is named" {
	use_audit
	{ message 1; MODEL=claude-next-9 message 2; } >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	answer_of 0.5 claude-next-9
	swatch refresh --wait
	field_is billing-shared.json .source ccusage
	why='ccusage prices claude-next-9, which swatch has no price for'
	field_is billing-shared.json .sourceReason "$why"
	field_is billing-shared.json .block.costUSD 0.5
	field_is billing-shared.json .native.costUSD 0.00139
	status_is .billing.source ccusage
	status_is .billing.reason "$why"
	swatch status --verbose | tr -s '\n ' ' ' | grep -qF "$why"
	grep -qF "the figures shown are ccusage's from now on: $why" "$LOG"
	stop_daemon
	start_daemon
	field_is billing-shared.json .sourceReason "$why"
	swatch events --json 3>&- >"$HOME/events" &
	follower=$!
	await sh -c '[ "$(swatch status --json | json-value .control.clients)" -ge 2 ]'
	answer_of 0 claude-next-9
	swatch refresh --wait
	field_is billing-shared.json .source native
	await grep -q '"event":"billing-source"' "$HOME/events"
	kill "$follower"
}

@test "the audit compares like with like: what ccusage cannot count is no drift" {
	printf '[ccusage]\ncommand = %s blocks --active --json --offline\nsettle = 1m\nmax_delay = 10m\n' "$CCUSAGE20" >"$CONFIG"
	# a model newer than ccusage, and a null id, for which it loses the line
	{
		message 1
		MODEL=claude-opus-5-5 message 2 5000
		message 3 50000 | sed 's/"content":\[/&{"type":"tool_use","name":"t","input":{"id":null}},/'
	} >"$PROJECTS/-p/s1.jsonl"
	# prices of one's own are no drift either
	echo '{"claude-opus-4-6": {"input_cost_per_token": 1, "output_cost_per_token": 1}}' >"${CONFIG%/*}/pricing.json"
	start_daemon
	swatch refresh --wait
	swatch refresh --wait
	field_is billing-shared.json .source native
	field_is billing-shared.json '.ccusage.driftUSD * 1e9 | round' 0
	field_is billing-shared.json '.ccusage.reasons | join(" ")' "lost_line newer_model price"
	field_is billing-shared.json .ccusage.costUSD 0.00139
	field_is billing-shared.json '.native.costUSD > 10' true
}

@test "the audit: what was deleted or rewritten within the block is no drift" {
	printf '[ccusage]\ncommand = %s blocks --active --json --offline\nsettle = 1m\nmax_delay = 10m\n' "$CCUSAGE20" >"$CONFIG"
	message 1 >"$PROJECTS/-p/s1.jsonl"
	message 2 50000 >"$PROJECTS/-p/s2.jsonl"
	message 3 40000 >"$PROJECTS/-p/s3.jsonl"
	start_daemon
	swatch refresh --wait
	field_is billing-shared.json '.ccusage.costUSD > 2' true
	rm "$PROJECTS/-p/s2.jsonl"
	message 4 >"$PROJECTS/-p/s3.jsonl"
	swatch refresh --wait
	swatch refresh --wait
	# ccusage reads what is there; swatch counts what was spent
	field_is billing-shared.json '.ccusage.costUSD < 0.01' true
	field_is billing-shared.json '.native.costUSD > 2' true
	field_is billing-shared.json .source native
	field_is billing-shared.json .ccusage.driftUSD 0
	field_is billing-shared.json '.ccusage.reasons | join(" ")' deleted_transcript
}

@test "the audit: what ccusage counts twice is no drift, has a name, and never reaches a figure" {
	printf '[ccusage]\ncommand = %s blocks --active --json --offline\nsettle = 1m\nmax_delay = 10m\n' "$CCUSAGE20" >"$CONFIG"
	# a fork's copy without a requestId, and a sidechain's copy
	message 1 40000 | sed 's/"requestId":"[^"]*",//' >"$PROJECTS/-p/s1.jsonl"
	sed 's/"sessionId":"[^"]*"/"sessionId":"s2"/' "$PROJECTS/-p/s1.jsonl" >"$PROJECTS/-p/s2.jsonl"
	message 2 40000 >"$PROJECTS/-p/s3.jsonl"
	sed 's/"requestId":"[^"]*"/"requestId":"other"/; s/"isSidechain":false/"isSidechain":true/; s/"sessionId":"[^"]*"/"sessionId":"s4"/' \
		"$PROJECTS/-p/s3.jsonl" >"$PROJECTS/-p/s4.jsonl"
	start_daemon
	for i in 1 2 3; do swatch refresh --wait; done
	field_is billing-shared.json .source native
	field_is billing-shared.json '.costToday == .block.costUSD and .block.costUSD == .native.costUSD' true
	field_is billing-shared.json '.ccusage.costUSD > .native.costUSD + 1' true
	field_is billing-shared.json '.ccusage.driftUSD | . < 1e-9' true
	field_is billing-shared.json '.ccusage.reasons | join(" ")' "sidechain_copy no_request_id"
	is "$(swatch doctor --json | jq -r '.checks[] | select(.name == "drift") | .state')" good
	swatch doctor | tr -s '\n ' ' ' | grep -qF 'more: sidechain_copy, no_request_id'
}

# ---- Claude Code's own total ----

cost_state() { printf '{"type":"cost-state","sessionId":"x","totalCostUSD":%s,"modelUsage":{%s}}\n' "$1" "$2"; }
model_usage() { printf '"%s":{"inputTokens":%d,"outputTokens":%d,"cacheReadInputTokens":%d,"cacheCreationInputTokens":%d,"webSearchRequests":0,"costUSD":%s}' "$@"; }

@test "cost-state: claudeCostUSD beside sessionCost, and what explains the gap" {
	start_daemon
	message 1 >"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s1.json .billing.claudeCostUSD null
	field_is s1.json .claudeCost null
	# a helper without a line, and a final output that was not written: 30 tokens for 10
	cost_state 0.01189 "$(model_usage claude-opus-4-6 3 30 1000 100 0.00189),$(model_usage claude-haiku-4-5 500 100 0 0 0.01)" >>"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s1.json .billing.claudeCostUSD 0.01189
	field_is s1.json .billing.sessionCost 0.00139
	field_is s1.json '.claudeCost.gapUSD * 1e9 | round' 10500000
	field_is s1.json .claudeCost.unexplainedUSD 0
	field_is s1.json '[.claudeCost.reasons[] | "\(.reason) \(.model) \(.costUSD * 1e9 | round)"] | sort | join(", ")' \
		'helper-model claude-haiku-4-5 10000000, missing-finals claude-opus-4-6 500000'
	# what comes after it will be in the next one
	message 2 100 >>"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s1.json '.claudeCost.reasons[] | select(.model == "claude-opus-4-6") | .reason' later-messages
	# the last one counts; and nothing is left of it when the file is written anew without it
	cost_state 0.00503 "$(model_usage claude-opus-4-6 6 110 2000 200 0.00503)" >>"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s1.json '.claudeCost.gapUSD | fabs < 1e-9' true
	field_is s1.json '.claudeCost.reasons | length' 0
	grep -v cost-state "$PROJECTS/-p/s1.jsonl" >"$HOME/new"
	mv "$HOME/new" "$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s1.json .claudeCost null
}

@test "cost-state: a subagent's file has none, and an absurd one is passed over" {
	start_daemon
	message 1 >"$PROJECTS/-p/s1.jsonl"
	mkdir -p "$PROJECTS/-p/s1/subagents"
	{ message 2; cost_state 5 ""; } >"$PROJECTS/-p/s1/subagents/agent-a.jsonl"
	{ cost_state -1 ""; cost_state 1e300 ""; cost_state '"1"' ""; } >>"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s1.json .claudeCost null
	cost_state 1 '"claude-opus-4-6":{"costUSD":[1]},"x":7' >>"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s1.json .billing.claudeCostUSD 1
	field_is s1.json '.claudeCost.unexplainedUSD > 0.9' true
}
