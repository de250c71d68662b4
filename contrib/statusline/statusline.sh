#!/bin/sh
# A statusline for Claude Code that reads swatch's cache files: sh and jq, no daemon call, no ccusage.
# In ~/.claude/settings.json: "statusLine": {"type": "command", "command": "/path/to/statusline.sh"}
cache=${CLAUDE_CONFIG_DIR:-$HOME/.claude}
cache=${cache%%,*}/session-health
input=$(timeout 1 head -n 1)
session=$(printf '%s' "$input" | jq -r '.session_id // empty | select(test("^[A-Za-z0-9_-][A-Za-z0-9._-]*$"))' 2>/dev/null)
line=
if [ -n "$session" ] && [ -r "$cache/$session.json" ]; then
	line=$(jq -r '"\(.model.value // "?") · session $\(.billing.sessionCost * 100 | round / 100) · context \(.context.percentUsed)%"' \
		"$cache/$session.json" 2>/dev/null)
fi
shared=$(jq -r '"today $\(.costToday * 100 | round / 100)"
	+ (if .block then " · block $\(.block.costUSD * 100 | round / 100), \(.budgetRemaining) min left" else "" end)
	+ (if .isFresh then "" else " · stale" end)' "$cache/billing-shared.json" 2>/dev/null)
printf '%s\n' "${line:+$line · }${shared:-swatchd has written no figures yet}"
