/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sys - the system calls of the library.
 *
 * This room alone makes them: all others call vhi_sys_...(), which go through a table, so that tests
 * can put a fake kernel there.  It offers sys.h, the kernel's constants (uapi.h), device nodes (node.h)
 * and lists of CPUs (cpus.h).  It knows nothing of contexts, and sets no error text.
 *
 * Every operation returns 0, an fd or a count, or a negative errno.  Interrupted calls are repeated.
 * Fds are O_CLOEXEC and 3 or higher.
 */
#ifndef LIB_SYSCALL_SYS_H
#define LIB_SYSCALL_SYS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VHI_FD_NONE  (-1)
#define VHI_FD_NEW   (-2) /* in a plan that is only shown: the start will create it */
#define VHI_FD_STALE (-3) /* the kernel has one that has since been replaced */

/* What the library asks about an open file. */
struct vhi_file {
	bool is_char;
	unsigned int major, minor; /* of a character device */
	unsigned int type;	   /* S_IF...; 0: it has none, as an eventfd */
	uint64_t size;		   /* bytes */
	unsigned int seals;	   /* F_SEAL_ of a memfd; 0 for any other file */
	uint64_t device, inode;	   /* the same for every fd of a file, and while it is mapped */
	uint64_t block; /* a mapping begins and ends at multiples of this: a page, or a huge page */
};

#define VHI_NOBODY UINT32_MAX

/* What rtnetlink tells of a tap, at one moment. */
struct vhi_link {
	uint32_t index;
	uint32_t queues; /* with IFF_MULTI_QUEUE; detached or not, whichever process opened them */
	uint32_t owner, group; /* VHI_NOBODY: none */
	bool persists;
};

/* A thread of this process, or a kernel thread. */
struct vhi_task {
	int32_t tid;
	bool kernel;
	char name[16];
};

struct vhi_sys_ops {
	int (*open)(void *data, const char *path, int flags);
	int (*close)(void *data, int fd);
	int (*dup)(void *data, int fd);
	int (*ioctl)(void *data, int fd, unsigned long request, void *arg);
	int (*eventfd)(void *data);
	/* Add 1 to an eventfd. */
	int (*signal)(void *data, int fd);
	/* Read and reset an eventfd's counter.  Never blocks: *ret is 0 when it was 0. */
	int (*drain)(void *data, int fd, uint64_t *ret);
	/* Returns the number of bytes. */
	int (*write)(void *data, int fd, const void *buf, size_t size);
	/* Returns the number of bytes.  Never blocks: 0 when there is nothing to read. */
	int (*read_fd)(void *data, int fd, void *buf, size_t size);
	/* Which of these are ready?  Never blocks; returns how many.  Negative fds are skipped. */
	int (*poll)(void *data, struct pollfd *fds, uint32_t count);
	/* An fd that is readable while any fd that was added to it is. */
	int (*epoll)(void *data);
	int (*epoll_add)(void *data, int epoll, int fd);
	int (*epoll_del)(void *data, int epoll, int fd);
	/* The target of /proc/self/fd: "anon_inode:kvm-vm", "/dev/kvm".  On an error it is not known. */
	int (*name)(void *data, int fd, char *buf, size_t size);
	/* Do two fds refer to the same open file?  1, 0; on an error it is not known. */
	int (*same)(void *data, int a, int b);
	int (*stat)(void *data, int fd, struct vhi_file *ret);
	/* Read a small file as a whole, NUL-terminated.  Returns the number of bytes. */
	int (*read)(void *data, const char *path, char *buf, size_t size);
	/* Is every page of this range mapped in this process?  0 or -ENOMEM. */
	int (*mapped)(void *data, uint64_t addr, uint64_t size);
	/* Copy from memory of this process that may not be mapped: -EFAULT instead of SIGSEGV. */
	int (*peek)(void *data, uint64_t addr, void *buf, size_t size);
	/*
	 * Map a part of a file, shared, with an inaccessible guard page before and after it.
	 * @fd: VHI_FD_NONE for zeros, which forked children share.  @offset: a multiple of the
	 * machine's page size.
	 */
	int (*map)(void *data, int fd, uint64_t offset, uint64_t size, void **ret);
	void (*unmap)(void *data, void *addr, uint64_t size);
	/* The same of a file without guard pages.  @offset, @size: multiples of its block. */
	int (*map_blocks)(void *data, int fd, uint64_t offset, uint64_t size, void **ret);
	void (*unmap_blocks)(void *data, void *addr, uint64_t size);
	/* A socket for the SIOC... calls, in this thread's network namespace. */
	int (*socket)(void *data);
	/* A tap of this thread's network namespace. */
	int (*link_get)(void *data, const char *name, struct vhi_link *ret);
	int (*link_delete)(void *data, uint32_t index);
	/* An fd that is readable once such a link has gone, to be read by read_fd(). */
	int (*link_watch)(void *data, const char *name);
	/* Open a path inside a new network namespace, which exists as long as the fd. */
	int (*open_in_new_netns)(void *data, const char *path, int flags);
	/* The effective user ID, which owns a tap unless another is given. */
	uint32_t (*user)(void *data);
	/* The kernel's release, such as "6.1.0-13-amd64". */
	int (*release)(void *data, char *buf, size_t size);
	/* This process, and this thread of it. */
	int32_t (*pid)(void *data);
	int32_t (*tid)(void *data);
	/*
	 * Threads of this process, and with @kernel kernel threads too, whose name begins with @prefix.
	 * Returns how many there are, of which at most @room are written; -ENOENT unless /proc is
	 * mounted for the PID namespace of this process.
	 */
	int (*tasks)(void *data, const char *prefix, bool kernel, struct vhi_task *ret,
		     uint32_t room);
	/* CPU affinity of a thread: bit 0 of word 0 is CPU 0. */
	int (*set_cpus)(void *data, int32_t tid, const uint64_t *cpus, uint32_t words);
	int (*set_sched)(void *data, int32_t tid, int32_t policy, int32_t priority);
};

/* The real kernel; its data is NULL. */
extern const struct vhi_sys_ops vhi_sys_linux;

/* A kernel: its operations, and their first argument. */
struct vhi_sys {
	const struct vhi_sys_ops *ops;
	void *data;
};

int vhi_sys_open(const struct vhi_sys *sys, const char *path, int flags);
int vhi_sys_dup(const struct vhi_sys *sys, int fd);
int vhi_sys_ioctl(const struct vhi_sys *sys, int fd, unsigned long request, void *arg);
/**
 * vhi_sys_is_unsupported() - does this result of a newer vhost ioctl mean that the kernel lacks it?  An
 * older kernel takes its number for a ring's call, and returns one of several errors.
 */
bool vhi_sys_is_unsupported(int r);
int vhi_sys_peek(const struct vhi_sys *sys, uint64_t addr, void *buf, size_t size);
/** vhi_sys_readable() - is there something to read?  False if that cannot be told. */
bool vhi_sys_readable(const struct vhi_sys *sys, int fd);
/** vhi_sys_same() - do these two fds refer to the same open file?  False if that cannot be told. */
bool vhi_sys_same(const struct vhi_sys *sys, int a, int b);
/** vhi_sys_write() - write all of it in one call; -EIO when only a part was written. */
int vhi_sys_write(const struct vhi_sys *sys, int fd, const void *buf, size_t size);

/** vhi_sys_close() - close an fd unless it is negative, and set it to -1. */
void vhi_sys_close(const struct vhi_sys *sys, int *fd);

/**
 * vhi_sys_close_all() - close these fds in parallel, each in a thread of its own, and return when all
 * are closed: the last close of a vhost fd waits for RCU grace periods, 10 to 25 ms each.  If a thread
 * cannot be created, that fd is closed in this one; so are all if calls are traced.
 */
void vhi_sys_close_all(const struct vhi_sys *sys, int *fds, uint32_t count);

static inline int vhi_sys_eventfd(const struct vhi_sys *sys)
{
	return sys->ops->eventfd(sys->data);
}

static inline int vhi_sys_signal(const struct vhi_sys *sys, int fd)
{
	return sys->ops->signal(sys->data, fd);
}

static inline int vhi_sys_drain(const struct vhi_sys *sys, int fd, uint64_t *ret)
{
	return sys->ops->drain(sys->data, fd, ret);
}

static inline int vhi_sys_read_fd(const struct vhi_sys *sys, int fd, void *buf, size_t size)
{
	return sys->ops->read_fd(sys->data, fd, buf, size);
}

static inline int vhi_sys_poll(const struct vhi_sys *sys, struct pollfd *fds, uint32_t count)
{
	return sys->ops->poll(sys->data, fds, count);
}

static inline int vhi_sys_epoll(const struct vhi_sys *sys)
{
	return sys->ops->epoll(sys->data);
}

static inline int vhi_sys_epoll_add(const struct vhi_sys *sys, int epoll, int fd)
{
	return sys->ops->epoll_add(sys->data, epoll, fd);
}

static inline int vhi_sys_epoll_del(const struct vhi_sys *sys, int epoll, int fd)
{
	return sys->ops->epoll_del(sys->data, epoll, fd);
}

static inline int vhi_sys_name(const struct vhi_sys *sys, int fd, char *buf, size_t size)
{
	return sys->ops->name(sys->data, fd, buf, size);
}

static inline int vhi_sys_stat(const struct vhi_sys *sys, int fd, struct vhi_file *ret)
{
	return sys->ops->stat(sys->data, fd, ret);
}

static inline int vhi_sys_read(const struct vhi_sys *sys, const char *path, char *buf, size_t size)
{
	return sys->ops->read(sys->data, path, buf, size);
}

static inline int vhi_sys_mapped(const struct vhi_sys *sys, uint64_t addr, uint64_t size)
{
	return sys->ops->mapped(sys->data, addr, size);
}

static inline int vhi_sys_map(const struct vhi_sys *sys, int fd, uint64_t offset, uint64_t size,
			      void **ret)
{
	return sys->ops->map(sys->data, fd, offset, size, ret);
}

static inline void vhi_sys_unmap(const struct vhi_sys *sys, void *addr, uint64_t size)
{
	sys->ops->unmap(sys->data, addr, size);
}

static inline int vhi_sys_map_blocks(const struct vhi_sys *sys, int fd, uint64_t offset,
				     uint64_t size, void **ret)
{
	return sys->ops->map_blocks(sys->data, fd, offset, size, ret);
}

static inline void vhi_sys_unmap_blocks(const struct vhi_sys *sys, void *addr, uint64_t size)
{
	sys->ops->unmap_blocks(sys->data, addr, size);
}

static inline int vhi_sys_socket(const struct vhi_sys *sys)
{
	return sys->ops->socket(sys->data);
}

static inline int vhi_sys_link_get(const struct vhi_sys *sys, const char *name,
				   struct vhi_link *ret)
{
	return sys->ops->link_get(sys->data, name, ret);
}

static inline int vhi_sys_link_delete(const struct vhi_sys *sys, uint32_t index)
{
	return sys->ops->link_delete(sys->data, index);
}

static inline int vhi_sys_link_watch(const struct vhi_sys *sys, const char *name)
{
	return sys->ops->link_watch(sys->data, name);
}

static inline int vhi_sys_open_in_new_netns(const struct vhi_sys *sys, const char *path, int flags)
{
	return sys->ops->open_in_new_netns(sys->data, path, flags);
}

static inline uint32_t vhi_sys_user(const struct vhi_sys *sys)
{
	return sys->ops->user(sys->data);
}

static inline int vhi_sys_release(const struct vhi_sys *sys, char *buf, size_t size)
{
	return sys->ops->release(sys->data, buf, size);
}

static inline int32_t vhi_sys_pid(const struct vhi_sys *sys)
{
	return sys->ops->pid(sys->data);
}

static inline int32_t vhi_sys_tid(const struct vhi_sys *sys)
{
	return sys->ops->tid(sys->data);
}

static inline int vhi_sys_tasks(const struct vhi_sys *sys, const char *prefix, bool kernel,
				struct vhi_task *ret, uint32_t room)
{
	return sys->ops->tasks(sys->data, prefix, kernel, ret, room);
}

static inline int vhi_sys_set_cpus(const struct vhi_sys *sys, int32_t tid, const uint64_t *cpus,
				   uint32_t words)
{
	return sys->ops->set_cpus(sys->data, tid, cpus, words);
}

static inline int vhi_sys_set_sched(const struct vhi_sys *sys, int32_t tid, int32_t policy,
				    int32_t priority)
{
	return sys->ops->set_sched(sys->data, tid, policy, priority);
}

/* With the kernel's EAGAIN, which vhi_sys_ioctl() turns into EIO. */
static inline int vhi_sys_ioctl_raw(const struct vhi_sys *sys, int fd, unsigned long request,
				    void *arg)
{
	return sys->ops->ioctl(sys->data, fd, request, arg);
}

#endif
