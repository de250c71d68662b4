#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/paths.h"
#include "base/printable.h"
#include "base/utf8.h"

static char directory[512];

void fuzz_fail(const char *file, int line, const char *what, const char *format, ...)
{
	va_list args;
	fprintf(stderr, "%s:%d: %s does not hold: ", file, line, what);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n");
	abort();
}

void fuzz_begin(void)
{
	static bool begun;
	if (begun)
		return;
	begun = true;
	setenv("TZ", "UTC", 1);
	setenv("HOME", "/nonexistent", 1);
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("CLAUDE_CONFIG_DIR");
	tzset();
	log_init("fuzz", LOG_LEVEL_ERROR);
}

/* ---- the input ---- */

uint8_t fuzz_take_byte(struct fuzz_input *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->at++;
}

size_t fuzz_pick(struct fuzz_input *in, size_t count)
{
	return fuzz_take_byte(in) % count;
}

uint64_t fuzz_take_number(struct fuzz_input *in)
{
	uint64_t number = 0;
	for (int i = 0; i < 8; i++)
		number = number << 8 | fuzz_take_byte(in);
	return number;
}

static struct fuzz_text take(struct fuzz_input *in, size_t extra)
{
	const uint8_t *end = in->left > 0 ? memchr(in->at, 0xFF, in->left) : NULL;
	struct fuzz_text text = { NULL, end ? (size_t)(end - in->at) : in->left };
	/* malloc(0) may be NULL, which would look like no text at all. */
	text.data = malloc(text.len + extra > 0 ? text.len + extra : 1);
	FUZZ_CHECK(text.data, "no memory");
	if (text.len > 0)
		memcpy(text.data, in->at, text.len);
	in->at += text.len + (end != NULL);
	in->left -= text.len + (end != NULL);
	return text;
}

struct fuzz_text fuzz_take_text(struct fuzz_input *in)
{
	return take(in, 0);
}

struct fuzz_text fuzz_take_string(struct fuzz_input *in)
{
	struct fuzz_text text = take(in, 1);
	text.data[text.len] = '\0';
	text.len = strlen(text.data);
	char *exact = realloc(text.data, text.len + 1);
	FUZZ_CHECK(exact, "no memory");
	text.data = exact;
	return text;
}

void fuzz_text_release(struct fuzz_text *text)
{
	free(text->data);
	*text = (struct fuzz_text){ NULL, 0 };
}

/* ---- files ---- */

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *place)
{
	(void)st;
	(void)type;
	(void)place;
	return remove(path);
}

static void remove_directory(void)
{
	nftw(directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

const char *fuzz_directory(void)
{
	if (*directory)
		return directory;
	/* In memory where that is possible: a file a run, thousands a second. A socket's path has to be
	 * short, too. */
	const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : getenv("TMPDIR");
	if (!where)
		where = "/tmp";
	int len = snprintf(directory, sizeof(directory), "%s/swatch-fuzz.XXXXXX", where);
	FUZZ_CHECK(len > 0 && (size_t)len < sizeof(directory) && mkdtemp(directory), "cannot make %s",
		   directory);
	atexit(remove_directory);
	return directory;
}

char *fuzz_path(const char *name)
{
	char *path = paths_join(fuzz_directory(), name);
	FUZZ_CHECK(path, "no memory");
	return path;
}

void fuzz_write_file(const char *name, const void *data, size_t len)
{
	char *path = fuzz_path(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FUZZ_CHECK(fd >= 0, "cannot write %s: %s", path, strerror(errno));
	FUZZ_CHECK(len == 0 || write(fd, data, len) == (ssize_t)len, "cannot write %s", path);
	close(fd);
	free(path);
}

/* ---- what must hold of any output ---- */

/* The length of "\033[...m" at `text`; 0: another text. */
static size_t colour_code_len(const char *text, size_t len)
{
	size_t at = 2;
	if (len < 3 || memcmp(text, "\033[", 2) != 0)
		return 0;
	while (at < len && strchr("0123456789;", text[at]) && text[at])
		at++;
	return at < len && text[at] == 'm' ? at + 1 : 0;
}

void fuzz_check_shown(const char *what, const char *text, size_t len, bool colour)
{
	uint32_t before = 0;
	for (size_t at = 0; at < len;) {
		size_t code_len = colour ? colour_code_len(text + at, len - at) : 0;
		uint32_t code = 0;
		if (code_len == 0) {
			code_len = utf8_decode(text + at, len - at, &code);
			FUZZ_CHECK(code_len > 0, "%s: no UTF-8 at byte %zu: %.*s", what, at, (int)len, text);
			FUZZ_CHECK(code == '\n'
					   || !printable_is_unsafe_at(before, code, text + at, len - at,
								      code_len),
				   "%s: U+%04X at byte %zu: %.*s", what, (unsigned)code, at, (int)len, text);
			before = code;
		}
		at += code_len;
	}
}

struct json_object *fuzz_check_json(const char *what, const char *text, size_t len)
{
	struct json_tokener *tokener = json_tokener_new();
	FUZZ_CHECK(tokener, "no memory");
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	struct json_object *value = json_tokener_parse_ex(tokener, text, (int)len);
	enum json_tokener_error error = json_tokener_get_error(tokener);
	FUZZ_CHECK(error == json_tokener_success, "%s: %s: %.*s", what, json_tokener_error_desc(error),
		   (int)len, text);
	FUZZ_CHECK(json_tokener_get_parse_end(tokener) == len, "%s: more than one value: %.*s", what,
		   (int)len, text);
	json_tokener_free(tokener);
	return value;
}
