#include "sandbox/sandbox.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "program/argv.h"
#include "base/array.h"
#include "base/log.h"
#include "base/scope.h"
#include "sandbox/packages.h"
#include "sandbox/program.h"
#include "sandbox/promises.h"
#include "sandbox/ruleset.h"

enum state { STATE_NOT_YET, STATE_OFF, STATE_UNAVAILABLE, STATE_FAILED, STATE_ON };

/* What this process says about its sandbox. */
static struct {
	enum state state;
	int mode;
	struct promise_facts facts;
	bool sockets_denied, tcp_denied;
	char why[256];
	struct ruleset_places places;
	struct program programs[SANDBOX_PROGRAMS];
} sandbox = { .programs = { PROGRAM_NONE, PROGRAM_NONE } };

struct sandbox_rules sandbox_rules_of(const struct config *config)
{
	return (struct sandbox_rules){ .mode = config->sandbox_mode,
				       .network = config->sandbox_network != 0,
				       .packages = config->sandbox_package_runner != 0,
				       .temporary = true,
				       .write = config->sandbox_write,
				       .command = config->ccusage_command };
}

void sandbox_forbid_privileges(void)
{
	sandbox.facts.no_new_privileges = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
	if (!sandbox.facts.no_new_privileges)
		log_warning("cannot give up new privileges: %s", strerror(errno));
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		log_warning("cannot hide this process's memory from others: %s", strerror(errno));
}

int sandbox_landlock_abi(void)
{
	return ruleset_abi();
}

/* ---- why there is no Landlock ---- */

/* The kernel has no Landlock, or its owner forbids it; any other errno is a failure. */
static bool is_unavailable(int why)
{
	return why == ENOSYS || why == EOPNOTSUPP || why == EPERM || why == EACCES;
}

static const char *explain(int why)
{
	switch (why) {
	case ENOSYS:
		return "this kernel has no Landlock";
	case EOPNOTSUPP:
		return "Landlock is not switched on in this kernel";
	case EPERM:
	case EACCES:
		return "Landlock is forbidden here, as by a container's filter of system calls";
	default:
		return strerror(why);
	}
}

/* Takes what became of Landlock: `why` is an errno, or 0. */
static void judge(int why, int abi)
{
	bool unavailable = is_unavailable(why) && !sandbox.why[0];
	sandbox.state = why == 0 ? STATE_ON : unavailable ? STATE_UNAVAILABLE : STATE_FAILED;
	sandbox.facts.landlock = why == 0 ? abi : 0;
	if (why == 0)
		return;
	ruleset_places_release(&sandbox.places);
	if (!sandbox.why[0])
		snprintf(sandbox.why, sizeof(sandbox.why), "%s", explain(why));
}

/* ---- the programs' sandbox ---- */

static enum filter_sockets sockets_of(enum sandbox_program kind, const struct sandbox_rules *rules)
{
	if (rules->network)
		return FILTER_ALL_SOCKETS;
	if (kind == SANDBOX_ALERT)
		return FILTER_UNIX_CLIENTS;
	return rules->packages ? FILTER_INET_SOCKETS : FILTER_NO_SOCKETS;
}

/* Returns 0 or an errno. */
static int prepare(const struct sandbox_rules *rules, char *const *packages, int abi)
{
	for (enum sandbox_program kind = 0; kind < SANDBOX_PROGRAMS; kind++) {
		bool has_packages = rules->packages && kind == SANDBOX_REFRESH;
		const struct ruleset_plan plan = { .abi = abi,
						   .tcp = rules->network || has_packages,
						   .abstract = rules->network,
						   .temporary = rules->temporary,
						   .write = rules->write,
						   .packages = has_packages ? packages : NULL };
		if (program_prepare(&sandbox.programs[kind], abi > 0 ? &plan : NULL, sandbox.facts.filter,
				    sockets_of(kind, rules)) != 0)
			return errno;
	}
	return 0;
}

static void begin(const struct sandbox_rules *rules)
{
	sandbox.mode = rules->mode;
	sandbox.why[0] = '\0';
	sandbox.facts.is_off = rules->mode == SANDBOX_OFF;
	sandbox.facts.network = rules->network;
	sandbox.facts.packages = rules->packages;
	sandbox.facts.filter = rules->mode != SANDBOX_OFF && filter_is_available();
	sandbox.facts.landlock = 0;
	sandbox.sockets_denied = sandbox.tcp_denied = false;
	ruleset_places_release(&sandbox.places);
	for (size_t i = 0; i < SANDBOX_PROGRAMS; i++)
		program_release(&sandbox.programs[i]);
	if (rules->mode == SANDBOX_OFF)
		sandbox.state = STATE_OFF;
}

void sandbox_prepare(const struct sandbox_rules *rules)
{
	int abi = ruleset_abi(), why = abi > 0 ? 0 : errno;
	begin(rules);
	sandbox.facts.no_new_privileges = true;  /* of each program */
	if (rules->mode == SANDBOX_OFF)
		return;
	char **packages = rules->packages ? packages_make_directories(rules->command) : NULL;
	if (abi > 0)
		why = program_try_rules(abi);
	if (why == 0)
		why = prepare(rules, packages, abi);
	judge(why, abi);
	if (why != 0)
		(void)prepare(rules, packages, 0);
	argv_free(packages);
}

bool sandbox_confine(enum sandbox_program kind, struct spawn_confinement *confinement, struct buf *refusal)
{
	AUTO_BUF missing = BUF_INIT;
	*confinement = program_confinement(&sandbox.programs[kind]);
	if (sandbox.mode != SANDBOX_REQUIRED)
		return true;
	promise_list_missing(&sandbox.facts, &missing);
	if (missing.len > 0)
		buf_printf(refusal,
			   "not run, because this kernel cannot deny all that [sandbox] mode = required "
			   "asks for: %s",
			   buf_str(&missing));
	return missing.len == 0;
}

/* ---- the daemon's ---- */

/* Returns 0 or an errno. */
static int restrict_daemon(const struct sandbox_rules *rules, char *const *packages, int abi)
{
	const struct ruleset_plan plan = { .abi = abi,
					   .tcp = rules->network || rules->packages,
					   .abstract = true,
					   .temporary = rules->temporary,
					   .write = rules->write,
					   .packages = packages,
					   .cache_path = rules->cache_path,
					   .cache_fd = rules->cache_fd,
					   .socket_path = rules->socket_path,
					   .ledger_path = rules->ledger_path };
	AUTO_CLOSE int fd = ruleset_make(&plan, &sandbox.places);
	memcpy(sandbox.why, sandbox.places.why, sizeof(sandbox.why));
	/* The programs' rules first: they are about places that this process can still open. */
	int why = fd < 0 ? errno : prepare(rules, packages, abi);
	if (why == 0 && ruleset_enter(fd) != 0)
		why = errno;
	return why;
}

static void enter_filter(const struct sandbox_rules *rules)
{
	struct filter filter;
	filter_make(&filter, rules->network || rules->packages ? FILTER_ALL_SOCKETS : FILTER_UNIX_SOCKETS,
		    false);
	if (filter_enter(&filter) == 0)
		return;
	sandbox.facts.filter = false;
	for (size_t i = 0; i < SANDBOX_PROGRAMS; i++)
		sandbox.programs[i].has_filter = false;
}

static const char *network_name(void)
{
	return sandbox.sockets_denied ? "denied" : sandbox.tcp_denied ? "tcp denied" : "open";
}

static void log_missing(void)
{
	AUTO_BUF missing = BUF_INIT;
	promise_list_missing(&sandbox.facts, &missing);
	if (missing.len == 0)
		return;
	log_warning("sandbox: this kernel does not deny: %s%s", buf_str(&missing),
		    sandbox.mode == SANDBOX_REQUIRED
			    ? "; neither ccusage nor the alert command is run ([sandbox] mode = required)"
			    : "");
}

static void log_entered(void)
{
	AUTO_BUF places = BUF_INIT;
	for (size_t i = 0; i < sandbox.places.count; i++)
		if (sandbox.places.at[i].why == 0)
			buf_printf(&places, "%s%s", i ? ", " : "", sandbox.places.at[i].path);
	const char *network = sandbox.sockets_denied ? "no network"
			      : sandbox.tcp_denied   ? "no TCP" : "network as before";
	if (sandbox.state == STATE_ON)
		log_info("sandbox (Landlock ABI %d): writes only in %s; %s; no new privileges",
			 sandbox.facts.landlock, buf_str(&places), network);
	else if (sandbox.state == STATE_OFF)
		log_info("no sandbox: [sandbox] mode = off");
	else
		log_info("no sandbox for files: %s; %s", sandbox.why, network);
	log_missing();
}

int sandbox_enter(const struct sandbox_rules *rules, int abi, struct buf *error)
{
	int why = abi > 0 ? 0 : errno;
	begin(rules);
	if (rules->mode == SANDBOX_OFF) {
		log_entered();
		return 0;
	}
	char **packages = rules->packages ? packages_make_directories(rules->command) : NULL;
	if (abi > 0)
		why = restrict_daemon(rules, packages, abi);
	judge(why, abi);
	if (why != 0)
		(void)prepare(rules, packages, 0);
	argv_free(packages);
	if (why != 0 && rules->mode == SANDBOX_REQUIRED) {
		buf_printf(error, "cannot start without a sandbox ([sandbox] mode = required): %s",
			   sandbox.why);
		return -1;
	}
	bool is_closed = !rules->network && !rules->packages;
	if (sandbox.facts.filter)
		enter_filter(rules);
	sandbox.sockets_denied = is_closed && sandbox.facts.filter;
	sandbox.tcp_denied = is_closed && sandbox.facts.landlock >= RULESET_ABI_TCP;
	log_entered();
	return 0;
}

/* ---- for people ---- */

static bool has_word(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strstr(text, *words))
			return true;
	return false;
}

const char *sandbox_hint(enum sandbox_program kind, char *const *words, const char *text)
{
	/* What programs print when a connection is denied, often beside EACCES: so these come first. */
	static const char *const of_network[] = { "EAFNOSUPPORT", "ddress family", "onnect", "getaddrinfo",
						  "resolve", NULL };
	static const char *const of_files[] = { "ermission denied", "EACCES", "EPERM", "not permitted",
						"EXDEV", "ross-device", "ead-only file", "EROFS", NULL };
	const struct promise_facts *facts = &sandbox.facts;
	bool no_network = !facts->network && (facts->filter || facts->landlock >= RULESET_ABI_TCP);
	if (sandbox.state <= STATE_OFF || (!facts->filter && facts->landlock == 0))
		return "";
	if (kind == SANDBOX_REFRESH && !facts->packages && packages_is_runner(words))
		return "; it ran in swatchd's sandbox, and a package runner needs more: [sandbox] "
		       "package_runner "
		       "= yes in swatch.conf";
	if (no_network && !(facts->packages && kind == SANDBOX_REFRESH) && has_word(text, of_network))
		return "; is it swatchd's sandbox? [sandbox] network in swatch.conf opens the network";
	if (sandbox.state == STATE_ON && has_word(text, of_files))
		return "; is it swatchd's sandbox? [sandbox] write in swatch.conf names more places";
	return "; it ran in swatchd's sandbox, which may be why: see [sandbox] in swatch.conf(5)";
}

static void put_places(struct jsonw *w)
{
	const struct ruleset_places *places = &sandbox.places;
	jsonw_key_array(w, "writable");
	for (size_t i = 0; i < places->count; i++)
		if (places->at[i].why == 0)
			jsonw_string(w, places->at[i].path);
	jsonw_end_array(w);
	jsonw_key_array(w, "refused");
	for (size_t i = 0; i < places->count; i++) {
		if (places->at[i].why == 0)
			continue;
		jsonw_begin_object(w);
		jsonw_put_string(w, "path", places->at[i].path);
		jsonw_put_string(w, "why", strerror(places->at[i].why));
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

void sandbox_write_status(struct jsonw *w)
{
	static const char *const states[] = { "off", "off", "unavailable", "failed", "on" };
	static const char *const modes[] = { "auto", "off", "required" };
	struct spawn_confinement confinement;
	AUTO_BUF refusal = BUF_INIT;
	jsonw_put_string(w, "mode", modes[sandbox.mode]);
	jsonw_put_string(w, "state", states[sandbox.state]);
	jsonw_put_string(w, "why", sandbox.why[0] ? sandbox.why : NULL);
	jsonw_put_int(w, "landlock", sandbox.facts.landlock);
	jsonw_put_bool(w, "filter", sandbox.facts.filter);
	jsonw_put_bool(w, "noNewPrivileges", sandbox.facts.no_new_privileges);
	jsonw_put_string(w, "network", network_name());
	jsonw_put_bool(w, "runsPrograms", sandbox_confine(SANDBOX_REFRESH, &confinement, &refusal));
	put_places(w);
	promise_write(&sandbox.facts, w);
}

void sandbox_release(void)
{
	ruleset_places_release(&sandbox.places);
	for (size_t i = 0; i < SANDBOX_PROGRAMS; i++)
		program_release(&sandbox.programs[i]);
#ifdef __SANITIZE_ADDRESS__
	/* A sanitizer now looks for leaks with ptrace. */
	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
#endif
}
