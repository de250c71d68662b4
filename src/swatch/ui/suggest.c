#include "swatch/ui/suggest.h"

#include <string.h>

static size_t smallest(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;
	return least < c ? least : c;
}

size_t suggest_distance(const char *typed, const char *meant)
{
	/* The last three rows of the usual table; [2] is being filled. */
	size_t rows[3][SUGGEST_MAX_LENGTH + 1];
	size_t typed_len = strlen(typed);
	size_t meant_len = strlen(meant);
	if (typed_len > SUGGEST_MAX_LENGTH || meant_len > SUGGEST_MAX_LENGTH)
		return SUGGEST_MAX_LENGTH + 1;
	memset(rows, 0, sizeof(rows));
	for (size_t j = 0; j <= meant_len; j++)
		rows[1][j] = j;
	for (size_t i = 1; i <= typed_len; i++) {
		rows[2][0] = i;
		for (size_t j = 1; j <= meant_len; j++) {
			size_t changed = rows[1][j - 1] + (typed[i - 1] != meant[j - 1]);
			rows[2][j] = smallest(rows[1][j] + 1, rows[2][j - 1] + 1, changed);
			if (i > 1 && j > 1 && typed[i - 1] == meant[j - 2] && typed[i - 2] == meant[j - 1]
			    && rows[0][j - 2] + 1 < rows[2][j])
				rows[2][j] = rows[0][j - 2] + 1;
		}
		memcpy(rows[0], rows[1], sizeof(rows[0]));
		memcpy(rows[1], rows[2], sizeof(rows[1]));
	}
	return rows[1][meant_len];
}

bool suggest_is_near(const char *typed, const char *meant, size_t *distance)
{
	size_t typed_len = strlen(typed);
	if (typed_len >= 2 && strncmp(typed, meant, typed_len) == 0) {
		*distance = 0;
		return true;
	}
	*distance = suggest_distance(typed, meant);
	return *distance <= (strlen(meant) + 1) / 3;
}
