/* Tokens and keys in a line: each place lies in the line, each kind comes once, and both searches for anchors
 * agree. */
#include "fuzz.h"
#include "secret/anchors.h"
#include "secret/find.h"

struct seen {
	size_t len;
	uint64_t kinds;
};

static void on_found(void *ctx, enum secret_kind kind, size_t at)
{
	struct seen *seen = ctx;
	FUZZ_CHECK(at < seen->len, "%zu of %zu", at, seen->len);
	FUZZ_CHECK(kind < SECRET_KINDS && secret_kind_name(kind), "kind %d", (int)kind);
	FUZZ_CHECK(!(seen->kinds >> kind & 1), "%s comes twice", secret_kind_name(kind));
	seen->kinds |= UINT64_C(1) << kind;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *line = (const char *)data, *end = line + size;
	struct seen seen = { .len = size };
	unsigned sets = 0, plain_sets = 0;
	fuzz_begin();
	secret_find(line, size, on_found, &seen);
	for (const char *at = line; at; at = at ? at + 1 : NULL) {
		const char *plain = secret_anchors_next_plain(at, end, &plain_sets);
		at = secret_anchors_next(at, end, &sets);
		FUZZ_CHECK(at == plain && (!at || sets == plain_sets), "the searches disagree in %.*s",
			   (int)size, line);
	}
	return 0;
}
