/* ccusage: whether it is found and works, its version, how its figures differ; prices. */
#include "swatch/doctor/doctor.h"

#include <string.h>

#include "cache/read.h"
#include "ccusage/ask.h"
#include "ccusage/differences.h"
#include "swatch/cli/user_service.h"
#include "swatch/status/answer.h"
#include "swatch/ui/audit_text.h"
#include "swatch/ui/human.h"

#define SHOWN_MODELS 5

static const char explain_drift[] = "swatch verify shows which messages make the difference";

static const struct config *config_of(const struct doctor *doctor)
{
	return &doctor->invocation->config;
}

/* ---- running it ---- */

/* Runs the command as a refresh does. Returns false when it failed, which it has added. */
static bool try_refresh(struct doctor *doctor, struct ccusage_ask *ask)
{
	AUTO_BUF why = BUF_INIT;
	if (ccusage_ask_refresh(ask, &why))
		return true;
	doctor->interrupted = ask->interrupted;
	if (ask->interrupted)
		return false;
	if (ask->has_failed) {
		doctor_add(doctor, "ccusage", DOCTOR_BAD, "it fails: %s", buf_message(&why));
		doctor_remedy(doctor, "see what it says by hand: %s", config_of(doctor)->ccusage_command);
	} else {
		doctor_add(doctor, "ccusage", DOCTOR_BAD, "%s", buf_message(&why));
		doctor_remedy(doctor, "[ccusage] command has to be like: ccusage blocks --active --json "
				      "--offline");
	}
	return false;
}

static void try_command(struct doctor *doctor, const struct ccusage_command *command)
{
	struct ccusage_ask ask = { .command = command, .config = config_of(doctor) };
	struct ccusage_version version;
	AUTO_BUF error = BUF_INIT;
	if (!try_refresh(doctor, &ask))
		return;
	int64_t duration_ms = ask.duration_ms;
	(void)ccusage_ask_version(&ask, &version, &error);
	doctor->interrupted = ask.interrupted;
	if (doctor->interrupted)
		return;
	doctor_add(
		doctor, "ccusage", version.is_older ? DOCTOR_NOTE : DOCTOR_GOOD, "%s %s answers in %s%s",
		ccusage_command_name(command), *version.text ? version.text : "(of unknown version)",
		human_duration(duration_ms, HUMAN_TEXT),
		version.is_older
			? ", but it counts the first line of a message, not the last: its figures are too low"
			: "");
	if (version.is_older)
		doctor_remedy(doctor, "npm install -g ccusage@" CCUSAGE_REFERENCE_VERSION);
}

/* The daemon may fail where this process does not: its PATH is another. */
static void check_daemons_runs(struct doctor *doctor, bool found_here)
{
	const char *state = status_text(doctor->answer, "refresh", "state");
	const char *why = status_text(doctor->answer, "refresh", "nextDueReason");
	int64_t failures = status_number(doctor->answer, "refresh", "consecutiveFailures");
	if (failures > 0) {
		const char *error = status_text(doctor->answer, "refresh", "lastError");
		doctor_add(doctor, "ccusage", DOCTOR_BAD, "swatchd's last %s of it failed: %s",
			   human_counted(failures, "run", HUMAN_TEXT), error ? error : "no reason known");
		doctor_remedy(doctor, "a service has a short PATH: [ccusage] command may need absolute "
				      "paths, also for node");
	} else if (found_here && state && strcmp(state, "off") == 0) {
		doctor_add(doctor, "ccusage", DOCTOR_BAD, "it is here, but swatchd does not run it: %s",
			   why ? why : "no reason known");
		doctor_remedy(doctor, "a service has a short PATH: put absolute paths into [ccusage] "
				      "command, also for node, then: %s", user_service_hint(HINT_RELOAD));
	}
}

static void add_not_found(struct doctor *doctor, const struct ccusage_command *command)
{
	bool is_wanted = config_of(doctor)->billing_source == BILLING_CCUSAGE;
	doctor_add(doctor, "ccusage", is_wanted ? DOCTOR_BAD : DOCTOR_NOTE, "%s is not found: %s%s",
		   command->words[0], strerror(command->why_not_found),
		   is_wanted ? "" : "; the figures come from the transcripts; nothing checks them");
	doctor_remedy(doctor,
		      "npm install -g ccusage@" CCUSAGE_REFERENCE_VERSION
		      ", or its path in [ccusage] command%s",
		      is_wanted ? "" : "; to do without: [billing] source = native");
}

void doctor_check_ccusage(struct doctor *doctor)
{
	const struct config *config = config_of(doctor);
	struct ccusage_command command;
	AUTO_BUF error = BUF_INIT;
	if (config->billing_source == BILLING_NATIVE || !*config->ccusage_command) {
		doctor_add(doctor, "ccusage", DOCTOR_GOOD, "not in use: %s",
			   config->billing_source == BILLING_NATIVE ? "[billing] source = native"
								    : "[ccusage] command is empty");
		return;
	}
	if (!ccusage_command_parse(&command, config->ccusage_command, true, &error))
		doctor_add(doctor, "ccusage", DOCTOR_BAD, "[ccusage] command: %s", buf_message(&error));
	else if (!command.path)
		add_not_found(doctor, &command);
	else
		try_command(doctor, &command);
	if (doctor->answer && !doctor->interrupted)
		check_daemons_runs(doctor, command.path != NULL);
	ccusage_command_release(&command);
}

/* ---- the figures ---- */

static void check_drift(struct doctor *doctor)
{
	struct json_object *audit = json_get_object(doctor->billing, "ccusage");
	const char *source = json_get_string(doctor->billing, "source");
	const char *reason = json_get_string(doctor->billing, "sourceReason");
	bool is_replaced =
		config_of(doctor)->billing_source == BILLING_AUTO && source && strcmp(source, "ccusage") == 0;
	AUTO_BUF text = BUF_INIT;
	enum audit_verdict verdict = audit_text(audit, &text);
	if (is_replaced) {
		doctor_add(doctor, "drift", DOCTOR_BAD, "ccusage's figures are shown, not swatch's own: %s",
			   reason ? reason : "no reason known");
		doctor_remedy(doctor, "%s", explain_drift);
	} else if (verdict != AUDIT_NONE) {
		doctor_add(doctor, "drift", verdict == AUDIT_DRIFT ? DOCTOR_NOTE : DOCTOR_GOOD, "%s",
			   buf_str(&text));
		if (verdict == AUDIT_DRIFT)
			doctor_remedy(doctor, "%s", explain_drift);
	}
}

static void check_prices(struct doctor *doctor)
{
	const char *error = status_text(doctor->answer, "pricing", "error");
	size_t count;
	struct json_object *models = json_get_array(doctor->billing, "unpricedModels", &count);
	AUTO_BUF names = BUF_INIT;
	for (size_t i = 0; i < count && i < SHOWN_MODELS; i++) {
		const char *name = json_item_string(models, i);
		buf_printf(&names, "%s%s", i > 0 ? ", " : "", name ? name : "?");
	}
	if (error) {
		doctor_add(doctor, "prices", DOCTOR_BAD, "pricing.json is not in force: %s", error);
		doctor_remedy(doctor, "mend or remove it, then: %s", user_service_hint(HINT_RELOAD));
	}
	if (count > 0) {
		doctor_add(doctor, "prices", DOCTOR_BAD, "no price is known, so $0.00 is counted, for %s%s",
			   buf_str(&names), count > SHOWN_MODELS ? ", ..." : "");
		doctor_remedy(doctor, "a pricing.json beside the config file can say what it costs, see "
				      "swatch-pricing(1)");
	}
	if (!error && count == 0 && doctor->billing)
		doctor_add(doctor, "prices", DOCTOR_GOOD, "every model that was used has one");
}

void doctor_check_figures(struct doctor *doctor)
{
	check_drift(doctor);
	check_prices(doctor);
}
