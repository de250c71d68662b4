#include "sandbox/promises.h"

#include "sandbox/ruleset.h"

/* In people's words: what is denied, or is not. */
static const struct { const char *name, *what; } texts[PROMISE_COUNT] = {
	[PROMISE_PRIVILEGES] = { "privileges", "new privileges" },
	[PROMISE_FILES] = { "files", "writing files elsewhere" },
	[PROMISE_TRUNCATING] = { "truncating", "truncating files" },
	[PROMISE_DEVICES] = { "devices", "control of devices" },
	[PROMISE_NETWORK] = { "network", "the network" },
	[PROMISE_SERVICES] = { "services", "services behind Unix sockets" },
	[PROMISE_ABSTRACT] = { "abstract", "abstract Unix sockets" },
	[PROMISE_PROCESSES] = { "processes", "memory of other processes" },
	[PROMISE_SIGNALS] = { "signals", "signals to other processes" },
	[PROMISE_CALLS] = { "calls", "dangerous system calls" },
	[PROMISE_MEMORY] = { "memory", "shared memory" },
};

/* Whether it is promised at all. */
static bool is_given(enum promise promise, const struct promise_facts *facts)
{
	if (promise == PROMISE_PRIVILEGES)
		return true;
	if (facts->is_off)
		return false;
	switch (promise) {
	case PROMISE_NETWORK:
		return !facts->network && !facts->packages;
	case PROMISE_SERVICES:
	case PROMISE_ABSTRACT:
		return !facts->network;
	default:
		return true;
	}
}

/* Whether the kernel keeps it. */
static bool is_kept(enum promise promise, const struct promise_facts *facts)
{
	switch (promise) {
	case PROMISE_PRIVILEGES:
		return facts->no_new_privileges;
	case PROMISE_FILES:
	case PROMISE_PROCESSES:
		return facts->landlock > 0;
	case PROMISE_TRUNCATING:
		return facts->landlock >= RULESET_ABI_TRUNCATE;
	case PROMISE_DEVICES:
		return facts->landlock >= RULESET_ABI_DEVICES;
	case PROMISE_SIGNALS:
	case PROMISE_ABSTRACT:
		return facts->landlock >= RULESET_ABI_SCOPES;
	default:
		return facts->filter;
	}
}

static bool is_missing(enum promise promise, const struct promise_facts *facts)
{
	return is_given(promise, facts) && !is_kept(promise, facts);
}

void promise_list_missing(const struct promise_facts *facts, struct buf *out)
{
	const char *before = "";
	for (enum promise promise = 0; promise < PROMISE_COUNT; promise++) {
		if (!is_missing(promise, facts))
			continue;
		buf_printf(out, "%s%s", before, texts[promise].what);
		before = ", ";
	}
}

void promise_write(const struct promise_facts *facts, struct jsonw *w)
{
	jsonw_key_array(w, "promises");
	for (enum promise promise = 0; promise < PROMISE_COUNT; promise++) {
		jsonw_begin_object(w);
		jsonw_put_string(w, "name", texts[promise].name);
		jsonw_put_string(w, "state", !is_given(promise, facts) ? "not given"
					     : is_kept(promise, facts) ? "kept" : "not kept");
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	jsonw_key_array(w, "notDenied");
	for (enum promise promise = 0; promise < PROMISE_COUNT; promise++)
		if (is_missing(promise, facts))
			jsonw_string(w, texts[promise].what);
	jsonw_end_array(w);
}
