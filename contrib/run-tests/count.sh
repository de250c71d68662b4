# For contrib/run-tests.sh: what a job counts, and what people read of it.
# shellcheck shell=sh disable=SC2154 # contrib/run-tests.sh sets the rest

# Each job leaves $logs/JOB.result, "passed failed skipped", and prints what people should read in one piece. What it
# skipped, and why, is in $logs/JOB.skipped, for the end of the run: a test that nobody runs must not pass unseen.
result() { # passed failed skipped
	echo "$1 $2 $3" >"$logs/$job_file.result"
}
show_log() { # log
	# A compiler that goes on after an error leaves it far above the end.
	if [ "$(wc -l <"$1")" -gt 40 ]; then
		grep -n -i -e 'error[: ]' -e 'warning:' -e '\*\*\*' "$1" | head -n 20 | sed 's/^/        /'
		echo "        ..."
	fi
	tail -n 40 "$1" | sed 's/^/        /'
	printf '        (all of it: %s)\n' "$1"
}
verdict() { # ok|FAILED what seconds
	printf '%-7s %s, %d s\n' "$1" "$2" "$3"
}

# What a TAP log shows. Groups that did not run all they had planned, and a bad exit status without a failed
# test (a crash, a leak, a time-out), are one failure more.
count_tap() { # name log exit-status seconds
	good=$(grep -a '^ok ' "$2" | grep -c -v -i '# skip')
	left_out=$(grep -a '^ok ' "$2" | grep -c -i '# skip')
	bad=$(grep -a -c '^not ok ' "$2")
	planned=$(sed -n 's/^1\.\.\([0-9][0-9]*\).*/\1/p' "$2" | awk '{ n += $1 } END { print n + 0 }')
	ran=$((good + bad + left_out))
	grep -a '^ok .*# *[sS][kK][iI][pP]' "$2" | sed "s/^ok [0-9]* \(- \)*/$1: /" >"$logs/$job_file.skipped"
	{
		sed 's/^/skipped /' "$logs/$job_file.skipped"
		if [ "$bad" -gt 0 ]; then
			verdict FAILED "$1: $bad of $((good + bad)) tests" "$4"
			grep -a -A 25 '^not ok ' "$2" | grep -a -v '^ok ' | sed 's/^/        /'
		elif [ "$3" -ne 0 ]; then
			verdict FAILED "$1 ended with status $3" "$4"
			show_log "$2"
		elif [ "$planned" -eq 0 ] || [ "$ran" -ne "$planned" ]; then
			verdict FAILED "$1 ran $ran of $planned tests" "$4"
			show_log "$2"
		else
			verdict ok "$1: $good tests" "$4"
		fi
	} >"$logs/$job_file.shown"
	if [ "$bad" -eq 0 ] && { [ "$3" -ne 0 ] || [ "$planned" -eq 0 ] || [ "$ran" -ne "$planned" ]; }; then bad=1; fi
	result "$good" "$bad" "$left_out"
	cat "$logs/$job_file.shown"
	[ "$bad" -eq 0 ]
}

# step WORDS COMMAND...: one test that is one command; its output goes to a log.
step() {
	words=$1 started=$(now)
	shift
	if "$@" >"$logs/$job_file.log" 2>&1; then
		result 1 0 0
		verdict ok "$words" $(($(now) - started))
	else
		result 0 1 0
		{ verdict FAILED "$words" $(($(now) - started)); show_log "$logs/$job_file.log"; } >"$logs/$job_file.shown"
		cat "$logs/$job_file.shown"
		return 1
	fi
}

# Its last line is "N passed, N failed"; a home or a scenario each.
count_lines() { # words log exit-status seconds
	counts=$(sed -n 's/^\([0-9][0-9]*\) passed, \([0-9][0-9]*\) failed$/\1 \2/p' "$2" | tail -n 1)
	good=${counts% *} bad=${counts#* }
	if [ "$3" -eq 0 ] && [ "${bad:-1}" -eq 0 ]; then
		result "$good" 0 0
		verdict ok "$1: $good" "$4"
		return
	fi
	[ "${bad:-0}" -gt 0 ] || bad=1
	result "${good:-0}" "$bad" 0
	{ verdict FAILED "$1" "$4"; show_log "$2"; } >"$logs/$job_file.shown"
	cat "$logs/$job_file.shown"
	return 1
}
