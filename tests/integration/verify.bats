# swatch verify beside the real ccusage: equal figures, each known fault told from the entry on, and what is no fault.
load helper

T0=2026-02-11T20:00:00.000Z
T1=2026-02-11T20:00:01.000Z

verify() { run swatch verify --command "$CCUSAGE20" --timezone UTC "$@"; }
# found JQ: what the last `verify --json` says.
found() { jq -r "$1" <<<"$output"; }
# explained REASON FILE:LINE [COUNTED-BY]: all is explained, and this entry with this reason is part of it.
explained() {
	verify --json
	is "$status" 0
	also_explained "$@"
}
# The same of what the last one said.
also_explained() {
	found 'if .ok and .unexplained == 0 then .reports[].differences[].entries[]
			| "\(.reason) \(.path | split("/projects/")[1]):\(.line) \(.countedBy)" else "not all is explained" end' |
		grep -x -F -e "$1 $2 ${3:-ccusage}" >/dev/null ||
		{ found '[.ok, .unexplained, [.reports[].differences[].entries[] | {reason, path, line, countedBy}] | unique]'; return 1; }
}
# clean_path: PATH without a ccusage.
clean_path() {
	local directory
	tr : '\n' <<<"$PATH" | while read -r directory; do [ -e "$directory/ccusage" ] || echo "$directory"; done | paste -sd:
}
# line ID OUT [FIELDS]: an assistant line of $AT without a requestId.
line() {
	printf '{%s"type":"assistant","timestamp":"%s","sessionId":"%s","version":"2.1.39","message":{"id":"msg_%s","model":"%s","usage":{"input_tokens":0,"output_tokens":%d}}}\n' \
		"${3:-}" "${AT:-$T0}" "${SESSION:-x}" "$1" "${MODEL:-claude-opus-4-6}" "$2"
}

some_messages() {
	local day
	for day in 01 02 03 09 28; do
		AT=2026-02-${day}T23:30:00.000Z message "a$day" 100
		AT=2026-02-${day}T23:30:01.500Z message "a$day" 300
		AT=2026-02-${day}T02:10:00.000Z MODEL=claude-sonnet-4-5-20250929 message "b$day" 7
	done >"$PROJECTS/-p/s1.jsonl"
	mkdir -p "$PROJECTS/-q" "$PROJECTS/-p/s1/subagents"
	AT=2026-03-01T00:10:00.000Z message c 5 >"$PROJECTS/-q/s2.jsonl"
	AT=2026-02-09T23:31:00.000Z MODEL=claude-haiku-4-5-20251001 message d 9 >"$PROJECTS/-p/s1/subagents/agent-1.jsonl"
}

@test "equal figures: every row of every report, in every zone" {
	some_messages
	verify
	is "$status" 0
	[[ $output == *"Every figure is equal or explained."* ]]
	[[ $output != *differ* ]]
	for zone in Asia/Tokyo America/New_York Australia/Lord_Howe local; do
		run swatch verify --command "$CCUSAGE20" --timezone "$zone" --json --threads 2
		is "$status" 0
		is "$(found '[.reports[] | select(.compared and .equal == .rows and .rows > 0)] | length')" 5
	done
}

@test "ccusage is the config's, without the report that it asks for" {
	some_messages
	configure "[ccusage]
command = $CCUSAGE20_NPM blocks --active --json --offline"
	run swatch verify --json
	is "$status" 0
	is "$(found .version)" 20.0.24
	is "$(found .isReference)" true
}

@test "no transcripts at all are equal" {
	verify
	is "$status" 0
}

@test "lost_line: a null, and a blank after usage" {
	AT=$T0 message 1 10 >"$PROJECTS/-p/s1.jsonl"
	AT=$T1 message 1 20 '"cwd":null,' >>"$PROJECTS/-p/s1.jsonl"
	AT=$T1 message 2 30 | sed 's/"usage":{/"usage": {/' >>"$PROJECTS/-p/s1.jsonl"
	explained lost_line -p/s1.jsonl:2 swatch
	also_explained lost_line -p/s1.jsonl:1 ccusage
	also_explained lost_line -p/s1.jsonl:3 swatch
	is "$(found '[.reports[] | select(.explained > 0)] | length')" 5
}

@test "daily_rules: agent_progress, and lines without a requestId" {
	printf '{"type":"progress","sessionId":"x","data":{"type":"agent_progress","message":%s}}\n' "$(AT=$T0 message 1 10)" >"$PROJECTS/-p/s1.jsonl"
	AT=$T0 line 2 20 >>"$PROJECTS/-p/s1.jsonl"
	AT=$T1 line 2 40 >>"$PROJECTS/-p/s1.jsonl"
	explained daily_rules -p/s1.jsonl:1
	also_explained daily_rules -p/s1.jsonl:2
	is "$(found '[.reports[] | select(.explained > 0) | .report] | join(" ")')" daily
	# the same figures as ccusage's own
	is "$(found '.reports[1].differences[0].ccusage.costUSD')" \
		"$(TZ=UTC "$CCUSAGE20" claude daily --json --offline | jq .totals.totalCost)"
}

@test "other_session: a workflow's agents" {
	mkdir -p "$PROJECTS/-p/s1/subagents/workflows/wf_7"
	message 1 >"$PROJECTS/-p/s1.jsonl"
	message 2 >"$PROJECTS/-p/s1/subagents/workflows/wf_7/agent-a.jsonl"
	explained other_session -p/s1/subagents/workflows/wf_7/agent-a.jsonl:1 both
	is "$(found '.reports[4].differences | map(.row) | join(", ")')" "s1 in -p, wf_7 in -p/s1/subagents/workflows"
}

@test "other_session: a home below a folder named projects" {
	mkdir -p "$HOME/projects/x/.claude"
	mv "$PROJECTS" "$HOME/projects/x/.claude/"
	PROJECTS=$HOME/projects/x/.claude/projects
	message 1 >"$PROJECTS/-p/s1.jsonl"
	export CLAUDE_CONFIG_DIR=$HOME/projects/x/.claude
	verify --json
	is "$status" 0
	is "$(found '[.reports[4].differences[].entries[].reason] | unique | join(" ")')" other_session
}

@test "new_limit_marker: a limit marker of the new form" {
	AT=$T0 MODEL='<synthetic>' message 1 0 '"isApiErrorMessage":true,"error":"rate_limit","apiErrorStatus":429,"quotaLimits":{"status":"rejected","resetsAt":1770850000,"rateLimitType":"five_hour"},' >"$PROJECTS/-p/s1.jsonl"
	explained new_limit_marker -p/s1.jsonl:1 both
}

@test "newer_model: a model newer than ccusage" {
	MODEL=claude-opus-5-5 message 1 1000 >"$PROJECTS/-p/s1.jsonl"
	explained newer_model -p/s1.jsonl:1 both
	is "$(found '.reports[0].differences[0].ccusage.costUSD')" 0
}

@test "sidechain_copy: a message of several lines, copied into a sidechain" {
	AT=$T0 line 1 10 '"requestId":"r1",' >"$PROJECTS/-p/s1.jsonl"
	AT=$T1 line 1 20 '"requestId":"r1",' >>"$PROJECTS/-p/s1.jsonl"
	AT=$T0 line 1 10 '"requestId":"r2","isSidechain":true,' >"$PROJECTS/-p/s2.jsonl"
	AT=$T1 line 1 20 '"requestId":"r2","isSidechain":true,' >>"$PROJECTS/-p/s2.jsonl"
	explained sidechain_copy -p/s2.jsonl:2
	is "$(found '.reports[0].differences[0].swatch.totalTokens')" 20
	is "$(found '.reports[0].differences[0].ccusage.totalTokens')" 40
}

@test "no_request_id: a message without a requestId in two sessions" {
	SESSION=s1 line 1 10 >"$PROJECTS/-p/s1.jsonl"
	SESSION=s2 line 1 10 >"$PROJECTS/-p/s2.jsonl"
	explained no_request_id -p/s2.jsonl:1
}

@test "pricing.json, absurd counts and costs, and a line that is being written" {
	printf '{"claude-opus-4-6":{"input_cost_per_token":1e-6,"output_cost_per_token":1e-6,"cache_creation_input_token_cost":1e-6,"cache_read_input_token_cost":1e-6}}\n' >"${CONFIG%/*}/pricing.json"
	AT=$T0 message 1 10 >"$PROJECTS/-p/s1.jsonl"
	AT=2026-02-12T09:00:00.000Z line 2 5000000000 >"$PROJECTS/-p/s2.jsonl"
	AT=2026-02-13T09:00:00.000Z line 3 10 '"costUSD":-1,' >"$PROJECTS/-p/s3.jsonl"
	AT=2026-02-14T09:00:00.000Z line 4 10 | tr -d '\n' >"$PROJECTS/-p/s4.jsonl"
	explained price -p/s1.jsonl:1 both
	also_explained count -p/s2.jsonl:1
	also_explained cost -p/s3.jsonl:1 both
	also_explained unfinished -p/s4.jsonl:1
	is "$(found '.reports[0].equal + .reports[0].explained == .reports[0].rows')" true
}

# beside JQ: a ccusage that does as the real one, and then this to what it prints.
beside() {
	fake_ccusage "beside" <<-END
		#!/bin/sh
		case \$1 in --version) exec "$CCUSAGE20" --version ;; esac
		"$CCUSAGE20" "\$@" | jq '$1'
	END
}

@test "a cent too much is unexplained, in the one row that has it" {
	some_messages
	cc=$(beside 'if .daily then .daily[1].totalCost += 0.01 else . end')
	run swatch verify --command "$cc" --timezone UTC --json
	is "$status" 1
	is "$(found .unexplained)" 1
	is "$(found '.reports[1].differences | map(.row) | join(" ")')" 2026-02-02
	[[ $(found '.reports[1].differences[0].difference') == *totalCost*expected* ]]
	run swatch verify --command "$cc" --timezone UTC
	is "$status" 1
	[[ $output == *"daily 2026-02-02: unexplained"*"1 difference is unexplained."* ]]
}

@test "a token, a model, a time, a row: nothing of it goes by" {
	some_messages
	for change in '.blocks[0].tokenCounts.outputTokens += 1' '.blocks[0].models += ["x"]' '.blocks[0].entries += 1' \
		'.blocks[0].actualEndTime = "2026-02-01T02:10:00.001Z"' 'del(.blocks[0])' '.blocks[0].costUSD += 2e-9'; do
		cc=$(beside "if .blocks then $change else . end")
		run swatch verify --command "$cc" --timezone UTC --json
		is "$status" 1
		is "$(found '.reports[0].unexplained')" 1
	done
	# within what is allowed
	cc=$(beside 'if .blocks then .blocks[0].costUSD += 5e-10 | .blocks[0].isActive = true else . end')
	run swatch verify --command "$cc" --timezone UTC
	is "$status" 0
}

@test "beside a fault, what is no fault is unexplained all the same" {
	some_messages
	AT=2026-02-02T23:40:00.000Z message 1 20 '"cwd":null,' >>"$PROJECTS/-p/s1.jsonl"
	cc=$(beside 'if .daily then .daily[1].totalCost += 0.01 else . end')
	run swatch verify --command "$cc" --timezone UTC --json
	is "$status" 1
	is "$(found .unexplained)" 1
	is "$(found '.reports[1].differences | map(.row + " " + .state) | join(" ")')" "2026-02-02 unexplained"
	is "$(found '.reports[0].differences | map(.state) | unique | join(" ")')" explained
}

@test "a notice with braces before the JSON: verify, doctor and the daemon read on" {
	some_messages
	cc=$(fake_ccusage noisy <<-END
		#!/bin/sh
		case \$1 in --version) exec "$CCUSAGE20" --version ;; esac
		echo 'a new version is out {see {} and {"notes": 1}}'
		exec "$CCUSAGE20" "\$@"
	END
	)
	run swatch verify --command "$cc" --timezone UTC
	is "$status" 0
	configure "[billing]
source = ccusage
[ccusage]
command = $cc blocks --active --json --offline"
	is "$(swatch doctor --json | jq -r '[.checks[] | select(.name == "ccusage") | .state] | unique | join(" ")')" good
	swatch refresh --wait
	is "$(jq -r '.source, .ccusage.lastError' "$CACHE/billing-shared.json" | paste -sd' ')" "ccusage null"
}

@test "no ccusage is taken from a relative or an empty item of PATH, by nobody" {
	mkdir "$HOME/here" "$HOME/here/bin"
	cd "$HOME/here"
	for cc in ccusage bin/ccusage; do
		printf '#!/bin/sh\necho ran >>"%s/ran"; echo "{\\"blocks\\":[]}"\n' "$HOME" >"$cc"
		chmod +x "$cc"
	done
	message 1 >"$PROJECTS/-p/s1.jsonl"
	configure "[billing]
source = ccusage"
	for relative in bin . '' ../here/bin; do
		PATH="$relative:$(clean_path)" run swatch verify
		is "$status" 4
		PATH="$relative:$(clean_path)" run swatch doctor
		[[ $output == *"ccusage is not found"* ]]
		PATH="$relative:$(clean_path)" run swatch refresh --wait
		[[ $output == *"cannot be started"* ]]
		PATH="$relative:$(clean_path)" run swatch setup --dry-run
		[[ $output != *"$HOME/here"* ]]
	done
	[ ! -e "$HOME/ran" ]
}

@test "no ccusage: exit 4, and how to get it" {
	run swatch verify --command "$HOME/nowhere/ccusage"
	is "$status" 4
	[[ $output == *"cannot run $HOME/nowhere/ccusage"*"npm install"* ]]
	run swatch verify --command ''
	is "$status" 2
	run swatch verify --command 'a "b'
	is "$status" 2
	run swatch verify --timezone Nowhere/Atall
	is "$status" 2
	run swatch verify --threads 0
	is "$status" 2
}

@test "rubbish, failure and silence of ccusage: verify names each" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	cc=$(printf '#!/bin/sh\necho 20.0.24 is rubbish\n' | fake_ccusage rubbish)
	run swatch verify --command "$cc"
	is "$status" 4
	[[ $output == *"is not a JSON object with \"blocks\""* ]]
	cc=$(printf '#!/bin/sh\necho "no idea" >&2\nexit 7\n' | fake_ccusage failing)
	run swatch verify --command "$cc"
	is "$status" 4
	[[ $output == *"exit status 7: no idea"* ]]
	# one report alone
	cc=$(beside 'if .weekly then {} else . end')
	run swatch verify --command "$cc" --timezone UTC
	is "$status" 1
	[[ $(tr -s ' \n' ' ' <<<"$output") == *"weekly not compared:"*" is not a JSON object with \"weekly\""* ]]
}

@test "a ccusage that hangs is killed, with all that it started" {
	configure "[ccusage]
timeout = 1s"
	cc=$(fake_ccusage hanging <<-END
		#!/bin/sh
		sleep 1000 &
		echo \$\$ \$! >"$HOME/pids"
		trap '' TERM
		wait
		sleep 1000
	END
	)
	run swatch verify --command "$cc"
	is "$status" 4
	[[ $output == *"still running after"* ]]
	for pid in $(cat "$HOME/pids"); do await is_gone "$pid"; done
}

@test "interrupted, it takes ccusage with it" {
	cc=$(fake_ccusage hanging <<-END
		#!/bin/sh
		sleep 1000 &
		echo \$\$ \$! >"$HOME/pids.new"
		mv "$HOME/pids.new" "$HOME/pids"
		wait
	END
	)
	setsid sh -c 'exec swatch verify --command "$1"' sh "$cc" >/dev/null 2>&1 3>&- &
	verifier=$!
	await test -e "$HOME/pids"
	kill -TERM "$verifier"
	status=0
	wait "$verifier" || status=$?
	is "$status" 143
	for pid in $(cat "$HOME/pids"); do await is_gone "$pid"; done
}

@test "an older ccusage is no reference" {
	AT=$T0 message 1 10 >"$PROJECTS/-p/s1.jsonl"
	AT=$T1 message 1 20 >>"$PROJECTS/-p/s1.jsonl"
	run swatch verify --command "$CCUSAGE18" --timezone UTC
	is "$status" 4
	[[ $output == *"1 of 1 row differs"*"This is not a verification: that needs ccusage 20.0.24"* ]]
	run swatch verify --command "$CCUSAGE18" --timezone UTC --json
	is "$(found .ok)" false
	is "$(found .isReference)" false
}

@test "names in transcripts do not reach the terminal as they are" {
	mkdir "$PROJECTS/$(printf -- '-e\033[2Jvil')"
	MODEL=$(printf 'claude-opus-5-5 \\u001b[31m') message 1 >"$PROJECTS/$(printf -- '-e\033[2Jvil')/s1.jsonl"
	run swatch verify --command "$CCUSAGE20" --timezone UTC
	[[ $output == *vil* ]]
	[[ $output != *$'\033'* ]]
}

# with_usage ID USAGE [MEMBERS]: a line of $MODEL with a usage of one's own; $LINE stands in front.
with_usage() { printf '{%s"type":"assistant","timestamp":"%s","sessionId":"x","version":"2.1.39","requestId":"req_%s","message":{"id":"msg_%s","model":"%s","usage":{%s}%s}}\n' "${LINE:-}" "${AT:-$T0}" "$1" "$1" "${MODEL:-claude-opus-4-6}" "$2" "${3:-}"; }

@test "the newest differences: breakdown, iterations, paused responses, damage, forms, names of models" {
	{
		with_usage 1 '"input_tokens":1,"output_tokens":1,"cache_creation_input_tokens":8000,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0}'
		with_usage 2 '"input_tokens":10,"output_tokens":10,"iterations":[{"type":"message","input_tokens":10,"output_tokens":10},{"type":"compaction","input_tokens":9000,"output_tokens":90}]'
		with_usage 3 '"input_tokens":10,"output_tokens":10' ',"pausedResponses":[{"usage":{"input_tokens":7,"output_tokens":70}}]'
		printf '{"type":"assistant","timest'
		with_usage 4 '"input_tokens":10,"output_tokens":10'
		with_usage 5 '"input_tokens":100.0,"output_tokens":1e2'
		MODEL=claude-4.5-sonnet with_usage 6 '"input_tokens":10,"output_tokens":10'
		LINE='"isApiErrorMessage":0,' with_usage 8 '"input_tokens":10,"output_tokens":10'
		with_usage 7 '"input_tokens":10,"output_tokens":10,"iterations":[{"type":"message"},{"type":"advisor_message","model":"claude-opus-4-6","input_tokens":900,"output_tokens":9}]'
	} >"$PROJECTS/-p/s1.jsonl"
	explained cache_breakdown -p/s1.jsonl:1 both
	also_explained iterations -p/s1.jsonl:2 both
	also_explained paused_responses -p/s1.jsonl:3 both
	also_explained damaged_line -p/s1.jsonl:4 swatch
	also_explained other_form -p/s1.jsonl:5 swatch
	also_explained model_name -p/s1.jsonl:6 both
	also_explained other_form -p/s1.jsonl:7 swatch
	also_explained iterations -p/s1.jsonl:8 swatch
}

@test "plain data: a failed login, counts beyond 2^53, a model that only ccusage may know" {
	MODEL='<synthetic>' with_usage 1 '"input_tokens":0,"output_tokens":0' >"$PROJECTS/-p/login.jsonl"
	# all that ccusage sees of this session has no tokens
	{
		MODEL='<synthetic>' with_usage 2 '"input_tokens":0,"output_tokens":0'
		LINE='"cwd":null,' with_usage 3 '"input_tokens":10,"output_tokens":10'
	} >"$PROJECTS/-p/lost.jsonl"
	AT=2026-02-13T09:00:00.000Z with_usage 4 '"input_tokens":18014398509481984,"output_tokens":9007199254740993,"cache_creation_input_tokens":5623,"cache_creation":{},"iterations":[{"type":"message","input_tokens":1,"output_tokens":1},{"type":"advisor_message","model":"claude-opus-4-6","input_tokens":900,"output_tokens":9}]' >"$PROJECTS/-p/huge.jsonl"
	AT=2026-02-14T09:00:00.000Z MODEL=kimi-k2.5 with_usage 5 '"input_tokens":100,"output_tokens":100' >"$PROJECTS/-p/kimi.jsonl"
	explained count -p/huge.jsonl:1
	also_explained unpriced_model -p/kimi.jsonl:1 both
	is "$(found '[.reports[4].differences[] | select(.reason == "empty_session") | .row] | join(" ")')" "login in -p"
	verify
	is "$status" 0
	[[ $output == *empty_session*"swatch knows no price for kimi-k2.5"* ]]
}
