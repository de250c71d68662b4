#!/bin/sh
# A module for polybar, with polybar's own colours. polybar.ini shows how to use it.
unset COLUMNS
red='%\{F#e06c75\}' yellow='%\{F#e5c07b\}' end='%\{F-\}'
figures='{?today_cost:{today_cost} today}{!today_cost:{?today_tokens:no price}}{|}{?block_cost:{block_cost} block{?block_left: ({block_left})}}{|}'
limits="{?rate_5h:{?rate_5h>=90:$red}{!rate_5h>=90:{?rate_5h>=70:$yellow}}5h {rate_5h}%$end}{|, }"
limits="$limits{?rate_7d:{?rate_7d>=90:$red}{!rate_7d>=90:{?rate_7d>=70:$yellow}}7d {rate_7d}%$end}"
trouble="{|}{?limit_reset:${red}limit until {limit_reset}$end}{|}{?stale:$yellow{stale}$end}"
NO_COLOR=1 exec swatch statusline --format "$figures$limits$trouble{!today_tokens:{|}{note}}" </dev/null
