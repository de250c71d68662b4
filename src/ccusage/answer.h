/*
 * ccusage_answer: reads what ccusage printed. It is the only reader of it.
 *
 * For: refresh (the daemon), doctor and verify. Understood: versions 18 and 20, notices and colours around
 * the JSON, no active block, nulls, all blocks instead of the active one. Refused, with a reason: no JSON,
 * wrong types, negative or absurd numbers.
 */
#ifndef SWATCH_CCUSAGE_ANSWER_H
#define SWATCH_CCUSAGE_ANSWER_H

#include <json-c/json.h>
#include <stddef.h>

#include "base/buf.h"
#include "ccusage/block.h"

/* Beyond these an answer is not believed. */
#define CCUSAGE_MAX_USD 1e6
#define CCUSAGE_MAX_TOKENS 1e13

/*
 * Finds the JSON object that has the list `list` ("blocks", "daily", ...) in what ccusage printed; notices,
 * also with braces, may come before and after it. The caller json_object_put()s it. Returns NULL with a
 * reason for people in `error`.
 */
struct json_object *ccusage_answer_read(const char *text, size_t len, const char *list, struct buf *error);

/*
 * Returns 0 and the active block (present = false: there is none), or -1 and a reason for people in `error`.
 */
int ccusage_answer_parse(const char *text, size_t len, struct billing_block *out, struct buf *error);

/*
 * Reads one block's object, as it stands in an answer, or in billing-shared.json as "block". The same
 * returns.
 */
int ccusage_answer_take_block(struct json_object *block, struct billing_block *out, struct buf *error);

#endif
