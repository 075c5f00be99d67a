/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A place for loop that does not touch the host: its own network namespace, a link in it, and the
 * socket at the link's far end.  All of it disappears with the process.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "errname.h"
#include "loop/loop.h"

#define WINDOW_MAX  256u      /* fewer than the frames that a tap's queue holds: 1000 */
#define SOCKET_ROOM (8 << 20) /* bytes of the socket's buffer that are asked for */

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return n < 0 ? -1 : 0;
}

/* Without root: a user namespace in which this user is root, with this user's rights outside. */
static int enter_as_user(uid_t uid, gid_t gid)
{
	char uids[32], gids[32];

	snprintf(uids, sizeof(uids), "0 %u 1", uid);
	snprintf(gids, sizeof(gids), "0 %u 1", gid);
	return unshare(CLONE_NEWUSER | CLONE_NEWNET) ||
	       write_file("/proc/self/setgroups", "deny") ||
	       write_file("/proc/self/uid_map", uids) || write_file("/proc/self/gid_map", gids);
}

int scratch_enter(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char number[DOC_ERRNO_MAX];

	if (!unshare(CLONE_NEWNET) || (errno == EPERM && !enter_as_user(uid, gid)))
		return CLI_YES;
	return cli_fail(CLI_LACKS, "run it as root, or allow user namespaces",
			"cannot make a scratch network namespace: unshare: %s",
			doc_errno(number, -errno));
}

static int link_failed(const char *name, const char *call)
{
	char number[DOC_ERRNO_MAX];

	return cli_fail(CLI_FAILED, NULL, "scratch link %s: %s: %s", name, call,
			doc_errno(number, -errno));
}

int scratch_up(const char *name, size_t size)
{
	struct ifreq link = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const char *call = "socket";
	int r = fd < 0;

	strncpy(link.ifr_name, name, IFNAMSIZ - 1);
	if (!r && size > ETH_FRAME_LEN) {
		call = "SIOCSIFMTU";
		link.ifr_mtu = (int)(size - ETH_HLEN);
		r = ioctl(fd, SIOCSIFMTU, &link);
	}
	if (!r) {
		call = "SIOCSIFFLAGS";
		link.ifr_flags = IFF_UP;
		r = ioctl(fd, SIOCSIFFLAGS, &link);
	}
	if (r)
		r = link_failed(name, call);
	if (fd >= 0)
		close(fd);
	return r;
}

/* How many frames fit the buffer, with what the kernel adds to each. */
static uint32_t window_of(int fd, size_t size)
{
	const size_t each = 2 * size + 4096;
	int room = SOCKET_ROOM;
	socklen_t length = sizeof(room);

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, &length) || (size_t)room < each)
		return 1;
	return (size_t)room / each < WINDOW_MAX ? (uint32_t)((size_t)room / each) : WINDOW_MAX;
}

int scratch_socket(const char *name, size_t size, int *ret_fd, uint32_t *ret_window)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET,
				       .sll_protocol = htons(ETH_P_IP),
				       .sll_ifindex = (int)if_nametoindex(name) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_IP));

	if (fd < 0)
		return link_failed(name, "socket(AF_PACKET)");
	*ret_window = window_of(fd, size);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		int r = link_failed(name, "bind(AF_PACKET)");

		close(fd);
		return r;
	}
	*ret_fd = fd;
	return CLI_YES;
}
