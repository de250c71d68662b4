/* The ledger's file: whether what transcripts say is kept, and how much is nowhere else. */
#include "swatch/doctor/doctor.h"

#include <sys/stat.h>

#include "base/clock.h"
#include "json/get.h"
#include "ledger/record.h"
#include "ledger/store/projects.h"
#include "swatch/kept/file.h"
#include "swatch/ui/human.h"

static void judge_missing(struct doctor *doctor, const char *path)
{
	if (doctor->answer) {
		doctor_add(doctor, "ledger", DOCTOR_BAD,
			   "nothing is kept: swatchd runs, and %s does not exist", path);
		doctor_remedy(doctor, "swatchd's log says why; is it older than this swatch? restart it");
		return;
	}
	doctor_add(doctor, "ledger", DOCTOR_NOTE, "nothing is kept yet: %s does not exist", path);
	doctor_remedy(doctor, "swatchd makes it when it runs; what Claude Code deletes before that is lost");
}

/* Names of projects that are in the file although they should not be. */
static void judge_projects(struct doctor *doctor, const struct kept_file *file)
{
	enum ledger_projects mode, wanted = (enum ledger_projects)doctor->invocation->config.ledger_projects;
	if (store_projects_look(file->db, &mode) != SQLITE_OK)
		return;
	if (mode == wanted) {
		if (mode != LEDGER_PROJECTS_PATH)
			doctor_extend(doctor, "; [ledger] projects = %s", store_projects_name(mode));
		return;
	}
	doctor_add(doctor, "ledger", DOCTOR_NOTE,
		   "%s has names of projects as with [ledger] projects = %s, and the config says %s",
		   file->path, store_projects_name(mode), store_projects_name(wanted));
	doctor_remedy(doctor, "restart swatchd: it changes them");
}

static void judge_counts(struct doctor *doctor, const struct kept_file *file)
{
	struct store_census census;
	AUTO_BUF error = BUF_INIT;
	char since[CLOCK_DATE_SIZE];
	if (!kept_file_count(file, &census, &error)) {
		doctor_add(doctor, "ledger", DOCTOR_BAD, "%s", buf_message(&error));
		doctor_remedy(doctor, "swatchd replaces a damaged file by its newest backup when it starts");
		return;
	}
	clock_format_local_date(census.first_ms, since);
	doctor_add(doctor, "ledger", DOCTOR_GOOD, "%s kept%s%s in %s",
		   human_counted(census.messages, "message", HUMAN_TEXT),
		   census.messages > 0 ? " since " : "", census.messages > 0 ? since : "",
		   human_bytes(kept_file_bytes(file->path), HUMAN_TEXT));
	if (census.gone_messages > 0)
		doctor_extend(doctor, "; %s (%s) only there: their transcripts were deleted or rewritten",
			      human_count(census.gone_messages, HUMAN_TEXT),
			      human_usd((double)census.gone_nano_usd * LEDGER_NANO_USD, HUMAN_TEXT));
}

/* What the running daemon says: it may fail to write a file that can be read. Returns whether it fails. */
static bool judge_writing(struct doctor *doctor)
{
	struct json_object *ledger = json_get_object(doctor->answer, "ledger");
	const char *error = json_get_string(ledger, "error");
	if (!ledger || json_get_bool(ledger, "kept", true))
		return false;
	if (json_get_bool(ledger, "enabled", true))
		doctor_add(doctor, "ledger", DOCTOR_BAD, "swatchd keeps nothing now: %s",
			   error ? error : "its log says why");
	else
		doctor_add(doctor, "ledger", DOCTOR_NOTE,
			   "the running swatchd keeps nothing: it started with [ledger] enabled = no");
	doctor_remedy(doctor, "%smend that, and restart swatchd",
		      json_get_bool(ledger, "readOnly", false) ? "run swatch setup: it adds the folder to "
								 "those that the service may write to; or "
							       : "");
	return true;
}

static void judge_mode(struct doctor *doctor, const char *path)
{
	struct stat st;
	if (lstat(path, &st) != 0 || !(st.st_mode & 077))
		return;
	doctor_add(doctor, "ledger", DOCTOR_BAD, "others may read %s (mode %03o)", path,
		   (unsigned)st.st_mode & 0777);
	doctor_remedy(doctor, "chmod 600 '%s'", path);
}

void doctor_check_ledger(struct doctor *doctor)
{
	struct kept_file file;
	AUTO_BUF error = BUF_INIT;
	if (!doctor->invocation->config.ledger_enabled) {
		doctor_add(doctor, "ledger", DOCTOR_GOOD, "nothing is kept of deleted transcripts: [ledger] "
							  "enabled = no");
		return;
	}
	bool is_failing = judge_writing(doctor);
	enum store_opened opened = kept_file_open(&file, &error);
	doctor->costs_are_kept = opened == STORE_OPENED && !is_failing && doctor->answer;
	if (opened == STORE_OPENED) {
		judge_counts(doctor, &file);
		judge_projects(doctor, &file);
		judge_mode(doctor, file.path);
	} else if (opened == STORE_MISSING && !is_failing) {
		judge_missing(doctor, file.path);
	} else if (opened != STORE_MISSING) {
		doctor_add(doctor, "ledger", DOCTOR_BAD, "%s", buf_message(&error));
		if (opened == STORE_DAMAGED)
			doctor_remedy(doctor, "swatchd replaces it by its newest backup when it starts");
		else if (opened == STORE_FAILED)
			doctor_remedy(doctor, "look at its owner and permissions, and those of its folder");
	}
	kept_file_release(&file);
}
