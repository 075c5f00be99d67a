/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linux - the real kernel: fds, files and sockets.  Memory is in memory.c, threads are in tasks.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vhost.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "syscall/linux.h"

#define OWNER_ATTEMPTS 64 /* a busy host may take longer for one than the time between two stops */

int vhi_linux_lift(int fd)
{
	int high;

	if (fd < 0)
		return -errno;
	if (fd >= VHI_LOWEST_FD)
		return fd;
	high = fcntl(fd, F_DUPFD_CLOEXEC, VHI_LOWEST_FD);
	high = high < 0 ? -errno : high;
	close(fd);
	return high;
}

void vhi_linux_block_signals(sigset_t *ret)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, ret);
}

int vhi_linux_start_thread(pthread_t *thread, void *(*run)(void *), void *arg)
{
	sigset_t before;
	int r;

	vhi_linux_block_signals(&before);
	r = pthread_create(thread, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}

static int linux_open(void *data, const char *path, int flags)
{
	int fd;

	do
		fd = open(path, flags | O_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	return vhi_linux_lift(fd);
}

static int linux_close(void *data, int fd)
{
	return close(fd) ? -errno : 0; /* Linux has closed it even when it returns EINTR */
}

static int linux_dup(void *data, int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, VHI_LOWEST_FD);

	return copy < 0 ? -errno : copy;
}

static int repeat_ioctl(int fd, unsigned long request, void *arg)
{
	int r;

	do
		r = ioctl(fd, request, arg);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

/*
 * This creates the worker, and since Linux 6.4 no thread is created while a signal is pending (kernel/fork.c,
 * copy_process()), which vhost reports as ENOMEM.  SIGSTOP, a debugger and the freezer cannot be blocked;
 * they take effect between two attempts.
 */
static int set_owner(int fd)
{
	sigset_t before;
	int r;

	vhi_linux_block_signals(&before);
	for (int i = 0; i < OWNER_ATTEMPTS; i++) {
		r = repeat_ioctl(fd, VHOST_SET_OWNER, NULL);
		if (r != -ENOMEM)
			break;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}

static int linux_ioctl(void *data, int fd, unsigned long request, void *arg)
{
	return request == VHOST_SET_OWNER ? set_owner(fd) : repeat_ioctl(fd, request, arg);
}

static int linux_eventfd(void *data)
{
	return vhi_linux_lift(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

static int linux_poll(void *data, struct pollfd *fds, uint32_t count)
{
	int r;

	do
		r = poll(fds, count, 0);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

/*
 * Only an eventfd: a caller's fd may be another file, whose content this would change, or a pipe, and then
 * SIGPIPE would end the process.  Anonymous inodes have no type, and none of them raises a signal.
 * One that may be blocking, with a counter at its limit, would keep this thread; it has been signalled.  Its other
 * holder may fill it at any moment: a caller with a timer ends the write, which waits for nothing else.
 */
static int linux_signal(void *data, int fd)
{
	struct pollfd room = { fd, POLLOUT, 0 };
	uint64_t one = 1;
	struct stat st;
	int r;

	if (fstat(fd, &st))
		return -errno;
	if (st.st_mode & S_IFMT)
		return -EINVAL;
	r = linux_poll(NULL, &room, 1);
	if (r < 0 || !(room.revents & POLLOUT))
		return r < 0 ? r : 0;
	if (write(fd, &one, sizeof(one)) < 0 && errno != EAGAIN && errno != EINTR)
		return -errno;
	return 0;
}

/* The fd may not be O_NONBLOCK, since callers can pass their own: never read before poll() reports data. */
static int linux_read_fd(void *data, int fd, void *buf, size_t size)
{
	struct pollfd ready = { fd, POLLIN, 0 };
	int r = linux_poll(NULL, &ready, 1);
	ssize_t n;

	if (r <= 0)
		return r;
	do
		n = read(fd, buf, size);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	return (int)n;
}

static int linux_drain(void *data, int fd, uint64_t *ret)
{
	uint64_t count = 0;
	int r = linux_read_fd(NULL, fd, &count, sizeof(count));

	if (r < 0)
		return r;
	*ret = count;
	return 0;
}

static int linux_write(void *data, int fd, const void *buf, size_t size)
{
	ssize_t n;

	do
		n = write(fd, buf, size);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : (int)n;
}

static int linux_epoll(void *data)
{
	return vhi_linux_lift(epoll_create1(EPOLL_CLOEXEC));
}

static int linux_epoll_add(void *data, int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int linux_epoll_del(void *data, int epoll, int fd)
{
	return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL) ? -errno : 0;
}

static int linux_name(void *data, int fd, char *buf, size_t size)
{
	char path[32];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, buf, size - 1);
	if (n < 0)
		return -errno;
	buf[n] = 0;
	return 0;
}

/* Of a file in huge pages it is such a page; of another it may be anything, and then pages will do. */
static uint64_t block_of(const struct stat *st)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), block = (uint64_t)st->st_blksize;

	return block > page && !(block & (block - 1)) ? block : page;
}

static int linux_stat(void *data, int fd, struct vhi_file *ret)
{
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS); /* fails on anything but a memfd */

	if (fstat(fd, &st))
		return -errno;
	*ret = (struct vhi_file){ .is_char = S_ISCHR(st.st_mode),
				  .type = st.st_mode & S_IFMT,
				  .major = major(st.st_rdev),
				  .minor = minor(st.st_rdev),
				  .size = (uint64_t)st.st_size,
				  .seals = seals < 0 ? 0 : (unsigned int)seals,
				  .device = st.st_dev,
				  .inode = st.st_ino,
				  .block = block_of(&st) };
	return 0;
}

static int linux_read(void *data, const char *path, char *buf, size_t size)
{
	size_t done = 0;
	ssize_t n = 0;
	int fd = linux_open(NULL, path, O_RDONLY);

	if (fd < 0)
		return fd;
	while (done < size - 1 && (n = read(fd, buf + done, size - 1 - done)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		done += (size_t)n;
	}
	n = n < 0 ? -errno : 0;
	close(fd);
	buf[done] = 0;
	return n ? (int)n : (int)done;
}

static int linux_socket(void *data)
{
	return vhi_linux_lift(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

struct netns_open {
	const char *path;
	int flags;
	int result;
};

static void *open_in_netns(void *arg)
{
	struct netns_open *job = arg;

	job->result = unshare(CLONE_NEWNET) ? -errno : linux_open(NULL, job->path, job->flags);
	return NULL;
}

/* In a thread of its own: namespaces are per thread, and the caller's must not change. */
static int linux_open_in_new_netns(void *data, const char *path, int flags)
{
	struct netns_open job = { path, flags, -EIO };
	pthread_t thread;
	int r = vhi_linux_start_thread(&thread, open_in_netns, &job);

	if (r) /* RLIMIT_NPROC, or that of the cgroup; not the API's EAGAIN */
		return r == EAGAIN ? -ENOMEM : -r;
	pthread_join(thread, NULL);
	return job.result;
}

static uint32_t linux_user(void *data)
{
	return geteuid();
}

static int linux_release(void *data, char *buf, size_t size)
{
	struct utsname name;

	if (uname(&name))
		return -errno;
	snprintf(buf, size, "%s", name.release);
	return 0;
}

const struct vhi_sys_ops vhi_sys_linux = {
	.open = linux_open,
	.close = linux_close,
	.dup = linux_dup,
	.ioctl = linux_ioctl,
	.eventfd = linux_eventfd,
	.signal = linux_signal,
	.drain = linux_drain,
	.write = linux_write,
	.read_fd = linux_read_fd,
	.poll = linux_poll,
	.epoll = linux_epoll,
	.epoll_add = linux_epoll_add,
	.epoll_del = linux_epoll_del,
	.name = linux_name,
	.same = vhi_linux_same,
	.stat = linux_stat,
	.read = linux_read,
	.mapped = vhi_linux_mapped,
	.peek = vhi_linux_peek,
	.map = vhi_linux_map,
	.unmap = vhi_linux_unmap,
	.map_blocks = vhi_linux_map_blocks,
	.unmap_blocks = vhi_linux_unmap_blocks,
	.socket = linux_socket,
	.link_get = vhi_linux_link_get,
	.link_delete = vhi_linux_link_delete,
	.link_watch = vhi_linux_link_watch,
	.open_in_new_netns = linux_open_in_new_netns,
	.user = linux_user,
	.release = linux_release,
	.pid = vhi_linux_pid,
	.tid = vhi_linux_tid,
	.tasks = vhi_linux_tasks,
	.set_cpus = vhi_linux_set_cpus,
	.set_sched = vhi_linux_set_sched,
};
