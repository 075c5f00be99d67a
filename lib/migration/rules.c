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

static const struct vhc_saved_region *regions(const struct vhc_saved *saved)
{
	return saved->memory.items;
}

/* ------------------------------------------------------------------------------------ features */

/* Is row i the one of this bit, as this library writes it? */
static int check_row(struct vhc_rules *c, size_t i, unsigned int bit)
{
	const struct vhc_feature_row *row =
		(const struct vhc_feature_row *)c->saved->features.items + i;
	char buf[VHC_FEATURE_NAME_MAX];
	const char *name = vhc_feature_row_name(&c->names, bit, buf);
	const char *origin = vhc_feature_row_origin(&c->names, bit);

	if (row->bit != bit)
		return VHC_RULE_FAIL(c, vhc_rule_pointer("features", i, "bit").text,
				     "bit %" PRIu64
				     " is here where the words have bit %u: each bit of the "
				     "words is listed once, the lowest first",
				     row->bit, bit);
	if (strcmp(row->name, name))
		return VHC_RULE_FAIL(c, vhc_rule_pointer("features", i, "name").text,
				     "bit %u is \"%s\" here", bit, name);
	if (strcmp(row->origin, origin))
		return VHC_RULE_FAIL(c, vhc_rule_pointer("features", i, "origin").text,
				     "the origin of %s (%u) is \"%s\"", name, bit, origin);
	return 0;
}

/* The words and the rows are the same set. */
static int check_rows(struct vhc_rules *c)
{
	size_t count = c->saved->features.count, i = 0;
	int r = 0;

	for (unsigned int bit = 0; bit < 256 && !r; bit++) {
		if (!vhc_features_has(&c->set, bit))
			continue;
		if (i == count)
			return VHC_RULE_FAIL(
				c, "/features",
				"bit %u of the words is missing: each bit of the words is "
				"listed",
				bit);
		r = check_row(c, i++, bit);
	}
	if (!r && i < count)
		return VHC_RULE_FAIL(
			c, vhc_rule_pointer("features", i, "bit").text,
			"bit %" PRIu64 " is not in the words",
			((const struct vhc_feature_row *)c->saved->features.items)[i].bit);
	return r;
}

static int check_features(struct vhc_rules *c)
{
	struct vhc_features rest = c->set, broken = vhc_features_close(c->kind->type, &rest);
	char why[256];
	int r = check_rows(c);

	if (r)
		return r;
	if (!vhc_features_empty(&broken)) {
		/* the first that lacks something in the original set */
		for (unsigned int bit = 0; bit < 256; bit++)
			if (vhc_features_has(&broken, bit) &&
			    vhc_features_why(c->kind->type, &c->set, bit, why, sizeof(why)))
				return VHC_RULE_FAIL(c, "/words", "%s", why);
	}
	return 0;
}

static int check_net(struct vhc_rules *c)
{
	uint32_t header = vhc_net_header_size(&c->set);

	if (c->saved->guest_cid)
		return VHC_RULE_FAIL(c, "/guest_cid", "a net device has none");
	if (c->saved->header_bytes != header)
		return VHC_RULE_FAIL(c, "/header_bytes",
				     "%" PRIu64 ": with these features it is %u",
				     c->saved->header_bytes, header);
	return 0;
}

static int check_vsock(struct vhc_rules *c)
{
	const struct vhc_saved *saved = c->saved;
	const char *foreign = saved->header_bytes ? "/header_bytes"
			      : saved->mtu	  ? "/mtu"
			      : saved->mac	  ? "/mac"
						  : NULL;

	if (foreign)
		return VHC_RULE_FAIL(c, foreign, "a vsock device has none");
	if (!saved->guest_cid)
		return VHC_RULE_FAIL(c, "", "guest_cid is missing: a vsock device has one");
	if (saved->queue_pairs != 1)
		return VHC_RULE_FAIL(c, "/queue_pairs", "%" PRIu64 ": a vsock device has one",
				     saved->queue_pairs);
	return 0;
}

/* What only one kind of device has. */
static int check_kind(struct vhc_rules *c)
{
	return c->kind == &vhc_kind_net ? check_net(c) : check_vsock(c);
}

static int check_iommu(struct vhc_rules *c)
{
	uint64_t backend = c->saved->guest.iommu ? VHC_SAVED_IOTLB_V2 : 0;

	if (c->saved->guest.iommu && !(c->kind->can & VHC_CAN_IOMMU))
		return VHC_RULE_FAIL(c, "/guest/iommu", "a %s device has none", c->kind->name);
	if (c->saved->guest.iommu && !vhc_features_has(&c->set, VHC_F_ACCESS_PLATFORM))
		return VHC_RULE_FAIL(c, "/guest/iommu",
				     "addresses go through an IOMMU, and the driver did not accept "
				     "access_platform (%u)",
				     VHC_F_ACCESS_PLATFORM);
	if (c->saved->backend_features != backend)
		return VHC_RULE_FAIL(c, "/backend_features",
				     "0x%" PRIx64 ": %s an IOMMU it is 0x%" PRIx64,
				     c->saved->backend_features,
				     c->saved->guest.iommu ? "with" : "without", backend);
	return 0;
}

/* -------------------------------------------------------------------------------------- memory */

static int check_region(struct vhc_rules *c, size_t i, struct vhc_rule_range *place)
{
	const struct vhc_saved_region *region = &regions(c->saved)[i];

	if (region->guest_addr % VHC_PAGE_SIZE)
		return VHC_RULE_FAIL(c, vhc_rule_pointer("memory", i, "guest_addr").text,
				     "0x%" PRIx64 " is not a multiple of %u", region->guest_addr,
				     VHC_PAGE_SIZE);
	if (region->size % VHC_PAGE_SIZE)
		return VHC_RULE_FAIL(c, vhc_rule_pointer("memory", i, "size").text,
				     "0x%" PRIx64 " is not a multiple of %u", region->size,
				     VHC_PAGE_SIZE);
	*place = (struct vhc_rule_range){ region->guest_addr,
					  region->guest_addr + (region->size - 1), i, 0 };
	if (place->last < place->start)
		return VHC_RULE_FAIL(c, vhc_rule_pointer("memory", i, "size").text,
				     "0x%" PRIx64 ": from 0x%" PRIx64
				     " it ends past the last guest address, 2^64 - 1",
				     region->size, region->guest_addr);
	return 0;
}

static int check_memory(struct vhc_rules *c)
{
	size_t count = c->saved->memory.count;
	struct vhc_rule_range *places = calloc(count ? count : 1, sizeof(*places));
	const struct vhc_rule_range *over;
	int r = places ? 0 : -ENOMEM;

	for (size_t i = 0; i < count && !r; i++)
		r = check_region(c, i, &places[i]);
	over = r ? NULL : vhc_rule_find_overlap(places, count);
	if (over)
		r = VHC_RULE_FAIL(c, vhc_rule_pointer("memory", over->item, NULL).text,
				  "0x%" PRIx64 "-0x%" PRIx64 " overlaps 0x%" PRIx64 "-0x%" PRIx64
				  " at /memory/%zu",
				  over->start, over->last, over[-1].start, over[-1].last,
				  over[-1].item);
	free(places);
	if (r)
		return r;
	c->memory = vhc_saved_memory(c->saved);
	return c->memory ? 0 : -ENOMEM;
}

struct vhc_table *vhc_saved_memory(const struct vhc_saved *saved)
{
	size_t count = saved->memory.count;
	struct vhc_mem_region *spans = calloc(count ? count : 1, sizeof(*spans));
	struct vhc_table *table = NULL;

	for (size_t i = 0; i < count && spans; i++)
		spans[i] = (struct vhc_mem_region){ regions(saved)[i].guest_addr,
						    regions(saved)[i].size, 0 };
	if (spans)
		table = vhc_table_new_guest(spans, (uint32_t)count);
	free(spans);
	return table;
}

int vhc_saved_check(const struct vhc_saved *saved, const char *text, size_t len,
		    struct doc_error *err)
{
	struct vhc_rules c = { .saved = saved,
			       .text = text,
			       .len = len,
			       .err = err,
			       .set = vhc_feature_words(&saved->words) };
	int r;

	c.kind = vhc_saved_kind(saved);
	c.names = vhc_saved_names(c.kind);
	if (vhc_features_has(&c.set, VHC_F_RING_PACKED))
		c.format = VHC_PACKED;
	r = check_features(&c) ?: check_kind(&c);
	if (!r)
		r = check_iommu(&c);
	if (!r)
		r = check_memory(&c);
	if (!r)
		r = vhc_rule_check_rings(&c);
	vhc_table_unref(c.memory);
	return r;
}
