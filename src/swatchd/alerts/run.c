#include "swatchd/alerts/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program/argv.h"
#include "base/log.h"
#include "base/scope.h"
#include "json/get.h"
#include "swatchd/alerts/text.h"

void alert_run_init(struct alert_run *run, struct ev_loop *loop, const struct config *config,
		    alert_run_done *done, void *ctx)
{
	memset(run, 0, sizeof(*run));
	run->loop = loop;
	run->config = config;
	run->done = done;
	run->ctx = ctx;
	alert_run_configure(run);
}

/* Logs an error unless the last one was the same. */
static void note_error(struct alert_run *run, const char *error)
{
	if (strcmp(run->last_error, error) != 0)
		log_warning("the alert command failed: %s", error);
	snprintf(run->last_error, sizeof(run->last_error), "%s", error);
}

void alert_run_configure(struct alert_run *run)
{
	AUTO_BUF error = BUF_INIT;
	argv_free(run->words);
	run->words = NULL;
	run->last_error[0] = '\0';
	if (run->config->alerts_command[0] == '\0')
		return;
	run->words = argv_split(run->config->alerts_command, &error);
	AUTO_FREE char *path = run->words ? argv_find_program(run->words[0]) : NULL;
	if (run->words && !path)
		buf_printf(&error, "%.100s: %s", run->words[0],
			   errno == ENOENT ? "no such program on PATH" : strerror(errno));
	/* People should learn this before an alert is lost. */
	if (!path)
		note_error(run, buf_message(&error));
}

static void drop_first(struct alert_run *run)
{
	buf_release(&run->waiting[0].environment);
	run->waiting_count--;
	memmove(run->waiting, run->waiting + 1, run->waiting_count * sizeof(run->waiting[0]));
}

/* Logs the first line of the command's output, to help find its faults. */
static void log_output(const char *out, size_t len)
{
	size_t line_len = strcspn(out, "\n");
	if (len > 0 && line_len > 0)
		log_info("the alert command printed: %.*s", line_len < 300 ? (int)line_len : 300, out);
}

static void on_child_done(void *ctx, const struct run *ended)
{
	struct alert_run *run = ctx;
	AUTO_BUF error = BUF_INIT;
	bool good = run_is_good(ended);
	run->child = NULL;
	log_output(buf_str(&ended->out), ended->out.len);
	if (good) {
		run->good++;
		run->last_error[0] = '\0';
	} else {
		run->failed++;
		child_describe(ended, SANDBOX_ALERT, run->words, &error);
		note_error(run, buf_message(&error));
	}
	run->done(run->ctx, run->running_rule, ended->duration_ms, good ? NULL : run->last_error);
	alert_run_start(run);
}

/* The strings stay in the job. The caller frees the vector; NULL when memory ran out. */
static char **make_vector(const struct buf *strings)
{
	size_t count = 0;
	for (size_t i = 0; i < strings->len; i++)
		count += strings->data[i] == '\0';
	char **vector = calloc(count + 1, sizeof(*vector));
	char *at = strings->data;
	for (size_t i = 0; vector && i < count; i++) {
		vector[i] = at;
		at += strlen(at) + 1;
	}
	return vector;
}

void alert_run_start(struct alert_run *run)
{
	while (run->waiting_count > 0 && !run->child) {
		struct alert_job *job = &run->waiting[0];
		AUTO_FREE char **environment = run->words ? make_vector(&job->environment) : NULL;
		if (environment) {
			const struct child_command command = {
				.argv = run->words, .environment = environment,
				.timeout_ms = run->config->alerts_timeout_ms,
				.max_output_bytes = ALERT_RUN_MAX_OUTPUT_BYTES, .kind = SANDBOX_ALERT,
			};
			run->running_rule = job->rule;
			run->child = child_start(run->loop, &command, on_child_done, run);
		}
		if (run->words && !run->child) {
			run->failed++;
			note_error(run, "out of memory");
		}
		drop_first(run);
	}
}

void alert_run_add(struct alert_run *run, const char *rule, struct buf *environment)
{
	if (run->words && !environment->failed && run->waiting_count < ALERT_RUN_WAITING) {
		run->waiting[run->waiting_count++] = (struct alert_job){ rule, *environment };
		*environment = (struct buf)BUF_INIT;
		return;
	}
	if (run->words) {
		run->dropped++;
		note_error(run, environment->failed ? "out of memory"
						    : "too many alerts are waiting for it: one was dropped");
	}
	buf_release(environment);
}

void alert_run_write(const struct alert_run *run, struct jsonw *w)
{
	jsonw_key_array(w, "waiting");
	for (size_t i = run->child ? 0 : 1; i < run->waiting_count; i++)
		alert_text_write_environment(&run->waiting[i].environment, w);
	jsonw_end_array(w);
}

bool alert_run_restore(struct alert_run *run, struct json_object *written, int64_t now_ms)
{
	size_t count;
	struct json_object *list = json_get_array(written, "waiting", &count);
	for (size_t i = 0; i < count && run->waiting_count < ALERT_RUN_WAITING; i++) {
		AUTO_BUF environment = BUF_INIT;
		enum alert_rule rule = alert_text_read_environment(json_object_array_get_idx(list, i), now_ms,
								   &environment);
		if (rule != ALERT_RULES)
			alert_run_add(run, alert_rule_name(rule), &environment);
	}
	return run->waiting_count > 0;
}

void alert_run_release(struct alert_run *run)
{
	if (run->child)
		child_stop(run->child);
	run->child = NULL;
	while (run->waiting_count > 0)
		drop_first(run);
	argv_free(run->words);
	run->words = NULL;
}
