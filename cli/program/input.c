/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads documents named on the command line; "-" is stdin.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "program/cli.h"
#include "doc.h"
#include "errname.h"
#include "host.h"

/* The name of a document in messages. */
const char *cli_document(const char *path)
{
	return strcmp(path, "-") ? path : "standard input";
}

/*
 * Read to the end, or until the text is longer than any document may be.  Returns 0 or a negative
 * errno.
 */
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

static int open_file(const char *path)
{
	host_log(VHC_LEVEL_INFO, "read %s", path);
	return host_traced(open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), "open(\"%s\", O_RDONLY)",
			   path);
}

/* What this system has too little of says nothing about the document. */
static enum cli_status status_of(int error)
{
	return error == -ENOMEM || error == -EMFILE || error == -ENFILE || error == -EIO
		       ? CLI_FAILED
		       : CLI_INPUT;
}

/*
 * The whole file, to be freed with free(3), followed by a NUL that is not counted.  A text that is
 * too long for a document is truncated just past the limit, so that its reader rejects it.
 */
int cli_read(const char *path, char **ret_text, size_t *ret_length)
{
	const size_t size = DOC_MAX_SIZE + 1;
	const bool standard = !strcmp(path, "-");
	char *text = malloc(size + 1);
	int fd = standard ? STDIN_FILENO : open_file(path);
	int r = !text ? -ENOMEM : fd < 0 ? -errno : read_all(fd, text, size, ret_length);

	if (fd >= 0 && !standard)
		close(fd);
	if (r) {
		char number[DOC_ERRNO_MAX];

		free(text);
		return cli_fail(status_of(r), NULL, "cannot read %s: %s", cli_document(path),
				doc_errno(number, r));
	}
	text[*ret_length] = '\0';
	*ret_text = text;
	return CLI_YES;
}

int cli_read_text(const char *path, char **ret_text)
{
	size_t length;
	int status = cli_read(path, ret_text, &length);

	if (status || strlen(*ret_text) == length)
		return status;
	status = cli_fail(CLI_INPUT, NULL, "%s: a NUL byte at offset %zu", cli_document(path),
			  strlen(*ret_text));
	free(*ret_text);
	*ret_text = NULL;
	return status;
}
