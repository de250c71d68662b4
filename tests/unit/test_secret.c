/* Which tokens and keys are found in a line, in all the ways in which JSON may write them; and what is none.
 */
#include "unit.h"

#include "json/write.h"
#include "secret/anchors.h"
#include "secret/find.h"
#include "swatchd/session/secrets.h"

#define BASE62 "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define BASE64 BASE62 "+/"
#define WORDS BASE62 "-_"
#define HEX "0123456789abcdef"
#define DIGITS "0123456789"
#define BASE32 "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

/* ---- made-up tokens: nobody's, and none of them is written in this file ---- */

static uint64_t seed = 11;

static void put_random(struct buf *out, const char *alphabet, int count)
{
	for (; count > 0; count--)
		buf_append_char(out, alphabet[unit_random(&seed) % strlen(alphabet)]);
}

/* GitHub's and npm's: the last six characters are the CRC-32 of the thirty before. */
static void put_checked(struct buf *out)
{
	size_t start = out->len;
	put_random(out, BASE62, 30);
	uint32_t crc = UINT32_MAX;
	for (size_t i = start; i < out->len; i++) {
		crc ^= (unsigned char)out->data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (crc & 1) ? crc >> 1 ^ UINT32_C(0xEDB88320) : crc >> 1;
	}
	crc = ~crc;
	char digits[7] = "";
	for (int i = 5; i >= 0; i--, crc /= 62)
		digits[i] = BASE62[crc % 62];
	buf_append_str(out, digits);
}

/* "%A22" is 22 random characters of an alphabet, "!" a token with its checksum, all else as it is. */
static void put_token(struct buf *out, const char *pattern)
{
	static const struct { char name; const char *alphabet;
	} alphabets[] = {
		{ 'A', BASE62 }, { 'W', WORDS },  { 'X', HEX },
		{ 'D', DIGITS }, { 'U', BASE32 }, { 'B', BASE64 },
	};
	for (; *pattern; pattern++) {
		const char *alphabet = NULL;
		for (size_t i = 0; *pattern == '%' && i < sizeof(alphabets) / sizeof(alphabets[0]); i++)
			if (alphabets[i].name == pattern[1])
				alphabet = alphabets[i].alphabet;
		if (alphabet) {
			char *end;
			put_random(out, alphabet, (int)strtol(pattern + 2, &end, 10));
			pattern = end - 1;
		} else if (*pattern == '!') {
			put_checked(out);
		} else {
			buf_append_char(out, *pattern);
		}
	}
}

static const struct { enum secret_kind kind; const char *pattern;
} known[] = {
	{ SECRET_ANTHROPIC, "sk-ant-api03-%W93AA" },
	{ SECRET_ANTHROPIC, "sk-ant-oat01-%W93AA" },
	{ SECRET_OPENAI, "sk-proj-%W74T3BlbkFJ%W74" },
	{ SECRET_OPENAI, "sk-%A20T3BlbkFJ%A20" },
	{ SECRET_OPENROUTER, "sk-or-v1-%X64" },
	{ SECRET_GROQ, "gsk_%A52" },
	{ SECRET_XAI, "xai-%A80" },
	{ SECRET_HUGGING_FACE, "hf_%A34" },
	{ SECRET_GITHUB, "ghp_!" },
	{ SECRET_GITHUB, "gho_!" },
	{ SECRET_GITHUB, "ghu_!" },
	{ SECRET_GITHUB, "ghs_!" },
	{ SECRET_GITHUB, "ghr_%A76" },
	{ SECRET_GITHUB, "github_pat_%A22_%A59" },
	{ SECRET_GITLAB, "glpat-%W20" },
	{ SECRET_GITLAB, "glptt-%X40" },
	{ SECRET_AWS, "AKIA%U16" },
	{ SECRET_AWS, "ASIA%U16" },
	{ SECRET_GOOGLE, "AIza%W35" },
	{ SECRET_GOOGLE, "GOCSPX-%W28" },
	{ SECRET_SLACK, "xoxb-%D12-%D13-%A24" },
	{ SECRET_SLACK, "xoxp-%D12-%D12-%D13-%X32" },
	{ SECRET_SLACK, "xapp-1-A%U10-%D13-%X64" },
	{ SECRET_SLACK, "https://hooks.slack.com/services/T%U8/B%U10/%A24" },
	{ SECRET_STRIPE, "sk_live_%A24" },
	{ SECRET_STRIPE, "rk_live_%A99" },
	{ SECRET_SENDGRID, "SG.%W22.%W43" },
	{ SECRET_NPM, "npm_!" },
	{ SECRET_PYPI, "pypi-AgEIcHlwaS5vcmc%W150" },
	{ SECRET_DOCKER, "dckr_pat_%W27" },
	{ SECRET_JWT,
	  "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1NzUxIiwicm9sZSI6InNlcnZpY2UifQ.%W43" },
	{ SECRET_PRIVATE_KEY,
	  "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA%B48\n%B64\n%B64\n-----END " },
	{ SECRET_PRIVATE_KEY,
	  "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA%B50\n%B70\n-----END " },
	{ SECRET_PRIVATE_KEY,
	  "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEI%B43\n-----END PRIVATE KEY-----" },
};

/* ---- finding ---- */

static uint64_t kinds;
static size_t first_at, found_count;

static void on_found(void *ctx, enum secret_kind kind, size_t at)
{
	(void)ctx;
	first_at = found_count++ == 0 ? at : first_at;
	kinds |= UINT64_C(1) << kind;
}

/* Which kinds a text has. The text is copied to memory of its own size, where reading beyond its end is
 * noticed. */
static uint64_t look(const char *text)
{
	size_t len = strlen(text);
	char *copy = malloc(len > 0 ? len : 1);
	assert_non_null(copy);
	memcpy(copy, text, len);
	kinds = found_count = 0;
	secret_find(copy, len, on_found, NULL);
	free(copy);
	return kinds;
}

/* Writes before and the text and what is behind as one JSON string. */
static void put_json(struct buf *out, const char *before, const char *text, const char *behind)
{
	struct buf plain = BUF_INIT;
	struct jsonw w;
	buf_printf(&plain, "%s%s%s", before, text, behind);
	jsonw_init(&w, out);
	jsonw_begin_object(&w);
	jsonw_put_string(&w, "content", buf_str(&plain));
	jsonw_end_object(&w);
	buf_release(&plain);
}

static void replace_all(struct buf *text, const char *what, const char *with)
{
	struct buf out = BUF_INIT;
	const char *at = buf_str(text), *next;
	for (; (next = strstr(at, what)); at = next + strlen(what)) {
		buf_append(&out, at, (size_t)(next - at));
		buf_append_str(&out, with);
	}
	buf_append_str(&out, at);
	buf_release(text);
	*text = out;
}

static void expect(enum secret_kind kind, const char *line)
{
	if (look(line) != UINT64_C(1) << kind)
		fail_msg("not found, or something else: %s in %s", secret_kind_name(kind), line);
	assert_int_equal(found_count, 1);
}

static void each_kind_is_found_however_json_writes_it(void **state)
{
	(void)state;
	static const char *const before[] = { "",	    "export KEY=", "line\n", "\x1b[01;31m",
					      "https://u:", "'",	   "Bearer " };
	for (size_t i = 0; i < 6 * sizeof(known) / sizeof(known[0]); i++) {
		size_t k = i % (sizeof(known) / sizeof(known[0]));
		struct buf token = BUF_INIT, line = BUF_INIT, nested = BUF_INIT;
		put_token(&token, known[k].pattern);
		for (size_t b = 0; b < sizeof(before) / sizeof(before[0]); b++) {
			buf_clear(&line);
			put_json(&line, before[b], buf_str(&token), b % 2 ? "\nnext" : "\" and more");
			expect(known[k].kind, buf_str(&line));
		}
		/* JSON in a string of JSON; slashes, and the marks of a token, as escapes. */
		put_json(&nested, "", buf_str(&line), "");
		expect(known[k].kind, buf_str(&nested));
		replace_all(&line, "/", known[k].kind == SECRET_SLACK ? "/" : "\\/");
		if (known[k].kind != SECRET_PRIVATE_KEY && known[k].kind != SECRET_SLACK) {
			replace_all(&line, "-", "\\u002d");
			replace_all(&line, "_", "\\u005F");
		}
		expect(known[k].kind, buf_str(&line));
		/* Cut short it is no token any more. */
		buf_clear(&line);
		token.data[token.len / 5] = '\0';
		put_json(&line, "", token.data, "...");
		assert_int_equal(look(buf_str(&line)), 0);
		buf_release(&token);
		buf_release(&line);
		buf_release(&nested);
	}
}

static void a_key_is_found_in_what_a_tool_shows_of_its_file(void **state)
{
	(void)state;
	struct buf key = BUF_INIT, line = BUF_INIT;
	put_token(&key, "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA%B48\n%B64\n%B64\n-----END RSA");
	replace_all(&key, "\n", "\n     7\xe2\x86\x92");
	put_json(&line, "     6\xe2\x86\x92", buf_str(&key), "");
	expect(SECRET_PRIVATE_KEY, buf_str(&line));
	buf_release(&key);
	buf_release(&line);
}

static void the_place_is_that_of_its_first_byte(void **state)
{
	(void)state;
	struct buf token = BUF_INIT, line = BUF_INIT;
	put_token(&token, "ghp_!");
	buf_printf(&line, "{\"a\":\"%0100d %s\",\"b\":\"%s\"}", 0, buf_str(&token), buf_str(&token));
	assert_int_equal(look(buf_str(&line)), 1U << SECRET_GITHUB);
	/* One place a line: the same text comes twice in most. */
	assert_int_equal(found_count, 1);
	assert_int_equal(first_at, 6 + 101);
	buf_release(&token);
	buf_release(&line);
}

static void examples_placeholders_and_hashes_are_none(void **state)
{
	(void)state;
	static const char *const none[] = {
		"AKIAIOSFODNN7EXAMPLE",
		"AKIAI44QH8DHBEXAMPLE",
		"sk-ant-api03-...",
		"ghp_[A-Za-z0-9]{36}",
		"ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
		"ghp_da39a3ee5e6b4b0d3255bfef95601890afd8",
		"glpat-XXXXXXXXXXXXXXXXXXXX",
		"glpat-your_token_here_1234",
		"glpat-abcdefghijklmnopqrst",
		"npm_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"sk-0123456789abcdef0123456789abcdef0123456789abcdef",
		"sk_test_4eC39HqLyjWDarjtT1zdp7dc",
		"xoxb-123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx",
		"https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
		"-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----",
		"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaW"
		"F0Ijox"
		"NTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
		"da39a3ee5e6b4b0d3255bfef95601890afd80709",
		"toolu_01T7Qk2vXcWb9ZpLr4mHs8Ny",
		"task-oriented-and-desk-bound-work",
	};
	static const char *const patterns[] = { "ghp_%A36",	"npm_%A36",
						"x%A3AKIA%U16", "AKIA%U17",
						"pk_live_%A24", "-----BEGIN PUBLIC KEY-----\n%B64\n%B64",
						"sha512-%B86",	"%X64",
						"%B200" };
	struct buf line = BUF_INIT, token = BUF_INIT;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		buf_clear(&line);
		put_json(&line, "KEY=", none[i], "\n");
		if (look(buf_str(&line)) != 0)
			fail_msg("a false alarm: %s", none[i]);
	}
	for (size_t i = 0; i < 50 * sizeof(patterns) / sizeof(patterns[0]); i++) {
		buf_clear(&line);
		buf_clear(&token);
		put_token(&token, patterns[i % (sizeof(patterns) / sizeof(patterns[0]))]);
		put_json(&line, "KEY=", buf_str(&token), "\n");
		if (look(buf_str(&line)) != 0)
			fail_msg("a false alarm: %s", buf_str(&token));
	}
	buf_release(&line);
	buf_release(&token);
}

/* The fast search and the plain one stop at the same places, wherever a text begins and ends. */
static void both_searches_find_the_same_anchors(void **state)
{
	(void)state;
	static const char alphabet[] = "skghpo_ub-AKIxzeyJBE02df\\\xc3";
	char text[300];
	(void)look("");   /* makes the tables */
	for (int round = 0; round < 20000; round++) {
		size_t len = unit_random(&seed) % sizeof(text), from = unit_random(&seed) % 8;
		unsigned sets = 0, plain_sets = 0;
		for (size_t i = 0; i < len; i++)
			text[i] = round % 3 ? alphabet[unit_random(&seed) % (sizeof(alphabet) - 1)]
					    : (char)unit_random(&seed);
		from = from < len ? from : len;
		const char *at = text + from;
		do {
			const char *plain = secret_anchors_next_plain(at, text + len, &plain_sets);
			at = secret_anchors_next(at, text + len, &sets);
			assert_ptr_equal(at, plain);
			if (at)
				assert_int_equal(sets, plain_sets);
		} while (at++);
	}
}

/* ---- what a session keeps ---- */

static void places_are_kept_once_and_each_kind_has_one(void **state)
{
	(void)state;
	struct session_secrets secrets = { 0 };
	assert_true(session_secrets_note(&secrets, SECRET_AWS, "/t/a.jsonl", 5, 100));
	assert_false(session_secrets_note(&secrets, SECRET_AWS, "/t/a.jsonl", 5, 200));
	for (int i = 0; i < 2 * SESSION_SECRETS_MAX; i++)
		(void)session_secrets_note(&secrets, SECRET_AWS, "/t/b.jsonl", i, 100);
	assert_int_equal(secrets.count, SESSION_SECRETS_MAX);
	assert_true(session_secrets_note(&secrets, SECRET_NPM, "/t/b.jsonl", 7, 100));
	assert_int_equal(secrets.count, SESSION_SECRETS_MAX);
	assert_true(session_secrets_have(&secrets, SECRET_NPM) && session_secrets_have(&secrets, SECRET_AWS));
	session_secrets_forget(&secrets, "/t/b.jsonl");
	assert_int_equal(secrets.count, 1);
	assert_int_equal(secrets.places[0].offset, 5);
	session_secrets_release(&secrets);
	assert_int_equal(secrets.count, 0);
}

static void a_restart_takes_back_what_subagents_wrote_or_the_session(void **state)
{
	(void)state;
	static const char before[] =
		"{\"secrets\":[{\"type\":\"AWS key\",\"transcriptPath\":\"/p/s/subagents/agent-1.jsonl\","
		"\"offset\":9,\"at\":50},"
		"{\"type\":\"AWS key\",\"transcriptPath\":\"/p/s.jsonl\",\"offset\":9,\"at\":50},"
		"{\"type\":\"none such\",\"transcriptPath\":\"/p/s/subagents/agent-1.jsonl\",\"offset\":10},"
		"{\"type\":\"npm token\",\"transcriptPath\":\"p/s/subagents/agent-1.jsonl\",\"offset\":10},"
		"{\"type\":\"npm token\",\"transcriptPath\":\"/p/s/subagents/agent-1.jsonl\",\"offset\":-1},"
		"7]}";
	struct session_secrets secrets = { 0 };
	struct json_object *alerts = json_tokener_parse(before);
	session_secrets_restore(&secrets, alerts, true, 60);
	assert_int_equal(secrets.count, 1);
	assert_int_equal(secrets.places[0].kind, SECRET_AWS);
	assert_int_equal(secrets.places[0].at_ms, 50);
	session_secrets_restore(&secrets, alerts, false, 60);
	assert_int_equal(secrets.count, 2);
	assert_string_equal(secrets.places[1].path, "/p/s.jsonl");
	json_object_put(alerts);
	session_secrets_release(&secrets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_is_found_however_json_writes_it),
		cmocka_unit_test(a_key_is_found_in_what_a_tool_shows_of_its_file),
		cmocka_unit_test(the_place_is_that_of_its_first_byte),
		cmocka_unit_test(examples_placeholders_and_hashes_are_none),
		cmocka_unit_test(both_searches_find_the_same_anchors),
		cmocka_unit_test(places_are_kept_once_and_each_kind_has_one),
		cmocka_unit_test(a_restart_takes_back_what_subagents_wrote_or_the_session),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
