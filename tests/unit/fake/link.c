/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * link - what is done to links from outside: socket ioctls, rtnetlink, and that they go.
 */
#include <errno.h>
#include <linux/if_tun.h>
#include <linux/ioctl.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>

#include "model.h"

static void delete_link(struct fake *fake, struct fake_tap *tap)
{
	for (uint32_t i = 0; i < fake->files_end; i++) {
		struct fake_file *file = &fake->files[i];

		if (file->tap != tap)
			continue;
		file->tap = NULL;
		file->detached = false;
		file->macvtap = tap->macvtap;
	}
	tap->used = false;
}

void fake_delete_link(struct fake *fake, const char *name)
{
	for (uint32_t i = 0; i < FAKE_TAPS; i++)
		if (fake->taps[i].used && !strcmp(fake->taps[i].name, name))
			delete_link(fake, &fake->taps[i]);
}

void fake_steal_queues(struct fake *fake, uint32_t times)
{
	fake->steals = times;
}

void fake_steal_links(struct fake *fake, uint32_t times, uint32_t owner)
{
	fake->steals = times;
	fake->steal_owner = owner;
}

static int link_get(struct fake *fake, const char *name, struct vhi_link *ret)
{
	const struct fake_tap *tap = fake_tap_find(fake, 0, name);

	if (!tap)
		return -ENODEV;
	*ret = (struct vhi_link){
		.index = tap->index,
		.queues = tap->flags & IFF_MULTI_QUEUE ? tap->queues + tap->detached : 0,
		.owner = tap->has_owner ? tap->owner : VHI_NOBODY,
		.group = tap->has_group ? tap->group : VHI_NOBODY,
		.persists = tap->flags & IFF_PERSIST,
	};
	return 0;
}

static int link_delete(struct fake *fake, uint32_t index)
{
	for (uint32_t i = 0; i < FAKE_TAPS; i++) {
		if (!fake->taps[i].used || fake->taps[i].index != index)
			continue;
		if (fake->uid)
			return -EPERM;
		delete_link(fake, &fake->taps[i]);
		return 0;
	}
	return -ENODEV;
}

static int link_watch(struct fake *fake, const char *name)
{
	const struct fake_tap *tap = fake_tap_find(fake, 0, name);
	struct fake_file *file = tap ? fake_file_new(fake, FAKE_SOCKET) : NULL;

	if (!tap)
		return -ENODEV;
	if (file)
		file->watched = tap;
	return fake_fd_new(fake, file);
}

int fake_sys_link_get(void *data, const char *name, struct vhi_link *ret)
{
	struct fake *fake = data;
	int r = fake_enter(fake, "RTM_GETLINK", -1, 0);

	return fake_leave(fake, r ? r : link_get(fake, name, ret));
}

int fake_sys_link_delete(void *data, uint32_t index)
{
	struct fake *fake = data;
	int r = fake_enter(fake, "RTM_DELLINK", -1, 0);

	return fake_leave(fake, r ? r : link_delete(fake, index));
}

int fake_sys_link_watch(void *data, const char *name)
{
	struct fake *fake = data;
	int r = fake_enter(fake, "link_watch", -1, 0);

	return fake_leave(fake, r ? r : link_watch(fake, name));
}

int fake_socket_ioctl(struct fake *fake, unsigned long request, void *arg)
{
	struct ifreq ifr;
	struct fake_tap *tap;

	if (_IOC_TYPE(request) != _IOC_TYPE(SIOCGIFFLAGS))
		return -ENOTTY;
	if (fake_user_get(&ifr, arg, sizeof(ifr)))
		return -EFAULT;
	ifr.ifr_name[IFNAMSIZ - 1] = 0;
	tap = fake_tap_find(fake, 0, ifr.ifr_name);
	if (!tap && request == SIOCGIFINDEX && !strcmp(ifr.ifr_name, "lo")) {
		ifr.ifr_ifindex = 1;
		return fake_user_put(arg, &ifr, sizeof(ifr));
	}
	if (!tap)
		return -ENODEV;
	switch (request) {
	case SIOCGIFFLAGS:
		ifr.ifr_flags = (short)(IFF_BROADCAST | IFF_MULTICAST);
		break;
	case SIOCGIFINDEX:
		ifr.ifr_ifindex = (int)tap->index;
		break;
	case SIOCGIFTXQLEN:
		ifr.ifr_qlen = tap->txqueuelen;
		break;
	case SIOCSIFTXQLEN:
		if (fake->uid)
			return -EPERM;
		if (ifr.ifr_qlen < 0)
			return -EINVAL;
		tap->txqueuelen = ifr.ifr_qlen;
		return 0;
	default:
		return -ENOTTY;
	}
	return fake_user_put(arg, &ifr, sizeof(ifr));
}
