#include "swatch/cli/user_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/argv.h"
#include "base/capture.h"

#define WORDS_MAX 3
#define ASK_TIMEOUT_MS 10000
/* systemd gives a start 90 s. */
#define DO_TIMEOUT_MS 100000

static enum user_service_answer run(const char *const *words, int64_t timeout_ms, struct buf *out, struct buf *why,
				    int *signal)
{
	char *copies[WORDS_MAX + 3] = { strdup("systemctl"), strdup("--user") };
	struct run capture = { .out_fd = -1, .err_fd = -1 };
	enum user_service_answer answer = USER_SERVICE_SILENT;
	size_t count = 2;
	for (; words[count - 2] && count < WORDS_MAX + 2; count++)
		copies[count] = strdup(words[count - 2]);
	char *path = argv_find_program("systemctl");
	bool has_memory = true;
	for (size_t i = 0; i < count; i++)
		has_memory = has_memory && copies[i];
	if (!path) {
		answer = USER_SERVICE_NO_SYSTEMD;
		buf_append_str(why, "there is no systemctl");
	} else if (!has_memory) {
		buf_append_str(why, "out of memory");
	} else {
		capture_run(path, copies, timeout_ms, &capture);
		if (capture.outcome == RUN_INTERRUPTED) {
			answer = USER_SERVICE_INTERRUPTED;
			*signal = capture.code;
		} else if (capture.outcome == RUN_EXITED && capture.code == 0) {
			answer = USER_SERVICE_ANSWERED;
			buf_append(out, buf_str(&capture.out), capture.out.len);
		} else {
			run_describe(&capture, why);
		}
	}
	run_release(&capture);
	for (size_t i = 0; i < count; i++)
		free(copies[i]);
	free(path);
	return answer;
}

/* What follows "Name=" on its line. */
static const char *find_property(const char *text, const char *name, size_t *value_len)
{
	size_t name_len = strlen(name);
	while (*text) {
		size_t len = strcspn(text, "\n");
		if (len > name_len && strncmp(text, name, name_len) == 0 && text[name_len] == '=') {
			*value_len = len - name_len - 1;
			return text + name_len + 1;
		}
		text += len + (text[len] == '\n');
	}
	*value_len = 0;
	return "";
}

static void take_property(const char *text, const char *name, char out[64])
{
	size_t len;
	const char *value = find_property(text, name, &len);
	snprintf(out, 64, "%.*s", (int)(len < 63 ? len : 63), value);
}

enum user_service_answer user_service_ask(struct user_service *service, struct buf *why, int *signal)
{
	static const char *const words[] = { "show", "--property=LoadState,UnitFileState,ActiveState",
					     USER_SERVICE_UNIT, NULL };
	struct buf out = BUF_INIT;
	enum user_service_answer answer = run(words, ASK_TIMEOUT_MS, &out, why, signal);
	take_property(buf_str(&out), "LoadState", service->load);
	take_property(buf_str(&out), "UnitFileState", service->file);
	take_property(buf_str(&out), "ActiveState", service->active);
	buf_release(&out);
	return answer;
}

enum user_service_answer user_service_ask_directories(struct buf *directories, struct buf *why, int *signal)
{
	static const char *const words[] = { "show", "--property=UnitPath", NULL };
	struct buf out = BUF_INIT;
	size_t len;
	enum user_service_answer answer = run(words, ASK_TIMEOUT_MS, &out, why, signal);
	const char *value = find_property(buf_str(&out), "UnitPath", &len);
	buf_append(directories, value, len);
	buf_release(&out);
	return answer;
}

enum user_service_answer user_service_do(const char *const *words, struct buf *why, int *signal)
{
	struct buf ignored = BUF_INIT;
	enum user_service_answer answer = run(words, DO_TIMEOUT_MS, &ignored, why, signal);
	buf_release(&ignored);
	return answer;
}
