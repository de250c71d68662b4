/*
 * swatch.conf: it is taken, and then each value as it is shown sets the same, and it says the same to a
 * statusline's own reader; or it is refused with faults that name its lines. Setting a key in it and taking
 * that back changes nothing.
 */
#include "config/config.h"
#include "config/keys.h"
#include "fuzz.h"
#include "config/edit.h"
#include "swatch/statusline/format_check.h"
#include "config/few.h"

#define NAME "swatch.conf"

static bool read_text(const char *name, const char *text, size_t len, struct config *config,
		      struct buf *errors)
{
	char *path = fuzz_path(name);
	fuzz_write_file(name, text, len);
	FUZZ_CHECK(config_init(config), "no memory");
	bool good = config_read_file(config, path, true, errors) == 0;
	free(path);
	return good;
}

static void check_values_set_the_same(const struct config *config)
{
	struct config again;
	FUZZ_CHECK(config_init(&again), "no memory");
	for (size_t i = 0; i < config_key_count; i++) {
		const struct config_key *key = &config_keys[i];
		struct buf value = BUF_INIT, again_value = BUF_INIT;
		config_append_value(config, key, &value);
		FUZZ_CHECK(config_set_key(&again, key, buf_str(&value)) == CONFIG_FINE,
			   "what is shown is refused: %s = %s", key->name, buf_str(&value));
		config_append_value(&again, key, &again_value);
		FUZZ_CHECK(strcmp(buf_str(&value), buf_str(&again_value)) == 0, "%s = %s became %s",
			   key->name, buf_str(&value), buf_str(&again_value));
		buf_release(&value);
		buf_release(&again_value);
	}
	config_release(&again);
}

/* A statusline reads by itself what it needs. */
static void check_statusline_reads_the_same(const struct config *config, const char *text, size_t len)
{
	struct config_few own = CONFIG_FEW_INIT;
	config_few_parse(&own, text, len);
	FUZZ_CHECK(strcmp(buf_str(&own.format), config->statusline_format) == 0,
		   "format '%s', to a statusline '%s'", config->statusline_format, buf_str(&own.format));
	FUZZ_CHECK(strcmp(buf_str(&own.cache_directory), config->cache_directory) == 0,
		   "directory '%s', to a statusline '%s'", config->cache_directory,
		   buf_str(&own.cache_directory));
	FUZZ_CHECK((strcmp(buf_str(&own.autostart), "yes") == 0)
			   == (config->daemon_autostart == AUTOSTART_YES),
		   "autostart '%s'", buf_str(&own.autostart));
	config_few_release(&own);
}

static void check_edit(const char *text, size_t len, bool good)
{
	static const char *const words[] = { "a", "word", NULL };
	struct buf out = BUF_INIT, back = BUF_INIT, error = BUF_INIT;
	struct config_change change = { 0 };
	if (config_edit_set(text, len, "ccusage", "command", words, &change, &out, &error)) {
		enum config_undo undone = config_edit_undo(buf_str(&out), out.len, &change, &back);
		FUZZ_CHECK(!good || undone == CONFIG_EDIT_UNDONE, "not taken back: %d", (int)undone);
		FUZZ_CHECK(undone != CONFIG_EDIT_UNDONE
				   || (back.len == len && memcmp(buf_str(&back), text, len) == 0),
			   "taken back it is\n%s", buf_str(&back));
	} else {
		FUZZ_CHECK(error.len > 0, "not set, and nothing says why");
	}
	config_change_release(&change);
	buf_release(&error);
	buf_release(&back);
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config;
	struct buf errors = BUF_INIT;
	const char *text = (const char *)data;
	fuzz_begin();
	bool good = read_text(NAME, text, size, &config, &errors);
	FUZZ_CHECK(good == (errors.len == 0), "faults: '%s'", buf_str(&errors));
	if (good) {
		check_values_set_the_same(&config);
		check_statusline_reads_the_same(&config, text, size);
		(void)config_format_check(&config, NAME, &errors);
	}
	check_edit(text, size, good);
	buf_release(&errors);
	config_release(&config);
	return 0;
}
