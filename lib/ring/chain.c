/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * chain - a chain of descriptors, with the table that an indirect descriptor points to.
 */
#include <inttypes.h>
#include <linux/virtio_ring.h>

#include "ring/chain.h"

#define INDIRECT_MAX 65536u /* descriptors in a table: `next` has 16 bits */

struct walk {
	const struct vhi_chain_memory *memory;
	struct vhi_refusal *err;
	uint32_t num; /* descriptors in the table that is walked */
	uint64_t desc;
	bool indirect;
	bool writes;
};

static const char *kind_name(const struct walk *walk)
{
	return walk->indirect ? "indirect descriptor" : "descriptor";
}

static int check_buffer(struct walk *walk, uint32_t i, const struct vring_desc *desc)
{
	bool write = desc->flags & VRING_DESC_F_WRITE;
	char why[160];

	if (write != walk->writes)
		return vhi_refuse(walk->err,
				  "%s %" PRIu32
				  " is to be %s, and the device %s the buffers of this ring",
				  kind_name(walk), i, write ? "written" : "read",
				  walk->writes ? "writes" : "reads");
	if (walk->memory->reach(walk->memory->data, desc->addr, desc->len, write, why, sizeof(why)))
		return vhi_refuse(walk->err,
				  "the buffer of %s %" PRIu32 " (%" PRIu32 " bytes at 0x%" PRIx64
				  ") %s",
				  kind_name(walk), i, desc->len, (uint64_t)desc->addr, why);
	return 0;
}

static int walk_table(struct walk *walk, uint32_t i);

static int check_indirect(struct walk *walk, uint32_t i, const struct vring_desc *desc)
{
	struct walk inner = *walk;
	char why[160];

	if (walk->indirect)
		return vhi_refuse(walk->err, "indirect descriptor %" PRIu32 " is indirect itself",
				  i);
	if (desc->len % sizeof(*desc) || desc->len / sizeof(*desc) > INDIRECT_MAX)
		return vhi_refuse(walk->err,
				  "descriptor %" PRIu32 " is indirect, and its table has %" PRIu32
				  " bytes: it must be a multiple of %zu, and at most %u times that",
				  i, desc->len, sizeof(*desc), INDIRECT_MAX);
	if (walk->memory->reach(walk->memory->data, desc->addr, desc->len, false, why, sizeof(why)))
		return vhi_refuse(walk->err,
				  "the table of indirect descriptor %" PRIu32 " (%" PRIu32
				  " bytes at 0x%" PRIx64 ") %s",
				  i, desc->len, (uint64_t)desc->addr, why);
	inner.indirect = true;
	inner.num = desc->len / (uint32_t)sizeof(*desc);
	inner.desc = desc->addr;
	return walk_table(&inner, 0);
}

/*
 * Start at the i-th descriptor.  A descriptor that cannot be read ends the walk without an error: the
 * caller reports that.  vhost reads an indirect table in sequence, whatever `next` says.
 */
static int walk_table(struct walk *walk, uint32_t i)
{
	struct vring_desc desc = { .flags = VRING_DESC_F_NEXT };
	uint32_t found = 0;
	int r = 0;

	while (!r && desc.flags & VRING_DESC_F_NEXT) {
		if (i >= walk->num)
			return vhi_refuse(walk->err,
					  "a chain continues at %s %" PRIu32
					  ", and there are %" PRIu32,
					  kind_name(walk), i, walk->num);
		if (++found > walk->num)
			return vhi_refuse(walk->err,
					  "a chain of %ss is a loop: it comes to %" PRIu32 " again",
					  kind_name(walk), i);
		if (walk->memory->read(walk->memory->data, walk->desc + i * sizeof(desc), &desc,
				       sizeof(desc)))
			return 0;
		r = desc.flags & VRING_DESC_F_INDIRECT ? check_indirect(walk, i, &desc)
						       : check_buffer(walk, i, &desc);
		i = walk->indirect ? i + 1 : desc.next;
	}
	return r;
}

int vhi_chain_check(uint32_t num, uint64_t desc, uint16_t head, bool writes,
		    const struct vhi_chain_memory *memory, struct vhi_refusal *err)
{
	struct walk walk = { memory, err, num, desc, false, writes };

	if (head >= num)
		return vhi_refuse(err, "its avail ring has descriptor %u, and there are %" PRIu32,
				  head, num);
	return walk_table(&walk, head);
}
