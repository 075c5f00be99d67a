/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tun - /dev/net/tun, as drivers/net/tun.c answers.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "model.h"
#include "syscall/uapi.h"

#define MAX_QUEUES   256u
#define MIN_HEADER   10	     /* struct virtio_net_hdr */
#define TUN_FEATURES 0x7173u /* what TUNGETFEATURES gives */
/* What of the flags belongs to the link and is set again by who attaches first. */
#define LINK_FLAGS (IFF_NO_PI | IFF_ONE_QUEUE | IFF_VNET_HDR | IFF_MULTI_QUEUE | IFF_NAPI)

struct fake_tap *fake_tap_find(struct fake *fake, uint32_t netns, const char *name)
{
	for (uint32_t i = 0; i < FAKE_TAPS; i++)
		if (fake->taps[i].used && fake->taps[i].netns == netns &&
		    !strcmp(fake->taps[i].name, name))
			return &fake->taps[i];
	return NULL;
}

struct fake_tap *fake_tap(struct fake *fake, const char *name)
{
	return fake_tap_find(fake, 0, name);
}

struct fake_tap *fake_tap_of(struct fake *fake, int fd)
{
	struct fake_file *file = fake_file_of(fake, fd);

	return file ? file->tap : NULL;
}

static bool name_ok(const char *name)
{
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (; *name; name++)
		if (*name == '/' || *name == ':' || isspace((unsigned char)*name))
			return false;
	return true;
}

/* "tp%d" becomes the first of tp0, tp1 ... that is free.  @name has IFNAMSIZ bytes. */
static int expand(struct fake *fake, uint32_t netns, char *name)
{
	char *percent = strchr(name, '%'), made[2 * IFNAMSIZ];

	if (!percent)
		return 0;
	if (percent[1] != 'd' || strchr(percent + 2, '%'))
		return -EINVAL;
	for (int i = 0; i < 1000; i++) {
		snprintf(made, sizeof(made), "%.*s%d%s", (int)(percent - name), name, i,
			 percent + 2);
		if (strlen(made) < IFNAMSIZ && !fake_tap_find(fake, netns, made)) {
			memcpy(name, made, IFNAMSIZ);
			return 0;
		}
	}
	return -ENFILE;
}

static struct fake_tap *tap_new(struct fake *fake, const struct fake_file *file, const char *name,
				uint32_t flags)
{
	for (uint32_t i = 0; i < FAKE_TAPS; i++) {
		struct fake_tap *tap = &fake->taps[i];

		if (tap->used)
			continue;
		*tap = (struct fake_tap){ .used = true,
					  .index = 2 + fake->links++, /* 1 is the loopback */
					  .netns = file->netns,
					  .flags = flags,
					  .header = MIN_HEADER,
					  .sndbuf = 0x7fffffff,
					  .txqueuelen = flags & IFF_TAP ? 1000 : 500 };
		snprintf(tap->name, sizeof(tap->name), "%s", name);
		return tap;
	}
	return NULL;
}

int fake_macvtap(struct fake *fake, const char *name)
{
	static const struct fake_node node = { "/dev/tap7", FAKE_TUN, 240, 7, 0 };
	struct fake_file *file = fake_file_new(fake, FAKE_TUN);

	file->node = &node;
	file->netns = fake->next_netns++;
	file->tap = tap_new(fake, file, name, IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	file->tap->queues = 1;
	file->tap->macvtap = true;
	return fake_fd_new(fake, file);
}

static bool may_attach(const struct fake *fake, const struct fake_tap *tap)
{
	return !fake->uid || !((tap->has_owner && tap->owner != fake->uid) ||
			       (tap->has_group && tap->group != fake->gid));
}

static int attach(struct fake *fake, struct fake_file *file, struct fake_tap *tap, uint32_t flags)
{
	uint32_t kind = flags & (IFF_TUN | IFF_TAP) & tap->flags;

	if (flags & IFF_TUN_EXCL)
		return -EBUSY;
	if (!kind || (flags & IFF_MULTI_QUEUE) != (tap->flags & IFF_MULTI_QUEUE))
		return -EINVAL;
	if (!may_attach(fake, tap))
		return -EPERM;
	if (!(tap->flags & IFF_MULTI_QUEUE) && tap->queues == 1)
		return -EBUSY;
	if (tap->queues + tap->detached == MAX_QUEUES)
		return -E2BIG;
	if (!(tap->queues + tap->detached))
		tap->flags = (tap->flags & ~(uint32_t)LINK_FLAGS) | (flags & LINK_FLAGS);
	tap->queues++;
	file->tap = tap;
	return 0;
}

static int create(struct fake *fake, struct fake_file *file, struct ifreq *ifr, uint32_t flags)
{
	struct fake_tap *tap;
	int r;

	if (fake->uid)
		return -EPERM;
	if (!(flags & (IFF_TUN | IFF_TAP)))
		return -EINVAL;
	if (!*ifr->ifr_name)
		snprintf(ifr->ifr_name, IFNAMSIZ, "%s", flags & IFF_TUN ? "tun%d" : "tap%d");
	if (!name_ok(ifr->ifr_name))
		return -EINVAL;
	r = expand(fake, file->netns, ifr->ifr_name);
	if (r)
		return r;
	tap = tap_new(fake, file, ifr->ifr_name,
		      (flags & LINK_FLAGS) | (flags & IFF_TUN ? IFF_TUN : IFF_TAP));
	if (!tap)
		return -ENOMEM;
	tap->queues = 1;
	file->tap = tap;
	if (flags & IFF_MULTI_QUEUE && fake->steals) {
		fake->steals--;
		tap->queues += !fake->steal_owner;
		fake->stolen = fake->steal_owner ? tap : NULL;
	}
	return 0;
}

static int set_iff(struct fake *fake, struct fake_file *file, void *arg)
{
	struct ifreq ifr;
	struct fake_tap *tap;
	uint32_t flags;
	int r;

	if (fake_user_get(&ifr, arg, sizeof(ifr)))
		return -EFAULT;
	if (file->tap)
		return -EEXIST;
	ifr.ifr_name[IFNAMSIZ - 1] = 0;
	flags = (uint16_t)ifr.ifr_flags;
	tap = fake_tap_find(fake, file->netns, ifr.ifr_name);
	if (!tap && !strcmp(ifr.ifr_name, "lo"))
		return flags & IFF_TUN_EXCL ? -EBUSY : -EINVAL;
	r = tap ? attach(fake, file, tap, flags) : create(fake, file, &ifr, flags);
	return r ? r : fake_user_put(arg, &ifr, sizeof(ifr));
}

static int get_iff(const struct fake_file *file, void *arg)
{
	struct ifreq ifr = { 0 };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", file->tap->name);
	ifr.ifr_flags =
		(short)(file->tap->flags | IFF_NOFILTER | (file->detached ? IFF_DETACH_QUEUE : 0));
	return fake_user_put(arg, &ifr, sizeof(ifr));
}

static int set_queue(struct fake *fake, struct fake_file *file, const void *arg)
{
	struct ifreq ifr;
	struct fake_tap *tap = file->tap;
	int flags;

	if (fake_user_get(&ifr, arg, sizeof(ifr)))
		return -EFAULT;
	flags = (uint16_t)ifr.ifr_flags;
	if (flags & IFF_ATTACH_QUEUE) {
		if (!file->detached)
			return -EINVAL;
		if (!may_attach(fake, tap))
			return -EPERM;
		tap->queues++;
		tap->detached--;
		file->detached = false;
		return 0;
	}
	if (!(flags & IFF_DETACH_QUEUE) || !tap || !(tap->flags & IFF_MULTI_QUEUE) ||
	    file->detached)
		return -EINVAL;
	tap->queues--;
	tap->detached++;
	file->detached = true;
	return 0;
}

/* Some flags stand only with others; what is then left over is refused. */
static int set_offload(const struct fake *fake, struct fake_tap *tap, uint64_t flags)
{
	static const uint32_t tso = TUN_F_TSO4 | TUN_F_TSO6;
	static const uint32_t uso = VHI_TUN_F_USO4 | VHI_TUN_F_USO6;
	static const uint32_t tunnel = VHI_TUN_F_UDP_TUNNEL_GSO | VHI_TUN_F_UDP_TUNNEL_GSO_CSUM;
	uint64_t left = flags;
	bool plain = false;

	if (left & ~(uint64_t)fake->profile.offloads)
		return -EINVAL;
	if (left & TUN_F_CSUM) {
		left &= ~(uint64_t)(TUN_F_CSUM | TUN_F_UFO);
		if (left & tso) {
			left &= ~(uint64_t)(tso | TUN_F_TSO_ECN);
			plain = true;
		}
		if ((left & uso) == uso) {
			left &= ~(uint64_t)uso;
			plain = true;
		}
		if (plain && left & VHI_TUN_F_UDP_TUNNEL_GSO)
			left &= ~(uint64_t)tunnel;
	}
	if (left)
		return -EINVAL;
	tap->offloads = (uint32_t)flags;
	return 0;
}

static int set_int(int *value, int least, const void *arg)
{
	int n;

	if (fake_user_get(&n, arg, sizeof(n)))
		return -EFAULT;
	if (n < least)
		return -EINVAL;
	*value = n;
	return 0;
}

/* Anything but 0 is 1. */
static int set_flag(int *value, const void *arg)
{
	int r = set_int(value, INT_MIN, arg);

	*value = *value != 0;
	return r;
}

static int set_id(bool *has, uint32_t *id, uint64_t value)
{
	if ((uint32_t)value == UINT32_MAX)
		return -EINVAL;
	*has = true;
	*id = (uint32_t)value;
	return 0;
}

static int set_owner(struct fake *fake, struct fake_tap *tap, unsigned long value)
{
	int r = set_id(&tap->has_owner, &tap->owner, value);

	if (!r && fake->stolen == tap) {
		tap->owner = fake->steal_owner;
		fake->stolen = NULL;
	}
	return r;
}

/* A macvtap keeps the header size with the queue; what is the link's is ENOLINK. */
static int gone_macvtap_ioctl(unsigned long request)
{
	switch (request) {
	case TUNGETIFF:
	case TUNSETOFFLOAD:
		return -ENOLINK;
	case TUNSETSNDBUF:
	case TUNSETVNETHDRSZ:
	case TUNGETVNETHDRSZ:
		return 0;
	default:
		return -EINVAL;
	}
}

/* Packet information is read before the length of the header is looked at. */
int fake_tun_write(const struct fake_file *file, const void *buf, size_t size)
{
	char bytes[4];

	if (!file->tap)
		return -EBADFD;
	if (!(file->tap->flags & IFF_NO_PI) && size >= sizeof(bytes) &&
	    fake_user_get(bytes, buf, sizeof(bytes)))
		return -EFAULT;
	return size < (size_t)file->tap->header ? -EINVAL : -EIO;
}

/* What poll() gives POLLERR for: it has no link, or no longer. */
bool fake_tun_failed(const struct fake_file *file)
{
	return file->kind == FAKE_TUN && !file->tap && !file->macvtap;
}

int fake_tun_ioctl(struct fake *fake, struct fake_file *file, unsigned long request, void *arg)
{
	static const unsigned int features = TUN_FEATURES;
	uint64_t value = (uintptr_t)arg; /* some take it itself, not what it points to */
	struct fake_tap *tap = file->tap;

	switch (request) {
	case TUNGETFEATURES:
		return fake_user_put(arg, &features, sizeof(features));
	case TUNSETQUEUE:
		return set_queue(fake, file, arg);
	case TUNSETIFF:
		return set_iff(fake, file, arg);
	}
	if (!tap)
		return file->macvtap ? gone_macvtap_ioctl(request) : -EBADFD;
	switch (request) {
	case TUNGETIFF:
		return get_iff(file, arg);
	case TUNSETPERSIST:
		tap->flags = value ? tap->flags | IFF_PERSIST : tap->flags & ~(uint32_t)IFF_PERSIST;
		return 0;
	case TUNSETOWNER:
		return set_owner(fake, tap, value);
	case TUNSETGROUP:
		return set_id(&tap->has_group, &tap->group, value);
	case TUNSETOFFLOAD:
		return set_offload(fake, tap, value);
	case TUNGETSNDBUF:
		return fake_user_put(arg, &tap->sndbuf, sizeof(tap->sndbuf));
	case TUNSETSNDBUF:
		return set_int(&tap->sndbuf, 1, arg);
	case TUNGETVNETHDRSZ:
		return fake_user_put(arg, &tap->header, sizeof(tap->header));
	case TUNSETVNETHDRSZ:
		return set_int(&tap->header, MIN_HEADER, arg);
	case TUNGETVNETLE:
		return fake_user_put(arg, &tap->little, sizeof(tap->little));
	case TUNSETVNETLE:
		return set_flag(&tap->little, arg);
	default:
		return -EINVAL;
	}
}

/* A queue goes when its file is closed for the last time; the link with its last queue. */
void fake_tun_release(struct fake *fake, struct fake_file *file)
{
	struct fake_tap *tap = file->tap;

	if (file->detached)
		tap->detached--;
	else
		tap->queues--;
	if (!tap->queues && !tap->detached && (!(tap->flags & IFF_PERSIST) || tap->netns))
		tap->used = false;
}
