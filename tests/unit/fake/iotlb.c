/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iotlb - what drivers/vhost/{vhost,iotlb}.c do with addresses that go through an IOMMU: the table, the
 * messages both ways, and a ring that starts behind it.
 */
#include <errno.h>
#include <linux/vhost.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

_Static_assert(sizeof(struct vhost_msg) == 72 && sizeof(struct vhost_msg_v2) == 72, "uapi");

#define HEADER offsetof(struct vhost_msg_v2, iotlb)

/* ------------------------------------------------------------------------------------- the table */

static void drop(struct fake_vhost *vhost, uint32_t n)
{
	memmove(&vhost->mapping[n], &vhost->mapping[n + 1],
		(vhost->mappings - n - 1) * sizeof(vhost->mapping[0]));
	vhost->mappings--;
}

/* What is over another stays there; of too many the oldest goes. */
static int update(struct fake *fake, struct fake_vhost *vhost, const struct vhost_iotlb_msg *msg)
{
	uint64_t last = msg->iova + msg->size - 1;

	if (!vhost->has_iotlb || msg->uaddr > UINT64_MAX - msg->size)
		return -EFAULT;
	if (msg->perm & VHOST_ACCESS_RW && !fake_user_range(msg->uaddr, msg->size))
		return -EFAULT;
	if (last < msg->iova)
		return -EFAULT;
	if (vhost->mappings == FAKE_MAX_MAPPINGS ||
	    (vhost->mappings && vhost->mappings == (uint32_t)fake->profile.max_mappings))
		drop(vhost, 0);
	vhost->mapping[vhost->mappings++] =
		(struct fake_mapping){ msg->iova, msg->size, msg->uaddr, msg->perm };
	for (uint32_t i = 0; i < vhost->waiting; i++) {
		struct vhost_msg_v2 miss;

		memcpy(&miss, vhost->miss[i].bytes, sizeof(miss));
		if (miss.iotlb.iova < msg->iova || miss.iotlb.iova > last)
			continue;
		vhost->woken++;
		vhost->miss[i--] = vhost->miss[--vhost->waiting];
	}
	return 0;
}

static int invalidate(struct fake_vhost *vhost, const struct vhost_iotlb_msg *msg)
{
	uint64_t last = msg->iova + msg->size - 1;

	if (!vhost->has_iotlb)
		return -EFAULT;
	for (uint32_t i = vhost->mappings; i--;) {
		const struct fake_mapping *map = &vhost->mapping[i];

		if (map->iova <= last && msg->iova <= map->iova + map->size - 1)
			drop(vhost, i);
	}
	return 0;
}

static const struct fake_mapping *find(const struct fake_vhost *vhost, uint64_t iova)
{
	for (uint32_t i = 0; i < vhost->mappings; i++)
		if (iova - vhost->mapping[i].iova < vhost->mapping[i].size)
			return &vhost->mapping[i];
	return NULL;
}

uint64_t fake_translate(const struct fake_vhost *vhost, uint64_t iova, uint8_t perm)
{
	const struct fake_mapping *map = find(vhost, iova);

	return map && (map->perm & perm) == perm ? map->user + (iova - map->iova) : 0;
}

void fake_iotlb_features(struct fake *fake, struct fake_vhost *vhost, bool iommu)
{
	bool before = vhost->has_iotlb;

	if (iommu || fake->profile.iotlb_forgets)
		vhost->mappings = 0;
	vhost->has_iotlb = iommu || (before && !fake->profile.iotlb_forgets);
	for (uint32_t i = 0; i < FAKE_RINGS && vhost->has_iotlb != before; i++)
		if (fake->profile.iotlb_forgets)
			vhost->ring[i].desc = vhost->ring[i].avail = vhost->ring[i].used = 0;
}

/* ---------------------------------------------------------------------------------- the messages */

const char *fake_message_name(const void *buf, size_t size)
{
	struct vhost_msg_v2 msg = { 0 };

	if (size < HEADER + sizeof(msg.iotlb) || fake_user_get(&msg, buf, size))
		return "write";
	return msg.iotlb.type == VHOST_IOTLB_UPDATE	  ? "VHOST_IOTLB_UPDATE"
	       : msg.iotlb.type == VHOST_IOTLB_INVALIDATE ? "VHOST_IOTLB_INVALIDATE"
							  : "write";
}

int fake_message_write(struct fake *fake, struct fake_vhost *vhost, const void *buf, size_t size)
{
	struct vhost_msg_v2 msg = { 0 };
	int r;

	if (size > sizeof(msg) || fake_user_get(&msg, buf, size))
		return -EFAULT;
	if (size < sizeof(msg.type) ||
	    (msg.type != VHOST_IOTLB_MSG && msg.type != VHOST_IOTLB_MSG_V2) ||
	    size < HEADER + sizeof(msg.iotlb))
		return -EINVAL;
	if (msg.iotlb.type == VHOST_IOTLB_UPDATE && !msg.iotlb.size)
		return -EINVAL;
	r = msg.iotlb.type == VHOST_IOTLB_UPDATE       ? update(fake, vhost, &msg.iotlb)
	    : msg.iotlb.type == VHOST_IOTLB_INVALIDATE ? invalidate(vhost, &msg.iotlb)
						       : -EFAULT;
	vhost->written[msg.type] += !r;
	return r ? r : (int)sizeof(msg);
}

/* A miss waits for its answer from when it was read. */
int fake_message_read(struct fake_vhost *vhost, void *buf, size_t size)
{
	struct fake_message *first = vhost->message;

	if (size < sizeof(first->bytes) || !vhost->unread)
		return 0;
	if (fake_user_put(buf, first->bytes, first->size))
		return -EFAULT;
	size = first->size;
	if (size == sizeof(first->bytes) && vhost->waiting < FAKE_MESSAGES)
		vhost->miss[vhost->waiting++] = *first;
	if (!vhost->endless)
		memmove(first, first + 1, --vhost->unread * sizeof(*first));
	return (int)size;
}

void fake_messages_clear(struct fake_vhost *vhost)
{
	vhost->unread = vhost->waiting = 0;
}

static void queue(struct fake_vhost *vhost, uint32_t ring, const void *bytes, uint32_t size)
{
	struct fake_message *message = &vhost->message[vhost->unread];

	if (vhost->unread == FAKE_MESSAGES || size > sizeof(message->bytes))
		abort(); /* the test is wrong */
	*message = (struct fake_message){ .ring = ring, .size = size };
	memcpy(message->bytes, bytes, size);
	vhost->unread++;
}

static void miss(struct fake_vhost *vhost, uint32_t ring, uint64_t iova, uint8_t perm)
{
	bool v2 = vhost->backend_features >> VHOST_BACKEND_F_IOTLB_MSG_V2 & 1;
	struct vhost_msg_v2 msg = { .type = v2 ? VHOST_IOTLB_MSG_V2 : VHOST_IOTLB_MSG };

	msg.iotlb.type = VHOST_IOTLB_MISS;
	msg.iotlb.iova = iova;
	msg.iotlb.perm = perm;
	queue(vhost, ring, &msg, sizeof(msg));
}

void fake_raise_miss(struct fake *fake, struct fake_vhost *vhost, uint32_t ring, uint64_t iova,
		     uint8_t perm)
{
	pthread_mutex_lock(&fake->lock);
	miss(vhost, ring, iova, perm);
	pthread_mutex_unlock(&fake->lock);
}

void fake_raise_message(struct fake *fake, struct fake_vhost *vhost, const void *bytes,
			uint32_t size)
{
	pthread_mutex_lock(&fake->lock);
	queue(vhost, 0, bytes, size);
	pthread_mutex_unlock(&fake->lock);
}

void fake_raise_error(struct fake *fake, struct fake_vhost *vhost, uint32_t ring, uint32_t count)
{
	pthread_mutex_lock(&fake->lock);
	if (vhost->ring[ring].err)
		vhost->ring[ring].err->counter += count;
	pthread_mutex_unlock(&fake->lock);
}

/* --------------------------------------------------------------------------------- a ring starts */

static int give_up(const struct fake_ring *ring, uint32_t complaints)
{
	if (ring->err)
		ring->err->counter += complaints;
	return -EFAULT;
}

/* Two bytes, which must be in one mapping that may be read, whatever is to be done. */
static int translate(struct fake_vhost *vhost, struct fake_ring *ring, uint64_t iova,
		     uint64_t *ret_user)
{
	const struct fake_mapping *map = find(vhost, iova);
	uint32_t number = ring == &vhost->ring[1];

	if (map && map->perm & VHOST_ACCESS_RO && map->size - (iova - map->iova) < 2) {
		if (!find(vhost, iova + 1))
			miss(vhost, number, iova + 1, VHOST_ACCESS_RO);
		return -EFAULT;
	}
	if (!map)
		miss(vhost, number, iova, VHOST_ACCESS_RO);
	if (!map || !(map->perm & VHOST_ACCESS_RO))
		return -EFAULT;
	*ret_user = map->user + (iova - map->iova);
	return 0;
}

int fake_iotlb_start(struct fake_vhost *vhost, struct fake_ring *ring)
{
	uint16_t flags = 0, idx;
	uint64_t user;

	if (translate(vhost, ring, ring->used, &user))
		return give_up(ring, 1);
	if (!fake_user_copy((void *)(uintptr_t)user, &flags, sizeof(flags)))
		return -EFAULT;
	if (translate(vhost, ring, ring->used + 2, &user))
		return give_up(ring, 2);
	if (fake_user_get(&idx, (const void *)(uintptr_t)user, sizeof(idx)))
		return give_up(ring, 1);
	return 0;
}
