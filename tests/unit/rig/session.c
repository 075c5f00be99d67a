/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * session - a vhost-user back end without its socket.
 */
#include "session.h"

int session_open(struct session *s, struct vhc_ctx *ctx, struct vhc_tap *tap, uint32_t pairs)
{
	int r;

	*s = (struct session){ .ctx = ctx, .info.sz = sizeof(s->info) };
	for (uint32_t i = 0; i < 8; i++)
		s->err[i] = -1;
	r = vhc_mem_new(ctx, &s->mem);
	r = r ? r
	      : vhc_dev_open(ctx, "vu0", NULL,
			     VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET, .queue_pairs = pairs),
			     &s->dev);
	r = r ? r : vhc_dev_set_mem(s->dev, s->mem);
	r = r ? r : vhc_dev_set_tap(s->dev, tap);
	return r ? r : vhc_dev_get_info(s->dev, &s->info);
}

void session_close(struct session *s)
{
	vhc_dev_close(s->dev);
	vhc_mem_free(s->mem);
}

/* Let run what is enabled and complete.  What is missing comes with a later message. */
static int settle(struct session *s)
{
	int r = s->logs ? vhc_dirty_start(s->mem) : 0;

	for (uint32_t i = 0; i < s->info.rings && (!r || r == -EAGAIN); i++)
		r = s->enabled[i] ? vhc_ring_start(s->dev, i) : vhc_ring_stop(s->dev, i);
	return r == -EAGAIN ? 0 : r;
}

/* ------------------------------------------------------------------------------------- features */

static int get_features(struct session *s, struct session_message *m)
{
	struct vhc_features offered;
	int r = vhc_dev_offer_features(s->dev, NULL, NULL, &offered);

	if (!(s->info.can & VHC_CAN_IOMMU))
		vhc_features_remove(&offered, VHI_F_ACCESS_PLATFORM);
	m->value = offered.w[0] | SESSION_F_PROTOCOL;
	if (s->info.can & VHC_CAN_DIRTY)
		m->value |= SESSION_F_LOG;
	return r;
}

static int set_features(struct session *s, struct session_message *m)
{
	struct vhc_features acked = { { m->value & ~(SESSION_F_LOG | SESSION_F_PROTOCOL) } };
	bool iommu = vhc_features_has(&acked, VHI_F_ACCESS_PLATFORM);
	int r = vhc_dev_set_features(s->dev, &acked, iommu ? VHC_GUEST_IOMMU : 0);

	if (r)
		return r;
	for (uint32_t i = 0; i < s->info.rings && !(m->value & SESSION_F_PROTOCOL); i++)
		s->enabled[i] = s->enabled[i] || !s->protocol;
	s->protocol = s->protocol || m->value & SESSION_F_PROTOCOL;
	if (s->logs && !(m->value & SESSION_F_LOG))
		r = vhc_dirty_stop(s->mem);
	s->logs = m->value & SESSION_F_LOG; /* SET_LOG_BASE may come before or after */
	return r;
}

/* --------------------------------------------------------------------------------------- memory */

static void add(struct session *s, const struct session_region *region)
{
	vhc_mem_add(s->mem, VHC_ARG(vhc_region, .guest_addr = region->guest, .size = region->size,
				    .peer_addr = region->user, .fd = region->fd,
				    .fd_offset = region->offset,
				    .flags = VHC_REGION_FD | VHC_REGION_MAP | VHC_REGION_PEER));
}

/* A commit tells of an edit that failed, too. */
static int set_mem_table(struct session *s, struct session_message *m)
{
	vhc_mem_clear(s->mem);
	for (uint32_t i = 0; i < m->regions; i++)
		add(s, &m->region[i]);
	return vhc_mem_commit(s->mem);
}

static int add_mem_reg(struct session *s, struct session_message *m)
{
	add(s, &m->region[0]);
	return vhc_mem_commit(s->mem);
}

static int rem_mem_reg(struct session *s, struct session_message *m)
{
	vhc_mem_del(s->mem, m->region[0].guest, m->region[0].size);
	return vhc_mem_commit(s->mem);
}

static int set_log_base(struct session *s, struct session_message *m)
{
	return vhc_dirty_set_file(s->mem, m->fd, m->offset, m->value);
}

static int iotlb(struct session *s, struct session_message *m)
{
	if (m->iotlb.type == 3)
		return vhc_dev_unmap(s->dev, m->iotlb.iova, m->iotlb.size);
	return vhc_dev_map(s->dev, VHC_ARG(vhc_map, .iova = m->iotlb.iova, .size = m->iotlb.size,
					   .addr = m->iotlb.user, .perm = m->iotlb.perm,
					   .flags = VHC_MAP_USER));
}

/* ---------------------------------------------------------------------------------------- rings */

static int set_vring_num(struct session *s, struct session_message *m)
{
	return vhc_ring_set_size(s->dev, m->ring, (uint32_t)m->value);
}

static int set_vring_base(struct session *s, struct session_message *m)
{
	return vhc_ring_set_base(s->dev, m->ring, (uint32_t)m->value);
}

/* Its log flag and log address follow from the dirty log and the table. */
static int set_vring_addr(struct session *s, struct session_message *m)
{
	return vhc_ring_set_addr(s->dev, m->ring,
				 VHC_ARG(vhc_ring_addr, .desc = m->addr.desc,
					 .avail = m->addr.avail, .used = m->addr.used,
					 .flags = VHC_RING_USER_ADDR));
}

/* This message is the end of what the kick began: without one the ring cannot start again. */
static int get_vring_base(struct session *s, struct session_message *m)
{
	uint32_t base = 0;
	int r = vhc_ring_stop(s->dev, m->ring);

	r = r ? r : vhc_ring_get_base(s->dev, m->ring, &base);
	m->value = base;
	return r ? r : vhc_ring_set_kick(s->dev, m->ring, -1);
}

static int set_vring_kick(struct session *s, struct session_message *m)
{
	return vhc_ring_set_kick(s->dev, m->ring, m->fd);
}

static int set_vring_call(struct session *s, struct session_message *m)
{
	return vhc_ring_set_call(s->dev, m->ring, m->fd);
}

static int set_vring_err(struct session *s, struct session_message *m)
{
	s->err[m->ring] = m->fd;
	return 0;
}

static int set_vring_enable(struct session *s, struct session_message *m)
{
	s->enabled[m->ring] = m->value;
	return 0;
}

/* --------------------------------------------------------------------------------- the device */

static int get_queue_num(struct session *s, struct session_message *m)
{
	m->value = s->info.rings / 2;
	return 0;
}

static int get_max_mem_slots(struct session *s, struct session_message *m)
{
	m->value = s->info.max_regions;
	return 0;
}

/* The first start does it. */
static int set_owner(struct session *s, struct session_message *m)
{
	return 0;
}

static int reset_device(struct session *s, struct session_message *m)
{
	memset(s->enabled, 0, sizeof(s->enabled));
	return vhc_dev_reset(s->dev);
}

static const struct {
	enum session_request request;
	bool has_ring;
	int (*handle)(struct session *s, struct session_message *m);
} rows[] = {
	{ GET_FEATURES, false, get_features },
	{ SET_FEATURES, false, set_features },
	{ SET_OWNER, false, set_owner },
	{ SET_MEM_TABLE, false, set_mem_table },
	{ SET_LOG_BASE, false, set_log_base },
	{ SET_VRING_NUM, true, set_vring_num },
	{ SET_VRING_ADDR, true, set_vring_addr },
	{ SET_VRING_BASE, true, set_vring_base },
	{ GET_VRING_BASE, true, get_vring_base },
	{ SET_VRING_KICK, true, set_vring_kick },
	{ SET_VRING_CALL, true, set_vring_call },
	{ SET_VRING_ERR, true, set_vring_err },
	{ GET_QUEUE_NUM, false, get_queue_num },
	{ SET_VRING_ENABLE, true, set_vring_enable },
	{ IOTLB_MSG, false, iotlb },
	{ RESET_DEVICE, false, reset_device },
	{ ADD_MEM_REG, false, add_mem_reg },
	{ REM_MEM_REG, false, rem_mem_reg },
	{ GET_MAX_MEM_SLOTS, false, get_max_mem_slots },
};

int session_handle(struct session *s, struct session_message *message)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int r;

		if (rows[i].request != message->request)
			continue;
		if (rows[i].has_ring && message->ring >= s->info.rings)
			return -EINVAL;
		r = rows[i].handle(s, message);
		return r ? r : settle(s);
	}
	return -EPROTO;
}

int session_hang_up(struct session *s)
{
	int r = vhc_dev_reset(s->dev);

	memset(s->enabled, 0, sizeof(s->enabled));
	s->protocol = s->logs = false;
	vhc_mem_clear(s->mem);
	r = r ? r : vhc_dirty_stop(s->mem);
	return r ? r : vhc_mem_commit(s->mem);
}

int session_event(struct session *s)
{
	struct vhc_event event = { .sz = sizeof(event) };
	int r;

	while ((r = vhc_dev_next_event(s->dev, &event)) == 1) {
		if (event.kind == VHC_EVENT_MISS) {
			s->misses++;
			s->miss = event.iova;
		}
		if (event.kind == VHC_EVENT_RING_ERROR)
			s->errors += event.count;
	}
	return r;
}
