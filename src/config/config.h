/*
 * config: the settings in force: the defaults, and what swatch.conf changes.
 *
 * For: swatchd, and the commands that need a setting. One table in keys.c holds every key with its section, type, unit,
 * range, default and help: parsing, range checks and `swatch config` go by it. base/ini.h has the file's grammar.
 */
#ifndef SWATCH_CONFIG_CONFIG_H
#define SWATCH_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/log.h"

enum billing_source { BILLING_AUTO, BILLING_NATIVE, BILLING_CCUSAGE };
enum daemon_autostart { AUTOSTART_NO, AUTOSTART_YES };
enum statusline_preset_choice { PRESET_CCUSAGE, PRESET_COMPACT, PRESET_FULL, PRESET_POWERLINE, PRESET_PLAIN };
enum sandbox_mode { SANDBOX_AUTO, SANDBOX_OFF, SANDBOX_REQUIRED };
enum watch_method { WATCH_AUTO, WATCH_INOTIFY, WATCH_POLL };

/* A config file is a page; a larger file is something else. */
#define CONFIG_FILE_MAX_BYTES 65536

/* A comma list of numbers: sorted, each once; none when the text is empty. */
#define CONFIG_NUMBERS_MAX 8

struct config_numbers {
	size_t count;
	double at[CONFIG_NUMBERS_MAX];
};

/* More keys than the table in keys.c has. */
#define CONFIG_KEYS_MAX 64

struct config {
	/* [watch] */
	char *watch_paths;              /* comma list of config or projects directories; "" = as Claude Code has them */
	int64_t watch_tail_delay_ms;
	int watch_method;               /* enum watch_method */
	/* [billing] */
	int billing_source;             /* enum billing_source */
	char *billing_timezone;         /* a tz database name; "" = the system's */
	/* [ccusage] */
	char *ccusage_command;          /* words split at blanks, "..." and '...' keep blanks; no shell; "" = none */
	int64_t ccusage_timeout_ms;
	int64_t ccusage_settle_ms;
	int64_t ccusage_max_delay_ms;
	int64_t ccusage_ttl_low_ms;     /* under burn_low */
	int64_t ccusage_ttl_mid_ms;
	int64_t ccusage_ttl_high_ms;    /* above burn_high */
	double ccusage_burn_low_usd;    /* per hour */
	double ccusage_burn_high_usd;   /* per hour */
	int64_t ccusage_memory_limit_bytes; /* 0 = none */
	/* [cache] */
	char *cache_directory;          /* "" = <first config directory>/session-health */
	/* [sessions] */
	int64_t sessions_idle_after_ms;
	int64_t sessions_expire_after_ms;
	int64_t sessions_max_files;
	int64_t sessions_preview;       /* characters of lastMessagePreview */
	/* [daemon] (a statusline reads it by itself: config/few.h) */
	int daemon_autostart;           /* enum daemon_autostart */
	/* [sandbox] */
	int sandbox_mode;               /* enum sandbox_mode */
	char *sandbox_write;            /* comma list of absolute paths */
	int sandbox_network;            /* 0 no, 1 yes */
	/* [statusline] (swatch statusline reads them by itself: config/few.h) */
	char *statusline_format;        /* "" = the preset */
	int statusline_preset;          /* enum statusline_preset_choice */
	/* [alerts] */
	char *alerts_command;           /* words as of ccusage_command; "" = none is run */
	int64_t alerts_timeout_ms;
	struct config_numbers alerts_block_cost_usd;
	struct config_numbers alerts_today_cost_usd;
	struct config_numbers alerts_five_hour_percent;
	struct config_numbers alerts_seven_day_percent;
	struct config_numbers alerts_other_limits_percent;
	struct config_numbers alerts_context_percent;
	int64_t alerts_cache_cools_ms;  /* before the prompt cache goes cold; 0 = never */
	int alerts_limit_reached;       /* 0 no, 1 yes */
	int alerts_limit_reset;
	/* [log] */
	int log_level;                  /* enum log_level */
	/* Where each key of the table was set last: the line in the file that was read; 0: nowhere, it has its default. */
	int lines[CONFIG_KEYS_MAX];
};

/* Sets every key to its default. Returns false when memory ran out. */
bool config_init(struct config *config);

/*
 * Reads `path` (a regular file of CONFIG_FILE_MAX_BYTES at most) over the defaults into an initialised `config`. Every
 * fault (unknown section or key, bad value, a line that does not parse) is appended to `errors`, one line each,
 * "FILE:LINE: what; what is allowed". Returns 0 when all is well, or when the file does not exist and `required` is
 * false. Returns -1 otherwise: do not use the config then.
 */
int config_read_file(struct config *config, const char *path, bool required, struct buf *errors);

/*
 * Writes a whole config file: every setting with its default, in the order of the table, each with a comment that says
 * what it is for and what is allowed.
 */
void config_write_defaults(struct buf *out);

/* Frees what the config owns. */
void config_release(struct config *config);

/* Reads "500ms", "2s", "10m" (or "10min"), "1h", "7d", "2w"; a bare number is seconds. False when it is none. */
bool config_parse_duration(const char *text, int64_t *out_ms);

/* Reads "16M", "512K", "1G", "4096" (powers of 1024, either case). Returns false when it is none. */
bool config_parse_size(const char *text, int64_t *out_bytes);

/*
 * True for "" and for a zone of this machine's tz database, such as "Europe/Berlin": an unknown one would be taken for
 * UTC without a word. Where there is no database, nothing can be said, and it is true. False with errno: 0 when there is
 * no such zone, else why that cannot be told.
 */
bool config_is_time_zone(const char *name);

/* ${XDG_CONFIG_HOME:-~/.config}/swatch/swatch.conf. The caller frees it; NULL when there is no home or no memory. */
char *config_default_path(void);

/*
 * The path of pricing.json (price.h), which stands beside the config file: in the folder of `config_path` (as given
 * with --config), or of the default one when that is NULL. The caller frees it; NULL as config_default_path().
 */
char *config_pricing_path(const char *config_path);

#endif
