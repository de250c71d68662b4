/* swatch doctor: one page of checks, and what to do about each that fails. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/paths.h"
#include "cache/dir.h"
#include "cache/names.h"
#include "cache/read.h"
#include "swatch/cli/command.h"
#include "swatch/cli/daemon_call.h"
#include "swatch/doctor/doctor.h"
#include "swatch/statusline/format_check.h"
#include "swatch/ui/terminal.h"

#define ANSWER_TIMEOUT_MS 5000

/* A faulty config is a finding; the other checks then use the defaults. Returns false when memory ran out. */
static bool load_config(struct doctor *doctor, struct invocation *invocation)
{
	doctor->config_path =
		invocation->config_option ? strdup(invocation->config_option) : config_default_path();
	if (!config_init(&invocation->config))
		return false;
	if (!doctor->config_path
	    || config_read_file(&invocation->config, doctor->config_path, invocation->config_option != NULL,
				&doctor->config_faults) == 0) {
		if (doctor->config_path)
			(void)config_format_check(&invocation->config, doctor->config_path,
						  &doctor->config_faults);
		return true;
	}
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): release() frees config_path */
	config_release(&invocation->config);
	return config_init(&invocation->config);
}

static void ask_daemon(struct doctor *doctor)
{
	struct client client;
	doctor->daemon_state = daemon_connect(doctor->invocation, &client, &doctor->daemon_why);
	if (doctor->daemon_state == CLIENT_LISTENING)
		(void)client_ask(&client, "{\"op\":\"status\"}", ANSWER_TIMEOUT_MS, &doctor->answer,
				 &doctor->daemon_why);
	if (doctor->answer && !json_get_bool(doctor->answer, "ok", false)) {
		buf_append_str(&doctor->daemon_why, daemon_error_of(doctor->answer));
		json_object_put(doctor->answer);
		doctor->answer = NULL;
	}
	if (doctor->answer)
		findings_read(&doctor->by_answer, doctor->answer, doctor->now_ms);
	client_close(&client);
}

/* Collects what the checks look at. Returns false after an error message. */
static bool prepare(struct doctor *doctor, struct invocation *invocation)
{
	if (!load_config(doctor, invocation)) {
		terminal_error("out of memory");
		return false;
	}
	if (!invocation_locate_cache(invocation))
		return false;
	ask_daemon(doctor);
	doctor->cache_fd = cache_dir_open(invocation->cache_dir, false, &doctor->cache_error);
	doctor->cache_errno = errno;
	if (doctor->cache_fd >= 0)
		doctor->billing = cache_read_json(doctor->cache_fd, CACHE_BILLING_FILE);
	if (data_dirs_find(&doctor->dirs, invocation->config.watch_paths) != 0
	    || history_list(&doctor->dirs, &doctor->transcripts, &doctor->transcript_count, &doctor->unread)
		       != 0) {
		terminal_error("cannot list the transcripts: %s", paths_why_none());
		doctor->transcript_count = 0;
		return false;
	}
	return true;
}

static void run_checks(struct doctor *doctor)
{
	static void (*const checks[])(struct doctor *) = {
		doctor_check_config,	  doctor_check_daemon,	doctor_check_sandbox, doctor_check_service,
		doctor_check_transcripts, doctor_check_client,	doctor_check_inotify, doctor_check_polled,
		doctor_check_cache,	  doctor_check_ccusage, doctor_check_figures, doctor_check_ledger,
		doctor_check_settings,	  doctor_check_clock,
	};
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]) && !doctor->interrupted; i++)
		checks[i](doctor);
}

static void release(struct doctor *doctor, struct invocation *invocation)
{
	for (size_t i = 0; i < doctor->count; i++) {
		buf_release(&doctor->findings[i].what);
		buf_release(&doctor->findings[i].remedy);
	}
	for (size_t i = 0; i < doctor->transcript_count; i++)
		free(doctor->transcripts[i].path);
	free(doctor->transcripts);
	data_dirs_release(&doctor->dirs);
	json_object_put(doctor->billing);
	findings_release(&doctor->by_answer);
	json_object_put(doctor->answer);
	if (doctor->cache_fd >= 0)
		close(doctor->cache_fd);
	buf_release(&doctor->cache_error);
	buf_release(&doctor->daemon_why);
	buf_release(&doctor->config_faults);
	buf_release(&doctor->unread);
	free(doctor->config_path);
	invocation_release(invocation);
}

static int run_doctor(struct invocation *invocation, int argc, char **argv)
{
	struct doctor doctor = { .invocation = invocation, .cache_fd = -1, .now_ms = clock_wall_ms() };
	bool as_json = false;
	int status;
	const struct command_target targets[] = { { 'j', &as_json, NULL }, { 0 } };
	if (!command_read_options(invocation, argc, argv, targets, &status))
		return status;
	status = SWATCH_FAILED;
	if (prepare(&doctor, invocation)) {
		run_checks(&doctor);
		bool printed = !doctor.interrupted
			       && (as_json ? doctor_print_json(&doctor) : doctor_print_page(&doctor));
		if (printed && doctor_count(&doctor, DOCTOR_BAD) == 0)
			status = SWATCH_OK;
	}
	int interrupted = doctor.interrupted;
	release(&doctor, invocation);
	command_end_by(interrupted);
	return status;
}

static const struct command_option options[] = {
	{ "json", 'j', NULL, "print JSON, for programs" },
	{ NULL, 0, NULL, NULL }
};

const struct command command_doctor = {
	.name = "doctor",
	.usage = "[--json]",
	.summary = "check everything, and say what to do about what is wrong",
	.options = options,
	.flags = COMMAND_ACTS,
	.run = run_doctor,
};
