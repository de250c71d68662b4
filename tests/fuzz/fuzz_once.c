/*
 * The whole of swatchd: `swatchd --once --no-refresh` on a directory that the input is unpacked into. It ends
 * well, with every cache file of its own whole, whatever lies in the directory.
 *
 * The input: a path, a 0xFF, the file's content, a 0xFF, and so on. Paths begin with a letter: p is
 * projects/, s sessions/, c the cache; d a folder, l a symbolic link (the content is its target), f a FIFO,
 * all three below projects/.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <getopt.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache/names.h"
#include "cache/read.h"
#include "fuzz.h"

#define FILES_MAX 24
#define WORLD "world"
#define PROJECTS WORLD "/claude/projects/"

/* main() of src/swatchd/main.c, which is linked under this name. */
int swatchd_main(int argc, char **argv);

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *place)
{
	(void)st;
	(void)type;
	(void)place;
	return remove(path);
}

static void make_folder(const char *name)
{
	char *path = fuzz_path(name);
	FUZZ_CHECK(mkdir(path, 0700) == 0, "cannot make %s: %s", path, strerror(errno));
	free(path);
}

static void make_world(void)
{
	char *world = fuzz_path(WORLD);
	(void)nftw(world, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	make_folder(WORLD);
	make_folder(WORLD "/claude");
	make_folder(WORLD "/claude/projects");
	make_folder(WORLD "/claude/sessions");
	make_folder(WORLD "/cache");
	/* This process starts swatchd again and again, and a sandbox cannot be left. */
	static const char conf[] = "[sandbox]\nmode = off\n";
	fuzz_write_file(WORLD "/swatch.conf", conf, strlen(conf));
	free(world);
}

/* Whether a path stays below where it is put: no "..", no absolute one. */
static bool is_inside(const char *path)
{
	for (const char *part = path;; part++) {
		size_t len = strcspn(part, "/");
		if (len == 0 || len > NAME_MAX || (len == 1 && part[0] == '.')
		    || (len == 2 && memcmp(part, "..", 2) == 0))
			return false;
		part += len;
		if (!*part)
			return true;
	}
}

/* Makes the folders above a file. What cannot be made, the file cannot either. */
static void make_parents(char *path, size_t from)
{
	for (char *slash = strchr(path + from, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(path, 0700);
		*slash = '/';
	}
}

static void write_file(const char *path, const struct fuzz_text *content)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0)
		return;
	(void)!write(fd, content->data, content->len);
	close(fd);
}

static void unpack_one(const char *name, struct fuzz_text *content)
{
	static const char *const places[] = { ['p'] = PROJECTS,	       ['s'] = WORLD "/claude/sessions/",
					      ['c'] = WORLD "/cache/", ['d'] = PROJECTS,
					      ['l'] = PROJECTS,	       ['f'] = PROJECTS };
	unsigned char kind = (unsigned char)name[0];
	const char *place = kind < sizeof(places) / sizeof(places[0]) ? places[kind] : NULL;
	if (!place || !is_inside(name + 1))
		return;
	struct buf relative = BUF_INIT;
	buf_printf(&relative, "%s%s", place, name + 1);
	char *path = fuzz_path(buf_str(&relative));
	make_parents(path, strlen(path) - strlen(name + 1));
	if (kind == 'd')
		(void)mkdir(path, 0700);
	else if (kind == 'l')
		(void)!symlink(content->data, path);
	else if (kind == 'f')
		(void)mkfifo(path, 0600);
	else
		write_file(path, content);
	free(path);
	buf_release(&relative);
}

static void unpack(struct fuzz_input *in)
{
	for (int i = 0; i < FILES_MAX && in->left > 0; i++) {
		struct fuzz_text name = fuzz_take_string(in);
		/* A link's target is a string. */
		struct fuzz_text content = name.data[0] == 'l' ? fuzz_take_string(in) : fuzz_take_text(in);
		unpack_one(name.data, &content);
		fuzz_text_release(&content);
		fuzz_text_release(&name);
	}
}

static int run_swatchd(void)
{
	char *cache = fuzz_path(WORLD "/cache"), *conf = fuzz_path(WORLD "/swatch.conf");
	char program[] = "swatchd", once[] = "--once", no_refresh[] = "--no-refresh",
	     cache_option[] = "--cache", config_option[] = "--config", log_option[] = "--log-level",
	     level[] = "error";
	char *argv[] = { program,	once, no_refresh, cache_option, cache,
			 config_option, conf, log_option, level,	NULL };
	optind = 0;
	int status = swatchd_main((int)(sizeof(argv) / sizeof(argv[0])) - 1, argv);
	free(cache);
	free(conf);
	return status;
}

/* Files that swatchd wrote are JSON, and the two that are always there are there. */
static void check_cache(void)
{
	char *cache = fuzz_path(WORLD "/cache");
	DIR *dir = opendir(cache);
	const struct dirent *entry;
	FUZZ_CHECK(dir, "no cache");
	while ((entry = readdir(dir))) {
		char id[CACHE_SESSION_ID_MAX + 1];
		bool always = strcmp(entry->d_name, CACHE_BILLING_FILE) == 0
			   || strcmp(entry->d_name, CACHE_SESSIONS_FILE) == 0;
		/* swatchd made no folder of such a name. */
		bool is_temp = strncmp(entry->d_name, CACHE_TEMP_PREFIX, strlen(CACHE_TEMP_PREFIX)) == 0;
		FUZZ_CHECK(!is_temp || entry->d_type == DT_DIR, "%s is left", entry->d_name);
		if (!always && !cache_session_id_of_file(entry->d_name, id))
			continue;
		struct json_object *object = cache_read_json(dirfd(dir), entry->d_name);
		FUZZ_CHECK(object || !always, "%s is not whole: %s", entry->d_name, strerror(errno));
		json_object_put(object);
	}
	struct stat st;
	FUZZ_CHECK(fstatat(dirfd(dir), CACHE_BILLING_FILE, &st, 0) == 0, "no %s", CACHE_BILLING_FILE);
	FUZZ_CHECK(fstatat(dirfd(dir), CACHE_SESSIONS_FILE, &st, 0) == 0, "no %s", CACHE_SESSIONS_FILE);
	closedir(dir);
	free(cache);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	fuzz_begin();
	make_world();
	char *claude = fuzz_path(WORLD "/claude");
	setenv("CLAUDE_CONFIG_DIR", claude, 1);
	setenv("XDG_RUNTIME_DIR", fuzz_directory(), 1);
	free(claude);
	unpack(&in);
	int status = run_swatchd();
	/* 1: what stands in the cache directory may be in the way (a folder called as a file is). */
	FUZZ_CHECK(status == 0 || status == 1, "exit status %d", status);
	if (status == 0)
		check_cache();
	return 0;
}
