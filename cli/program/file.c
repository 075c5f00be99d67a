/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A document in a file: written beside it and renamed, so that readers see the old one or the new one,
 * whole.  What is no regular file (a terminal, a pipe, /dev/stdout) is written as it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "program/cli.h"
#include "errname.h"

#define LINKS_MAX 40 /* as the kernel has it */

/* Where a link leads, though there is no file yet. */
static bool follow(char place[PATH_MAX])
{
	char target[PATH_MAX];

	for (int i = 0; i < LINKS_MAX; i++) {
		ssize_t n = readlink(place, target, sizeof(target) - 1);
		char *slash;
		size_t kept;

		if (n < 0)
			return true;
		target[n] = '\0';
		slash = *target == '/' ? NULL : strrchr(place, '/');
		kept = slash ? (size_t)(slash + 1 - place) : 0;
		if (kept + strlen(target) >= PATH_MAX)
			return false;
		strcpy(place + kept, target);
	}
	return false;
}

/* Where the file is, or will be, if that is to be a regular one: symbolic links stay links. */
static bool is_replaced(const char *path, char place[PATH_MAX])
{
	struct stat st;

	if (stat(path, &st) == 0)
		return S_ISREG(st.st_mode) && realpath(path, place);
	return snprintf(place, PATH_MAX, "%s", path) < PATH_MAX && follow(place);
}

/* The directory part: "." of "report.json". */
static void cut_name(char *place)
{
	char *slash = strrchr(place, '/');

	if (!slash)
		strcpy(place, ".");
	else
		slash[slash == place] = '\0';
}

int cli_fail_file(const char *path, int error)
{
	char number[DOC_ERRNO_MAX];

	return cli_fail(CLI_FAILED, NULL, "cannot write the report to %s: %s", path,
			doc_errno(number, error));
}

/* Can the file be written, as far as that can be told without touching it? */
int cli_file_check(const char *path)
{
	const char *name = strrchr(path, '/');
	char place[PATH_MAX];
	int mode = W_OK;
	struct stat st;

	if (is_replaced(path, place)) {
		cut_name(place);
		mode |= X_OK;
	} else {
		snprintf(place, sizeof(place), "%s", path);
	}
	if ((name && !name[1]) || (stat(path, &st) == 0 && S_ISDIR(st.st_mode)))
		errno = EISDIR;
	else if (faccessat(AT_FDCWD, place, mode, AT_EACCESS) == 0)
		return CLI_YES;
	return cli_fail_file(path, -errno);
}

static bool is_ending(void)
{
	sigset_t set;

	return sigpending(&set) == 0 && (sigismember(&set, SIGINT) || sigismember(&set, SIGTERM) ||
					 sigismember(&set, SIGHUP) || sigismember(&set, SIGQUIT));
}

/* Somebody else is waited for, unless one of the signals comes that set-up holds. */
static int wait_a_moment(void)
{
	const struct timespec moment = { .tv_nsec = 20000000 };

	if (is_ending())
		return -EINTR;
	nanosleep(&moment, NULL);
	return 0;
}

static char *make_text(cli_writer *writer, void *data, size_t *ret_length)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_length);

	if (!out)
		return NULL;
	writer(out, data);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

static int put_all(int fd, const char *text, size_t length)
{
	int r = 0;

	while (length && r == 0) {
		ssize_t n = write(fd, text, length);

		if (n >= 0) {
			text += n;
			length -= (size_t)n;
		} else if (errno == EAGAIN) {
			r = wait_a_moment(); /* the reader of a pipe does not read */
		} else if (errno != EINTR) {
			r = -errno;
		}
	}
	return r;
}

static int put(int fd, cli_writer *writer, void *data)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction old;
	size_t length;
	char *text = make_text(writer, data, &length);
	int r;

	/* beyond its limit, the error is enough: the signal would leave a half-written file */
	sigaction(SIGXFSZ, &ignore, &old);
	r = text ? put_all(fd, text, length) : -ENOMEM;
	sigaction(SIGXFSZ, &old, NULL);
	free(text);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	return r;
}

/* The mode that open() would have given it. */
static int set_mode(int fd)
{
	mode_t mask = umask(0);

	umask(mask);
	return fchmod(fd, 0666 & ~mask) < 0 ? -errno : 0;
}

static int replace(const char *place, cli_writer *write, void *data)
{
	char beside[PATH_MAX];
	int fd, r;

	if (snprintf(beside, sizeof(beside), "%s.XXXXXX", place) >= (int)sizeof(beside))
		return -ENAMETOOLONG;
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = set_mode(fd);
	if (r == 0)
		r = put(fd, write, data);
	else
		close(fd);
	if (r == 0 && rename(beside, place) < 0)
		r = -errno;
	if (r < 0)
		unlink(beside);
	return r;
}

static bool is_pipe(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISFIFO(st.st_mode);
}

static int open_other(const char *path)
{
	int fd, r = 0;

	while (r == 0) {
		fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (fd >= 0)
			return fd;
		r = errno == ENXIO && is_pipe(path) ? wait_a_moment() : -errno;
	}
	return r;
}

/* The reader of a pipe, who may be about to open it, gets nothing. */
void cli_file_end(const char *path)
{
	int fd = is_pipe(path) ? open_other(path) : -1;

	if (fd >= 0)
		close(fd);
}

/* What was written is not so any more. */
void cli_file_remove(const char *path)
{
	char place[PATH_MAX];

	if (is_replaced(path, place))
		unlink(place);
}

void cli_write_json(FILE *out, void *document)
{
	cli_print(out, document, true, false, 0);
}

/* Returns 0 or a negative errno; the file is then as it was. */
int cli_file_write(const char *path, cli_writer *write, void *data)
{
	char place[PATH_MAX];
	int fd;

	if (is_replaced(path, place))
		return replace(place, write, data);
	fd = open_other(path);
	return fd < 0 ? fd : put(fd, write, data);
}
