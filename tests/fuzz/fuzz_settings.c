/*
 * Claude Code's settings.json: a member is set, and taken out again. Every byte that is not the member's
 * stays; what is no strict JSON object is left alone, with a reason.
 */
#include "fuzz.h"
#include "json/edit.h"
#include "json/pretty.h"

static const char value[] = "{\"type\":\"command\",\"command\":\"swatch statusline\"}";

/* Setting what is there changes its value alone. */
static void check_replaced(const struct fuzz_text *text, const struct json_edit_member *member,
			   const struct buf *out)
{
	size_t behind = member->value_at + member->value_len, value_len = strlen(value);
	FUZZ_CHECK(behind <= text->len, "a value up to %zu of %zu", behind, text->len);
	FUZZ_CHECK(out->len == text->len - member->value_len + value_len, "%zu bytes", out->len);
	FUZZ_CHECK(memcmp(out->data, text->data, member->value_at) == 0, "before the value: %s", out->data);
	FUZZ_CHECK(memcmp(out->data + member->value_at, value, value_len) == 0, "the value: %s", out->data);
	FUZZ_CHECK(memcmp(out->data + member->value_at + value_len, text->data + behind, text->len - behind)
			   == 0,
		   "behind the value: %s", out->data);
}

static void check_set(const struct fuzz_text *text, const char *key, const struct json_edit_member *member)
{
	struct buf out = BUF_INIT, back = BUF_INIT, error = BUF_INIT;
	FUZZ_CHECK(json_edit_set(text->data, text->len, key, value, &out, &error), "not set: %s",
		   buf_str(&error));
	struct json_object *document = fuzz_check_json("with the member", buf_str(&out), out.len), *set;
	FUZZ_CHECK(json_object_object_get_ex(document, key, &set) && json_object_object_length(set) == 2,
		   "not in it: %s", buf_str(&out));
	json_object_put(document);
	FUZZ_CHECK(json_edit_unset(buf_str(&out), out.len, key, &back, &error), "not taken out: %s",
		   buf_str(&error));
	if (member->found)
		check_replaced(text, member, &out);
	else
		FUZZ_CHECK(back.len == text->len && memcmp(buf_str(&back), text->data, back.len) == 0,
			   "it was\n%s\nand is\n%s", text->data, buf_str(&back));
	buf_release(&error);
	buf_release(&back);
	buf_release(&out);
}

static void check_unset(const struct fuzz_text *text, const char *key)
{
	struct buf out = BUF_INIT, error = BUF_INIT;
	struct json_edit_member member;
	FUZZ_CHECK(json_edit_unset(text->data, text->len, key, &out, &error), "not taken out: %s",
		   buf_str(&error));
	FUZZ_CHECK(json_edit_find(buf_str(&out), out.len, key, &member, &error) && !member.found,
		   "still in it: %s", buf_str(&out));
	buf_release(&error);
	buf_release(&out);
}

/* The same values, however it is set out. */
static void check_pretty(const struct fuzz_text *text)
{
	struct buf pretty = BUF_INIT, error = BUF_INIT;
	json_pretty(&pretty, text->data, text->len, 0);
	struct json_object *before = json_edit_parse(text->data, text->len, &error);
	struct json_object *after = json_edit_parse(buf_str(&pretty), pretty.len, &error);
	FUZZ_CHECK(before && after && json_object_equal(before, after), "set out in lines it is another: %s",
		   buf_str(&pretty));
	json_object_put(before);
	json_object_put(after);
	buf_release(&error);
	buf_release(&pretty);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct json_edit_member member;
	struct buf error = BUF_INIT, out = BUF_INIT;
	fuzz_begin();
	const char *key = fuzz_pick(&in, 2) == 1 ? "a" : "statusLine";
	struct fuzz_text text = { malloc(in.left + 1), in.left };
	FUZZ_CHECK(text.data, "no memory");
	memcpy(text.data, in.at, in.left);
	text.data[text.len] = '\0';
	if (memmem(text.data, text.len, "\\u0000", strlen("\\u0000"))) {
		/* json-c's keys end at a NUL: such an edit may be refused. */
		(void)json_edit_set(text.data, text.len, key, value, &out, &error);
	} else if (json_edit_find(text.data, text.len, key, &member, &error)) {
		check_set(&text, key, &member);
		check_unset(&text, key);
		check_pretty(&text);
	} else {
		FUZZ_CHECK(error.len > 0, "refused without a reason");
		FUZZ_CHECK(!json_edit_set(text.data, text.len, key, value, &out, &error) && out.len == 0,
			   "set all the same");
	}
	buf_release(&out);
	buf_release(&error);
	fuzz_text_release(&text);
	return 0;
}
