/*
 * What must be right in the end: the figures that one daemon has kept through all of this are those of a
 * fresh start, and those of ccusage.
 */
#include "night.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache/names.h"
#include "cache/read.h"

/* What a session's file says of its transcript as it is there; and what of all that was ever read. */
static const char *const transcript_fields[] = { "sessionId",
						 "projectPath",
						 "transcriptPath",
						 "transcript.exists",
						 "transcript.sizeBytes",
						 "transcript.lastModified",
						 "transcript.messageCount",
						 "transcript.lastMessageTime",
						 "transcript.lastMessagePreview",
						 "transcript.isSynced",
						 "model.id",
						 "model.value",
						 "context.tokensUsed",
						 "context.tokensLeft",
						 "context.percentUsed",
						 "context.windowSize",
						 "git.branch",
						 "health.status",
						 NULL };
static const char *const account_fields[] = {
	"tokens", "models", "subagents", "billing.sessionCost", "billing.sessionTokens", NULL
};
static const char *const billing_fields[] = { "costToday",     "burnRatePerHour",   "resetTime",
					      "totalTokens",   "tokensPerMinute",   "source",
					      "today",	       "unpricedModels",    "native",
					      "block.id",      "block.endTime",	    "block.actualEndTime",
					      "block.entries", "block.tokenCounts", "block.costUSD",
					      "block.models",  "block.burnRate",    NULL };
/* Without those of the block that ccusage's view decides. */
static const char *const native_fields[] = { "costToday", "today", "native", NULL };

static struct json_object *get(struct json_object *object, const char *path)
{
	char key[64];
	while (object && *path) {
		size_t len = strcspn(path, ".");
		snprintf(key, sizeof(key), "%.*s", (int)len, path);
		struct json_object *member = NULL;
		if (!json_object_is_type(object, json_type_object)
		    || !json_object_object_get_ex(object, key, &member))
			return NULL;
		object = member;
		path += len + (path[len] == '.');
	}
	return object;
}

static bool is_number(struct json_object *value)
{
	return json_object_is_type(value, json_type_int) || json_object_is_type(value, json_type_double);
}

static bool is_same(struct json_object *a, struct json_object *b);

/* Lists of models are in the order in which they were met. */
static bool is_in(struct json_object *list, struct json_object *value)
{
	for (size_t i = 0; i < json_object_array_length(list); i++)
		if (is_same(json_object_array_get_idx(list, i), value))
			return true;
	return false;
}

/* Sums of money may be added up in another order. */
static bool is_same(struct json_object *a, struct json_object *b)
{
	if (is_number(a) && is_number(b)) {
		double left = json_object_get_double(a), right = json_object_get_double(b);
		return fabs(left - right) <= 1e-9 * fmax(1., fmax(fabs(left), fabs(right)));
	}
	if (json_object_is_type(a, json_type_array) && json_object_is_type(b, json_type_array)) {
		size_t count = json_object_array_length(a);
		if (json_object_array_length(b) != count)
			return false;
		for (size_t i = 0; i < count; i++)
			if (!is_in(b, json_object_array_get_idx(a, i)))
				return false;
		return true;
	}
	if (json_object_is_type(a, json_type_object) && json_object_is_type(b, json_type_object)) {
		if (json_object_object_length(a) != json_object_object_length(b))
			return false;
		json_object_object_foreach(a, key, value) {
			struct json_object *other = NULL;
			if (!json_object_object_get_ex(b, key, &other) || !is_same(value, other))
				return false;
		}
		return true;
	}
	return json_object_equal(a, b);
}

static size_t hold(const char *name, struct json_object *kept, struct json_object *fresh,
		   const char *const fields[])
{
	size_t compared = 0;
	for (; *fields; fields++, compared++) {
		struct json_object *left = get(kept, *fields), *right = get(fresh, *fields);
		if (!is_same(left, right))
			problem("%s of %s is %s, but %s in a fresh start", *fields, name,
				json_object_to_json_string(left), json_object_to_json_string(right));
	}
	return compared;
}

/* ---- fresh starts ---- */

static int open_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		broken("open", path);
	return fd;
}

/* A fresh daemon's files; returns a descriptor of their directory. */
static int publish_fresh(const char *home, const char *name)
{
	char cache[128], config[128], out[128];
	char cache_option[] = "--cache", config_option[] = "--config", once[] = "--once",
	     no_refresh[] = "--no-refresh";
	char *argv[] = {
		night.daemon_path, once, no_refresh, cache_option, cache, config_option, config, NULL
	};
	snprintf(cache, sizeof(cache), "%s/%s", night.home, name);
	snprintf(config, sizeof(config), "%s/%s.conf", night.home, name);
	snprintf(out, sizeof(out), "%s/%s.log", night.home, name);
	write_file(config, "[billing]\nsource = native\n[sessions]\nmax_files = 100000\n");
	int status = run_program(argv, home, out);
	if (status != 0)
		problem("swatchd --once ended with status %d: %s", status, out);
	return open_directory(cache);
}

/* A home with what is there, and what was there. */
static void make_union(char *home, size_t size)
{
	struct buf script = BUF_INIT;
	snprintf(home, size, "%s/union", night.home);
	buf_printf(
		&script,
		"set -e; mkdir -p %s/.claude; cp -al %s %s/.claude/projects; cd %s/.claude/projects; "
		"[ ! -d %s ] || cp -al %s/. .; [ -d %s ] || exit 0; find %s -type f | while read -r lost; do "
		"name=${lost#%s/}; cat \"./$name\" \"$lost\" >\"./$name.tmp\"; mv \"./$name.tmp\" "
		"\"./$name\"; done",
		home, night.projects, home, home, night.attic, night.attic, night.lost, night.lost,
		night.lost);
	if (run_shell(buf_str(&script)) != 0)
		broken("make", home);
	buf_release(&script);
}

/* Every session file that is there. Returns how many there are. */
static size_t hold_sessions(int kept_fd, int present_fd, int union_fd)
{
	char id[CACHE_SESSION_ID_MAX + 1];
	size_t sessions = 0;
	const struct dirent *entry;
	DIR *stream = opendir(night.cache);
	while (stream && (entry = readdir(stream))) {
		if (!cache_session_id_of_file(entry->d_name, id))
			continue;
		struct json_object *kept = cache_read_json(kept_fd, entry->d_name);
		struct json_object *present = cache_read_json(present_fd, entry->d_name);
		struct json_object *all = cache_read_json(union_fd, entry->d_name);
		bool exists = json_object_get_boolean(get(kept, "transcript.exists"));
		if (!kept || !all || exists != (present != NULL))
			problem("%s is %s, says that its transcript %s, and in a fresh start is %s",
				entry->d_name, kept ? "whole" : "not whole", exists ? "exists" : "is gone",
				present ? "there"
				: all	? "gone"
					: "nowhere");
		if (kept && present)
			(void)hold(entry->d_name, kept, present, transcript_fields);
		if (kept && all)
			(void)hold(entry->d_name, kept, all, account_fields);
		json_object_put(kept);
		json_object_put(present);
		json_object_put(all);
		sessions++;
	}
	if (stream)
		closedir(stream);
	return sessions;
}

static void hold_billing(int kept_fd, int fresh_fd, const char *const fields[])
{
	struct json_object *kept = cache_read_json(kept_fd, CACHE_BILLING_FILE);
	struct json_object *fresh = cache_read_json(fresh_fd, CACHE_BILLING_FILE);
	struct json_object *list = cache_read_json(kept_fd, CACHE_SESSIONS_FILE);
	(void)hold(CACHE_BILLING_FILE, kept, fresh, fields);
	if (!is_same(get(list, "global.totalCostToday"), get(fresh, "costToday")))
		problem("totalCostToday of %s is not that of a fresh start", CACHE_SESSIONS_FILE);
	printf("today: %s USD, fresh start %s; source %s; ccusage differs by %s USD\n",
	       json_object_to_json_string(get(kept, "costToday")),
	       json_object_to_json_string(get(fresh, "costToday")),
	       json_object_get_string(get(kept, "source")),
	       json_object_to_json_string(get(kept, "ccusage.driftUSD")));
	json_object_put(kept);
	json_object_put(fresh);
	json_object_put(list);
}

/* Those that work now have a file. */
static void hold_present(int kept_fd)
{
	for (long i = 0; i < night.session_count; i++) {
		char name[CACHE_NAME_SIZE];
		if (cache_session_file_name(night.shared->sessions[i].id, name)
		    && faccessat(kept_fd, name, F_OK, 0) != 0
		    && access(night.shared->sessions[i].path, F_OK) == 0)
			problem("no file of session %s, which works", night.shared->sessions[i].id);
	}
}

void judge_figures(void)
{
	char home[96];
	make_union(home, sizeof(home));
	int kept_fd = open_directory(night.cache);
	int present_fd = publish_fresh(night.home, "fresh"), union_fd = publish_fresh(home, "fresh-union");
	size_t sessions = hold_sessions(kept_fd, present_fd, union_fd);
	printf("held against a fresh start: %zu session files; ", sessions);
	hold_billing(kept_fd, union_fd, native_fields);
	hold_present(kept_fd);
	close(kept_fd);
	close(present_fd);
	close(union_fd);
}

void judge_verify(void)
{
	char out[96], verify[] = "verify", option[] = "--command", command[512];
	char *argv[] = { night.swatch_path, verify, option, command, NULL };
	int kept_fd = open_directory(night.cache), fresh_fd = publish_fresh(night.home, "fresh-again");
	size_t sessions = hold_sessions(kept_fd, fresh_fd, fresh_fd);
	printf("after a restart: %zu session files; ", sessions);
	hold_billing(kept_fd, fresh_fd, billing_fields);
	close(kept_fd);
	close(fresh_fd);
	if (!night.ccusage)
		return;
	snprintf(command, sizeof(command), "%s", night.ccusage);
	snprintf(out, sizeof(out), "%s/verify.out", night.home);
	int status = run_program(argv, night.home, out);
	if (status != 0)
		problem("swatch verify ended with status %d", status);
	char show[200];
	snprintf(show, sizeof(show), "head -n 12 %s | sed 's/^/verify: /'", out);
	(void)run_shell(show);
}
