/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * close - vhc_dev_close() of an owned device, which closes its vhost fds at the same time, compared
 * with closing the same number of fds one after another.  Alternating; medians.  Needs
 * /dev/vhost-net: run it in a VM.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vhost.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench.h"
#include "vhostconfig.h"

#define MOST_PAIRS 8
#define ROUNDS	   11

static int close_serial(uint32_t pairs, double *ms)
{
	int fds[MOST_PAIRS], failed = 0;
	double begin;

	for (uint32_t i = 0; i < pairs; i++) {
		fds[i] = open("/dev/vhost-net", O_RDWR | O_CLOEXEC);
		if (fds[i] < 0 || ioctl(fds[i], VHOST_SET_OWNER))
			failed = errno;
	}
	begin = now_ns();
	for (uint32_t i = 0; i < pairs; i++)
		close(fds[i]);
	*ms = (now_ns() - begin) / 1e6;
	if (failed)
		fprintf(stderr, "close: /dev/vhost-net: %s\n", strerror(failed));
	return failed ? -1 : 0;
}

static int close_ours(struct vhc_ctx *ctx, uint32_t pairs, double *ms)
{
	struct vhc_dev *dev;
	double begin;

	if (vhc_dev_open(ctx, "net0", NULL,
			 VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET, .queue_pairs = pairs,
				 .flags = VHC_DEV_OWN),
			 &dev) < 0) {
		fprintf(stderr, "close: %s\n", vhc_ctx_get_error(ctx)->text);
		return -1;
	}
	begin = now_ns();
	vhc_dev_close(dev);
	*ms = (now_ns() - begin) / 1e6;
	return 0;
}

static int compare(struct vhc_ctx *ctx, uint32_t pairs, double most)
{
	double ours[ROUNDS], serial[ROUNDS];
	const char *kernel = getenv("VHC_KERNEL");
	char what[64];

	for (int i = 0; i < ROUNDS; i++)
		if (close_serial(pairs, &serial[i]) < 0 || close_ours(ctx, pairs, &ours[i]) < 0)
			return 1;
	snprintf(what, sizeof(what), "close, %u pair%s%s%s", pairs, pairs == 1 ? "" : "s",
		 kernel ? ", Linux " : "", kernel ? kernel : "");
	print_row(what, median(ours, ROUNDS), "one by one", median(serial, ROUNDS), "ms", most);
	return 0;
}

int main(void)
{
	struct vhc_ctx *ctx;
	int r;

	if (vhc_ctx_new(&ctx) < 0)
		return 1;
	r = compare(ctx, 1, 0) || compare(ctx, 4, 0) || compare(ctx, MOST_PAIRS, 1.0 / 3);
	vhc_ctx_free(ctx);
	return r;
}
