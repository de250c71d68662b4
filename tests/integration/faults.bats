# ccusage as it may be: it hangs, dies, forks, prints rubbish, floods, takes its time. And the real ones.
load helper

good_answer() {
	local hour
	hour=$(date -u +%Y-%m-%dT%H:00:00.000Z)
	printf '{"blocks":[{"id":"%s","startTime":"%s","endTime":"%s","actualEndTime":null,"isActive":true,"isGap":false,"entries":2,"tokenCounts":{"inputTokens":1,"outputTokens":2,"cacheCreationInputTokens":3,"cacheReadInputTokens":4},"totalTokens":10,"costUSD":%s,"models":["claude-opus-4-6"],"burnRate":{"tokensPerMinute":1,"costPerHour":0.5},"projection":null}]}\n' \
		"$hour" "$hour" "$(date -u -d '5 hours' +%Y-%m-%dT%H:00:00.000Z)" "${1:-1.5}"
}

# keeps_figures SCRIPT-PATH WORDS: after a good answer, a bad one leaves the figures, stale, and says why.
keeps_figures() {
	local script=$1
	good_answer 1.5 >"$HOME/good.json"
	fake_ccusage first >/dev/null <<-SH
		#!/bin/sh
		if [ -e "\$HOME/turned" ]; then exec "$script"; fi
		cat "\$HOME/good.json"
	SH
	use_ccusage "$HOME/first" "timeout = ${TIMEOUT:-5m}"
	start_daemon
	# again and again: on a busy machine a good answer may be later than a short timeout
	await swatch refresh --wait
	field_is billing-shared.json .block.costUSD 1.5
	field_is billing-shared.json .isFresh true
	touch "$HOME/turned"
	run swatch refresh --wait
	is "$status" 1
	[[ $output == *"$2"* ]] || { echo "$output"; return 1; }
	field_is billing-shared.json .block.costUSD 1.5
	field_is billing-shared.json .isFresh false
	field_is billing-shared.json '.ccusage.failures >= 1' true
	# it tries again after 5 s, which may be over already
	status_is '.refresh.state | . == "backoff" or . == "running"' true
	grep -q "ccusage gave no figures: .*$2" "$LOG"
	rm "$HOME/turned"
	await swatch refresh --wait
	field_is billing-shared.json .isFresh true
	grep -q 'ccusage gives figures again' "$LOG"
}

@test "it dies with an exit status: the message has its last words" {
	script=$(fake_ccusage bad <<-'SH'
		#!/bin/sh
		echo "Error: no such thing" >&2
		exit 7
	SH
	)
	keeps_figures "$script" 'exit status 7: Error: no such thing'
}

@test "it is killed by a signal" {
	script=$(fake_ccusage bad <<-'SH'
		#!/bin/sh
		kill -SEGV $$
	SH
	)
	keeps_figures "$script" 'killed by signal 11'
}

@test "it prints rubbish" {
	script=$(fake_ccusage bad <<-'SH'
		#!/bin/sh
		echo '{"blocks": [ {"costUSD": '
	SH
	)
	keeps_figures "$script" 'not a JSON object'
}

@test "it prints a negative cost" {
	good_answer -4 >"$TEST_HOME/negative.json"
	script=$(fake_ccusage bad <<-SH
		#!/bin/sh
		cat $TEST_HOME/negative.json
	SH
	)
	keeps_figures "$script" 'out of range'
}

@test "it hangs, and ignores TERM: killed at its timeout, with its children" {
	script=$(fake_ccusage bad <<-'SH'
		#!/bin/sh
		trap '' TERM
		sleep 1000 &
		echo $! >"$HOME/grandchild"
		while :; do sleep 1; done
	SH
	)
	TIMEOUT=1s keeps_figures "$script" 'still running after'
	await is_gone "$(cat "$HOME/grandchild")"
}

@test "it floods: 100 MB of output" {
	script=$(fake_ccusage bad <<-'SH'
		#!/bin/sh
		head -c 100000000 /dev/zero
	SH
	)
	keeps_figures "$script" 'printed more than 16 MiB'
}

@test "it is missing, or may not run: the message names the errno" {
	use_ccusage "$HOME/no-such-ccusage"
	start_daemon
	run swatch refresh --wait
	is "$status" 1
	[[ $output == *"cannot be started: No such file or directory"* ]]
	echo '#!/bin/sh' >"$HOME/no-such-ccusage"
	run swatch refresh --wait
	[[ $output == *"cannot be started: Permission denied"* ]]
}

@test "a grandchild holds the pipe after the end: a good answer all the same" {
	good_answer 2.5 >"$HOME/good.json"
	script=$(fake_ccusage forks <<-'SH'
		#!/bin/sh
		sleep 1000 &
		echo $! >"$HOME/grandchild"
		cat "$HOME/good.json"
	SH
	)
	use_ccusage "$script"
	start_daemon
	swatch refresh --wait
	field_is billing-shared.json .block.costUSD 2.5
	await is_gone "$(cat "$HOME/grandchild")"
}

@test "notices and colours around the JSON, several blocks, no active block" {
	good_answer 3.5 >"$HOME/good.json"
	script=$(fake_ccusage notices <<-'SH'
		#!/bin/sh
		printf '\033[33mWARN {a new version} is there\033[0m\n'
		cat "$HOME/good.json"
		echo "done {}"
	SH
	)
	use_ccusage "$script"
	start_daemon
	swatch refresh --wait
	field_is billing-shared.json .block.costUSD 3.5
	echo '{"blocks":[]}' >"$HOME/good.json"
	swatch refresh --wait
	field_is billing-shared.json .block null
	field_is billing-shared.json .isFresh true
}

@test "real ccusage 20 and 18 as the refresh command" {
	for n in 1 2 3 4; do message $n $((n * 10)); done >"$PROJECTS/-p/s1.jsonl"
	for command in "$CCUSAGE20_NPM" "$CCUSAGE18"; do
		use_ccusage "$command blocks --active --json --offline"
		start_daemon
		run swatch refresh --wait
		is "$status" 0
		field_is billing-shared.json .source ccusage
		field_is billing-shared.json '.block.costUSD * 1e9 | round' "$(CLAUDE_CONFIG_DIR=$HOME/.claude "$command" blocks --active --json --offline 2>/dev/null | sed -n '/^{/,$p' | jq '.blocks[0].costUSD * 1e9 | round')"
		stop_daemon
	done
}

@test "a storm of refresh requests makes one run, and all get its answer" {
	good_answer 4.5 >"$HOME/good.json"
	script=$(fake_ccusage counting <<-'SH'
		#!/bin/sh
		echo run >>"$HOME/runs"
		while [ ! -e "$HOME/go" ]; do sleep 0.05; done
		cat "$HOME/good.json"
	SH
	)
	use_ccusage "$script"
	start_daemon
	for i in $(seq 16); do
		swatch refresh --wait >"$HOME/answer.$i" 2>&1 3>&- &
		clients="$clients $!"
	done
	await sh -c '[ "$(swatch status --json | json-value .control.clients)" -ge 17 ]'
	touch "$HOME/go"
	for client in $clients; do wait "$client"; done
	is "$(wc -l <"$HOME/runs")" 1
}

@test "without ccusage on the machine auto is native, and everything works" {
	printf '[ccusage]\ncommand = no-such-ccusage blocks\n' >"$CONFIG"
	start_daemon
	message 1 >"$PROJECTS/-p/s1.jsonl"
	swatch sync
	field_is billing-shared.json .source native
	field_is billing-shared.json .isFresh true
	status_is .refresh.state off
	run swatch refresh
	is "$status" 1
	[[ $output == *"no such program on PATH"* ]]
}

@test "the disk is full: the old files stay whole, no temp file, and it recovers" {
	mount_point=$HOME/small
	mkdir "$mount_point"
	mount -t tmpfs -o size=64k,mode=700 tmpfs "$mount_point" 2>/dev/null || skip "no tmpfs can be mounted here"
	CACHE=$mount_point/cache
	start_daemon --cache "$CACHE"
	message 1 >"$PROJECTS/-p/s1.jsonl"
	swatch --cache "$CACHE" sync
	cat /dev/zero >"$mount_point/filler" 2>/dev/null || true
	message 2 >>"$PROJECTS/-p/s1.jsonl"
	swatch --cache "$CACHE" sync
	all_files_parse
	no_temp_files
	field_is s1.json .transcript.messageCount 1
	[ "$(swatch --cache "$CACHE" status --json | json-value .publish.failed)" -ge 1 ]
	rm "$mount_point/filler"
	message 3 >>"$PROJECTS/-p/s1.jsonl"
	swatch --cache "$CACHE" sync
	field_is s1.json .transcript.messageCount 3
	stop_daemon
	umount "$mount_point"
}
