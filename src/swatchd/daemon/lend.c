#include "swatchd/daemon/lend.h"

#include "base/log.h"
#include "base/unused.h"
#include "swatchd/daemon/anew.h"
#include "swatchd/daemon/answers.h"
#include "swatchd/daemon/keep.h"

/* So often what waits is written first: under load there is always something. */
#define LEND_BATCHES_MAX 3

static void answer(const struct daemon *daemon, struct control_client *client)
{
	AUTO_BUF out = BUF_INIT;
	struct jsonw w;
	jsonw_init(&w, &out);
	jsonw_begin_object(&w);
	jsonw_put_bool(&w, "ok", true);
	jsonw_put_string(&w, "path", daemon->keep.path);
	jsonw_end_object(&w);
	control_answer_composed(client, &out);
}

static void refuse(struct daemon *daemon, struct control_client *client)
{
	struct store_status status;
	AUTO_BUF why = BUF_INIT;
	store_get_status(daemon->keep.store, &status);
	buf_printf(&why, "swatchd cannot write what waits, and does not lend the ledger's file before: %s",
		   status.why);
	daemon->lend.client = 0;
	daemon->keep.written = NULL;
	control_answer_error(client, buf_message(&why));
}

/* Lends the file, as soon as what waits is written, or cannot be. */
static void lend_now(struct daemon *daemon)
{
	struct daemon_lend *lend = &daemon->lend;
	struct control_client *client = lend->client > 0 ? control_find_client(daemon->control, lend->client)
							 : NULL;
	if (!client || lend->is_lent)
		return;
	if (daemon->keep.is_failing) {
		refuse(daemon, client);
		return;
	}
	/* Lines that still come wait (ledger_close_archive()); other facts are written at the end. */
	if (!daemon_keep_close(daemon, lend->batches < LEND_BATCHES_MAX)) {
		lend->batches++;
		return;
	}
	lend->is_lent = true;
	daemon->keep.written = NULL;
	log_info("the ledger's file is lent to a command");
	answer(daemon, client);
	/* While it has the file, it need not make room for others. */
	client = control_find_client(daemon->control, lend->client);
	if (client)
		control_note_waiting(client);
}

void daemon_answer_lend(void *ctx, struct control_client *client, struct json_object *request UNUSED)
{
	struct daemon *daemon = ctx;
	struct daemon_lend *lend = &daemon->lend;
	if (lend->client > 0) {
		control_answer_error(client, "another command is changing the ledger's file; try again when "
					     "it has ended");
		return;
	}
	*lend = (struct daemon_lend){ .client = control_client_id(client) };
	control_note_waiting(client);
	daemon->keep.written = lend_now;
	lend_now(daemon);
}

void daemon_take_back(void *ctx, uint64_t client_id)
{
	struct daemon *daemon = ctx;
	if (daemon->lend.client == 0 || daemon->lend.client != client_id)
		return;
	bool was_lent = daemon->lend.is_lent;
	daemon->lend = (struct daemon_lend){ 0 };
	daemon->keep.written = NULL;
	if (!was_lent)
		return;
	daemon_keep_open_again(daemon);
	daemon_begin_anew(daemon, "a command has changed the ledger's file");
}
