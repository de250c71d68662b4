/*
 * scratch: a private directory for a test's files, and the few file helpers that go with it.
 *
 * Most programs need one, test_dir: cmocka_unit_test_setup_teardown(test, scratch_set_up, scratch_tear_down),
 * or these two called by a set-up and a tear-down that do more. Others have a struct scratch s of their own,
 * with scratch_make(&s) and scratch_remove(&s). A helper that fails makes the test fail.
 */
#ifndef SWATCH_TESTS_SCRATCH_H
#define SWATCH_TESTS_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct scratch {
	char path[512];    /* absolute, without symlinks, mode 0700 */
	int dir_fd;        /* open on it */
};

extern struct scratch test_dir;

/* Make and remove test_dir; *state points to it. */
int scratch_set_up(void **state);
int scratch_tear_down(void **state);

void scratch_make(struct scratch *s);
/* Removes it with all that is in it; symlinks are not followed. */
void scratch_remove(struct scratch *s);

/* "<path>/<name>" in a buffer that the next 7 calls leave alone. */
const char *scratch_name(const struct scratch *s, const char *name);

/* Writes a file; reads one into a string that the caller frees, NULL when the file is missing. */
void scratch_write(const struct scratch *s, const char *name, const void *data, size_t len);
void scratch_write_text(const struct scratch *s, const char *name, const char *text);
char *scratch_read(const struct scratch *s, const char *name);

/* How many entries (without "." and "..") the directory has; the permission bits of one, -1 when it is not
 * there. */
int scratch_count(const struct scratch *s);
int scratch_mode(const struct scratch *s, const char *name);

/* Runs `work` while stderr goes into its file "log", and appends to `said` what was written there. */
void scratch_catch_log(const struct scratch *s, void (*work)(void), struct buf *said);

#endif
