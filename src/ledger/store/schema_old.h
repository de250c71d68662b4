/*
 * store/schema_old: the tables of earlier versions of the ledger's file.
 *
 * For: steps.c, which makes tables of the version in force (schema.h) of them. They repeat what has not
 * changed since: an old file stays as it was when the tables in force change.
 */
#ifndef SWATCH_LEDGER_STORE_SCHEMA_OLD_H
#define SWATCH_LEDGER_STORE_SCHEMA_OLD_H

/* Makes the tables of these versions in an empty file. */
extern const char store_schema_1[];
extern const char store_schema_2[];

/* What puts the tables of version 1 aside, and what takes their rows over into those of version 2: without
 * sums. */
extern const char store_step_1_to_2[];
extern const char store_step_1_to_2_copy[];

/*
 * The same for the tables that version 3 has otherwise. Messages are taken over one by one, between them, by
 * store_step_2_to_3_message: ?2 is the id before.
 */
extern const char store_step_2_to_3[];
extern const char store_step_2_to_3_message[];
extern const char store_step_2_to_3_copy[];
extern const char store_step_2_to_3_end[];

#endif
