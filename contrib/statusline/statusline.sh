#!/bin/sh
# A statusline for Claude Code that reads swatch's cache files. It needs sh and jq, and calls neither the daemon nor ccusage.
# In ~/.claude/settings.json: "statusLine": {"type": "command", "command": "/path/to/statusline.sh"}
cache=${CLAUDE_CONFIG_DIR:-$HOME/.claude}
cache=${cache%%,*}/session-health
input=$(timeout 1 head -n 1)
session=$(printf '%s' "$input" | jq -r '.session_id // empty | select(test("^[A-Za-z0-9_-][A-Za-z0-9._-]*$"))' 2>/dev/null)
line=
if [ -n "$session" ] && [ -r "$cache/$session.json" ]; then
	line=$(jq -r '[.model.value // "?", (.billing.sessionCost // empty | "session $\(. * 100 | round / 100)"),
		(.context.percentUsed // empty | "context \(.)%")] | join(" · ")' "$cache/$session.json" 2>/dev/null)
fi
# The files are as old as the last activity, so count the time left from now, and do not show a day or a block that is over.
# Prefer the server's window (resetsAt is in ms) to the block, which is an estimate of it.
shared=$(jq -r 'def usd: "$\(. * 100 | round / 100)";
	now as $now | (.lastFetched / 1000) as $at
	| (if .window then .window | {costUSD, ends: (.resetsAt / 1000)}
	   elif .block then .block | {costUSD, ends: (.endTime[0:19] + "Z" | fromdateiso8601)} else {ends: 0} end) as $block
	| [(if ($at | strflocaltime("%F")) == ($now | strflocaltime("%F")) then "today \(.costToday | usd)" else empty end),
	   (if $block.ends > $now then "block \($block.costUSD | usd), \(($block.ends - $now) / 60 | floor) min left" else empty end),
	   (if .isFresh and .freshUntil > $now * 1000 then empty else "stale" end)] | join(" · ")' \
	"$cache/billing-shared.json" 2>/dev/null)
printf '%s\n' "${line:+$line · }${shared:-swatchd has written no figures yet}"
