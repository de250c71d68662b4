#include "swatchd/session/secrets.h"

#include <stdlib.h>
#include <string.h>

#include "json/get.h"

#define PATH_MAX_BYTES ((size_t)4096)

static bool is_known(const struct session_secrets *secrets, enum secret_kind kind, const char *path,
		     int64_t offset)
{
	for (size_t i = 0; i < secrets->count; i++) {
		const struct session_secret *place = &secrets->places[i];
		if (place->kind == kind && place->offset == offset && strcmp(place->path, path) == 0)
			return true;
	}
	return false;
}

bool session_secrets_have(const struct session_secrets *secrets, enum secret_kind kind)
{
	for (size_t i = 0; i < secrets->count; i++)
		if (secrets->places[i].kind == kind)
			return true;
	return false;
}

static void remove_at(struct session_secrets *secrets, size_t at)
{
	free(secrets->places[at].path);
	memmove(&secrets->places[at], &secrets->places[at + 1],
		(secrets->count - at - 1) * sizeof(secrets->places[0]));
	secrets->count--;
}

/* When all are taken, a kind's second place makes room for another kind's first. */
static bool make_room(struct session_secrets *secrets, enum secret_kind kind)
{
	if (!secrets->places)
		secrets->places = calloc(SESSION_SECRETS_MAX, sizeof(secrets->places[0]));
	if (!secrets->places)
		return false;
	if (secrets->count < SESSION_SECRETS_MAX)
		return true;
	if (session_secrets_have(secrets, kind))
		return false;
	for (size_t at = secrets->count; at-- > 1;)
		for (size_t i = 0; i < at; i++)
			if (secrets->places[i].kind == secrets->places[at].kind) {
				remove_at(secrets, at);
				return true;
			}
	return false;
}
_Static_assert((int)SECRET_KINDS <= SESSION_SECRETS_MAX, "a place for each kind");

bool session_secrets_note(struct session_secrets *secrets, enum secret_kind kind, const char *path,
			  int64_t offset, int64_t at_ms)
{
	if (is_known(secrets, kind, path, offset) || !make_room(secrets, kind))
		return false;
	char *copy = strdup(path);
	if (!copy)
		return false;
	secrets->places[secrets->count++] = (struct session_secret){ kind, copy, offset, at_ms };
	return true;
}

void session_secrets_forget(struct session_secrets *secrets, const char *path)
{
	for (size_t i = secrets->count; i-- > 0;)
		if (!path || strcmp(secrets->places[i].path, path) == 0)
			remove_at(secrets, i);
}

void session_secrets_move(struct session_secrets *from, struct session_secrets *to, const char *path)
{
	if (from == to)
		return;
	for (size_t i = 0; i < from->count; i++) {
		const struct session_secret *place = &from->places[i];
		if (strcmp(place->path, path) == 0)
			(void)session_secrets_note(to, place->kind, path, place->offset, place->at_ms);
	}
	session_secrets_forget(from, path);
}

void session_secrets_write(const struct session_secrets *secrets, bool looked, struct jsonw *w)
{
	if (looked)
		jsonw_put_bool(w, "secretsDetected", secrets->count > 0);
	else
		jsonw_put_null(w, "secretsDetected");
	jsonw_key_array(w, "secretTypes");
	for (int kind = 0; kind < SECRET_KINDS; kind++)
		if (session_secrets_have(secrets, (enum secret_kind)kind))
			jsonw_string(w, secret_kind_name((enum secret_kind)kind));
	jsonw_end_array(w);
	jsonw_key_array(w, "secrets");
	for (size_t i = 0; i < secrets->count; i++) {
		jsonw_begin_object(w);
		jsonw_put_string(w, "type", secret_kind_name(secrets->places[i].kind));
		jsonw_put_string(w, "transcriptPath", secrets->places[i].path);
		jsonw_put_int(w, "offset", secrets->places[i].offset);
		jsonw_put_int_or_null(w, "at", secrets->places[i].at_ms);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static bool is_subagents(const char *path)
{
	return strstr(path, "/subagents/") || strstr(path, "/agent-");
}

void session_secrets_restore(struct session_secrets *secrets, struct json_object *alerts, bool of_subagents,
			     int64_t now_ms)
{
	size_t count;
	struct json_object *list = json_get_array(alerts, "secrets", &count);
	for (size_t i = 0; i < count && i < SESSION_SECRETS_MAX; i++) {
		struct json_object *one = json_object_array_get_idx(list, i);
		const char *type = json_get_string(one, "type");
		const char *path = json_get_string(one, "transcriptPath");
		int64_t offset = json_get_int(one, "offset", -1), at_ms = json_get_int(one, "at", 0);
		int kind = 0;
		while (type && kind < SECRET_KINDS
		       && strcmp(type, secret_kind_name((enum secret_kind)kind)) != 0)
			kind++;
		if (type && kind < SECRET_KINDS && path && path[0] == '/' && strlen(path) < PATH_MAX_BYTES
		    && is_subagents(path) == of_subagents && offset >= 0)
			(void)session_secrets_note(secrets, (enum secret_kind)kind, path, offset,
						   at_ms >= 0 && at_ms <= now_ms ? at_ms : 0);
	}
}

void session_secrets_release(struct session_secrets *secrets)
{
	session_secrets_forget(secrets, NULL);
	free(secrets->places);
	secrets->places = NULL;
}
