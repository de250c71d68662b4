/*
 * json-value: prints a value of a JSON file as `jq -r` does, in a fifth of jq's time: most assertions of the
 * integration tests are such a value, and jq takes longer to start than anything that they look at.
 *
 * A simple path (.name.name) that leads to a number, a string, true, false or null is looked up here.
 * Everything else is left to jq, which gets the same path and the same text.
 *
 * usage: json-value PATH [FILE]     (standard input without FILE)
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <json-c/json.h>

static bool is_simple(const char *path)
{
	static const char letters[] = "_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	do {
		if (path[0] != '.' || !path[1] || !strchr(letters, path[1]))
			return false;
		path += 2;
		path += strspn(path, "_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
	} while (*path);
	return true;
}

/* Reads all of it; NULL when that fails. */
static char *read_all(int fd, size_t *len)
{
	size_t size = 1 << 16;
	char *text = malloc(size);
	ssize_t got;
	*len = 0;
	while (text && (got = read(fd, text + *len, size - *len - 1)) != 0) {
		if (got < 0) {
			free(text);
			return NULL;
		}
		*len += (size_t)got;
		if (*len + 1 < size)
			continue;
		char *larger = realloc(text, size *= 2);
		if (!larger)
			free(text);
		text = larger;
	}
	if (text)
		text[*len] = '\0';
	return text;
}

/* Prints the value at the path, where it is a simple one of exactly one document. */
static bool print_value(const char *text, size_t len, const char *path)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *root = tokener ? json_tokener_parse_ex(tokener, text, (int)len) : NULL;
	struct json_object *at = root;
	size_t end = root ? json_tokener_get_parse_end(tokener) : 0;
	bool good = root && text[end + strspn(text + end, " \n\t")] == '\0';
	char key[256];
	for (const char *next = path + 1; good && *next;) {
		snprintf(key, sizeof(key), "%.*s", (int)strcspn(next, "."), next);
		next += strcspn(next, ".");
		next += *next == '.';
		if (!at)
			continue;   /* what null has is null */
		good = json_object_is_type(at, json_type_object);
		if (good && !json_object_object_get_ex(at, key, &at))
			at = NULL;
	}
	good = good && !json_object_is_type(at, json_type_object)
	    && !json_object_is_type(at, json_type_array);
	if (good)
		puts(json_object_is_type(at, json_type_string) ? json_object_get_string(at)
							       : json_object_to_json_string(at));
	json_object_put(root);
	if (tokener)
		json_tokener_free(tokener);
	return good;
}

/* jq reads the text that was read here already. */
static int ask_jq(const char *path, const char *text, size_t len)
{
	int fd = memfd_create("json", MFD_CLOEXEC);
	if (fd < 0 || write(fd, text, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) != 0
	    || dup2(fd, STDIN_FILENO) < 0) {
		perror("json-value");
		return 2;
	}
	execlp("jq", "jq", "-r", path, (char *)NULL);
	perror("jq");
	return 2;
}

int main(int argc, char **argv)
{
	if (argc < 2 || argc > 3) {
		fputs("usage: json-value PATH [FILE]\n", stderr);
		return 2;
	}
	int fd = argc == 3 ? open(argv[2], O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	size_t len = 0;
	char *text = fd >= 0 ? read_all(fd, &len) : NULL;
	if (!text) {
		fprintf(stderr, "json-value: cannot read %s: %s\n", argc == 3 ? argv[2] : "standard input",
			strerror(errno));
		return 2;
	}
	int status = is_simple(argv[1]) && print_value(text, len, argv[1]) ? 0 : ask_jq(argv[1], text, len);
	free(text);
	return status;
}
