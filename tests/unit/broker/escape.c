/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * escape - as root, which needs no capability for most of it.
 */
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/kcmp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "escape.h"

static int open_file(void)
{
	return open("/etc/passwd", O_RDONLY);
}

static int open_to_write(void)
{
	return open("/proc/self/oom_score_adj", O_WRONLY);
}

static int open_device(void)
{
	return open("/dev/null", O_RDWR);
}

static int list_directory(void)
{
	return open("/", O_RDONLY | O_DIRECTORY);
}

static int create_file(void)
{
	return open("new-file", O_RDWR | O_CREAT, 0600);
}

static int create_directory(void)
{
	return mkdir("new-directory", 0700);
}

static int create_link(void)
{
	return symlink("/etc", "new-link");
}

static int create_device(void)
{
	return mknod("new-pipe", S_IFIFO | 0600, 0);
}

static int remove_file(void)
{
	return unlink("removed");
}

static int rename_file(void)
{
	return rename("renamed", "new-name");
}

static int truncate_file(void)
{
	return truncate("truncated", 0);
}

/* Without a child to do it, in this process, which fails then. */
static int execute(void)
{
	pid_t child = fork();
	int status = -1;

	if (child <= 0)
		execl("/bin/sh", "sh", "-c", child ? "exit 200" : "exit 0", NULL);
	if (!child)
		_exit(1);
	return child < 0 || waitpid(child, &status, 0) < 0 || status ? -1 : 0;
}

static int fork_process(void)
{
	pid_t child = fork();

	if (!child)
		_exit(0);
	/* its SIGCHLD would stop this process once that is traced */
	return child > 0 ? waitpid(child, NULL, 0) : child;
}

static int look_at_file(void)
{
	struct stat st;

	return stat("/etc/passwd", &st);
}

static int change_directory(void)
{
	return chdir("/tmp");
}

static int change_mode(void)
{
	return chmod("truncated", 0777);
}

static int make_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static int make_packet_socket(void)
{
	return socket(AF_NETLINK, SOCK_RAW, 0);
}

/* They were there before. */
static int inet = -1, local = -1, tun = -1;

static int bind_port(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET };

	return bind(inet, (struct sockaddr *)&any, sizeof(any));
}

static int send_elsewhere(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "peer" };

	return (int)sendto(local, "", 1, 0, (struct sockaddr *)&address, sizeof(address));
}

static int make_link(void)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };

	return ioctl(tun, TUNSETIFF, &ifr);
}

static int ask_socket(void)
{
	int size;

	return ioctl(inet, FIONREAD, &size);
}

static int signal_parent(void)
{
	return kill(getppid(), 0);
}

static int trace(void)
{
	return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static int read_parent(void)
{
	char byte;
	struct iovec own = { &byte, 1 }, other = { &byte, 1 };

	return (int)process_vm_readv(getppid(), &own, 1, &other, 1, 0);
}

static int write_memory(void)
{
	char a = 0, b = 0;
	struct iovec own = { &a, 1 }, other = { &b, 1 };

	return (int)process_vm_writev(getpid(), &own, 1, &other, 1, 0);
}

static int compare_parent(void)
{
	return (int)syscall(SYS_kcmp, getppid(), getppid(), KCMP_FILE, 0, 0);
}

static int map_code(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? -1 : 0;
}

static int make_code(void)
{
	static char page[8192] __attribute__((aligned(4096)));

	return mprotect(page, sizeof(page), PROT_READ | PROT_WRITE | PROT_EXEC);
}

static int make_memory_file(void)
{
	return memfd_create("escape", 0);
}

static int make_ring(void)
{
	char params[120] = { 0 };

	return (int)syscall(SYS_io_uring_setup, 1, params);
}

static int become_other(void)
{
	return setgid(getgid());
}

static int leave_namespace(void)
{
	return (int)syscall(SYS_unshare, 0x00020000 /* CLONE_NEWNS */);
}

static int set_owner_of_fd(void)
{
	return fcntl(inet, F_SETOWN, getppid());
}

static int change_process(void)
{
	return prctl(PR_SET_NAME, "escaped");
}

static char directory[] = "/tmp/vhc-escape-XXXXXX";
static const char *const files[] = { "removed", "renamed", "truncated" };

int escape_begin(void **state)
{
	inet = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	local = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (!mkdtemp(directory) || chdir(directory))
		return -1;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		close(open(files[i], O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	return 0;
}

int escape_end(void **state)
{
	static const char *const made[] = { "new-file", "new-link", "new-pipe", "new-name" };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlink(files[i]);
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		unlink(made[i]);
	rmdir("new-directory");
	close(inet);
	close(local);
	close(tun);
	return chdir("/") ?: rmdir(directory);
}

const struct escape escapes[] = {
	{ "open a file", open_file, 1 },
	{ "open a file to write", open_to_write, 1 },
	{ "open a device", open_device, 1 },
	{ "list a directory", list_directory, 1 },
	{ "create a file", create_file, 1 },
	{ "create a directory", create_directory, 1 },
	{ "create a symlink", create_link, 1 },
	{ "create a pipe", create_device, 1 },
	{ "execute a program", execute, 1 },
	{ "rename a file", rename_file, 1 },
	{ "truncate a file", truncate_file, 3 },
	{ "remove a file", remove_file, 1 },
	{ "bind a port", bind_port, 4 },
	{ "signal the parent", signal_parent, 6 },
	{ "fork", fork_process, 0 },
	{ "look at a file", look_at_file, 0 },
	{ "change the directory", change_directory, 0 },
	{ "change a mode", change_mode, 0 },
	{ "make a socket", make_socket, 0 },
	{ "make a netlink socket", make_packet_socket, 0 },
	{ "send to another socket", send_elsewhere, 0 },
	{ "make a link", make_link, 0 },
	{ "ask a socket", ask_socket, 0 },
	{ "trace", trace, 0 },
	{ "read another process", read_parent, 0 },
	{ "write memory by its address", write_memory, 0 },
	{ "compare fds of another process", compare_parent, 0 },
	{ "map code", map_code, 0 },
	{ "make code", make_code, 0 },
	{ "make a file in memory", make_memory_file, 0 },
	{ "make an io_uring", make_ring, 0 },
	{ "change the group", become_other, 0 },
	{ "leave the namespace", leave_namespace, 0 },
	{ "own an fd", set_owner_of_fd, 0 },
	{ "change the process", change_process, 0 },
};

const size_t escape_count = sizeof(escapes) / sizeof(escapes[0]);
