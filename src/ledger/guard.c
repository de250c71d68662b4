/*
 * What was purged does not come back: somebody says which records the ledger refuses.
 */
#include <string.h>

#include "ledger/internal.h"

void ledger_set_guard(struct ledger *ledger,
		      bool (*refuses)(void *ctx, const struct ledger_question *question),
		      void (*forget)(void *ctx), void *ctx)
{
	if (ledger->guard.forget)
		ledger->guard.forget(ledger->guard.ctx);
	ledger->guard = (struct ledger_guard){ refuses, forget, ctx };
}

uint64_t ledger_hash_of_advisor(uint64_t id_hash, unsigned advisor)
{
	const uint64_t own[] = { id_hash, advisor };
	return advisor > 0 ? strmap_hash(own, sizeof(own)) : id_hash;
}

bool ledger_guard_refuses(const struct ledger *ledger, int file, const struct ledger_record *record)
{
	if (!ledger->guard.refuses)
		return false;
	const struct ledger_file *f = &ledger->files.list[file];
	const char *below = f->path + f->root_len, *slash = strchr(below, '/');
	const char *session = ledger->sessions.list[f->session].id;
	const struct ledger_question question = {
		.time_ms = record->time_ms,
		.has_id = record->has_id,
		.key = ledger_hash_of_advisor(record->id_hash, record->advisor),
		.request = record->request_hash,
		.project = { below, slash ? (size_t)(slash - below) : 0 },
		.session = record->payer.data ? record->payer : (struct slice){ session, strlen(session) },
	};
	return ledger->guard.refuses(ledger->guard.ctx, &question);
}
