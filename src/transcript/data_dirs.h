/*
 * data_dirs: where Claude Code keeps its transcripts.
 *
 * For: swatchd's watch and the reports.
 */
#ifndef SWATCH_TRANSCRIPT_DATA_DIRS_H
#define SWATCH_TRANSCRIPT_DATA_DIRS_H

#include <stddef.h>

#define DATA_DIRS_MAX 32

struct data_dirs {
	char *projects[DATA_DIRS_MAX];   /* projects/ directories, existing or not, each spelling once */
	size_t count;
};

/*
 * Fills the list: from `paths` (a comma list) when it is not empty, else from CLAUDE_CONFIG_DIR, else
 * ${XDG_CONFIG_HOME:-~/.config}/claude and ~/.claude. An item is a config directory or a projects/ directory
 * itself. Two spellings of one existing directory may both be listed: callers that open them compare device
 * and inode. Returns 0, or -1 when memory ran out or there is no home directory.
 */
int data_dirs_find(struct data_dirs *dirs, const char *paths);

void data_dirs_release(struct data_dirs *dirs);

#endif
