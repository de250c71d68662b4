/*
 * mkhome_text: random numbers that a seed repeats, and made-up text to fill transcripts with.
 *
 * For: mkhome. The text is made once, in a pool, and copied from there: a home is written at the speed of
 * memory.
 */
#ifndef SWATCH_BENCH_MKHOME_TEXT_H
#define SWATCH_BENCH_MKHOME_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct rng { uint64_t state; };

uint64_t rng_next(struct rng *r);

/* A number of 0..bound-1 (bound > 0), and one of low..high. */
uint64_t rng_below(struct rng *r, uint64_t bound);
int64_t rng_between(struct rng *r, int64_t low, int64_t high);

/* A number of low..high (low > 0), each size of it as likely as any other: many small ones, few large ones.
 */
int64_t rng_skewed(struct rng *r, int64_t low, int64_t high);

/* True `percent` times of 100. */
bool rng_chance(struct rng *r, double percent);

/* Makes the pools. Returns false when memory ran out. */
bool text_pool_init(uint64_t seed);
void text_pool_release(void);

/* Appends about `len` bytes of words, code and escapes, as they stand inside a JSON string. */
void text_append(struct buf *out, struct rng *r, size_t len);

/* Appends exactly `len` bytes of base64. */
void text_append_base64(struct buf *out, struct rng *r, size_t len);

/* Appends one word of letters; a UUID; `prefix` and `len` letters and digits (as "msg_01Ab..."). */
void text_append_word(struct buf *out, struct rng *r);
void text_append_uuid(struct buf *out, struct rng *r);
void text_append_id(struct buf *out, struct rng *r, const char *prefix, size_t len);

#endif
