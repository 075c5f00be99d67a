/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ring - the ioctls of one ring, and what is looked at when it gets a backend, as
 * drivers/vhost/{vhost,net}.c do it.  Whether a ring is in the memory table is not checked.
 */
#include <errno.h>
#include <linux/vhost.h>
#include <linux/virtio_ring.h>

#include "model.h"

/* A page is 4096 bytes here whatever the machine's is; 8 pages to a byte of the log. */
#define LOGGED_PER_BYTE (4096ull * 8)

bool fake_log_ok(uint64_t base, uint64_t guest, uint64_t size)
{
	uint64_t first = guest / LOGGED_PER_BYTE;

	if (first > UINT64_MAX - base)
		return false;
	return fake_user_range(base + first, (size + LOGGED_PER_BYTE - 1) / LOGGED_PER_BYTE);
}

static bool logs(const struct fake_ring *ring)
{
	return ring->features[0] >> VHOST_F_LOG_ALL & 1;
}

bool fake_regions_ok(const struct fake_ring *ring, const struct fake_region *region, uint32_t count,
		     bool log)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!fake_user_range(region[i].user, region[i].size))
			return false;
		if ((log || logs(ring)) &&
		    !fake_log_ok(ring->log_base, region[i].guest, region[i].size))
			return false;
	}
	return true;
}

static uint64_t used_size(const struct fake_ring *ring)
{
	uint64_t event = ring->features[0] >> VIRTIO_RING_F_EVENT_IDX & 1 ? 2 : 0;

	return 4 + 8ull * ring->num + event;
}

static bool addresses_ok(const struct fake_ring *ring, uint64_t desc, uint64_t avail, uint64_t used)
{
	uint64_t event = used_size(ring) - 8ull * ring->num - 4;

	return fake_user_range(desc, 16ull * ring->num) &&
	       fake_user_range(avail, 4 + 2ull * ring->num + event) &&
	       fake_user_range(used, used_size(ring));
}

static int set_num(struct fake_ring *ring, uint32_t num)
{
	if (ring->runs)
		return -EBUSY;
	if (!num || num > 0xffff || num & (num - 1))
		return -EINVAL;
	ring->num = num;
	return 0;
}

static int set_base(struct fake_ring *ring, uint32_t base)
{
	if (ring->runs)
		return -EBUSY;
	if (base > 0xffff)
		return -EINVAL;
	ring->base = base;
	return 0;
}

static int set_addr(struct fake_ring *ring, bool virtual, const void *arg)
{
	struct vhost_vring_addr addr;
	bool log;

	if (fake_user_get(&addr, arg, sizeof(addr)))
		return -EFAULT;
	if (addr.flags & ~(1u << VHOST_VRING_F_LOG))
		return -EOPNOTSUPP;
	if (addr.avail_user_addr & 1 || addr.used_user_addr & 3 || addr.log_guest_addr & 3)
		return -EINVAL;
	log = addr.flags & 1u << VHOST_VRING_F_LOG;
	if (ring->runs &&
	    ((!virtual && !addresses_ok(ring, addr.desc_user_addr, addr.avail_user_addr,
					addr.used_user_addr)) ||
	     (log && !fake_log_ok(ring->log_base, addr.log_guest_addr, used_size(ring)))))
		return -EINVAL;
	ring->log_used = log;
	ring->desc = addr.desc_user_addr;
	ring->avail = addr.avail_user_addr;
	ring->used = addr.used_user_addr;
	ring->log_addr = addr.log_guest_addr;
	return 0;
}

int fake_set_eventfd(struct fake *fake, struct fake_file **slot, int fd)
{
	struct fake_file *file = NULL;

	if (fd != VHOST_FILE_UNBIND) {
		file = fake_file_of(fake, fd);
		if (!file)
			return -EBADF;
		if (file->kind != FAKE_EVENTFD)
			return -EINVAL;
		fake_file_ref(file);
	}
	fake_file_unref(fake, *slot);
	*slot = file;
	return 0;
}

int fake_vring_ioctl(struct fake *fake, struct fake_vhost *vhost, unsigned long request, void *arg)
{
	struct vhost_vring_state state;
	struct vhost_vring_file *file = (struct vhost_vring_file *)&state;
	struct fake_ring *ring;
	uint32_t index;

	if (fake_user_get(&index, arg, sizeof(index)))
		return -EFAULT;
	if (index >= FAKE_RINGS)
		return -ENOBUFS;
	ring = &vhost->ring[index];
	if (request == VHOST_SET_VRING_ADDR)
		return set_addr(ring, vhost->has_iotlb, arg);
	/* the others have a word, or an fd of the same size, behind the index */
	if (_IOC_SIZE(request) != sizeof(state))
		return -ENOTTY;
	if (fake_user_get(&state, arg, sizeof(state)))
		return -EFAULT;
	switch (request) {
	case VHOST_SET_VRING_NUM:
		return set_num(ring, state.num);
	case VHOST_SET_VRING_BASE:
		return set_base(ring, state.num);
	case VHOST_GET_VRING_BASE:
		ring->base += ring->moves;
		state.num = ring->base;
		return fake_user_put(arg, &state, sizeof(state));
	case VHOST_SET_VRING_KICK:
		return fake_set_eventfd(fake, &ring->kick, file->fd);
	case VHOST_SET_VRING_CALL:
		return fake_set_eventfd(fake, &ring->call, file->fd);
	case VHOST_SET_VRING_ERR:
		return fake_set_eventfd(fake, &ring->err, file->fd);
	case VHOST_SET_VRING_BUSYLOOP_TIMEOUT:
		if (fake->profile.no_busyloop)
			return -ENOTTY;
		ring->busyloop = state.num;
		return 0;
	case VHOST_GET_VRING_BUSYLOOP_TIMEOUT:
		if (fake->profile.no_busyloop)
			return -ENOTTY;
		state.num = ring->busyloop;
		return fake_user_put(arg, &state, sizeof(state));
	default:
		return -ENOTTY;
	}
}

/* The kernel writes the used ring's flags and reads its index: the first access to that memory. */
static int touch_used(const struct fake_ring *ring)
{
	uint16_t flags = 0, idx;

	if (!fake_user_copy((void *)(uintptr_t)ring->used, &flags, sizeof(flags)))
		return -EFAULT;
	return fake_user_get(&idx, (const void *)(uintptr_t)(ring->used + 2), sizeof(idx));
}

bool fake_ring_ok(const struct fake_vhost *vhost, const struct fake_ring *ring)
{
	return vhost->has_table && fake_regions_ok(ring, vhost->region, vhost->regions, false) &&
	       (!ring->log_used || fake_log_ok(ring->log_base, ring->log_addr, used_size(ring))) &&
	       (vhost->has_iotlb || addresses_ok(ring, ring->desc, ring->avail, ring->used));
}

int fake_ring_touch(struct fake_vhost *vhost, struct fake_ring *ring)
{
	return vhost->has_iotlb ? fake_iotlb_start(vhost, ring) : touch_used(ring);
}

/* The same tap on two devices is no error.  An fd of /dev/net/tun that is no queue yet is found out
 * only when the ring begins to wait for it. */
int fake_set_backend(struct fake *fake, struct fake_vhost *vhost, const void *arg)
{
	struct vhost_vring_file backend;
	struct fake_file *file;
	struct fake_ring *ring;

	if (fake_user_get(&backend, arg, sizeof(backend)))
		return -EFAULT;
	if (!fake_is_owner(fake, vhost))
		return -EPERM;
	if (backend.index >= FAKE_RINGS)
		return -ENOBUFS;
	ring = &vhost->ring[backend.index];
	if (!fake_ring_ok(vhost, ring))
		return -EFAULT;
	file = backend.fd == VHOST_FILE_UNBIND ? NULL : fake_file_of(fake, backend.fd);
	if (backend.fd != VHOST_FILE_UNBIND && (!file || file->kind != FAKE_TUN))
		return -ENOTSOCK;
	if (backend.fd == VHOST_FILE_UNBIND)
		fake_messages_clear(vhost);
	if (file == ring->backend)
		return 0;
	if (file && fake_ring_touch(vhost, ring))
		return -EFAULT;
	if (file && !file->tap && !file->macvtap)
		return -EINVAL;
	fake_file_unref(fake, ring->backend);
	ring->backend = file ? fake_file_ref(file) : NULL;
	ring->runs = file;
	return 0;
}
