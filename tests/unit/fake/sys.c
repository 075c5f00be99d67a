/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sys - the operations of struct vhi_sys_ops on the fake kernel; poll.c, task.c and link.c have theirs.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vhost.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "model.h"

static int open_node(struct fake *fake, const char *path, uint32_t netns)
{
	for (uint32_t i = 0; fake_nodes[i].path; i++) {
		struct fake_file *file;

		if (strcmp(fake_nodes[i].path, path))
			continue;
		if (fake->node_errors[i])
			return -fake->node_errors[i];
		file = fake_file_new(fake, fake_nodes[i].kind);
		if (!file)
			return -ENFILE;
		file->node = &fake_nodes[i];
		file->netns = netns;
		return fake_fd_new(fake, file);
	}
	return -ENOENT;
}

static int fake_open(void *data, const char *path, int flags)
{
	struct fake *fake = data;
	int r = fake_enter(fake, "open", -1, 0);

	return fake_leave(fake, r ? r : open_node(fake, path, 0));
}

static int fake_open_in_new_netns(void *data, const char *path, int flags)
{
	struct fake *fake = data;
	int r = fake_enter(fake, "open_in_new_netns", -1, 0);

	if (!r && fake->uid)
		r = -EPERM;
	return fake_leave(fake, r ? r : open_node(fake, path, fake->next_netns++));
}

/* Linux closes also when it says EINTR or EIO. */
static int fake_sys_close(void *data, int fd)
{
	struct fake *fake = data;
	int r = fake_enter(fake, "close", fd, 0);
	int closed = fake_fd_close(fake, fd);

	return fake_leave(fake, closed ? closed : r);
}

static int fake_dup(void *data, int fd)
{
	struct fake *fake = data;
	int r = fake_enter(fake, "dup", fd, 0);
	struct fake_file *file = fake_file_of(fake, fd);

	if (!r)
		r = file ? fake_fd_new(fake, fake_file_ref(file)) : -EBADF;
	return fake_leave(fake, r);
}

static int fake_sys_eventfd(void *data)
{
	struct fake *fake = data;
	int r = fake_enter(fake, "eventfd", -1, 0);

	return fake_leave(fake, r ? r : fake_eventfd(fake));
}

static int fake_signal(void *data, int fd)
{
	struct fake *fake = data;
	int r = fake_enter(fake, "signal", fd, 0);
	struct fake_file *file = fake_file_of(fake, fd);

	if (r)
		return fake_leave(fake, r);
	if (!file || file->kind != FAKE_EVENTFD)
		return fake_leave(fake, file ? -EINVAL : -EBADF);
	fake_eventfd_add(fake, file);
	return fake_leave(fake, 0);
}

static int fake_drain(void *data, int fd, uint64_t *count)
{
	struct fake *fake = data;
	int r = fake_enter(fake, "drain", fd, 0);
	struct fake_file *file = fake_file_of(fake, fd);

	*count = 0;
	if (r)
		return fake_leave(fake, r);
	if (!file || file->kind != FAKE_EVENTFD)
		return fake_leave(fake, file ? -EINVAL : -EBADF);
	*count = file->counter;
	file->counter = 0;
	return fake_leave(fake, 0);
}

static int fake_name(void *data, int fd, char *buf, size_t size)
{
	static const char *const names[] = { [FAKE_EVENTFD] = "anon_inode:[eventfd]",
					     [FAKE_VM] = "anon_inode:kvm-vm",
					     [FAKE_VCPU] = "anon_inode:kvm-vcpu:0",
					     [FAKE_SOCKET] = "socket:[1]" };
	struct fake *fake = data;
	int r = fake_enter(fake, "name", fd, 0);
	struct fake_file *file = fake_file_of(fake, fd);

	if (r || !file)
		return fake_leave(fake, r ? r : -ENOENT);
	snprintf(buf, size, "%s", file->node ? file->node->path : names[file->kind]);
	return fake_leave(fake, 0);
}

static bool has_messages(const struct fake_file *file)
{
	return file->kind == FAKE_VHOST_NET || file->kind == FAKE_VHOST_VSOCK;
}

static int fake_write(void *data, int fd, const void *buf, size_t size)
{
	struct fake *fake = data;
	int r = fake_enter(fake, fake_message_name(buf, size), fd, 0);
	struct fake_file *file = fake_file_of(fake, fd);

	if (r)
		return fake_leave(fake, r);
	if (file && file->kind == FAKE_TUN)
		return fake_leave(fake, fake_tun_write(file, buf, size));
	if (!file || !has_messages(file))
		return fake_leave(fake, file ? -EINVAL : -EBADF);
	return fake_leave(fake, fake_message_write(fake, file->vhost, buf, size));
}

static int fake_read_fd(void *data, int fd, void *buf, size_t size)
{
	struct fake *fake = data;
	int r = fake_enter(fake, "read_fd", fd, 0);
	struct fake_file *file = fake_file_of(fake, fd);

	if (r)
		return fake_leave(fake, r);
	if (file && file->kind == FAKE_SOCKET) {
		file->told = true;
		return fake_leave(fake, 16);
	}
	if (!file || !has_messages(file))
		return fake_leave(fake, file ? -EINVAL : -EBADF);
	return fake_leave(fake, fake_message_read(file->vhost, buf, size));
}

static int fake_same(void *data, int a, int b)
{
	struct fake *fake = data;
	int r = fake_enter(fake, "same", a, 0);
	struct fake_file *one = fake_file_of(fake, a), *other = fake_file_of(fake, b);

	if (!r)
		r = one && other ? one == other : -EBADF;
	if (r >= 0 && fake->profile.vms_alike && one->kind == FAKE_VM)
		r = -EPERM;
	return fake_leave(fake, r);
}

static int fake_stat(void *data, int fd, struct vhi_file *ret)
{
	struct fake *fake = data;
	int r = fake_enter(fake, "stat", fd, 0);
	struct fake_file *file = fake_file_of(fake, fd);

	if (r || !file)
		return fake_leave(fake, r ? r : -EBADF);
	*ret = (struct vhi_file){ 0 };
	if (file->node)
		*ret = (struct vhi_file){ true, file->node->major, file->node->minor };
	ret->type = file->node ? S_IFCHR : file->size ? S_IFREG : 0;
	ret->size = file->size;
	ret->seals = file->seals;
	ret->device = 1;
	ret->inode = fake_inode(fake, file);
	ret->block = file->block ? file->block : 4096;
	return fake_leave(fake, 0);
}

static int fake_read(void *data, const char *path, char *buf, size_t size)
{
	struct fake *fake = data;
	int r = fake_enter(fake, "read", -1, 0);

	return fake_leave(fake, r ? r : fake_sysfs(fake, path, buf, size));
}

static int fake_mapped(void *data, uint64_t addr, uint64_t size)
{
	struct fake *fake = data;
	int r = fake_enter(fake, "mapped", -1, 0);

	if (!r && msync((void *)(uintptr_t)addr, size, MS_ASYNC))
		r = -errno;
	return fake_leave(fake, r);
}

static int fake_peek(void *data, uint64_t addr, void *buf, size_t size)
{
	struct fake *fake = data;
	int r = fake_enter(fake, "peek", -1, 0);

	return fake_leave(fake, r ? r : fake_user_get(buf, (const void *)(uintptr_t)addr, size));
}

static int fake_map(void *data, int fd, uint64_t offset, uint64_t size, void **ret)
{
	struct fake *fake = data;
	int r = fake_enter(fake, "map", fd, 0);
	struct fake_file *file = fake_file_of(fake, fd);

	if (!r && fd >= 0 && (!file || file->kind != FAKE_MEMFD))
		r = file ? -ENODEV : -EBADF;
	return fake_leave(fake, r ? r : fake_map_file(fake, file, offset, size, ret));
}

static void fake_unmap(void *data, void *addr, uint64_t size)
{
	struct fake *fake = data;

	/* it cannot fail, so it is not in the list of calls */
	pthread_mutex_lock(&fake->lock);
	fake_unmap_file(fake, addr, size);
	pthread_mutex_unlock(&fake->lock);
}

static int fake_map_blocks(void *data, int fd, uint64_t offset, uint64_t size, void **ret)
{
	struct fake *fake = data;
	int r = fake_enter(fake, "map_blocks", fd, 0);
	struct fake_file *file = fake_file_of(fake, fd);

	if (!r && (!file || file->kind != FAKE_MEMFD))
		r = file ? -ENODEV : -EBADF;
	return fake_leave(fake, r ? r : fake_map_memory(fake, file, offset, size, ret));
}

static void fake_unmap_blocks(void *data, void *addr, uint64_t size)
{
	struct fake *fake = data;

	pthread_mutex_lock(&fake->lock);
	fake_unmap_memory(fake, addr, size);
	pthread_mutex_unlock(&fake->lock);
}

static int fake_socket(void *data)
{
	struct fake *fake = data;
	int r = fake_enter(fake, "socket", -1, 0);

	return fake_leave(fake, r ? r : fake_fd_new(fake, fake_file_new(fake, FAKE_SOCKET)));
}

static uint32_t fake_user(void *data)
{
	return ((struct fake *)data)->uid;
}

static int fake_release(void *data, char *buf, size_t size)
{
	struct fake *fake = data;
	int r = fake_enter(fake, "release", -1, 0);

	if (!r)
		snprintf(buf, size, "%s", fake->profile.release);
	return fake_leave(fake, r);
}

static int32_t fake_pid(void *data)
{
	return ((struct fake *)data)->pid;
}

static int32_t fake_tid(void *data)
{
	return ((struct fake *)data)->tid;
}

/* Which ring a call is about: in all of these the first word. */
static uint32_t index_of(unsigned long request, const void *arg)
{
	uint32_t index = 0;

	if (_IOC_TYPE(request) == VHOST_VIRTIO &&
	    ((_IOC_NR(request) & 0xf0) == 0x10 || (_IOC_NR(request) & 0xf0) == 0x20 ||
	     request == VHOST_NET_SET_BACKEND))
		fake_user_get(&index, arg, sizeof(index));
	return index;
}

static int fake_ioctl(void *data, int fd, unsigned long request, void *arg)
{
	struct fake *fake = data;
	int r = fake_enter(fake, fake_request_name(request), fd, index_of(request, arg));
	struct fake_file *file = fake_file_of(fake, fd);

	if (r || !file)
		return fake_leave(fake, r ? r : -EBADF);
	switch (file->kind) {
	case FAKE_VHOST_NET:
	case FAKE_VHOST_VSOCK:
	case FAKE_VHOST_SCSI:
		return fake_leave(fake, fake_vhost_ioctl(fake, file, request, arg));
	case FAKE_TUN:
		return fake_leave(fake, fake_tun_ioctl(fake, file, request, arg));
	case FAKE_SOCKET:
		return fake_leave(fake, fake_socket_ioctl(fake, request, arg));
	case FAKE_KVM:
	case FAKE_VM:
	case FAKE_VCPU:
		return fake_leave(fake, fake_kvm_ioctl(fake, file, request, arg));
	default:
		return fake_leave(fake, -ENOTTY);
	}
}

const struct vhi_sys_ops fake_sys = {
	.open = fake_open,
	.close = fake_sys_close,
	.dup = fake_dup,
	.ioctl = fake_ioctl,
	.eventfd = fake_sys_eventfd,
	.signal = fake_signal,
	.drain = fake_drain,
	.write = fake_write,
	.read_fd = fake_read_fd,
	.poll = fake_poll,
	.epoll = fake_epoll,
	.epoll_add = fake_epoll_add,
	.epoll_del = fake_epoll_del,
	.name = fake_name,
	.same = fake_same,
	.stat = fake_stat,
	.read = fake_read,
	.mapped = fake_mapped,
	.peek = fake_peek,
	.map = fake_map,
	.unmap = fake_unmap,
	.map_blocks = fake_map_blocks,
	.unmap_blocks = fake_unmap_blocks,
	.socket = fake_socket,
	.link_get = fake_sys_link_get,
	.link_delete = fake_sys_link_delete,
	.link_watch = fake_sys_link_watch,
	.open_in_new_netns = fake_open_in_new_netns,
	.user = fake_user,
	.release = fake_release,
	.pid = fake_pid,
	.tid = fake_tid,
	.tasks = fake_tasks,
	.set_cpus = fake_set_cpus,
	.set_sched = fake_set_sched,
};
