# "No event, no work": a quiet daemon sleeps. IDLE_SECONDS says how long this watches it: 10 in the default
# run of contrib/run-tests.sh, 60 with --full.
load helper

wake_ups_and_cpu() { grep -h ctxt_switches "/proc/$DAEMON/status"; cut -d' ' -f14,15 "/proc/$DAEMON/stat"; }
stays_quiet() {
	local before
	before=$(wake_ups_and_cpu)
	sleep "${IDLE_SECONDS:-60}"
	is "$(wake_ups_and_cpu)" "$before"
}

@test "with no activity there are no wake-ups and no CPU" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	# The copies of the shared figures follow within 10 s, then there is nothing left to do. On a busy
	# machine they are late and spoil the first look; whatever comes again and again spoils the second one
	# too.
	sleep 11
	stays_quiet || stays_quiet
}
