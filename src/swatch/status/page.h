/*
 * status_page: the page of `swatch status`, from the daemon's answer. Pure: no socket, no file, no clock.
 *
 * For: cmd-status.c. First what a person looks for at three in the morning: is it running, is anything wrong, what to
 * do about it. Then the figures, what the daemon waits for, and the counters.
 */
#ifndef SWATCH_SWATCH_STATUS_PAGE_H
#define SWATCH_SWATCH_STATUS_PAGE_H

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>

#include "swatch/status/figures.h"
#include "swatch/ui/page.h"

/* Composes the page. `answer` may lack any field. */
void status_page_compose(struct page *page, struct json_object *answer, const struct figures *figures, int64_t now_ms);

/*
 * Adds what is wrong and what to do, each a paragraph of its own. Returns how many problems there are.
 * (status_problems.c)
 */
size_t status_page_add_problems(struct page *page, struct json_object *answer, int64_t now_ms);

/* A path of members, each an object: number(answer, "refresh", "runs"); 0 when it is not there. */
int64_t status_number(struct json_object *answer, const char *section, const char *key);

/* The same for text; NULL when it is not there or empty. */
const char *status_text(struct json_object *answer, const char *section, const char *key);

/* The array `section`.`key`, or NULL; *length is then 0. */
struct json_object *status_array(struct json_object *answer, const char *section, const char *key, size_t *length);

#endif
