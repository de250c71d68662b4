/*
 * A home: transcripts, a config, a ccusage; and what the cache files must say of them.
 */
#include "torture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cache/names.h"
#include "cache/read.h"
#include "ipc/socket.h"

#define INPUT_TOKENS 3
#define CCUSAGE_USD 1.5
/* Of a message, at the prices of claude-opus-4-6. */
#define MESSAGE_USD 0.00139

void world_write(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");
	if (!file || fputs(text, file) < 0 || fclose(file) != 0)
		broken("write", path);
}

static void make_directory(const char *path)
{
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		broken("make", path);
}

static void utc_text(int64_t at_s, char out[32])
{
	time_t at = (time_t)at_s;
	struct tm parts;
	if (!gmtime_r(&at, &parts) || strftime(out, 32, "%Y-%m-%dT%H:%M:%S.000Z", &parts) == 0)
		broken("write", "a time");
}

void world_append(struct world *world, struct world_session *session, int messages)
{
	static unsigned long number;
	char at[32];
	struct buf lines = BUF_INIT;
	/* A session that has spent some time: whether there is a rate must not be chance. */
	utc_text(time(NULL) - (session == &world->sessions[0] ? 2 : 0), at);
	for (int i = 0; i < messages; i++) {
		number++;
		buf_printf(
			&lines,
			"{\"type\":\"assistant\",\"timestamp\":\"%s\",\"sessionId\":\"%s\","
			"\"cwd\":\"/home/u/p\","
			"\"version\":\"2.1.39\",\"gitBranch\":\"main\",\"requestId\":\"req_%lu\","
			"\"message\":{\"id\":\"msg_%lu\","
			"\"model\":\"claude-opus-4-6\",\"role\":\"assistant\","
			"\"content\":[{\"type\":\"text\",\"text\":\"hello\"}],"
			"\"usage\":{\"input_tokens\":%d,\"output_tokens\":10,"
			"\"cache_creation_input_tokens\":100,"
			"\"cache_read_input_tokens\":1000}}}\n",
			at, session->id, number, number, INPUT_TOKENS);
	}
	/* As a writer does: half a line first. */
	int fd = open(session->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	size_t half = lines.len / 2;
	if (fd < 0 || write(fd, lines.data, half) != (ssize_t)half
	    || write(fd, lines.data + half, lines.len - half) != (ssize_t)(lines.len - half))
		broken("append to", session->path);
	close(fd);
	buf_release(&lines);
	session->messages += messages;
	session->ever += messages;
	world->messages += messages;
}

struct world_session *world_add(struct world *world, const char *folder, const char *id, int messages)
{
	struct world_session *session = NULL;
	for (size_t i = 0; i < world->count; i++)
		if (strcmp(world->sessions[i].id, id) == 0)
			session = &world->sessions[i];
	if (!session) {
		if (world->count == WORLD_SESSIONS_MAX)
			broken("hold another session", id);
		session = &world->sessions[world->count++];
		snprintf(session->id, sizeof(session->id), "%s", id);
	}
	snprintf(session->path, sizeof(session->path), "%s/%s", world->projects, folder ? folder : "-p");
	make_directory(session->path);
	snprintf(session->path, sizeof(session->path), "%s/%s/%s.jsonl", world->projects,
		 folder ? folder : "-p", id);
	session->messages = 0;
	session->exists = true;
	world_append(world, session, messages);
	return session;
}

void world_delete(struct world *world, struct world_session *session)
{
	(void)world;
	if (unlink(session->path) != 0)
		broken("delete", session->path);
	session->exists = false;
	char *slash = strrchr(session->path, '/');
	*slash = '\0';
	(void)rmdir(session->path);  /* where it was the last one */
	*slash = '/';
}

void world_configure(const struct world *world, bool ccusage, const char *more)
{
	struct buf text = BUF_INIT;
	/* An answer that comes at once, and pauses that a test need not wait for. */
	buf_printf(&text, "[watch]\ntail_delay = 1ms\n[sessions]\nmax_files = 100\n[ccusage]\n"
		   "command = /bin/sh %s/ccusage blocks\nsettle = 60s\nmax_delay = 600s\ntimeout = 20s\n"
		   "[billing]\nsource = %s\n%s", world->home, ccusage ? "ccusage" : "native", more);
	world_write(world->config, buf_str(&text));
	buf_release(&text);
}

static void make_ccusage(const struct world *world)
{
	static const struct {
		const char *word, *list;
	} others[] = { { "daily", "daily" },
		       { "weekly", "weekly" },
		       { "monthly", "monthly" },
		       { "session", "sessions" } };
	char path[300], from[32], to[32];
	struct buf text = BUF_INIT;
	int64_t hour_s = time(NULL) / 3600 * 3600;
	utc_text(hour_s, from);
	utc_text(hour_s + 5 * 3600, to);
	/* To `swatch verify` it is the reference, which sees nothing. */
	buf_append_str(&text, "case \"$*\" in\n--version) echo 20.0.24; exit ;;\n");
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		buf_printf(&text, "*%s*) echo '{\"%s\":[],\"totals\":{}}'; exit ;;\n", others[i].word,
			   others[i].list);
	buf_append_str(&text, "esac\n");
	buf_printf(
		&text,
		"echo '{\"blocks\":[{\"id\":\"%s\",\"startTime\":\"%s\",\"endTime\":\"%s\","
		"\"actualEndTime\":null,"
		"\"isActive\":true,\"isGap\":false,\"entries\":2,\"tokenCounts\":{\"inputTokens\":1,"
		"\"outputTokens\":2,"
		"\"cacheCreationInputTokens\":3,\"cacheReadInputTokens\":4},\"totalTokens\":10,"
		"\"costUSD\":%g,"
		"\"models\":[\"claude-opus-4-6\"],\"burnRate\":{\"tokensPerMinute\":1,\"costPerHour\":0.5},"
		"\"projection\":null}]}'\n",
		from, from, to, CCUSAGE_USD);
	snprintf(path, sizeof(path), "%s/ccusage", world->home);
	world_write(path, buf_str(&text));
	buf_release(&text);
}

/* A process that lives: the driver itself. */
static void make_process_file(const struct world *world)
{
	char path[300], text[4096];
	FILE *stat = fopen("/proc/self/stat", "re");
	if (!stat || !fgets(text, sizeof(text), stat))
		broken("read", "/proc/self/stat");
	(void)fclose(stat);
	const char *at = strrchr(text, ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	snprintf(path, sizeof(path), "%s/.claude/sessions", world->home);
	make_directory(path);
	struct buf json = BUF_INIT;
	buf_printf(&json, "{\"pid\":%ld,\"sessionId\":\"s1\",\"procStart\":%llu,\"status\":\"busy\"}\n",
		   (long)getpid(), at ? strtoull(at, NULL, 10) : 0);
	snprintf(path, sizeof(path), "%s/.claude/sessions/%ld.json", world->home, (long)getpid());
	world_write(path, buf_str(&json));
	buf_release(&json);
}

void world_make(struct world *world, bool ccusage)
{
	char path[300];
	memset(world, 0, sizeof(*world));
	snprintf(world->home, sizeof(world->home), "/tmp/swatch-torture.XXXXXX");
	if (!mkdtemp(world->home))
		broken("make", world->home);
	snprintf(world->projects, sizeof(world->projects), "%s/.claude", world->home);
	make_directory(world->projects);
	snprintf(world->projects, sizeof(world->projects), "%s/.claude/projects", world->home);
	make_directory(world->projects);
	snprintf(world->cache, sizeof(world->cache), "%s/.claude/session-health", world->home);
	snprintf(path, sizeof(path), "%s/run", world->home);
	make_directory(path);
	setenv("XDG_RUNTIME_DIR", path, 1);
	setenv("HOME", world->home, 1);
	snprintf(path, sizeof(path), "%s/.config", world->home);
	make_directory(path);
	snprintf(path, sizeof(path), "%s/.config/swatch", world->home);
	make_directory(path);
	snprintf(world->config, sizeof(world->config), "%s/swatch.conf", path);
	make_directory(world->cache);
	char *socket_path = cache_socket_path(world->cache);
	if (!socket_path)
		broken("name a socket for", world->cache);
	snprintf(world->socket, sizeof(world->socket), "%s", socket_path);
	free(socket_path);
	make_ccusage(world);
	make_process_file(world);
	world_configure(world, ccusage, "");
	for (int i = 1; i <= 3; i++) {
		char id[16];
		snprintf(id, sizeof(id), "s%d", i);
		(void)world_add(world, NULL, id, 3);
	}
	world_add_idle(world);
}

void world_add_idle(struct world *world)
{
	char path[512];
	const struct timespec old[2] = { { .tv_sec = time(NULL) - 7200 }, { .tv_sec = time(NULL) - 7200 } };
	/* Outside, and moved in: nobody sees it young. */
	struct world_session *idle = world_add(world, "..", "idle", 2);
	snprintf(path, sizeof(path), "%s/-idle", world->projects);
	make_directory(path);
	snprintf(path, sizeof(path), "%s/-idle/idle.jsonl", world->projects);
	if (utimensat(AT_FDCWD, idle->path, old, 0) != 0 || rename(idle->path, path) != 0)
		broken("move", idle->path);
	snprintf(idle->path, sizeof(idle->path), "%s", path);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *place)
{
	(void)st;
	(void)kind;
	(void)place;
	return remove(path);
}

void world_remove(struct world *world)
{
	if (!getenv("TORTURE_KEEP"))
		(void)nftw(world->home, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	strmap_release(&world->times);
}

/* ---- what must be in the cache ---- */

static int64_t time_of(struct json_object *content)
{
	int64_t at_ms = json_get_int(content, "gatheredAt", 0);
	if (at_ms == 0)
		at_ms = json_get_int(content, "lastUpdated", 0);
	return at_ms ? at_ms : json_get_int(content, "lastFetched", 0);
}

static bool file_holds(struct world *world, int dir_fd, const char *name, struct buf *why)
{
	struct json_object *content = cache_read_json(dir_fd, name);
	int64_t at_ms = time_of(content);
	int64_t before_ms = (int64_t)(uintptr_t)strmap_get(&world->times, name);
	bool good = false;
	if (!content)
		buf_printf(why, "%s is not whole: %s", name, strerror(errno));
	else if (!json_get_string(content, "writer"))
		buf_printf(why, "%s lacks its writer", name);
	else if (at_ms < before_ms)
		buf_printf(why, "%s is older than it was", name);
	else
		good = true;
	(void)strmap_put(&world->times, name, (void *)(uintptr_t)at_ms);
	json_object_put(content);
	return good;
}

bool world_files_hold(struct world *world, struct buf *why)
{
	DIR *stream = opendir(world->cache);
	const struct dirent *entry;
	bool good = true;
	if (!stream)
		broken("list", world->cache);
	while (good && (entry = readdir(stream))) {
		size_t len = strlen(entry->d_name);
		if (entry->d_name[0] != '.' && len > 5 && strcmp(entry->d_name + len - 5, ".json") == 0)
			good = file_holds(world, dirfd(stream), entry->d_name, why);
	}
	closedir(stream);
	return good;
}

static bool no_temp_files(const struct world *world, struct buf *why)
{
	DIR *stream = opendir(world->cache);
	const struct dirent *entry;
	bool good = true;
	if (!stream)
		broken("list", world->cache);
	while ((entry = readdir(stream))) {
		if (strncmp(entry->d_name, CACHE_TEMP_PREFIX, strlen(CACHE_TEMP_PREFIX)) == 0) {
			buf_printf(why, "%s stays behind; ", entry->d_name);
			good = false;
		}
	}
	closedir(stream);
	return good;
}

static bool is_number(struct json_object *object, const char *name, const char *key, int64_t want,
		      struct buf *why)
{
	int64_t got = json_get_int(object, key, -1);
	if (got == want)
		return true;
	buf_printf(why, "%s of %s is %lld, not %lld; ", key, name, (long long)got, (long long)want);
	return false;
}

static bool session_holds(int dir_fd, const struct world_session *session, struct buf *why)
{
	char name[CACHE_NAME_SIZE];
	(void)cache_session_file_name(session->id, name);
	struct json_object *content = cache_read_json(dir_fd, name);
	bool good = is_number(json_get_object(content, "transcript"), name, "messageCount", session->messages,
			      why);
	good = is_number(json_get_object(content, "tokens"), name, "input",
			 (int64_t)session->ever * INPUT_TOKENS, why)
	    && good;
	double usd = json_get_double(json_get_object(content, "billing"), "sessionCost", -1.),
	       want_usd = session->ever * MESSAGE_USD;
	if (fabs(usd - want_usd) > 1e-6) {
		buf_printf(why, "sessionCost of %s is %g, not %g; ", name, usd, want_usd);
		good = false;
	}
	json_object_put(content);
	return good;
}

bool world_figures_hold(struct world *world, bool ccusage, struct buf *why)
{
	struct buf ignored = BUF_INIT;
	int dir_fd = open(world->cache, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		broken("open", world->cache);
	/* One that is being written just now does not stay behind. */
	for (int i = 0; i < 200 && !no_temp_files(world, &ignored); i++)
		nap_ms(5);
	buf_release(&ignored);
	bool good = no_temp_files(world, why);
	for (size_t i = 0; i < world->count; i++)
		if (world->sessions[i].exists)
			good = session_holds(dir_fd, &world->sessions[i], why) && good;
	struct json_object *billing = cache_read_json(dir_fd, CACHE_BILLING_FILE);
	struct json_object *block = json_get_object(billing, "block");
	if (!ccusage) {
		good = is_number(block, CACHE_BILLING_FILE, "entries", world->messages, why) && good;
	} else if (json_get_double(block, "costUSD", 0.) != CCUSAGE_USD) {
		buf_printf(why, "costUSD of %s is not ccusage's; ", CACHE_BILLING_FILE);
		good = false;
	}
	json_object_put(billing);
	struct json_object *list = cache_read_json(dir_fd, CACHE_SESSIONS_FILE);
	if (!list)
		buf_printf(why, "no %s; ", CACHE_SESSIONS_FILE);
	good = good && list;
	json_object_put(list);
	close(dir_fd);
	return good;
}
