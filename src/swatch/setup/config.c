/* One setting of swatch.conf, and the daemon that uses it. */
#include "swatch/setup/setup.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/slice.h"
#include "cache/read.h"
#include "json/get.h"
#include "swatch/cli/daemon_call.h"
#include "swatch/setup/person_file.h"

#define START_WAIT_MS 15000
#define END_WAIT_MS 10000
#define STEP_MS 50
#define ANSWER_TIMEOUT_MS 5000

/* ---- the file ---- */

bool setup_look_config(struct setup *setup, const char *section, const char *key, bool *has, bool *ours)
{
	AUTO_PERSON_FILE file = { 0 };
	AUTO_BUF error = BUF_INIT;
	size_t at = 0, len = 0;
	const char *path = setup->config_path;
	bool good = person_file_read(path, CONFIG_FILE_MAX_BYTES, &file, &error);
	if (!good)
		setup_fail(setup, "cannot read %s: %s", setup_path(path), buf_message(&error));
	*has = good && config_edit_find(buf_str(&file.text), file.text.len, section, key, &at, &len);
	const struct setup_change *change = setup_record_find(&setup->record, SETUP_CONFIG, path, section,
							      key);
	*ours = *has && change && slice_equals((struct slice){ file.text.data + at, len }, change->value);
	return good;
}

/* Whether swatchd will read the new file without a fault. */
static bool check_config(void *ctx, const char *path, struct buf *error)
{
	struct config config;
	AUTO_BUF faults = BUF_INIT;
	(void)ctx;
	if (!config_init(&config))
		return false;
	bool good = config_read_file(&config, path, true, &faults) == 0;
	/* "FILE:LINE: what": people know the file by another name. */
	const char *fault = buf_str(&faults);
	if (!good && strncmp(fault, path, strlen(path)) == 0)
		fault += strlen(path);
	if (!good && !faults.failed)
		buf_printf(error, "it would have a fault%.*s", (int)strcspn(fault, "\n"), fault);
	config_release(&config);
	return good;
}

/* Returns the recorded addition with new lines in it; NULL when nothing was added, or memory ran out. */
static char *renew_addition(const struct setup_change *old, const char *lines)
{
	const char *at = old->added ? strstr(old->added, old->value) : NULL;
	struct buf added = BUF_INIT;
	if (!at)
		return NULL;
	buf_append(&added, old->added, (size_t)(at - old->added));
	buf_append_str(&added, lines);
	buf_append_str(&added, at + strlen(old->value));
	return buf_detach(&added);
}

/*
 * Describes the change for the record. When it replaces a setting of ours, the record keeps the one from
 * before that. Returns false when memory ran out.
 */
static bool describe(struct setup *setup, const struct person_file *file, struct config_change *made,
		     struct setup_change *change)
{
	const struct setup_change *old = setup_record_find(&setup->record, SETUP_CONFIG, setup->config_path,
							   made->section, made->key);
	bool was_ours = old && made->previous && strcmp(old->value, made->previous) == 0;
	*change = (struct setup_change){ .kind = SETUP_CONFIG, .path = strdup(setup->config_path),
					 .section = made->section, .key = made->key, .value = made->lines,
					 .created = was_ours ? old->created : !file->exists };
	if (was_ours) {
		change->previous = old->previous ? strdup(old->previous) : NULL;
		change->added = renew_addition(old, made->lines);
		free(made->previous);
	} else {
		change->previous = made->previous;
		change->added = made->added;
	}
	return change->path && change->value && (change->previous || !was_ours || !old->previous);
}

static bool replace_config(struct setup *setup, struct person_file *file, const struct buf *text,
			   struct config_change *made)
{
	struct setup_change change;
	AUTO_BUF error = BUF_INIT;
	if (!describe(setup, file, made, &change)) {
		setup_change_release(&change);
		setup_fail(setup, "%s stays as it is: %s", setup_path(setup->config_path),
			   buf_message(&error));
		return false;
	}
	if (!setup_begin(setup, &change))
		return false;
	bool good = person_file_replace(file, text->data, text->len, check_config, NULL, &error);
	setup_end(setup, good);
	if (!good)
		setup_fail(setup, "cannot write %s: %s", setup_path(setup->config_path), buf_message(&error));
	return good;
}

bool setup_set_config(struct setup *setup, const char *section, const char *key, const char *const *words)
{
	AUTO_PERSON_FILE file = { 0 };
	struct config_change made;
	AUTO_BUF text = BUF_INIT, error = BUF_INIT;
	bool good = false;
	if (!setup_make_parents(setup, setup->config_path))
		return false;
	if (person_file_read(setup->config_path, CONFIG_FILE_MAX_BYTES, &file, &error)
	    && config_edit_set(buf_str(&file.text), file.text.len, section, key, words, &made, &text, &error))
		good = replace_config(setup, &file, &text, &made);
	else
		setup_fail(setup, "cannot edit %s: %s", setup_path(setup->config_path), buf_message(&error));
	if (good)
		setup_tell_daemon(setup);
	return good;
}

/* ---- the daemon ---- */

/* Returns the pid of the daemon that listens; 0: none does. */
static pid_t find_listening(const struct setup *setup, char version[SETUP_VERSION_SIZE])
{
	struct client client;
	AUTO_BUF why = BUF_INIT;
	AUTO_JSON *answer = NULL;
	pid_t pid = 0;
	if (daemon_connect(setup->invocation, &client, &why) == CLIENT_LISTENING)
		pid = client.daemon_pid;
	if (pid > 0 && version) {
		(void)client_ask(&client, "{\"op\":\"status\"}", ANSWER_TIMEOUT_MS, &answer, &why);
		const char *said = json_get_string(answer, "version");
		snprintf(version, SETUP_VERSION_SIZE, "%s", said ? said : "");
	}
	client_close(&client);
	return pid;
}

pid_t setup_find_daemon(const struct setup *setup, char version[SETUP_VERSION_SIZE])
{
	struct cache_lock_holder holder;
	pid_t pid = find_listening(setup, version);
	/* A daemon that does not answer just now still has the lock. */
	if (pid > 0 || !daemon_find_lock_holder(setup->invocation, &holder)
	    || strcmp(holder.role, "daemon") != 0)
		return pid;
	if (version)
		snprintf(version, SETUP_VERSION_SIZE, "%s", holder.version);
	return holder.pid;
}

void setup_tell_daemon(const struct setup *setup)
{
	pid_t pid = setup_find_daemon(setup, NULL);
	/* The kernel told us who listens on the socket, so the pid is the daemon's. */
	if (pid > 0)
		(void)kill(pid, SIGHUP);
}

bool setup_end_daemon(const struct setup *setup, pid_t pid)
{
	int64_t deadline_ms = clock_mono_ms() + END_WAIT_MS;
	struct cache_lock_holder holder;
	if (kill(pid, SIGTERM) != 0)
		return !daemon_find_lock_holder(setup->invocation, &holder);
	while (daemon_find_lock_holder(setup->invocation, &holder) && holder.pid == pid) {
		if (clock_mono_ms() >= deadline_ms)
			return false;
		(void)poll(NULL, 0, STEP_MS);
	}
	return true;
}

pid_t setup_await_daemon(const struct setup *setup)
{
	int64_t deadline_ms = clock_mono_ms() + START_WAIT_MS;
	pid_t pid;
	while ((pid = find_listening(setup, NULL)) == 0 && clock_mono_ms() < deadline_ms)
		(void)poll(NULL, 0, STEP_MS);
	return pid;
}
