/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ring-rules - the rules of the rings in a vhost-state document: each by itself, and that none overlaps
 * another.
 */
#include <errno.h>
#include <inttypes.h>

#include "features/features.h"
#include "ring/base.h"
#include "migration/rule.h"

static const struct vhi_saved_ring *rings(const struct vhi_saved *saved)
{
	return saved->rings.items;
}

bool vhi_saved_addr(const struct vhi_saved_ring *ring, uint64_t ret[VHI_PARTS])
{
	ret[VHI_DESC] = ring->desc;
	ret[VHI_AVAIL] = ring->avail;
	ret[VHI_USED] = ring->used;
	return ring->desc != VHI_SAVED_NO_ADDR;
}

static int check_index(struct vhi_rules *c, size_t i, const struct vhi_saved_ring *ring)
{
	uint64_t rings = c->kind->rings_per_fd * c->saved->queue_pairs;

	if (ring->index >= rings)
		return VHI_RULE_FAIL(c, vhi_rule_pointer("rings", i, "index").text,
				     "ring %" PRIu64 ": %" PRIu64
				     " queue pairs have rings 0 to %" PRIu64,
				     ring->index, c->saved->queue_pairs, rings - 1);
	if (c->seen[ring->index])
		return VHI_RULE_FAIL(c, vhi_rule_pointer("rings", i, "index").text,
				     "ring %" PRIu64 " is given twice", ring->index);
	c->seen[ring->index] = true;
	return 0;
}

/* Is there an address of each part, or of none? */
static int check_given(struct vhi_rules *c, size_t i, const uint64_t addr[VHI_PARTS])
{
	bool given = addr[VHI_DESC] != VHI_SAVED_NO_ADDR;

	if ((addr[VHI_AVAIL] != VHI_SAVED_NO_ADDR) == given &&
	    (addr[VHI_USED] != VHI_SAVED_NO_ADDR) == given)
		return 0;
	return VHI_RULE_FAIL(c, vhi_rule_pointer("rings", i, NULL).text,
			     "a ring has desc, avail and used, or none of them");
}

static int check_place(struct vhi_rules *c, size_t i, const struct vhi_saved_ring *ring)
{
	uint64_t addr[VHI_PARTS], unused[VHI_PARTS];
	struct vhi_refusal err;
	int r;

	vhi_saved_addr(ring, addr);
	r = check_given(c, i, addr);
	if (r || addr[VHI_DESC] == VHI_SAVED_NO_ADDR || c->saved->running || !c->memory->count)
		return r;
	r = vhi_layout_check_align(c->format, addr, &err);
	/* behind an IOMMU the document does not say where in memory the ring is */
	if (!r)
		r = c->saved->guest.iommu
			    ? vhi_layout_check_virtual(c->format, (uint32_t)ring->size, addr, &err)
			    : vhi_layout_place(c->format, (uint32_t)ring->size, addr, c->memory,
					       unused, &err);
	return r ? VHI_RULE_FAIL(c, vhi_rule_pointer("rings", i, NULL).text, "ring %" PRIu64 ": %s",
				 ring->index, err.text)
		 : 0;
}

static int check_ring(struct vhi_rules *c, size_t i)
{
	const struct vhi_saved_ring *ring = &rings(c->saved)[i];
	struct vhi_refusal err;
	int r = check_index(c, i, ring);

	if (r)
		return r;
	if (ring->format != c->format)
		return VHI_RULE_FAIL(
			c, vhi_rule_pointer("rings", i, "format").text,
			"with these features it is \"%s\": ring_packed (%u) is %s them",
			c->format == VHI_PACKED ? "packed" : "split", VHI_F_RING_PACKED,
			c->format == VHI_PACKED ? "among" : "not among");
	if (vhi_layout_check_size(c->format, (uint32_t)ring->size, &err))
		return VHI_RULE_FAIL(c, vhi_rule_pointer("rings", i, "size").text, "%s", err.text);
	if (ring->base != VHI_SAVED_NO_BASE &&
	    vhi_base_check(c->format, (uint32_t)ring->size, (uint32_t)ring->base, &err))
		return VHI_RULE_FAIL(c, vhi_rule_pointer("rings", i, "base").text, "%s", err.text);
	if (!ring->enabled && !(c->kind->can & VHC_CAN_RING))
		return VHI_RULE_FAIL(c, vhi_rule_pointer("rings", i, "enabled").text,
				     "the rings of a %s device run only together", c->kind->name);
	return check_place(c, i, ring);
}

static int check_pair(struct vhi_rules *c, size_t i, size_t j)
{
	const struct vhi_saved_ring *ring = &rings(c->saved)[i], *other = &rings(c->saved)[j];
	uint64_t addr[VHI_PARTS], other_addr[VHI_PARTS];
	struct vhi_ring_place place = { (uint32_t)ring->index, (uint32_t)ring->size, addr };
	struct vhi_ring_place other_place = { (uint32_t)other->index, (uint32_t)other->size,
					      other_addr };
	struct vhi_refusal err;

	if (!vhi_saved_addr(ring, addr) || !vhi_saved_addr(other, other_addr) ||
	    !vhi_layout_check_pair(c->format, &place, &other_place, &err))
		return 0;
	return VHI_RULE_FAIL(c, vhi_rule_pointer("rings", i, NULL).text, "%s", err.text);
}

static int check_apart(struct vhi_rules *c)
{
	int r = 0;

	for (size_t i = 1; i < c->saved->rings.count; i++)
		for (size_t j = 0; j < i && !r; j++)
			r = check_pair(c, i, j);
	return r;
}

/* Where the rings are is no matter in a snapshot of a running device: its driver may be setting one up. */
int vhi_rule_check_rings(struct vhi_rules *c)
{
	int r = 0;

	for (size_t i = 0; i < c->saved->rings.count && !r; i++)
		r = check_ring(c, i);
	return r || c->saved->running ? r : check_apart(c);
}
