/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Vsock devices: one vhost-vsock fd with a CID, which is claimed before the launcher gets it.
 */
#include <stdio.h>

#include "kind.h"
#include "launcher/style.h"
#include "ops/plan.h"

static int check(struct host_check *c, size_t index)
{
	const struct host_device *device = host_device(c->setup, index);

	if (device->attach == HOST_ATTACH_NAME)
		return HOST_WRONG(c, index, "/attach", "only a tap has a name: set it to \"fd\"");
	for (size_t i = 0; device->cid != HOST_CID_AUTO && i < index; i++) {
		const struct host_device *other = host_device(c->setup, i);

		if (other->type == HOST_VSOCK && other->cid == device->cid)
			return HOST_WRONG(c, index, "/cid",
					  "device \"%s\" already has the CID %llu", other->id,
					  (unsigned long long)device->cid);
	}
	return 0;
}

static void fill_args(const struct host_device *device, struct vhc_dev_args *args)
{
	args->guest_cid = device->cid == HOST_CID_AUTO ? HOST_CID_MIN : device->cid;
}

static void plan_device(struct host_plan *plan, uint32_t index, enum host_phase phase)
{
	if (phase == HOST_LOOK)
		host_plan_add(plan, HOST_OP_OPEN_VSOCK, index, 0);
}

static unsigned int told(const struct host_device *device, bool vhost)
{
	return HOST_TOLD_VHOST | HOST_TOLD_CID;
}

static int put_device(FILE *out, const struct host_view *view, const char *type,
		      struct host_error *err)
{
	if (host_is_served(view->device)) {
		fprintf(out, "%s,chardev=%s", type, view->device->id);
		return 0;
	}
	fprintf(out, "%s,guest-cid=", type);
	host_vsock_put_cid(out, view, NULL, err);
	fprintf(out, ",vhostfd=%d", view->first_vhost_fd);
	return 0;
}

int host_vsock_put_cid(FILE *out, const struct host_view *view, const char *type,
		       struct host_error *err)
{
	if (view->result.cid == HOST_CID_AUTO)
		fputs("auto", out);
	else
		fprintf(out, "%llu", (unsigned long long)view->result.cid);
	return 0;
}

static const struct host_property properties[] = {
	{ 1, "seqpacket", HOST_ON, QEMU_7_2 },
};

const struct host_kind host_kind_vsock = {
	.type = VHC_TYPE_VSOCK,
	.listen_name = "vhost-vsock", /* as systemd-vmspawn(1) expects it */
	.check = check,
	.fill_args = fill_args,
	.plan = plan_device,
	.told = told,
	.put_device = put_device,
	.device_type = "vhost-vsock-pci",
	.served_type = "vhost-user-vsock-pci",
	.properties = properties,
	.property_count = DOC_COUNT(properties),
};
