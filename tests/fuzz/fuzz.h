/*
 * fuzz: what the harnesses share. A harness is one file fuzz_NAME.c with LLVMFuzzerTestOneInput(); it is
 * linked twice: with libFuzzer (configure --enable-fuzz, with clang), and with replay.c, which gives it every
 * file of its corpus and is a part of `make check`.
 *
 * A harness does more than not to crash: FUZZ_CHECK() says what must hold, and ends the program when it does
 * not.
 */
#ifndef SWATCH_TESTS_FUZZ_H
#define SWATCH_TESTS_FUZZ_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is always the same: TZ=UTC, a home that is not there, logs of errors only. Does its work once. */
void fuzz_begin(void);

/* 2026-11-23T12:00:00Z: "now" in every harness that takes one. */
#define FUZZ_NOW_MS INT64_C(1795435200000)

#define FUZZ_CHECK(holds, ...)                                                                     \
	do {                                                                                       \
		if (!(holds))                                                                      \
			fuzz_fail(__FILE__, __LINE__, #holds, __VA_ARGS__);                        \
	} while (0)

_Noreturn void fuzz_fail(const char *file, int line, const char *what, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The input, taken off its front. */
struct fuzz_input {
	const uint8_t *at;
	size_t left;
};

/* The next byte, 0 at the end; a number below `count`; 8 bytes as they are. */
uint8_t fuzz_take_byte(struct fuzz_input *in);
size_t fuzz_pick(struct fuzz_input *in, size_t count);
uint64_t fuzz_take_number(struct fuzz_input *in);

/*
 * The next part of the input, up to a 0xFF byte (which no UTF-8 holds) or the end, in memory of its own of
 * exactly that size, and with a NUL behind it where the code under test wants one: an access beyond it is
 * found.
 */
struct fuzz_text {
	char *data;
	size_t len;
};
struct fuzz_text fuzz_take_text(struct fuzz_input *in);
struct fuzz_text fuzz_take_string(struct fuzz_input *in);   /* without NUL bytes inside, one behind */
void fuzz_text_release(struct fuzz_text *text);

/* A private directory, made at the first call and removed at the program's end; and "<directory>/<name>". */
const char *fuzz_directory(void);
char *fuzz_path(const char *name);

/* Writes a file of fuzz_directory() anew. */
void fuzz_write_file(const char *name, const void *data, size_t len);

/* Ends the program unless the text is UTF-8 and nothing in it steers a terminal, but for colours where they
 * are wanted. */
void fuzz_check_shown(const char *what, const char *text, size_t len, bool colour);

/* Ends the program unless the text is one JSON value to json-c, which is returned: json_object_put() it. */
struct json_object *fuzz_check_json(const char *what, const char *text, size_t len);

#endif
