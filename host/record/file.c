/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The files of records.  A caller without privileges has none: what it may change of a link is little.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "links/netns.h"
#include "record/record.h"

const char *host_record_name(const struct host_setup *setup, const struct host_device *device,
			     char buf[HOST_RECORD_NAME_MAX])
{
	snprintf(buf, HOST_RECORD_NAME_MAX, "%s%s%s@%llu", setup->name ? setup->name : "",
		 setup->name ? ":" : "", device->id, (unsigned long long)host_netns_number());
	return buf;
}

static int lock(int fd)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	return errno == EWOULDBLOCK ? -EBUSY : -errno;
}

static int fill(int fd, const char *text)
{
	size_t left = strlen(text);
	ssize_t n;

	for (; left; text += n, left -= (size_t)n) {
		n = write(fd, text, left);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n < 0)
			return -errno;
	}
	return 0;
}

/* Whole or not at all, and nothing is left of one that is killed here: it has no name until it is complete. */
static int write_at(int folder, const char *name, const char *text)
{
	int fd = openat(folder, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, S_IRUSR | S_IWUSR);
	char path[40];
	int r;

	if (fd < 0)
		return -errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = lock(fd);
	if (r == 0)
		r = fill(fd, text);
	if (r == 0 && linkat(AT_FDCWD, path, folder, name, AT_SYMLINK_FOLLOW) < 0)
		r = -errno;
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

int host_record_write(const char *path, const char *name, const char *text)
{
	int folder = host_folder_open(path, true), r;

	if (folder < 0)
		return folder;
	r = write_at(folder, name, text);
	close(folder);
	return r;
}

static int load(int fd, char **ret, size_t *ret_len)
{
	struct stat st;
	size_t room;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!st.st_nlink) /* the set-up that wrote it has ended well since it was opened */
		return -ENOENT;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid())
		return -EPERM;
	if (st.st_size > (off_t)DOC_MAX_SIZE)
		return -E2BIG;
	room = (size_t)st.st_size;
	*ret = malloc(room + 1);
	if (!*ret)
		return -ENOMEM;
	n = pread(fd, *ret, room, 0);
	if (n == (ssize_t)room) {
		(*ret)[room] = '\0';
		*ret_len = room;
		return 0;
	}
	free(*ret);
	return n < 0 ? -errno : -EIO;
}

int host_record_peek(const char *path, const char *name, bool *ret_busy, char **ret,
		     size_t *ret_len)
{
	int folder = host_folder_open(path, false), fd, r;

	if (folder < 0) /* an unprivileged caller has none */
		return folder == -EPERM || folder == -ENOTDIR ? -ENOTDIR : -ENOENT;
	fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	close(folder);
	if (fd < 0)
		return -errno;
	r = lock(fd);
	*ret_busy = r == -EBUSY;
	if (r == 0 || *ret_busy)
		r = load(fd, ret, ret_len);
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

int host_record_read(const char *path, const char *name, char **ret, size_t *ret_len)
{
	bool busy;
	int fd = host_record_peek(path, name, &busy, ret, ret_len);

	if (fd < 0 || !busy)
		return fd;
	free(*ret);
	close(fd);
	return -EBUSY;
}

int host_record_remove(const char *path, const char *name)
{
	int folder = host_folder_open(path, false), r;

	if (folder < 0)
		return folder;
	r = unlinkat(folder, name, 0) < 0 ? -errno : 0;
	close(folder);
	return r;
}
