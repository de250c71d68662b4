/*
 * The main program of a harness that is built without libFuzzer: every input of its corpus, or of the files,
 * folders and archives that are named, goes through it once. What was ever found stays in the corpus, so
 * `make check` finds it again. A corpus is an archive of ar(1): tests/fuzz/run packs and unpacks it.
 *
 * usage: fuzz_NAME [FILE|FOLDER|ARCHIVE.ar...]
 */
#include <ar.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

#include "base/paths.h"
#include "fuzz.h"

#define CORPUS "tests/fuzz/corpus"
#define PROGRAM_PREFIX "fuzz_"
#define ARCHIVE_SUFFIX ".ar"

static _Noreturn void replay_fail(const char *path, const char *why)
{
	fprintf(stderr, "cannot read %s: %s\n", path, why);
	exit(1);
}

static void run_input(const char *name, const char *data, size_t len)
{
	/* Said before, so that a crash tells of which input it is. */
	fprintf(stderr, "%s\n", name);
	/* Of exactly this size: what is read beyond it is found. */
	uint8_t *exact = malloc(len > 0 ? len : 1);
	FUZZ_CHECK(exact, "no memory");
	if (len > 0)
		memcpy(exact, data, len);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
}

static void read_file(const char *path, struct buf *content)
{
	char bytes[65536];
	size_t got;
	FILE *file = fopen(path, "re");
	if (!file)
		replay_fail(path, strerror(errno));
	while ((got = fread(bytes, 1, sizeof(bytes), file)) > 0)
		buf_append(content, bytes, got);
	if (ferror(file) || content->failed)
		replay_fail(path, content->failed ? "out of memory" : strerror(errno));
	(void)fclose(file);
}

/* Its members, but for the tables of ar's own, whose names begin with a slash and end there or with another.
 */
static size_t run_archive(const char *path, const struct buf *content)
{
	size_t count = 0, at = SARMAG;
	while (at < content->len) {
		struct ar_hdr header;
		if (content->len - at < sizeof(header))
			replay_fail(path, "it ends within a header");
		memcpy(&header, content->data + at, sizeof(header));
		at += sizeof(header);
		size_t len = strtoul(header.ar_size, NULL, 10);
		if (memcmp(header.ar_fmag, ARFMAG, sizeof(header.ar_fmag)) != 0 || len > content->len - at)
			replay_fail(path, "it is damaged");
		if (header.ar_name[0] != '/') {
			char name[PATH_MAX];
			int name_len = (int)strcspn(header.ar_name, "/");
			snprintf(name, sizeof(name), "%s(%.*s)", path, name_len, header.ar_name);
			run_input(name, content->data + at, len);
			count++;
		}
		at += len + len % 2;
	}
	return count;
}

static size_t run_file(const char *path)
{
	struct buf content = BUF_INIT;
	size_t count = 1, len = strlen(path), suffix_len = strlen(ARCHIVE_SUFFIX);
	read_file(path, &content);
	if (len > suffix_len && strcmp(path + len - suffix_len, ARCHIVE_SUFFIX) == 0) {
		if (content.len < SARMAG || memcmp(content.data, ARMAG, SARMAG) != 0)
			replay_fail(path, "it is no archive");
		count = run_archive(path, &content);
	} else {
		run_input(path, buf_str(&content), content.len);
	}
	buf_release(&content);
	return count;
}

static size_t run_folder(const char *path)
{
	struct dirent **names;
	size_t count = 0;
	int found = scandir(path, &names, NULL, alphasort);
	if (found < 0)
		replay_fail(path, strerror(errno));
	for (int i = 0; i < found; i++) {
		if (names[i]->d_name[0] != '.') {
			char *file = paths_join(path, names[i]->d_name);
			FUZZ_CHECK(file, "no memory");
			count += run_file(file);
			free(file);
		}
		free(names[i]);
	}
	free(names);
	return count;
}

int main(int argc, char **argv)
{
	const char *name = paths_basename(argv[0]);
	char corpus[PATH_MAX];
	size_t count = 0;
	struct stat st;
	if (strncmp(name, PROGRAM_PREFIX, strlen(PROGRAM_PREFIX)) == 0)
		name += strlen(PROGRAM_PREFIX);
	snprintf(corpus, sizeof(corpus), "%s/" CORPUS "/%s" ARCHIVE_SUFFIX, SWATCH_SOURCE_DIR, name);
	if (argc < 2)
		count = run_file(corpus);
	for (int i = 1; i < argc; i++)
		count += stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode) ? run_folder(argv[i])
									: run_file(argv[i]);
	printf("%s: %zu inputs\n", name, count);
	/* A corpus that is not there must not look like a good one. */
	return count > 0 ? 0 : 1;
}
