/* Without systemd: has the statusline start swatchd, and starts it now. */
#include "swatch/setup/setup.h"

#include <errno.h>
#include <string.h>

#include "base/scope.h"
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
	AUTO_FREE char *path = program_find_daemon();
	pid_t pid = setup_find_daemon(setup, NULL);
	if (!path) {
		setup_fail(setup, SETUP_NO_DAEMON);
		return;
	}
	setup->expects_daemon = pid > 0;
	const char *config = setup_path(setup->config_path);
	if (has)
		setup_item(setup, STYLE_GOOD, "[daemon] autostart is set already in %s", config);
	else
		setup_item(setup, STYLE_PLAIN,
			   "set [daemon] autostart = yes in %s: the statusline starts swatchd "
			   "when none runs", config);
	if (pid > 0)
		setup_item(setup, STYLE_GOOD, "swatchd runs already (pid %ld)", (long)pid);
	else
		setup_item(setup, STYLE_PLAIN, "start %s now", setup_path(path));
	if ((has && pid > 0) || !setup_agree(setup, true))
		return;
	bool good = has || setup_set_config(setup, "daemon", "autostart", yes);
	good = (pid > 0 || start_daemon(setup, path)) && good;
	setup->expects_daemon = true;
	if (good)
		setup_done(setup, "done");
}
