/*
 * ui/audit_text: what ccusage's last answer says about swatch's figures, for people.
 *
 * For: status and doctor, from the daemon's answer and from billing-shared.json.
 */
#ifndef SWATCH_SWATCH_UI_AUDIT_TEXT_H
#define SWATCH_SWATCH_UI_AUDIT_TEXT_H

#include <json-c/json.h>

#include "base/buf.h"

enum audit_verdict {
	AUDIT_NONE,        /* ccusage has not answered: nothing is appended */
	AUDIT_EQUAL,
	AUDIT_EXPLAINED,   /* every cent of the difference has a known reason */
	AUDIT_DRIFT
};

/*
 * Appends "ccusage agrees", or "ccusage counts $0.50 more: no_request_id", from the members differenceUSD,
 * driftUSD and reasons of `audit`, which may be NULL.
 */
enum audit_verdict audit_text(struct json_object *audit, struct buf *out);

#endif
