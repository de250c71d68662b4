#include "swatch/statusline/presets.h"

#include <string.h>

/* Pieces of more than one preset. */
#define CONTEXT_STYLE "{#context_percent:green,60:yellow,80:red}"
#define RATE_5H_STYLE "{#rate_5h:green,70:yellow,90:red}"
#define RATE_7D_STYLE "{#rate_7d:green,70:yellow,90:red}"
/*
 * The cost in the server's window, if known, else in the estimated block. With less room, it drops first the
 * words, then the cost, then the time.
 */
#define LEFT "{?block_left:{?room>2:{| }({block_left}{?room>6: left})}}"
#define BLOCK \
	"{?window_cost:{?room>3:{| / }{window_cost}{?room>6: block}}" LEFT "}" \
	"{!window_cost:{?block_cost:{?room>3:{| / }{block_cost}{?room>6: block}}" LEFT "}" \
	"{!block_cost:{?block_tokens:{?room>3:{| / }block}" LEFT "}" \
	"{!block_tokens:{?today_tokens:{?room>6:{| / }no active block}}}}}"
#define COSTS \
	"{?session_cost:{session_cost}{?room>6: session}}" \
	"{?today_cost:{?room>1:{| / }{today_cost}{?today_unpriced:+}{?room>2: today}}}" BLOCK
#define CONTEXT \
	"{?context_percent:" CONTEXT_STYLE \
	"{?room>4:{?context_tokens:{context_tokens} ({context_percent}%)}" \
	"{!context_tokens:context {context_percent}%}}{!room>4:{context_percent}%}{#}}"
/* It comes after the figures, and before the note, which a narrow terminal may cut. */
#define TROUBLE \
	"{|}{?limit_reset:{#bold+red}limit reached, until {limit_reset}{#}}{|}{?stale:{#yellow}{stale}{#}}" \
	"{|}{?unpriced:{#yellow}no price for {unpriced}{#}}"
#define NOTE "{|}{?note:{#dim}{note}{#}}"

const struct statusline_preset statusline_presets[] = {
	{
		"ccusage", "the line of ccusage statusline",
		"{?model:🤖 {model}}{|}{?session_cost:💰 }" COSTS "{|}"
		"{?room>5:{?burn_rate:🔥 {burn_rate}/hr}}{|}"
		"{?context_percent:🧠 " CONTEXT "}"
		TROUBLE NOTE,
		false
	},
	{
		"compact", "the least that is useful",
		"{#cyan}{model.20}{#}{| }{?session_cost:{session_cost}}"
		"{?today_cost:{?room>3:{#dim}/{#}{today_cost}{?today_unpriced:+}}}{| }"
		"{?room>5:{block_left}}{| }{?context_percent:" CONTEXT_STYLE "{context_percent}%{#}}{| }"
		"{?room>2:{?rate_5h:5h " RATE_5H_STYLE "{rate_5h}%{#}}}{| }"
		"{?room>7:{?rate_7d:7d " RATE_7D_STYLE "{rate_7d}%{#}}}{| }"
		"{?limit_reset:{#red}limit{#}}{| }{?stale:{#yellow}{stale}{#}}{| }"
		"{?unpriced:{#yellow}no price{#}}{| }"
		"{!today_tokens:{#dim}{note}{#}}",
		false
	},
	{
		"full", "ccusage's line, and what it cannot show",
		"{#bold+cyan}{model}{#}{?fast: {#yellow}fast{#}}{|}" COSTS "{|}"
		"{?room>4:{?burn_rate:{#burn_rate:green,5:yellow,15:red}{burn_rate}/hr{#}}}{|}"
		CONTEXT "{|}"
		"{?room>0:{?rate_5h:5h " RATE_5H_STYLE "{rate_5h}%{#}"
		"{?room>7:{?rate_5h_pace:{#dim} x{rate_5h_pace}{#}}}"
		"{?room>8:{?rate_5h_reset:{#dim} to {rate_5h_reset}{#}}}}{|, }"
		"{?rate_7d:7d " RATE_7D_STYLE "{rate_7d}%{#}"
		"{?room>7:{?rate_7d_pace:{#dim} x{rate_7d_pace}{#}}}"
		"{?room>8:{?rate_7d_reset:{#dim} to {rate_7d_reset}{#}}}}}" TROUBLE "{|}"
		"{?room>2:{?cache_left:cache {#cache_left:red,1:yellow,3:green}{cache_left}{#}"
		"{?room>5:{?cold_cost:{#dim} ({cold_cost} cold){#}}}}"
		"{?cache=cold:{#yellow}cache cold{#}"
		"{?room>5:{?cold_cost:{#dim} ({cold_cost} to rewrite){#}}}}}{|}"
		"{?room>7:{?subagents_percent:agents {subagents_percent}%}}{|}"
		"{?room>3:{#magenta}{branch.24}{#}}" NOTE,
		false
	},
	{
		"powerline", "segments with arrows; needs a font that has them",
		"{#white+bg-24}{?model: {model} }{>}{#white+bg-238}{?session_cost: {session_cost} }"
		"{?room>3:{?today_cost:{?room>6:today }{today_cost}{?today_unpriced:+} }}{>}"
		"{#white+bg-60}"
		"{?room>5:{?window_cost: {window_cost} }{!window_cost:{?block_cost: {block_cost} }}}"
		"{?room>4:{?block_left: {block_left} {?room>6:left }}}{>}"
		"{#none+black}{#context_percent:bg-green,60:bg-yellow,80:bg-red}"
		"{?context_percent: {context_percent}% }{>}{#none+white+bg-236}"
		"{?room>0:{?rate_5h: 5h {rate_5h}% }{?room>1:{?rate_7d: 7d {rate_7d}% }}}{>}"
		"{#none+white+bg-54}{?room>7:{?branch: \xEE\x82\xA0 {branch.24} }}"
		"{>}{#none+black+bg-yellow}{?limit_reset: limit until {limit_reset} }{?stale: {stale} }"
		"{?unpriced: no price }{!stale:{?note: {note} }}",
		false
	},
	{
		"plain", "ASCII without colours, for any terminal",
		"{model}{|}" COSTS "{|}{?room>5:{?burn_rate:{burn_rate}/hr}}{|}"
		"{?context_percent:{?room>2:context }{context_percent}%}{|}"
		"{?room>0:{?rate_5h:5h {rate_5h}%}{|, }{?rate_7d:7d {rate_7d}%}}"
		TROUBLE "{|}{?room>4:{branch.24}}" NOTE,
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
