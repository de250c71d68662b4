#include "swatchd/sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/log.h"
#include "base/paths.h"
#include "base/scope.h"
#include "swatchd/sandbox/landlock.h"
#include "swatchd/sandbox/sockets.h"

#define MAKE_DEVICES (LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK)
#define FILE_RIGHTS \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE | LANDLOCK_ACCESS_FS_IOCTL_DEV)
/* The daemon writes whole files and makes a socket in its own directories. */
#define OWN_RIGHTS \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE | LANDLOCK_ACCESS_FS_REMOVE_FILE \
	 | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK)
/* What programs do where they may write. */
#define WRITE_RIGHTS \
	(OWN_RIGHTS | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_DIR \
	 | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER)
/* Everything that needs a rule; sandbox.h says why reading and executing need none. */
#define HANDLED_RIGHTS (WRITE_RIGHTS | MAKE_DEVICES | LANDLOCK_ACCESS_FS_IOCTL_DEV)

/* Rights that came with a version of Landlock; on older ones the status says that they are not denied. */
static const struct { int abi; uint64_t fs; uint64_t net; const char *name; } since[] = {
	{ 2, LANDLOCK_ACCESS_FS_REFER, 0, NULL },  /* before it, no rename may change the directory */
	{ 3, LANDLOCK_ACCESS_FS_TRUNCATE, 0, "truncating files" },
	{ 4, 0, LANDLOCK_ACCESS_NET_BIND_TCP | LANDLOCK_ACCESS_NET_CONNECT_TCP, NULL },
	{ 5, LANDLOCK_ACCESS_FS_IOCTL_DEV, 0, "control of devices" },
};

/* The cache, the socket's directory, /tmp, /var/tmp, $TMPDIR, /dev/null, and what is configured. */
#define PLACES_MAX (6 + SANDBOX_WRITE_MAX)

struct place {
	char *path;
	bool configured;   /* named by [sandbox] write */
	int why;           /* 0: may be written; else the errno of the failure to allow it */
};

enum state { STATE_NOT_YET, STATE_OFF, STATE_UNAVAILABLE, STATE_FAILED, STATE_ON };

/* What this process says about its sandbox. */
static struct {
	enum state state;
	int mode;
	int abi;
	bool no_new_privileges;
	bool network_wanted, sockets_denied, tcp_denied;
	char why[256];
	struct place places[PLACES_MAX];
	size_t place_count;
} sandbox;

void sandbox_forbid_privileges(void)
{
	sandbox.no_new_privileges = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
	if (!sandbox.no_new_privileges)
		log_warning("cannot give up new privileges: %s", strerror(errno));
}

int sandbox_landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION);
	return abi > 0 ? (int)abi : 0;
}

/* ---- the ruleset ---- */

static struct landlock_rights handled_by(int abi, bool network)
{
	struct landlock_rights handled = { HANDLED_RIGHTS, LANDLOCK_ACCESS_NET_BIND_TCP };
	if (!network)
		handled.net |= LANDLOCK_ACCESS_NET_CONNECT_TCP;
	for (size_t i = 0; i < ARRAY_COUNT(since); i++) {
		if (abi >= since[i].abi)
			continue;
		handled.fs &= ~since[i].fs;
		handled.net &= ~since[i].net;
	}
	return handled;
}

static int add_rule(int ruleset_fd, int parent_fd, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = rights, .parent_fd = parent_fd };
	return (int)syscall(SYS_landlock_add_rule, ruleset_fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0U);
}

/* Returns a descriptor that a rule can be about, or -1 with errno. */
static int open_place(const char *path, bool *is_directory)
{
	struct stat st;
	int fd = open(path, O_PATH | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &st) != 0) {
		close_quietly(fd);
		return -1;
	}
	*is_directory = fd >= 0 && S_ISDIR(st.st_mode);
	return fd;
}

/* Allows the rights at and below `path`. Returns 0 or an errno. */
static int allow_path(int ruleset_fd, const char *path, uint64_t rights)
{
	bool is_directory;
	AUTO_CLOSE int fd = open_place(path, &is_directory);
	/* The kernel refuses rights to a file that only a directory can give. */
	return fd < 0 || add_rule(ruleset_fd, fd, is_directory ? rights : rights & FILE_RIGHTS) != 0
	       ? errno : 0;
}

/* Takes `path` over. */
static int note_place(char *path, bool configured, int why)
{
	if (!path || sandbox.place_count == PLACES_MAX) {
		free(path);
		return ENOMEM;
	}
	sandbox.places[sandbox.place_count++] = (struct place){ path, configured, why };
	return 0;
}

static bool is_noted(const char *path)
{
	for (size_t i = 0; i < sandbox.place_count; i++)
		if (strcmp(sandbox.places[i].path, path) == 0)
			return true;
	return false;
}

static int allow_socket(int ruleset_fd, const char *socket_path, uint64_t handled)
{
	bool is_directory;
	AUTO_FREE char *directory = strdup(socket_path);
	char *slash = directory ? strrchr(directory, '/') : NULL;
	if (!slash || slash == directory)
		return directory ? EINVAL : ENOMEM;
	*slash = '\0';
	AUTO_CLOSE int fd = open_place(directory, &is_directory);
	if (fd < 0) {
		/* This errno is about the directory, not about Landlock. */
		int why = errno;
		snprintf(sandbox.why, sizeof(sandbox.why), "cannot open %.100s: %s", directory,
			 strerror(why));
		return why;
	}
	if (add_rule(ruleset_fd, fd, OWN_RIGHTS & handled) != 0)
		return errno;
	return is_noted(directory) ? 0 : note_place(SCOPE_KEEP(directory), false, 0);
}

/* The daemon cannot do without the cache's directory and the socket's. Returns 0 or an errno. */
static int allow_own(int ruleset_fd, const struct sandbox_rules *rules, uint64_t handled)
{
	if (add_rule(ruleset_fd, rules->cache_fd, OWN_RIGHTS & handled) != 0)
		return errno;
	int why = note_place(strdup(rules->cache_path), false, 0);
	return why != 0 || !rules->socket_path ? why : allow_socket(ruleset_fd, rules->socket_path, handled);
}

/* The places that programs expect to write to. They do not use one that does not exist. */
static int allow_temporary(int ruleset_fd, uint64_t handled)
{
	const char *const usual[] = { "/tmp", "/var/tmp", getenv("TMPDIR") };
	for (size_t i = 0; i < ARRAY_COUNT(usual); i++) {
		if (!usual[i] || usual[i][0] != '/' || is_noted(usual[i]))
			continue;
		int why = allow_path(ruleset_fd, usual[i], WRITE_RIGHTS & handled);
		if (why != 0 && why != ENOENT)
			log_warning("sandbox: %s: %s; nothing is written there until the next start",
				    usual[i], strerror(why));
		if (why != 0)
			continue;
		why = note_place(strdup(usual[i]), false, 0);
		if (why != 0)
			return why;
	}
	return 0;
}

static int allow_configured(int ruleset_fd, const char *list, uint64_t handled)
{
	size_t count = 0;
	char *path;
	while ((path = paths_next_item(&list))) {
		if (++count > SANDBOX_WRITE_MAX) {
			log_warning("[sandbox] write: only the first %d paths count", SANDBOX_WRITE_MAX);
			free(path);
			return 0;
		}
		uint64_t rights = (WRITE_RIGHTS | LANDLOCK_ACCESS_FS_IOCTL_DEV) & handled;
		int refused = path[0] == '/' ? allow_path(ruleset_fd, path, rights) : EINVAL;
		if (refused != 0)
			log_warning("[sandbox] write: %s: %s; nothing is written there until the next start",
				    path, refused == EINVAL ? "not an absolute path" : strerror(refused));
		int why = note_place(path, true, refused);
		if (why != 0)
			return why;
	}
	return 0;
}

/* Returns 0 or an errno. */
static int restrict_files(const struct sandbox_rules *rules, int abi)
{
	const struct landlock_rights handled = handled_by(abi, rules->network);
	/* Cut short: an older kernel refuses a field that it does not know, even with zeros. */
	size_t size = abi >= 4 ? sizeof(handled) : sizeof(handled.fs);
	int fd = (int)syscall(SYS_landlock_create_ruleset, &handled, size, 0U);
	if (fd < 0)
		return errno;
	/* Not in the list for people: data written there goes nowhere. */
	(void)allow_path(fd, "/dev/null", FILE_RIGHTS & handled.fs);
	int why = allow_own(fd, rules, handled.fs);
	if (why == 0 && rules->temporary)
		why = allow_temporary(fd, handled.fs);
	if (why == 0 && rules->write)
		why = allow_configured(fd, rules->write, handled.fs);
	if (why == 0 && syscall(SYS_landlock_restrict_self, fd, 0U) != 0)
		why = errno;
	close(fd);
	if (why == 0)
		sandbox.tcp_denied = (handled.net & LANDLOCK_ACCESS_NET_CONNECT_TCP) != 0;
	return why;
}

/* ---- entering ---- */

static void forget_places(void)
{
	while (sandbox.place_count > 0)
		free(sandbox.places[--sandbox.place_count].path);
}

/* The kernel has no Landlock, or its owner forbids it; any other errno is a failure. */
static bool is_unavailable(int why)
{
	return why == ENOSYS || why == EOPNOTSUPP || why == EPERM || why == EACCES;
}

static const char *explain(int why)
{
	switch (why) {
	case ENOSYS:
		return "this kernel has no Landlock";
	case EOPNOTSUPP:
		return "Landlock is not switched on in this kernel";
	case EPERM:
	case EACCES:
		return "Landlock is forbidden here, as by a container's filter of system calls";
	default:
		return strerror(why);
	}
}

static void append_writable(struct buf *out)
{
	for (size_t i = 0; i < sandbox.place_count; i++)
		if (sandbox.places[i].why == 0)
			buf_printf(out, "%s%s", i ? ", " : "", sandbox.places[i].path);
}

static const char *network_name(void)
{
	return sandbox.sockets_denied ? "denied" : sandbox.tcp_denied ? "tcp denied" : "open";
}

static void log_entered(void)
{
	AUTO_BUF places = BUF_INIT;
	append_writable(&places);
	const char *network = sandbox.sockets_denied ? "no network"
			      : sandbox.tcp_denied   ? "no TCP" : "network as before";
	if (sandbox.state == STATE_ON)
		log_info("sandbox (Landlock ABI %d): writes only in %s; %s; no new privileges", sandbox.abi,
			 buf_str(&places), network);
	else if (sandbox.state == STATE_OFF)
		log_info("no sandbox: [sandbox] mode = off");
	else if (sandbox.state == STATE_UNAVAILABLE)
		log_info("no sandbox for files: %s; %s", sandbox.why, network);
	else
		log_warning("no sandbox for files: %s; %s", sandbox.why, network);
}

int sandbox_enter(const struct sandbox_rules *rules, int abi, struct buf *error)
{
	int why = abi > 0 ? 0 : errno;
	sandbox.mode = rules->mode;
	sandbox.network_wanted = rules->network;
	sandbox.why[0] = '\0';
	forget_places();
	if (rules->mode == SANDBOX_OFF) {
		sandbox.state = STATE_OFF;
		log_entered();
		return 0;
	}
	if (abi > 0)
		why = restrict_files(rules, abi);
	bool unavailable = is_unavailable(why) && !sandbox.why[0];
	sandbox.state = why == 0 ? STATE_ON : unavailable ? STATE_UNAVAILABLE : STATE_FAILED;
	if (why != 0) {
		forget_places();
		if (!sandbox.why[0])
			snprintf(sandbox.why, sizeof(sandbox.why), "%s", explain(why));
		if (rules->mode == SANDBOX_REQUIRED) {
			buf_printf(error, "cannot start without a sandbox ([sandbox] mode = required): %s",
				   sandbox.why);
			return -1;
		}
	}
	sandbox.abi = sandbox.state == STATE_ON ? abi : 0;
	sandbox.sockets_denied = !rules->network && sandbox_sockets_deny(false) == 0;
	log_entered();
	return 0;
}

bool sandbox_denies_sockets(void)
{
	return sandbox.sockets_denied;
}

/* ---- for people ---- */

static bool has_word(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strstr(text, *words))
			return true;
	return false;
}

const char *sandbox_hint(const char *text)
{
	/* What programs print when a connection is denied, often beside EACCES: so these come first. */
	static const char *const of_network[] = { "EAFNOSUPPORT", "ddress family", "onnect", "getaddrinfo",
						  "resolve", NULL };
	static const char *const of_files[] = { "ermission denied", "EACCES", "EPERM", "not permitted",
						"EXDEV", "ross-device", NULL };
	bool no_network = sandbox.sockets_denied || sandbox.tcp_denied;
	if (no_network && has_word(text, of_network))
		return "; is it swatchd's sandbox? [sandbox] network in swatch.conf opens the network";
	if (sandbox.state == STATE_ON && has_word(text, of_files))
		return "; is it swatchd's sandbox? [sandbox] write in swatch.conf names more places";
	return "";
}

static void put_places(struct jsonw *w)
{
	jsonw_key_array(w, "writable");
	for (size_t i = 0; i < sandbox.place_count; i++)
		if (sandbox.places[i].why == 0)
			jsonw_string(w, sandbox.places[i].path);
	jsonw_end_array(w);
	jsonw_key_array(w, "refused");
	for (size_t i = 0; i < sandbox.place_count; i++) {
		if (sandbox.places[i].why == 0)
			continue;
		jsonw_begin_object(w);
		jsonw_put_string(w, "path", sandbox.places[i].path);
		jsonw_put_string(w, "why", strerror(sandbox.places[i].why));
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

void sandbox_write_status(struct jsonw *w)
{
	static const char *const states[] = { "off", "off", "unavailable", "failed", "on" };
	static const char *const modes[] = { "auto", "off", "required" };
	jsonw_put_string(w, "mode", modes[sandbox.mode]);
	jsonw_put_string(w, "state", states[sandbox.state]);
	jsonw_put_string(w, "why", sandbox.why[0] ? sandbox.why : NULL);
	jsonw_put_int(w, "landlock", sandbox.abi);
	jsonw_put_bool(w, "noNewPrivileges", sandbox.no_new_privileges);
	jsonw_put_string(w, "network", network_name());
	put_places(w);
	jsonw_key_array(w, "notDenied");
	for (size_t i = 0; i < ARRAY_COUNT(since) && sandbox.state == STATE_ON; i++)
		if (sandbox.abi < since[i].abi && since[i].name)
			jsonw_string(w, since[i].name);
	jsonw_end_array(w);
}

void sandbox_release(void)
{
	forget_places();
}
