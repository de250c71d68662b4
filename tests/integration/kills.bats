# A daemon that is killed in the middle of its work leaves whole files, and the next one starts at once; no message is
# lost or counted twice. KILLS says how many are killed: 20 in the default run of contrib/run-tests.sh, 500 with --full.
load helper

@test "kill -9 at random moments of a storm: whole files, an immediate next start, no temp file, each message once" {
	printf '[ccusage]\ncommand = %s blocks --active --json --offline\n' "$CCUSAGE20_NPM" >"$CONFIG"
	mkdir "$PROJECTS/-storm"
	RANDOM=${SEED:=$$}
	echo "SEED=$SEED"
	storm-writer "$PROJECTS" 10 20 600 3>&- &
	writer=$!
	for round in $(seq "${KILLS:-500}"); do
		swatchd >>"$LOG" 2>&1 3>&- &
		DAEMON=$!
		# from before the lock to well into publishing; now and then while the ledger is written, a second later
		sleep "$((round % 10 == 0 ? 1 : 0)).$(printf '%03d' $((RANDOM % (round % 10 == 0 ? 999 : 150))))"
		kill_daemon
		all_files_parse || { echo "round $round"; false; }
	done
	kill "$writer"
	wait "$writer" || true
	pkill -f "storm-writer $PROJECTS" || true
	start_daemon
	no_temp_files
	all_files_parse
	swatch status >/dev/null
	# what the killed ones had written, and what this one has read, is what the transcripts say
	is "$(swatch sessions --json)" "$(swatch sessions --json --live-only)"
	is "$(swatch sessions --json | jq '.sessions | length > 5')" true
	stop_daemon
	# a projection is of this minute
	is "$(swatch blocks --json | jq 'del(.blocks[].projection)')" "$(swatch blocks --json --live-only | jq 'del(.blocks[].projection)')"
	is "$(sqlite3 "$HOME/.local/state/swatch/ledger.db" 'PRAGMA integrity_check')" ok
}
