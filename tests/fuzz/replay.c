/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * replay - run a fuzz target without libFuzzer: once for each file that is given, or that is in a
 * directory that is given.
 */
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "fuzz.h"

static unsigned int count;

/* In a buffer of its size, so that reading past its end is found. */
static void run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct stat st;
	uint8_t *data;

	if (!file || fstat(fileno(file), &st))
		FUZZ_FAIL("%s: %s", path, strerror(errno));
	data = malloc((size_t)st.st_size);
	FUZZ_CHECK((data || !st.st_size) &&
		   fread(data, 1, (size_t)st.st_size, file) == (size_t)st.st_size);
	fclose(file);
	fprintf(stderr, "%s\n", path);
	LLVMFuzzerTestOneInput(data, (size_t)st.st_size);
	free(data);
	count++;
}

static void run(const char *path)
{
	struct dirent **entries;
	int n = scandir(path, &entries, NULL, alphasort);

	if (n < 0) {
		run_file(path);
		return;
	}
	for (int i = 0; i < n; i++) {
		char *inner;

		FUZZ_CHECK(asprintf(&inner, "%s/%s", path, entries[i]->d_name) > 0);
		if (entries[i]->d_name[0] != '.')
			run_file(inner);
		free(inner);
		free(entries[i]);
	}
	free(entries);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		run(argv[i]);
	printf("%u inputs\n", count);
	return count ? 0 : 1;
}
