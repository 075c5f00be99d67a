/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Options that switch features off, for guests of QEMU: what not all hosts of a set have.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kind.h"
#include "launcher/style.h"

#define BITS   256u
#define BIT_MQ 22u /* whoever starts it with several queue pairs switches it on, too */

/* What libvirt's <driver> has attributes for; all else goes to QEMU as a property. */
static const struct {
	unsigned int bit;
	const char *element, *attribute;
} attributes[] = {
	{ 0, "host", "csum" },	     { 6, "host", "gso" },   { 11, "host", "tso4" },
	{ 12, "host", "tso6" },	     { 13, "host", "ecn" },  { 14, "host", "ufo" },
	{ 15, "host", "mrg_rxbuf" }, { 1, "guest", "csum" }, { 7, "guest", "tso4" },
	{ 8, "guest", "tso6" },	     { 9, "guest", "ecn" },  { 10, "guest", "ufo" },
};

struct masking {
	const struct host_kind *kind;
	const struct vhc_features *set;
	int release;
	FILE *out;
};

static const struct host_kind *kind_of(enum vhc_type type)
{
	return type == VHC_TYPE_VSOCK ? &host_kind_vsock : &host_kind_net;
}

/* The property that switches it off; NULL: this QEMU does not offer it by itself. */
static const char *property_of(const struct masking *masking, unsigned int bit)
{
	const struct host_property *property = host_qemu_property(masking->kind, bit);

	if (!vhc_features_has(masking->set, bit) || !property || property->kind != HOST_ON ||
	    property->since > masking->release)
		return NULL;
	return property->name;
}

static int check_always(const struct masking *masking, struct host_error *err)
{
	for (unsigned int bit = 0; bit < BITS; bit++) {
		const struct host_property *property = host_qemu_property(masking->kind, bit);

		if (property && property->kind == HOST_ALWAYS &&
		    vhc_features_has(masking->set, bit))
			return host_fail_status(
				err, HOST_LACKS, -EOPNOTSUPP, "leave out the hosts that lack it",
				"QEMU offers %s (%u) always, and not all hosts have it",
				property->name, bit);
	}
	return 0;
}

static void put_qemu(const struct masking *masking)
{
	const char *comma = "";

	for (unsigned int bit = 0; bit < BITS; bit++) {
		const char *property = property_of(masking, bit);

		if (!property)
			continue;
		fprintf(masking->out, "%s%s=off", comma, property);
		comma = ",";
	}
}

static const char *attribute_of(const struct masking *masking, unsigned int bit,
				const char *element)
{
	for (size_t i = 0; i < DOC_COUNT(attributes); i++)
		if (masking->kind->type == VHC_TYPE_NET && attributes[i].bit == bit &&
		    (!element || !strcmp(attributes[i].element, element)))
			return attributes[i].attribute;
	return NULL;
}

static void put_element(const struct masking *masking, const char *element)
{
	bool any = false;

	for (unsigned int bit = 0; bit < BITS; bit++) {
		const char *attribute = attribute_of(masking, bit, element);

		if (!attribute || !property_of(masking, bit))
			continue;
		if (!any)
			fprintf(masking->out, "  <%s", element);
		fprintf(masking->out, " %s='off'", attribute);
		any = true;
	}
	if (any)
		fputs("/>\n", masking->out);
}

static size_t count(const struct masking *masking, bool attribute)
{
	size_t found = 0;

	for (unsigned int bit = 0; bit < BITS; bit++)
		if (property_of(masking, bit) && attribute == !!attribute_of(masking, bit, NULL))
			found++;
	return found;
}

/* QEMU's vsock devices have on, off and auto for it. */
static bool is_choice(const struct host_kind *kind, unsigned int bit)
{
	return kind->type == VHC_TYPE_VSOCK && bit == 1;
}

static void put_override(const struct masking *masking)
{
	fprintf(masking->out,
		"<qemu:override xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n"
		"  <qemu:device alias='ua-%s0'>\n"
		"    <qemu:frontend>\n",
		masking->kind->type == VHC_TYPE_NET ? "net" : "vsock");
	for (unsigned int bit = 0; bit < BITS; bit++) {
		const char *property = property_of(masking, bit);

		if (property && !attribute_of(masking, bit, NULL))
			fprintf(masking->out, "      <qemu:property name='%s' %s/>\n", property,
				is_choice(masking->kind, bit) ? "type='string' value='off'"
							      : "type='bool' value='false'");
	}
	fputs("    </qemu:frontend>\n"
	      "  </qemu:device>\n"
	      "</qemu:override>\n",
	      masking->out);
}

static void put_libvirt(const struct masking *masking)
{
	if (count(masking, true)) {
		fputs("<driver name='vhost'>\n", masking->out);
		put_element(masking, "host");
		put_element(masking, "guest");
		fputs("</driver>\n", masking->out);
	}
	if (count(masking, false))
		put_override(masking);
}

bool host_qemu_has_by_itself(enum vhc_type type, unsigned int bit, uint64_t pairs)
{
	const struct host_property *property = host_qemu_property(kind_of(type), bit);

	if (!property)
		return false;
	return property->kind == HOST_ON || property->kind == HOST_ALWAYS ||
	       (type == VHC_TYPE_NET && bit == BIT_MQ && pairs > 1);
}

int host_mask(enum vhc_type type, const struct vhc_features *mask, enum host_mask_style style,
	      int release, char **ret, struct host_error *err)
{
	struct masking masking = { kind_of(type), mask, release, NULL };
	char *text = NULL;
	size_t size;
	int r = check_always(&masking, err);

	if (r)
		return r;
	masking.out = open_memstream(&text, &size);
	if (masking.out && style == HOST_MASK_QEMU)
		put_qemu(&masking);
	else if (masking.out)
		put_libvirt(&masking);
	host_close_text(masking.out, &text);
	if (!text)
		return host_fail(err, -ENOMEM, NULL, "out of memory");
	*ret = text;
	return 0;
}
