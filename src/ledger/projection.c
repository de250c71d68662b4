#include "ledger/projection.h"

#include <math.h>

/* An absurd rate projects more tokens than an int64 holds. */
#define TOKENS_MAX 9e18
/* From here on a double has no fraction. */
#define WHOLE_FROM 9007199254740992.

/* round(3), which `swatch statusline` would have to load a library for. */
static double round_half_up(double value)
{
	if (!(value > -WHOLE_FROM && value < WHOLE_FROM))
		return value;
	double whole = (double)(int64_t)value, rest = value - whole;
	return whole + (rest >= .5) - (rest <= -.5);
}

bool projection_make(const struct projection_basis *basis, int64_t now_ms, struct projection *out)
{
	double minutes = round_half_up(((double)basis->end_ms - (double)now_ms) / 60000.);
	minutes = minutes > 0. ? minutes : 0.;
	double tokens = round_half_up(basis->tokens + basis->tokens_per_minute * minutes);
	out->remaining_minutes = (int64_t)minutes;
	out->usd = round_half_up((basis->usd + basis->usd_per_hour / 60. * minutes) * 100.) / 100.;
	out->tokens = tokens > TOKENS_MAX ? TOKENS_MAX : tokens;
	return !isnan(basis->usd_per_hour);
}
