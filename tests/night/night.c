/*
 * night: a week of use in a night of minutes, with faults; nothing may grow, and every figure must be right
 * in the end.
 *
 * usage: night [--minutes N] [--sessions N] [--build DIR] [--ccusage PATH] [--seed N] [--history BYTES]
 * [--keep]
 *   --minutes N      how long (20); times 100 that is a week's work
 *   --sessions N     how many sessions work at once (20)
 *   --build DIR      where swatch was built (the folder one stands in)
 *   --ccusage PATH   real ccusage 20 ($CCUSAGE20): the refreshes' behind a wrapper that fails at times, and
 * verify's. Without it neither is tried
 *   --seed N         the same seed does the same things (1)
 *   --history BYTES  what was there before, of a month (100M)
 *   --keep           leaves the home
 *
 * Sessions append, end, are resumed, compacted, cut and deleted; statuslines run; clients come and go; the
 * daemon is stopped, killed, loses its directory, its room, its configuration, its ccusage. Every few seconds
 * a line says what it takes. It is killed in the first fifth only: after that one daemon lives on, whose
 * memory in the last quarter of its life is held against that of the first. The cache's filesystem fills up
 * only where this may mount one (root, in a namespace of its own). Ends with one line; exit status 1 when
 * anything was wrong.
 */
#include "night.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../bench/bench.h"
#include "ipc/socket.h"

/* A sanitizer keeps what was freed for a while: it finds leaks in its own way. */
#ifdef __has_feature
#define HAS_ASAN_FEATURE __has_feature(address_sanitizer)
#else
#define HAS_ASAN_FEATURE 0
#endif
#if defined(__SANITIZE_ADDRESS__) || HAS_ASAN_FEATURE
#define IS_SANITIZED true
#else
#define IS_SANITIZED false
#endif
#define SAMPLES_MAX 4096
#define READERS "2"
/* What an entry, and a transcript, may take in the daemon: tables double when they are full. */
#define ENTRY_BYTES 400
#define TRANSCRIPT_BYTES 4096
#define PROBLEMS_SHOWN 40
/*
 * Who has ledger.db open: the one that writes and the one that looks things up. And, once the daemon has
 * read the file for a moment, as it does after a reload, one that SQLite closes together with these, because
 * closing it sooner would end their locks. It is taken again whenever there is something to read.
 */
#define LEDGER_FDS 2
#define LEDGER_FDS_MAX 3

struct night night = { .minutes = 20., .session_count = 20, .seed = 1, .seed_bytes = "100M" };

static struct sample samples[SAMPLES_MAX];
static size_t sample_count;
static pid_t sessions_pid, people_pid, readers_pid;

double now_ms(void)
{
	return bench_now_ms();
}

void nap_ms(double ms)
{
	const struct timespec span = { .tv_sec = (time_t)(ms / 1000.),
				       .tv_nsec = (long)(ms * 1e6) % 1000000000L };
	if (ms > 0.)
		(void)nanosleep(&span, NULL);
}

void broken(const char *what, const char *name)
{
	fprintf(stderr, "night: cannot %s %s: %s\n", what, name, strerror(errno));
	exit(2);
}

void problem(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	if (night.problem_count < PROBLEMS_SHOWN) {
		buf_append_str(&night.problems, "wrong: ");
		buf_vprintf(&night.problems, format, args);
		buf_append_char(&night.problems, '\n');
	}
	night.problem_count++;
	va_end(args);
}

void write_file(const char *path, const char *text)
{
	char other[300];
	snprintf(other, sizeof(other), "%s.new", path);
	FILE *file = fopen(other, "we");
	if (!file || fputs(text, file) < 0 || fclose(file) != 0 || rename(other, path) != 0)
		broken("write", path);
}

static pid_t begin_program(char *const argv[], const char *home, const char *out)
{
	pid_t parent = getpid();
	(void)fflush(NULL);
	pid_t pid = fork();
	if (pid < 0)
		broken("fork for", argv[0]);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		int out_fd = open(out ? out : "/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0600);
		if (getppid() != parent || out_fd < 0 || dup2(out_fd, 1) < 0 || dup2(out_fd, 2) < 0)
			_exit(126);
		if (home)
			setenv("HOME", home, 1);
		execv(argv[0], argv);
		_exit(126);
	}
	return pid;
}

static int wait_for(pid_t pid)
{
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			broken("wait for", "a program");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int run_program(char *const argv[], const char *home, const char *out)
{
	return wait_for(begin_program(argv, home, out));
}

int run_shell(const char *script)
{
	(void)fflush(NULL);
	pid_t pid = fork();
	if (pid < 0)
		broken("fork for", "sh");
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", script, (char *)NULL);
		_exit(126);
	}
	return wait_for(pid);
}

/* ---- the home ---- */

static void make_directory(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void make_directory(const char *format, ...)
{
	char path[256];
	va_list args;
	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		broken("make", path);
}

/* Nobody else sees the mount, and it goes with the processes. */
static bool mount_small_disk(void)
{
	char path[80];
	snprintf(path, sizeof(path), "%s/disk", night.home);
	return geteuid() == 0 && unshare(CLONE_NEWNS) == 0
	    && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0
	    && mount("night", path, "tmpfs", 0, "size=16M,mode=0700") == 0;
}

static void make_places(void)
{
	char *socket_path;
	snprintf(night.home, sizeof(night.home), "/tmp/swatch-night.XXXXXX");
	if (!mkdtemp(night.home))
		broken("make", night.home);
	make_directory("%s/disk", night.home);
	make_directory("%s/run", night.home);
	make_directory("%s/.config", night.home);
	make_directory("%s/.config/swatch", night.home);
	make_directory("%s/.claude", night.home);
	snprintf(night.projects, sizeof(night.projects), "%s/.claude/projects", night.home);
	snprintf(night.attic, sizeof(night.attic), "%s/attic", night.home);
	snprintf(night.lost, sizeof(night.lost), "%s/lost", night.home);
	snprintf(night.cache, sizeof(night.cache), "%s/disk/cache", night.home);
	snprintf(night.config, sizeof(night.config), "%s/.config/swatch/swatch.conf", night.home);
	snprintf(night.log, sizeof(night.log), "%s/swatchd.log", night.home);
	night.has_small_disk = mount_small_disk();
	make_directory("%s/disk/cache", night.home);
	setenv("HOME", night.home, 1);
	setenv("TZ", "UTC", 1);
	snprintf(night.socket, sizeof(night.socket), "%s/run", night.home);
	setenv("XDG_RUNTIME_DIR", night.socket, 1);
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("XDG_STATE_HOME");
	unsetenv("CLAUDE_CONFIG_DIR");
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("JOURNAL_STREAM");
	socket_path = cache_socket_path(night.cache);
	if (!socket_path)
		broken("name a socket for", night.cache);
	snprintf(night.socket, sizeof(night.socket), "%s", socket_path);
	free(socket_path);
}

static void make_history(void)
{
	char program[512], claude[80], bytes[] = "--bytes", amount[32], files[] = "--files", number[] = "250",
				       out[80];
	char *argv[] = { program, claude, bytes, amount, files, number, NULL };
	snprintf(program, sizeof(program), "%s/tests/bench/mkhome", night.build);
	snprintf(claude, sizeof(claude), "%s/.claude", night.home);
	snprintf(amount, sizeof(amount), "%s", night.seed_bytes);
	snprintf(out, sizeof(out), "%s/mkhome.out", night.home);
	if (run_program(argv, NULL, out) != 0)
		broken("run", program);
}

static void make_shared(void)
{
	pthread_mutexattr_t attributes;
	night.shared =
		mmap(NULL, sizeof(*night.shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (night.shared == MAP_FAILED)
		broken("map", "memory");
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&night.shared->faults, &attributes);
	pthread_mutex_init(&night.shared->table, &attributes);
	pthread_mutexattr_destroy(&attributes);
}

static pid_t begin_life(void (*live)(void))
{
	pid_t parent = getpid();
	(void)fflush(NULL);
	pid_t pid = fork();
	if (pid < 0)
		broken("fork for", "a life");
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		live();
	}
	return pid;
}

static void stop_file(char *path, size_t size)
{
	snprintf(path, size, "%s/stop", night.home);
}

static void begin_readers(void)
{
	char program[512], stop[80], out[80], readers[] = READERS, pause[] = "3";
	char *argv[] = { program, night.cache, readers, stop, pause, NULL };
	snprintf(program, sizeof(program), "%s/tests/integration/cache-reader", night.build);
	snprintf(out, sizeof(out), "%s/readers.out", night.home);
	stop_file(stop, sizeof(stop));
	readers_pid = begin_program(argv, NULL, out);
}

static void end_readers(void)
{
	char stop[80], command[200];
	stop_file(stop, sizeof(stop));
	write_file(stop, "");
	if (wait_for(readers_pid) != 0)
		problem("readers saw a file that was not whole, or older than before: see below");
	printf("readers of the cache files: ");
	snprintf(command, sizeof(command), "tail -n 5 %s/readers.out", night.home);
	(void)run_shell(command);
}

static void end_life(pid_t pid, const char *what)
{
	if (waitpid(pid, NULL, WNOHANG) != 0)
		problem("%s ended before the night did", what);
	kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

/* ---- the course ---- */

static struct sample *take_sample(double start_ms, const char *faults)
{
	struct sample *sample = &samples[sample_count < SAMPLES_MAX - 1 ? sample_count++ : sample_count];
	sample_take(sample, start_ms);
	sample_print(sample, faults);
	return sample;
}

static int directories;

static int count_directory(const char *path, const struct stat *st, int kind, struct FTW *place)
{
	(void)path;
	(void)st;
	(void)place;
	directories += kind == FTW_D;
	return 0;
}

static int count_directories(void)
{
	directories = 0;
	(void)nftw(night.projects, count_directory, 16, FTW_PHYS);
	return directories;
}

/* All quiet, for what can be compared exactly. */
static struct sample take_quiet(double start_ms, const char *what, int *dirs)
{
	hush_begin();
	*dirs = count_directories();
	/* The daemon learns in its own time that clients have gone. */
	nap_ms(500.);
	return *take_sample(start_ms, what);
}

static void live_through(double start_ms, double from_s, double to_s, bool may_kill)
{
	double total_s = night.minutes * 60.;
	double sample_s = total_s / 120. > 2. ? total_s / 120. : 2.,
	       fault_s = total_s / 150. > 2. ? total_s / 150. : 2.;
	double next_sample_s = from_s + sample_s, next_fault_s = from_s + fault_s;
	struct buf done = BUF_INIT;
	for (double at_s; (at_s = (now_ms() - start_ms) / 1000.) < to_s;) {
		daemon_look();
		if (at_s >= next_fault_s) {
			buf_printf(&done, "%s%s", done.len ? ", " : "", fault_next(may_kill));
			next_fault_s = (now_ms() - start_ms) / 1000. + fault_s;
		}
		if (at_s >= next_sample_s) {
			(void)take_sample(start_ms, buf_str(&done));
			buf_clear(&done);
			next_sample_s += sample_s;
		}
		nap_ms(20.);
	}
	buf_release(&done);
}

/* ---- the judgement ---- */

/* How many samples there were when the last daemon was there to stay. */
static size_t first_kept;

/*
 * The median over the samples of a quarter of that daemon's life: 0 the first, 3 the last. By their number,
 * not by the clock: on a busy machine the part with the kills takes longer than its fifth of the night.
 */
static double quarter_of(size_t quarter, double (*value)(const struct sample *))
{
	static double values[SAMPLES_MAX];
	size_t kept = sample_count - first_kept, count = 0;
	for (size_t i = first_kept + kept * quarter / 4; i < first_kept + kept * (quarter + 1) / 4; i++)
		values[count++] = value(&samples[i]);
	bench_sort(values, count);
	return bench_share(values, count, .5);
}

static double rss_of(const struct sample *s) { return (double)s->rss_bytes; }
static double entries_of(const struct sample *s) { return (double)s->entries; }
static double transcripts_of(const struct sample *s) { return (double)s->transcripts; }
static double p50_of(const struct sample *s) { return s->p50_ms; }
static double p99_of(const struct sample *s) { return s->p99_ms; }
static double cpu_of(const struct sample *s) { return s->cpu_percent; }

static void judge_memory(void)
{
	if (sample_count - first_kept < 8)
		problem("only %zu samples of the last daemon", sample_count - first_kept);
	double early = quarter_of(0, rss_of), late = quarter_of(3, rss_of);
	double entries = quarter_of(3, entries_of) - quarter_of(0, entries_of);
	double transcripts = quarter_of(3, transcripts_of) - quarter_of(0, transcripts_of);
	double allowed = early * 1.15 + (entries > 0. ? entries * ENTRY_BYTES : 0.)
			 + (transcripts > 0. ? transcripts * TRANSCRIPT_BYTES : 0.);
	printf("memory: %.0f kB in the first quarter (%.0f entries, %.0f transcripts),"
	       " %.0f kB in the last one (%.0f entries, "
	       "%.0f transcripts): %+.1f%%; up to %.0f kB would do\n",
	       early / 1024., quarter_of(0, entries_of), quarter_of(0, transcripts_of), late / 1024.,
	       quarter_of(3, entries_of), quarter_of(3, transcripts_of), 100. * (late / early - 1.),
	       allowed / 1024.);
	if (late > allowed && !IS_SANITIZED)
		problem("memory grows");
}

static void judge_latency(void)
{
	double early = quarter_of(0, p50_of), late = quarter_of(3, p50_of);
	printf("append to session file, p50 (p99): %.1f (%.1f) ms in the first quarter,"
	       " %.1f (%.1f) ms in the last one; %zu of "
	       "them, and %llu while something was done to the daemon\n",
	       early, quarter_of(0, p99_of), late, quarter_of(3, p99_of), (size_t)night.shared->latency_count,
	       (unsigned long long)night.shared->disturbed_count);
	printf("CPU of the daemon: %.1f%% of a core in the first quarter, %.1f%% in the last one\n",
	       quarter_of(0, cpu_of), quarter_of(3, cpu_of));
	/* The machine may be slower then: twice as slow is not what a leak looks like. */
	if (late > 2. * early + 25.)
		problem("latency grows");
}

static void judge_quiet(const struct sample *early, int early_dirs, const struct sample *late, int late_dirs)
{
	printf("all quiet, before and after: descriptors %d, %d (of ledger.db %d, %d); threads %d, %d; children %d,"
	       " %d; watches %d of %d folders, "
	       "%d of %d; temp files %d, %d\n",
	       early->fds, late->fds, early->ledger_fds, late->ledger_fds, early->threads, late->threads,
	       early->children, late->children, early->watches, early_dirs, late->watches, late_dirs,
	       early->temp_files, late->temp_files);
	if (early->fds - early->ledger_fds != late->fds - late->ledger_fds)
		problem("descriptors were %d, and are %d, without the ledger's",
			early->fds - early->ledger_fds, late->fds - late->ledger_fds);
	if (early->ledger_fds < LEDGER_FDS || early->ledger_fds > LEDGER_FDS_MAX
	    || late->ledger_fds < LEDGER_FDS || late->ledger_fds > LEDGER_FDS_MAX)
		problem("the ledger's descriptors were %d, and are %d", early->ledger_fds, late->ledger_fds);
	if (late->threads != early->threads)
		problem("threads were %d, and are %d", early->threads, late->threads);
	if (late->children != 0 || early->children != 0)
		problem("%d children, %d of them zombies, when all is quiet", late->children, late->zombies);
	if (late->watches - late_dirs != early->watches - early_dirs)
		problem("watches are not one for each folder any more");
	if (late->temp_files != 0 || early->temp_files != 0)
		problem("temp files stay behind");
}

static void judge_people(void)
{
	static double runs_ms[NIGHT_RUNS_MAX];
	char path[96];
	size_t count = night.shared->run_count;
	for (size_t i = 0; i < count; i++)
		runs_ms[i] = (double)night.shared->runs_ms[i];
	bench_sort(runs_ms, count);
	printf("statuslines: %zu, p50 %.1f ms, p99 %.1f ms, at most %.1f ms\n", count,
	       bench_share(runs_ms, count, .5), bench_share(runs_ms, count, .99),
	       bench_share(runs_ms, count, 1.));
	if (night.shared->counts[COUNT_STATUSLINE_FAILURES] > 0)
		problem("%llu statuslines failed or said nothing",
			(unsigned long long)night.shared->counts[COUNT_STATUSLINE_FAILURES]);
	snprintf(path, sizeof(path), "%s/overlaps", night.home);
	if (access(path, F_OK) == 0)
		problem("two ccusage ran at once");
}

static void print_counts(void)
{
	static const char *const names[COUNTS] = {
		"lines",       "bytes",		 "sessions",	    "folders",	     "agents",
		"resumed",     "compactions",	 "deleted",	    "cut",	     "rewritten",
		"statuslines", "of them failed", "subscribers",	    "left half way", "garbage",
		"reports",     "rescans",	 "refreshes asked", "commands"
	};
	char command[400];
	printf("done by sessions and people:");
	for (size_t i = 0; i < COUNTS; i++)
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): make_shared() made it */
		printf("%s %llu %s", i ? "," : "", (unsigned long long)night.shared->counts[i], names[i]);
	printf("\n");
	faults_print();
	(void)fflush(stdout);
	snprintf(command, sizeof(command),
		 "[ ! -f %s/runs ] || printf 'ccusage ran: %%s\\n' \"$(sort %s/runs | uniq -c | xargs)\"; "
		 "printf 'log of the daemon: %%s lines\\n' \"$(wc -l <%s)\"",
		 night.home, night.home, night.log);
	(void)run_shell(command);
}

static int judge(void)
{
	printf("%s", buf_str(&night.problems));
	if (night.problem_count > PROBLEMS_SHOWN)
		printf("wrong: and %zu more\n", night.problem_count - PROBLEMS_SHOWN);
	printf("%s: %g minutes with %ld sessions, seed %llu: %zu wrong\n",
	       night.problem_count == 0 ? "good" : "BAD", night.minutes, night.session_count,
	       (unsigned long long)night.seed, night.problem_count);
	return night.problem_count > 0;
}

static int live(void)
{
	int early_dirs, late_dirs;
	double start_ms, total_s = night.minutes * 60.;
	daemon_start();
	sessions_pid = begin_life(sessions_live);
	people_pid = begin_life(people_live);
	begin_readers();
	start_ms = now_ms();
	sample_print_head();
	live_through(start_ms, 0., total_s / 5., true);
	struct sample early = take_quiet(start_ms, "all quiet", &early_dirs);
	first_kept = sample_count;
	hush_end();
	live_through(start_ms, (now_ms() - start_ms) / 1000., total_s, false);
	faults_write_config("");
	kill(night.daemon, SIGHUP);
	struct sample late = take_quiet(start_ms, "all quiet", &late_dirs);
	print_counts();
	judge_memory();
	judge_latency();
	judge_people();
	judge_quiet(&early, early_dirs, &late, late_dirs);
	judge_figures();
	daemon_end();
	daemon_start();
	hush_begin();
	judge_verify();
	daemon_end();
	end_life(sessions_pid, "the sessions");
	end_life(people_pid, "the people");
	end_readers();
	return judge();
}

/* ---- the command line ---- */

static bool parse_options(int argc, char **argv, bool *keep)
{
	static const struct option options[] = {
		{ "minutes", required_argument, NULL, 'm' }, { "sessions", required_argument, NULL, 's' },
		{ "build", required_argument, NULL, 'b' }, { "ccusage", required_argument, NULL, 'c' },
		{ "seed", required_argument, NULL, 'r' }, { "history", required_argument, NULL, 'h' },
		{ "keep", no_argument, NULL, 'k' }, { NULL, 0, NULL, 0 }
	};
	const char *build = ".";
	char *full;
	int option;
	night.ccusage = getenv("CCUSAGE20");
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'm': night.minutes = strtod(optarg, NULL); break;
		case 's': night.session_count = strtol(optarg, NULL, 10); break;
		case 'b': build = optarg; break;
		case 'c': night.ccusage = optarg; break;
		case 'r': night.seed = strtoull(optarg, NULL, 10); break;
		case 'h': night.seed_bytes = optarg; break;
		case 'k': *keep = true; break;
		default: return false;
		}
	}
	if (night.ccusage && !*night.ccusage)
		night.ccusage = NULL;
	full = realpath(build, NULL);
	if (!full || strlen(full) >= sizeof(night.build))
		broken("find", build);
	snprintf(night.build, sizeof(night.build), "%s", full);
	free(full);
	snprintf(night.daemon_path, sizeof(night.daemon_path), "%s/swatchd", night.build);
	snprintf(night.swatch_path, sizeof(night.swatch_path), "%s/swatch", night.build);
	return optind == argc && night.minutes >= .5 && night.minutes <= 1440. && night.session_count >= 1
	       && night.session_count <= NIGHT_SESSIONS_MAX;
}

int main(int argc, char **argv)
{
	bool keep = false;
	if (!parse_options(argc, argv, &keep)) {
		fprintf(stderr,
			"usage: night [--minutes N] [--sessions N] [--build DIR] [--ccusage PATH] [--seed N] "
			"[--history BYTES] [--keep]\n");
		return 2;
	}
	make_places();
	make_history();
	make_shared();
	faults_write_ccusage();
	faults_write_config("");
	printf("%s; ccusage %s; the cache's filesystem %s\n", night.home,
	       night.ccusage ? night.ccusage : "left out",
	       night.has_small_disk ? "fills up" : "cannot be filled here: left out");
	int status = live();
	(void)fflush(stdout);
	if (!keep && status == 0) {
		char command[200];
		snprintf(command, sizeof(command), "umount %s/disk 2>/dev/null; rm -rf %s", night.home,
			 night.home);
		(void)run_shell(command);
	}
	return status;
}
