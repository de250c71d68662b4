/*
 * names: the fields and types of lines that Claude Code has written up to 2.1.284. Another one shows that the
 * format changed.
 *
 * For: scan.c.
 */
#ifndef SWATCH_TRANSCRIPT_NAMES_H
#define SWATCH_TRANSCRIPT_NAMES_H

#include "json/walk.h"

/* Whether a line's "type" is known. */
bool scan_type_is_known(struct slice name);

/* Whether a field at a line's top level is known. */
bool scan_field_is_known(struct slice name);

#endif
