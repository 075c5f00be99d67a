/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * profile - what differs between kernels, what paths exist, and how calls are called: tables.
 * The values were read from Debian's kernels 6.1.0, 6.12.95 and 7.2.13 (tests/vm).
 */
#include <errno.h>
#include <linux/if_tun.h>
#include <linux/kvm.h>
#include <linux/sockios.h>
#include <linux/vhost.h>
#include <stdio.h>
#include <string.h>

#include "model.h"
#include "syscall/uapi.h"

#define BITS_6_1  0x33d008000ull
#define BITS_6_12 (BITS_6_1 | 1ull << 40)
#define BITS_7_2  (BITS_6_12 | 1ull << 35)

/* What they have in common. */
#define COMMON                                                                              \
	.vsock_features = 0x33d000002ull, .backend_features = true,                         \
	.net_backend_features = 1ull << VHOST_BACKEND_F_IOTLB_MSG_V2, .max_mappings = 2048, \
	.max_regions = 64

const struct fake_profile fake_profiles[] = {
	{ "6.1", "6.1.0-50-amd64", { BITS_6_1, 0 }, .offloads = 0x1f, COMMON },
	{ "6.12",
	  "6.12.95+deb12-amd64",
	  { BITS_6_12, 0 },
	  .fork_from_owner = true,
	  .workers = true,
	  .offloads = 0x7f,
	  COMMON },
	{ "7.2",
	  "7.2.13+deb14-amd64",
	  { BITS_7_2, 0xa },
	  .features_array = true,
	  .fork_from_owner = true,
	  .workers = true,
	  .iotlb_forgets = true,
	  .irqfd_exclusive = true,
	  .offloads = 0x1ff,
	  COMMON },
	{ 0 },
};

const char *fake_profile_name(unsigned int n)
{
	return n < sizeof(fake_profiles) / sizeof(fake_profiles[0]) ? fake_profiles[n].name : NULL;
}

const struct fake_node fake_nodes[] = {
	{ "/dev/vhost-net", FAKE_VHOST_NET, 10, 238, 0 },
	{ "/dev/vhost-vsock", FAKE_VHOST_VSOCK, 10, 241, 0 },
	{ "/dev/vhost-scsi", FAKE_VHOST_SCSI, 10, 121, 0x13d00000a },
	{ "/dev/net/tun", FAKE_TUN, 10, 200, 0 },
	{ "/dev/kvm", FAKE_KVM, 10, 232, 0 },
	{ "/dev/null", FAKE_OTHER, 1, 3, 0 },
	{ 0 },
};

static int tun_flags(struct fake *fake, const char *path, char *buf, size_t size)
{
	const struct fake_tap *tap;
	char name[16] = "";

	if (sscanf(path, "/sys/class/net/%15[^/]/tun_flags", name) != 1)
		return -ENOENT;
	tap = fake_tap(fake, name);
	return tap ? snprintf(buf, size, "0x%x\n", tap->flags) : -ENOENT;
}

int fake_sysfs(struct fake *fake, const char *path, char *buf, size_t size)
{
	static const char dir[] = "/sys/module/";
	const struct fake_profile *profile = &fake->profile;
	const char *name = path + strlen(dir);

	if (!strcmp(path, "/sys/devices/system/cpu/online"))
		return snprintf(buf, size, "0-%u\n", FAKE_CPUS - 1);
	if (strncmp(path, dir, strlen(dir)))
		return tun_flags(fake, path, buf, size);
	if (!strcmp(name, "vhost/parameters/max_mem_regions"))
		return snprintf(buf, size, "%u\n", profile->max_regions);
	if (!strcmp(name, "vhost/parameters/max_iotlb_entries"))
		return snprintf(buf, size, "%d\n", profile->max_mappings);
	if (!strcmp(name, "vhost/parameters/fork_from_owner_default") && profile->fork_from_owner)
		return snprintf(buf, size, "Y\n");
	if (!strcmp(name, "vhost_net/parameters/experimental_zcopytx"))
		return snprintf(buf, size, "0\n");
	return -ENOENT;
}

#define REQUEST(name)       \
	{                   \
		name, #name \
	}

static const struct {
	unsigned long request;
	const char *name;
} requests[] = {
	REQUEST(VHOST_GET_FEATURES),
	REQUEST(VHOST_SET_FEATURES),
	{ VHI_GET_FEATURES_ARRAY, "VHOST_GET_FEATURES_ARRAY" },
	{ VHI_SET_FEATURES_ARRAY, "VHOST_SET_FEATURES_ARRAY" },
	{ VHI_SET_FORK_FROM_OWNER, "VHOST_SET_FORK_FROM_OWNER" },
	{ VHI_GET_FORK_FROM_OWNER, "VHOST_GET_FORK_FROM_OWNER" },
	REQUEST(VHOST_SET_OWNER),
	REQUEST(VHOST_RESET_OWNER),
	REQUEST(VHOST_SET_MEM_TABLE),
	REQUEST(VHOST_SET_LOG_BASE),
	REQUEST(VHOST_SET_LOG_FD),
	REQUEST(VHOST_SET_VRING_NUM),
	REQUEST(VHOST_SET_VRING_ADDR),
	REQUEST(VHOST_SET_VRING_BASE),
	REQUEST(VHOST_GET_VRING_BASE),
	REQUEST(VHOST_SET_VRING_ENDIAN),
	REQUEST(VHOST_SET_VRING_KICK),
	REQUEST(VHOST_SET_VRING_CALL),
	REQUEST(VHOST_SET_VRING_ERR),
	REQUEST(VHOST_SET_VRING_BUSYLOOP_TIMEOUT),
	REQUEST(VHOST_GET_VRING_BUSYLOOP_TIMEOUT),
	REQUEST(VHOST_SET_BACKEND_FEATURES),
	REQUEST(VHOST_GET_BACKEND_FEATURES),
	REQUEST(VHOST_NET_SET_BACKEND),
	REQUEST(VHOST_VSOCK_SET_GUEST_CID),
	REQUEST(VHOST_VSOCK_SET_RUNNING),
	{ VHI_GET_VRING_WORKER, "VHOST_GET_VRING_WORKER" },
	REQUEST(TUNSETIFF),
	REQUEST(TUNGETIFF),
	REQUEST(TUNSETPERSIST),
	REQUEST(TUNSETOWNER),
	REQUEST(TUNSETGROUP),
	REQUEST(TUNGETFEATURES),
	REQUEST(TUNSETOFFLOAD),
	REQUEST(TUNGETSNDBUF),
	REQUEST(TUNSETSNDBUF),
	REQUEST(TUNGETVNETHDRSZ),
	REQUEST(TUNSETVNETHDRSZ),
	REQUEST(TUNGETVNETLE),
	REQUEST(TUNSETVNETLE),
	REQUEST(TUNSETQUEUE),
	REQUEST(SIOCGIFFLAGS),
	REQUEST(SIOCGIFINDEX),
	REQUEST(SIOCGIFTXQLEN),
	REQUEST(SIOCSIFTXQLEN),
	REQUEST(KVM_GET_API_VERSION),
	REQUEST(KVM_CREATE_VM),
	REQUEST(KVM_CHECK_EXTENSION),
	REQUEST(KVM_CREATE_VCPU),
	REQUEST(KVM_CREATE_IRQCHIP),
	REQUEST(KVM_IOEVENTFD),
	REQUEST(KVM_IRQFD),
};

const char *fake_request_name(unsigned long request)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		if (requests[i].request == request)
			return requests[i].name;
	return "ioctl";
}
