/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * binding - which doorbells are possible, and which conflict.
 */

#include "ring/binding.h"
#include "text.h"

#define LAST_PORT 0xffffu /* of x86, the only architecture with I/O ports */

static int check_place(const struct vhc_ioeventfd *args, struct vhi_refusal *err)
{
	bool port = args->flags & VHC_IOEVENTFD_PIO;
	uint64_t end = args->addr + args->len;

	if (port && args->len == 8)
		return vhi_refuse(err, "a write of 8 bytes to a port: a guest can write 1, 2 or 4");
	if (port && (args->addr > LAST_PORT || end > LAST_PORT + 1))
		return vhi_refuse(err, "port 0x%llx, %u bytes: the last port is 0x%x",
				  (unsigned long long)args->addr, args->len, LAST_PORT);
	if (end < args->addr)
		return vhi_refuse(err, "address 0x%llx, %u bytes: it wraps around",
				  (unsigned long long)args->addr, args->len);
	return 0;
}

/* The kernel accepts a value that does not fit, and ignores one without KVM_IOEVENTFD_FLAG_DATAMATCH. */
static int check_value(const struct vhc_ioeventfd *args, struct vhi_refusal *err)
{
	if (!(args->flags & VHC_IOEVENTFD_DATAMATCH) && args->datamatch)
		return vhi_refuse(
			err,
			"datamatch 0x%llx without VHC_IOEVENTFD_DATAMATCH: every value would "
			"match",
			(unsigned long long)args->datamatch);
	if (!(args->flags & VHC_IOEVENTFD_DATAMATCH))
		return 0;
	if (!args->len)
		return vhi_refuse(err, "a datamatch needs a len, of 1, 2, 4 or 8 bytes");
	if (args->len < 8 && args->datamatch >> (8 * args->len))
		return vhi_refuse(err, "datamatch 0x%llx does not fit into a write of %u bytes",
				  (unsigned long long)args->datamatch, args->len);
	return 0;
}

int vhi_doorbell_check(const struct vhc_ioeventfd *args, struct vhi_refusal *err)
{
	const uint32_t known = VHC_IOEVENTFD_PIO | VHC_IOEVENTFD_DATAMATCH;
	int r;

	if (args->flags & ~known)
		return vhi_refuse(err, "vhc_ioeventfd has flags 0x%x; known are 0x%x", args->flags,
				  known);
	if (args->len & (args->len - 1) || args->len > 8)
		return vhi_refuse(err, "a write of %u bytes: len is 1, 2, 4 or 8, or 0 for any",
				  args->len);
	r = check_place(args, err);
	return r ?: check_value(args, err);
}

bool vhi_doorbell_same(const struct vhc_ioeventfd *a, const struct vhc_ioeventfd *b)
{
	return a->addr == b->addr && a->len == b->len && a->flags == b->flags &&
	       a->datamatch == b->datamatch;
}

bool vhi_doorbell_clash(const struct vhc_ioeventfd *a, const struct vhc_ioeventfd *b)
{
	bool both = a->flags & b->flags & VHC_IOEVENTFD_DATAMATCH;

	if ((a->flags ^ b->flags) & VHC_IOEVENTFD_PIO || a->addr != b->addr)
		return false;
	if (!a->len || !b->len)
		return true;
	return a->len == b->len && (!both || a->datamatch == b->datamatch);
}

void vhi_binding_text(const struct vhi_binding *binding, char *text, size_t size)
{
	const struct vhc_ioeventfd *bell = &binding->doorbell;
	struct vhi_text out = { text, size };

	if (binding->kind == VHI_INTERRUPT) {
		vhi_text_put(&out, "gsi %u", binding->interrupt.gsi);
		return;
	}
	vhi_text_put(&out, "%s 0x%llx", bell->flags & VHC_IOEVENTFD_PIO ? "port" : "address",
		     (unsigned long long)bell->addr);
	if (bell->len)
		vhi_text_put(&out, ", %u byte%s", bell->len, bell->len == 1 ? "" : "s");
	else
		vhi_text_put(&out, ", any width");
	if (bell->flags & VHC_IOEVENTFD_DATAMATCH)
		vhi_text_put(&out, ", value 0x%llx", (unsigned long long)bell->datamatch);
}
