#include "swatchd/daemon/gone.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/unused.h"
#include "cache/read.h"
#include "cache/write.h"
#include "swatchd/daemon/facts.h"
#include "swatchd/daemon/recall.h"
#include "swatchd/loop/loop.h"

/* The longest window of the figures is the week. */
#define KEPT_MS (8 * CLOCK_DAY_MS)
/* About 200 bytes each: the file stays below CACHE_READ_MAX_BYTES. The newest are kept. */
#define KEPT_MAX 16000
#define TOKEN_KINDS 5
/* After a transcript went: others may follow it. */
#define SETTLE_MS INT64_C(100)
#define ID_DIGITS 16
/* No limit lasts longer than a month. */
#define LIMIT_MAX_MS (32 * CLOCK_DAY_MS)

/* ---- saving ---- */

struct kept_list {
	struct ledger_kept *all;
	size_t count, cap;
};

static int compare_files(const void *a, const void *b)
{
	const struct ledger_kept *left = a, *right = b;
	if (left->file != right->file)
		return left->file < right->file ? -1 : 1;
	return (left->record.offset > right->record.offset) - (left->record.offset < right->record.offset);
}

static bool append(struct kept_list *list, const struct ledger_kept *kept)
{
	if (!array_reserve(&list->all, &list->cap, list->count + 1, sizeof(*list->all)))
		return false;
	list->all[list->count++] = *kept;
	return true;
}

/* Returns false when memory ran out. */
static bool gather(struct daemon *daemon, struct kept_list *list)
{
	struct ledger_kept kept;
	int64_t since_ms = clock_wall_ms() - KEPT_MS;
	daemon_recall_rest(daemon);
	size_t first = ledger_entries_before(daemon->ledger, since_ms);
	for (size_t i = 0; ledger_kept_limit_at(daemon->ledger, i, &kept); i++)
		/* An entry's marker comes with it. */
		if (kept.only_limit && kept.gone && kept.record.time_ms >= since_ms && !append(list, &kept))
			return false;
	for (size_t i = ledger_count(daemon->ledger); i > first && list->count < KEPT_MAX; i--)
		if (ledger_kept_at(daemon->ledger, i - 1, &kept) && !append(list, &kept))
			return false;
	if (list->count > 0)
		qsort(list->all, list->count, sizeof(*list->all), compare_files);
	return true;
}

static void put_tokens(struct jsonw *w, const char *key, const struct price_tokens *tokens)
{
	jsonw_key_array(w, key);
	jsonw_int(w, tokens->input);
	jsonw_int(w, tokens->output);
	jsonw_int(w, tokens->cache_creation_5m);
	jsonw_int(w, tokens->cache_creation_1h);
	jsonw_int(w, tokens->cache_read);
	jsonw_end_array(w);
}

static void put_flag(struct jsonw *w, const char *key, bool value)
{
	if (value)
		jsonw_put_bool(w, key, true);
}

static void put_limit(struct jsonw *w, const struct ledger_record *record)
{
	if (!record->is_limit)
		return;
	jsonw_key_object(w, "limit");
	if (record->limit_name.data) {
		jsonw_key(w, "name");
		jsonw_string_len(w, record->limit_name.data, record->limit_name.len);
	}
	if (record->limit_resets_ms > 0)
		jsonw_put_int(w, "resetsAt", record->limit_resets_ms);
	put_flag(w, "old", record->limit_is_old_form);
	jsonw_end_object(w);
}

static void put_usage(struct jsonw *w, const struct ledger_record *record)
{
	char id[ID_DIGITS + 1];
	if (record->has_id) {
		snprintf(id, sizeof(id), "%016llx", (unsigned long long)record->id_hash);
		jsonw_put_string(w, "id", id);
		jsonw_put_int(w, "request", record->request_hash);
	}
	jsonw_key(w, "model");
	jsonw_string_len(w, record->model.data, record->model.len);
	put_tokens(w, "tokens", &record->tokens);
	if (record->in_parts)
		put_tokens(w, "large", &record->large);
	if (record->has_cost)
		jsonw_put_double(w, "costUSD", record->cost_usd);
	if (record->payer.data) {
		jsonw_key(w, "payer");
		jsonw_string_len(w, record->payer.data, record->payer.len);
	}
	if (record->extras.web_searches > 0)
		jsonw_put_int(w, "webSearches", record->extras.web_searches);
	put_flag(w, "usOnly", record->extras.us_only);
	put_flag(w, "batch", record->extras.batch);
	put_flag(w, "speed", record->has_speed);
	put_flag(w, "fast", record->fast);
	put_flag(w, "sidechain", record->sidechain);
	put_flag(w, "lost", record->lost_by_reference);
}

static void put_message(struct jsonw *w, const struct ledger_kept *kept)
{
	jsonw_begin_object(w);
	jsonw_put_int(w, "time", kept->record.time_ms);
	jsonw_put_int(w, "offset", kept->record.offset);
	if (!kept->only_limit)
		put_usage(w, &kept->record);
	put_limit(w, &kept->record);
	jsonw_end_object(w);
}

static void put_transcripts(struct jsonw *w, const struct kept_list *list)
{
	for (size_t i = 0, next; i < list->count; i = next) {
		const struct ledger_kept *kept = &list->all[i];
		jsonw_begin_object(w);
		jsonw_put_string(w, "path", kept->path);
		jsonw_put_int(w, "rootLength", (int64_t)kept->root_len);
		jsonw_put_string(w, "sessionId", kept->session_id);
		jsonw_put_bool(w, "subagent", kept->subagent);
		jsonw_key_array(w, "messages");
		for (next = i; next < list->count && list->all[next].file == kept->file; next++)
			put_message(w, &list->all[next]);
		jsonw_end_array(w);
		jsonw_end_object(w);
	}
}

static void save(struct daemon *daemon)
{
	struct kept_list list = { NULL, 0, 0 };
	AUTO_BUF content = BUF_INIT;
	struct jsonw w;
	if (!daemon->gone.changed)
		return;
	daemon->gone.changed = false;
	/* The ledger's file has it, or will have it in a moment. */
	if (daemon->keep.store && !daemon->keep.is_failing)
		return;
	bool good = gather(daemon, &list);
	errno = ENOMEM;
	if (good && list.count == 0) {
		good = cache_remove_own_file(daemon->options.cache_fd, CACHE_GONE_FILE) >= 0;
	} else if (good) {
		jsonw_init(&w, &content);
		jsonw_begin_object(&w);
		jsonw_put_int(&w, "schema", CACHE_SCHEMA);
		jsonw_put_string(&w, "writer", CACHE_WRITER);
		jsonw_key_array(&w, "transcripts");
		put_transcripts(&w, &list);
		jsonw_end_array(&w);
		jsonw_end_object(&w);
		buf_append_char(&content, '\n');
		good = !content.failed
		    && cache_write_file(daemon->options.cache_fd, CACHE_GONE_FILE, content.data, content.len)
			       == 0;
	}
	if (!good && !daemon->gone.save_failed)
		log_warning(
			"cannot write %s/%s: %s; after a restart,"
			" what deleted transcripts said does not count",
			daemon->options.cache_path, CACHE_GONE_FILE, strerror(errno));
	daemon->gone.save_failed = !good;
	daemon->gone.has_file = list.count > 0 || (!good && daemon->gone.has_file);
	free(list.all);
	if (good)
		return;
	/* No later change may come, and the disk may have room again. */
	daemon->gone.changed = true;
	loop_set_timer(daemon->loop, &daemon->gone.settle, PUBLISH_RETRY_MS);
}

void daemon_drop_gone(struct daemon *daemon)
{
	if (daemon->gone.has_file)
		daemon->gone.has_file = cache_remove_own_file(daemon->options.cache_fd, CACHE_GONE_FILE) < 0;
}

/* ---- what follows ---- */

void daemon_note_gone(struct daemon *daemon, const struct session *session)
{
	daemon->gone.changed = true;
	daemon->gone.lost_session = daemon->gone.lost_session || session;
	if (!ev_is_active(&daemon->gone.settle))
		loop_set_timer(daemon->loop, &daemon->gone.settle, SETTLE_MS);
}

void daemon_settle_gone(struct daemon *daemon)
{
	ev_timer_stop(daemon->loop, &daemon->gone.settle);
	/* The end of the first walk judges all sessions. */
	if (daemon->gone.lost_session && !daemon->history.first_walk)
		expire_run(&daemon->expire);
	daemon->gone.lost_session = false;
	save(daemon);
}

static void on_settle(struct ev_loop *loop UNUSED, ev_timer *watcher, int revents UNUSED)
{
	daemon_settle_gone(watcher->data);
}

void daemon_start_gone(struct daemon *daemon)
{
	ev_init(&daemon->gone.settle, on_settle);
	daemon->gone.settle.data = daemon;
}

void daemon_stop_gone(struct daemon *daemon)
{
	if (!daemon->cache.lost)
		save(daemon);
	ev_timer_stop(daemon->loop, &daemon->gone.settle);
}

/* ---- taking back ---- */

static bool read_tokens(struct json_object *message, const char *key, struct price_tokens *out)
{
	size_t count;
	struct json_object *list = json_get_array(message, key, &count);
	int64_t at[TOKEN_KINDS];
	if (count != TOKEN_KINDS)
		return false;
	for (size_t i = 0; i < count; i++) {
		struct json_object *item = json_object_array_get_idx(list, i);
		at[i] = json_object_is_type(item, json_type_int) ? json_object_get_int64(item) : -1;
		if (at[i] < 0 || at[i] > UINT32_MAX)
			return false;
	}
	*out = (struct price_tokens){ at[0], at[1], at[2], at[3], at[4] };
	return true;
}

static bool read_id(struct json_object *message, struct ledger_record *out)
{
	const char *id = json_get_string(message, "id");
	int64_t request = json_get_int(message, "request", 0);
	out->has_id = id != NULL;
	if (!id)
		return true;
	if (strlen(id) != ID_DIGITS || strspn(id, "0123456789abcdef") != ID_DIGITS || request < 0
	    || request > UINT32_MAX)
		return false;
	out->id_hash = strtoull(id, NULL, 16);
	out->request_hash = (uint32_t)request;
	return true;
}

/* The name stays the JSON's. The ledger checks it. */
static void read_limit(struct json_object *limit, struct ledger_record *out)
{
	const char *name = json_get_string(limit, "name");
	int64_t resets_ms = json_get_int(limit, "resetsAt", 0);
	if (!limit)
		return;
	out->is_limit = true;
	out->limit_resets_ms = resets_ms > 0 && resets_ms < out->time_ms + LIMIT_MAX_MS ? resets_ms : 0;
	out->limit_is_old_form = json_get_bool(limit, "old", false);
	if (name)
		out->limit_name = (struct slice){ name, strlen(name) };
}

static void read_extras(struct json_object *message, struct price_extras *out)
{
	int64_t searches = json_get_int(message, "webSearches", 0);
	if (searches > 0 && searches <= UINT32_MAX)
		out->web_searches = (uint32_t)searches;
	out->us_only = json_get_bool(message, "usOnly", false);
	out->batch = json_get_bool(message, "batch", false);
}

/* When and where it was said. Returns false when we cannot have written it, or when it is too old. */
static bool read_place(struct json_object *message, int64_t now_ms, struct ledger_record *out)
{
	memset(out, 0, sizeof(*out));
	out->time_ms = json_get_int(message, "time", 0);
	out->offset = json_get_int(message, "offset", -1);
	if (out->time_ms < now_ms - KEPT_MS || out->time_ms > now_ms + CLOCK_DAY_MS || out->offset < 0)
		return false;
	read_limit(json_get_object(message, "limit"), out);
	return true;
}

/* The rest of a message. The strings stay the JSON's. Returns false when we cannot have written it. */
static bool read_usage(struct json_object *message, struct ledger_record *out)
{
	const char *model = json_get_string(message, "model"), *payer = json_get_string(message, "payer");
	if (!model || strlen(model) > PRICE_MODEL_MAX || strpbrk(model, "\\\"") || !read_id(message, out)
	    || !read_tokens(message, "tokens", &out->tokens))
		return false;
	out->model = (struct slice){ model, strlen(model) };
	out->in_parts = read_tokens(message, "large", &out->large);
	out->cost_usd = json_get_double(message, "costUSD", NAN);
	out->has_cost = out->cost_usd >= 0. && out->cost_usd <= 1e9;
	if (!out->has_cost)
		out->cost_usd = 0.;
	if (payer && cache_session_id_is_valid(payer, strlen(payer))) {
		out->payer = (struct slice){ payer, strlen(payer) };
		out->payer_is_told = true;
	}
	read_extras(message, &out->extras);
	out->has_speed = json_get_bool(message, "speed", false);
	out->fast = json_get_bool(message, "fast", false);
	out->sidechain = json_get_bool(message, "sidechain", false);
	out->lost_by_reference = json_get_bool(message, "lost", false);
	return true;
}

/* Returns how many of its messages were added. */
static size_t take_transcript(struct daemon *daemon, struct json_object *written, int64_t now_ms)
{
	const char *path = json_get_string(written, "path"), *id = json_get_string(written, "sessionId");
	int64_t root_len = json_get_int(written, "rootLength", 0);
	size_t count, added = 0;
	struct json_object *messages = json_get_array(written, "messages", &count);
	if (!path || path[0] != '/' || strlen(path) >= SESSION_PATH_MAX || root_len <= 0
	    || (size_t)root_len >= strlen(path) || path[root_len - 1] != '/' || !id
	    || (id[0] && !cache_session_id_is_valid(id, strlen(id))) || count == 0)
		return 0;
	/* The ledger's file may know it, too: then its limit markers belong to the same messages. */
	int file = ledger_find_lost_file(daemon->ledger, path);
	if (file < 0)
		file = ledger_add_lost_file(daemon->ledger, path, (size_t)root_len, id,
					    json_get_bool(written, "subagent", false));
	if (file < 0)
		return 0;
	/* It could not be written to the ledger's file: otherwise it would not be here. */
	struct ledger_kept facts;
	ledger_file_facts(daemon->ledger, file, &facts);
	ledger_set_saved(daemon->ledger, file, facts.version, 0);
	for (size_t i = 0; i < count; i++) {
		struct ledger_record record;
		struct json_object *message = json_object_array_get_idx(messages, i);
		if (!read_place(message, now_ms, &record))
			continue;
		if (record.is_limit && !json_get_string(message, "model"))
			ledger_note_kept_limit(daemon->ledger, file, &record, false);
		else if (read_usage(message, &record))
			added += ledger_add_record(daemon->ledger, file, &record) > 0;
		if (record.is_limit)
			daemon_note_record_hit(daemon, file, &record, record.model.data != NULL);
	}
	return added;
}

void daemon_take_gone(struct daemon *daemon)
{
	AUTO_JSON *file = cache_read_json(daemon->options.cache_fd, CACHE_GONE_FILE);
	daemon->gone.has_file = file || errno != ENOENT;
	if (!file && errno != ENOENT)
		log_warning("cannot read %s/%s: %s; what deleted transcripts said does not count any more",
			    daemon->options.cache_path, CACHE_GONE_FILE,
			    errno == EBADMSG ? "it is damaged" : strerror(errno));
	size_t count, added = 0;
	struct json_object *list = json_get_array(file, "transcripts", &count);
	for (size_t i = 0; i < count && added < KEPT_MAX; i++)
		added += take_transcript(daemon, json_object_array_get_idx(list, i), clock_wall_ms());
	if (added > 0)
		log_info("%zu message%s of deleted or rewritten transcripts still count%s", added,
			 added == 1 ? "" : "s", added == 1 ? "s" : "");
}
