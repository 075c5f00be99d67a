/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake-serve [--iommu] SOCKET PAIRS [CONTROL] - a device on the fake kernel that is served at a socket, to a
 * real launcher.  Each line on stdin is answered with what the kernel has; after "end" this checks that nothing
 * is left, and ends.
 */
#include <linux/if_tun.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "adopt.h"
#include "broker.h"
#include "ctx.h"
#include "rig.h"
#include "sound.h"

int __real_epoll_ctl(int epoll, int op, int fd, struct epoll_event *event);
int __wrap_epoll_ctl(int epoll, int op, int fd, struct epoll_event *event);

int __wrap_epoll_ctl(int epoll, int op, int fd, struct epoll_event *event)
{
	return fd >= FAKE_FIRST_FD ? 0 : __real_epoll_ctl(epoll, op, fd, event);
}

int __real_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument);

/* The link of the fake kernel's tap is as it is told to be. */
int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
	return request == TUNSETCARRIER ? 0 : __real_ioctl(fd, request, argument);
}

static void say(void *data, enum vhc_level level, const char *line)
{
	if (level <= VHC_LEVEL_INFO)
		fprintf(stderr, "%s\n", line);
}

static void check(int r, const char *what)
{
	if (!r)
		return;
	fprintf(stderr, "%s: %d\n", what, r);
	exit(1);
}

static void print_state(struct fake *fake, const struct broker_args *net)
{
	uint32_t pairs = net->pairs;
	uint32_t running = 0;

	for (uint32_t i = 0; i < 2 * pairs; i++)
		running += fake_vhost(fake, i / 2)->ring[i % 2].runs;
	printf("rings %u regions %u detached %u log %d sound %d", running,
	       fake_vhost(fake, 0)->regions, fake_tap(fake, "vm0")->detached,
	       (int)(fake_vhost(fake, 0)->ring[0].features[0] >> 26 & 1), sound_check(fake));
	if (net->iommu)
		printf(" mapped %d", fake_vhost(fake, 0)->mappings != 0);
	printf("\n");
	fflush(stdout);
}

static int listen_at(const char *path)
{
	char text[BROKER_TEXT_MAX] = "";
	int fd = -1;

	check(broker_listen(&(struct broker_socket){ path, UINT32_MAX, UINT32_MAX, 0600 }, &fd,
			    text),
	      text);
	return fd;
}

static void serve(struct vhc_ctx *ctx, struct fake *fake, char *const *paths,
		  struct broker_args *net)
{
	const struct broker_options options = { .name = "vm1", .say = say };
	char line[100];
	struct broker *broker;

	check(broker_new(ctx, &options, &broker), "broker_new");
	check(broker_add(broker, net), "broker_add");
	check(broker_open(broker, 0, listen_at(paths[0])), "broker_open");
	if (paths[2])
		check(broker_add_control(broker, listen_at(paths[2])), "broker_add_control");
	do {
		check(broker_run(broker, STDIN_FILENO), "broker_run");
		if (read(STDIN_FILENO, line, sizeof(line)) <= 0 || line[0] == 'e')
			break;
		print_state(fake, net);
	} while (1);
	broker_free(broker);
	unlink(paths[0]);
	if (paths[2])
		unlink(paths[2]);
}

int main(int argc, char **argv)
{
	struct broker_args net = { .id = "net0",
				   .type = VHC_TYPE_NET,
				   .mac = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 } };
	struct fake *fake = fake_new("6.12");
	struct vhc_ctx *ctx;

	if (argc > 1 && !strcmp(argv[1], "--iommu")) {
		net.iommu = true;
		argc--, argv++;
	}
	if (argc != 3 && argc != 4)
		return 2;
	net.pairs = (uint32_t)atoi(argv[2]);
	adopt_begin();
	check(vhi_ctx_new_sys(&adopt_sys, fake, &ctx), "context");
	check(vhc_tap_open(ctx, "vm0", VHC_ARG(vhc_tap_args, .queues = net.pairs), &net.tap),
	      "tap");
	check(vhc_dev_open(ctx, "net0", NULL,
			   VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET, .queue_pairs = net.pairs),
			   &net.dev),
	      "device");
	serve(ctx, fake, argv + 1, &net);
	vhc_dev_close(net.dev);
	vhc_tap_close(net.tap);
	vhc_ctx_free(ctx);
	adopt_end(fake);
	if (!fake_is_clean(fake))
		return 1;
	fake_free(fake);
	return 0;
}
