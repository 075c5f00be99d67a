/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fds MACVTAP-NODE... - devices on fds that were opened elsewhere: what works, what is refused, and
 * why.  Each argument is a /dev/tapN to use as a queue.  Prints TAP.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "bring-up.h"

static int number, failed;

static void result(const char *what, bool good, const char *text)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++number, what);
	if (!good)
		printf("# %s\n", text);
	failed += !good;
}

static int open_tap(const char *name, short flags)
{
	struct ifreq ifr = { .ifr_flags = flags };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (name)
		strncpy(ifr.ifr_name, name, IFNAMSIZ - 1);
	return fd >= 0 && ioctl(fd, TUNSETIFF, &ifr) ? -1 : fd;
}

/* The tap is refused, and the error text contains @expected. */
static void refuse_tap(struct bring_up *b, const char *what, const int *fds, uint32_t count,
		       const char *expected)
{
	unsigned int before = count_fds();
	struct vhc_tap *tap;
	int r = vhc_tap_open_fds(b->ctx, fds, count, &tap);
	const char *text = vhc_ctx_get_error(b->ctx)->text;

	result(what, r == -EINVAL && strstr(text, expected) && count_fds() == before,
	       r ? text : "it was taken");
}

static void wrong_taps(struct bring_up *b)
{
	int file = open("/proc/self/exe", O_RDONLY), memory = memfd_create("m", 0), pair[2];
	int kinds[] = { file,
			memory,
			eventfd(0, 0),
			socket(AF_INET, SOCK_DGRAM, 0),
			socket(AF_PACKET, SOCK_RAW, 0),
			open("/dev/null", O_RDWR),
			open("/dev/vhost-net", O_RDWR),
			open("/dev/net/tun", O_RDWR) };
	static const char *const names[] = { "a file",		"a memfd",
					     "an eventfd",	"a UDP socket",
					     "a packet socket", "/dev/null",
					     "/dev/vhost-net",	"a tun fd without a link" };
	char what[96];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		snprintf(what, sizeof(what), "%s is not a tap", names[i]);
		refuse_tap(b, what, &kinds[i], 1, "is not a tap");
	}
	pair[0] = open_tap("wrong0", IFF_TAP | IFF_NO_PI);
	refuse_tap(b, "a tap without the virtio-net header", pair, 1, "IFF_VNET_HDR");
	pair[0] = open_tap("wrong1", IFF_TUN | IFF_NO_PI | IFF_VNET_HDR);
	refuse_tap(b, "a tun is not a tap", pair, 1, "flags");
	pair[0] = open_tap("right0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	pair[1] = open_tap("right1", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	refuse_tap(b, "queues of two links", pair, 2, "link");
	pair[1] = pair[0];
	refuse_tap(b, "one queue twice", pair, 2, "again");
	close_range(3, ~0u, 0);
}

static void wrong_vhosts(struct bring_up *b)
{
	int fds[2] = { open("/dev/vhost-vsock", O_RDWR), -1 };
	const struct vhc_dev_args *args = VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET);
	const char *text = vhc_ctx_get_error(b->ctx)->text;
	int r = vhc_dev_open_fds(b->ctx, "net0", fds, 1, args, &b->dev);

	result("a vhost-vsock is not a vhost-net", r == -EINVAL && strstr(text, "not a vhost-net"),
	       text);
	close(fds[0]);
	fds[0] = fds[1] = open("/dev/vhost-net", O_RDWR);
	args = VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET, .queue_pairs = 2);
	r = vhc_dev_open_fds(b->ctx, "net0", fds, 2, args, &b->dev);
	result("one vhost fd twice", r == -EINVAL && strstr(text, "is also that of queue pair 0"),
	       text);
	close(fds[0]);
}

/* Fds of a parent: the device works in the child that starts it, and then only there. */
static void another_process(struct bring_up *b)
{
	int tap = open_tap(NULL, IFF_TAP | IFF_NO_PI | IFF_VNET_HDR), status = -1, r;
	int vhost = open("/dev/vhost-net", O_RDWR | O_CLOEXEC);
	const char *text = vhc_ctx_get_error(b->ctx)->text;

	r = vhc_tap_open_fds(b->ctx, &tap, 1, &b->tap);
	if (!r)
		r = vhc_dev_open_fds(b->ctx, "net0", &vhost, 1,
				     VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET), &b->dev);
	if (!r)
		r = bring_up_start(b, 1);
	result("a device on fds opened elsewhere starts", !r, text);
	if (fork() == 0)
		_exit(vhc_dev_stop(b->dev) == -EPERM && strstr(text, "owner") ? 0 : 1);
	wait(&status);
	result("a forked child is refused, as it is not the owner", status == 0, "see the text");
	result("the owner's device still works: it stops", !vhc_dev_stop(b->dev), text);
	result("and starts again", !vhc_dev_start(b->dev), text);
	vhc_dev_close(b->dev);
	vhc_tap_close(b->tap);
	vhc_mem_free(b->mem);
	close(tap);
	close(vhost);
}

static void macvtap(struct bring_up *b, int count, char **nodes)
{
	const struct vhc_dev_args *args =
		VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET, .queue_pairs = (uint32_t)count);
	const char *text = vhc_ctx_get_error(b->ctx)->text;
	int fds[4], r;

	for (int i = 0; i < count; i++)
		fds[i] = open(nodes[i], O_RDWR | O_CLOEXEC);
	r = vhc_tap_open_fds(b->ctx, fds, (uint32_t)count, &b->tap);
	result("queues of a macvtap are accepted", !r, text);
	if (!r)
		r = vhc_dev_open(b->ctx, "net0", NULL, args, &b->dev);
	if (!r)
		r = bring_up_start(b, (uint32_t)count);
	result("a device on a macvtap starts", !r, text);
	for (int i = 0; i < count; i++) {
		int size = 0;

		ioctl(fds[i], TUNGETVNETHDRSZ, &size);
		result("each queue has the header size of its guest", size == 12, "it has another");
		close(fds[i]);
	}
	vhc_dev_close(b->dev);
	vhc_tap_close(b->tap);
	vhc_mem_free(b->mem);
}

int main(int argc, char **argv)
{
	struct bring_up b = { 0 };

	if (bring_up_memory(&b, 4) || vhc_ctx_new(&b.ctx))
		return 1;
	wrong_taps(&b);
	wrong_vhosts(&b);
	another_process(&b);
	if (argc > 1 && argc <= 5)
		macvtap(&b, argc - 1, argv + 1);
	vhc_ctx_free(b.ctx);
	result("nothing is left open", count_fds() == 3, "something is");
	printf("1..%d\n", number);
	return failed != 0;
}
