# Sessions go idle, expire, wake; a living process keeps its session.
load helper

# live_file SESSION PID: the file that a living Claude Code process keeps
live_file() {
	mkdir -p "$HOME/.claude/sessions"
	printf '{"pid":%d,"sessionId":"%s","procStart":"%s","status":"busy"}' "$2" "$1" \
		"$(sed 's/.*) //' "/proc/$2/stat" | cut -d' ' -f20)" >"$HOME/.claude/sessions/$2.json"
}

@test "active goes idle, and the file says so, with no activity" {
	configure $'[sessions]\nidle_after = 8s'
	start_daemon
	message 1 >"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s1.json .state active
	await sh -c 'jq -e ".state == \"idle\"" '"$CACHE/s1.json"
	await sh -c 'jq -e ".sessions[0].state == \"idle\"" '"$CACHE/sessions.json"
}

@test "a session file goes by age, and comes back at once when its transcript wakes, firstSeen kept" {
	configure $'[sessions]\nidle_after = 1s\nexpire_after = 10s'
	start_daemon
	message 1 >"$PROJECTS/-p/s1.jsonl"
	message 2 >"$PROJECTS/-p/s2.jsonl"
	swatch sync
	first=$(field s1.json .firstSeen)
	await test ! -e "$CACHE/s1.json"
	await sh -c 'jq -e ".totalSessions == 0" '"$CACHE/sessions.json"
	message 3 >>"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s1.json .firstSeen "$first"
	field_is s1.json .transcript.messageCount 2
}

@test "more than max_files: the oldest idle ones go, never an active one" {
	configure $'[sessions]\nmax_files = 3'
	for i in 1 2 3 4 5; do
		message "$i" >"$PROJECTS/-p/old$i.jsonl"
		touch -d "$i hours ago" "$PROJECTS/-p/old$i.jsonl"
	done
	start_daemon
	is "$(cd "$CACHE" && echo old*)" "old1.json old2.json old3.json"
	for i in 1 2 3 4; do message "a$i" >"$PROJECTS/-p/new$i.jsonl"; done
	swatch sync
	is "$(cd "$CACHE" && ls | grep -v shared | tr '\n' ' ')" "new1.json new2.json new3.json new4.json sessions.json "
}

@test "on start: files of vanished sessions and temp files go, foreign ones stay" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	message 2 >"$PROJECTS/-p/s2.jsonl"
	start_daemon
	first=$(field s1.json .firstSeen)
	stop_daemon
	rm "$PROJECTS/-p/s2.jsonl"
	echo half >"$CACHE/.swatch.tmp.123.4"
	echo '{"sessionId":"theirs"}' >"$CACHE/theirs.json"
	start_daemon
	[ -f "$CACHE/s1.json" ]
	[ -f "$CACHE/theirs.json" ]
	[ ! -e "$CACHE/s2.json" ]
	no_temp_files
	status_is .expire.sweptTempFiles 1
	field_is s1.json .firstSeen "$first"
}

@test "a living process keeps its session; its end makes it idle at once" {
	configure $'[sessions]\nidle_after = 1s\nexpire_after = 2s'
	sleep 1000 3>&- &
	pid=$!
	live_file s1 "$pid"
	start_daemon
	message 1 >"$PROJECTS/-p/s1.jsonl"
	message 2 >"$PROJECTS/-p/other.jsonl"
	swatch sync
	await test ! -e "$CACHE/other.json"
	[ -f "$CACHE/s1.json" ]
	field_is s1.json .state active
	status_is .sessions.liveProcesses 1
	kill "$pid"
	await test ! -e "$CACHE/s1.json"
	status_is .sessions.liveProcesses 0
}

@test "a process that ends makes its session idle long before idle_after" {
	sleep 1000 3>&- &
	pid=$!
	start_daemon
	live_file s1 "$pid"
	message 1 >"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s1.json .state active
	kill "$pid"
	await sh -c 'jq -e ".state == \"idle\"" '"$CACHE/s1.json"
}

@test "a file left by a dead process, or one whose pid is another's, says nothing" {
	mkdir -p "$HOME/.claude/sessions"
	printf '{"pid":%d,"sessionId":"s1","procStart":"1"}' $$ >"$HOME/.claude/sessions/$$.json"
	printf '{"pid":999999999,"sessionId":"s1","procStart":"1"}' >"$HOME/.claude/sessions/999999999.json"
	printf 'rubbish' >"$HOME/.claude/sessions/1.json"
	message 1 >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	status_is .sessions.liveProcesses 0
}

@test "swatch expire says what goes, and --dry-run changes nothing" {
	configure $'[sessions]\nmax_files = 1'
	message 1 >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	run swatch expire --dry-run
	is "$status" 0
	[[ $output == *"nothing to remove"* ]]
	[ -f "$CACHE/s1.json" ]
}

@test "session files go by age and by count, without being asked" {
	configure $'[sessions]\nidle_after = 1s\nexpire_after = 1h\nmax_files = 2'
	for i in 1 2 3; do
		message "$i" >"$PROJECTS/-p/s$i.jsonl"
		touch -d "$i minutes ago" "$PROJECTS/-p/s$i.jsonl"
	done
	message 4 >"$PROJECTS/-p/old.jsonl"
	touch -d '2 hours ago' "$PROJECTS/-p/old.jsonl"
	start_daemon
	is "$(cd "$CACHE" && ls | tr '\n' ' ')" "billing-shared.json s1.json s2.json sessions.json "
	message 5 >>"$PROJECTS/-p/s3.jsonl"
	await test ! -e "$CACHE/s2.json"
	[ -e "$CACHE/s3.json" ]
}

@test "many transcripts that go together, or come together, make one look at all sessions" {
	for i in $(seq 60); do message "$i" >"$PROJECTS/-p/s$i.jsonl"; done
	start_daemon
	runs=$(swatch status --json | json-value .expire.runs)
	# the daemon sees all of it at once
	kill -STOP "$DAEMON"
	rm "$PROJECTS"/-p/s*.jsonl
	for i in $(seq 60); do message "n$i" >"$PROJECTS/-p/n$i.jsonl"; done
	kill -CONT "$DAEMON"
	swatch sync
	# max_files bounds those that were deleted while they were active, too
	field_is sessions.json .totalSessions 100
	[ "$(swatch status --json | json-value .expire.runs)" -le $((runs + 6)) ]
}

@test "two transcripts with one session id: the last activity wins" {
	mkdir "$PROJECTS/-q"
	TEXT=first message 1 >"$PROJECTS/-p/s1.jsonl"
	touch -d '1 minute ago' "$PROJECTS/-p/s1.jsonl"
	start_daemon
	TEXT=second message 2 >"$PROJECTS/-q/s1.jsonl"
	swatch sync
	field_is s1.json .transcript.lastMessagePreview second
	TEXT=third message 3 >>"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s1.json .transcript.lastMessagePreview third
	field_is s1.json .transcriptPath "$PROJECTS/-p/s1.jsonl"
	field_is s1.json .tokens.input 9
	rm "$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is s1.json .transcript.lastMessagePreview second
	field_is sessions.json .totalSessions 1
}

@test "a restart and a kill -9 change nothing that people see" {
	sleep 300 3>&- &
	claude=$!
	mkdir -p "$HOME/.claude/sessions"
	message 1 400000 >"$PROJECTS/-p/s1.jsonl"
	message 2 400000 >"$PROJECTS/-p/s2.jsonl"
	message 3 400000 >"$PROJECTS/-p/s3.jsonl"
	message 4 400000 '"x":1,' >"$PROJECTS/-p/s4.jsonl"
	start_daemon
	printf '{"pid":%d,"sessionId":"s2","procStart":"%s"}' "$claude" "$(awk '{print $22}' "/proc/$claude/stat")" \
		>"$HOME/.claude/sessions/$claude.json"
	await field_is s2.json .liveProcesses 1
	kill "$claude"
	await field_is s2.json .state idle
	tell_statusline '{"session_id":"s1","cost":{"total_cost_usd":12.5},"context_window":{"context_window_size":1000000,"used_percentage":18},"rate_limits":{"five_hour":{"used_percentage":40,"resets_at":'$((EPOCHSECONDS + 9000))'}}}'
	await field_is s1.json .billing.toldCostUSD 12.5
	# One is deleted while it is active, another one written anew.
	rm "$PROJECTS/-p/s3.jsonl"
	message 5 10 >"$PROJECTS/-p/s4.jsonl"
	swatch sync
	await field_is s3.json .alerts.dataLossRisk true
	is "$(field billing-shared.json '.today.costUSD > 40')" true
	swatch sync
	before=$(seen)
	stop_daemon
	start_daemon
	diff <(echo "$before") <(seen)
	kill_daemon
	start_daemon
	diff <(echo "$before") <(seen)
}

@test "a fork that is read first leaves the cost with its parent, and a moved transcript its old project" {
	local project=$PROJECTS
	mkdir -p "$project/a" "$project/z" "$project/z--worktree"
	start_daemon
	message 1 100 '"requestSessionId":"parent",' >"$project/a/fork.jsonl"
	message 2 20 >>"$project/a/fork.jsonl"
	swatch sync
	message 1 100 >"$project/z--worktree/parent.jsonl"
	message 3 5 >"$project/z/agent-1.jsonl"
	swatch sync
	field_is fork.json .tokens.output 20
	field_is parent.json .tokens.output 100
	mv "$project/z--worktree/parent.jsonl" "$project/z/parent.jsonl"
	swatch sync
	field_is parent.json .transcriptPath "$project/z/parent.jsonl"
	whose() { swatch sessions --json | jq -c '[.sessions[] | [.sessionId, .projectPath, .outputTokens]] | sort'; }
	is "$(whose)" '[["fork","a",20],["parent","z",100],["x","z",5]]'
	kill_daemon
	is "$(whose)" '[["fork","a",20],["parent","z",100],["x","z",5]]'
	start_daemon
	field_is parent.json .tokens.output 100
	is "$(whose)" '[["fork","a",20],["parent","z",100],["x","z",5]]'
}
