/*
 * The sessions: each appends to its transcript in bursts with pauses, as Claude Code does while people work,
 * only NIGHT_SPEED times as fast; begins agents, is compacted, ends, is resumed, in old project folders and
 * new ones. Old transcripts are deleted, some are cut or rewritten. And how long it takes until what was
 * appended is published.
 *
 * What is deleted or cut is kept outside, in night.attic and night.lost: the daemon forgets nothing that it
 * has read, so that its figures are those of all that was ever there since its start. That is why nothing
 * goes before it was read.
 */
#include "night.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../bench/mkhome_lines.h"
#include "../bench/mkhome_text.h"
#include "base/clock.h"
#include "cache/names.h"
#include "cache/read.h"

/* A line every 3 s of a burst. */
#define LINE_EVERY_MS (3000. / NIGHT_SPEED)
#define TEXT_MAX_BYTES 20000
#define WAITING_MAX 512
#define CONTEXT_MAX_TOKENS 165000
#define CHANGE_EVERY_MS 4000.

struct appended { int64_t size; double at_ms; uint64_t epoch; };

struct writer {
	size_t number;
	char id[37], agent_id[12], folder[96], cwd[128];
	char path[320], agent_path[400];
	struct story story, agent;
	bool has_agent;
	uint64_t agent_lines_left, lines_left;
	int64_t size;
	struct buf half;                /* what is still missing of the last line */
	double due_ms, burst_end_ms;
	struct appended waiting[WAITING_MAX];
	size_t waiting_count;
};

static struct writer writers[NIGHT_SESSIONS_MAX];
static size_t writer_count;
static struct rng rng;
static struct line_counts line_counts;
static char **ended;            /* transcripts that nobody writes any more */
static size_t ended_count, ended_cap;
static int inotify_fd = -1, cache_wd = -1;

static void count(enum night_count what, uint64_t number)
{
	night.shared->counts[what] += number;
}

static void make_directories(const char *file)
{
	char path[512];
	snprintf(path, sizeof(path), "%s", file);
	for (char *at = path + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST)
			broken("make", path);
		*at = '/';
	}
}

static void append_bytes(const char *path, const char *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len || close(fd) != 0)
		broken("append to", path);
	count(COUNT_BYTES, len);
}

static void add_ended(const char *path)
{
	if (ended_count == ended_cap) {
		ended_cap = ended_cap ? ended_cap * 2 : 1024;
		char **grown = realloc(ended, ended_cap * sizeof(*ended));
		if (!grown)
			broken("remember", path);
		ended = grown;
	}
	char *copy = strdup(path);
	if (!copy)
		broken("remember", path);
	ended[ended_count++] = copy;
}

/* ---- how long it takes ---- */

static void forget_waiting(struct writer *w)
{
	w->waiting_count = 0;
}

static void note_append(struct writer *w)
{
	if (w->waiting_count < WAITING_MAX)
		w->waiting[w->waiting_count++] = (struct appended){ w->size, now_ms(), night.shared->epoch };
}

static void note_latency(const struct appended *appended, double seen_ms)
{
	struct night_shared *shared = night.shared;
	size_t number = shared->latency_count;
	if (appended->epoch % 2 != 0 || appended->epoch != shared->epoch || number >= NIGHT_LATENCIES_MAX) {
		shared->disturbed_count++;
		return;
	}
	shared->latencies[number] = (float)(seen_ms - appended->at_ms);
	shared->latency_count = number + 1;
}

static void take_published(int cache_fd, const char *name)
{
	char id[CACHE_SESSION_ID_MAX + 1];
	struct writer *w = NULL;
	if (!cache_session_id_of_file(name, id))
		return;
	for (size_t i = 0; i < writer_count && !w; i++)
		if (strcmp(writers[i].id, id) == 0)
			w = &writers[i];
	if (!w || w->waiting_count == 0)
		return;
	double seen_ms = now_ms();
	struct json_object *content = cache_read_json(cache_fd, name);
	int64_t size = json_get_int(json_get_object(content, "transcript"), "sizeBytes", 0);
	json_object_put(content);
	size_t kept = 0;
	for (size_t i = 0; i < w->waiting_count; i++) {
		if (w->waiting[i].size <= size)
			note_latency(&w->waiting[i], seen_ms);
		else
			w->waiting[kept++] = w->waiting[i];
	}
	w->waiting_count = kept;
}

/* The directory may go and come. */
static void watch_cache(void)
{
	if (cache_wd < 0)
		cache_wd = inotify_add_watch(inotify_fd, night.cache, IN_MOVED_TO | IN_ONLYDIR);
}

static void take_events(void)
{
	static _Alignas(struct inotify_event) char bytes[65536];
	ssize_t got = read(inotify_fd, bytes, sizeof(bytes));
	int cache_fd = open(night.cache, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (char *at = bytes; got > 0 && at < bytes + got;) {
		const struct inotify_event *event = (const struct inotify_event *)(void *)at;
		if (event->mask & IN_IGNORED) {
			cache_wd = -1;
			for (size_t i = 0; i < writer_count; i++)
				forget_waiting(&writers[i]);
		} else if (event->len > 0 && cache_fd >= 0) {
			take_published(cache_fd, event->name);
		}
		at += sizeof(*event) + event->len;
	}
	if (cache_fd >= 0)
		close(cache_fd);
}

/* ---- a session ---- */

static void show(const struct writer *w)
{
	struct night_session *shown = &night.shared->sessions[w->number];
	pthread_mutex_lock(&night.shared->table);
	snprintf(shown->id, sizeof(shown->id), "%s", w->id);
	snprintf(shown->path, sizeof(shown->path), "%s", w->path);
	snprintf(shown->cwd, sizeof(shown->cwd), "%s", w->cwd);
	shown->context_tokens = w->story.context_tokens;
	shown->cost_usd = (double)w->size / 1e5;
	pthread_mutex_unlock(&night.shared->table);
}

static void text_of(char *out, size_t size, void (*append)(struct buf *, struct rng *))
{
	struct buf text = BUF_INIT;
	append(&text, &rng);
	snprintf(out, size, "%s", buf_str(&text));
	buf_release(&text);
}

static void pick_folder(struct writer *w)
{
	static unsigned long number;
	char name[32];
	if (w->folder[0] && !rng_chance(&rng, 15))
		return;
	text_of(name, sizeof(name), text_append_word);
	number++;
	snprintf(w->cwd, sizeof(w->cwd), "/home/u/night/%lu-%s", number, name);
	snprintf(w->folder, sizeof(w->folder), "-home-u-night-%lu-%s", number, name);
	count(COUNT_FOLDERS, 1);
}

static void begin_story(struct story *story, const struct writer *w, const char *agent_id)
{
	*story = (struct story){ .session_id = w->id,
				 .agent_id = agent_id,
				 .cwd = w->cwd,
				 .branch = "main",
				 .version = "2.1.39",
				 .text = { rng_next(&rng) },
				 .messages = { rng_next(&rng) },
				 .counts = &line_counts };
	story_begin(story);
	story->context_max_tokens = CONTEXT_MAX_TOKENS;
}

/* Some versions begin a resumed session with all the lines of the one before, under their old ids and times.
 */
static void copy_history(struct writer *w, const char *from)
{
	char bytes[65536];
	ssize_t got;
	int fd = open(from, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	while ((got = read(fd, bytes, sizeof(bytes))) > 0) {
		append_bytes(w->path, bytes, (size_t)got);
		w->size += got;
	}
	close(fd);
	count(COUNT_RESUMES, 1);
}

static void begin_session(struct writer *w)
{
	char before[320];
	bool resumes = w->path[0] && w->size < 3000000 && rng_chance(&rng, 20);
	snprintf(before, sizeof(before), "%s", w->path);
	if (!resumes)
		pick_folder(w);
	text_of(w->id, sizeof(w->id), text_append_uuid);
	snprintf(w->path, sizeof(w->path), "%s/%s/%s.jsonl", night.projects, w->folder, w->id);
	w->size = 0;
	w->lines_left = (uint64_t)rng_skewed(&rng, 60, 6000);
	forget_waiting(w);
	begin_story(&w->story, w, NULL);
	make_directories(w->path);
	if (resumes)
		copy_history(w, before);
	count(COUNT_SESSIONS, 1);
	show(w);
}

static void end_agent(struct writer *w)
{
	if (w->has_agent)
		story_end(&w->agent);
	w->has_agent = false;
}

static void begin_agent(struct writer *w)
{
	snprintf(w->agent_id, sizeof(w->agent_id), "a%07llx",
		 (unsigned long long)rng_below(&rng, 0x10000000));
	snprintf(w->agent_path, sizeof(w->agent_path), "%s/%s/%s/subagents/agent-%s.jsonl", night.projects,
		 w->folder, w->id, w->agent_id);
	make_directories(w->agent_path);
	begin_story(&w->agent, w, w->agent_id);
	w->agent_lines_left = (uint64_t)rng_skewed(&rng, 20, 400);
	w->has_agent = true;
	count(COUNT_AGENTS, 1);
}

static void compact(struct writer *w, struct buf *out)
{
	char at[CLOCK_RFC3339_SIZE];
	clock_format_rfc3339(clock_wall_ms(), at);
	buf_printf(
		out,
		"{\"parentUuid\":null,\"isSidechain\":false,\"cwd\":\"%s\",\"sessionId\":\"%s\","
		"\"version\":\"2.1.39\","
		"\"type\":\"system\",\"subtype\":\"compact_boundary\","
		"\"content\":\"Conversation compacted\",\"compactMetadata\":"
		"{\"trigger\":\"auto\",\"preTokens\":%lld},\"level\":\"info\",\"timestamp\":\"%s\"}\n",
		w->cwd, w->id, (long long)w->story.context_tokens, at);
	w->story.context_tokens = 15000;
	w->story.created_tokens = 0;
	count(COUNT_COMPACTIONS, 1);
}

static void append_line(struct writer *w, const char *bytes, size_t len)
{
	append_bytes(w->path, bytes, len);
	w->size += (int64_t)len;
}

static void finish_half(struct writer *w)
{
	if (w->half.len == 0)
		return;
	append_line(w, w->half.data, w->half.len);
	buf_clear(&w->half);
	note_append(w);
}

static void write_line(struct writer *w)
{
	static struct buf line = BUF_INIT;
	buf_clear(&line);
	if (w->half.len > 0) {
		finish_half(w);
		return;
	}
	count(COUNT_LINES, 1);
	if (w->has_agent && rng_chance(&rng, 50)) {
		story_add_line(&w->agent, &line, clock_wall_ms(), TEXT_MAX_BYTES);
		append_bytes(w->agent_path, line.data, line.len);
		if (--w->agent_lines_left == 0)
			end_agent(w);
		return;
	}
	if (w->story.context_tokens > CONTEXT_MAX_TOKENS - 15000)
		compact(w, &line);
	else
		story_add_line(&w->story, &line, clock_wall_ms(), TEXT_MAX_BYTES);
	if (line.failed)
		broken("make", "a line");
	/* A writer may flush half a line. */
	size_t len = rng_chance(&rng, 5) ? line.len / 2 : line.len;
	append_line(w, line.data, len);
	buf_append(&w->half, line.data + len, line.len - len);
	if (w->half.len == 0)
		note_append(w);
	if (!w->has_agent && rng_chance(&rng, .3))
		begin_agent(w);
}

/* When there is the next thing to do: a line in a burst, or the next burst after a pause. */
static void plan(struct writer *w)
{
	double now = now_ms();
	if (now < w->burst_end_ms) {
		w->due_ms += LINE_EVERY_MS;
		/* On a busy machine there are fewer lines: nobody works harder to make up for that. */
		if (w->due_ms < now)
			w->due_ms = now;
		return;
	}
	show(w);
	w->due_ms = now + (double)rng_skewed(&rng, 30000, 3600000) / NIGHT_SPEED;
	w->burst_end_ms = w->due_ms + (double)rng_skewed(&rng, 60000, 1200000) / NIGHT_SPEED;
}

static void step(struct writer *w)
{
	write_line(w);
	if (w->lines_left > 0)
		w->lines_left--;
	if (w->lines_left == 0 && w->half.len == 0) {
		end_agent(w);
		story_end(&w->story);
		add_ended(w->path);
		begin_session(w);
	}
	plan(w);
}

/* ---- what goes ---- */

static const char *below_projects(const char *path)
{
	return path + strlen(night.projects);
}

static int take_away(const char *path, const struct stat *st, int kind, struct FTW *place)
{
	char kept[512];
	(void)st;
	(void)place;
	if (kind == FTW_F) {
		snprintf(kept, sizeof(kept), "%s%s", night.attic, below_projects(path));
		make_directories(kept);
		if (link(path, kept) != 0)
			broken("keep", kept);
	}
	return remove(path);
}

static void delete_one(void)
{
	if (ended_count == 0)
		return;
	size_t number = (size_t)rng_below(&rng, ended_count);
	char *path = ended[number];
	ended[number] = ended[--ended_count];
	(void)nftw(path, take_away, 16, FTW_PHYS);
	path[strlen(path) - strlen(".jsonl")] = '\0';
	if (access(path, F_OK) == 0)
		(void)nftw(path, take_away, 16, FTW_DEPTH | FTW_PHYS);
	*strrchr(path, '/') = '\0';
	(void)rmdir(path);  /* the folder, where it was the last one */
	free(path);
	count(COUNT_DELETED, 1);
}

/* The last lines go: in place, or as a new file. */
static void cut_one(struct writer *w)
{
	char other[400], kept[512];
	struct buf text = BUF_INIT;
	finish_half(w);
	FILE *file = fopen(w->path, "re");
	if (!file || w->size == 0 || !buf_reserve(&text, (size_t)w->size)
	    || fread(text.data, 1, (size_t)w->size, file) != (size_t)w->size)
		broken("read", w->path);
	(void)fclose(file);
	size_t end = (size_t)w->size;
	for (uint64_t lines = 1 + rng_below(&rng, 20); lines > 0 && end > 0; lines--) {
		const char *newline = end > 1 ? memrchr(text.data, '\n', end - 1) : NULL;
		end = newline ? (size_t)(newline - text.data) + 1 : 0;
	}
	snprintf(kept, sizeof(kept), "%s%s", night.lost, below_projects(w->path));
	make_directories(kept);
	append_bytes(kept, text.data + end, (size_t)w->size - end);
	if (rng_chance(&rng, 50)) {
		if (truncate(w->path, (off_t)end) != 0)
			broken("cut", w->path);
		count(COUNT_CUT, 1);
	} else {
		snprintf(other, sizeof(other), "%s.new", w->path);
		append_bytes(other, text.data, end);
		if (rename(other, w->path) != 0)
			broken("rename", other);
		count(COUNT_REWRITTEN, 1);
	}
	w->size = (int64_t)end;
	forget_waiting(w);
	buf_release(&text);
}

/* Only what was read may go: otherwise the daemon is not to blame for missing it. */
static void change_history(void)
{
	if (pthread_mutex_trylock(&night.shared->faults) != 0)
		return;
	for (size_t i = 0; i < writer_count; i++)
		finish_half(&writers[i]);
	if (daemon_sync()) {
		if (rng_chance(&rng, 65))
			delete_one();
		else
			cut_one(&writers[rng_below(&rng, writer_count)]);
	}
	pthread_mutex_unlock(&night.shared->faults);
	/* They were published while nobody looked. */
	for (size_t i = 0; i < writer_count; i++)
		forget_waiting(&writers[i]);
}

/* ---- the night ---- */

static int find_ended(const char *path, const struct stat *st, int kind, struct FTW *place)
{
	size_t len = strlen(path);
	(void)st;
	if (kind == FTW_F && place->level == 2 && len > 6 && strcmp(path + len - 6, ".jsonl") == 0)
		add_ended(path);
	return 0;
}

static void begin(void)
{
	rng.state = night.seed;
	if (!text_pool_init(night.seed))
		broken("make", "text");
	inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (inotify_fd < 0)
		broken("watch", night.cache);
	(void)nftw(night.projects, find_ended, 16, FTW_PHYS);
	writer_count = (size_t)night.session_count;
	for (size_t i = 0; i < writer_count; i++) {
		writers[i].number = i;
		begin_session(&writers[i]);
		writers[i].due_ms = now_ms() + (double)rng_below(&rng, 5000);
		writers[i].burst_end_ms = writers[i].due_ms + 5000.;
	}
}

static void be_quiet(void)
{
	for (size_t i = 0; i < writer_count; i++)
		finish_half(&writers[i]);
	night.shared->sessions_quiet = 1;
	while (night.shared->hush)
		nap_ms(20.);
	night.shared->sessions_quiet = 0;
	for (size_t i = 0; i < writer_count; i++)
		forget_waiting(&writers[i]);
}

void sessions_live(void)
{
	begin();
	double change_ms = now_ms() + CHANGE_EVERY_MS;
	for (;;) {
		struct pollfd wait = { .fd = inotify_fd, .events = POLLIN };
		struct writer *next = &writers[0];
		if (night.shared->hush)
			be_quiet();
		watch_cache();
		for (size_t i = 1; i < writer_count; i++)
			if (writers[i].due_ms < next->due_ms)
				next = &writers[i];
		double left_ms = next->due_ms - now_ms();
		if (left_ms > 0. && poll(&wait, 1, left_ms > 50. ? 50 : (int)ceil(left_ms)) > 0)
			take_events();
		else if (left_ms <= 0.)
			step(next);
		/* What is published must not wait until there is nothing to write. */
		if (left_ms <= 0. && poll(&wait, 1, 0) > 0)
			take_events();
		if (now_ms() > change_ms) {
			change_history();
			change_ms = now_ms() + CHANGE_EVERY_MS;
		}
	}
}
