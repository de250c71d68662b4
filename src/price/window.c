#include "price/window.h"

#include <string.h>

struct context_window context_window_find(int64_t told, const char *model, int64_t model_tokens, int64_t used)
{
	if (told > 0 && told >= used)
		return (struct context_window){ told, WINDOW_TOLD };
	if (model && strcasestr(model, "[1m]"))
		model_tokens = WINDOW_LARGE_TOKENS;
	if (model_tokens > 0 && model_tokens >= used)
		return (struct context_window){ model_tokens, WINDOW_MODEL };
	int64_t guess = used > WINDOW_USUAL_TOKENS ? WINDOW_LARGE_TOKENS : WINDOW_USUAL_TOKENS;
	return (struct context_window){ used > guess ? used : guess, WINDOW_GUESS };
}

const char *window_source_name(enum window_source source)
{
	static const char *const names[] = { [WINDOW_TOLD] = "told", [WINDOW_MODEL] = "model",
					     [WINDOW_GUESS] = "guess" };
	return names[source];
}
