/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The records of brokers, a file for each name of a configuration.  Its lock tells whether the broker lives, however
 * that ended.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "record/record.h"

static const struct doc_field fields[] = {
	DOC_NEED(host_broker_record, pid, DOC_UINT, .min = 1, .max = INT32_MAX,
		 .help = "the process"),
	DOC_NEED(host_broker_record, setup, DOC_STRING, .help = "what it serves"),
};

static const struct doc_table table =
	DOC_TABLE("vhost-broker", host_broker_record, fields, "a broker");

static const char *file_of(const char *name, char buf[HOST_RECORD_NAME_MAX])
{
	snprintf(buf, HOST_RECORD_NAME_MAX, "%s.broker", name);
	return buf;
}

int host_broker_record_write(const char *name, const char *setup)
{
	const struct host_broker_record record = { (uint64_t)getpid(), (char *)(uintptr_t)setup,
						   true };
	char file[HOST_RECORD_NAME_MAX], *text = doc_text(&table, &record, DOC_PRETTY);
	char buf[HOST_FOLDER_MAX];
	const char *folder = host_folder_path(buf);
	int r = !text	 ? -ENOMEM
		: folder ? host_record_write(folder, file_of(name, file), text)
			 : -ENOENT;

	free(text);
	return r;
}

int host_broker_record_read(const char *name, struct host_broker_record *ret)
{
	char file[HOST_RECORD_NAME_MAX], buf[HOST_FOLDER_MAX], *text = NULL;
	const char *folder = host_folder_path(buf);
	struct doc_error unused;
	size_t len;
	bool runs;
	int fd = folder ? host_record_peek(folder, file_of(name, file), &runs, &text, &len)
			: -ENOENT,
	    r;

	if (fd < 0)
		return fd;
	r = doc_read(&table, text, len, ret, &unused);
	free(text);
	if (r < 0) {
		close(fd);
		return r == -ENOMEM ? r : -EINVAL;
	}
	ret->runs = runs;
	return fd;
}

void host_broker_record_clear(struct host_broker_record *record)
{
	doc_clear(&table, record);
}

int host_broker_record_remove(const char *name)
{
	char file[HOST_RECORD_NAME_MAX], buf[HOST_FOLDER_MAX];
	const char *folder = host_folder_path(buf);

	return folder ? host_record_remove(folder, file_of(name, file)) : -ENOENT;
}

/* Has this process an fd of the file? */
static bool has_open(uint64_t pid, const struct stat *file)
{
	const struct dirent *entry;
	struct stat st;
	bool found = false;
	char path[40];
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%llu/fd", (unsigned long long)pid);
	folder = opendir(path);
	while (folder && !found && (entry = readdir(folder)))
		found = fstatat(dirfd(folder), entry->d_name, &st, 0) == 0 &&
			st.st_ino == file->st_ino && st.st_dev == file->st_dev;
	if (folder)
		closedir(folder);
	return found;
}

int host_broker_record_find(const struct host_broker_record *record, int fd)
{
	struct stat file;
	int pidfd;

	if (fstat(fd, &file) < 0)
		return -errno;
	pidfd = (int)syscall(SYS_pidfd_open, (pid_t)record->pid, 0u);
	if (pidfd < 0)
		return -errno;
	if (has_open(record->pid, &file))
		return pidfd;
	close(pidfd);
	return -ESRCH;
}
