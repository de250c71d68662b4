/*
 * mkhome: writes a Claude home of made-up transcripts, in the shape of real ones.
 *
 * usage: mkhome DIR [--bytes N] [--files N] [--days N] [--seed N] [--now SECONDS]
 * N of --bytes takes k, M or G (1000s). The defaults are one person's month: 1.24 GB in 3,142 files, of which
 * the median has 105 KB, the largest 87 MB. Other totals scale these. The same seed and the same now (Unix
 * time) write the same bytes. Every file's mtime is the time of its last line; the newest ones end now.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "mkhome_lines.h"
#include "mkhome_text.h"

#define FOLDERS 40
#define FLUSH_BYTES ((size_t)1 << 20)
#define BUFFER_BYTES ((size_t)16 << 20)
#define IMAGE_MAX_BYTES 6000000
#define FILE_MIN_BYTES 1800.
/* Time of work: so much of a day, and six days of seven. The rest of a day shows as a gap between blocks. */
#define WORKDAY_MS (14 * CLOCK_HOUR_MS)
#define LINE_EVERY_MS INT64_C(3000)
#define LINE_BYTES 1250
#define ENDING_NOW 4

struct plan {
	double bytes;
	uint64_t seed, message_seed;
	int64_t ended_ago_ms;        /* in time of work */
	size_t parent;               /* the plan of a subagent's session; its own number: a session */
	unsigned folder;
	char session_id[37], agent_id[9];
};

struct home {
	const char *dir;
	double bytes;
	size_t files;
	int64_t days, now_ms;
	uint64_t seed;
	struct plan *plans;
	char folders[FOLDERS][64];
	uint64_t written;
	struct line_counts counts;
	struct buf out;
};

static int64_t working_ms(const struct home *home)
{
	return (home->days - home->days / 7) * WORKDAY_MS;
}

/* The moment that lies `ago_ms` of work before now. */
static int64_t wall_ms(const struct home *home, int64_t ago_ms)
{
	int64_t day = ago_ms / WORKDAY_MS;
	return home->now_ms - (day + day / 6) * CLOCK_DAY_MS - ago_ms % WORKDAY_MS;
}

/* ---- the plan ---- */

/* Sizes as people have them: the size that a share of the files stays under, log-linear between these points.
 */
static double size_at(double share)
{
	static const struct { double share, bytes;
	} points[] = { { 0., 3e3 },    { .5, 105e3 },	 { .9, 650e3 }, { .95, 1.05e6 },
		       { .99, 5.4e6 }, { .999, 11.5e6 }, { 1., 87e6 } };
	size_t i = 1;
	while (i + 1 < sizeof(points) / sizeof(points[0]) && share > points[i].share)
		i++;
	double part = (share - points[i - 1].share) / (points[i].share - points[i - 1].share);
	return points[i - 1].bytes * pow(points[i].bytes / points[i - 1].bytes, part);
}

static void plan_sizes(struct home *home, struct rng *r)
{
	double sum = 0.;
	for (size_t i = 0; i < home->files; i++) {
		double size = size_at(home->files > 1 ? (double)i / (double)(home->files - 1) : .5);
		home->plans[i].bytes = size;
		sum += size;
	}
	for (size_t i = 0; i < home->files; i++)
		home->plans[i].bytes = fmax(home->plans[i].bytes * home->bytes / sum, FILE_MIN_BYTES);
	for (size_t i = home->files - 1; i > 0; i--) {
		size_t other = (size_t)rng_below(r, i + 1);
		double size = home->plans[i].bytes;
		home->plans[i].bytes = home->plans[other].bytes;
		home->plans[other].bytes = size;
	}
}

static void take_text(struct buf *text, char *out, size_t size)
{
	snprintf(out, size, "%s", buf_str(text));
	buf_clear(text);
}

/* Nearly half of the files are subagents', of sessions before them; one session in 30 repeats an earlier one.
 */
static void plan_file(struct home *home, struct rng *r, size_t number, size_t *last_session)
{
	struct buf text = BUF_INIT;
	struct plan *plan = &home->plans[number];
	plan->seed = rng_next(r);
	plan->message_seed = rng_next(r);
	if (number > 0 && plan->bytes < home->bytes / 1000. && rng_chance(r, 48)) {
		struct plan *session = &home->plans[home->plans[rng_below(r, number)].parent];
		plan->parent = (size_t)(session - home->plans);
		plan->folder = session->folder;
		plan->ended_ago_ms = session->ended_ago_ms;
		memcpy(plan->session_id, session->session_id, sizeof(plan->session_id));
		snprintf(plan->agent_id, sizeof(plan->agent_id), "a%07" PRIx64, rng_below(r, 0x10000000));
	} else {
		text_append_uuid(&text, r);
		take_text(&text, plan->session_id, sizeof(plan->session_id));
		plan->parent = number;
		plan->folder = (unsigned)(rng_skewed(r, 1, FOLDERS + 1) - 1) % FOLDERS;
		double ago = (double)(number < ENDING_NOW ? 0 : number) / (double)home->files;
		plan->ended_ago_ms = (int64_t)(ago * (double)(working_ms(home) - CLOCK_HOUR_MS));
		if (number > 0 && rng_chance(r, 3.3))
			plan->message_seed = home->plans[*last_session].message_seed;
		*last_session = number;
	}
	buf_release(&text);
}

static void plan_home(struct home *home)
{
	struct rng r = { home->seed };
	struct buf text = BUF_INIT;
	size_t last_session = 0;
	for (size_t i = 0; i < FOLDERS; i++) {
		buf_printf(&text, "-home-u-%zu-", i);
		text_append_word(&text, &r);
		take_text(&text, home->folders[i], sizeof(home->folders[i]));
	}
	buf_release(&text);
	plan_sizes(home, &r);
	for (size_t i = 0; i < home->files; i++)
		plan_file(home, &r, i, &last_session);
}

/* ---- the writing ---- */

static int fail(const char *what)
{
	fprintf(stderr, "mkhome: cannot write %s: %s\n", what, strerror(errno));
	return -1;
}

static int make_dir(const char *path)
{
	return mkdir(path, 0700) == 0 || errno == EEXIST ? 0 : fail(path);
}

static int flush(struct home *home, int fd)
{
	const char *at = home->out.data;
	size_t left = home->out.len;
	while (left > 0) {
		ssize_t done = write(fd, at, left);
		if (done < 0 && errno != EINTR)
			return -1;
		if (done > 0) {
			at += done;
			left -= (size_t)done;
		}
	}
	home->written += home->out.len;
	buf_clear(&home->out);
	return 0;
}

/* The lines of one file, evenly over its time. Returns -1 with errno when writing failed. */
static int write_lines(struct home *home, const struct plan *plan, struct story *story, int fd)
{
	int64_t span_ms = (int64_t)(plan->bytes / LINE_BYTES) * LINE_EVERY_MS;
	uint64_t begin = home->written;
	int64_t longest_ms = working_ms(home) - plan->ended_ago_ms;
	if (span_ms > longest_ms)
		span_ms = longest_ms;
	for (;;) {
		double done = (double)(home->written - begin + home->out.len), left = plan->bytes - done;
		if (left < 1500.)
			break;
		int64_t ago_ms = plan->ended_ago_ms + (int64_t)((double)span_ms * left / plan->bytes);
		story_add_line(story, &home->out, wall_ms(home, ago_ms), (size_t)(left / 3.) + 100);
		if (home->out.len >= FLUSH_BYTES && flush(home, fd) != 0)
			return -1;
	}
	story_add_last_line(story, &home->out, wall_ms(home, plan->ended_ago_ms));
	if (home->out.failed) {
		errno = ENOMEM;
		return -1;
	}
	return flush(home, fd);
}

static int write_file(struct home *home, const struct plan *plan)
{
	char path[4096];
	const char *agent = plan->agent_id[0] ? plan->agent_id : NULL;
	int len = snprintf(path, sizeof(path), "%s/projects/%s", home->dir, home->folders[plan->folder]);
	if (len < 0 || (size_t)len + 128 > sizeof(path)) {
		errno = ENAMETOOLONG;
		return fail(home->dir);
	}
	char *end = path + len;
	size_t room = sizeof(path) - (size_t)len;
	if (make_dir(path) != 0)
		return -1;
	if (agent) {
		snprintf(end, room, "/%s", plan->session_id);
		if (make_dir(path) != 0)
			return -1;
		snprintf(end, room, "/%s/subagents", plan->session_id);
		if (make_dir(path) != 0)
			return -1;
		snprintf(end, room, "/%s/subagents/agent-%s.jsonl", plan->session_id, agent);
	} else {
		snprintf(end, room, "/%s.jsonl", plan->session_id);
	}
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(path);
	struct story story = { .session_id = plan->session_id,
			       .agent_id = agent,
			       .cwd = "/home/u/projects/made-up",
			       .branch = "main",
			       .version = "2.1.39",
			       .text = { plan->seed },
			       .messages = { plan->message_seed },
			       .counts = &home->counts,
			       .image_max_bytes = plan->bytes > 800e3
							? (size_t)fmin(plan->bytes / 8., IMAGE_MAX_BYTES)
							: 0 };
	int64_t last_ms = wall_ms(home, plan->ended_ago_ms);
	struct timespec last = { .tv_sec = last_ms / 1000, .tv_nsec = last_ms % 1000 * 1000000 };
	const struct timespec times[2] = { last, last };
	story_begin(&story);
	int result = write_lines(home, plan, &story, fd);
	story_end(&story);
	if (result == 0)
		result = futimens(fd, times);
	if (close(fd) != 0)
		result = -1;
	return result == 0 ? 0 : fail(path);
}

static int write_home(struct home *home)
{
	char path[4096];
	int len = snprintf(path, sizeof(path), "%s/projects", home->dir);
	if (len < 0 || (size_t)len >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return fail(home->dir);
	}
	if (make_dir(home->dir) != 0)
		return -1;
	if (mkdir(path, 0700) != 0) {
		fprintf(stderr, "mkhome: cannot make %s: %s; name a directory that has no projects yet\n",
			path, strerror(errno));
		return -1;
	}
	for (size_t i = 0; i < home->files; i++)
		if (write_file(home, &home->plans[i]) != 0)
			return -1;
	return 0;
}

static void print_mix(const struct home *home)
{
	static const char *const names[LINE_KINDS] = { "progress", "assistant", "user", "rest" };
	uint64_t lines = 0, bytes = 0;
	for (int i = 0; i < LINE_KINDS; i++) {
		lines += home->counts.lines[i];
		bytes += home->counts.bytes[i];
	}
	printf("%zu files, %.1f MB, %" PRIu64 " lines;", home->files, (double)home->written / 1e6, lines);
	for (int i = 0; i < LINE_KINDS; i++)
		printf(" %s %.0f%% of the lines and %.0f%% of the bytes%s", names[i],
		       100. * (double)home->counts.lines[i] / (double)lines,
		       100. * (double)home->counts.bytes[i] / (double)bytes, i + 1 < LINE_KINDS ? "," : "\n");
}

/* ---- the command line ---- */

/* A whole number from `low` on, with k, M or G after it. */
static bool parse_number(const char *text, double low, double high, double *out)
{
	char *end;
	double value = strtod(text, &end);
	if (end != text && *end) {
		static const struct {
			char letter;
			double times;
		} units[] = { { 'k', 1e3 }, { 'M', 1e6 }, { 'G', 1e9 } };
		for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
			if (end[0] == units[i].letter && !end[1]) {
				value *= units[i].times;
				end++;
				break;
			}
	}
	if (end == text || *end || !(value >= low && value <= high))
		return false;
	*out = floor(value);
	return true;
}

static bool parse_options(int argc, char **argv, struct home *home)
{
	static const struct option options[] = {
		{ "bytes", required_argument, NULL, 'b' }, { "files", required_argument, NULL, 'f' },
		{ "days", required_argument, NULL, 'd' }, { "seed", required_argument, NULL, 's' },
		{ "now", required_argument, NULL, 'n' }, { NULL, 0, NULL, 0 }
	};
	double files = 3142., days = 30., seed = 1., now_s = floor((double)clock_wall_ms() / 1000.);
	int option;
	home->bytes = 1.24e9;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		bool good = option == 'b' ? parse_number(optarg, 1e4, 1e12, &home->bytes)
			    : option == 'f' ? parse_number(optarg, 1., 1e6, &files)
			    : option == 'd' ? parse_number(optarg, 1., 3650., &days)
			    : option == 's' ? parse_number(optarg, 0., 1e15, &seed)
			    : option == 'n' ? parse_number(optarg, 1e9, 4e9, &now_s) : false;
		if (!good)
			return false;
	}
	if (optind != argc - 1)
		return false;
	home->dir = argv[optind];
	home->files = (size_t)files;
	home->days = (int64_t)days;
	home->seed = (uint64_t)seed;
	home->now_ms = (int64_t)now_s * 1000;
	return true;
}

int main(int argc, char **argv)
{
	static struct home home;
	if (!parse_options(argc, argv, &home)) {
		fprintf(stderr,
			"usage: mkhome DIR [--bytes N] [--files N] [--days N] [--seed N] [--now SECONDS]\n");
		return 2;
	}
	home.plans = calloc(home.files, sizeof(*home.plans));
	int result = -1;
	if (!home.plans || !text_pool_init(home.seed) || !buf_reserve(&home.out, BUFFER_BYTES)) {
		fprintf(stderr, "mkhome: out of memory\n");
	} else {
		plan_home(&home);
		result = write_home(&home);
		if (result == 0)
			print_mix(&home);
	}
	text_pool_release();
	buf_release(&home.out);
	free(home.plans);
	return result == 0 ? 0 : 1;
}
