/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * offload - a link's receive offloads as feature bits.
 *
 * The link has them as bits whose numbers are the kernel's own.  It tells the names of these numbers to
 * ethtool, of any link, so "lo" is asked.
 */
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "raw.h"

/* What the guest can receive, the link may send to it. */
static const struct {
	const char *name;
	unsigned int feature;
} offloads[] = {
	{ "tx-checksum-ip-generic", 1 },  /* guest_csum */
	{ "tx-tcp-segmentation", 7 },	  /* guest_tso4 */
	{ "tx-tcp6-segmentation", 8 },	  /* guest_tso6 */
	{ "tx-tcp-ecn-segmentation", 9 }, /* guest_ecn */
};

#define OFFLOADS (sizeof(offloads) / sizeof(offloads[0]))
#define BITS_MAX 64u /* those of which a word tells */

static bool ask(int fd, void *what)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_data = what };

	return !ioctl(fd, SIOCETHTOOL, &request);
}

static unsigned int count_names(int fd)
{
	union {
		struct ethtool_sset_info info;
		uint64_t room[sizeof(struct ethtool_sset_info) / sizeof(uint64_t) +
			      1]; /* its data */
	} set = { .info = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ull << ETH_SS_FEATURES } };

	return ask(fd, &set) && set.info.sset_mask ? set.info.data[0] : 0;
}

static bool look_up(const struct ethtool_gstrings *names, uint64_t netdev_bits, uint64_t *ret)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < OFFLOADS; i++) {
		uint32_t bit = 0;

		while (bit < names->len && bit < BITS_MAX &&
		       strncmp((const char *)names->data + bit * ETH_GSTRING_LEN, offloads[i].name,
			       ETH_GSTRING_LEN) != 0)
			bit++;
		if (bit == names->len || bit == BITS_MAX)
			return false;
		if (netdev_bits >> bit & 1)
			bits |= 1ull << offloads[i].feature;
	}
	*ret = bits;
	return true;
}

bool look_offloads(uint64_t netdev_bits, uint64_t *ret)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	unsigned int count = fd < 0 ? 0 : count_names(fd);
	struct ethtool_gstrings *names = NULL;
	bool known = false;

	if (count)
		names = calloc(1, sizeof(*names) + (size_t)count * ETH_GSTRING_LEN);
	if (names) {
		names->cmd = ETHTOOL_GSTRINGS;
		names->string_set = ETH_SS_FEATURES;
		names->len = count;
		known = ask(fd, names) && look_up(names, netdev_bits, ret);
	}
	free(names);
	if (fd >= 0)
		close(fd);
	return known;
}
