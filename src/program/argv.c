#include "program/argv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/paths.h"
#include "base/scope.h"

bool argv_list_add(struct argv_list *list, char *word)
{
	if (!word || !array_reserve(&list->words, &list->cap, list->count + 2, sizeof(*list->words))) {
		free(word);
		return false;
	}
	list->words[list->count++] = word;
	list->words[list->count] = NULL;
	return true;
}

/* Takes one word at *at into `word`. Returns false when a quote is not closed. */
static bool take_word(const char **at, struct buf *word)
{
	const char *s = *at;
	char quote = '\0';
	for (; *s && (quote || (*s != ' ' && *s != '\t')); s++) {
		if (quote && *s == quote)
			quote = '\0';
		else if (!quote && (*s == '\'' || *s == '"'))
			quote = *s;
		else if (*s == '\\' && quote != '\'' && s[1])
			buf_append_char(word, *++s);
		else
			buf_append_char(word, *s);
	}
	*at = s;
	return quote == '\0';
}

char **argv_split(const char *command, struct buf *error)
{
	struct argv_list list = { 0 };
	while (*(command += strspn(command, " \t"))) {
		AUTO_BUF word = BUF_INIT;
		bool closed = take_word(&command, &word);
		if (!closed)
			buf_append_str(error, "a quote is not closed");
		if (!closed || !argv_list_add(&list, buf_detach(&word))) {
			argv_free(list.words);
			return NULL;
		}
	}
	if (list.count == 0)
		buf_append_str(error, "the command is empty");
	return list.words;
}

void argv_free(char **words)
{
	for (char **word = words; word && *word; word++)
		free(*word);
	free(words);
}

size_t argv_count(char *const *words)
{
	size_t count = 0;
	while (words && words[count])
		count++;
	return count;
}

static bool is_program(const char *path, int *why)
{
	struct stat st;
	if (stat(path, &st) != 0) {
		if (errno != ENOENT && errno != ENOTDIR)
			*why = errno;
		return false;
	}
	if (S_ISREG(st.st_mode) && access(path, X_OK) == 0)
		return true;
	*why = S_ISREG(st.st_mode) ? errno : EACCES;
	return false;
}

char *argv_find_in(const char *list, const char *name)
{
	int why = ENOENT;
	for (const char *at = list; *at;) {
		size_t len = strcspn(at, ":");
		if (*at == '/') {
			AUTO_FREE char *directory = strndup(at, len);
			AUTO_FREE char *path = directory ? paths_join(directory, name) : NULL;
			if (!path)
				why = ENOMEM;
			else if (is_program(path, &why))
				return SCOPE_KEEP(path);
		}
		at += len + (at[len] == ':');
	}
	errno = why;
	return NULL;
}

char *argv_find_program(const char *name)
{
	if (!strchr(name, '/')) {
		const char *list = getenv("PATH");
		return argv_find_in(list ? list : "/usr/local/bin:/usr/bin:/bin", name);
	}
	int why = ENOENT;
	errno = 0;
	AUTO_FREE char *path = paths_expand(name, strlen(name));
	if (!path && errno == ENOMEM)
		why = ENOMEM;
	else if (path && is_program(path, &why))
		return SCOPE_KEEP(path);
	errno = why;
	return NULL;
}
