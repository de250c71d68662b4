#include "base/digits.h"

#include <string.h>

size_t digits_group(const char *number, char *out, size_t size)
{
	size_t len = strlen(number), at = 0;
	for (size_t i = 0; i < len && at + 2 < size; i++) {
		if (i > 0 && (len - i) % 3 == 0 && number[i - 1] != '-')
			out[at++] = ',';
		out[at++] = number[i];
	}
	out[at] = '\0';
	return at;
}
