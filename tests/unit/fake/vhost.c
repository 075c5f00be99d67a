/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vhost - the ioctls of a whole vhost device, as drivers/vhost/{net,scsi,vhost}.c answer them.
 * What is not known here is tried as a ring's ioctl, which reads the first word as an index: that is
 * why an old kernel answers a new ioctl with EPERM or ENOBUFS.
 */
#include <errno.h>
#include <linux/vhost.h>
#include <linux/virtio_config.h>
#include <string.h>

#include "model.h"
#include "syscall/uapi.h"

static void ring_init(struct fake_ring *ring)
{
	*ring = (struct fake_ring){ .num = 1, .log_addr = UINT64_MAX };
}

void fake_vhost_init(struct fake_vhost *vhost)
{
	memset(vhost, 0, offsetof(struct fake_vhost, message));
	for (uint32_t i = 0; i < FAKE_RINGS; i++)
		ring_init(&vhost->ring[i]);
	vhost->fork_owner = VHI_FORK_TASK;
}

void fake_vhost_release(struct fake *fake, struct fake_vhost *vhost)
{
	for (uint32_t i = 0; i < FAKE_RINGS; i++) {
		struct fake_ring *ring = &vhost->ring[i];

		fake_file_unref(fake, ring->kick);
		fake_file_unref(fake, ring->call);
		fake_file_unref(fake, ring->err);
		fake_file_unref(fake, ring->backend);
		ring_init(ring);
	}
	fake_file_unref(fake, vhost->log_event);
	vhost->log_event = NULL;
}

bool fake_is_owner(const struct fake *fake, const struct fake_vhost *vhost)
{
	return vhost->owned && vhost->owner == fake->pid;
}

static int set_owner(struct fake *fake, struct fake_vhost *vhost)
{
	if (vhost->owned)
		return -EBUSY;
	vhost->owned = true;
	vhost->owner = fake->pid;
	fake_worker_start(fake, vhost);
	return 0;
}

/* What comes after is a device with an empty table, which is not the same as one without. */
static int reset_owner(struct fake *fake, struct fake_vhost *vhost)
{
	if (!fake_is_owner(fake, vhost))
		return -EPERM;
	fake_vhost_release(fake, vhost);
	fake_vhost_init(vhost);
	vhost->has_table = true;
	return 0;
}

static bool log_all_ok(const struct fake_vhost *vhost)
{
	for (uint32_t i = 0; i < FAKE_RINGS; i++) {
		const struct fake_ring *ring = &vhost->ring[i];

		if (ring->runs && !fake_regions_ok(ring, vhost->region, vhost->regions, true))
			return false;
	}
	return true;
}

static int take_features(struct fake *fake, struct fake_vhost *vhost, const uint64_t features[2])
{
	if (features[0] & 1ull << VHOST_F_LOG_ALL && !log_all_ok(vhost))
		return -EFAULT;
	for (uint32_t i = 0; i < FAKE_RINGS; i++)
		memcpy(vhost->ring[i].features, features, sizeof(vhost->ring[i].features));
	fake_iotlb_features(fake, vhost, features[0] >> VIRTIO_F_ACCESS_PLATFORM & 1);
	return 0;
}

int fake_set_features(struct fake *fake, struct fake_vhost *vhost, const void *arg,
		      uint64_t offered)
{
	uint64_t features[2] = { 0 };

	if (fake_user_get(&features[0], arg, sizeof(features[0])))
		return -EFAULT;
	if (features[0] & ~offered)
		return -EOPNOTSUPP;
	return take_features(fake, vhost, features);
}

static int get_features_array(struct fake *fake, void *arg)
{
	uint64_t count, *word = (uint64_t *)arg + 1, zero = 0;

	if (fake_user_get(&count, arg, sizeof(count)))
		return -EFAULT;
	for (uint64_t i = 0; i < count; i++)
		if (fake_user_put(&word[i], i < 2 ? &fake->profile.features[i] : &zero,
				  sizeof(zero)))
			return -EFAULT;
	return 0;
}

static int set_features_array(struct fake *fake, struct fake_vhost *vhost, const void *arg)
{
	uint64_t count, features[2] = { 0 };
	const uint64_t *word = (const uint64_t *)arg + 1;

	if (fake_user_get(&count, arg, sizeof(count)))
		return -EFAULT;
	for (uint64_t i = 0; i < count; i++) {
		uint64_t value;

		if (fake_user_get(&value, &word[i], sizeof(value)))
			return -EFAULT;
		if (i < 2)
			features[i] = value;
		else if (value)
			return -EOPNOTSUPP;
	}
	for (uint32_t i = 0; i < 2; i++)
		if (features[i] & ~fake->profile.features[i])
			return -EOPNOTSUPP;
	return take_features(fake, vhost, features);
}

int fake_set_backend_features(struct fake_vhost *vhost, const void *arg, uint64_t offered)
{
	uint64_t features;

	if (fake_user_get(&features, arg, sizeof(features)))
		return -EFAULT;
	if (features & ~offered)
		return -EOPNOTSUPP;
	vhost->backend_features = features;
	return 0;
}

/* A table has the limit of an IOTLB: each region more silently drops the first. */
static void keep_regions(struct fake *fake, struct fake_vhost *vhost,
			 const struct fake_region *region, uint32_t count)
{
	uint32_t limit = (uint32_t)fake->profile.max_mappings;
	uint32_t dropped = limit && count > limit ? count - limit : 0;

	vhost->regions = count - dropped;
	memcpy(vhost->region, region + dropped, vhost->regions * sizeof(*region));
	vhost->has_table = true;
}

/* Overlap, alignment and what is mapped are not looked at. */
static int set_mem_table(struct fake *fake, struct fake_vhost *vhost, const void *arg)
{
	static const size_t header = sizeof(struct vhost_memory);
	struct vhost_memory memory;
	struct fake_region region[FAKE_MAX_REGIONS];

	if (fake_user_get(&memory, arg, header))
		return -EFAULT;
	if (memory.padding)
		return -EOPNOTSUPP;
	if (memory.nregions > fake->profile.max_regions || memory.nregions > FAKE_MAX_REGIONS)
		return -E2BIG;
	for (uint32_t i = 0; i < memory.nregions; i++) {
		struct vhost_memory_region r;

		if (fake_user_get(&r, (const char *)arg + header + i * sizeof(r), sizeof(r)))
			return -EFAULT;
		if (r.guest_phys_addr + r.memory_size - 1 < r.guest_phys_addr)
			return -EFAULT;
		region[i] =
			(struct fake_region){ r.guest_phys_addr, r.memory_size, r.userspace_addr };
	}
	for (uint32_t i = 0; i < FAKE_RINGS; i++)
		if (vhost->ring[i].runs &&
		    !fake_regions_ok(&vhost->ring[i], region, memory.nregions, false))
			return -EFAULT;
	keep_regions(fake, vhost, region, memory.nregions);
	return 0;
}

static int set_log_base(struct fake *fake, struct fake_vhost *vhost, const void *arg)
{
	uint64_t base;
	int r = 0;

	if (fake_user_get(&base, arg, sizeof(base)))
		return -EFAULT;
	if (fake->tear_log_base && !--fake->tear_log_base) {
		vhost->ring[0].log_base = base;
		return -EFAULT;
	}
	for (uint32_t i = 0; i < FAKE_RINGS; i++) {
		struct fake_ring *ring = &vhost->ring[i], with = *ring;

		with.log_base = base;
		if (ring->runs &&
		    (!fake_regions_ok(&with, vhost->region, vhost->regions, false) ||
		     (ring->log_used && !fake_log_ok(base, ring->log_addr, 8ull * ring->num))))
			r = -EFAULT;
		else
			ring->log_base = base;
	}
	return r;
}

static int set_log_fd(struct fake *fake, struct fake_vhost *vhost, const void *arg)
{
	int fd;

	if (fake_user_get(&fd, arg, sizeof(fd)))
		return -EFAULT;
	return fake_set_eventfd(fake, &vhost->log_event, fd);
}

/* Asked before anybody asks for an owner. */
static int fork_from_owner(struct fake_vhost *vhost, unsigned long request, void *arg)
{
	uint8_t value;

	if (request == VHI_GET_FORK_FROM_OWNER)
		return fake_user_put(arg, &vhost->fork_owner, sizeof(value));
	if (vhost->owned)
		return -EBUSY;
	if (fake_user_get(&value, arg, sizeof(value)))
		return -EFAULT;
	if (value != VHI_FORK_TASK && value != VHI_FORK_KTHREAD)
		return -EINVAL;
	vhost->fork_owner = value;
	return 0;
}

int fake_common_ioctl(struct fake *fake, struct fake_vhost *vhost, unsigned long request, void *arg)
{
	if (fake->profile.fork_from_owner &&
	    (request == VHI_SET_FORK_FROM_OWNER || request == VHI_GET_FORK_FROM_OWNER))
		return fork_from_owner(vhost, request, arg);
	if (request == VHOST_SET_OWNER)
		return set_owner(fake, vhost);
	if (!fake_is_owner(fake, vhost))
		return -EPERM;
	switch (request) {
	case VHOST_SET_MEM_TABLE:
		return set_mem_table(fake, vhost, arg);
	case VHOST_SET_LOG_BASE:
		return set_log_base(fake, vhost, arg);
	case VHOST_SET_LOG_FD:
		return set_log_fd(fake, vhost, arg);
	default:
		return fake_vring_ioctl(fake, vhost, request, arg);
	}
}

static int scsi_ioctl(struct fake *fake, struct fake_file *file, unsigned long request, void *arg)
{
	struct vhi_uapi_vring_worker worker = { 0 };

	if (request == VHOST_GET_FEATURES)
		return fake_user_put(arg, &file->node->features, sizeof(file->node->features));
	if (request == VHI_GET_VRING_WORKER && fake->profile.workers)
		return file->vhost->owned ? fake_user_put(arg, &worker, sizeof(worker)) : -EINVAL;
	return fake_common_ioctl(fake, file->vhost, request, arg);
}

static int net_ioctl(struct fake *fake, struct fake_vhost *vhost, unsigned long request, void *arg)
{
	const uint64_t *backend = &fake->profile.net_backend_features;

	if (fake->profile.features_array && request == VHI_GET_FEATURES_ARRAY)
		return get_features_array(fake, arg);
	if (fake->profile.features_array && request == VHI_SET_FEATURES_ARRAY)
		return set_features_array(fake, vhost, arg);
	switch (request) {
	case VHOST_NET_SET_BACKEND:
		return fake_set_backend(fake, vhost, arg);
	case VHOST_GET_FEATURES:
		return fake_user_put(arg, &fake->profile.features[0], sizeof(uint64_t));
	case VHOST_SET_FEATURES:
		return fake_set_features(fake, vhost, arg, fake->profile.features[0]);
	case VHOST_GET_BACKEND_FEATURES:
		if (!fake->profile.backend_features)
			return fake_common_ioctl(fake, vhost, request, arg);
		return fake_user_put(arg, backend, sizeof(*backend));
	case VHOST_SET_BACKEND_FEATURES:
		return fake_set_backend_features(vhost, arg, *backend);
	case VHOST_RESET_OWNER:
		return reset_owner(fake, vhost);
	default:
		return fake_common_ioctl(fake, vhost, request, arg);
	}
}

int fake_vhost_ioctl(struct fake *fake, struct fake_file *file, unsigned long request, void *arg)
{
	switch (file->kind) {
	case FAKE_VHOST_NET:
		return net_ioctl(fake, file->vhost, request, arg);
	case FAKE_VHOST_VSOCK:
		return fake_vsock_ioctl(fake, file->vhost, request, arg);
	default:
		return scsi_ioctl(fake, file, request, arg);
	}
}
