/* Where there is no systemd: the statusline starts swatchd, and it is started now. */
#include "swatch/setup/setup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "swatch/cli/program.h"

static bool start_daemon(struct setup *setup, char *path)
{
	char name[] = "swatchd";
	char *argv[] = { name, NULL };
	struct setup_change change = { .kind = SETUP_DAEMON, .path = strdup(path) };
	if (!setup_begin(setup, &change))
		return false;
	bool good = program_start_detached(path, argv) == 0;
	int why = errno;
	setup_end(setup, good);
	if (!good)
		setup_fail(setup, "cannot start %s: %s", path, strerror(why));
	return good;
}

void setup_autostart(struct setup *setup)
{
	static const char *const yes[] = { "yes", NULL };
	bool ours, has;
	if (!setup_look_config(setup, "daemon", "autostart", &has, &ours))
		return;
	bool wants_key = !has;
	char *path = program_find_daemon();
	pid_t pid = setup_find_daemon(setup, NULL);
	if (!path) {
		setup_fail(setup, "the program swatchd is not beside this one, in " SWATCH_BINDIR " or on PATH");
		return;
	}
	setup->expects_daemon = pid > 0;
	if (has)
		setup_item(setup, STYLE_GOOD, "[daemon] autostart is set already in %s", setup_path(setup->config_path));
	else
		setup_item(setup, STYLE_PLAIN, "set [daemon] autostart = yes in %s: the statusline starts swatchd when "
			   "none runs", setup_path(setup->config_path));
	if (pid > 0)
		setup_item(setup, STYLE_GOOD, "swatchd runs already (pid %ld)", (long)pid);
	else
		setup_item(setup, STYLE_PLAIN, "start %s now", setup_path(path));
	if ((wants_key || pid == 0) && setup_agree(setup, true)) {
		bool good = !wants_key || setup_set_config(setup, "daemon", "autostart", yes);
		good = (pid > 0 || start_daemon(setup, path)) && good;
		setup->expects_daemon = true;
		if (good)
			setup_done(setup, "done");
	}
	free(path);
}
