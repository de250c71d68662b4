#!/bin/sh
# A block for i3blocks: a text, a short text for when there is little room, and a colour. i3blocks.conf shows how to use it.
unset COLUMNS
full='{?today_cost:{today_cost} today}{!today_cost:{?today_tokens:no price}}{|}{?block_cost:{block_cost} block{?block_left: ({block_left})}}'
full=$full'{|}{?rate_5h:5h {rate_5h}%}{|, }{?rate_7d:7d {rate_7d}%}'
full=$full'{|}{?limit_reset:limit until {limit_reset}}{|}{?stale:{stale}}{!today_tokens:{|}{note}}'
short='{?today_tokens:{today_cost}{?rate_5h: {rate_5h}%}}{!today_tokens:swatch?}'
hot='{?limit_reset:#e06c75}{!limit_reset:{?rate_5h>=90:#e06c75}{!rate_5h>=90:{?rate_7d>=90:#e06c75}{!rate_7d>=90:'
warm='{?rate_5h>=70:#e5c07b}{!rate_5h>=70:{?rate_7d>=70:#e5c07b}}'
colour="{?stale:#808080}{!stale:{?today_tokens:$hot$warm}}}}{!today_tokens:#808080}}"
NO_COLOR=1 exec swatch statusline --format "$full\\n$short\\n$colour" </dev/null
