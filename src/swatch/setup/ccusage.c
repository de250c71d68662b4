/* ccusage, and the program that runs it, by paths that a service finds. */
#include "swatch/setup/setup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/argv.h"
#include "base/capture.h"
#include "base/paths.h"

/* What a user's service has, whatever a shell says. */
#define SERVICE_PATH "/usr/local/bin:/usr/bin:/bin"
#define TRY_TIMEOUT_MS 20000
#define VERSIONS_MAX 256
#define HEAD_BYTES 256
#define WORDS_MAX 12

/* ---- the folders where node's programs are ---- */

struct folders {
	char *paths[1024];
	size_t count;
};

static void add_folder(struct folders *folders, char *path)
{
	/* Asdf's, mise's and nodenv's shims need these programs on PATH: what is behind them is looked up below. */
	bool good = path && path[0] == '/' && !strstr(path, "/shims")
		    && folders->count < sizeof(folders->paths) / sizeof(folders->paths[0]);
	/* fnm makes a folder of links for each shell, and removes it with that. */
	if (good && strstr(path, "fnm_multishells")) {
		char *real = realpath(path, NULL);
		free(path);
		path = real;
		good = real != NULL;
	}
	if (good)
		folders->paths[folders->count++] = path;
	else
		free(path);
}

static void add_list(struct folders *folders, const char *list)
{
	for (const char *at = list; at && *at;) {
		size_t len = strcspn(at, ":");
		if (len > 0)
			add_folder(folders, strndup(at, len));
		at += len + (at[len] == ':');
	}
}

static int newest_first(const void *a, const void *b)
{
	return strverscmp(*(char *const *)b, *(char *const *)a);
}

/* BASE/<version>/SUFFIX for each version that is there, the newest first. */
static void add_versions(struct folders *folders, const char *base, const char *suffix)
{
	char *versions[VERSIONS_MAX] = { NULL };
	size_t count = 0;
	DIR *dir = opendir(base);
	for (struct dirent *entry; dir && count < VERSIONS_MAX && (entry = readdir(dir));)
		if (entry->d_name[0] != '.' && (versions[count] = strdup(entry->d_name)))
			count++;
	if (dir)
		closedir(dir);
	qsort(versions, count, sizeof(*versions), newest_first);
	for (size_t i = 0; i < count; i++) {
		char *version = paths_join(base, versions[i]);
		add_folder(folders, version ? paths_join(version, suffix) : NULL);
		free(version);
		free(versions[i]);
	}
}

/* A folder that a variable names, else one in the home directory; with `suffix` a folder of versions. */
struct source {
	const char *variable;
	const char *below;       /* what follows the variable's value; "" */
	const char *in_home;
	const char *suffix;      /* NULL: no versions */
};

static const struct source sources[] = {
	{ "NVM_DIR", "/versions/node", ".nvm/versions/node", "bin" },
	{ "BUN_INSTALL", "/bin", ".bun/bin", NULL },
	{ "VOLTA_HOME", "/bin", ".volta/bin", NULL },
	{ "NPM_CONFIG_PREFIX", "/bin", ".npm-global/bin", NULL },
	{ NULL, "", ".npm-packages/bin", NULL },
	{ NULL, "", ".local/bin", NULL },
	{ "PNPM_HOME", "", ".local/share/pnpm", NULL },
	{ NULL, "", ".yarn/bin", NULL },
	{ "FNM_DIR", "/node-versions", ".local/share/fnm/node-versions", "installation/bin" },
	{ NULL, "", ".fnm/node-versions", "installation/bin" },
	{ "ASDF_DATA_DIR", "/installs/nodejs", ".asdf/installs/nodejs", "bin" },
	{ "MISE_DATA_DIR", "/installs/node", ".local/share/mise/installs/node", "bin" },
	{ "NODENV_ROOT", "/versions", ".nodenv/versions", "bin" },
	{ "N_PREFIX", "/bin", "n/bin", NULL },
};

static void add_source(struct folders *folders, const struct source *source)
{
	const char *said = source->variable ? getenv(source->variable) : NULL, *home = paths_home();
	struct buf path = BUF_INIT;
	if (said && said[0] == '/')
		buf_printf(&path, "%s%s", said, source->below);
	else if (home)
		buf_printf(&path, "%s/%s", home, source->in_home);
	if (path.len > 0 && source->suffix)
		add_versions(folders, path.data, source->suffix);
	else if (path.len > 0)
		add_folder(folders, strdup(path.data));
	buf_release(&path);
}

static void find_folders(struct folders *folders)
{
	folders->count = 0;
	add_list(folders, getenv("PATH"));
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		add_source(folders, &sources[i]);
	add_list(folders, SERVICE_PATH);
}

static void release_folders(struct folders *folders)
{
	while (folders->count > 0)
		free(folders->paths[--folders->count]);
}

/* ---- programs in them ---- */

static char *find_in(const char *folder, const char *name)
{
	char *path = paths_join(folder, name);
	char *found = path ? argv_find_program(path) : NULL;
	free(path);
	return found;
}

static char *find_program(const struct folders *folders, const char *name)
{
	char *found = NULL;
	for (size_t i = 0; i < folders->count && !found; i++)
		found = find_in(folders->paths[i], name);
	return found;
}

static bool service_finds(const char *name)
{
	struct folders folders = { .count = 0 };
	add_list(&folders, SERVICE_PATH);
	char *found = find_program(&folders, name);
	release_folders(&folders);
	free(found);
	return found != NULL;
}

/* What "#!/usr/bin/env -S node --flag" asks for: node and its arguments, NULL-ended; NULL when it is no such script. */
static char **read_interpreter(const char *path)
{
	char head[HEAD_BYTES + 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t got = fd >= 0 ? read(fd, head, HEAD_BYTES) : -1;
	if (fd >= 0)
		close(fd);
	if (got < 3 || head[0] != '#' || head[1] != '!')
		return NULL;
	head[got] = '\0';
	head[strcspn(head, "\r\n")] = '\0';
	char *line = head + 2 + strspn(head + 2, " \t");
	size_t len = strcspn(line, " \t");
	char *rest = line + len + (line[len] != '\0');
	line[len] = '\0';
	if (strcmp(paths_basename(line), "env") != 0)
		return NULL;
	rest += strspn(rest, " \t");
	if (strncmp(rest, "-S", 2) == 0)
		rest += 2;
	struct buf error = BUF_INIT;
	char **words = argv_split(rest, &error);
	buf_release(&error);
	return words;
}

/* ---- the command ---- */

struct found {
	char *words[WORDS_MAX + 1];    /* as they run */
	size_t count;
	char *script;                  /* ccusage itself: one of them */
	bool plain;                    /* a service finds it by its plain name */
};

/* A command that lacks a word is another command: false when memory ran out, or when there are too many. */
static bool add_word(struct found *found, char *word)
{
	if (!word || found->count == WORDS_MAX) {
		free(word);
		return false;
	}
	found->words[found->count++] = word;
	return true; /* NOLINT(clang-analyzer-unix.Malloc): setup_ccusage() frees the words */
}

static void fail_words(struct setup *setup, const char *script)
{
	setup_fail(setup, "%s cannot be run with what its first line asks for: more words than %d, or out of memory",
		   setup_path(script), WORDS_MAX);
}

/* Returns false after saying that what the script asks for is nowhere. */
static bool add_interpreter(struct setup *setup, const struct folders *folders, const char *script, char **interpreter,
			    struct found *found)
{
	const char *name = interpreter[0], *slash = strrchr(script, '/');
	char *beside = strndup(script, slash == script ? 1 : (size_t)(slash - script));
	char *path = beside ? find_in(beside, name) : NULL;
	free(beside);
	if (!path)
		path = find_program(folders, name);
	/* Bun runs what is written for node. */
	if (!path && strcmp(name, "node") == 0)
		path = find_program(folders, "bun");
	if (!path) {
		setup_item(setup, STYLE_NOTE, "%s is there, but not %s, which it needs; the figures are swatch's own, "
			   "which is fine", setup_path(script), name);
		return false;
	}
	bool good = add_word(found, path);
	for (size_t i = 1; good && interpreter[i]; i++)
		good = add_word(found, strdup(interpreter[i]));
	if (!good)
		fail_words(setup, script);
	return good;
}

static bool find_ccusage(struct setup *setup, struct found *found)
{
	static const char *const arguments[] = { "blocks", "--active", "--json", "--offline" };
	static struct folders folders;
	find_folders(&folders);
	char *script = find_program(&folders, "ccusage");
	char **interpreter = script ? read_interpreter(script) : NULL;
	bool good = script != NULL;
	if (!script)
		setup_item(setup, STYLE_PLAIN, "not found: the figures are swatch's own, with nobody to audit them, "
			   "which is fine");
	else if (interpreter)
		good = add_interpreter(setup, &folders, script, interpreter, found);
	found->plain = good && service_finds("ccusage") && (!interpreter || service_finds(interpreter[0]));
	found->script = script;
	if (good) {
		good = add_word(found, strdup(script));
		for (size_t i = 0; good && i < sizeof(arguments) / sizeof(arguments[0]); i++)
			good = add_word(found, strdup(arguments[i]));
		if (!good)
			fail_words(setup, script);
	}
	argv_free(interpreter);
	release_folders(&folders);
	return good;
}

/* A word as [ccusage] command has it: paths in quotes; a ";" behind a blank would begin a comment, in quotes too. */
static char *quote_for_config(const char *word)
{
	struct buf out = BUF_INIT;
	if (word[0] != '/')
		return strdup(word);
	buf_append_char(&out, '"');
	for (const char *c = word; *c; c++) {
		if (strchr("\\\";", *c))
			buf_append_char(&out, '\\');
		buf_append_char(&out, *c);
	}
	buf_append_char(&out, '"');
	return buf_detach(&out);
}

/* Runs it once, with a service's PATH: "--version" in the place of the report. Returns false after setup_fail(). */
static bool try_out(struct setup *setup, const struct found *found)
{
	char version[] = "--version";
	char *argv[WORDS_MAX + 1] = { NULL };
	struct run capture;
	const char *before = getenv("PATH");
	char *kept = before ? strdup(before) : NULL;
	size_t count = 0;
	for (; count < found->count && strcmp(found->words[count], "blocks") != 0; count++)
		argv[count] = found->words[count];
	argv[count] = version;
	(void)setenv("PATH", SERVICE_PATH, 1);
	capture_run(argv[0], argv, TRY_TIMEOUT_MS, &capture);
	if (kept)
		(void)setenv("PATH", kept, 1);
	else
		(void)unsetenv("PATH");
	bool good = capture.outcome == RUN_EXITED && capture.code == 0;
	if (capture.outcome == RUN_INTERRUPTED)
		setup->interrupted = capture.code;
	else if (good)
		setup_item(setup, STYLE_PLAIN, "tried with a service's PATH: it says %.*s",
			   (int)strcspn(buf_str(&capture.out), "\r\n"), buf_str(&capture.out));
	struct buf why = BUF_INIT;
	run_describe(&capture, &why);
	if (!good && !setup->interrupted)
		setup_fail(setup, "left out, because it does not run: %s", buf_message(&why));
	buf_release(&why);
	run_release(&capture);
	free(kept);
	return good;
}

static void write_command(struct setup *setup, const struct found *found)
{
	char *quoted[WORDS_MAX + 1] = { NULL };
	const char *words[WORDS_MAX + 1] = { NULL };
	bool has_memory = true;
	for (size_t i = 0; i < found->count; i++) {
		words[i] = quoted[i] = quote_for_config(found->words[i]);
		has_memory = has_memory && quoted[i];
	}
	if (!has_memory)
		setup_fail(setup, "out of memory");
	else if (setup_set_config(setup, "ccusage", "command", words))
		setup_done(setup, "done");
	for (size_t i = 0; i < found->count; i++)
		free(quoted[i]);
}

static bool is_in_force(const struct config *config, const struct found *found)
{
	struct buf error = BUF_INIT;
	char **words = argv_split(config->ccusage_command, &error);
	size_t same = 0;
	while (words && words[same] && same < found->count && strcmp(words[same], found->words[same]) == 0)
		same++;
	bool in_force = words && same == found->count && !words[same];
	argv_free(words);
	buf_release(&error);
	return in_force;
}

static void use(struct setup *setup, const struct found *found, bool is_set)
{
	struct buf command = BUF_INIT;
	for (size_t i = 0; i < found->count; i++)
		buf_printf(&command, "%s%s", i > 0 ? " " : "", found->words[i]);
	if (is_in_force(&setup->invocation->config, found)) {
		setup_item(setup, STYLE_GOOD, "already so: %s", buf_str(&command));
	} else if (found->plain && !is_set) {
		setup_item(setup, STYLE_GOOD, "%s is where a service finds it", setup_path(found->script));
	} else {
		setup_item(setup, STYLE_PLAIN, "set [ccusage] command in %s, because a service has a short PATH:",
			   setup_path(setup->config_path));
		setup_item(setup, STYLE_STRONG, "%s", buf_str(&command));
		if (setup_agree(setup, true) && try_out(setup, found))
			write_command(setup, found);
	}
	buf_release(&command);
}

void setup_ccusage(struct setup *setup)
{
	struct found found = { .count = 0 };
	const struct config *config = &setup->invocation->config;
	bool ours, is_set;
	setup_row(setup, "ccusage");
	if (!setup_look_config(setup, "ccusage", "command", &is_set, &ours)) {
		setup_flush(setup);
		return;
	}
	if (config->billing_source == BILLING_NATIVE || !*config->ccusage_command)
		setup_item(setup, STYLE_PLAIN, "not wanted: %s", config->billing_source == BILLING_NATIVE
			   ? "[billing] source = native" : "[ccusage] command is empty");
	else if (is_set && !ours)
		setup_item(setup, STYLE_GOOD, "[ccusage] command is your own: %s", config->ccusage_command);
	else if (find_ccusage(setup, &found))
		use(setup, &found, is_set);
	while (found.count > 0)
		free(found.words[--found.count]);
	free(found.script);
	setup_flush(setup);
}
