#include "ledger/store/why.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/unused.h"

/* The last call of this thread's that SQLite's log tells of: SQLite's result, and the system's errno. */
static _Thread_local int logged_result, logged_errno;

/* "os_unix.c:45121: (5) unlink(/home/u/ledger.db-journal) - Input/output error" */
static void note_log(void *ctx UNUSED, int result, const char *message)
{
	static const char file_is[] = "os_unix.c:", errno_is[] = ": (";
	const char *at = strncmp(message, file_is, strlen(file_is)) == 0 ? strstr(message, errno_is) : NULL;
	if (!at)
		return;
	logged_result = result;
	logged_errno = (int)strtol(at + strlen(errno_is), NULL, 10);
}

/* SQLite refuses it when it is in use already: then its own words have to do. */
static void listen_to_log(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_LOG, note_log, NULL);
}

void store_why_listen(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	(void)pthread_once(&once, listen_to_log);
}

const char *store_why(sqlite3 *db, int result)
{
	int reason = 0;
	if ((result & 0xff) == SQLITE_IOERR)
		reason = db ? sqlite3_system_errno(db) : 0;
	/* Some calls, such as unlink(2), are in its log alone. */
	if ((result & 0xff) == SQLITE_IOERR && reason == 0 && result == logged_result)
		reason = logged_errno;
	return reason > 0 ? strerror(reason) : sqlite3_errstr(result);
}
