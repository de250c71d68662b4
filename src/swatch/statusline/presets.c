#include "swatch/statusline/presets.h"

#include <string.h>

/* Pieces of more than one preset. */
#define CONTEXT_STYLE "{#context_percent:green,60:yellow,80:red}"
#define LIMIT_STYLE "{#limit_percent:green,70:yellow,90:red}"
/* "7d opus 81%", with a colour; what the account's limits are is for the server to say. */
#define LIMIT "{limit_name} " LIMIT_STYLE "{limit_percent}%{#}"
#define LIMIT_PLAIN "{limit_name} {limit_percent}%"
/*
 * With less room, whole figures go, those that matter least first, and not the words that say what the rest
 * are: a number without its word may be taken for another. Only an amount that stands alone, the session's,
 * has none.
 *
 * The cost in the server's window, if known, else in the estimated block; then only the time that is left.
 */
#define LEFT "{?block_left:{?room>6: ({block_left} left)}{!room>6:{?room>4:{| / }block {block_left} left}}}"
#define ANY_BLOCK \
	"{?window_cost:{?room>6:{| / }{window_cost} block}" LEFT "}" \
	"{!window_cost:{?block_cost:{?room>6:{| / }{block_cost} block}" LEFT "}" \
	"{!block_cost:{?block_tokens:{?room>6:{| / }block}" LEFT "}" \
	"{!block_tokens:{?today_tokens:{?room>7:{| / }no active block}}}}}"
/* It says nothing to an account that has no 5-hour limit. */
#define BLOCK "{!weekly:" ANY_BLOCK "}"
/* How long until the limit resets, where there is no block that tells it. */
#define LIMIT_LEFT "{?weekly:{?room>4:{?limit_left: ({limit_left} left)}}}"
#define SESSION "{?room>1:{?session_cost:{session_cost}{?room>3: session}}}"
#define TODAY "{?room>3:{?today_cost:{| / }{today_cost}{?today_unpriced:+} today}}"
#define COSTS SESSION TODAY BLOCK
/* Where a picture says what it is; and where a word has to. */
#define CONTEXT \
	"{?context_percent:" CONTEXT_STYLE \
	"{?room>4:{?context_tokens:{context_tokens} ({context_percent}%)}" \
	"{!context_tokens:context {context_percent}%}}{!room>4:{context_percent}%}{#}}"
#define CONTEXT_WORD "{?room>3:context }{!room>3:ctx }"
#define CONTEXT_NAMED \
	"{?context_percent:" CONTEXT_STYLE CONTEXT_WORD \
	"{?room>5:{?context_tokens:{context_tokens} ({context_percent}%)}{!context_tokens:{" \
	"context_percent}%}}" \
	"{!room>5:{context_percent}%}{#}}"
/* The one that is hit first is there in any room, the second one in most. */
#define BY_ROOM(limit) "{?limit_number<2:" limit "}{?limit_number>1:{?room>2:{?limit_number<3:" limit "}" \
	"{?limit_number>2:{?room>3:" limit "}}}}"
/* It comes after the figures, and before the note, which a narrow terminal may cut. */
#define TROUBLE \
	"{|}{?limit_reached:{#bold+red}{?room>1:{limit_reached} }limit reached{|, }" \
	"{?limit_reset:until {limit_reset}}{!limit_reset:{?room>2:reset unknown}}{#}}" \
	"{|}{?stale:{#yellow}{stale}{#}}" \
	"{|}{?unpriced:{#yellow}no price{| }for {unpriced}{#}}"
#define NOTE "{|}{?note:{#dim}{note}{#}}"

const struct statusline_preset statusline_presets[] = {
	{
		"ccusage", "the line of ccusage statusline",
		"{?room>0:{?model:🤖 {model}}}{|}{?room>1:{?session_cost:💰 }}" COSTS "{|}"
		"{?room>5:{?burn_rate:🔥 {burn_rate}/hr}}{|}"
		"{@limits:{?limit_number<2:⏳ }" BY_ROOM(LIMIT LIMIT_LEFT) "{|, }}{|}"
		"{?context_percent:🧠 " CONTEXT "}"
		TROUBLE NOTE,
		false
	},
	{
		"compact", "the least that is useful",
		"{?room>0:{#cyan}{model.20}{#}}{| }{?room>1:{session_cost}}{| }"
		"{?room>4:{?today_cost:{today_cost}{?today_unpriced:+} today}}{| }"
		"{!weekly:{?room>5:{?block_left:block {block_left} left}}}{| }"
		"{?context_percent:" CONTEXT_STYLE "ctx {context_percent}%{#}}{| }"
		"{@limits:" BY_ROOM(LIMIT) "{| }}{| }"
		"{?limit_reached:{#red}limit reached{#}}{| }{?stale:{#yellow}{stale}{#}}{| }"
		"{?unpriced:{#yellow}no price{#}}{| }"
		"{!today_tokens:{#dim}{note}{#}}",
		false
	},
	{
		"full", "ccusage's line, and what it cannot show",
		"{?room>0:{#bold+cyan}{model}{#}{?fast: {#yellow}fast{#}}}{|}" COSTS "{|}"
		"{?room>4:{?burn_rate:{#burn_rate:green,5:yellow,15:red}{burn_rate}/hr{#}}}{|}"
		CONTEXT_NAMED "{|}"
		"{@limits:" BY_ROOM(LIMIT LIMIT_LEFT)
		"{?room>7:{?limit_pace:{#dim} x{limit_pace}{#}}}"
		"{?room>8:{?limit_resets:{#dim} to {limit_resets}{#}}}{|, }}" TROUBLE "{|}"
		"{?room>4:{?cache_left:cache {#cache_left:red,1:yellow,3:green}{cache_left}{#}"
		"{?room>5:{?cold_cost:{#dim} ({cold_cost} cold){#}}}}"
		"{?cache=cold:{#yellow}cache cold{#}"
		"{?room>5:{?cold_cost:{#dim} ({cold_cost} to rewrite){#}}}}}{|}"
		"{?room>7:{?subagents_percent:agents {subagents_percent}%}}{|}"
		"{?room>3:{#magenta}{branch.24}{#}}" NOTE,
		false
	},
	{
		"powerline", "segments with arrows; needs a font that has them",
		"{#white+bg-24}{?room>0:{?model: {model} }}{>}"
		"{#white+bg-238}{?room>1:{?session_cost: {session_cost} }}"
		"{?room>3:{?today_cost: today {today_cost}{?today_unpriced:+} }}{>}"
		"{#white+bg-60}"
		"{!weekly:{?room>5:{?window_cost: block {window_cost}{?block_left: ({block_left} left)} }"
		"{!window_cost:{?block_cost: block {block_cost}{?block_left: ({block_left} left)} }"
		"{!block_cost:{?block_left: block {block_left} left }}}}"
		"{!room>5:{?room>4:{?block_left: block {block_left} left }}}}{>}"
		"{#none+black}{#context_percent:bg-green,60:bg-yellow,80:bg-red}"
		"{?context_percent: ctx {context_percent}% }{>}{#none+white+bg-236}"
		"{@limits:" BY_ROOM(" " LIMIT_PLAIN LIMIT_LEFT " ") "}{>}"
		"{#none+white+bg-54}{?room>7:{?branch: \xEE\x82\xA0 {branch.24} }}"
		/* Arrows between things of one background are blanks. */
		"{>}{#none+black+bg-yellow}{?limit_reached:{?room>1: {limit_reached}} limit reached {>}"
		"{?limit_reset: until {limit_reset} }}{>}{?stale: {stale} }{>}"
		"{?unpriced: no price }{>}{!stale:{?note: {note} }}",
		false
	},
	{
		"plain", "ASCII without colours, for any terminal",
		"{?room>0:{model}}{|}" COSTS "{|}{?room>5:{?burn_rate:{burn_rate}/hr}}{|}"
		"{?context_percent:" CONTEXT_WORD "{context_percent}%}{|}"
		"{@limits:" BY_ROOM(LIMIT_PLAIN LIMIT_LEFT) "{|, }}"
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
