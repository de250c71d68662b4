#include "swatch/top/screen.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "swatch/top/view.h"
#include "swatch/ui/terminal.h"

/* How long to wait, after an escape, for the rest of another key. */
#define ESCAPE_DELAY_MS 25
#define ROWS_MAX 500
#define CTRL_L 12

static SCREEN *screen;
static bool has_colour, has_utf8;
static attr_t attributes[TOP_STYLES];
static int read_errno;   /* why the last key could not be read, or 0 */

/* ---- what the terminal can do ---- */

static void choose_locale(void)
{
	/* The machine may lack the locale of the settings. */
	if (!setlocale(LC_CTYPE, "") && terminal_speaks_utf8())
		(void)setlocale(LC_CTYPE, "C.UTF-8");
	has_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static void choose_styles(void)
{
	static const struct {
		enum top_style style;
		short colour;
		attr_t with, without;    /* attributes with and without colours */
	} styles[] = {
		{ TOP_PLAIN, 0, A_NORMAL, A_NORMAL },         { TOP_STRONG, 0, A_BOLD, A_BOLD },
		{ TOP_QUIET, 0, A_DIM, A_DIM },               { TOP_GOOD, COLOR_GREEN, A_NORMAL, A_NORMAL },
		{ TOP_NOTE, COLOR_YELLOW, A_NORMAL, A_BOLD }, { TOP_BAD, COLOR_RED, A_BOLD, A_BOLD },
		{ TOP_ACCENT, COLOR_CYAN, A_NORMAL, A_NORMAL }, { TOP_HEAD, 0, A_UNDERLINE, A_UNDERLINE },
	};
	has_colour = terminal_wants_colour(STDOUT_FILENO) && has_colors() && start_color() == OK;
	short background = has_colour && use_default_colors() == OK ? -1 : COLOR_BLACK;
	for (size_t i = 0; i < sizeof(styles) / sizeof(styles[0]); i++) {
		short pair = (short)(i + 1);
		bool coloured = has_colour && styles[i].colour != 0
				&& init_pair(pair, styles[i].colour, background) == OK;
		attributes[styles[i].style] =
			coloured ? styles[i].with | (attr_t)COLOR_PAIR(pair) : styles[i].without;
	}
}

static bool is_usable(struct buf *why)
{
	const char *name = getenv("TERM");
	if (isatty(STDIN_FILENO) != 1 || isatty(STDOUT_FILENO) != 1) {
		buf_append_str(why, "it needs a terminal to draw on; for programs there are swatch status "
				    "--json and swatch events");
		return false;
	}
	if (!name || !*name) {
		buf_append_str(why, "TERM is not set, so the terminal's type is unknown");
		return false;
	}
	return true;
}

static bool can(const char *capability)
{
	const char *code = tigetstr(capability);
	return code && code != (const char *)-1;
}

/* ---- opening and closing ---- */

bool top_screen_open(struct buf *why)
{
	if (!is_usable(why))
		return false;
	choose_locale();
	/* Ask the terminal for its size: the shell's COLUMNS and LINES do not change with it. */
	use_env(FALSE);
	use_tioctl(TRUE);
	set_escdelay(ESCAPE_DELAY_MS);
	screen = newterm(NULL, stdout, stdin);
	if (!screen) {
		buf_printf(why, "the terminal type '%s' is unknown; set TERM", getenv("TERM"));
		return false;
	}
	if (!can("cup") || !can("clear")) {
		(void)top_screen_close();
		buf_printf(why, "the terminal type '%s' has no movable cursor; set TERM, or see: swatch "
				"status",
			   getenv("TERM"));
		return false;
	}
	cbreak();
	noecho();
	nonl();
	intrflush(stdscr, FALSE);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	curs_set(0);
	choose_styles();
	return true;
}

bool top_screen_close(void)
{
	if (!screen)
		return true;
	endwin();
	/* ncurses does not report failed output; the stream below it may. */
	errno = 0;
	bool written = fflush(stdout) == 0 && !ferror(stdout);
	int why = errno ? errno : EIO;
	delscreen(screen);
	screen = NULL;
	errno = why;
	return written;
}

void top_screen_pause(void)
{
	endwin();
}

void top_screen_resume(void)
{
	reset_prog_mode();
	top_screen_resize();
	top_screen_redraw();
}

void top_screen_size(size_t *rows, size_t *columns)
{
	int height = getmaxy(stdscr), width = getmaxx(stdscr);
	*rows = height > 0 ? (size_t)height : 24;
	*columns = width > 0 ? (size_t)width : 80;
}

void top_screen_resize(void)
{
	struct winsize size = { 0 };
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0)
		return;
	resizeterm(size.ws_row < ROWS_MAX ? size.ws_row : ROWS_MAX,
		   size.ws_col < TOP_FIELD_MAX ? size.ws_col : TOP_FIELD_MAX);
}

void top_screen_redraw(void)
{
	clearok(stdscr, TRUE);
}

bool top_screen_has_utf8(void)
{
	return has_utf8;
}

/* ---- showing ---- */

static attr_t attribute_of(const struct top_cell *cell)
{
	attr_t attribute = attributes[cell->style < TOP_STYLES ? cell->style : TOP_PLAIN];
	/* In reverse, the colours of the cells would show as patches. */
	return cell->marked ? (attribute & A_BOLD) | A_REVERSE : attribute;
}

static void show_row(const struct top_canvas *canvas, size_t row)
{
	wchar_t text[TOP_FIELD_MAX * 2 + 1];
	size_t column = 0;
	while (column < canvas->columns && column < TOP_FIELD_MAX) {
		const struct top_cell *first = top_canvas_cell(canvas, row, column);
		attr_t attribute = attribute_of(first);
		size_t start = column;
		int len = 0;
		for (; column < canvas->columns && column < TOP_FIELD_MAX; column++) {
			const struct top_cell *cell = top_canvas_cell(canvas, row, column);
			if (attribute_of(cell) != attribute)
				break;
			if (cell->code != 0)
				text[len++] = (wchar_t)cell->code;
			if (cell->accent != 0)
				text[len++] = (wchar_t)cell->accent;
		}
		attrset((int)attribute);
		(void)mvaddnwstr((int)row, (int)start, text, len);
	}
}

void top_screen_show(const struct top_canvas *canvas)
{
	erase();
	for (size_t row = 0; row < canvas->rows; row++)
		show_row(canvas, row);
	attrset(A_NORMAL);
	refresh();
}

/* ---- keys ---- */

unsigned top_screen_key(void)
{
	static const struct {
		int curses;
		enum top_key key;
	} keys[] = {
		{ ERR, TOP_KEY_NONE }, { KEY_UP, TOP_KEY_UP }, { KEY_DOWN, TOP_KEY_DOWN },
		{ KEY_LEFT, TOP_KEY_LEFT }, { KEY_RIGHT, TOP_KEY_RIGHT }, { KEY_PPAGE, TOP_KEY_PAGE_UP },
		{ KEY_NPAGE, TOP_KEY_PAGE_DOWN }, { KEY_HOME, TOP_KEY_HOME }, { KEY_END, TOP_KEY_END },
		{ KEY_ENTER, TOP_KEY_ENTER }, { '\r', TOP_KEY_ENTER }, { '\n', TOP_KEY_ENTER },
		{ 27, TOP_KEY_BACK }, { KEY_BACKSPACE, TOP_KEY_BACK }, { 127, TOP_KEY_BACK },
		{ '\b', TOP_KEY_BACK }, { CTRL_L, TOP_KEY_REDRAW },
	};
	errno = 0;
	int got = getch();
	read_errno = got != ERR || errno == EAGAIN || errno == EINTR ? 0 : errno;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].curses == got)
			return keys[i].key;
	return got >= ' ' && got < 127 ? (unsigned)got : TOP_KEY_OTHER;
}

bool top_screen_is_readable(int *why)
{
	*why = read_errno;
	return read_errno == 0;
}
