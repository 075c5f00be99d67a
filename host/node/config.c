/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What this kernel was built with, where it says so itself, or where distributions keep it.
 */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "node/here.h"

enum answer { LACKS, HAS, UNKNOWN };

/* A text without any option is no configuration. */
static enum answer search(FILE *file, const char *option)
{
	const size_t length = strlen(option);
	enum answer answer = UNKNOWN;
	char line[256];

	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, "CONFIG_", 7) != 0)
			continue;
		if (answer == UNKNOWN)
			answer = LACKS;
		if (strncmp(line, option, length) == 0 && line[length] == '=')
			answer = HAS;
	}
	return answer;
}

static enum answer search_file(const char *path, const char *option)
{
	FILE *file = fopen(path, "re");
	enum answer answer = file ? search(file, option) : UNKNOWN;

	if (file)
		fclose(file);
	return answer;
}

/* The kernel gives it compressed.  A part of it says nothing of what is missing. */
static enum answer search_compressed(const char *option)
{
	static const char command[] =
		"PATH=/usr/bin:/bin exec gzip -dc /proc/config.gz 2>/dev/null";
	FILE *file = popen(command, "re");
	enum answer answer = file ? search(file, option) : UNKNOWN;

	if (!file)
		return UNKNOWN;
	return pclose(file) == 0 ? answer : UNKNOWN;
}

bool host_kernel_lacks(const char *option)
{
	static const char *const places[][2] = { { "/boot/config-", "" },
						 { "/lib/modules/", "/config" } };
	enum answer answer = search_compressed(option);
	struct utsname kernel;
	char path[100];

	uname(&kernel);
	for (size_t i = 0; i < 2 && answer == UNKNOWN; i++) {
		snprintf(path, sizeof(path), "%s%s%s", places[i][0], kernel.release, places[i][1]);
		answer = search_file(path, option);
	}
	return answer == LACKS;
}
