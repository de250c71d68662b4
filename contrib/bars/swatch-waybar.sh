#!/bin/sh
# A module for waybar: one line of JSON with text, tooltip, class and percentage (of the server's 5-hour limit).
# The class is normal, waiting (a session waits for you), warning, critical or stale. waybar.jsonc shows how to use it.
unset COLUMNS
waiting='{?waiting:{waiting} waiting · }'
text=$waiting'{?today_tokens:{?today_cost:{today_cost} today}{!today_cost:no price}{?block_cost: · {block_cost} block{?block_left: ({block_left})}}'
text=$text'{?rate_5h: · 5h {rate_5h}%}{?limit_reset: · limit until {limit_reset}}{?stale: · {stale}}}'
text=$text'{!today_tokens:{note}}'
# A line end in JSON is a backslash and an n.
tooltip='{?waiting:Waiting: {waiting_list}\\n}{?today_cost:Today {today_cost}}{!today_cost:{?today_tokens:Today: no price is known}}{?block_cost:\\nBlock {block_cost}{?burn_rate:, {burn_rate} an hour}'
tooltip=$tooltip'{?block_projected:, {block_projected} at its end}{?block_reset:, ends at {block_reset}}}'
tooltip=$tooltip'{?rate_5h:\\n5 hours {rate_5h}%{?rate_5h_reset:, reset at {rate_5h_reset}}}'
tooltip=$tooltip'{?rate_7d:\\n7 days {rate_7d}%{?rate_7d_reset:, reset at {rate_7d_reset}}}'
tooltip=$tooltip'{?limits_other:\\n{limits_other}}{?note:{?today_tokens:\\n}{note}}'
hot='{?limit_reset:critical}{!limit_reset:{?rate_5h>=90:critical}{!rate_5h>=90:{?rate_7d>=90:critical}{!rate_7d>=90:'
warm='{?rate_5h>=70:warning}{!rate_5h>=70:{?rate_7d>=70:warning}{!rate_7d>=70:{?waiting:waiting}{!waiting:normal}}}'
class="{?stale:stale}{!stale:{?today_tokens:$hot$warm}}}}{!today_tokens:stale}}"
percentage='{?rate_5h>=100:100}{!rate_5h>=100:{?rate_5h:{rate_5h}}{!rate_5h:0}}'
NO_COLOR=1 exec swatch statusline --format \
	"\\{\"text\":\"$text\",\"tooltip\":\"$tooltip\",\"class\":\"$class\",\"percentage\":$percentage\\}" </dev/null
