/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * adopt - real fds in the fake kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adopt.h"
#include "model.h"

#define ADOPTED 256

struct vhi_sys_ops adopt_sys;

static struct adopted {
	int fake_fd, real;
	dev_t dev;
	ino_t inode;
} adopted[ADOPTED];
static int count;

static bool is_eventfd(int fd)
{
	char path[40], name[40] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return readlink(path, name, sizeof(name) - 1) > 0 && strstr(name, "[eventfd]");
}

/* All eventfds have one inode. */
static struct adopted *find(const struct stat *st)
{
	for (int i = 0; i < count; i++)
		if (adopted[i].inode == st->st_ino && adopted[i].dev == st->st_dev)
			return &adopted[i];
	return NULL;
}

static int adopt_memory(struct fake *fake, struct adopted *new, const struct stat *st)
{
	int seals = fcntl(new->real, F_GET_SEALS);

	new->fake_fd = fake_memfd(fake, (uint64_t)st->st_size, seals < 0 ? 0 : (unsigned int)seals);
	fake_file_of(fake, new->fake_fd)->memory = dup(new->real);
	new->dev = st->st_dev;
	new->inode = st->st_ino;
	return new->fake_fd;
}

/* The fake kernel's fd of a real one; one of its own is returned as it is. */
static int adopt(struct fake *fake, int fd)
{
	struct adopted *new = &adopted[count];
	struct stat st;

	if (fd >= FAKE_FIRST_FD || fd < 0 || fstat(fd, &st))
		return fd;
	if (is_eventfd(fd)) {
		*new = (struct adopted){ fake_eventfd(fake), dup(fd), 0, 0 };
		count++;
		return new->fake_fd;
	}
	if (!S_ISREG(st.st_mode))
		return fd;
	if (find(&st))
		return find(&st)->fake_fd;
	*new = (struct adopted){ -1, dup(fd), 0, 0 };
	count++;
	return adopt_memory(fake, new, &st);
}

static int adopt_dup(void *data, int fd)
{
	return fake_sys.dup(data, adopt(data, fd));
}

static int adopt_stat(void *data, int fd, struct vhi_file *ret)
{
	return fake_sys.stat(data, adopt(data, fd), ret);
}

static int adopt_map(void *data, int fd, uint64_t offset, uint64_t size, void **ret)
{
	return fake_sys.map(data, adopt(data, fd), offset, size, ret);
}

static int adopt_map_blocks(void *data, int fd, uint64_t offset, uint64_t size, void **ret)
{
	return fake_sys.map_blocks(data, adopt(data, fd), offset, size, ret);
}

/* Who has the real one sees it. */
static int adopt_signal(void *data, int fd)
{
	const uint64_t one = 1;

	for (int i = 0; i < count; i++)
		if (fake_file_of(data, fd) == fake_file_of(data, adopted[i].fake_fd) &&
		    write(adopted[i].real, &one, sizeof(one)) < 0)
			return -errno;
	return fake_sys.signal(data, fd);
}

void adopt_begin(void)
{
	adopt_sys = fake_sys;
	adopt_sys.dup = adopt_dup;
	adopt_sys.stat = adopt_stat;
	adopt_sys.map = adopt_map;
	adopt_sys.map_blocks = adopt_map_blocks;
	adopt_sys.signal = adopt_signal;
	count = 0;
}

void adopt_end(struct fake *fake)
{
	while (count) {
		count--;
		fake_close(fake, adopted[count].fake_fd);
		close(adopted[count].real);
	}
}
