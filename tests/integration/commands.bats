# The commands, and what is true for every one of them.
load helper

commands() { swatch help | sed -n 's/^  *\([a-z][a-z]*\) .*/\1/p'; }

@test "every command answers --help, has a man page, and refuses an unknown option" {
	[ "$(commands | wc -l)" -ge 7 ]
	for command in $(commands); do
		run swatch "$command" --help
		is "$status" 0
		[[ $output == usage:* ]]
		[ -f "$SWATCH_TOP/man/swatch-$command.1" ]
		run swatch "$command" --nonsense
		is "$status" 2
	done
}

@test "every option of a command's help is in its man page" {
	for command in $(commands); do
		for option in $(swatch "$command" --help | grep -o -- '--[a-z-]*' | sort -u); do
			MANWIDTH=80 mandoc -T utf8 "$SWATCH_TOP/man/swatch-$command.1" | col -b | grep -q -e "$option" || { echo "$command $option"; false; }
		done
	done
	for option in $(swatchd --help | grep -o -- '--[a-z-]*' | sort -u); do
		mandoc -T utf8 "$SWATCH_TOP/man/swatchd.8" | col -b | grep -q -e "$option" || { echo "swatchd $option"; false; }
	done
}

# An entry is ".It Cm KEY", or ".It Cm KEY , KEY", below ".Ss Keys of the section SECTION"; the word elsewhere does not count.
@test "every config key has its entry in swatch.conf(5), and every entry its key" {
	keys=$(swatch config --defaults | awk '/^\[/ { gsub(/[][]/, ""); section = $0 } /^[a-z_]+ =/ { print section, $1 }')
	entries=$(awk '/^\.S[hs]/ { section = /^\.Ss Keys of the section/ ? $NF : "" }
		/^\.It Cm/ && section { for (i = 3; i <= NF; i++) if ($i != ",") print section, $i }' "$SWATCH_TOP/man/swatch.conf.5")
	[ "$(echo "$keys" | wc -l)" -ge 35 ]
	is "$(echo "$entries" | sort)" "$(echo "$keys" | sort)"
}

@test "a mistyped command is met with a suggestion, an unknown one with the list" {
	run swatch stauts
	is "$status" 2
	[[ $output == *"'stauts' is not a command"*"status"* ]]
	local version
	for version in --version -V version; do
		run swatch "$version"
		is "$status" 0
	done
	[[ $output == "swatch "* ]]
}

@test "swatch-NAME on PATH is a command" {
	mkdir "$HOME/bin"
	printf '#!/bin/sh\necho "mine: $*"\n' >"$HOME/bin/swatch-mine"
	chmod +x "$HOME/bin/swatch-mine"
	PATH=$HOME/bin:$PATH run swatch mine a b
	is "$output" "mine: a b"
}

@test "without a daemon: exit 3, and what to do" {
	for command in status sync rescan events "expire --dry-run"; do
		run swatch $command
		is "$status" 3
		[[ $output == *"swatchd"* ]]
	done
	run swatch status --json
	is "$status" 3
	echo "$output" | jq -e '.ok == false'
}

@test "swatch status --json is one object with all its parts" {
	start_daemon
	swatch status --json | jq -e 'has("watch") and has("tail") and has("sessions") and has("refresh") and has("billing") and has("publish") and has("expire") and has("lock") and has("control") and has("sandbox") and has("schema") and has("memory")'
}

@test "swatch events follows what happens" {
	start_daemon
	swatch events --json >"$HOME/events" 3>&- &
	follower=$!
	await sh -c '[ "$(swatch status --json | json-value .control.clients)" -ge 2 ]'
	message 1 >"$PROJECTS/-p/s1.jsonl"
	swatch sync
	await grep -q '"published"' "$HOME/events"
	grep -q '"session-started"' "$HOME/events"
	grep -q '"session-active"' "$HOME/events"
	stop_daemon
	run wait "$follower"
	jq -es 'all(has("event") and has("at"))' "$HOME/events"
}

@test "swatch refresh without a daemon is one shot under the lock" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	printf '[ccusage]\ncommand = %s blocks --active --json --offline\n' "$CCUSAGE20" >"$CONFIG"
	run swatch refresh
	is "$status" 0
	field_is billing-shared.json .ccusage.costUSD 0.00139
	field_is s1.json .billing.sessionCost 0.00139
}

@test "output that cannot be written is an error" {
	start_daemon
	run sh -c 'swatch status >/dev/full'
	[ "$status" -ne 0 ]
}

@test "a client that never reads is dropped, and others are served" {
	start_daemon
	# thousands of questions, and no answer taken
	yes '{"op":"status"}' | head -n 20000 | timeout 60 socat -u - UNIX-CONNECT:"$(status_of .socket)" 3>&- || true
	await sh -c '[ "$(swatch status --json | json-value .control.dropped)" -ge 1 ]'
}

@test "no descriptor left: accepting pauses, and goes on" {
	(ulimit -n 32; exec swatchd) >>"$LOG" 2>&1 3>&- &
	DAEMON=$!
	await swatch sync
	# in a group of their own: a follower that is killed before its exec would still be this shell, with its traps
	setsid sh -c 'for i in $(seq 30); do swatch events >/dev/null 2>&1 & done; wait' >/dev/null 2>&1 3>&- &
	followers=$!
	await grep -q 'clients of the control socket are refused' "$LOG"
	kill -- "-$followers"
	await swatch sync
	message 1 >"$PROJECTS/-p/s1.jsonl"
	await sh -c "swatch sync; test -f $CACHE/s1.json"
	is "$(grep -c 'clients of the control socket are refused' "$LOG")" 1
}

@test "swatch alone and swatch status are short, and --project takes the end of a name" {
	mkdir -p "$PROJECTS/-p-shop"
	message 1 40000 >"$PROJECTS/-p-shop/s1.jsonl"
	start_daemon
	swatch sync
	run swatch
	is "$status" 0
	[[ $output == *'today $'* ]]
	run swatch status
	[ "${#lines[@]}" -le 10 ]
	[[ ${lines[-1]} == *'swatch status --verbose' ]]
	swatch status --verbose | grep -q '^sandbox'
	swatch daily --project shop | grep -q '^total'
	run swatch daily --project shpo
	is "$status" 2
	[[ $output == *"there is no project 'shpo'; near ones: "*shop* ]]
}

@test "without XDG_RUNTIME_DIR the commands find a daemon that has it" {
	start_daemon
	run env -u XDG_RUNTIME_DIR swatch status --json
	is "$status" 0
	is "$(json-value .pid <<<"$output")" "$DAEMON"
}

@test "a daemon that is stopped: the reports read the transcripts, the others say so" {
	mkdir -p "$PROJECTS/-p-shop"
	message 1 40000 >"$PROJECTS/-p-shop/s1.jsonl"
	start_daemon
	swatch sync
	kill -STOP "$DAEMON"
	run timeout 30 swatch daily
	local daily=$status text=$output
	run timeout 30 swatch sync
	kill -CONT "$DAEMON"
	is "$daily" 0
	[[ $text == *'did not answer within'*'total'* ]]
	is "$status" 1
	[[ $output == *'is it stopped, or hanging?'* ]]
}

@test "files that swatchd cannot write: nothing calls them fresh, also while it does not answer" {
	message 1 >"$PROJECTS/-p/s1.jsonl"
	start_daemon
	# as the daemon marks the file on a full disk
	touch -d @0 "$CACHE/billing-shared.json"
	[[ $(swatch) == *stale*'swatchd cannot write its files'* ]]
	[[ $(swatch status) == *stale*'swatchd cannot write its files'* ]]
	kill -STOP "$DAEMON"
	run swatch status
	local shown=$output
	run swatch status --json
	kill -CONT "$DAEMON"
	[[ $shown == *'swatchd cannot write its files'* ]]
	is "$(jq -r '[.cannotWrite, .billing.isFresh] | @csv' <<<"$output")" true,false
}

# completed SHELL WORD...: what the shell offers for the last word, a line each
completed() {
	local shell=$1 completions="$SWATCH_TOP/contrib/completions"
	shift
	case $shell in
	bash)
		bash -c '. "$1"; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _swatch; printf "%s\n" "${COMPREPLY[@]}"' \
			bash "$completions/swatch.bash" "$@"
		;;
	fish) fish --no-config -c 'source $argv[1]; complete -C "$argv[2..]"' "$completions/swatch.fish" "$@" | cut -f 1 ;;
	zsh)
		zsh -f -c 'compdef() { : }; _describe() { print -rl -- ${${(P)4}%%:*} }; source $1; _swatch_${4#--}s' \
			zsh "$completions/_swatch" "$@"
		;;
	esac
}

@test "the shells complete sessions and projects, also without a daemon, and run nothing that a name says" {
	local shell home_folder=${HOME//[^a-zA-Z0-9]/-}
	mkdir -p "$PROJECTS/$home_folder-shop" "$PROJECTS"'/-x-$(touch boom)' "$CACHE"
	chmod 700 "$CACHE"
	cat >"$CACHE/sessions.json" <<-'END'
		{"schema":1,"writer":"swatchd","sessions":[
		{"sessionId":"11111111-aaaa-1","projectPath":"/home/u/shop"},
		{"sessionId":"11111111-bbbb-1","projectPath":"/x/$(touch boom)"},
		{"sessionId":"2222222233334444","projectPath":"/srv/api"},
		{"sessionId":"../../etc","projectPath":"/srv/a b"}]}
	END
	cd "$TEST_HOME"
	for shell in bash fish zsh; do
		command -v $shell >/dev/null || continue
		is "$(completed $shell swatch check --session '' | sort | tr '\n' ' ')" '11111111-a 11111111-b 22222222 api shop ' ||
			{ echo "in $shell"; false; }
		is "$(completed $shell swatch daily --project '' | sort | tr '\n' ' ')" '-p shop ' || { echo "in $shell"; false; }
	done
	is "$(completed bash swatch check --session 1111 | tr '\n' ' ')" '11111111-a 11111111-b '
	is "$(completed bash swatch check --session sh)" shop
	[ ! -e boom ]
	# what is offered is taken
	run swatch check --context 80 --session 11111111-a
	[[ $output != *'there is no session'* ]]
}
