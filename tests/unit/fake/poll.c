/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * poll - what of the fake kernel's files is readable, and the epoll files that look at others.
 */
#include <errno.h>

#include "model.h"

bool fake_readable(const struct fake *fake, const struct fake_file *file)
{
	switch (file->kind) {
	case FAKE_EVENTFD:
		return file->counter;
	case FAKE_VHOST_NET:
	case FAKE_VHOST_VSOCK:
		return file->vhost->unread;
	case FAKE_SOCKET:
		return file->watched && !file->told && !file->watched->used;
	case FAKE_EPOLL:
		for (uint32_t i = 0; i < fake->watches_end; i++)
			if (fake->watches[i].epoll == file &&
			    fake_readable(fake, fake->watches[i].file))
				return true;
		return false;
	default:
		return false;
	}
}

static struct fake_watch *find(struct fake *fake, const struct fake_file *epoll,
			       const struct fake_file *file, int fd)
{
	for (uint32_t i = 0; i < fake->watches_end; i++) {
		struct fake_watch *watch = &fake->watches[i];

		if (watch->epoll == epoll && (!epoll || (watch->file == file && watch->fd == fd)))
			return watch;
	}
	return NULL;
}

/* 0 when both are what epoll_ctl() wants. */
static int check(struct fake *fake, int epoll, int fd)
{
	const struct fake_file *one = fake_file_of(fake, epoll), *other = fake_file_of(fake, fd);

	if (!one || !other)
		return -EBADF;
	if (other->kind == FAKE_OTHER)
		return -EPERM; /* it cannot be polled */
	return one == other || one->kind != FAKE_EPOLL ? -EINVAL : 0;
}

int fake_watch_add(struct fake *fake, int epoll, int fd)
{
	struct fake_file *one = fake_file_of(fake, epoll), *other = fake_file_of(fake, fd);
	struct fake_watch *watch;
	int r = check(fake, epoll, fd);

	if (r)
		return r;
	if (find(fake, one, other, fd))
		return -EEXIST;
	watch = find(fake, NULL, NULL, 0);
	if (!watch && fake->watches_end == FAKE_WATCHES)
		return -ENOSPC;
	if (!watch)
		watch = &fake->watches[fake->watches_end++];
	*watch = (struct fake_watch){ one, other, fd };
	return 0;
}

int fake_watch_del(struct fake *fake, int epoll, int fd)
{
	struct fake_watch *watch;
	int r = check(fake, epoll, fd);

	if (r)
		return r;
	watch = find(fake, fake_file_of(fake, epoll), fake_file_of(fake, fd), fd);
	if (!watch)
		return -ENOENT;
	*watch = (struct fake_watch){ 0 };
	return 0;
}

void fake_watch_forget(struct fake *fake, const struct fake_file *file)
{
	for (uint32_t i = 0; i < fake->watches_end; i++)
		if (fake->watches[i].file == file || fake->watches[i].epoll == file)
			fake->watches[i] = (struct fake_watch){ 0 };
}
