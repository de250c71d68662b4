/*
 * settings: the values in force, a field a key.
 *
 * For: everybody who has read a config (config/config.h) and needs its values; keys.c ties each field to its
 * key.
 */
#ifndef SWATCH_CONFIG_SETTINGS_H
#define SWATCH_CONFIG_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

#include "base/log.h"

enum billing_source { BILLING_AUTO, BILLING_NATIVE, BILLING_CCUSAGE };
enum daemon_autostart { AUTOSTART_NO, AUTOSTART_YES };
enum statusline_preset_choice { PRESET_CCUSAGE, PRESET_COMPACT, PRESET_FULL, PRESET_POWERLINE, PRESET_PLAIN };
enum ledger_projects { LEDGER_PROJECTS_PATH, LEDGER_PROJECTS_HASH, LEDGER_PROJECTS_OFF };
enum sandbox_mode { SANDBOX_AUTO, SANDBOX_OFF, SANDBOX_REQUIRED };
enum watch_method { WATCH_AUTO, WATCH_INOTIFY, WATCH_POLL };

/* A comma list of numbers: sorted, each once. */
#define CONFIG_NUMBERS_MAX 8

struct config_numbers {
	size_t count;
	double at[CONFIG_NUMBERS_MAX];
};

/* More keys than the table in keys.c has. */
#define CONFIG_KEYS_MAX 64

struct config {
	/* [watch] */
	char *watch_paths;              /* comma list of config or projects directories; "": Claude Code's */
	int64_t watch_tail_delay_ms;
	int watch_method;               /* enum watch_method */
	/* [billing] */
	int billing_source;             /* enum billing_source */
	int billing_extras;             /* 1: costs have web searches and surcharges in them */
	char *billing_timezone;         /* a tz database name; "" = the system's */
	/* [ccusage] */
	char *ccusage_command;          /* words as argv_split() takes them; "" = none */
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
	int sessions_secrets;           /* 0 no, 1 yes */
	/* [ledger] */
	int ledger_enabled;             /* 0 no, 1 yes */
	int64_t ledger_keep_ms;         /* 0: forever */
	int ledger_projects;            /* enum ledger_projects */
	/* [daemon] (config/few.h reads it for a statusline) */
	int daemon_autostart;           /* enum daemon_autostart */
	/* [sandbox] */
	int sandbox_mode;               /* enum sandbox_mode */
	char *sandbox_write;            /* comma list of absolute paths */
	int sandbox_network;            /* 0 no, 1 yes */
	int sandbox_package_runner;
	/* [statusline] (config/few.h reads them for a statusline) */
	char *statusline_format;        /* "" = the preset */
	int statusline_preset;          /* enum statusline_preset_choice */
	/* [alerts] */
	char *alerts_command;           /* as ccusage_command */
	int64_t alerts_timeout_ms;
	struct config_numbers alerts_block_cost_usd;
	struct config_numbers alerts_today_cost_usd;
	struct config_numbers alerts_five_hour_percent;
	struct config_numbers alerts_seven_day_percent;
	struct config_numbers alerts_other_limits_percent;
	struct config_numbers alerts_context_percent;
	int64_t alerts_cache_cools_ms;  /* before the prompt cache goes cold; 0 = never */
	int64_t alerts_waiting_ms;      /* a session waits for a person; 0 = never */
	int alerts_limit_reached;       /* 0 no, 1 yes */
	int alerts_limit_reset;
	int alerts_secret;
	/* [log] */
	int log_level;                  /* enum log_level */
	int lines[CONFIG_KEYS_MAX];     /* by key: the file's line that set it last; 0: it has its default */
};

#endif
