/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The folder of what is kept outside a process.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/record.h"

const char *host_folder_path(char buf[HOST_FOLDER_MAX])
{
	const char *user = getenv("XDG_RUNTIME_DIR");

	if (geteuid() == 0)
		return HOST_RECORD_DIR;
	if (!user || user[0] != '/' ||
	    snprintf(buf, HOST_FOLDER_MAX, "%s/vhostctl", user) >= (int)HOST_FOLDER_MAX)
		return NULL;
	return buf;
}

/* What is in it is done to links as root, and decides who is asked, so nobody else may have written it. */
static int check_folder(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_mode & (S_IWGRP | S_IWOTH) || (st.st_uid && st.st_uid != geteuid()))
		return -EPERM;
	return st.st_uid == geteuid() ? 0 : -EACCES; /* root's */
}

int host_folder_open(const char *path, bool make)
{
	int fd, r;

	if (make && mkdir(path, S_IRWXU) < 0 && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = check_folder(fd);
	if (r == 0)
		return fd;
	close(fd);
	return r;
}
