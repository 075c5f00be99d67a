/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hold NAME [vnet_hdr] [pi] [multi_queue]: opens a tap so, says "held", and reads no frame until it is killed.
 */
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct ifreq link = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (argc < 2)
		return 2;
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "vnet_hdr") == 0)
			link.ifr_flags |= IFF_VNET_HDR;
		if (strcmp(argv[i], "multi_queue") == 0)
			link.ifr_flags |= IFF_MULTI_QUEUE;
		if (strcmp(argv[i], "pi") == 0)
			link.ifr_flags &= ~IFF_NO_PI;
	}
	snprintf(link.ifr_name, sizeof(link.ifr_name), "%s", argv[1]);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &link) < 0) {
		perror(argv[1]);
		return 1;
	}
	puts("held");
	fclose(stdout);
	for (;;)
		pause();
}
