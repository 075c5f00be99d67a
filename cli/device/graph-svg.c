/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs graphviz's dot.  What goes in and out is in memory, so neither waits for the other.
 */
#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "errname.h"
#include "device/graph.h"

extern char **environ;

#define SVG_MAX (64u << 20)

enum { IN, OUT, ERR, FILES };

static int write_all(int fd, const char *text, size_t length)
{
	while (length) {
		ssize_t n = write(fd, text, length);

		if (n < 0)
			return -errno;
		text += n;
		length -= (size_t)n;
	}
	return lseek(fd, 0, SEEK_SET) < 0 ? -errno : 0;
}

/* NULL: it cannot be read, is empty, or is longer than that. */
static char *read_all(int fd, size_t most)
{
	off_t length = lseek(fd, 0, SEEK_END);
	char *text;

	if (length <= 0 || (size_t)length > most)
		return NULL;
	text = cli_need(malloc((size_t)length + 1));
	if (pread(fd, text, (size_t)length, 0) != length) {
		free(text);
		return NULL;
	}
	text[length] = '\0';
	return text;
}

/* Returns its exit status, or a negative errno. */
static int run_dot(const int files[FILES])
{
	char *const words[] = { (char[]){ "dot" }, (char[]){ "-Tsvg" }, NULL };
	posix_spawn_file_actions_t actions;
	pid_t child;
	int r, status;

	r = posix_spawn_file_actions_init(&actions);
	if (r)
		return -r;
	for (int i = 0; i < FILES && !r; i++)
		r = posix_spawn_file_actions_adddup2(&actions, files[i], i);
	if (!r)
		r = posix_spawnp(&child, words[0], &actions, NULL, words, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (r)
		return -r;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR) /* SIGCHLD is ignored here: what it wrote tells */
			return errno == ECHILD ? 0 : -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int fail(int r, const int files[FILES])
{
	char number[DOC_ERRNO_MAX], *said;
	int status;

	if (r == -ENOENT)
		return cli_fail(
			CLI_LACKS,
			"install graphviz (Debian: apt-get install graphviz), or leave --svg out",
			"an SVG is made by graphviz, and there is no program \"dot\"");
	if (r < 0)
		return cli_fail(CLI_FAILED, NULL, "cannot run dot: %s", doc_errno(number, r));
	said = read_all(files[ERR], 4096);
	if (said)
		said[strcspn(said, "\n")] = '\0';
	status =
		r ? cli_fail(CLI_FAILED, NULL, "dot ended with status %d: %s", r,
			     said ? said : "it said nothing")
		  : cli_fail(CLI_FAILED, NULL, "dot wrote nothing, or more than %u bytes", SVG_MAX);
	free(said);
	return status;
}

int cli_graph_svg(const char *dot, char **ret)
{
	static const char *const names[FILES] = { "dot-in", "dot-out", "dot-err" };
	int files[FILES] = { -1, -1, -1 };
	char *svg = NULL;
	int r = 0, status = CLI_YES;

	for (int i = 0; i < FILES && !r; i++) {
		files[i] = memfd_create(names[i], MFD_CLOEXEC);
		r = files[i] < 0 ? -errno : 0;
	}
	r = r ? r : write_all(files[IN], dot, strlen(dot));
	r = r ? r : run_dot(files);
	svg = r ? NULL : read_all(files[OUT], SVG_MAX);
	if (!svg)
		status = fail(r, files);
	else
		*ret = svg;
	for (int i = 0; i < FILES; i++)
		if (files[i] >= 0)
			close(files[i]);
	return status;
}
