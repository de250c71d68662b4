#include "ledger/store/numbers.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/printable.h"
#include "base/slice.h"
#include "ledger/store/statement.h"

/* For a machine without a name. */
#define NAMELESS_HOST "localhost"

static const char *const tables[STORE_NAMES] = { "session", "model", "branch", "host" };

void store_numbers_find_host(char out[STORE_HOST_SIZE])
{
	if (gethostname(out, STORE_HOST_SIZE - 1) != 0 || !out[0])
		snprintf(out, STORE_HOST_SIZE, "%s", NAMELESS_HOST);
	out[STORE_HOST_SIZE - 1] = '\0';
	printable_mask(out, strlen(out));
}

static int prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out)
{
	return sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);
}

int store_numbers_open(sqlite3 *db, struct store_numbers *numbers)
{
	char sql[120];
	int result = SQLITE_OK;
	*numbers = (struct store_numbers){ .db = db };
	store_numbers_find_host(numbers->host);
	for (int i = 0; i < STORE_NAMES && result == SQLITE_OK; i++) {
		snprintf(sql, sizeof(sql), "SELECT id FROM %s WHERE name = ?1", tables[i]);
		result = prepare(db, sql, &numbers->find[i]);
		snprintf(sql, sizeof(sql), "INSERT INTO %s (name) VALUES (?1) RETURNING id", tables[i]);
		if (result == SQLITE_OK)
			result = prepare(db, sql, &numbers->add[i]);
	}
	if (result == SQLITE_OK)
		result = prepare(db, "SELECT id FROM profile WHERE host = ?1 AND root = ?2",
				 &numbers->find_profile);
	if (result == SQLITE_OK)
		result = prepare(db,
				 "INSERT INTO profile (host, root, label) VALUES (?1, ?2, ?3)"
				 " RETURNING id",
				 &numbers->add_profile);
	return result;
}

void store_numbers_forget(struct store_numbers *numbers)
{
	for (int i = 0; i < STORE_NAMES; i++)
		strmap_release(&numbers->known[i]);
}

int store_numbers_find(struct store_numbers *numbers, enum store_name kind, const char *name,
		       int64_t *number)
{
	*number = 0;
	if (!name || !name[0])
		return SQLITE_OK;
	*number = (intptr_t)strmap_get(&numbers->known[kind], name);
	if (*number > 0)
		return SQLITE_OK;
	store_statement_bind_text(numbers->find[kind], 1, name);
	int result = store_statement_ask(numbers->find[kind], number);
	if (result == SQLITE_OK && *number == 0) {
		store_statement_bind_text(numbers->add[kind], 1, name);
		result = store_statement_ask(numbers->add[kind], number);
	}
	/* Without memory it is asked again. */
	if (result == SQLITE_OK && *number > 0)
		(void)strmap_put(&numbers->known[kind], name, (void *)(intptr_t)*number);
	return result;
}

/* The name of the directory above projects/. */
static struct slice label_of(const char *root, size_t len)
{
	const char *end = memrchr(root, '/', len);
	const char *start = end ? memrchr(root, '/', (size_t)(end - root)) : NULL;
	return start ? (struct slice){ start + 1, (size_t)(end - start - 1) } : (struct slice){ "", 0 };
}

int store_numbers_find_profile(struct store_numbers *numbers, const char *host_name, const char *root,
			       size_t root_len, int64_t *number)
{
	int64_t host;
	while (root_len > 1 && root[root_len - 1] == '/')
		root_len--;
	*number = 0;
	if (root_len == 0)
		return SQLITE_OK;
	int result =
		store_numbers_find(numbers, STORE_NAME_HOST, host_name ? host_name : numbers->host, &host);
	if (result != SQLITE_OK)
		return result;
	(void)sqlite3_bind_int64(numbers->find_profile, 1, host);
	(void)sqlite3_bind_text(numbers->find_profile, 2, root, (int)root_len, SQLITE_STATIC);
	result = store_statement_ask(numbers->find_profile, number);
	if (result != SQLITE_OK || *number != 0)
		return result;
	struct slice label = label_of(root, root_len);
	(void)sqlite3_bind_int64(numbers->add_profile, 1, host);
	(void)sqlite3_bind_text(numbers->add_profile, 2, root, (int)root_len, SQLITE_STATIC);
	(void)sqlite3_bind_text(numbers->add_profile, 3, label.data, (int)label.len, SQLITE_STATIC);
	return store_statement_ask(numbers->add_profile, number);
}

void store_numbers_release(struct store_numbers *numbers)
{
	for (int i = 0; i < STORE_NAMES; i++) {
		sqlite3_finalize(numbers->find[i]);
		sqlite3_finalize(numbers->add[i]);
	}
	store_numbers_forget(numbers);
	sqlite3_finalize(numbers->find_profile);
	sqlite3_finalize(numbers->add_profile);
	*numbers = (struct store_numbers){ .db = NULL };
}
