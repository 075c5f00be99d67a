/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli/input - reading a document that the command line names; "-" is stdin.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "doc.h"

/* How messages call a document. */
const char *cli_document(const char *path)
{
	return strcmp(path, "-") ? path : "standard input";
}

/* Reads until the end, or until it is longer than any document may be.  A negative errno. */
static int read_all(int fd, char *text, size_t size, size_t *ret_length)
{
	*ret_length = 0;
	while (*ret_length < size) {
		ssize_t n = read(fd, text + *ret_length, size - *ret_length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		*ret_length += (size_t)n;
	}
	return 0;
}

/*
 * The whole file, for free(3), with a NUL behind it that is not counted.  What is too long for a
 * document comes cut behind its limit, and the document's reader refuses it.
 */
int cli_read(const char *path, char **ret_text, size_t *ret_length)
{
	const size_t size = DOC_MAX_SIZE + 1;
	const bool standard = !strcmp(path, "-");
	char *text = malloc(size + 1);
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int r = !text ? -ENOMEM : fd < 0 ? -errno : read_all(fd, text, size, ret_length);

	if (fd >= 0 && !standard)
		close(fd);
	if (r) {
		free(text);
		return cli_fail(CLI_INPUT, NULL, "cannot read %s: %s", cli_document(path),
				strerror(-r));
	}
	text[*ret_length] = '\0';
	*ret_text = text;
	return CLI_YES;
}
