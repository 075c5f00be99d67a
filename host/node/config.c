/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What this kernel was built with, where it says so itself, or where distributions keep it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/here.h"

enum answer { LACKS, HAS, UNKNOWN };

#define CONFIG_MAX (4u << 20)

/* A text without any option is no configuration. */
static enum answer search(const char *text, const char *option)
{
	const size_t length = strlen(option);
	enum answer answer = UNKNOWN;

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, "CONFIG_", 7) != 0)
			continue;
		if (answer == UNKNOWN)
			answer = LACKS;
		if (strncmp(line, option, length) == 0 && line[length] == '=')
			answer = HAS;
	}
	return answer;
}

/* The whole text, to be freed; NULL: it is longer than any configuration, has a NUL, or cannot be read. */
static char *read_text(int fd)
{
	char *text = malloc(CONFIG_MAX + 1);
	size_t length = 0;
	ssize_t n = 1;

	while (text && n && length <= CONFIG_MAX) {
		n = read(fd, text + length, CONFIG_MAX + 1 - length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		length += (size_t)n;
	}
	if (text && n == 0) {
		text[length] = '\0';
		if (strlen(text) == length)
			return text;
	}
	free(text);
	return NULL;
}

/* A pipe would be waited for, and a device might never end. */
static int open_regular(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)))
		return fd;
	close(fd);
	return -1;
}

/* Without the caller's environment: gzip takes options from it. */
static pid_t start_gzip(int from, int to)
{
	static const char *const places[] = { "/usr/bin/gzip", "/bin/gzip" };
	static char name[] = "gzip", options[] = "-dc";
	char *const argv[] = { name, options, NULL }, *const env[] = { NULL };
	posix_spawn_file_actions_t files;
	pid_t child;
	int r = posix_spawn_file_actions_init(&files);

	if (r)
		return -1;
	r = posix_spawn_file_actions_adddup2(&files, from, 0) ?:
	    posix_spawn_file_actions_adddup2(&files, to, 1)   ?:
	    posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
	if (r == 0)
		r = ENOENT;
	for (size_t i = 0; i < 2 && r == ENOENT; i++)
		r = posix_spawn(&child, places[i], &files, NULL, argv, env);
	posix_spawn_file_actions_destroy(&files);
	return r ? -1 : child;
}

static bool has_ended_well(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The same of what is compressed.  A part of it says nothing of what is missing. */
static char *read_compressed(int fd)
{
	struct sigaction preset = { .sa_handler = SIG_DFL }, old;
	char *text = NULL;
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return NULL;
	sigaction(SIGCHLD, &preset, &old); /* who ignores it gets no exit status */
	child = start_gzip(fd, ends[1]);
	close(ends[1]);
	if (child > 0)
		text = read_text(ends[0]);
	close(ends[0]); /* which ends it, too */
	if (child > 0 && !has_ended_well(child)) {
		free(text);
		text = NULL;
	}
	sigaction(SIGCHLD, &old, NULL);
	return text;
}

/* @whole: read_text(), or read_compressed(), as the kernel gives it. */
static enum answer search_file(const char *path, const char *option, char *(*whole)(int fd))
{
	int fd = open_regular(path);
	char *text = fd < 0 ? NULL : whole(fd);
	enum answer answer = text ? search(text, option) : UNKNOWN;

	if (fd >= 0)
		close(fd);
	free(text);
	return answer;
}

bool host_kernel_lacks(const char *option)
{
	static const char *const places[][2] = { { "/boot/config-", "" },
						 { "/lib/modules/", "/config" } };
	enum answer answer = search_file("/proc/config.gz", option, read_compressed);
	struct utsname kernel;
	char path[100];

	uname(&kernel);
	for (size_t i = 0; i < 2 && answer == UNKNOWN; i++) {
		snprintf(path, sizeof(path), "%s%s%s", places[i][0], kernel.release, places[i][1]);
		answer = search_file(path, option, read_text);
	}
	return answer == LACKS;
}
