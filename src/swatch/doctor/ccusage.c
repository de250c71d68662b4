/* ccusage: found, working, which version; what the figures of the two say of each other; prices. */
#include "swatch/doctor/doctor.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/argv.h"
#include "base/capture.h"
#include "cache/read.h"
#include "json/parse.h"
#include "swatch/status/page.h"
#include "swatch/ui/human.h"
#include "swatch/verify/verify.h"

#define SHOWN_MODELS 5

static const struct config *config_of(const struct doctor *doctor)
{
	return &doctor->invocation->config;
}

/* ---- running it ---- */

/* The JSON object in what a refresh command printed has "blocks". */
static bool has_blocks(const struct buf *out)
{
	const char *brace = strchr(buf_str(out), '{');
	size_t len = brace ? out->len - (size_t)(brace - buf_str(out)) : 0;
	size_t end;
	struct json_object *object = brace ? json_parse(brace, len, JSON_PARSE_MAX_DEPTH, &end) : NULL;
	struct json_object *blocks = NULL;
	bool good = object && json_object_is_type(object, json_type_object)
		    && json_object_object_get_ex(object, "blocks", &blocks) && json_object_is_type(blocks, json_type_array);
	json_object_put(object);
	return good;
}

/* Runs the command as a refresh does. Returns false after a finding. */
static bool try_refresh(struct doctor *doctor, const char *path, char **words, int64_t *duration_ms)
{
	struct run capture;
	bool good = false;
	capture_run(path, words, config_of(doctor)->ccusage_timeout_ms, &capture);
	*duration_ms = capture.duration_ms;
	if (capture.outcome == RUN_INTERRUPTED) {
		doctor->interrupted = capture.code;
	} else if (capture.outcome != RUN_EXITED || capture.code != 0) {
		struct buf why = BUF_INIT;
		run_describe(&capture, &why);
		doctor_add(doctor, "ccusage", DOCTOR_BAD, "it fails: %s", buf_message(&why));
		doctor_remedy(doctor, "see what it says by hand: %s", config_of(doctor)->ccusage_command);
		buf_release(&why);
	} else if (!has_blocks(&capture.out)) {
		doctor_add(doctor, "ccusage", DOCTOR_BAD, "its output is not a JSON object with \"blocks\"");
		doctor_remedy(doctor, "[ccusage] command has to be one such as: ccusage blocks --active --json --offline");
	} else {
		good = true;
	}
	run_release(&capture);
	return good;
}

/* How many words come before the report's name: 2 of "node /opt/ccusage blocks". */
static size_t count_program_words(char **words)
{
	for (size_t i = 1; words[i]; i++)
		if (strcmp(words[i], "blocks") == 0)
			return i;
	return 1;
}

/* Asks its version; "" when it does not tell. */
static void find_version(struct doctor *doctor, char *path, char **words, char version[64], bool *is_older)
{
	struct verify_command command = { .path = path, .words = words,
					  .timeout_ms = config_of(doctor)->ccusage_timeout_ms };
	struct verify answer = { 0 };
	struct buf error = BUF_INIT;
	size_t keep = count_program_words(words);
	char *cut = words[keep];
	words[keep] = NULL;
	bool known = verify_ask_version(&command, &answer, &error);
	words[keep] = cut;
	doctor->interrupted = command.interrupted ? command.interrupted : doctor->interrupted;
	snprintf(version, 64, "%s", known ? answer.version : "");
	*is_older = known && answer.is_older;
	buf_release(&error);
}

static void try_command(struct doctor *doctor, char *path, char **words)
{
	int64_t duration_ms;
	char version[64];
	bool is_older;
	if (!try_refresh(doctor, path, words, &duration_ms))
		return;
	find_version(doctor, path, words, version, &is_older);
	if (doctor->interrupted)
		return;
	size_t count = count_program_words(words);
	/* With a node before it, node is not what has this version. */
	doctor_add(doctor, "ccusage", is_older ? DOCTOR_NOTE : DOCTOR_GOOD, "%s %s answers in %s",
		   count > 1 ? words[count - 1] : path,
		   *version ? version : "(of unknown version)", human_duration(duration_ms, HUMAN_TEXT));
	if (is_older) {
		buf_printf(&doctor->findings[doctor->count - 1].what,
			   ", but it counts the first line of a message, not the last: its figures are too low");
		doctor_remedy(doctor, "npm install -g ccusage@" CCUSAGE_REFERENCE_VERSION);
	}
}

/* What the daemon says of its own runs. */
static void check_daemons_runs(struct doctor *doctor, bool found_here)
{
	const char *state = status_text(doctor->answer, "refresh", "state");
	const char *why = status_text(doctor->answer, "refresh", "nextDueReason");
	int64_t failures = status_number(doctor->answer, "refresh", "consecutiveFailures");
	if (failures > 0) {
		const char *error = status_text(doctor->answer, "refresh", "lastError");
		doctor_add(doctor, "ccusage", DOCTOR_BAD, "swatchd's last %s of it failed: %s",
			   human_counted(failures, "run", HUMAN_TEXT), error ? error : "no reason known");
		doctor_remedy(doctor, "a service has a short PATH: [ccusage] command may need absolute paths, also that of node");
	} else if (found_here && state && strcmp(state, "off") == 0) {
		doctor_add(doctor, "ccusage", DOCTOR_BAD, "it is here, but swatchd does not run it: %s", why ? why : "no reason known");
		doctor_remedy(doctor, "a service has a short PATH: put absolute paths into [ccusage] command, also that of node, "
			      "then: systemctl --user reload swatchd");
	}
}

void doctor_check_ccusage(struct doctor *doctor)
{
	const struct config *config = config_of(doctor);
	struct buf error = BUF_INIT;
	if (config->billing_source == BILLING_NATIVE || !*config->ccusage_command) {
		doctor_add(doctor, "ccusage", DOCTOR_GOOD, "not in use: %s", config->billing_source == BILLING_NATIVE
			   ? "[billing] source = native" : "[ccusage] command is empty");
		return;
	}
	char **words = argv_split(config->ccusage_command, &error);
	char *path = words ? argv_find_program(words[0]) : NULL;
	if (!words) {
		doctor_add(doctor, "ccusage", DOCTOR_BAD, "[ccusage] command: %s", buf_message(&error));
	} else if (!path) {
		bool is_wanted = config->billing_source == BILLING_CCUSAGE;
		doctor_add(doctor, "ccusage", is_wanted ? DOCTOR_BAD : DOCTOR_NOTE, "%s is not found: %s%s", words[0],
			   strerror(errno), is_wanted ? "" : "; the figures are native's, and nobody audits them");
		doctor_remedy(doctor, "npm install -g ccusage@" CCUSAGE_REFERENCE_VERSION ", or its path in [ccusage] command%s",
			      is_wanted ? "" : "; to do without: [billing] source = native");
	} else {
		try_command(doctor, path, words);
	}
	if (doctor->answer && !doctor->interrupted)
		check_daemons_runs(doctor, path != NULL);
	free(path);
	argv_free(words);
	buf_release(&error);
}

/* ---- the figures ---- */

static void check_drift(struct doctor *doctor)
{
	struct json_object *audit = json_get_object(doctor->billing, "ccusage");
	double drift = json_get_double(audit, "driftUSD", NAN);
	const char *source = json_get_string(doctor->billing, "source");
	const char *reason = json_get_string(doctor->billing, "sourceReason");
	bool is_replaced = config_of(doctor)->billing_source == BILLING_AUTO && source && strcmp(source, "ccusage") == 0;
	if (is_replaced) {
		doctor_add(doctor, "drift", DOCTOR_BAD, "ccusage's figures are shown, not native's: %s",
			   reason ? reason : "no reason known");
		doctor_remedy(doctor, "swatch verify says which messages make the difference");
	} else if (isfinite(drift)) {
		/* Under a cent is rounding. */
		bool differs = fabs(drift) >= 0.01;
		doctor_add(doctor, "drift", differs ? DOCTOR_NOTE : DOCTOR_GOOD, "ccusage's last audit differs by %s",
			   human_usd(drift, HUMAN_TEXT));
		if (differs)
			doctor_remedy(doctor, "swatch verify says which messages make the difference");
	}
}

static void check_prices(struct doctor *doctor)
{
	const char *error = status_text(doctor->answer, "pricing", "error");
	struct json_object *models = NULL;
	size_t count = 0;
	struct buf names = BUF_INIT;
	if (json_object_object_get_ex(doctor->billing, "unpricedModels", &models)
	    && json_object_is_type(models, json_type_array))
		count = json_object_array_length(models);
	for (size_t i = 0; i < count && i < SHOWN_MODELS; i++) {
		struct json_object *model = json_object_array_get_idx(models, i);
		buf_printf(&names, "%s%s", i > 0 ? ", " : "",
			   json_object_is_type(model, json_type_string) ? json_object_get_string(model) : "?");
	}
	if (error) {
		doctor_add(doctor, "prices", DOCTOR_BAD, "pricing.json is not in force: %s", error);
		doctor_remedy(doctor, "mend or remove it, then: systemctl --user reload swatchd");
	}
	if (count > 0) {
		doctor_add(doctor, "prices", DOCTOR_BAD, "no price is known, so $0.00 is counted, for %s%s", buf_str(&names),
			   count > SHOWN_MODELS ? ", ..." : "");
		doctor_remedy(doctor, "a pricing.json beside the config file can say what it costs, see swatch-pricing(1)");
	}
	if (!error && count == 0 && doctor->billing)
		doctor_add(doctor, "prices", DOCTOR_GOOD, "every model that was used has one");
	buf_release(&names);
}

void doctor_check_figures(struct doctor *doctor)
{
	check_drift(doctor);
	check_prices(doctor);
}
