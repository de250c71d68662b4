#include "swatchd/daemon/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/paths.h"
#include "base/zone.h"
#include "swatchd/daemon/anew.h"
#include "swatchd/daemon/facts.h"
#include "swatchd/daemon/keep.h"
#include "swatchd/daemon/sessions.h"
#include "transcript/data_dirs.h"

int daemon_read_config(const struct daemon_options *options, struct config *config, struct buf *errors)
{
	if (!config_init(config))
		return -1;
	if (options->config_path
	    && config_read_file(config, options->config_path, options->config_required, errors) != 0) {
		config_release(config);
		return -1;
	}
	return 0;
}

void daemon_apply_timezone(const struct config *config)
{
	static bool changed;
	static char *before;
	const char *now = changed ? NULL : getenv("TZ");
	if (now)
		before = strdup(now);
	changed = true;
	AUTO_BUF why = BUF_INIT;
	if (!zone_set(config->billing_timezone[0] ? config->billing_timezone : before))
		log_error("cannot take the time zone: out of memory");
	else if (!zone_is_read(&why))
		log_warning("%s; days and times are in UTC; " ZONE_REMEDY
			    ", then start swatchd again or send it SIGHUP",
			    buf_message(&why));
}

int daemon_set_roots(struct daemon *daemon)
{
	struct data_dirs dirs;
	if (data_dirs_find(&dirs, daemon->config.watch_paths) != 0)
		return -1;
	int result = watch_set_roots(daemon->watch, (const char *const *)dirs.projects, dirs.count);
	data_dirs_release(&dirs);
	return result;
}

static void emit_reload(struct daemon *daemon, const char *error)
{
	struct jsonw *w = events_begin(&daemon->events, "config-reloaded");
	if (!w)
		return;
	jsonw_put_bool(w, "ok", error == NULL);
	jsonw_put_string(w, "error", error);
	events_end(&daemon->events);
}

/* Logs each line of the text on its own. */
static void log_lines(const char *text)
{
	char line[512];
	while (*text) {
		size_t len = strcspn(text, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)(len < sizeof(line) ? len : sizeof(line) - 1),
			 text);
		log_error("%s", line);
		text += len + (text[len] == '\n');
	}
}

/* Warns of changes that need a restart. */
static void warn_of_later(const struct config *old, const struct config *fresh)
{
	if (strcmp(fresh->cache_directory, old->cache_directory) != 0)
		log_warning("[cache] directory changed: that takes effect at the next start");
	if (fresh->watch_method != old->watch_method)
		log_warning("[watch] method changed: that takes effect at the next start");
	if (fresh->sandbox_mode != old->sandbox_mode || fresh->sandbox_network != old->sandbox_network
	    || fresh->sandbox_package_runner != old->sandbox_package_runner
	    || strcmp(fresh->sandbox_write, old->sandbox_write) != 0)
		log_warning("[sandbox] changed: that takes effect at the next start");
}

void daemon_reload(struct daemon *daemon)
{
	struct config fresh;
	AUTO_BUF errors = BUF_INIT;
	if (daemon_read_config(&daemon->options, &fresh, &errors) != 0) {
		log_error("the new config has faults; keeping the old one:");
		log_lines(buf_message(&errors));
		emit_reload(daemon, buf_message(&errors));
		return;
	}
	warn_of_later(&daemon->config, &fresh);
	bool other_projects = fresh.ledger_projects != daemon->config.ledger_projects;
	bool other_extras = fresh.billing_extras != daemon->config.billing_extras;
	config_release(&daemon->config);
	daemon->config = fresh;
	daemon_apply_timezone(&daemon->config);
	billing_forget_day(&daemon->billing);
	log_set_level((enum log_level)daemon->config.log_level);
	sessions_set_preview(&daemon->sessions, daemon->config.sessions_preview);
	if (sessions_set_secrets(&daemon->sessions, daemon->config.sessions_secrets))
		daemon_read_sessions_again(daemon);
	tail_set_delay(daemon->tail, daemon->config.watch_tail_delay_ms);
	if (daemon_set_roots(daemon) != 0)
		log_error("cannot tell where the transcripts are: %s", paths_why_none());
	refresh_configure(&daemon->refresh);
	alert_run_configure(&daemon->alerts.run);
	ledger_set_extras(daemon->ledger, daemon->config.billing_extras != 0);
	bool priced = pricing_reload(&daemon->pricing, daemon->options.config_path, daemon->ledger);
	if (priced)
		daemon_note_prices(daemon);
	if (other_extras)
		ledger_reprice(daemon->ledger, daemon->pricing.prices.book);
	daemon_keep_set_age(daemon);
	if (other_projects && daemon->keep.store)
		daemon_begin_anew(daemon, "[ledger] projects changed");
	daemon_keep_prices_changed(daemon);
	expire_run(&daemon->expire);
	publish_note_change(&daemon->publish, NULL, PUBLISH_EVERYTHING);
	publish_flush(&daemon->publish);
	log_info("config reloaded");
	emit_reload(daemon, priced ? NULL : daemon->pricing.error);
}
