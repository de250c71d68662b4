# Alerts: each crossing runs the command once, whatever happens meanwhile.
load helper

# dear ID: a message that costs a little more than a dollar.
dear() { message "$1" 40000; }

# recorder: a command that writes down its arguments and its SWATCH_ variables; prints its path.
recorder() {
	fake_ccusage recorder <<-EOS
		#!/bin/sh
		{ echo "args \$*"; env | grep ^SWATCH_ | grep -v 'SWATCH_BUILD_DIR\|SWATCH_TOP' | sort; echo "stdin \$(wc -c)"; echo end; } >>"$HOME/alerts"
	EOS
}

# alerts KEYS: a config with the recorder as command.
alerts() { configure "[alerts]"$'\n'"command = $(recorder) one 'two words'"$'\n'"$1"; }

# ran N: so many runs have ended well.
ran() { await sh -c "[ \"\$(swatch status --json | json-value .alerts.good)\" = $1 ]"; }
# fired N: after all that is pending, exactly so many crossings were announced.
fired() {
	swatch sync
	status_is .alerts.fired "$1"
}
# value NAME: of the last run.
value() { grep "^$1=" "$HOME/alerts" | tail -n 1 | cut -d= -f2-; }

# limits PERCENT RESET-SECONDS [NAME]: what Claude Code tells a statusline.
limits() {
	tell_statusline "$(printf '{"session_id":"s1","model":{"display_name":"Opus"},"rate_limits":{"%s":{"used_percentage":%s,"resets_at":%d}}}' \
		"${3:-five_hour}" "$1" "$2")"
	swatch sync
}

reload() {
	local before
	before=$(grep -c 'config reloaded' "$LOG" || true)
	kill -HUP "$DAEMON"
	await sh -c "[ \$(grep -c 'config reloaded' '$LOG') -gt $before ]"
	swatch sync
}

@test "a block's cost: the command runs once, with the facts in its environment, without a shell" {
	alerts 'block_cost = 2, 4usd'
	start_daemon
	dear 1 >"$PROJECTS/-p/s1.jsonl"
	fired 0
	dear 2 >>"$PROJECTS/-p/s1.jsonl"
	fired 1
	ran 1
	is "$(head -n 1 "$HOME/alerts")" 'args one two words'
	is "$(grep stdin "$HOME/alerts")" 'stdin 0'
	is "$(value SWATCH_ALERT)" block_cost
	is "$(value SWATCH_VALUE)" 2.00
	is "$(value SWATCH_LIMIT)" 2.00
	is "$(value SWATCH_UNIT)" usd
	is "$(value SWATCH_SESSION_ID)" ''
	[[ $(value SWATCH_MESSAGE) == 'This block has cost $2.00 (alert at $2.00); it ends at '* ]]
	is "$(value SWATCH_RESETS_AT)" "$(field billing-shared.json '.block.endTime | sub("\\.000Z"; "Z") | fromdate')"
	[ "$(value SWATCH_AT)" -le "$EPOCHSECONDS" ]
	# more of the same block tells nothing new, up to the next limit
	dear 3 >>"$PROJECTS/-p/s1.jsonl"
	fired 1
	dear 4 >>"$PROJECTS/-p/s1.jsonl"
	fired 2
	ran 2
	is "$(value SWATCH_LIMIT)" 4.00
	is "$(grep -c ^end "$HOME/alerts")" 2
	swatch status --verbose | grep -q 'This block has cost'
}

@test "a restart, a crash and a reload repeat no alert; a value that was above and had none gets one" {
	alerts $'block_cost = 1\ntoday_cost = 1\nfive_hour = 80\ncontext = 0.5'
	# 0.5 is below what is allowed
	run swatchd --once
	[ "$status" -eq 2 ]
	[[ $output == *'[alerts] context = 0.5: out of range; allowed: up to 8 numbers with commas between, each 1 to 100, or nothing'* ]]
	alerts $'block_cost = 1\ntoday_cost = 1\nfive_hour = 80'
	dear 1 >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	limits 85 $((EPOCHSECONDS + 3600))
	fired 3
	ran 3
	is "$(grep ^SWATCH_ALERT "$HOME/alerts" | sort | tr '\n' ' ')" 'SWATCH_ALERT=block_cost SWATCH_ALERT=five_hour SWATCH_ALERT=today_cost '
	[ "$(stat -c %a "$CACHE/.swatch.alerts.json")" = 600 ]
	stop_daemon
	start_daemon
	fired 0
	dear 2 >>"$PROJECTS/-p/s1.jsonl"
	limits 86 $((EPOCHSECONDS + 3600))
	fired 0
	kill_daemon
	start_daemon
	dear 3 >>"$PROJECTS/-p/s1.jsonl"
	fired 0
	reload
	fired 0
	# a bad config changes nothing
	printf '[alerts]\nblock_cost = much\n' >"$CONFIG"
	kill -HUP "$DAEMON"
	await grep -q 'block_cost = much: not a list of amounts of US dollars' "$LOG"
	# another limit is another rule
	alerts $'block_cost = 1, 3\nfive_hour = 80'
	reload
	fired 1
	ran 1
	is "$(value SWATCH_LIMIT)" 3.00
	is "$(grep -c ^end "$HOME/alerts")" 4
	no_temp_files
}

@test "what is over is no news at the start" {
	alerts $'block_cost = 1\ntoday_cost = 1\ncontext = 1\ncache_cools = 4m'
	for i in 1 2 3 4 5; do AT=$(date -u -d '3 days ago' +%Y-%m-%dT%H:%M:%S.000Z) dear $i; done >"$PROJECTS/-p/s1.jsonl"
	printf '{"type":"assistant","timestamp":"%s","sessionId":"x","version":"2.1.200","uuid":"u","isApiErrorMessage":true,"error":"rate_limit","apiErrorStatus":429,"quotaLimits":{"status":"rejected","resetsAt":%d,"rateLimitType":"five_hour"},"message":{"id":"l","model":"<synthetic>","role":"assistant","content":[],"usage":{"input_tokens":0,"output_tokens":0}}}\n' \
		"$(date -u -d '3 days ago' +%Y-%m-%dT%H:%M:%S.000Z)" "$(date -d '3 days ago' +%s)" >>"$PROJECTS/-p/s1.jsonl"
	touch -d '3 days ago' "$PROJECTS/-p/s1.jsonl"
	start_daemon
	fired 0
	[ ! -e "$CACHE/.swatch.alerts.json" ]
	# and a look by hand is no watch
	stop_daemon
	dear 6 >"$PROJECTS/-p/s2.jsonl"
	swatchd --once
	[ ! -e "$HOME/alerts" ]
	start_daemon
	fired 2
}

@test "limits: each percentage once a window, the limit reached, and its reset with no activity" {
	alerts $'five_hour = 80, 95%\nseven_day = 50'
	message 1 >"$PROJECTS/-p/s1.jsonl"
	reached() {
		rm -f "$HOME/alerts"
		reset=$((EPOCHSECONDS + $1))
		start_daemon
		limits 79.9 "$reset"
		limits 80 "$reset"
		limits 90 $((reset + 1))
		limits 100 "$reset"
		[ "$EPOCHSECONDS" -lt "$reset" ] || return 1
		swatch sync
		swatch status --json >"$HOME/status"
		[ "$EPOCHSECONDS" -lt "$reset" ] || return 1
	}
	for lead in 10 60 150; do
		reached $lead && break
		stop_daemon
		rm -rf "$CACHE"
	done
	is "$(json-value .alerts.fired "$HOME/status")" 3
	is "$(json-value .alerts.nextAt "$HOME/status")" "${reset}000"
	await grep -q SWATCH_ALERT=limit_reset "$HOME/alerts"
	[ "$EPOCHSECONDS" -ge "$reset" ]
	ran 4
	is "$(grep -E '^SWATCH_(ALERT|VALUE)=' "$HOME/alerts" | cut -d= -f2 | paste -sd ' ')" \
		'five_hour 80 limit_reached 100 five_hour 100 limit_reset 0'
	is "$(value SWATCH_LIMIT_NAME)" fiveHour
	is "$(value SWATCH_SESSION_ID)" ''
	is "$(value SWATCH_MESSAGE)" 'The 5-hour limit is reset'
	is "$(value SWATCH_RESETS_AT)" "$reset"
	limits 60 $((EPOCHSECONDS + 86400)) seven_day
	fired 5
	ran 5
	is "$(value SWATCH_ALERT)" seven_day
	is "$(value SWATCH_SESSION_ID)" s1
}

@test "a limit that a transcript says was reached gives an alert, also when the daemon was not there" {
	alerts ''
	limit_line() {
		printf '{"type":"assistant","timestamp":"%s","version":"1.0.9","isApiErrorMessage":true,"message":{"id":"l","model":"<synthetic>","content":[{"type":"text","text":"Claude AI usage limit reached|%d"}],"usage":{"input_tokens":0,"output_tokens":0}}}\n' \
			"$(date -u +%Y-%m-%dT%H:%M:%S.000Z)" "$1"
	}
	{ message 1; limit_line $((EPOCHSECONDS + 3600)); } >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	fired 1
	ran 1
	is "$(value SWATCH_ALERT)" limit_reached
	is "$(value SWATCH_LIMIT_NAME)" usageLimit
	[[ $(value SWATCH_MESSAGE) == 'The usage limit is reached; it resets at '* ]]
}

@test "a session's context: once, and again after a compaction" {
	alerts 'context = 80'
	message 1 >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	fired 0
	# 1103 tokens of 1300
	await sh -c 'printf "{\"op\":\"tick\",\"sessionId\":\"s1\",\"contextWindowSize\":1300}\n{\"op\":\"sync\"}\n" | timeout 10 socat -t 5 - UNIX-CONNECT:"$(echo "$XDG_RUNTIME_DIR"/swatch/*.sock)" | grep -q true'
	fired 1
	message 2 >>"$PROJECTS/-p/s1.jsonl"
	fired 1
	printf '{"type":"system","subtype":"compact_boundary","timestamp":"%s","sessionId":"x","version":"2.1.39","uuid":"c"}\n' \
		"$(date -u +%Y-%m-%dT%H:%M:%S.000Z)" >>"$PROJECTS/-p/s1.jsonl"
	fired 1
	message 3 >>"$PROJECTS/-p/s1.jsonl"
	fired 2
	ran 2
	is "$(value SWATCH_PROJECT)" /home/u/p
	is "$(value SWATCH_VALUE)" 84.8
	is "$(value SWATCH_MESSAGE)" 'The context of p is 84.8% full'
}

@test "a prompt cache that is about to go cold: at that moment, with no activity; again when it was written again" {
	alerts 'cache_cools = 4m'
	cools() {
		at=$((EPOCHSECONDS + $1))
		AT=$(date -u -d "@$((at - 60))" +%Y-%m-%dT%H:%M:%S.000Z) message "$1" >"$PROJECTS/-p/s1.jsonl"
		start_daemon
		swatch sync
		swatch status --json >"$HOME/status"
		[ "$EPOCHSECONDS" -lt "$at" ]
	}
	for lead in 4 20 55; do
		cools $lead && break
		stop_daemon
		rm -rf "$CACHE" "$HOME/alerts"
	done
	is "$(json-value .alerts.fired "$HOME/status")" 0
	is "$(json-value .alerts.nextAt "$HOME/status")" "${at}000"
	await grep -q ^end "$HOME/alerts"
	is "$(value SWATCH_ALERT)" cache_cools
	is "$(value SWATCH_UNIT)" seconds
	is "$(value SWATCH_LIMIT)" 240
	is "$(value SWATCH_RESETS_AT)" $((at + 240))
	stop_daemon
	start_daemon
	fired 0
	# another time in the config tells nothing new of this cache, but of the next
	alerts 'cache_cools = 290s'
	reload
	fired 0
	AT=$(date -u -d '20 seconds ago' +%Y-%m-%dT%H:%M:%S.000Z) message n >>"$PROJECTS/-p/s1.jsonl"
	fired 1
	# whose process has ended needs no warning: nobody is there to go on
	ran 1
	sleep 600 3>&- &
	pid=$!
	mkdir -p "$HOME/.claude/sessions"
	start=$(sed 's/.*) //' "/proc/$pid/stat" | cut -d' ' -f20)
	printf '{"pid":%d,"sessionId":"s2","procStart":"%s","status":"idle"}' "$pid" "$start" >"$HOME/.claude/sessions/$pid.json"
	printf '{"type":"user","timestamp":"%s","sessionId":"x","version":"2.1.39","uuid":"u","message":{"role":"user","content":"hi"}}\n' \
		"$(date -u +%Y-%m-%dT%H:%M:%S.000Z)" >"$PROJECTS/-p/s2.jsonl"
	await sh -c '[ "$(swatch status --json | json-value .sessions.liveProcesses)" = 1 ]'
	kill "$pid"
	wait "$pid" || true
	await sh -c '[ "$(swatch status --json | json-value .sessions.liveProcesses)" = 0 ]'
	AT=$(date -u -d '90 seconds ago' +%Y-%m-%dT%H:%M:%S.000Z) message o >>"$PROJECTS/-p/s2.jsonl"
	fired 1
}

@test "a command that hangs is ended at its time, and the next one runs; the daemon's end ends it" {
	hanging=$(fake_ccusage hanging <<-EOS
		#!/bin/sh
		[ "\$SWATCH_ALERT" != block_cost ] || exec sleep 1000
		echo "\$SWATCH_ALERT" >>"$HOME/alerts"
	EOS
	)
	configure $'[alerts]\ncommand = '"$hanging"$'\ntimeout = 1s\nblock_cost = 1\ntoday_cost = 1'
	start_daemon
	dear 1 >"$PROJECTS/-p/s1.jsonl"
	fired 2
	await grep -q today_cost "$HOME/alerts"
	ran 1
	status_is .alerts.failed 1
	grep -q 'the alert command failed: still running after .* s: killed' "$LOG"
	# figures went on meanwhile, and end with the daemon
	configure $'[alerts]\ncommand = '"$hanging"$'\ntimeout = 10m\nblock_cost = 2'
	reload
	dear 2 >>"$PROJECTS/-p/s1.jsonl"
	fired 3
	status_is .alerts.waiting 1
	child=$(pgrep -P "$(pgrep -P "$DAEMON")" sleep)  # swatchd's supervisor is between
	stop_daemon
	await is_gone "$child"
}

@test "an alert whose command waited comes after a crash and a restart, each once" {
	slow=$(fake_ccusage slow <<-EOS
		#!/bin/sh
		echo "\$SWATCH_ALERT \$SWATCH_LIMIT" >>"$HOME/alerts"
		[ "\$(wc -l <"$HOME/alerts")" = 1 ] || exec sleep 1000
		until [ -e "$HOME/go" ]; do sleep 0.1; done
	EOS
	)
	lines() { await sh -c "[ \$(wc -l <'$HOME/alerts') = $1 ]"; }
	configure $'[alerts]\ncommand = '"$slow"$'\ntimeout = 10m\nblock_cost = 1\ntoday_cost = 1\nfive_hour = 80'
	start_daemon
	dear 1 >"$PROJECTS/-p/s1.jsonl"
	limits 85 $((EPOCHSECONDS + 3600))
	fired 3
	touch "$HOME/go"
	lines 2
	kill_daemon
	start_daemon
	lines 3
	stop_daemon
	start_daemon
	fired 0
	status_is .alerts.waiting 0
	is "$(sort "$HOME/alerts" | tr '\n' ,)" 'block_cost 1.00,five_hour 80,today_cost 1.00,'
	is "$(jq -c .waiting "$CACHE/.swatch.alerts.json")" '[]'
}

@test "the log names a command that fails or is missing; it is not run again for that" {
	failing=$(fake_ccusage failing <<-'EOS'
		#!/bin/sh
		echo "no display" >&2
		exit 3
	EOS
	)
	configure $'[alerts]\ncommand = '"$failing"$'\nblock_cost = 1'
	start_daemon
	swatch events >"$HOME/events" 3>&- &
	follower=$!
	await sh -c '[ "$(swatch status --json | json-value .control.clients)" -ge 2 ]'
	dear 1 >"$PROJECTS/-p/s1.jsonl"
	fired 1
	await grep -q alert-finished "$HOME/events"
	kill "$follower"
	grep -qE '^[0-9:]+ alert +block_cost, This block has cost \$1.00 \(alert at \$1.00\); it ends at ([A-Z][a-z][a-z] )?[0-9:]+$' "$HOME/events"
	grep -qE 'alert-finished +block_cost, failed, took .*, error: exit status 3: no display; it ran in .*$' "$HOME/events"
	status_is .alerts.failed 1
	[[ $(status_of .alerts.lastError) == 'exit status 3: no display; it ran in swatchd'*'sandbox, '* ]]
	swatch status --verbose | tr -s '\n ' ' ' | grep -q 'the alert command failed: exit status 3: no display'
	dear 2 >>"$PROJECTS/-p/s1.jsonl"
	fired 1
	configure $'[alerts]\ncommand = no-such-program-anywhere\nblock_cost = 1'
	reload
	status_is .alerts.lastError 'no-such-program-anywhere: no such program on PATH'
	swatch status --verbose | grep -q 'the alert command'
	# without a command there are events all the same
	configure $'[alerts]\nblock_cost = 3'
	reload
	status_is .alerts.lastError null
	dear 3 >>"$PROJECTS/-p/s1.jsonl"
	fired 2
	status_is .alerts.failed 1
}

@test "what a transcript says is data: in a message nothing of it is obeyed" {
	alerts 'context = 80'
	message 1 >"$PROJECTS/-p/s1.jsonl"
	sed -i 's|"/home/u/p"|"/x/$(touch $HOME/pwned)`id`\\n<b>\\u001b[2J\\u202e #(id) -- end"|' "$PROJECTS/-p/s1.jsonl"
	start_daemon
	printf '{"op":"tick","sessionId":"s1","contextWindowSize":1200}\n' | socat -t 5 - "UNIX-CONNECT:$(echo "$XDG_RUNTIME_DIR"/swatch/*.sock)"
	await sh -c '[ "$(swatch status --json | json-value .alerts.good)" = 1 ]'
	[ ! -e "$HOME/pwned" ]
	message=$(value SWATCH_MESSAGE)
	[[ $message == 'The context of '*' is 91.9% full' ]]
	[[ $message != *[\$\`\<\>\#\(\)]* ]]
	# one line a variable: there is no control character in any
	is "$(grep -c ^SWATCH_ "$HOME/alerts")" 11
	is "$(LC_ALL=C tr -d '\n\40-\176\200-\377' <"$HOME/alerts" | wc -c)" 0
	# and no odd name of a limit
	limits 100 $((EPOCHSECONDS + 3600)) 'a$(id) b'
	fired 1
}

@test "a damaged record of what was announced is passed over, and mended by the next alert" {
	alerts 'block_cost = 1'
	dear 1 >"$PROJECTS/-p/s1.jsonl"
	mkdir -m 700 -p "$CACHE"
	for text in '{' '[]' '{"announced":[{"rule":"block_cost","limit":"x"},7,{"rule":"context","limit":1,"subject":"../../etc","until":1,"at":1}]}'; do
		printf '%s' "$text" >"$CACHE/.swatch.alerts.json"
		start_daemon
		fired 1
		stop_daemon
		jq -e '.announced | length == 1' "$CACHE/.swatch.alerts.json"
		start_daemon
		fired 0
		stop_daemon
	done
	is "$(swatch doctor --json | jq '[.. | strings | select(contains("swatch.alerts"))] | length')" 0
}

@test "notify.sh: a notification with its markup made plain, else tmux, else it says why not" {
	notify=$SWATCH_TOP/contrib/alerts/notify.sh
	mkdir "$HOME/bin"
	printf '#!/bin/sh\nprintf "%%s|" "$@" >"$HOME/shown"\n' >"$HOME/bin/notify-send"
	chmod +x "$HOME/bin/notify-send"
	PATH=$HOME/bin:$PATH SWATCH_ALERT=limit_reached SWATCH_MESSAGE='a <b> & c' "$notify"
	is "$(cat "$HOME/shown")" '--app-name=swatch|--urgency=critical|--|Claude Code|a &lt;b&gt; &amp; c|'
	# a tmux of ours, with a client: another tmux, whose only window it is
	printf '#!/bin/sh\nexit 1\n' >"$HOME/bin/notify-send"
	real=$(command -v tmux)
	printf '#!/bin/sh\nunset TMUX\nexec %s -S "%s/inner" "$@"\n' "$real" "$HOME" >"$HOME/bin/tmux"
	chmod +x "$HOME/bin/tmux"
	unset TMUX
	run env PATH="$HOME/bin:$PATH" SWATCH_MESSAGE=x "$notify"
	[ "$status" -eq 1 ]
	[[ $output == *'neither notify-send nor a tmux client could show: x'* ]]
	"$HOME/bin/tmux" -f /dev/null new-session -d -x 100 -y 10 'exec sleep 600' 3>&-
	"$real" -S "$HOME/outer" -f /dev/null new-session -d -x 100 -y 10 "exec '$HOME/bin/tmux' attach" 3>&-
	await sh -c "'$HOME/bin/tmux' list-clients | grep -q ."
	PATH=$HOME/bin:$PATH SWATCH_MESSAGE="80% of it #(touch $HOME/pwned) %H" "$notify"
	await sh -c "'$real' -S '$HOME/outer' capture-pane -p -t 0 | grep -qF 'swatch: 80% of it #(touch'"
	"$real" -S "$HOME/outer" kill-server
	"$HOME/bin/tmux" kill-server
	[ ! -e "$HOME/pwned" ]
}

@test "a secret: its kind and place are shown and alerted once; the secret itself is nowhere; no: nobody looks" {
	local key=AKIA offset
	key+=QZ7LMTN4RWXC2VHD   # made up
	alerts ''
	start_daemon
	dear 1 >"$PROJECTS/-p/s1.jsonl"
	printf '{"type":"user","timestamp":"%s","cwd":"/home/u/shop","message":{"role":"user","content":"it is\\n%s"}}\n' \
		"$(date -u +%FT%TZ)" "$key" >>"$PROJECTS/-p/s1.jsonl"
	fired 1
	ran 1
	is "$(value SWATCH_ALERT)/$(value SWATCH_LIMIT_NAME)/$(value SWATCH_SESSION_ID)" 'secret/AWS key/s1'
	is "$(value SWATCH_MESSAGE)" 'A secret is in the transcript of shop: AWS key'
	offset=$(grep -ob "$key" "$PROJECTS/-p/s1.jsonl" | cut -d: -f1)
	is "$(field s1.json '.alerts | [.secretsDetected, .secretTypes[0], .secrets[0].offset] | join(" ")')" "true AWS key $offset"
	is "$(field s1.json '.alerts.secrets[0].transcriptPath')" "$PROJECTS/-p/s1.jsonl"
	is "$(field sessions.json '.alerts.sessionsWithSecrets | join(" ")')" s1
	is "$(field s1.json .transcript.lastMessagePreview)" '(a message with a token or key)'
	swatch status --verbose | grep -q 'an AWS key in the transcript of shop, session s1'
	{ swatch doctor || true; } | grep -q 'an AWS key in the transcript of shop'
	kill_daemon
	start_daemon
	fired 0
	is "$(field s1.json '.alerts.secretTypes | join(" ")')" 'AWS key'
	run grep -r "$key" "$CACHE" "$HOME/alerts" "$LOG"
	[ "$status" -eq 1 ]
	configure "[sessions]"$'\n'"secrets = no"
	reload
	is "$(field s1.json '.alerts | [.secretsDetected, .secretTypes, .secrets] | tostring')" '[null,[],[]]'
}

@test "a session that waits for you: said everywhere, and an alert once, also after a restart" {
	alerts 'waiting = 1s'
	message 1 >"$PROJECTS/-p/s1.jsonl"
	sleep 600 3>&- &
	pid=$!
	mkdir -p "$HOME/.claude/sessions"
	start=$(sed 's/.*) //' "/proc/$pid/stat" | cut -d' ' -f20)
	works() {
		printf '{"pid":%d,"sessionId":"s1","procStart":"%s","statusUpdatedAt":%s000,"status":"%s"}' "$pid" "$start" \
			"$((EPOCHSECONDS - 5))" "$1" >"$HOME/.claude/sessions/$pid.json"
	}
	works 'waiting","waitingFor":"permission prompt'
	start_daemon
	ran 1
	is "$(value SWATCH_ALERT)/$(value SWATCH_WAITING_FOR)/$(value SWATCH_SESSION_ID)" 'waiting/permission prompt/s1'
	swatch sync
	field_is s1.json '[.status, .waitingFor] | join(" ")' 'waiting permission prompt'
	field_is sessions.json .waitingSessions 1
	swatch status | grep -q 'waits for you: permission prompt'
	is "$(swatch statusline --format '{waiting}' </dev/null)" 1
	kill_daemon
	start_daemon
	await field_is s1.json .status waiting
	fired 0
	works busy
	await field_is s1.json .status busy
	field_is s1.json .waitingFor null
	kill "$pid"
}
