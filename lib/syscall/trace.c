/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * trace - the operations, each with its name, arguments, result and errno as a line.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "errname.h"
#include "syscall/decode.h"
#include "syscall/trace.h"

#define LINE_SIZE 900

/* Add the result, and return it. */
__attribute__((format(printf, 3, 4))) static int say(const struct vhi_trace *t, int result,
						     const char *format, ...)
{
	char line[LINE_SIZE + DOC_ERRNO_MAX + 8], number[DOC_ERRNO_MAX];
	size_t used;
	va_list args;

	va_start(args, format);
	vsnprintf(line, LINE_SIZE, format, args);
	va_end(args);
	used = strlen(line);
	if (result < 0)
		snprintf(line + used, sizeof(line) - used, " = -1 %s", doc_errno(number, result));
	else
		snprintf(line + used, sizeof(line) - used, " = %d", result);
	t->line(t->data, line);
	return result;
}

#define NEXT(t, operation, ...) (t)->next.ops->operation((t)->next.data, ##__VA_ARGS__)
#define ROLE(t, fd)		vhi_decode_fd(t, fd, (char[VHI_ROLE_MAX]){ 0 })
#define FLAGS(flags)		vhi_decode_flags(flags, (char[VHI_ROLE_MAX]){ 0 })
#define TEXT(r, buf)		(r) < 0 ? "" : (buf)

/* ------------------------------------------------------------------------------------------- files */

static int trace_open(void *data, const char *path, int flags)
{
	struct vhi_trace *t = data;

	return say(t, NEXT(t, open, path, flags), "open(\"%s\", %s)", path, FLAGS(flags));
}

static int trace_close(void *data, int fd)
{
	struct vhi_trace *t = data;
	const char *role = ROLE(t, fd);

	return say(t, NEXT(t, close, fd), "close(%s)", role);
}

static int trace_dup(void *data, int fd)
{
	struct vhi_trace *t = data;

	return say(t, NEXT(t, dup, fd), "dup(%s)", ROLE(t, fd));
}

static int trace_ioctl(void *data, int fd, unsigned long request, void *arg)
{
	struct vhi_trace *t = data;
	int r = NEXT(t, ioctl, fd, request, arg);
	char text[VHI_DECODE_MAX];

	return say(t, r, "ioctl(%s, %s)", ROLE(t, fd), vhi_decode_ioctl(t, request, arg, r, text));
}

static int trace_write(void *data, int fd, const void *buf, size_t size)
{
	struct vhi_trace *t = data;
	char text[VHI_DECODE_MAX];

	return say(t, NEXT(t, write, fd, buf, size), "write(%s, %s)", ROLE(t, fd),
		   vhi_decode_message(buf, size, text));
}

static int trace_read_fd(void *data, int fd, void *buf, size_t size)
{
	struct vhi_trace *t = data;
	int r = NEXT(t, read_fd, fd, buf, size);
	char text[VHI_DECODE_MAX];

	return say(t, r, "read_fd(%s, %s)", ROLE(t, fd),
		   vhi_decode_message(buf, r < 0 ? 0 : (size_t)r, text));
}

static int trace_read(void *data, const char *path, char *buf, size_t size)
{
	struct vhi_trace *t = data;
	int r = NEXT(t, read, path, buf, size);

	return say(t, r, "read(\"%s\", \"%.100s\")", path, TEXT(r, buf));
}

static int trace_name(void *data, int fd, char *buf, size_t size)
{
	struct vhi_trace *t = data;
	int r = NEXT(t, name, fd, buf, size);

	return say(t, r, "name(%d, \"%s\")", fd, TEXT(r, buf));
}

static int trace_same(void *data, int a, int b)
{
	struct vhi_trace *t = data;

	return say(t, NEXT(t, same, a, b), "same(%s, %s)", ROLE(t, a), ROLE(t, b));
}

static int trace_stat(void *data, int fd, struct vhi_file *ret)
{
	struct vhi_trace *t = data;
	int r = NEXT(t, stat, fd, ret);

	if (r < 0 || !ret->is_char)
		return say(t, r, "stat(%s)", ROLE(t, fd));
	return say(t, r, "stat(%s, {device %u:%u})", ROLE(t, fd), ret->major, ret->minor);
}

/* ------------------------------------------------------------------------------- eventfds and polling */

static int trace_eventfd(void *data)
{
	struct vhi_trace *t = data;

	return say(t, NEXT(t, eventfd), "eventfd()");
}

static int trace_signal(void *data, int fd)
{
	struct vhi_trace *t = data;

	return say(t, NEXT(t, signal, fd), "signal(%s)", ROLE(t, fd));
}

static int trace_drain(void *data, int fd, uint64_t *ret)
{
	struct vhi_trace *t = data;
	int r = NEXT(t, drain, fd, ret);

	return say(t, r, "drain(%s, %llu)", ROLE(t, fd), r < 0 ? 0 : (unsigned long long)*ret);
}

static int trace_poll(void *data, struct pollfd *fds, uint32_t count)
{
	struct vhi_trace *t = data;

	return say(t, NEXT(t, poll, fds, count), "poll(%s%s)", count ? ROLE(t, fds[0].fd) : "",
		   count > 1 ? ", ..." : "");
}

static int trace_epoll(void *data)
{
	struct vhi_trace *t = data;

	return say(t, NEXT(t, epoll), "epoll()");
}

static int trace_epoll_add(void *data, int epoll, int fd)
{
	struct vhi_trace *t = data;

	return say(t, NEXT(t, epoll_add, epoll, fd), "epoll_add(%d, %s)", epoll, ROLE(t, fd));
}

static int trace_epoll_del(void *data, int epoll, int fd)
{
	struct vhi_trace *t = data;

	return say(t, NEXT(t, epoll_del, epoll, fd), "epoll_del(%d, %s)", epoll, ROLE(t, fd));
}

/* ------------------------------------------------------------------------------------------ memory */

static int trace_mapped(void *data, uint64_t addr, uint64_t size)
{
	struct vhi_trace *t = data;

	return say(t, NEXT(t, mapped, addr, size), "mapped(0x%llx, 0x%llx bytes)",
		   (unsigned long long)addr, (unsigned long long)size);
}

static int trace_peek(void *data, uint64_t addr, void *buf, size_t size)
{
	struct vhi_trace *t = data;

	return say(t, NEXT(t, peek, addr, buf, size), "peek(0x%llx, %zu bytes)",
		   (unsigned long long)addr, size);
}

static int trace_map(void *data, int fd, uint64_t offset, uint64_t size, void **ret)
{
	struct vhi_trace *t = data;
	int r = NEXT(t, map, fd, offset, size, ret);

	return say(t, r, "map(%s, offset 0x%llx, 0x%llx bytes, at %p)", ROLE(t, fd),
		   (unsigned long long)offset, (unsigned long long)size, r < 0 ? NULL : *ret);
}

static void trace_unmap(void *data, void *addr, uint64_t size)
{
	struct vhi_trace *t = data;

	NEXT(t, unmap, addr, size);
	say(t, 0, "unmap(%p, 0x%llx bytes)", addr, (unsigned long long)size);
}

static int trace_map_blocks(void *data, int fd, uint64_t offset, uint64_t size, void **ret)
{
	struct vhi_trace *t = data;
	int r = NEXT(t, map_blocks, fd, offset, size, ret);

	return say(t, r, "map_blocks(%s, offset 0x%llx, 0x%llx bytes, at %p)", ROLE(t, fd),
		   (unsigned long long)offset, (unsigned long long)size, r < 0 ? NULL : *ret);
}

static void trace_unmap_blocks(void *data, void *addr, uint64_t size)
{
	struct vhi_trace *t = data;

	NEXT(t, unmap_blocks, addr, size);
	say(t, 0, "unmap_blocks(%p, 0x%llx bytes)", addr, (unsigned long long)size);
}

/* ------------------------------------------------------------------------------------------- links */

static int trace_socket(void *data)
{
	struct vhi_trace *t = data;

	return say(t, NEXT(t, socket), "socket()");
}

static int trace_link_get(void *data, const char *name, struct vhi_link *ret)
{
	struct vhi_trace *t = data;
	int r = NEXT(t, link_get, name, ret);

	if (r < 0)
		return say(t, r, "link_get(\"%s\")", name);
	return say(t, r, "link_get(\"%s\", {index %u, %u queues%s})", name, ret->index, ret->queues,
		   ret->persists ? ", persistent" : "");
}

static int trace_link_delete(void *data, uint32_t index)
{
	struct vhi_trace *t = data;

	return say(t, NEXT(t, link_delete, index), "link_delete(%u)", index);
}

static int trace_link_watch(void *data, const char *name)
{
	struct vhi_trace *t = data;

	return say(t, NEXT(t, link_watch, name), "link_watch(\"%s\")", name);
}

static int trace_open_in_new_netns(void *data, const char *path, int flags)
{
	struct vhi_trace *t = data;

	return say(t, NEXT(t, open_in_new_netns, path, flags), "open_in_new_netns(\"%s\", %s)",
		   path, FLAGS(flags));
}

/* ---------------------------------------------------------------------------- processes and threads */

static uint32_t trace_user(void *data)
{
	struct vhi_trace *t = data;
	uint32_t user = NEXT(t, user);

	say(t, 0, "user(%u)", user);
	return user;
}

static int trace_release(void *data, char *buf, size_t size)
{
	struct vhi_trace *t = data;
	int r = NEXT(t, release, buf, size);

	return say(t, r, "release(\"%s\")", TEXT(r, buf));
}

static int32_t trace_pid(void *data)
{
	struct vhi_trace *t = data;

	return say(t, NEXT(t, pid), "pid()");
}

static int32_t trace_tid(void *data)
{
	struct vhi_trace *t = data;

	return say(t, NEXT(t, tid), "tid()");
}

static int trace_tasks(void *data, const char *prefix, bool kernel, struct vhi_task *ret,
		       uint32_t room)
{
	struct vhi_trace *t = data;

	return say(t, NEXT(t, tasks, prefix, kernel, ret, room), "tasks(\"%s\"%s)", prefix,
		   kernel ? ", and the kernel's" : "");
}

static int trace_set_cpus(void *data, int32_t tid, const uint64_t *cpus, uint32_t words)
{
	struct vhi_trace *t = data;

	return say(t, NEXT(t, set_cpus, tid, cpus, words), "set_cpus(%d, 0x%llx%s)", tid,
		   words ? (unsigned long long)cpus[0] : 0, words > 1 ? "..." : "");
}

static int trace_set_sched(void *data, int32_t tid, int32_t policy, int32_t priority)
{
	struct vhi_trace *t = data;

	return say(t, NEXT(t, set_sched, tid, policy, priority),
		   "set_sched(%d, policy %d, priority %d)", tid, policy, priority);
}

const struct vhi_sys_ops vhi_sys_trace = {
	.open = trace_open,
	.close = trace_close,
	.dup = trace_dup,
	.ioctl = trace_ioctl,
	.eventfd = trace_eventfd,
	.signal = trace_signal,
	.drain = trace_drain,
	.write = trace_write,
	.read_fd = trace_read_fd,
	.poll = trace_poll,
	.epoll = trace_epoll,
	.epoll_add = trace_epoll_add,
	.epoll_del = trace_epoll_del,
	.name = trace_name,
	.same = trace_same,
	.stat = trace_stat,
	.read = trace_read,
	.mapped = trace_mapped,
	.peek = trace_peek,
	.map = trace_map,
	.unmap = trace_unmap,
	.map_blocks = trace_map_blocks,
	.unmap_blocks = trace_unmap_blocks,
	.socket = trace_socket,
	.link_get = trace_link_get,
	.link_delete = trace_link_delete,
	.link_watch = trace_link_watch,
	.open_in_new_netns = trace_open_in_new_netns,
	.user = trace_user,
	.release = trace_release,
	.pid = trace_pid,
	.tid = trace_tid,
	.tasks = trace_tasks,
	.set_cpus = trace_set_cpus,
	.set_sched = trace_set_sched,
};
