/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * chain - a chain of descriptors, with the table that an indirect descriptor points to.
 */
#include <inttypes.h>
#include <linux/virtio_ring.h>

#include "ring/chain.h"
#include "ring/endian.h"

#define INDIRECT_MAX 65536u /* descriptors in a table: `next` has 16 bits */
/*
 * A chain may be as long as the ring (virtio 1.4, 2.7.5.3.1).  Linux's drivers put some more into an
 * indirect table when the ring is small.
 */
#define LONG_MIN 64u
#define BLOCK	 64u /* descriptors in one read */

/* What is counted over a whole chain. */
struct count {
	uint32_t found, most;	       /* descriptors */
	uint32_t pieces, table_pieces; /* of memory: of its buffers, of its indirect tables */
};

struct walk {
	const struct vhi_chain_memory *memory;
	struct vhi_refusal *err;
	struct count *count;
	uint32_t num; /* descriptors in the table that is walked */
	uint64_t desc;
	bool indirect;
	bool writes;
	uint32_t first, read; /* of the table: those in the block */
	struct vring_desc block[BLOCK];
};

static const char *kind_name(const struct walk *walk)
{
	return walk->indirect ? "indirect descriptor" : "descriptor";
}

/* A block that is not all there, or not in one piece, is read one by one. */
static bool read_block(struct walk *walk, uint32_t i, uint32_t count)
{
	walk->first = i;
	walk->read = count;
	return !walk->memory->read(walk->memory->data, walk->desc + i * sizeof(walk->block[0]),
				   walk->block, count * sizeof(walk->block[0]));
}

static bool read_desc(struct walk *walk, uint32_t i, struct vring_desc *ret)
{
	uint32_t rest = walk->num - i;
	bool swapped = walk->memory->swapped;

	if (i - walk->first >= walk->read && !read_block(walk, i, rest < BLOCK ? rest : BLOCK) &&
	    !read_block(walk, i, 1)) {
		walk->read = 0;
		return false;
	}
	*ret = walk->block[i - walk->first];
	ret->addr = vhi_ring_get64(swapped, ret->addr);
	ret->len = vhi_ring_get32(swapped, ret->len);
	ret->flags = vhi_ring_get16(swapped, ret->flags);
	ret->next = vhi_ring_get16(swapped, ret->next);
	return true;
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
	if (walk->memory->reach(walk->memory->data, desc->addr, desc->len, write,
				&walk->count->pieces, why, sizeof(why)))
		return vhi_refuse(walk->err,
				  "the buffer of %s %" PRIu32 " (%" PRIu32 " bytes at 0x%" PRIx64
				  ") %s",
				  kind_name(walk), i, desc->len, (uint64_t)desc->addr, why);
	if (walk->count->pieces > VHI_CHAIN_MAX)
		return vhi_refuse(
			walk->err,
			"the buffers of a chain, up to %s %" PRIu32
			", are in more than %u pieces of memory, the most that vhost takes",
			kind_name(walk), i, VHI_CHAIN_MAX);
	return 0;
}

static int walk_table(struct walk *walk, uint32_t i);

static int check_indirect(struct walk *walk, uint32_t i, const struct vring_desc *desc)
{
	struct walk inner = { .memory = walk->memory,
			      .err = walk->err,
			      .count = walk->count,
			      .num = desc->len / (uint32_t)sizeof(*desc),
			      .desc = desc->addr,
			      .indirect = true,
			      .writes = walk->writes };
	char why[160];

	if (walk->indirect)
		return vhi_refuse(walk->err, "indirect descriptor %" PRIu32 " is indirect itself",
				  i);
	if (desc->len % sizeof(*desc) || inner.num > INDIRECT_MAX)
		return vhi_refuse(walk->err,
				  "descriptor %" PRIu32 " is indirect, and its table has %" PRIu32
				  " bytes: it must be a multiple of %zu, and at most %u times that",
				  i, desc->len, sizeof(*desc), INDIRECT_MAX);
	if (walk->memory->reach(walk->memory->data, desc->addr, desc->len, false,
				&walk->count->table_pieces, why, sizeof(why)))
		return vhi_refuse(walk->err,
				  "the table of indirect descriptor %" PRIu32 " (%" PRIu32
				  " bytes at 0x%" PRIx64 ") %s",
				  i, desc->len, (uint64_t)desc->addr, why);
	if (walk->count->table_pieces > VHI_CHAIN_MAX)
		return vhi_refuse(
			walk->err,
			"the tables of a chain, up to that of indirect descriptor %" PRIu32
			", are in more than %u pieces of memory, the most that vhost takes",
			i, VHI_CHAIN_MAX);
	return walk_table(&inner, 0);
}

/* Is there an i-th descriptor in this table, and may the chain have one more? */
static int check_next(struct walk *walk, uint32_t i, uint32_t found)
{
	if (i >= walk->num)
		return vhi_refuse(walk->err,
				  "a chain continues at %s %" PRIu32 ", and there are %" PRIu32,
				  kind_name(walk), i, walk->num);
	if (found > walk->num)
		return vhi_refuse(walk->err,
				  "a chain of %ss is a loop: it comes to %" PRIu32 " again",
				  kind_name(walk), i);
	if (++walk->count->found > walk->count->most)
		return vhi_refuse(walk->err,
				  "a chain has more than %" PRIu32 " descriptors, at %s %" PRIu32
				  ": the ring's size limits it, and vhost takes at most %u buffers",
				  walk->count->most, kind_name(walk), i, VHI_CHAIN_MAX);
	return 0;
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
		r = check_next(walk, i, ++found);
		if (r)
			return r;
		if (!read_desc(walk, i, &desc))
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
	struct count count = { .most = num < LONG_MIN	     ? LONG_MIN
				       : num < VHI_CHAIN_MAX ? num
							     : VHI_CHAIN_MAX };
	struct walk walk = { .memory = memory,
			     .err = err,
			     .count = &count,
			     .num = num,
			     .desc = desc,
			     .writes = writes };

	if (head >= num)
		return vhi_refuse(err, "its avail ring has descriptor %u, and there are %" PRIu32,
				  head, num);
	return walk_table(&walk, head);
}
