/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * golden - vhost-state documents of version 1 that were written once, and are read for ever: of minor 0 in
 * the folder itself, of minor 1 in minor-1.
 *
 * A new one is made by a row here and by test-migration-golden FOLDER, which never touches one that is there.
 */
#include <unistd.h>

#include "dev.h"
#include "edit.h"
#include "rig.h"
#include "kind/net.h"

static const char *folder;

/* What the driver accepted, whether this host has it or not. */
static void set_acked(struct rig *rig, const unsigned int *bits, size_t count)
{
	rig->dev->want.acked = rig_acked(false);
	for (size_t i = 0; i < count; i++)
		vhc_features_add(&rig->dev->want.acked, bits[i]);
	rig->dev->want.has_acked = true;
}

static void with_rings(struct rig *rig, const char *kernel, uint32_t pairs)
{
	rig_new(rig, kernel, pairs);
	assert_ok(rig, rig_mem(rig));
	assert_ok(rig, rig_tap(rig));
	assert_ok(rig, rig_dev(rig));
	assert_ok(rig, rig_attach(rig));
}

/* One pair that ran and was stopped. */
static void split_1(struct rig *rig)
{
	with_rings(rig, "6.1", 1);
	assert_ok(rig, rig_features(rig));
	assert_ok(rig, rig_rings(rig));
	assert_ok(rig, rig_start(rig));
	rig_kernel_ring(rig, 0)->base = 0x1234;
	rig_kernel_ring(rig, 1)->base = 0xfffe;
	assert_ok(rig, vhc_dev_stop(rig->dev));
}

/* Four pairs, of which the last was not set up, behind an IOMMU, with everything that there is. */
static void iommu_4(struct rig *rig)
{
	static const unsigned int bits[] = { VHI_F_ACCESS_PLATFORM,
					     VHI_F_HOST_TSO6,
					     VHI_F_HOST_USO,
					     VHI_F_GUEST_USO4,
					     VHI_F_GUEST_USO6,
					     VHI_F_GUEST_UDP_TUNNEL_GSO,
					     VHI_F_HOST_UDP_TUNNEL_GSO,
					     VHI_F_MQ,
					     VHI_F_MTU,
					     VHI_F_MAC,
					     200 };

	with_rings(rig, "7.2", 4);
	set_acked(rig, bits, sizeof(bits) / sizeof(bits[0]));
	rig->dev->want.iommu = true;
	for (uint32_t i = 0; i < 6; i++) {
		assert_ok(rig, rig_ring(rig, i));
		assert_ok(rig,
			  vhc_ring_set_addr(
				  rig->dev, i,
				  VHC_ARG(vhc_ring_addr, .desc = 0xfffffffff0000000 + i * 0x10000,
					  .avail = 0x8000000 + i * 0x2000, .used = i * 0x1000)));
		assert_ok(rig, vhc_ring_set_base(rig->dev, i, 77 * i));
	}
	assert_ok(rig, vhc_ring_set_size(rig->dev, 6, 32768));
	rig->dev->want.ring[3].disabled = true;
	assert_ok(rig, vhc_dev_set_net_config(
			       rig->dev,
			       VHC_ARG(vhc_net_config, .flags = VHC_NET_MAC | VHC_NET_MTU,
				       .mtu = 9000, .mac = { 0x52, 0x54, 0, 0xab, 0xcd, 0xef })));
	rig->dev->net->control = (struct vhi_control){
		.has_offloads = true,
		.offloads = { { 1 << VHI_F_GUEST_CSUM | 1 << VHI_F_GUEST_TSO4 } },
		.active = 3,
	};
}

/* No vhost-net has packed rings, but a document may. */
static void packed_1(struct rig *rig)
{
	static const unsigned int bits[] = { VHI_F_RING_PACKED };

	with_rings(rig, "6.12", 1);
	set_acked(rig, bits, 1);
	assert_ok(rig, rig_rings(rig));
	assert_ok(rig, vhc_ring_set_size(rig->dev, 0, 255));
	assert_ok(rig, vhc_ring_set_base(rig->dev, 0, 0x80fe8003));
	assert_ok(rig, vhc_ring_set_base(rig->dev, 1, 0x000f8010));
}

/* A vsock device that ran and was stopped. */
static void vsock(struct rig *rig)
{
	struct vhc_features acked = { { 1 << 1 | 1ull << VHI_F_VERSION_1 } };

	rig_new(rig, "6.12", 1);
	assert_ok(rig, rig_mem(rig));
	assert_ok(rig, vhc_dev_open(rig->ctx, "vsock0", NULL,
				    VHC_ARG(vhc_dev_args, .type = VHC_TYPE_VSOCK,
					    .guest_cid = 0xfffffffe),
				    &rig->dev));
	assert_ok(rig, vhc_dev_set_mem(rig->dev, rig->mem));
	assert_ok(rig, vhc_dev_set_features(rig->dev, &acked, 0));
	assert_ok(rig, rig_rings(rig));
	assert_ok(rig, rig_start(rig));
	rig_kernel_ring(rig, 0)->base = 0x42;
	rig_kernel_ring(rig, 1)->base = 7;
	assert_ok(rig, vhc_dev_stop(rig->dev));
}

static const struct {
	const char *name;
	void (*make)(struct rig *rig);
} documents[] = {
	{ "minor-1/split-1.json", split_1 },
	{ "minor-1/iommu-4.json", iommu_4 },
	{ "minor-1/packed-1.json", packed_1 },
	{ "minor-1/vsock.json", vsock },
};

static const char *const older[] = { "split-1.json", "iommu-4.json", "packed-1.json",
				     "vsock.json" };

#define COUNT (sizeof(documents) / sizeof(documents[0]))

/* What is written today is what was written then: the memory is as the rig has it now, too. */
static char *write_now(size_t i)
{
	char *json = NULL;
	struct rig rig;

	documents[i].make(&rig);
	assert_ok(&rig, vhc_dev_save(rig.dev, &json));
	rig_free(&rig);
	return json;
}

static void save_matches_golden(void **state)
{
	for (size_t i = 0; i < COUNT; i++) {
		char *kept = edit_file(folder, documents[i].name), *now = write_now(i);

		kept[strlen(kept) - 1] = '\0'; /* its newline */
		assert_string_equal(kept, now);
		free(kept);
		free(now);
	}
}

static void read_and_write(const char *name)
{
	char *kept = edit_file(folder, name);
	char *compact = edit_compact(kept), *canonical = edit_canonical(kept);
	struct vhc_ctx *ctx;

	assert_int_equal(vhc_ctx_new(&ctx), 0);
	if (vhc_state_check(ctx, kept) || vhc_state_check(ctx, compact))
		fail_msg("%s: %s", name, vhc_ctx_get_error(ctx)->text);
	assert_string_equal(compact, canonical);
	vhc_ctx_free(ctx);
	free(kept);
	free(compact);
	free(canonical);
}

/* Reading and writing again changes nothing; any other form of the same is the same document. */
static void load_and_save_of_golden_is_the_same(void **state)
{
	for (size_t i = 0; i < COUNT; i++)
		read_and_write(documents[i].name);
	for (size_t i = 0; i < sizeof(older) / sizeof(older[0]); i++)
		read_and_write(older[i]);
}

/* What an older library saved is the same device: only what it did not know is not said. */
static void load_of_older_golden_is_the_same_device(void **state)
{
	char *older_json = edit_file(folder, "split-1.json"), *json = NULL, *now;
	struct rig rig;

	with_rings(&rig, "6.1", 1);
	rig_set_index(&rig, 0, 'u', 0x1234);
	rig_set_index(&rig, 0, 'a', 0x1240);
	rig_set_index(&rig, 1, 'u', 0xfffe);
	rig_set_index(&rig, 1, 'a', 0xffff);
	rig.dev->net->control.active = 1;
	assert_ok(&rig, vhc_dev_load(rig.dev, older_json));
	assert_int_equal(rig.dev->net->control.active, 0);
	assert_ok(&rig, vhc_dev_save(rig.dev, &json));
	now = edit_file(folder, "minor-1/split-1.json");
	now[strlen(now) - 1] = '\0';
	assert_string_equal(json, now);
	free(older_json);
	free(json);
	free(now);
	rig_free(&rig);
}

static int write_missing(void)
{
	for (size_t i = 0; i < COUNT; i++) {
		char path[4096], *json;
		FILE *file;

		snprintf(path, sizeof(path), "%s/%s", folder, documents[i].name);
		if (!access(path, F_OK))
			continue;
		json = write_now(i);
		file = fopen(path, "w");
		if (!file || fprintf(file, "%s\n", json) < 0 || fclose(file))
			return 1;
		free(json);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(save_matches_golden),
		cmocka_unit_test(load_and_save_of_golden_is_the_same),
		cmocka_unit_test(load_of_older_golden_is_the_same_device),
	};

	folder = argc > 1 ? argv[1] : getenv("GOLDEN");
	if (!folder)
		return 2;
	return argc > 1 ? write_missing() : cmocka_run_group_tests(tests, NULL, NULL);
}
