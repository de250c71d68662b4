# The long night of tests/night, as a minute of it: real sessions, statuslines and clients, faults, real ccusage.
load helper

# Of the plain build: a sanitizer keeps what was freed.
rss() { status_of .memory.rssBytes; }

@test "what a flood of output took is given back" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	use_ccusage "$(fake_ccusage flood <<<$'#!/bin/sh\nexec yes x')"
	start_daemon
	before=$(rss)
	# after the first one malloc kept what the next ones took
	for _ in 1 2 3 4 5; do
		run swatch refresh --wait
		[[ $output == *'more than 16 MiB'* ]] || { echo "$output"; false; }
	done
	[ "$(rss)" -lt $((before + 2000000)) ] || { echo "$before before, $(rss) after"; false; }
}

@test "a disk that is nearly full: small files can be written and large ones not, and that is said once" {
	[ "$(id -u)" -eq 0 ] || skip "a filesystem can be mounted by root only"
	mkdir "$HOME/small"
	unshare -m true || skip "no mount namespace can be made here"
	export CACHE=$HOME/small/cache LOG
	start_in_small() {
		mount -t tmpfs -o size=256k,mode=700 small "$HOME/small"
		mkdir -m 700 "$CACHE"
		exec swatchd --cache "$CACHE"
	}
	export -f start_in_small
	unshare -m bash -c start_in_small >>"$LOG" 2>&1 3>&- &
	DAEMON=$!
	await swatch --cache "$CACHE" sync
	small=/proc/$DAEMON/root$HOME/small
	# so many sessions that their list takes more room than one of them
	for i in $(seq 20); do message "$i" >"$PROJECTS/-p/s$i.jsonl"; done
	swatch --cache "$CACHE" sync
	cat /dev/zero >"$small/filler" 2>/dev/null || true
	truncate -s -4096 "$small/filler"
	for i in $(seq 100 130); do
		message "$i" >>"$PROJECTS/-p/s1.jsonl"
		swatch --cache "$CACHE" sync
		status_of() { swatch --cache "$CACHE" status --json | jq -r "$1"; }
		failed=$(status_of .publish.failed)
	done
	[ "$failed" -gt 1 ]
	is "$(grep -c 'No space left on device' "$LOG")" 1
	is "$(grep -c 'can be written again' "$LOG")" 0
	rm "$small/filler"
	message 200 >>"$PROJECTS/-p/s1.jsonl"
	swatch --cache "$CACHE" sync
	await grep -q 'can be written again' "$LOG"
	is "$(status_of .publish.lastError)" null
}

@test "a minute of the long night: memory, descriptors and latency stay, every figure is a fresh start's and ccusage's" {
	"$SWATCH_BUILD_DIR/tests/night/night" --build "$SWATCH_BUILD_DIR" --ccusage "$CCUSAGE20" --minutes 1 --history 20M
}
