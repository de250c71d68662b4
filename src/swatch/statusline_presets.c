#include "swatch/statusline_presets.h"

#include <string.h>

/* The pieces that more than one preset has. */
#define CONTEXT_STYLE "{#context_percent:green,60:yellow,80:red}"
#define RATE_5H_STYLE "{#rate_5h:green,70:yellow,90:red}"
#define RATE_7D_STYLE "{#rate_7d:green,70:yellow,90:red}"
/* What was spent in the server's window, when that is known, else in the block that is estimated. */
#define BLOCK_COST "{?window_cost:{window_cost}}{!window_cost:{block_cost}}"
#define BLOCK \
	"{?block_cost:" BLOCK_COST " block{?block_left: ({block_left} left)}}" \
	"{!block_cost:{?today_cost:no active block}}"
#define COSTS "{?session_cost:{session_cost} session}{| / }{?today_cost:{today_cost} today}{| / }" BLOCK
/* Said last, so that it is what a narrow terminal cuts, but for what makes the figures wrong. */
#define TROUBLE \
	"{|}{?limit_reset:{#bold+red}limit reached, until {limit_reset}{#}}{|}{?stale:{#yellow}{stale}{#}}" \
	"{|}{?unpriced:{#yellow}no price for {unpriced}{#}}"
#define NOTE "{|}{?note:{#dim}{note}{#}}"

const struct statusline_preset statusline_presets[] = {
	{
		"ccusage", "the line of ccusage statusline",
		"{?model:🤖 {model}}{|}{?session_cost:💰 }" COSTS "{|}"
		"{?burn_rate:🔥 {burn_rate}/hr}{|}"
		"{?context_tokens:🧠 " CONTEXT_STYLE "{context_tokens}{?context_percent: ({context_percent}%)}{#}}"
		TROUBLE NOTE,
		false
	},
	{
		"compact", "the least that is useful",
		"{#cyan}{model.20}{#}{| }{?session_cost:{session_cost}}{?today_cost:{#dim}/{#}{today_cost}}{| }"
		"{?block_left:{block_left}}{| }{?context_percent:" CONTEXT_STYLE "{context_percent}%{#}}{| }"
		"{?rate_5h:5h " RATE_5H_STYLE "{rate_5h}%{#}}{| }{?rate_7d:7d " RATE_7D_STYLE "{rate_7d}%{#}}{| }"
		"{?limit_reset:{#red}limit{#}}{| }{?stale:{#yellow}{stale}{#}}{| }{!today_cost:{#dim}{note}{#}}",
		false
	},
	{
		"full", "ccusage's line, and what it cannot show",
		"{#bold+cyan}{model}{#}{?fast: {#yellow}fast{#}}{|}" COSTS "{|}"
		"{?burn_rate:{#burn_rate:green,5:yellow,15:red}{burn_rate}/hr{#}}{|}"
		"{?context_percent:" CONTEXT_STYLE "{context_tokens} ({context_percent}%){#}}{|}"
		"{?rate_5h:5h " RATE_5H_STYLE "{rate_5h}%{#}{?rate_5h_pace:{#dim} x{rate_5h_pace}{#}}"
		"{?rate_5h_reset:{#dim} to {rate_5h_reset}{#}}}{|, }"
		"{?rate_7d:7d " RATE_7D_STYLE "{rate_7d}%{#}{?rate_7d_pace:{#dim} x{rate_7d_pace}{#}}"
		"{?rate_7d_reset:{#dim} to {rate_7d_reset}{#}}}" TROUBLE "{|}"
		"{?cache_left:cache {#cache_left:red,5:yellow,15:green}{cache_left}{#}}"
		"{?cache=cold:{#yellow}cache cold{#}}{?cache:{?cold_cost:{#dim} ({cold_cost} cold){#}}}{|}"
		"{?subagents_percent:agents {subagents_percent}%}{|}{#magenta}{branch.24}{#}" NOTE,
		false
	},
	{
		"powerline", "segments with arrows; needs a font that has them",
		"{#white+bg-24}{?model: {model} }{>}{#white+bg-238}{?session_cost: {session_cost} }"
		"{?today_cost:today {today_cost} }{>}{#white+bg-60}{?block_cost: " BLOCK_COST " }"
		"{?block_left: {block_left} left }{>}{#none+black}{#context_percent:bg-green,60:bg-yellow,80:bg-red}"
		"{?context_percent: {context_percent}% }{>}{#none+white+bg-236}"
		"{?rate_5h: 5h {rate_5h}% }{?rate_7d: 7d {rate_7d}% }{>}{#none+white+bg-54}{?branch:  {branch.24} }"
		"{>}{#none+black+bg-yellow}{?stale: {stale} }{!stale:{?note: {note} }}",
		false
	},
	{
		"plain", "ASCII without colours, for any terminal",
		"{model}{|}" COSTS "{|}{?burn_rate:{burn_rate}/hr}{|}"
		"{?context_percent:context {context_percent}%}{|}{?rate_5h:5h {rate_5h}%}{|, }{?rate_7d:7d {rate_7d}%}"
		TROUBLE "{|}{branch.24}" NOTE,
		true
	},
	{ NULL, NULL, NULL, false },
};

const struct statusline_preset *statusline_preset_find(const char *name)
{
	for (const struct statusline_preset *preset = statusline_presets; preset->name; preset++)
		if (strcmp(preset->name, name) == 0)
			return preset;
	return NULL;
}
