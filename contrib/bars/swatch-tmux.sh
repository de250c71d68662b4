#!/bin/sh
# Part of tmux's status line, with tmux's own colours. tmux.conf shows how to use it.
unset COLUMNS
figures='{?today_cost:{today_cost} today}{!today_cost:{?today_tokens:no price}}{|}{?block_cost:{block_cost} block{?block_left: ({block_left})}}{|}'
limits='{?rate_5h:{?rate_5h>=90:#[fg=red]}{!rate_5h>=90:{?rate_5h>=70:#[fg=yellow]}}5h {rate_5h}%#[default]}{|, }'
limits=$limits'{?rate_7d:{?rate_7d>=90:#[fg=red]}{!rate_7d>=90:{?rate_7d>=70:#[fg=yellow]}}7d {rate_7d}%#[default]}'
trouble='{|}{?limit_reset:#[fg=red]limit until {limit_reset}#[default]}{|}{?stale:#[fg=yellow]{stale}#[default]}'
waiting='{?waiting:#[fg=yellow]{waiting} waiting#[default]}{|}'
NO_COLOR=1 exec swatch statusline --format "$waiting$figures$limits$trouble{!today_tokens:{|}{note}}" </dev/null
