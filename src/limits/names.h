/*
 * ledger/limit_names: what the server calls its limits: how long each one's window is, which models it holds
 * for, and what people read.
 *
 * For: everything that takes or shows a limit. The server may name any limit; the account's are "five_hour",
 * "seven_day" and "spend_limit", and "seven_day_opus" is a part of the week that holds for one family of
 * models. Functions take a name in either spelling, "seven_day_opus" or "sevenDayOpus". Pure.
 */
#ifndef SWATCH_LIMITS_NAMES_H
#define SWATCH_LIMITS_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RATE_LIMIT_NAME_SIZE 40
#define RATE_LIMIT_LABEL_SIZE 64
/* In the spelling of billing-shared.json. */
#define RATE_LIMIT_FIVE_HOUR "fiveHour"
#define RATE_LIMIT_SEVEN_DAY "sevenDay"
#define RATE_LIMIT_SPEND "spendLimit"
#define RATE_LIMIT_FIVE_HOUR_MS (INT64_C(5) * 3600 * 1000)
#define RATE_LIMIT_SEVEN_DAY_MS (INT64_C(7) * 24 * 3600 * 1000)

/*
 * "five_hour" to "fiveHour". Returns false unless the name is made of letters, digits and '_', at most
 * RATE_LIMIT_NAME_SIZE - 1 of them, a letter first.
 */
bool rate_limit_name(const char *told, size_t len, char out[RATE_LIMIT_NAME_SIZE]);

/* Whether it is one of the two that most accounts have, in the spelling of billing-shared.json. */
bool rate_limit_is_of_account(const char *name);

/* How long a limit's window is; 0 when it is not known. */
int64_t rate_limit_window_ms(const char *name);

/*
 * The family of models that a limit holds for, "opus", or one version of it, "opus-5-5"; "" for a limit of
 * all models. A word counts as a family when it is one of Claude's, or when `model` (may be NULL) has it in
 * its name.
 */
void rate_limit_model(const char *name, const char *model, char out[RATE_LIMIT_NAME_SIZE]);

/* Whether a limit holds for a model ("claude-opus-5-5"); for "", a model that is not known, all do. */
bool rate_limit_holds_for(const char *name, const char *model);

/* Whether `model` is of a family, or of one version of it, as rate_limit_model() gives it. */
bool rate_limit_is_of_model(const char *family, const char *model);

/* As short as it can be: "5h", "7d", "7d opus", "spend"; for other limits their words, "7d team". */
void rate_limit_label(const char *name, char out[RATE_LIMIT_LABEL_SIZE]);

/* For sentences: "5-hour limit", "7-day limit", "7-day Opus limit", "spending limit", "limit overage". */
void rate_limit_title(const char *name, char out[RATE_LIMIT_LABEL_SIZE]);

#endif
