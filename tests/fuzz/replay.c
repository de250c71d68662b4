/*
 * The main program of a harness that is built without libFuzzer: every file of its corpus, or of the files and folders
 * that are named, goes through it once. What was ever found stays in the corpus, so `make check` finds it again.
 *
 * usage: fuzz_NAME [FILE|FOLDER...]
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

#include "base/paths.h"
#include "fuzz.h"

#define CORPUS "tests/fuzz/corpus"
#define PROGRAM_PREFIX "fuzz_"

static bool run_file(const char *path)
{
	FILE *file = fopen(path, "re");
	struct buf content = BUF_INIT;
	char bytes[65536];
	size_t got;
	while (file && (got = fread(bytes, 1, sizeof(bytes), file)) > 0)
		buf_append(&content, bytes, got);
	if (!file || ferror(file) || content.failed) {
		fprintf(stderr, "cannot read %s: %s\n", path, strerror(errno));
		exit(1);
	}
	fclose(file);
	/* Said before, so that a crash tells of which file it is. */
	fprintf(stderr, "%s\n", path);
	/* Of exactly this size: what is read beyond it is found. */
	uint8_t *exact = malloc(content.len > 0 ? content.len : 1);
	FUZZ_CHECK(exact, "no memory");
	memcpy(exact, buf_str(&content), content.len);
	LLVMFuzzerTestOneInput(exact, content.len);
	free(exact);
	buf_release(&content);
	return true;
}

static size_t run_folder(const char *path)
{
	struct dirent **names;
	size_t count = 0;
	int found = scandir(path, &names, NULL, alphasort);
	if (found < 0) {
		fprintf(stderr, "cannot read %s: %s\n", path, strerror(errno));
		exit(1);
	}
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
	const char *top = getenv("srcdir");
	const char *name = paths_basename(argv[0]);
	char corpus[PATH_MAX];
	size_t count = 0;
	struct stat st;
	if (strncmp(name, PROGRAM_PREFIX, strlen(PROGRAM_PREFIX)) == 0)
		name += strlen(PROGRAM_PREFIX);
	/* make's tests have the source folder in the environment. */
	snprintf(corpus, sizeof(corpus), "%s/" CORPUS "/%s", top ? top : SWATCH_SOURCE_DIR, name);
	if (argc < 2)
		count = run_folder(corpus);
	for (int i = 1; i < argc; i++)
		count += stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode) ? run_folder(argv[i]) : (size_t)run_file(argv[i]);
	printf("%s: %zu inputs\n", name, count);
	/* A corpus that is not there must not look like a good one. */
	return count > 0 ? 0 : 1;
}
