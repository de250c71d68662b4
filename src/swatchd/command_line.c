#include "swatchd/command_line.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char usage_text[] =
	"usage: swatchd [--once] [--wait] [--no-refresh] [--config FILE] [--cache DIR] [--log-level LEVEL]\n"
	"       swatchd --version | --help\n"
	"\n"
	"Watches Claude Code's transcripts and keeps the cache files that statuslines read.\n"
	"Stays in the foreground; a service manager starts it.\n"
	"\n"
	"  --once             scan, refresh, publish, expire, exit\n"
	"  --wait             with --once: wait for another holder of the lock\n"
	"  --no-refresh       with --once: do not run ccusage\n"
	"  --config FILE      this file instead of ~/.config/swatch/swatch.conf\n"
	"  --cache DIR        this directory instead of the configured one\n"
	"  --log-level LEVEL  error, warning, info or debug\n"
	"\n"
	"Exit status: 0 ended cleanly, 1 failed, 2 usage or config, 3 another swatchd holds the\n"
	"lock, 4 (--once) published, but ccusage failed. Manual: swatchd(8)\n";

/* Returns the log level of that name, or -1 after a message. */
static int find_level(const char *name)
{
	static const char *const levels[] = { "error", "warning", "info", "debug" };
	for (int i = 0; i < 4; i++)
		if (strcmp(name, levels[i]) == 0)
			return i;
	fprintf(stderr, "swatchd: --log-level %s: error, warning, info or debug\n", name);
	return -1;
}

int command_line_parse(int argc, char **argv, struct command_line *out)
{
	static const struct option options[] = {
		{ "once", no_argument, NULL, 'o' },	 { "wait", no_argument, NULL, 'w' },
		{ "no-refresh", no_argument, NULL, 'n' }, { "config", required_argument, NULL, 'c' },
		{ "cache", required_argument, NULL, 'd' }, { "log-level", required_argument, NULL, 'l' },
		{ "version", no_argument, NULL, 'V' },	 { "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;
	memset(out, 0, sizeof(*out));
	out->log_level = -1;
	while ((option = getopt_long(argc, argv, "hV", options, NULL)) != -1) {
		switch (option) {
		case 'o': out->once = true; break;
		case 'w': out->wait = true; break;
		case 'n': out->no_refresh = true; break;
		case 'c': out->config_path = optarg; break;
		case 'd': out->cache_path = optarg; break;
		case 'l':
			out->log_level = find_level(optarg);
			if (out->log_level < 0)
				return EXIT_USAGE;
			break;
		case 'V':
			printf("swatchd %s\n", PACKAGE_VERSION);
			return EXIT_STOPPED;
		case 'h':
			fputs(usage_text, stdout);
			return EXIT_STOPPED;
		default:
			fputs(usage_text, stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc || (!out->once && (out->wait || out->no_refresh))) {
		if (optind < argc)
			fprintf(stderr, "swatchd: takes no argument '%s'\n", argv[optind]);
		else
			fprintf(stderr, "swatchd: --wait and --no-refresh go with --once\n");
		fputs(usage_text, stderr);
		return EXIT_USAGE;
	}
	return -1;
}
