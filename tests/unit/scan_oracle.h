/*
 * scan_oracle: the rules of what counts in a line, written a second time over json-c's tree, and compared
 * with what scan says.
 *
 * For: test_scan_differential (damage at random) and fuzz_scan (damage by a fuzzer).
 */
#ifndef SWATCH_TESTS_SCAN_ORACLE_H
#define SWATCH_TESTS_SCAN_ORACLE_H

#include <stdbool.h>
#include <stddef.h>

/* Longer lines are not compared: ids are taken into memory of this size. */
#define SCAN_ORACLE_LINE_MAX_BYTES 8192

enum scan_oracle_says {
	SCAN_ORACLE_NO_JSON,            /* to both */
	SCAN_ORACLE_NO_RECORD,          /* to both */
	SCAN_ORACLE_RECORD,             /* the same one to both */
	SCAN_ORACLE_DISAGREES,          /* this one and what follows: they do not agree */
	SCAN_ORACLE_ONLY_SCAN_TAKES = SCAN_ORACLE_DISAGREES,
	SCAN_ORACLE_ONLY_SCAN_REFUSES,
	SCAN_ORACLE_RECORD_MISSED,
	SCAN_ORACLE_ANOTHER_RECORD
};

/* Compares one line. Where json-c takes what RFC 8259 does not allow, its word does not count. */
enum scan_oracle_says scan_oracle_compare(const char *line, size_t len);

/* For people. */
const char *scan_oracle_text(enum scan_oracle_says says);

#endif
