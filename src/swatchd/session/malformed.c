#include "swatchd/session/malformed.h"

struct listing {
	struct malformed_lines sum;
	const struct session_transcript *worst[MALFORMED_FILES_MAX];   /* most lines first */
	size_t listed, files;
};

static void list_file(struct listing *listing, const struct session_transcript *part)
{
	uint64_t count = malformed_count(&part->malformed);
	size_t at = listing->listed;
	listing->files++;
	while (at > 0 && malformed_count(&listing->worst[at - 1]->malformed) < count)
		at--;
	if (at == MALFORMED_FILES_MAX)
		return;
	if (listing->listed < MALFORMED_FILES_MAX)
		listing->listed++;
	for (size_t i = listing->listed - 1; i > at; i--)
		listing->worst[i] = listing->worst[i - 1];
	listing->worst[at] = part;
}

static void look_at_session(struct listing *listing, const struct session *session)
{
	for (const struct session_transcript *part = session->transcripts; part; part = part->next) {
		if (malformed_count(&part->malformed) == 0)
			continue;
		malformed_add(&listing->sum, &part->malformed);
		list_file(listing, part);
	}
}

void sessions_write_malformed(const struct sessions *sessions, struct jsonw *w)
{
	struct listing listing = { .files = 0 };
	const struct session *session;
	size_t cursor = 0;
	look_at_session(&listing, &sessions->unnamed);
	while ((session = sessions_each(sessions, &cursor)))
		look_at_session(&listing, session);
	jsonw_put_int(w, "malformedLines", (int64_t)malformed_count(&listing.sum));
	jsonw_key_object(w, "malformed");
	malformed_write(&listing.sum, w);
	jsonw_end_object(w);
	jsonw_key_array(w, "malformedFiles");
	for (size_t i = 0; i < listing.listed; i++) {
		jsonw_begin_object(w);
		jsonw_put_string(w, "path", listing.worst[i]->file->path);
		malformed_write(&listing.worst[i]->malformed, w);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	jsonw_put_int(w, "malformedFilesTotal", (int64_t)listing.files);
}
