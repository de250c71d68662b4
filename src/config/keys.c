#include "config/keys.h"

#include "base/array.h"

#define FIELD(name) offsetof(struct config, name)
#define SECONDS(n) ((double)(n) * 1000.)
#define DAYS(n) ((double)(n) * 86400000.)
#define MIBI(n) ((double)(n) * 1048576.)

static const char *const method_choices[] = { "auto", "inotify", "poll", NULL };
static const char *const source_choices[] = { "auto", "native", "ccusage", NULL };
static const char *const preset_choices[] = { "ccusage", "compact", "full", "powerline", "plain", NULL };
static const char *const sandbox_choices[] = { "auto", "off", "required", NULL };
static const char *const forever[] = { "forever", NULL };
static const char *const projects_choices[] = { "path", "hash", "off", NULL };
static const char *const no_yes[] = { "no", "yes", NULL };
static const char *const level_choices[] = { "error", "warning", "info", "debug", NULL };

#define TEXT(max) 0, max, false
#define CHOICE 0, 0, false
#define RANGE(min, max) min, max, false
#define NONE_OR(min, max) min, max, true

const struct config_key config_keys[] = {
	{ "watch", "paths", CONFIG_STRING, FIELD(watch_paths), TEXT(16384), "", NULL,
	  "comma list of Claude config (or projects) directories; empty: those that Claude Code uses" },
	{ "watch", "tail_delay", CONFIG_DURATION, FIELD(watch_tail_delay_ms), RANGE(0, SECONDS(5)), "50ms",
	  NULL, "how long lines are gathered before a session's file is written" },
	{ "watch", "method", CONFIG_CHOICE, FIELD(watch_method), CHOICE, "auto", method_choices,
	  "how changes are noticed; auto: inotify, and polling where that does not report" },
	{ "billing", "source", CONFIG_CHOICE, FIELD(billing_source), CHOICE, "auto", source_choices,
	  "whose figures are shown; auto: native, audited by ccusage" },
	{ "billing", "extras", CONFIG_CHOICE, FIELD(billing_extras), CHOICE, "no", no_yes,
	  "whether costs have web searches ($0.01 each) and the surcharge of inference_geo us in them" },
	{ "billing", "timezone", CONFIG_TIMEZONE, FIELD(billing_timezone), TEXT(128), "", NULL,
	  "the time zone in which days begin, such as Europe/Berlin; empty: the system's" },
	{ "ccusage", "command", CONFIG_COMMAND, FIELD(ccusage_command), TEXT(8192),
	  "ccusage blocks --active --json --offline", NULL,
	  "what a refresh runs, without a shell; empty: nothing" },
	{ "ccusage", "timeout", CONFIG_DURATION, FIELD(ccusage_timeout_ms), RANGE(SECONDS(1), SECONDS(600)),
	  "60s", NULL, "a run that takes longer is ended" },
	{ "ccusage", "settle", CONFIG_DURATION, FIELD(ccusage_settle_ms), RANGE(0, SECONDS(60)), "2s", NULL,
	  "a burst of activity is over after this much quiet" },
	{ "ccusage", "max_delay", CONFIG_DURATION, FIELD(ccusage_max_delay_ms), RANGE(0, SECONDS(600)), "10s",
	  NULL, "a burst that does not end waits no longer than this; settle at least" },
	{ "ccusage", "ttl_low", CONFIG_DURATION, FIELD(ccusage_ttl_low_ms), RANGE(0, DAYS(1)), "300s", NULL,
	  "how old figures may get while the burn rate is under burn_low" },
	{ "ccusage", "ttl_mid", CONFIG_DURATION, FIELD(ccusage_ttl_mid_ms), RANGE(0, DAYS(1)), "120s", NULL,
	  "the same, between burn_low and burn_high" },
	{ "ccusage", "ttl_high", CONFIG_DURATION, FIELD(ccusage_ttl_high_ms), RANGE(0, DAYS(1)), "60s", NULL,
	  "the same, above burn_high" },
	{ "ccusage", "burn_low", CONFIG_USD, FIELD(ccusage_burn_low_usd), RANGE(0, 1e6), "1", NULL,
	  "US dollars an hour" },
	{ "ccusage", "burn_high", CONFIG_USD, FIELD(ccusage_burn_high_usd), RANGE(0, 1e6), "5", NULL,
	  "US dollars an hour; burn_low at least" },
	{ "ccusage", "memory_limit", CONFIG_SIZE, FIELD(ccusage_memory_limit_bytes),
	  NONE_OR(MIBI(64), MIBI(65536)), "0", NULL, "how much data memory a run may use; 0: no limit" },
	{ "cache", "directory", CONFIG_STRING, FIELD(cache_directory), TEXT(4095), "", NULL,
	  "where the cache files go; empty: session-health in the first Claude config directory" },
	{ "sessions", "idle_after", CONFIG_DURATION, FIELD(sessions_idle_after_ms),
	  RANGE(SECONDS(1), DAYS(30)), "30m", NULL, "a session is idle after this much quiet" },
	{ "sessions", "expire_after", CONFIG_DURATION, FIELD(sessions_expire_after_ms),
	  RANGE(SECONDS(1), DAYS(3650)), "7d", NULL,
	  "an idle session's file is removed after this much quiet" },
	{ "sessions", "max_files", CONFIG_COUNT, FIELD(sessions_max_files), RANGE(1, 100000), "100", NULL,
	  "more session files than this: the oldest idle ones are removed" },
	{ "sessions", "preview", CONFIG_COUNT, FIELD(sessions_preview), RANGE(0, 500), "80", NULL,
	  "characters of the last message that a session's file shows; 0: none" },
	{ "sessions", "secrets", CONFIG_CHOICE, FIELD(sessions_secrets), CHOICE, "yes", no_yes,
	  "whether swatchd looks for tokens and keys in what sessions write, and says where they are" },
	{ "ledger", "enabled", CONFIG_CHOICE, FIELD(ledger_enabled), CHOICE, "yes", no_yes,
	  "whether swatchd keeps what transcripts said in a file of its own,"
	  " after Claude Code deleted them" },
	{ "ledger", "keep", CONFIG_DURATION, FIELD(ledger_keep_ms), NONE_OR(DAYS(1), DAYS(36500)), "forever",
	  forever, "older messages are deleted there for good, once a day" },
	{ "ledger", "projects", CONFIG_CHOICE, FIELD(ledger_projects), CHOICE, "path", projects_choices,
	  "what is kept of the names of projects and branches there: the names, keyed hashes of them, or"
	  " nothing" },
	{ "daemon", "autostart", CONFIG_CHOICE, FIELD(daemon_autostart), CHOICE, "no", no_yes,
	  "whether swatch statusline starts swatchd when none runs, where no service manager does" },
	{ "sandbox", "mode", CONFIG_CHOICE, FIELD(sandbox_mode), CHOICE, "auto", sandbox_choices,
	  "what swatchd and the programs that it runs are denied; auto: as far as the kernel can" },
	{ "sandbox", "write", CONFIG_STRING, FIELD(sandbox_write), TEXT(4096), "", NULL,
	  "comma list of more directories or files that these programs may write to" },
	{ "sandbox", "network", CONFIG_CHOICE, FIELD(sandbox_network), CHOICE, "no", no_yes,
	  "whether they may use the network, as an alert command may want" },
	{ "sandbox", "package_runner", CONFIG_CHOICE, FIELD(sandbox_package_runner), CHOICE, "no", no_yes,
	  "whether a refresh may do what npx, bunx and pnpm need: reach the Internet, and write where they "
	  "keep packages" },
	{ "statusline", "format", CONFIG_STRING, FIELD(statusline_format), TEXT(4096), "", NULL,
	  "what swatch statusline shows, in the language of swatch-statusline(1); empty: the preset" },
	{ "statusline", "preset", CONFIG_CHOICE, FIELD(statusline_preset), CHOICE, "full", preset_choices,
	  "the format where none is written; swatch statusline --preview shows them" },
	{ "alerts", "command", CONFIG_COMMAND, FIELD(alerts_command), TEXT(8192), "", NULL,
	  "what runs once for each crossing, without a shell, the facts in its environment; empty: nothing" },
	{ "alerts", "timeout", CONFIG_DURATION, FIELD(alerts_timeout_ms), RANGE(SECONDS(1), SECONDS(600)),
	  "10s", NULL, "a run that takes longer is ended" },
	{ "alerts", "block_cost", CONFIG_USD_LIST, FIELD(alerts_block_cost_usd), RANGE(0.01, 1e6), "", NULL,
	  "the 5-hour block has cost so many US dollars; empty: no such rule, as for all lists here" },
	{ "alerts", "today_cost", CONFIG_USD_LIST, FIELD(alerts_today_cost_usd), RANGE(0.01, 1e6), "", NULL,
	  "today has cost so many US dollars" },
	{ "alerts", "five_hour", CONFIG_PERCENT_LIST, FIELD(alerts_five_hour_percent), RANGE(1, 100),
	  "80, 95", NULL, "so much of the server's 5-hour limit is used" },
	{ "alerts", "seven_day", CONFIG_PERCENT_LIST, FIELD(alerts_seven_day_percent), RANGE(1, 100),
	  "80, 95", NULL, "so much of its 7-day limit is used" },
	{ "alerts", "other_limits", CONFIG_PERCENT_LIST, FIELD(alerts_other_limits_percent), RANGE(1, 1000),
	  "", NULL, "so much of any other limit of the server's is used" },
	{ "alerts", "context", CONFIG_PERCENT_LIST, FIELD(alerts_context_percent), RANGE(1, 100), "", NULL,
	  "so much of an active session's context window is used" },
	{ "alerts", "cache_cools", CONFIG_DURATION, FIELD(alerts_cache_cools_ms),
	  NONE_OR(SECONDS(1), SECONDS(3300)), "0s", NULL,
	  "this long before a session's prompt cache goes cold" },
	{ "alerts", "waiting", CONFIG_DURATION, FIELD(alerts_waiting_ms), NONE_OR(SECONDS(1), SECONDS(86400)),
	  "2m", NULL, "a session has waited for you so long, to permit something, say; 0s: no such rule" },
	{ "alerts", "limit_reached", CONFIG_CHOICE, FIELD(alerts_limit_reached), CHOICE, "yes", no_yes,
	  "a limit of the server's is used up" },
	{ "alerts", "limit_reset", CONFIG_CHOICE, FIELD(alerts_limit_reset), CHOICE, "yes", no_yes,
	  "a limit that was used up is reset" },
	{ "alerts", "secret", CONFIG_CHOICE, FIELD(alerts_secret), CHOICE, "yes", no_yes,
	  "a token or key appeared in a session's transcript" },
	{ "log", "level", CONFIG_CHOICE, FIELD(log_level), CHOICE, "info", level_choices,
	  "how much is logged" },
};

const size_t config_key_count = ARRAY_COUNT(config_keys);
_Static_assert(ARRAY_COUNT(config_keys) <= CONFIG_KEYS_MAX, "CONFIG_KEYS_MAX is too small");
