#!/usr/bin/env bats
# The ledger's file as the commands read it: reports without a daemon, history, backup, export, doctor.

load helper

LEDGER_KINDS="daily weekly monthly sessions blocks"

# keep_two: swatchd has kept a transcript that is gone now, and one that is still there. $LEDGER is the file.
keep_two() {
	LEDGER=$HOME/.local/state/swatch/ledger.db
	AT=2026-03-29T10:00:00.000Z message 1 10 >"$PROJECTS/-p/gone.jsonl"
	AT=2026-03-30T10:00:00.000Z message 2 20 >"$PROJECTS/-p/here.jsonl"
	start_daemon
	stop_daemon
	rm "$PROJECTS/-p/gone.jsonl"
}

days() { swatch daily --json "$@" | jq -c '[.daily[].date]'; }

@test "reports count what deleted transcripts said, with a daemon and without one alike" {
	local kind
	keep_two
	# moved: the place where it is now counts
	mkdir "$PROJECTS/-q"
	mv "$PROJECTS/-p/here.jsonl" "$PROJECTS/-q/here.jsonl"
	find "$HOME/.local/state" -ls >"$TEST_HOME/before"
	for kind in $LEDGER_KINDS; do swatch $kind --json >"$TEST_HOME/$kind"; done
	find "$HOME/.local/state" -ls | diff "$TEST_HOME/before" -
	is "$(jq -c '[.daily[].date]' "$TEST_HOME/daily")" '["2026-03-29","2026-03-30"]'
	jq -e '[.sessions[].projectPath] | any(test("-q"))' "$TEST_HOME/sessions"
	is "$(days --live-only)" '["2026-03-30"]'
	start_daemon
	for kind in $LEDGER_KINDS; do swatch $kind --json | diff "$TEST_HOME/$kind" -; done
	is "$(days --live-only)" '["2026-03-30"]'
}

@test "a ledger's file that cannot be read is a warning, and one that is turned off is not read" {
	keep_two
	# user_version: a newer swatch's
	cp "$LEDGER" "$TEST_HOME/good"
	printf '\143' | dd of="$LEDGER" bs=1 seek=63 conv=notrunc status=none
	is "$(days 2>"$TEST_HOME/said")" '["2026-03-30"]'
	grep 'a newer swatch made it.*; what deleted transcripts said is missing' "$TEST_HOME/said"
	echo nonsense >"$LEDGER"
	is "$(days 2>"$TEST_HOME/said")" '["2026-03-30"]'
	grep 'it is damaged, or another program' "$TEST_HOME/said"
	is "$(days --live-only 2>&1)" '["2026-03-30"]'
	cp "$TEST_HOME/good" "$LEDGER"
	is "$(days 2>&1)" '["2026-03-29","2026-03-30"]'
	configure '[ledger]
enabled = no'
	is "$(days 2>&1)" '["2026-03-30"]'
	# a file that is not there yet is fine
	configure ''
	rm -r "$HOME/.local/state"
	is "$(days 2>&1)" '["2026-03-30"]'
	[ ! -e "$HOME/.local/state" ]
}

@test "messages that keep coming are written to the file every five seconds, and all of them at the end" {
	local at later
	start_daemon
	message 1 >"$PROJECTS/-p/s.jsonl"
	await status_is .ledger.written 1
	at=$(status_of .ledger.writtenAt)
	message 2 >>"$PROJECTS/-p/s.jsonl"
	message 3 >>"$PROJECTS/-p/s.jsonl"
	await status_is .ledger.written 3
	later=$(status_of .ledger.writtenAt)
	# less than five seconds, since the first one may have taken long
	[ $((later - at)) -ge 2500 ]
	message 4 >>"$PROJECTS/-p/s.jsonl"
	swatch sync
	stop_daemon
	is "$(swatch history --json | json-value .messages)" 4
}

total() { swatch daily --json | jq -c '[.totals.outputTokens, (.daily | length)]'; }

@test "a report opens no transcript that is as the ledger's file knows it, and reads one that grew" {
	local kind here=$PROJECTS/-p/here.jsonl
	keep_two
	is "$(total)" "[30,2]"
	for kind in daily weekly monthly sessions; do swatch $kind --json >"$TEST_HOME/$kind"; done
	# The same size and time: whoever opened it would count something else.
	cp -p "$here" "$TEST_HOME/kept"
	sed 's/"output_tokens":20/"output_tokens":77/' "$TEST_HOME/kept" >"$here"
	touch -r "$TEST_HOME/kept" "$here"
	for kind in daily weekly monthly sessions; do swatch $kind --json | diff "$TEST_HOME/$kind" -; done
	is "$(swatch daily --json --live-only | json-value .totals.outputTokens)" 77
	# In another zone the days are others, and the sums the same.
	is "$(swatch daily --json --timezone Pacific/Kiritimati | jq -c '[.daily[].date]')" \
		'["2026-03-30","2026-03-31"]'
	is "$(swatch daily --json --project=-p | json-value .totals.outputTokens)" 30
	# Days from before the first message are no days without use.
	for kind in "--since 2024-01-01" "--until 2024-01-01"; do
		# shellcheck disable=SC2086
		[[ "$(swatch daily $kind)" == *"there is no data from before 2026-03-29" ]]
	done
	[[ "$(swatch daily --since 2026-03-29)" != *"no data"* ]]
	cat "$TEST_HOME/kept" >"$here"
	AT=2026-03-31T10:00:00.000Z message 3 5 >>"$here"
	is "$(total)" "[35,3]"
	start_daemon
	is "$(total)" "[35,3]"
	AT=2026-03-31T10:00:00.000Z message 4 7 >>"$here"
	is "$(total)" "[42,3]"
}

history() { swatch history --json | jq -r "$1"; }

@test "history says what is kept, and what of it is nowhere else" {
	run swatch history
	[ "$status" -eq 0 ]
	[[ ${output//$'\n'/ } == "nothing is kept yet: "*"/ledger.db does not exist swatchd makes it when it runs."* ]]
	is "$(history '[.exists, .enabled, .messages] | map(tostring) | join(" ")')" "false true null"
	keep_two
	is "$(history '[.messages, .days, .sessions, .projects, .transcripts, .since, .until] | join(" ")')" \
		"2 2 2 1 2 2026-03-29 2026-03-30"
	is "$(history '.onlyHere | "\(.messages) \(.transcripts)"')" "1 1"
	is "$(history '(.totalCost - .onlyHere.totalCost) * 1e9 | round / 1e9')" "$(swatch daily --live-only --json | jq .totals.totalCost)"
	is "$(history .totalCost)" "$(swatch daily --json | jq '.totals.totalCost * 1e9 | round / 1e9')"
	is "$(history '.backups | length')" 1
	is "$(history '[.limitReadings, .limitsReached, .toldSessions, .profiles, .branches] | join(" ")')" "0 0 0 1 1"
	run swatch history
	[ "$status" -eq 0 ]
	[[ $output == *"only here "*"1 message "*"1 transcript deleted or rewritten"* ]]
	# a transcript that was rewritten: what it said before
	AT=2026-03-30T11:00:00.000Z message 4 40 >"$PROJECTS/-p/here.jsonl"
	start_daemon
	stop_daemon
	is "$(history '[.messages, .onlyHere.messages, .onlyHere.transcripts] | join(" ")')" "3 2 2"
	# while swatchd writes
	start_daemon
	AT=2026-03-31T10:00:00.000Z message 3 30 >>"$PROJECTS/-p/here.jsonl"
	await eval '[ "$(history .messages)" = 4 ]'
	is "$(history '.onlyHere.messages')" 2
	stop_daemon
	echo nonsense >"$LEDGER"
	run swatch history
	[ "$status" -eq 1 ]
	[ "$output" = "swatch: cannot use $LEDGER: it is damaged, or another program's" ]
}

@test "backup copies the file while swatchd writes it, and never over another one" {
	run swatch backup "$TEST_HOME/copy"
	[ "$status" -eq 1 ]
	[[ $output == *"nothing is kept yet"* ]]
	[ ! -e "$TEST_HOME/copy" ]
	keep_two
	start_daemon
	AT=2026-03-31T10:00:00.000Z message 3 30 >>"$PROJECTS/-p/here.jsonl"
	await eval '[ "$(history .messages)" = 3 ]'
	umask 0
	run swatch backup "$TEST_HOME/copy"
	[ "$status" -eq 0 ]
	[[ $output == "wrote $TEST_HOME/copy: 3 messages since 2026-03-29, "* ]]
	is "$(stat -c %a "$TEST_HOME/copy")" 600
	stop_daemon
	# it is whole
	swatch export >"$TEST_HOME/lines"
	cp "$TEST_HOME/copy" "$LEDGER"
	rm -f "$LEDGER"-*
	swatch export | diff "$TEST_HOME/lines" -
	# a file that is there, a link to nowhere, and a name that SQLite would take for an address
	run swatch backup "$TEST_HOME/lines"
	[ "$status" -eq 1 ]
	[[ $output == *"it exists already"* ]]
	ln -s "$TEST_HOME/elsewhere" "$TEST_HOME/link"
	run swatch backup "$TEST_HOME/link"
	[ "$status" -eq 1 ]
	[ ! -e "$TEST_HOME/elsewhere" ]
	cd "$TEST_HOME"
	run swatch backup 'file:x?mode=memory'
	[ "$status" -eq 0 ]
	[ -s 'file:x?mode=memory' ]
	run swatch backup
	[ "$status" -eq 2 ]
}

@test "export prints a line for each hour, project, session, model and kind" {
	mkdir -p "$PROJECTS/-q,x/s/subagents"
	{
		AT=2026-03-29T10:59:00.000Z message 1 10
		AT=2026-03-29T11:00:00.000Z message 2 20
		AT=2026-03-29T11:59:59.999Z message 3 30
		AT=2026-03-29T11:30:00.000Z MODEL=nonesuch message 4 40
		# the same message again
		AT=2026-03-29T11:00:00.000Z message 2 20
	} >"$PROJECTS/-q,x/s.jsonl"
	AT=2026-03-29T11:10:00.000Z message 5 50 >"$PROJECTS/-q,x/s/subagents/agent-a.jsonl"
	start_daemon
	stop_daemon
	rm -r "$PROJECTS/-q,x"
	swatch export >"$TEST_HOME/lines"
	is "$(jq -r '[.hour, .project, .sessionId, .model, .kind, .messages, .unpricedMessages, .outputTokens,
		.cacheCreationTokens, .cacheReadTokens] | join(" ")' "$TEST_HOME/lines")" \
		"2026-03-29T10:00:00Z -q,x s claude-opus-4-6 main 1 0 10 100 1000
2026-03-29T11:00:00Z -q,x s claude-opus-4-6 main 2 0 50 200 2000
2026-03-29T11:00:00Z -q,x s claude-opus-4-6 agent 1 0 50 100 1000
2026-03-29T11:00:00Z -q,x s nonesuch main 1 1 40 100 1000"
	is "$(jq -s 'map(.costUSD) | add * 1e9 | round' "$TEST_HOME/lines")" \
		"$(swatch daily --json | jq '.totals.totalCost * 1e9 | round')"
	# CSV has the same
	swatch export --format csv >"$TEST_HOME/table"
	is "$(sed 1d "$TEST_HOME/table")" "$(jq -r '[.host, .hour, "\"\(.project)\"", .sessionId, .model, .kind, .messages,
		.unpricedMessages, .inputTokens, .outputTokens, .cacheCreationTokens, .cacheCreation1hTokens, .cacheReadTokens,
		.webSearches, .costUSD] | join(",")' "$TEST_HOME/lines")"
	is "$(head -1 "$TEST_HOME/table")" "$(jq -r 'keys_unsorted | join(",")' "$TEST_HOME/lines" | head -1)"
	# days begin at midnight in the configured zone
	is "$(swatch export --since 2026-03-30 | wc -l)" 0
	configure 'timezone = Pacific/Tongatapu'
	is "$(swatch export --since 20260330 | jq -s 'map(.messages) | add')" 4
	run swatch export --since never
	[ "$status" -eq 2 ]
	run swatch export --format xml
	[ "$status" -eq 2 ]
}

ledger_check() { swatch doctor --json | jq -r --arg name "${1:-ledger}" '.checks[] | select(.name == $name) | "\(.state): \(.what)"'; }

@test "doctor says whether transcripts are kept, and how many messages are only there" {
	[[ $(ledger_check) == "note: nothing is kept yet: "* ]]
	keep_two
	[[ $(ledger_check) == "good: 2 messages kept since 2026-03-29 in "*"; 1 (\$"*") only there: their transcripts were deleted or rewritten" ]]
	# what Claude Code is about to delete
	echo '{}' >"$HOME/.claude/settings.json"
	touch -d '29 days ago' "$PROJECTS/-p/here.jsonl"
	[[ $(ledger_check cleanup) == "note: 1 transcript about to be deleted"*"the reports lose their costs, too" ]]
	start_daemon
	[[ $(ledger_check cleanup) == "good: 1 transcript about to be deleted"*"what they cost is kept" ]]
	stop_daemon
	# what swatchd was told, but never wrote
	sqlite3 "$LEDGER" 'UPDATE transcript SET size = 1'
	configure '[watch]
paths = /nowhere'
	start_daemon
	configure ''
	[[ $(ledger_check cleanup) == "note: 1 transcript about to be deleted"*"swatchd has not kept all that they cost yet" ]]
	stop_daemon
	chmod 644 "$LEDGER"
	[[ $(ledger_check) == *"bad: others may read $LEDGER (mode 644)" ]]
	chmod 600 "$LEDGER"
	configure '[ledger]
enabled = no'
	[[ $(ledger_check) == "good: nothing is kept of deleted transcripts: [ledger] enabled = no" ]]
	configure ''
	echo nonsense >"$LEDGER"
	[[ $(ledger_check) == "bad: cannot use $LEDGER: it is damaged"* ]]
}
