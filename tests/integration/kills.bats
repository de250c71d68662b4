# A daemon that is killed in the middle of its work leaves whole files, and the next one starts at once. KILLS
# says how many are killed: 20 in the default run of contrib/run-tests.sh, 200 with --full.
load helper

@test "kill -9 at random moments of a storm: whole files, an immediate next start, no temp file" {
	printf '[ccusage]\ncommand = %s blocks --active --json --offline\n' "$CCUSAGE20_NPM" >"$CONFIG"
	mkdir "$PROJECTS/-storm"
	RANDOM=${SEED:=$$}
	echo "SEED=$SEED"
	storm-writer "$PROJECTS" 10 20 600 3>&- &
	writer=$!
	for round in $(seq "${KILLS:-200}"); do
		swatchd >>"$LOG" 2>&1 3>&- &
		DAEMON=$!
		# from before the lock to well into publishing
		sleep "0.$(printf '%03d' $((RANDOM % 150)))"
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
}
