/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sys - operations that are more than a call through the table.
 */
#include <errno.h>
#include <stdlib.h>

#include "syscall/linux.h"
#include "syscall/sys.h"
#include "syscall/trace.h"

int vhi_sys_open(const struct vhi_sys *sys, const char *path, int flags)
{
	return sys->ops->open(sys->data, path, flags);
}

int vhi_sys_dup(const struct vhi_sys *sys, int fd)
{
	return sys->ops->dup(sys->data, fd);
}

/* The API keeps EAGAIN for "something is still to be set", so the kernel's becomes EIO. */
int vhi_sys_ioctl(const struct vhi_sys *sys, int fd, unsigned long request, void *arg)
{
	int r = sys->ops->ioctl(sys->data, fd, request, arg);

	return r == -EAGAIN ? -EIO : r;
}

bool vhi_sys_is_unsupported(int r)
{
	return r == -EPERM || r == -ENOBUFS || r == -ENOTTY || r == -EINVAL;
}

int vhi_sys_peek(const struct vhi_sys *sys, uint64_t addr, void *buf, size_t size)
{
	return sys->ops->peek(sys->data, addr, buf, size);
}

bool vhi_sys_readable(const struct vhi_sys *sys, int fd)
{
	struct pollfd ready = { fd, POLLIN, 0 };

	return sys->ops->poll(sys->data, &ready, 1) == 1 && ready.revents & POLLIN;
}

bool vhi_sys_same(const struct vhi_sys *sys, int a, int b)
{
	return sys->ops->same(sys->data, a, b) == 1;
}

int vhi_sys_write(const struct vhi_sys *sys, int fd, const void *buf, size_t size)
{
	int r = sys->ops->write(sys->data, fd, buf, size);

	if (r < 0)
		return r == -EAGAIN ? -EIO : r;
	return (size_t)r == size ? 0 : -EIO;
}

void vhi_sys_close(const struct vhi_sys *sys, int *fd)
{
	if (*fd >= 0)
		sys->ops->close(sys->data, *fd);
	*fd = -1;
}

struct closing {
	const struct vhi_sys *sys;
	int *fd;
	pthread_t thread;
	bool threaded;
};

static void *close_one(void *arg)
{
	struct closing *job = arg;

	vhi_sys_close(job->sys, job->fd);
	return NULL;
}

void vhi_sys_close_all(const struct vhi_sys *sys, int *fds, uint32_t count)
{
	bool traced = sys->ops == &vhi_sys_trace; /* its lines come in order, from one thread */
	struct closing *jobs = count > 1 && !traced ? calloc(count, sizeof(*jobs)) : NULL;

	/* the first is closed in this thread, which saves one */
	for (uint32_t i = 1; jobs && i < count; i++) {
		jobs[i] = (struct closing){ .sys = sys, .fd = &fds[i] };
		jobs[i].threaded = fds[i] >= 0 &&
				   !vhi_linux_start_thread(&jobs[i].thread, close_one, &jobs[i]);
	}
	for (uint32_t i = 0; i < count; i++)
		if (!jobs || !jobs[i].threaded)
			vhi_sys_close(sys, &fds[i]);
	for (uint32_t i = 1; jobs && i < count; i++)
		if (jobs[i].threaded)
			pthread_join(jobs[i].thread, NULL);
	free(jobs);
}
