/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rules - the rules of a vhost-state document that its table of fields cannot express: features, IOMMU
 * and memory that contradict each other.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "features/features.h"
#include "migration/rule.h"
#include "kind/net.h"

static const struct vhi_saved_region *regions(const struct vhi_saved *saved)
{
	return saved->memory.items;
}

/* ------------------------------------------------------------------------------------ features */

/* Is row i the one of this bit, as this library writes it? */
static int check_row(struct vhi_rules *c, size_t i, unsigned int bit)
{
	const struct vhi_feature_row *row =
		(const struct vhi_feature_row *)c->saved->features.items + i;
	char buf[VHI_FEATURE_NAME_MAX];
	const char *name = vhi_feature_row_name(&c->names, bit, buf);
	const char *origin = vhi_feature_row_origin(&c->names, bit);

	if (row->bit != bit)
		return VHI_RULE_FAIL(c, vhi_rule_pointer("features", i, "bit").text,
				     "bit %" PRIu64
				     " is here where the words have bit %u: each bit of the "
				     "words is listed once, the lowest first",
				     row->bit, bit);
	if (strcmp(row->name, name))
		return VHI_RULE_FAIL(c, vhi_rule_pointer("features", i, "name").text,
				     "bit %u is \"%s\" here", bit, name);
	if (strcmp(row->origin, origin))
		return VHI_RULE_FAIL(c, vhi_rule_pointer("features", i, "origin").text,
				     "the origin of %s (%u) is \"%s\"", name, bit, origin);
	return 0;
}

/* The words and the rows are the same set. */
static int check_rows(struct vhi_rules *c)
{
	size_t count = c->saved->features.count, i = 0;
	int r = 0;

	for (unsigned int bit = 0; bit < 256 && !r; bit++) {
		if (!vhc_features_has(&c->set, bit))
			continue;
		if (i == count)
			return VHI_RULE_FAIL(
				c, "/features",
				"bit %u of the words is missing: each bit of the words is "
				"listed",
				bit);
		r = check_row(c, i++, bit);
	}
	if (!r && i < count)
		return VHI_RULE_FAIL(
			c, vhi_rule_pointer("features", i, "bit").text,
			"bit %" PRIu64 " is not in the words",
			((const struct vhi_feature_row *)c->saved->features.items)[i].bit);
	return r;
}

static int check_features(struct vhi_rules *c)
{
	/* what is not known may be what another requires */
	struct vhc_features unknown = vhi_feature_words(&c->saved->partial);
	struct vhc_features all = vhi_features_or(&c->set, &unknown), rest = all;
	struct vhc_features broken = vhi_features_close(c->kind->type, &rest);
	char why[256];
	int r = check_rows(c);

	broken = vhi_features_and(&broken, &c->set);
	/* the first that lacks something in the original set */
	for (unsigned int bit = 0; bit < 256 && !r; bit++)
		if (vhc_features_has(&broken, bit) &&
		    vhi_features_why(c->kind->type, &all, bit, why, sizeof(why)))
			return VHI_RULE_FAIL(c, "/words", "%s", why);
	return r;
}

/* Only a document that was read from outside says what it does not know, and may lack the rest. */
static int check_partial(struct vhi_rules *c)
{
	struct vhc_features unknown = vhi_feature_words(&c->saved->partial);
	struct vhc_features both = vhi_features_and(&unknown, &c->set);
	const struct vhi_saved_ring *rings = c->saved->rings.items;

	if (!vhi_features_empty(&both))
		return VHI_RULE_FAIL(c, "/partial",
				     "bit %u is among the words, too: it is known or not",
				     vhi_features_first(&both));
	if (c->saved->partial.count)
		return 0;
	if (!c->saved->memory.count)
		return VHI_RULE_FAIL(c, "/memory", "it has at least 1 region");
	for (size_t i = 0; i < c->saved->rings.count; i++)
		if (rings[i].base == VHI_SAVED_NO_BASE)
			return VHI_RULE_FAIL(c, vhi_rule_pointer("rings", i, NULL).text,
					     "\"base\" is missing");
	return 0;
}

/* Of what the driver accepted, it may turn off each receive offload, as far as links allow. */
static int check_offloads(struct vhi_rules *c)
{
	struct vhc_features set = vhi_feature_words(&c->saved->offloads);
	struct vhc_features bits = vhi_net_offloads(), rest;
	unsigned int bit;

	bits = vhi_features_and(&bits, &c->set);
	rest = vhi_features_without(&set, &bits);
	bit = vhi_features_first(&rest);
	if (!vhi_features_empty(&rest))
		return VHI_RULE_FAIL(c, "/offloads",
				     "bit %u is no receive offload that the driver accepted", bit);
	if (!vhi_net_offloads_stand(&set))
		return VHI_RULE_FAIL(c, "/offloads",
				     "no link has these together: all need guest_csum (%u), and "
				     "guest_ecn and guest_udp_tunnel_gso need others, too",
				     VHI_F_GUEST_CSUM);
	return 0;
}

static int check_control(struct vhi_rules *c)
{
	if (c->saved->active_pairs > c->saved->queue_pairs)
		return VHI_RULE_FAIL(c, "/active_pairs",
				     "%" PRIu64 ": the device has %" PRIu64 " queue pairs",
				     c->saved->active_pairs, c->saved->queue_pairs);
	return c->saved->offloads.count ? check_offloads(c) : 0;
}

static int check_net(struct vhi_rules *c)
{
	uint32_t header = vhi_net_header_size(&c->set);

	if (c->saved->guest_cid)
		return VHI_RULE_FAIL(c, "/guest_cid", "a net device has none");
	if (c->saved->header_bytes != header)
		return VHI_RULE_FAIL(c, "/header_bytes",
				     "%" PRIu64 ": with these features it is %u",
				     c->saved->header_bytes, header);
	return check_control(c);
}

static int check_vsock(struct vhi_rules *c)
{
	const struct vhi_saved *saved = c->saved;
	const char *foreign = saved->header_bytes     ? "/header_bytes"
			      : saved->mtu	      ? "/mtu"
			      : saved->mac	      ? "/mac"
			      : saved->offloads.count ? "/offloads"
			      : saved->active_pairs   ? "/active_pairs"
						      : NULL;

	if (foreign)
		return VHI_RULE_FAIL(c, foreign, "a vsock device has none");
	if (!saved->guest_cid)
		return VHI_RULE_FAIL(c, "", "guest_cid is missing: a vsock device has one");
	if (saved->queue_pairs != 1)
		return VHI_RULE_FAIL(c, "/queue_pairs", "%" PRIu64 ": a vsock device has one",
				     saved->queue_pairs);
	return 0;
}

/* What only one kind of device has. */
static int check_kind(struct vhi_rules *c)
{
	return c->kind == &vhi_kind_net ? check_net(c) : check_vsock(c);
}

static int check_iommu(struct vhi_rules *c)
{
	uint64_t backend = c->saved->guest.iommu ? VHI_SAVED_IOTLB_V2 : 0;

	if (c->saved->guest.iommu && !(c->kind->can & VHC_CAN_IOMMU))
		return VHI_RULE_FAIL(c, "/guest/iommu", "a %s device has none", c->kind->name);
	if (c->saved->guest.iommu && !vhc_features_has(&c->set, VHI_F_ACCESS_PLATFORM))
		return VHI_RULE_FAIL(c, "/guest/iommu",
				     "addresses go through an IOMMU, and the driver did not accept "
				     "access_platform (%u)",
				     VHI_F_ACCESS_PLATFORM);
	if (c->saved->backend_features != backend)
		return VHI_RULE_FAIL(c, "/backend_features",
				     "0x%" PRIx64 ": %s an IOMMU it is 0x%" PRIx64,
				     c->saved->backend_features,
				     c->saved->guest.iommu ? "with" : "without", backend);
	return 0;
}

/* -------------------------------------------------------------------------------------- memory */

static int check_region(struct vhi_rules *c, size_t i, struct vhi_rule_range *place)
{
	const struct vhi_saved_region *region = &regions(c->saved)[i];

	if (region->guest_addr % VHC_PAGE_SIZE)
		return VHI_RULE_FAIL(c, vhi_rule_pointer("memory", i, "guest_addr").text,
				     "0x%" PRIx64 " is not a multiple of %u", region->guest_addr,
				     VHC_PAGE_SIZE);
	if (region->size % VHC_PAGE_SIZE)
		return VHI_RULE_FAIL(c, vhi_rule_pointer("memory", i, "size").text,
				     "0x%" PRIx64 " is not a multiple of %u", region->size,
				     VHC_PAGE_SIZE);
	*place = (struct vhi_rule_range){ region->guest_addr,
					  region->guest_addr + (region->size - 1), i };
	if (place->last < place->start)
		return VHI_RULE_FAIL(c, vhi_rule_pointer("memory", i, "size").text,
				     "0x%" PRIx64 ": from 0x%" PRIx64
				     " it ends past the last guest address, 2^64 - 1",
				     region->size, region->guest_addr);
	return 0;
}

static int check_memory(struct vhi_rules *c)
{
	size_t count = c->saved->memory.count;
	struct vhi_rule_range *places = calloc(count ? count : 1, sizeof(*places));
	const struct vhi_rule_range *over;
	int r = places ? 0 : -ENOMEM;

	for (size_t i = 0; i < count && !r; i++)
		r = check_region(c, i, &places[i]);
	over = r ? NULL : vhi_rule_find_overlap(places, count);
	if (over)
		r = VHI_RULE_FAIL(c, vhi_rule_pointer("memory", over->item, NULL).text,
				  "0x%" PRIx64 "-0x%" PRIx64 " overlaps 0x%" PRIx64 "-0x%" PRIx64
				  " at /memory/%zu",
				  over->start, over->last, over[-1].start, over[-1].last,
				  over[-1].item);
	free(places);
	if (r)
		return r;
	c->memory = vhi_saved_memory(c->saved);
	return c->memory ? 0 : -ENOMEM;
}

struct vhi_table *vhi_saved_memory(const struct vhi_saved *saved)
{
	size_t count = saved->memory.count;
	struct vhi_mem_region *spans = calloc(count ? count : 1, sizeof(*spans));
	struct vhi_table *table = NULL;

	for (size_t i = 0; i < count && spans; i++)
		spans[i] = (struct vhi_mem_region){ regions(saved)[i].guest_addr,
						    regions(saved)[i].size, 0 };
	if (spans)
		table = vhi_table_new_guest(spans, (uint32_t)count);
	free(spans);
	return table;
}

int vhi_saved_check(const struct vhi_saved *saved, const char *text, size_t len,
		    struct doc_error *err)
{
	struct vhi_rules c = { .saved = saved,
			       .text = text,
			       .len = len,
			       .err = err,
			       .set = vhi_feature_words(&saved->words) };
	int r;

	c.kind = vhi_saved_kind(saved);
	c.names = vhi_saved_names(c.kind);
	if (vhc_features_has(&c.set, VHI_F_RING_PACKED))
		c.format = VHI_PACKED;
	r = check_partial(&c) ?: check_features(&c) ?: check_kind(&c);
	if (!r)
		r = check_iommu(&c);
	if (!r)
		r = check_memory(&c);
	if (!r)
		r = vhi_rule_check_rings(&c);
	vhi_table_unref(c.memory);
	return r;
}
