# Twenty sessions at once, with readers and the real ccusage: every figure is right, and nobody reads half a
# file. --full only: it loads the machine for a minute, and its count of ccusage's runs needs the machine for
# itself.
load helper

# ccusage behind a wrapper that counts runs and sees whether two run at once
wrap_ccusage() {
	fake_ccusage wrapped >/dev/null <<-SH
		#!/bin/sh
		echo run >>"\$HOME/runs"
		mkdir "\$HOME/running" || echo overlap >>"\$HOME/overlaps"
		"$CCUSAGE20_NPM" "\$@"
		status=\$?
		rmdir "\$HOME/running"
		exit \$status
	SH
	printf '[ccusage]\ncommand = %s blocks --active --json --offline\n' "$HOME/wrapped" >"$CONFIG"
}

@test "storm: 20 writers, 50 lines a second each, 10 s, 8 readers: no bad read, never two ccusage, three runs at most" {
	wrap_ccusage
	mkdir "$PROJECTS/-storm"
	start_daemon
	cache-reader "$CACHE" 8 "$HOME/stop" >"$HOME/tally" 2>&1 3>&- &
	reader=$!
	storm-writer "$PROJECTS" 20 50 10
	swatch sync
	touch "$HOME/stop"
	wait "$reader" || { tail "$HOME/tally"; false; }
	tail -n 1 "$HOME/tally"
	[ ! -e "$HOME/overlaps" ]
	[ "$(wc -l <"$HOME/runs" 2>/dev/null || echo 0)" -le 3 ]
	# every figure against the transcripts: 500 lines a session are 334 messages, a third of them on two
	# lines
	for i in $(seq 0 19); do
		field_is "storm-$i.json" .transcript.messageCount 334
		field_is "storm-$i.json" .transcript.sizeBytes "$(stat -c %s "$PROJECTS/-storm/storm-$i.jsonl")"
		field_is "storm-$i.json" .context.tokensUsed "$(tail -n 1 "$PROJECTS/-storm/storm-$i.jsonl" | jq '.message.usage | .input_tokens + .cache_creation_input_tokens + .cache_read_input_tokens')"
		field_is "storm-$i.json" .tokens.output "$(jq -s 'group_by(.message.id) | map(map(.message.usage.output_tokens) | max) | add' "$PROJECTS/-storm/storm-$i.jsonl")"
	done
	swatch refresh --wait
	field_is billing-shared.json '.ccusage.driftUSD * 1e6 | round | . == 0' true
	real=$(CLAUDE_CONFIG_DIR=$HOME/.claude "$CCUSAGE20" blocks --active --json --offline | jq '.blocks[0].costUSD * 1e6 | round')
	field_is billing-shared.json '.block.costUSD * 1e6 | round' "$real"
	status_is .watch.overflows 0
}

@test "half lines in a storm: the same figures" {
	mkdir "$PROJECTS/-storm"
	start_daemon
	storm-writer "$PROJECTS" 5 50 2 half
	swatch sync
	for i in 0 1 2 3 4; do field_is "storm-$i.json" .transcript.messageCount 67; done
	status_is .tail.malformedLines 0
}
