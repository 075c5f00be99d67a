/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * two-hosts - a device that comes from another host.
 */
#include "two-hosts.h"

#include "dev.h"

char *moved_save(struct rig *rig)
{
	char *json = NULL;

	assert_ok(rig, vhc_dev_save(rig->dev, &json));
	return json;
}

char *moved_source(const char *kernel, uint32_t pairs, bool array)
{
	struct rig rig;
	char *json;

	rig_new(&rig, kernel, pairs);
	rig.acked = rig_acked(array);
	rig_up(&rig);
	assert_ok(&rig, vhc_dev_set_net_config(
				rig.dev, VHC_ARG(vhc_net_config, .flags = VHC_NET_MAC | VHC_NET_MTU,
						 .mtu = 1400, .mac = { 2, 0, 0, 0, 0, 1 })));
	for (uint32_t i = 0; i < rig.rings; i++)
		rig_kernel_ring(&rig, i)->base = 5 + i;
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	json = moved_save(&rig);
	rig_free(&rig);
	return json;
}

void moved_indices(struct rig *rig)
{
	for (uint32_t i = 0; i < rig->rings; i++) {
		rig_set_index(rig, i, 'u', (uint16_t)(3 + i));
		rig_set_index(rig, i, 'a', (uint16_t)(9 + i));
	}
}

void moved_destination(struct rig *rig, const char *kernel, uint32_t pairs)
{
	rig_new(rig, kernel, pairs);
	assert_ok(rig, rig_mem(rig));
	assert_ok(rig, rig_tap(rig));
	assert_ok(rig, rig_dev(rig));
	assert_ok(rig, rig_attach(rig));
	moved_indices(rig);
}

uint32_t moved_changes(struct rig *rig)
{
	return fake_count(rig->fake, "VHOST_SET") + fake_count(rig->fake, "VHOST_NET") +
	       fake_count(rig->fake, "VHOST_RESET") + fake_count(rig->fake, "TUNSETVNETHDRSZ") +
	       fake_count(rig->fake, "open") + fake_count(rig->fake, "eventfd");
}

int moved_load_fails(struct rig *rig, const char *json)
{
	char *before = NULL, *after = NULL;
	struct vhc_net_config net = { .sz = sizeof(net) }, then = net;
	struct fake_left left = fake_left(rig->fake), later;
	uint32_t said;
	int r;

	if (rig->dev->want.has_acked)
		before = moved_save(rig);
	assert_ok(rig, vhc_dev_get_net_config(rig->dev, &net));
	said = moved_changes(rig);
	r = vhc_dev_load(rig->dev, json);
	assert_int_equal(moved_changes(rig), said);
	later = fake_left(rig->fake);
	assert_true(left_equal(&left, &later));
	assert_ok(rig, vhc_dev_get_net_config(rig->dev, &then));
	assert_memory_equal(&net, &then, sizeof(net));
	assert_int_equal(rig->dev->want.has_acked, before != NULL);
	if (before) {
		after = moved_save(rig);
		assert_string_equal(before, after);
	}
	free(before);
	free(after);
	return r;
}
