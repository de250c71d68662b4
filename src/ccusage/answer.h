/*
 * ccusage/answer: reads what ccusage printed. Nothing else reads it.
 *
 * For: refresh (the daemon), doctor and verify. It understands versions 18 and 20, notices and colours around
 * the JSON, no active block, nulls, and all blocks instead of the active one. It refuses, with a reason, text
 * without JSON, wrong types, and negative or absurd numbers.
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
 * Finds the JSON object with the list `list` ("blocks", "daily", ...). Notices, also with braces, may come
 * before and after it. The caller json_object_put()s it. Returns NULL with a message.
 */
struct json_object *ccusage_answer_read(const char *text, size_t len, const char *list, struct buf *error);

/* Reads the active block; `present` is false when no block is active. Returns 0; -1 with a message. */
int ccusage_answer_parse(const char *text, size_t len, struct billing_block *out, struct buf *error);

/*
 * ccusage calls a block in the future active, too, which a line whose clock is ahead makes. Takes that one
 * for none; where there are both, ccusage_answer_parse() has found the other one, which comes first.
 */
void ccusage_answer_drop_future(struct billing_block *block, int64_t now_ms);

/*
 * Reads one block's object, from an answer or from billing-shared.json's "block". Returns 0; -1 with a
 * message.
 */
int ccusage_answer_take_block(struct json_object *block, struct billing_block *out, struct buf *error);

#endif
