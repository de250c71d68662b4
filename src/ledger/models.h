/*
 * ledger/models: the models by number, what each costs, and the sums of each.
 *
 * For: the parts of the ledger. Prices are looked up once a model, and again when another price book comes.
 */
#ifndef SWATCH_LEDGER_MODELS_H
#define SWATCH_LEDGER_MODELS_H

#include "base/strmap.h"
#include "ledger/record.h"
#include "ledger/sums.h"

/* Models beyond the table whose prices are kept. */
#define LEDGER_OTHERS_MAX 4096

struct ledger_model_row {
	char *name;
	char *priced_as;         /* the name that its prices are looked up by; NULL when it has none */
	uint16_t other;          /* its number among the others; LEDGER_OTHERS_MAX for one of the table */
	const struct price *price;
	double factor;
	const struct price *reference;  /* the compiled-in price; NULL when ccusage counts it as 0 */
	double reference_factor;
	bool silent;             /* never shown in a list; another row may have the same name and be shown */
	int64_t last_ms;         /* when it last answered; 0: never */
	struct ledger_sums sums;
};

#define LEDGER_LAST_MODELS 4

/* A model as a record had it. */
struct ledger_last_model {
	char name[PRICE_MODEL_MAX];
	size_t len;                  /* 0: free */
	bool fast;
	size_t number;
};

struct ledger_models {
	const struct price_book *book;
	bool extras;             /* costs have the fees and surcharges in them */
	struct ledger_model_row list[LEDGER_MODELS_MAX];
	size_t count;
	/*
	 * The models of the row "(other models)", for their prices; further ones keep what they cost when
	 * they came.
	 */
	struct strmap others_by_name;      /* -> struct ledger_model_row */
	struct ledger_model_row **others;
	size_t other_count, other_cap;
	/* The models of the last records: most name one of them. The next one goes to next_last. */
	struct ledger_last_model last[LEDGER_LAST_MODELS];
	size_t next_last;
};

/*
 * The number of a record's model (it is given one); -1 when memory ran out. The last row takes what comes
 * when the table is full; *priced has the model's own prices in any case, and may be `scratch`, filled.
 */
int ledger_models_number(struct ledger_models *models, const struct ledger_record *record,
			 const struct ledger_model_row **priced, struct ledger_model_row *scratch);

/*
 * Sets what an entry without a cost of its own costs by the row's prices, and whether it has a price at all.
 * `large`: the tokens in large requests of an entry of several requests; otherwise NULL. `extras`: what its
 * line says of them.
 */
void ledger_models_price(const struct ledger_models *models, struct ledger_entry *entry,
			 const struct ledger_model_row *row, const struct price_tokens *large,
			 const struct price_extras *extras);

/* The row with the prices of an entry; NULL when they were not kept, and the entry's cost stays as it is. */
const struct ledger_model_row *ledger_models_row_of(const struct ledger_models *models,
						    const struct ledger_entry *entry);

/* Prices by another book (NULL: the compiled-in prices alone) from now on: looks all models up again. */
void ledger_models_set_book(struct ledger_models *models, const struct price_book *book);

/* Adds an entry to its model's sums (`sign` 1), or takes it out again (-1). */
void ledger_models_account(struct ledger_models *models, const struct ledger_entry *entry, int sign);

/* Keeps when a model last answered. */
void ledger_models_note_answer(struct ledger_models *models, const struct ledger_entry *entry);

void ledger_models_forget_sums(struct ledger_models *models);

/* The models with entries that lists show: bit n is model n. */
uint64_t ledger_models_shown(const struct ledger_models *models, const uint32_t entries[LEDGER_MODELS_MAX]);

void ledger_models_release(struct ledger_models *models);

#endif
