/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * state-check - the rules of a vhost-state document that its table of fields cannot say: values that
 * contradict each other, rings that cannot be.  Pure: no host is touched and no memory is read.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feature.h"
#include "saved.h"

struct check {
	const struct vhc_saved *saved;
	const char *text;
	size_t len;
	struct doc_error *err;
	struct vhc_features set;
	enum vhc_format format;
	struct vhc_table *memory;
	bool seen[2 * VHC_SAVED_MAX_PAIRS]; /* which ring indices */
};

/* -EINVAL: what is at this pointer is wrong. */
#define FAIL(c, pointer, ...) doc_fail((c)->err, (c)->text, (c)->len, pointer, __VA_ARGS__)

/* "/rings/3/size"; without a key the item itself. */
struct pointer {
	char text[64];
};

static struct pointer at(const char *list, size_t i, const char *key)
{
	struct pointer at;

	snprintf(at.text, sizeof(at.text), "/%s/%zu%s%s", list, i, key ? "/" : "", key ? key : "");
	return at;
}

static const struct vhc_saved_ring *rings(const struct vhc_saved *saved)
{
	return saved->rings.items;
}

static const struct vhc_saved_region *regions(const struct vhc_saved *saved)
{
	return saved->memory.items;
}

bool vhc_saved_addr(const struct vhc_saved_ring *ring, uint64_t ret[VHC_PARTS])
{
	ret[VHC_DESC] = ring->desc;
	ret[VHC_AVAIL] = ring->avail;
	ret[VHC_USED] = ring->used;
	return ring->desc != VHC_SAVED_NO_ADDR;
}

/* ------------------------------------------------------------------------------------ features */

/* Is row i the one of this bit, as this library writes it? */
static int check_row(struct check *c, size_t i, unsigned int bit)
{
	const struct vhc_feature_row *row =
		(const struct vhc_feature_row *)c->saved->features.items + i;
	char buf[VHC_FEATURE_NAME_MAX];
	const char *name = vhc_feature_row_name(&vhc_saved_names, bit, buf);
	const char *origin = vhc_feature_row_origin(&vhc_saved_names, bit);

	if (row->bit != bit)
		return FAIL(c, at("features", i, "bit").text,
			    "bit %" PRIu64 " is here where the words have bit %u: each bit of the "
			    "words is listed once, the lowest first",
			    row->bit, bit);
	if (strcmp(row->name, name))
		return FAIL(c, at("features", i, "name").text, "bit %u is \"%s\" here", bit, name);
	if (strcmp(row->origin, origin))
		return FAIL(c, at("features", i, "origin").text, "the origin of %s (%u) is \"%s\"",
			    name, bit, origin);
	return 0;
}

/* The words and the rows are the same set. */
static int check_rows(struct check *c)
{
	size_t count = c->saved->features.count, i = 0;
	int r = 0;

	for (unsigned int bit = 0; bit < 256 && !r; bit++) {
		if (!vhc_features_has(&c->set, bit))
			continue;
		if (i == count)
			return FAIL(c, "/features",
				    "bit %u of the words is missing: each bit of the words is "
				    "listed",
				    bit);
		r = check_row(c, i++, bit);
	}
	if (!r && i < count)
		return FAIL(c, at("features", i, "bit").text, "bit %" PRIu64 " is not in the words",
			    ((const struct vhc_feature_row *)c->saved->features.items)[i].bit);
	return r;
}

static int check_features(struct check *c)
{
	struct vhc_features rest = c->set, broken = vhc_features_close(VHC_TYPE_NET, &rest);
	uint32_t header = vhc_net_header_size(&c->set);
	char why[256];
	int r = check_rows(c);

	if (r)
		return r;
	if (!vhc_features_empty(&broken)) {
		/* of those that go, the first that has not enough of what is there */
		for (unsigned int bit = 0; bit < 256; bit++)
			if (vhc_features_has(&broken, bit) &&
			    vhc_features_why(VHC_TYPE_NET, &c->set, bit, why, sizeof(why)))
				return FAIL(c, "/words", "%s", why);
	}
	if (c->saved->header_bytes != header)
		return FAIL(c, "/header_bytes", "%" PRIu64 ": with these features it is %u",
			    c->saved->header_bytes, header);
	return 0;
}

static int check_iommu(struct check *c)
{
	uint64_t backend = c->saved->guest.iommu ? VHC_SAVED_IOTLB_V2 : 0;

	if (c->saved->guest.iommu && !vhc_features_has(&c->set, VHC_F_ACCESS_PLATFORM))
		return FAIL(c, "/guest/iommu",
			    "addresses go through an IOMMU, and the driver did not accept "
			    "access_platform (%u)",
			    VHC_F_ACCESS_PLATFORM);
	if (c->saved->backend_features != backend)
		return FAIL(c, "/backend_features", "0x%" PRIx64 ": %s an IOMMU it is 0x%" PRIx64,
			    c->saved->backend_features, c->saved->guest.iommu ? "with" : "without",
			    backend);
	return 0;
}

/* -------------------------------------------------------------------------------------- memory */

/* What is somewhere in guest addresses, and where the document says so. */
struct place {
	uint64_t start, last;
	size_t item;
	int part; /* of a ring */
};

static int by_start(const void *a, const void *b)
{
	const struct place *one = a, *other = b;

	return (one->start > other->start) - (one->start < other->start);
}

/* The first two that overlap: sorted, those have neighbours that do. */
static const struct place *find_overlap(struct place *places, size_t count)
{
	qsort(places, count, sizeof(*places), by_start);
	for (size_t i = 1; i < count; i++)
		if (places[i].start <= places[i - 1].last)
			return &places[i];
	return NULL;
}

static int check_region(struct check *c, size_t i, struct place *place)
{
	const struct vhc_saved_region *region = &regions(c->saved)[i];

	if (region->guest_addr % VHC_PAGE_SIZE)
		return FAIL(c, at("memory", i, "guest_addr").text,
			    "0x%" PRIx64 " is not a multiple of %u", region->guest_addr,
			    VHC_PAGE_SIZE);
	if (region->size % VHC_PAGE_SIZE)
		return FAIL(c, at("memory", i, "size").text,
			    "0x%" PRIx64 " is not a multiple of %u", region->size, VHC_PAGE_SIZE);
	*place =
		(struct place){ region->guest_addr, region->guest_addr + (region->size - 1), i, 0 };
	if (place->last < place->start)
		return FAIL(c, at("memory", i, "size").text,
			    "0x%" PRIx64 ": from 0x%" PRIx64
			    " it goes beyond the last guest address, 2^64 - 1",
			    region->size, region->guest_addr);
	return 0;
}

static int check_memory(struct check *c)
{
	size_t count = c->saved->memory.count;
	struct place *places = calloc(count ? count : 1, sizeof(*places));
	const struct place *over;
	int r = places ? 0 : -ENOMEM;

	for (size_t i = 0; i < count && !r; i++)
		r = check_region(c, i, &places[i]);
	over = r ? NULL : find_overlap(places, count);
	if (over)
		r = FAIL(c, at("memory", over->item, NULL).text,
			 "0x%" PRIx64 "-0x%" PRIx64 " overlaps 0x%" PRIx64 "-0x%" PRIx64
			 " at /memory/%zu",
			 over->start, over->last, over[-1].start, over[-1].last, over[-1].item);
	free(places);
	if (r)
		return r;
	c->memory = vhc_saved_memory(c->saved);
	return c->memory ? 0 : -ENOMEM;
}

struct vhc_table *vhc_saved_memory(const struct vhc_saved *saved)
{
	size_t count = saved->memory.count;
	struct vhc_span *spans = calloc(count ? count : 1, sizeof(*spans));
	struct vhc_table *table = NULL;

	for (size_t i = 0; i < count && spans; i++)
		spans[i] = (struct vhc_span){ regions(saved)[i].guest_addr, regions(saved)[i].size,
					      0 };
	if (spans)
		table = vhc_table_guest(spans, (uint32_t)count);
	free(spans);
	return table;
}

/* --------------------------------------------------------------------------------------- rings */

static int check_index(struct check *c, size_t i, const struct vhc_saved_ring *ring)
{
	if (ring->index >= 2 * c->saved->queue_pairs)
		return FAIL(c, at("rings", i, "index").text,
			    "ring %" PRIu64 ": %" PRIu64 " queue pairs have rings 0 to %" PRIu64,
			    ring->index, c->saved->queue_pairs, 2 * c->saved->queue_pairs - 1);
	if (c->seen[ring->index])
		return FAIL(c, at("rings", i, "index").text, "ring %" PRIu64 " is given twice",
			    ring->index);
	c->seen[ring->index] = true;
	return 0;
}

/* Is there an address of each part, or of none? */
static int check_given(struct check *c, size_t i, const uint64_t addr[VHC_PARTS])
{
	bool given = addr[VHC_DESC] != VHC_SAVED_NO_ADDR;

	if ((addr[VHC_AVAIL] != VHC_SAVED_NO_ADDR) == given &&
	    (addr[VHC_USED] != VHC_SAVED_NO_ADDR) == given)
		return 0;
	return FAIL(c, at("rings", i, NULL).text,
		    "a ring has desc, avail and used, or none of them");
}

/* Behind an IOMMU the document does not say where in memory the ring is. */
static int check_wrap(struct check *c, const struct vhc_saved_ring *ring,
		      const uint64_t addr[VHC_PARTS], struct vhc_ring_error *err)
{
	struct vhc_layout layout = vhc_layout_get(c->format, (uint32_t)ring->size);

	for (enum vhc_part part = 0; part < VHC_PARTS; part++)
		if (addr[part] + (layout.size[part] - 1) < addr[part]) {
			snprintf(err->text, sizeof(err->text),
				 "%s at 0x%" PRIx64 " goes beyond the last address, 2^64 - 1",
				 vhc_layout_part_name(c->format, part), addr[part]);
			return -EINVAL;
		}
	return 0;
}

static int check_place(struct check *c, size_t i, const struct vhc_saved_ring *ring)
{
	uint64_t addr[VHC_PARTS], unused[VHC_PARTS];
	struct vhc_ring_error err;
	int r;

	vhc_saved_addr(ring, addr);
	r = check_given(c, i, addr);
	if (r || addr[VHC_DESC] == VHC_SAVED_NO_ADDR)
		return r;
	r = vhc_layout_check_align(c->format, addr, &err);
	if (!r)
		r = c->saved->guest.iommu ? check_wrap(c, ring, addr, &err)
					  : vhc_layout_place(c->format, (uint32_t)ring->size, addr,
							     c->memory, unused, &err);
	return r ? FAIL(c, at("rings", i, NULL).text, "ring %" PRIu64 ": %s", ring->index, err.text)
		 : 0;
}

static int check_ring(struct check *c, size_t i)
{
	const struct vhc_saved_ring *ring = &rings(c->saved)[i];
	struct vhc_ring_error err;
	int r = check_index(c, i, ring);

	if (r)
		return r;
	if (ring->format != c->format)
		return FAIL(c, at("rings", i, "format").text,
			    "with these features it is \"%s\": ring_packed (%u) is %s them",
			    c->format == VHC_PACKED ? "packed" : "split", VHC_F_RING_PACKED,
			    c->format == VHC_PACKED ? "among" : "not among");
	if (vhc_layout_check_size(c->format, (uint32_t)ring->size, &err))
		return FAIL(c, at("rings", i, "size").text, "%s", err.text);
	if (vhc_base_check(c->format, (uint32_t)ring->size, (uint32_t)ring->base, &err))
		return FAIL(c, at("rings", i, "base").text, "%s", err.text);
	return check_place(c, i, ring);
}

/* The parts of all rings that have a place. */
static size_t put_parts(struct check *c, struct place *places)
{
	size_t count = 0;

	for (size_t i = 0; i < c->saved->rings.count; i++) {
		const struct vhc_saved_ring *ring = &rings(c->saved)[i];
		struct vhc_layout layout = vhc_layout_get(c->format, (uint32_t)ring->size);
		uint64_t addr[VHC_PARTS];

		for (int part = 0; vhc_saved_addr(ring, addr) && part < VHC_PARTS; part++)
			places[count++] =
				(struct place){ addr[part], addr[part] + (layout.size[part] - 1), i,
						part };
	}
	return count;
}

static int check_apart(struct check *c)
{
	struct place *places = calloc(c->saved->rings.count * VHC_PARTS + 1, sizeof(*places));
	const struct place *over, *under;
	int r = 0;

	if (!places)
		return -ENOMEM;
	over = find_overlap(places, put_parts(c, places));
	if (over) {
		under = over - 1;
		r = FAIL(c, at("rings", over->item, NULL).text,
			 "the %s of ring %" PRIu64 " (0x%" PRIx64 "-0x%" PRIx64
			 ") and the %s of ring %" PRIu64 " (0x%" PRIx64 "-0x%" PRIx64 ") overlap",
			 vhc_layout_part_name(c->format, (enum vhc_part)over->part),
			 rings(c->saved)[over->item].index, over->start, over->last,
			 vhc_layout_part_name(c->format, (enum vhc_part)under->part),
			 rings(c->saved)[under->item].index, under->start, under->last);
	}
	free(places);
	return r;
}

int vhc_saved_check(const struct vhc_saved *saved, const char *text, size_t len,
		    struct doc_error *err)
{
	struct check c = { .saved = saved,
			   .text = text,
			   .len = len,
			   .err = err,
			   .set = vhc_feature_words(&saved->words) };
	int r;

	if (vhc_features_has(&c.set, VHC_F_RING_PACKED))
		c.format = VHC_PACKED;
	r = check_features(&c);
	if (!r)
		r = check_iommu(&c);
	if (!r)
		r = check_memory(&c);
	for (size_t i = 0; i < saved->rings.count && !r; i++)
		r = check_ring(&c, i);
	if (!r)
		r = check_apart(&c);
	vhc_table_unref(c.memory);
	return r;
}
