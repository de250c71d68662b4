/*
 * swatch-top: the live screen. `swatch top` becomes this program, the only one that needs ncurses.
 *
 * The map:
 *   main.c          options, signals, the loop
 *   link.c          the daemon's events, and the wait for a daemon; files.c: the cache files
 *   model.c         what was read; judge.c: what to show of it now; figures.c: numbers from JSON
 *   view.c          the pages and the keys; gauges.c, table.c, detail.c: their parts
 *   canvas.c        cells, and how text gets into them; screen.c: ncurses
 *
 * It sleeps until a key, an event, a signal, or the next moment at which the screen changes by itself.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scope.h"
#include "program/streams.h"
#include "swatch/cli/daemon_call.h"
#include "swatch/top/files.h"
#include "swatch/top/link.h"
#include "swatch/top/options.h"
#include "swatch/top/screen.h"
#include "swatch/top/view.h"
#include "swatch/ui/terminal.h"

/* Draw no more often, even if events come by the thousand. */
#define FRAME_MS 100

struct top {
	struct invocation invocation;
	struct top_options options;
	struct top_files files;
	struct top_model model;
	struct top_link link;
	struct top_view view;
	int signal_fd, timer_fd;
	bool dirty;              /* the screen has to be drawn */
	bool over;
	int64_t drawn_mono_ms;
	int died_of;             /* the signal to die of once the terminal is restored, or 0 */
	const char *failed;      /* the error to print then, or NULL */
	int failed_errno;
};

/* Ends the program. An unreadable descriptor stays ready, so the loop would never sleep again. */
static void give_up(struct top *top, const char *what, int why)
{
	top->over = true;
	if (!top->failed) {
		top->failed = what;
		top->failed_errno = why;
	}
}

/* ---- signals ---- */

static void stop_here(struct top *top)
{
	sigset_t stop;
	top_screen_pause();
	/* Without ncurses' own handler, so that the shell sees a plain stop. */
	(void)signal(SIGTSTP, SIG_DFL);
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	(void)raise(SIGTSTP);
	(void)sigprocmask(SIG_UNBLOCK, &stop, NULL);
	/* Now continued; SIGCONT waits to be read, unless the stop was ignored. */
	(void)sigprocmask(SIG_BLOCK, &stop, NULL);
	top_screen_resume();
	top->dirty = true;
}

static void take_signals(struct top *top)
{
	struct signalfd_siginfo info;
	ssize_t got;
	while ((got = read(top->signal_fd, &info, sizeof(info))) == (ssize_t)sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGWINCH:
			top_screen_resize();
			top->dirty = true;
			break;
		case SIGTSTP:
			stop_here(top);
			break;
		case SIGCONT:
			top_screen_resume();
			top->dirty = true;
			break;
		case SIGINT:
			top->over = true;
			break;
		default:
			top->over = true;
			top->died_of = (int)info.ssi_signo;
		}
	}
	if (got < 0 && errno != EAGAIN && errno != EINTR)
		give_up(top, "cannot read signals", errno);
}

static int open_signals(void)
{
	static const int wanted[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT };
	sigset_t set;
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		sigaddset(&set, wanted[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* ---- time ---- */

/* By the wall clock, to notice also a suspended machine or a corrected clock. */
static void set_timer(const struct top *top)
{
	int64_t at_ms = top_model_next_change_ms(&top->model);
	struct itimerspec when = { 0 };
	when.it_value.tv_sec = at_ms / 1000;
	when.it_value.tv_nsec = at_ms % 1000 * 1000000;
	(void)timerfd_settime(top->timer_fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, NULL);
}

static void take_timer(struct top *top)
{
	uint64_t count;
	/* It fails when the clock was set; drawing sets the timer again. */
	ssize_t got = read(top->timer_fd, &count, sizeof(count));
	if (got >= 0 || errno != EAGAIN)
		top->dirty = true;
}

/* ---- drawing ---- */

static void find_trouble(struct top *top)
{
	AUTO_BUF hint = BUF_INIT;
	top->view.trouble[0] = top->view.remedy[0] = '\0';
	if (top->link.state != TOP_LINK_ON) {
		snprintf(top->view.trouble, sizeof(top->view.trouble), "%s", buf_str(&top->link.why));
		daemon_start_hint(&top->invocation, &hint);
		/* Do not suggest to start a daemon that runs but does not answer. */
		if (top->link.is_absent)
			snprintf(top->view.remedy, sizeof(top->view.remedy), "%s", buf_str(&hint));
	}
}

static void draw(struct top *top)
{
	struct top_canvas canvas;
	size_t rows, columns;
	if (top_files_read(&top->files, &top->model))
		top_link_want_spend(&top->link);
	find_trouble(top);
	top_model_judge(&top->model, clock_wall_ms());
	top_screen_size(&rows, &columns);
	if (top_canvas_init(&canvas, rows, columns, top_screen_has_utf8())) {
		top_view_draw(&top->view, &top->model, &canvas);
		top_screen_show(&canvas);
	}
	top_canvas_release(&canvas);
	set_timer(top);
	top->dirty = false;
	top->drawn_mono_ms = clock_mono_ms();
}

/* ---- the loop ---- */

/* Returns false when the terminal is gone. */
static bool take_keys(struct top *top, short revents)
{
	int waiting = 0, why;
	bool any = false;
	if (revents & (POLLHUP | POLLERR | POLLNVAL))
		return false;
	/* At its end, a terminal is "readable", with nothing to read. */
	if (ioctl(STDIN_FILENO, FIONREAD, &waiting) != 0 || waiting == 0)
		return false;
	for (unsigned key; !top->over && (key = top_screen_key()) != TOP_KEY_NONE; any = true) {
		if (key == TOP_KEY_REDRAW)
			top_screen_redraw();
		else
			top->over = !top_view_key(&top->view, &top->model, key);
		top->dirty = true;
		/* The next key refers to the new order. */
		top_model_judge(&top->model, clock_wall_ms());
	}
	/* If bytes wait but no key comes, the read failed, and ncurses left its errno. */
	if (!any && !top_screen_is_readable(&why))
		give_up(top, "cannot read from the terminal", why);
	if (!top->over)
		draw(top);
	return true;
}

static int shorter_wait(int64_t a_ms, int64_t b_ms)
{
	int64_t wait_ms = a_ms < 0 || (b_ms >= 0 && b_ms < a_ms) ? b_ms : a_ms;
	return wait_ms < 0 ? -1 : wait_ms > 1000000 ? 1000000 : (int)wait_ms;
}

static void run_loop(struct top *top)
{
	top_link_try(&top->link);
	top->dirty = true;
	while (!top->over) {
		int64_t frame_ms = -1;
		if (top->dirty) {
			frame_ms = top->drawn_mono_ms + FRAME_MS - clock_mono_ms();
			if (top->drawn_mono_ms == 0 || frame_ms <= 0) {
				draw(top);
				frame_ms = -1;
			}
		}
		struct pollfd fds[4] = {
			{ STDIN_FILENO, POLLIN, 0 }, { top->signal_fd, POLLIN, 0 },
			{ top->timer_fd, POLLIN, 0 }, { top_link_fd(&top->link), POLLIN, 0 },
		};
		int ready = poll(fds, 4, shorter_wait(frame_ms, top_link_wait_ms(&top->link)));
		if (ready < 0 && errno != EINTR) {
			give_up(top, "cannot wait for keys and events", errno);
			break;
		}
		if (ready > 0 && fds[1].revents)
			take_signals(top);
		if (ready > 0 && fds[2].revents)
			take_timer(top);
		if (top_link_read(&top->link))
			top->dirty = true;
		if (ready > 0 && fds[0].revents && !top->over && !take_keys(top, fds[0].revents))
			top->over = true;
	}
}

/* ---- the program ---- */

static int run_top(struct top *top)
{
	AUTO_BUF why = BUF_INIT;
	int status = SWATCH_OK;
	AUTO_CLOSE int signal_fd = open_signals();
	AUTO_CLOSE int timer_fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	top->signal_fd = signal_fd;
	top->timer_fd = timer_fd;
	if (top->signal_fd < 0 || top->timer_fd < 0) {
		terminal_error("top: cannot wait for signals and time: %s", strerror(errno));
		status = SWATCH_FAILED;
	} else if (!top_screen_open(&why)) {
		terminal_error("top: %s", buf_message(&why));
		status = SWATCH_FAILED;
	} else {
		run_loop(top);
		if (!top_screen_close() && !top->failed)
			give_up(top, "cannot write to the terminal", errno);
	}
	if (top->failed) {
		terminal_error("top: %s: %s", top->failed, strerror(top->failed_errno));
		status = SWATCH_FAILED;
	}
	return status;
}

static int run_with_cache(struct top *top)
{
	int status = invocation_find_cache(&top->invocation);
	if (status == SWATCH_OK) {
		top_files_init(&top->files, top->invocation.cache_dir);
		top_model_init(&top->model);
		top_link_init(&top->link, &top->invocation, &top->files, &top->model);
		top->model.sort = top->options.sort;
		top->model.reversed = top->options.reversed;
		top->model.active_only = top->options.active_only;
		status = run_top(top);
		top_link_release(&top->link);
		top_model_release(&top->model);
		top_files_release(&top->files);
	}
	invocation_release(&top->invocation);
	return status;
}

/* Parses the global options, which `swatch` passes on, and the command's own. */
static int parse_options(struct top *top, int argc, char **argv, struct command *command)
{
	static struct command_option options[8] = {
		{ "config", 'c', "FILE", "read this config file" },
		{ "cache", 'C', "DIR", "use this cache directory" },
	};
	for (size_t i = 0; i < 5 && command_top.options[i].name; i++)
		options[2 + i] = command_top.options[i];
	*command = command_top;
	command->options = options;
	top->invocation.command = command;
	int option;
	while ((option = command_next_option(&top->invocation, argc, argv)) != COMMAND_OPTIONS_END) {
		if (option == 'c')
			top->invocation.config_option = optarg;
		else if (option == 'C')
			top->invocation.cache_option = optarg;
		else if (option == COMMAND_OPTIONS_HELP || option == COMMAND_OPTIONS_BAD)
			return option;
		else if (!top_options_take(&top->options, option, optarg))
			return COMMAND_OPTIONS_BAD;
	}
	return COMMAND_OPTIONS_END;
}

int main(int argc, char **argv)
{
	/* It has 50 kB of events. */
	static struct top top;
	static struct command command;
	if (!streams_make_safe())
		return SWATCH_FAILED;
	tzset();
	int option = parse_options(&top, argc, argv, &command);
	if (option != COMMAND_OPTIONS_END)
		return command_options_status(option);
	int status = run_with_cache(&top);
	if (top.died_of != 0) {
		sigset_t set;
		(void)signal(top.died_of, SIG_DFL);
		sigemptyset(&set);
		sigaddset(&set, top.died_of);
		(void)raise(top.died_of);
		(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	}
	return status;
}
