#include "swatch/cli/user_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program/argv.h"
#include "base/array.h"
#include "program/capture.h"
#include "base/scope.h"

#define WORDS_MAX 3
#define ASK_TIMEOUT_MS 10000
/* systemd gives a start 90 s. */
#define DO_TIMEOUT_MS 100000

static enum user_service_answer run(const char *const *words, int64_t timeout_ms, struct buf *out,
				    struct buf *why, int *signal)
{
	char program[] = "systemctl", user[] = "--user";
	char *argv[WORDS_MAX + 3] = { program, user };
	struct run run;
	enum user_service_answer answer = USER_SERVICE_SILENT;
	for (size_t i = 0; i < WORDS_MAX && words[i]; i++)
		argv[i + 2] = (char *)(uintptr_t)words[i];
	AUTO_FREE char *path = argv_find_program(program);
	if (!path) {
		buf_append_str(why, "there is no systemctl");
		return USER_SERVICE_NO_SYSTEMD;
	}
	capture_run(path, argv, timeout_ms, &run);
	if (run.outcome == RUN_INTERRUPTED) {
		answer = USER_SERVICE_INTERRUPTED;
		*signal = run.code;
	} else if (run_is_good(&run)) {
		answer = USER_SERVICE_ANSWERED;
		buf_append(out, buf_str(&run.out), run.out.len);
	} else {
		run_describe(&run, why);
	}
	run_release(&run);
	return answer;
}

/* The value in the line "Name=value"; "" when the line is missing. */
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
	static const char *const words[] = {
		"show", "--property=LoadState,UnitFileState,ActiveState,ConditionResult,ConditionTimestamp,"
		"ExecMainStatus", USER_SERVICE_UNIT, NULL
	};
	char status[64], tested[64];
	AUTO_BUF out = BUF_INIT;
	enum user_service_answer answer = run(words, ASK_TIMEOUT_MS, &out, why, signal);
	take_property(buf_str(&out), "LoadState", service->load);
	take_property(buf_str(&out), "UnitFileState", service->file);
	take_property(buf_str(&out), "ActiveState", service->active);
	take_property(buf_str(&out), "ConditionResult", service->condition);
	take_property(buf_str(&out), "ConditionTimestamp", tested);
	take_property(buf_str(&out), "ExecMainStatus", status);
	/* Before a start nobody has looked at the conditions, and the result is "no", too. */
	if (!*tested)
		service->condition[0] = '\0';
	service->exit_status = (int)strtol(status, NULL, 10);
	return answer;
}

bool user_service_explain(const struct user_service *service, struct buf *what, struct buf *remedy)
{
	/* Tried with systemd 252. Without a user namespace, nothing that drops capabilities may stay, either.
	 */
	static const char few[] = "ProtectKernelTunables=no ProtectKernelLogs=no";
	static const char all[] = "PrivateUsers=no CapabilityBoundingSet=~ ProtectSystem=no ProtectHome=no "
				  "ReadWritePaths= PrivateTmp=no PrivateDevices=no PrivateNetwork=no "
				  "ProtectKernelTunables=no ProtectKernelModules=no ProtectKernelLogs=no "
				  "ProtectControlGroups=no ProtectClock=no ProtectHostname=no";
	static const struct {
		int status;
		const char *name, *what, *settings, *or_settings;
	} known[] = {
		{ 217, "USER", "make a user namespace", all, NULL },
		{ 218, "CAPABILITIES", "drop capabilities", all, NULL },
		{ 225, "NETWORK", "make a network namespace", "PrivateNetwork=no", all },
		{ 226, "NAMESPACE", "make a mount namespace", few, all },
	};
	for (size_t i = 0; strcmp(service->active, "active") != 0 && i < ARRAY_COUNT(known); i++) {
		if (known[i].status != service->exit_status)
			continue;
		buf_printf(what, "systemd cannot %s for it here (status %d/%s), as in many containers",
			   known[i].what, known[i].status, known[i].name);
		buf_printf(remedy, "do without: systemctl --user edit swatchd, and write [Service] and these "
				   "lines: %s", known[i].settings);
		if (known[i].or_settings)
			buf_printf(remedy, "; if that is not enough: %s", known[i].or_settings);
		return true;
	}
	return false;
}

const char *user_service_hint(enum user_service_hint hint)
{
	static const char *const hints[][2] = {
		[HINT_START] = { "systemctl --user start swatchd (or, without systemd: swatchd &)",
				 "swatchd &" },
		[HINT_RESTART] = { "systemctl --user restart swatchd (or end it, and start it again)",
				   "end it (pkill -x swatchd), and start it again: swatchd &" },
		[HINT_RELOAD] = { "systemctl --user reload swatchd", "pkill -HUP -x swatchd" },
		[HINT_LOG] = { "journalctl --user -u swatchd",
			       "~/.local/state/swatch/swatchd.log, if a statusline started swatchd" },
	};
	AUTO_FREE char *path = argv_find_program("systemctl");
	return hints[hint][path ? 0 : 1];
}

enum user_service_answer user_service_ask_directories(struct buf *directories, struct buf *why, int *signal)
{
	static const char *const words[] = { "show", "--property=UnitPath", NULL };
	AUTO_BUF out = BUF_INIT;
	size_t len;
	enum user_service_answer answer = run(words, ASK_TIMEOUT_MS, &out, why, signal);
	const char *value = find_property(buf_str(&out), "UnitPath", &len);
	buf_append(directories, value, len);
	return answer;
}

enum user_service_answer user_service_do(const char *const *words, struct buf *why, int *signal)
{
	AUTO_BUF ignored = BUF_INIT;
	return run(words, DO_TIMEOUT_MS, &ignored, why, signal);
}
