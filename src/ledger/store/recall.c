#include "ledger/store/recall.h"

#include "base/paths.h"
#include "base/scope.h"
#include "ledger/store/database.h"
#include "ledger/store/read.h"
#include "ledger/store/tombs.h"

int64_t store_recall_from(sqlite3 *db, const char *path, const struct data_dirs *dirs, struct ledger *ledger,
			  struct store_known_list *known, struct buf *error)
{
	size_t messages = 0;
	int result = store_tombs_guard(db, ledger);
	if (result == SQLITE_OK)
		result = store_known_read(db, dirs, known);
	if (result == SQLITE_OK)
		result = store_read_lost(db, known, ledger, &messages);
	if (result == SQLITE_OK)
		return (int64_t)messages;
	buf_printf(error, "cannot read %s: %s", path, sqlite3_errstr(result));
	return -1;
}

int64_t store_recall_read_only(const struct data_dirs *dirs, struct ledger *ledger, struct buf *error)
{
	AUTO_FREE char *path = store_default_path();
	struct store_known_list known = { 0 };
	sqlite3 *db;
	if (!path) {
		buf_printf(error, "cannot tell where the ledger's file is: %s", paths_why_none());
		return -1;
	}
	enum store_opened opened = store_database_open_read_only(path, &db, error);
	if (opened != STORE_OPENED)
		return opened == STORE_MISSING ? 0 : -1;
	int64_t messages = store_recall_from(db, path, dirs, ledger, &known, error);
	store_known_release(&known);
	store_database_close(db);
	return messages;
}
