/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * poll - what of the fake kernel's files is readable, the epoll files that look at others, and the operations
 * that ask and change them.
 */
#include <errno.h>
#include <poll.h>

#include "model.h"

static bool is_readable(const struct fake *fake, const struct fake_file *file)
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
			    is_readable(fake, fake->watches[i].file))
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

static int add_watch(struct fake *fake, int epoll, int fd)
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

static int delete_watch(struct fake *fake, int epoll, int fd)
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

/* ----------------------------------------------------------------------------------- operations */

int fake_poll(void *data, struct pollfd *fds, uint32_t count)
{
	struct fake *fake = data;
	int r = fake_enter(fake, "poll", -1, 0), ready = 0;

	for (uint32_t i = 0; i < count && !r; i++) {
		const struct fake_file *file = fake_file_of(fake, fds[i].fd);
		bool readable = file && fds[i].events & POLLIN && is_readable(fake, file);

		fds[i].revents = readable ? POLLIN : file || fds[i].fd < 0 ? 0 : POLLNVAL;
		if (file && fake_tun_failed(file))
			fds[i].revents |= POLLERR;
		ready += fds[i].revents != 0;
	}
	return fake_leave(fake, r ? r : ready);
}

int fake_epoll(void *data)
{
	struct fake *fake = data;
	int r = fake_enter(fake, "epoll", -1, 0);

	return fake_leave(fake, r ? r : fake_fd_new(fake, fake_file_new(fake, FAKE_EPOLL)));
}

int fake_epoll_add(void *data, int epoll, int fd)
{
	struct fake *fake = data;
	int r = fake_enter(fake, "add", fd, 0);

	return fake_leave(fake, r ? r : add_watch(fake, epoll, fd));
}

int fake_epoll_del(void *data, int epoll, int fd)
{
	struct fake *fake = data;
	int r = fake_enter(fake, "del", fd, 0);

	return fake_leave(fake, r ? r : delete_watch(fake, epoll, fd));
}
