/*
 * status/answer: reads the daemon's answer to "status", of which any part may be missing.
 *
 * For: the page of status, the findings, doctor.
 */
#ifndef SWATCH_SWATCH_STATUS_ANSWER_H
#define SWATCH_SWATCH_STATUS_ANSWER_H

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>

/* The number at `section`.`key`; 0 when it is missing. */
int64_t status_number(struct json_object *answer, const char *section, const char *key);

/* The text at `section`.`key`; NULL when it is missing or empty. */
const char *status_text(struct json_object *answer, const char *section, const char *key);

/* The array at `section`.`key`, or NULL; *length is then 0. */
struct json_object *status_array(struct json_object *answer, const char *section, const char *key,
				 size_t *length);

#endif
