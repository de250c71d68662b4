#include "base/argv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/paths.h"

static bool add_word(char ***words, size_t *count, struct buf *word)
{
	char **grown = realloc(*words, (*count + 2) * sizeof(*grown));
	if (!grown)
		return false;
	*words = grown;
	grown[*count] = NULL;
	char *text = buf_detach(word);
	if (!text)
		return false;
	grown[(*count)++] = text;
	grown[*count] = NULL;
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
	char **words = NULL;
	size_t count = 0;
	for (;;) {
		command += strspn(command, " \t");
		if (!*command)
			break;
		struct buf word = BUF_INIT;
		bool closed = take_word(&command, &word);
		if (!closed || !add_word(&words, &count, &word)) {
			buf_append_str(error, closed ? "out of memory" : "a quote is not closed");
			buf_release(&word);
			argv_free(words);
			return NULL;
		}
	}
	if (count == 0)
		buf_append_str(error, "the command is empty");
	return words;
}

void argv_free(char **words)
{
	for (char **word = words; word && *word; word++)
		free(*word);
	free(words);
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

char *argv_find_program(const char *name)
{
	int why = ENOENT;
	if (strchr(name, '/')) {
		errno = 0;
		char *path = paths_expand(name, strlen(name));
		if (!path && errno == ENOMEM)
			why = ENOMEM;
		else if (path && is_program(path, &why))
			return path;
		free(path);
		errno = why;
		return NULL;
	}
	const char *list = getenv("PATH");
	for (const char *at = list ? list : "/usr/local/bin:/usr/bin:/bin"; *at;) {
		size_t len = strcspn(at, ":");
		char *directory = strndup(at, len);
		/* An empty item would mean the directory that one stands in, which is nobody's intention. */
		char *path = directory && len > 0 ? paths_join(directory, name) : NULL;
		free(directory);
		if (path && is_program(path, &why))
			return path;
		if (!path && len > 0)
			why = ENOMEM;
		free(path);
		at += len + (at[len] == ':');
	}
	errno = why;
	return NULL;
}
