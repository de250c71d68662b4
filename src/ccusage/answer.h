/*
 * ccusage_answer: reads what ccusage printed, and tells a good answer from a bad one.
 *
 * For: refresh. Understood: versions 18 and 20, notices and colours around the JSON, no active block, nulls, all blocks
 * instead of the active one. Refused, with a reason: no JSON, wrong types, negative or absurd numbers.
 */
#ifndef SWATCH_CCUSAGE_ANSWER_H
#define SWATCH_CCUSAGE_ANSWER_H

#include <stddef.h>

#include "base/buf.h"
#include "ccusage/block.h"

/* Beyond these an answer is not believed. */
#define CCUSAGE_MAX_USD 1e6
#define CCUSAGE_MAX_TOKENS 1e13

/* Returns 0 and the active block (present = false: there is none), or -1 and a reason for people in `error`. */
int ccusage_answer_parse(const char *text, size_t len, struct billing_block *out, struct buf *error);

/* Reads one block's object, as it stands in an answer, or in billing-shared.json as "block". The same returns. */
struct json_object;
int ccusage_answer_take_block(struct json_object *block, struct billing_block *out, struct buf *error);

#endif
