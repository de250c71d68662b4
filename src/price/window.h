/*
 * window: how large the context window of a session is, and where that is known from.
 *
 * For: swatchd, which publishes it, and the statusline, which holds Claude Code's word against it.
 */
#ifndef SWATCH_PRICE_WINDOW_H
#define SWATCH_PRICE_WINDOW_H

#include <stddef.h>
#include <stdint.h>

/* The window of a model that is not known, and the large one of models with "[1m]" behind their name. */
#define WINDOW_USUAL_TOKENS INT64_C(200000)
#define WINDOW_LARGE_TOKENS INT64_C(1000000)

enum window_source {
	WINDOW_TOLD,       /* a statusline reported it */
	WINDOW_MODEL,      /* the model's name says it */
	WINDOW_GUESS
};

struct context_window {
	int64_t tokens;
	enum window_source source;
};

/*
 * The window, from the first of these that is not smaller than what is in it (`used`, in tokens): `told`,
 * what a statusline reported last (0: nothing); what the name of the model says, which is a "[1m]" behind it
 * or else `model_tokens`, price_max_input_tokens() of it (0: not known); a guess. `model` may be NULL.
 */
struct context_window context_window_find(int64_t told, const char *model, int64_t model_tokens,
					  int64_t used);

/* "told", "model" or "guess", as in the cache files. */
const char *window_source_name(enum window_source source);

#endif
