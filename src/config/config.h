/*
 * config: the settings in force: the defaults, changed by swatch.conf.
 *
 * For: swatchd, and the commands that need a setting. One table in keys.c has every key with its section,
 * type, unit, range, default and help; parsing, range checks and `swatch config` use it. base/ini.h has the
 * file's grammar.
 */
#ifndef SWATCH_CONFIG_CONFIG_H
#define SWATCH_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "config/settings.h"

/* A larger file is something else. */
#define CONFIG_FILE_MAX_BYTES 65536

/* Sets every key to its default. Returns false when memory ran out. */
bool config_init(struct config *config);

/*
 * Reads `path` (a regular file of CONFIG_FILE_MAX_BYTES at most) over the defaults into an initialised
 * `config`. Appends a line to `errors` for every fault (unknown section or key, bad value, a line that does
 * not parse): "FILE:LINE: what; what is allowed". Returns 0 when all is well, or when the file does not exist
 * and `required` is false. Returns -1 otherwise: then do not use the config.
 */
int config_read_file(struct config *config, const char *path, bool required, struct buf *errors);

/*
 * Writes a whole config file: every setting with its default, and a comment with its purpose and allowed
 * values.
 */
void config_write_defaults(struct buf *out);

/* Frees what the config owns. */
void config_release(struct config *config);

/*
 * Reads "500ms", "2s", "10m" (or "10min"), "1h", "7d", "2w"; a bare number is seconds. False for other texts.
 */
bool config_parse_duration(const char *text, int64_t *out_ms);

/* Reads "16M", "512K", "1G", "4096" (powers of 1024, either case). Returns false for other texts. */
bool config_parse_size(const char *text, int64_t *out_bytes);

/*
 * Returns true for "" and for a zone of this machine's tz database, such as "Europe/Berlin": the C library
 * would silently take an unknown zone for UTC. Returns true for every name when the machine has no database.
 * Returns false with errno: 0 when there is no such zone, else why the database cannot be read.
 */
bool config_is_time_zone(const char *name);

/* ${XDG_CONFIG_HOME:-~/.config}/swatch/swatch.conf. The caller frees it; NULL without a home or memory. */
char *config_default_path(void);

/*
 * The path of pricing.json (price/price.h), which is in the folder of `config_path` (from --config), or of
 * the default file when that is NULL. The caller frees it; NULL as for config_default_path().
 */
char *config_pricing_path(const char *config_path);

#endif
