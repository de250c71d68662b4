#include "ledger/store/place.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/paths.h"
#include "transcript/path.h"

#define PATH_MAX_BYTES 4096

bool store_place_is_valid(const char *path, int64_t root_len)
{
	struct transcript_path parts;
	size_t len = strlen(path);
	return len > 0 && len < PATH_MAX_BYTES && path[0] == '/' && root_len > 1 && root_len < (int64_t)len
	       && path[root_len - 1] == '/' && !strstr(path, "/../")
	       && transcript_path_parse(path + root_len, &parts);
}

bool store_place_is_empty(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0 ? !S_ISREG(st.st_mode) : paths_is_gone(errno);
}
