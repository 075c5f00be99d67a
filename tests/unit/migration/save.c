/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * save - devices written as vhost-state documents: what is in them, and what cannot be saved.
 */
#include "dev.h"
#include "edit.h"
#include "rig.h"

static char *save(struct rig *rig)
{
	char *json = NULL;

	assert_ok(rig, vhc_dev_save(rig->dev, &json));
	assert_ok(rig, vhc_state_check(rig->ctx, json));
	return json;
}

/* It fails, says this, and leaves what comes out alone. */
static int save_fails(struct rig *rig)
{
	static char untouched;
	char *json = &untouched;
	int r = vhc_dev_save(rig->dev, &json);

	assert_ptr_equal(json, &untouched);
	return r;
}

static void assert_at(const char *json, const char *pointer, const char *text)
{
	char *found = edit_get(json, pointer);

	if (!text ? found != NULL : !found || strcmp(found, text))
		fail_msg("%s is %s, not %s", pointer, found ? found : "not there",
			 text ? text : "not there");
	free(found);
}

/* ---------------------------------------------------------------------------------- what is in it */

static void save_before_first_start_makes_no_call(void **state)
{
	struct rig *rig = *state;
	char *json;

	rig_prepare(rig);
	fake_forget_calls(rig->fake);
	json = save(rig);
	assert_int_equal(fake_calls(rig->fake), 0);
	assert_at(json, "/kind", "\"vhost-state\"");
	assert_at(json, "/version", "1");
	assert_at(json, "/minor", "1");
	assert_at(json, "/device", "\"net0\"");
	assert_at(json, "/type", "\"net\"");
	assert_at(json, "/running", "false");
	assert_at(json, "/queue_pairs", "1");
	assert_at(json, "/words", "[\"0x120038983\",\"0x0\"]");
	assert_at(json, "/features/5", "{\"bit\":15,\"name\":\"mrg_rxbuf\",\"origin\":\"vhost\"}");
	assert_at(json, "/features/10", NULL);
	assert_at(json, "/backend_features", "\"0x0\"");
	assert_at(json, "/guest", "{\"iommu\":false}");
	assert_at(json, "/header_bytes", "12");
	assert_at(json, "/mtu", NULL);
	assert_at(json, "/mac", NULL);
	assert_at(json, "/rings/0",
		  "{\"index\":0,\"size\":256,\"format\":\"split\",\"desc\":\"0x40000000\","
		  "\"avail\":\"0x40001000\",\"used\":\"0x40002000\",\"base\":\"0x0\","
		  "\"enabled\":true}");
	assert_at(json, "/rings/2", NULL);
	assert_at(json, "/memory", "[{\"guest_addr\":\"0x40000000\",\"size\":\"0x8000\"}]");
	free(json);
}

/* Rings without a size are left out, those without addresses have none, and one may be switched off. */
static void save_of_partly_set_device_leaves_out_rest(void **state)
{
	const struct vhc_net_config config = { .sz = sizeof(config),
					       .flags = VHC_NET_MAC | VHC_NET_MTU,
					       .mtu = 9000,
					       .mac = { 0x52, 0x54, 0, 0xab, 0xcd, 0xef } };
	struct rig *rig = *state;
	char *json;

	rig->acked = rig_acked(true);
	vhc_features_add(&rig->acked, 200);
	assert_ok(rig, rig_mem(rig));
	assert_ok(rig, rig_tap(rig));
	assert_ok(rig, rig_dev(rig));
	assert_ok(rig, rig_attach(rig));
	assert_ok(rig, rig_features(rig));
	assert_ok(rig, rig_ring(rig, 1));
	assert_ok(rig, rig_ring(rig, 3));
	assert_ok(rig, vhc_ring_set_base(rig->dev, 3, 65535));
	assert_ok(rig, vhc_ring_set_size(rig->dev, 4, 1024));
	assert_ok(rig, vhc_dev_set_net_config(rig->dev, &config));
	rig->dev->want.ring[3].disabled = true;
	json = save(rig);
	assert_at(json, "/queue_pairs", "3");
	assert_at(json, "/words/1", "\"0xa\"");
	assert_at(json, "/words/3", "\"0x100\"");
	assert_at(json, "/words/4", NULL);
	assert_at(json, "/features/16", "{\"bit\":200,\"name\":\"bit 200\",\"origin\":\"model\"}");
	assert_at(json, "/features/14/origin", "\"vhost+tap\"");
	assert_at(json, "/header_bytes", "24");
	assert_at(json, "/mtu", "9000");
	assert_at(json, "/mac", "\"52:54:00:ab:cd:ef\"");
	assert_at(json, "/rings/0/index", "1");
	assert_at(json, "/rings/0/enabled", "true");
	assert_at(json, "/rings/1/index", "3");
	assert_at(json, "/rings/1/base", "\"0xffff\"");
	assert_at(json, "/rings/1/enabled", "false");
	assert_at(json, "/rings/2",
		  "{\"index\":4,\"size\":1024,\"format\":\"split\",\"base\":\"0x0\","
		  "\"enabled\":true}");
	assert_at(json, "/rings/3", NULL);
	free(json);
}

static void save_after_stop_has_bases(void **state)
{
	struct rig *rig = *state;
	char *json;

	for (uint32_t i = 0; i < 4; i++)
		rig_kernel_ring(rig, i)->base = 1000 + i;
	assert_ok(rig, vhc_dev_stop(rig->dev));
	fake_forget_calls(rig->fake);
	json = save(rig);
	assert_int_equal(fake_calls(rig->fake), 0);
	assert_at(json, "/running", "false");
	assert_at(json, "/rings/0/base", "\"0x3e8\"");
	assert_at(json, "/rings/3/base", "\"0x3eb\"");
	free(json);
}

/* Memory that touches for the guest is one, wherever it is here. */
static void save_merges_memory_that_touches_for_guest(void **state)
{
	const uint64_t page = VHC_PAGE_SIZE, user[] = { 3, 1, 2 };
	struct rig *rig = *state;
	char *json, here[32];

	rig_prepare(rig);
	vhc_mem_clear(rig->mem);
	/* the middle page is behind a hole */
	for (uint64_t i = 0; i < 3; i++)
		assert_ok(
			rig,
			vhc_mem_add(rig->mem,
				    VHC_ARG(vhc_region, .guest_addr = i == 2 ? 0x200000 : i * page,
					    .size = page,
					    .user_addr = (uintptr_t)rig->ram + user[i] * page)));
	for (uint32_t i = 0; i < 4; i++)
		assert_ok(rig, vhc_ring_set_addr(rig->dev, i,
						 VHC_ARG(vhc_ring_addr, .desc = i * 1024,
							 .avail = page + i * 512,
							 .used = 0x200000 + i * 512)));
	for (uint32_t i = 0; i < 4; i++)
		assert_ok(rig, vhc_ring_set_size(rig->dev, i, 32));
	assert_ok(rig, vhc_mem_commit(rig->mem));
	json = save(rig);
	assert_at(json, "/memory",
		  "[{\"guest_addr\":\"0x0\",\"size\":\"0x2000\"},"
		  "{\"guest_addr\":\"0x200000\",\"size\":\"0x1000\"}]");
	snprintf(here, sizeof(here), "%lx", (unsigned long)(uintptr_t)rig->ram);
	here[strlen(here) - 4] = '\0';
	assert_null(strstr(json, here));
	free(json);
}

static void save_is_the_same_on_each_kernel(void **state)
{
	static const char *const kernels[] = { "6.1", "6.12", "7.2" };
	char *documents[3];

	for (size_t i = 0; i < 3; i++) {
		struct rig rig;

		rig_new(&rig, kernels[i], 2);
		rig_up(&rig);
		assert_ok(&rig, vhc_dev_stop(rig.dev));
		documents[i] = save(&rig);
		rig_free(&rig);
	}
	assert_string_equal(documents[0], documents[1]);
	assert_string_equal(documents[0], documents[2]);
	for (size_t i = 0; i < 3; i++)
		free(documents[i]);
}

/* ------------------------------------------------------------------------------ a snapshot */

static void save_of_running_device_asks_for_bases(void **state)
{
	struct rig *rig = *state;
	char *json;

	rig_kernel_ring(rig, 2)->base = 7;
	fake_forget_calls(rig->fake);
	json = save(rig);
	assert_int_equal(fake_calls(rig->fake), 4);
	assert_int_equal(fake_count(rig->fake, "VHOST_GET_VRING_BASE"), 4);
	assert_at(json, "/running", "true");
	assert_at(json, "/rings/2/base", "\"0x7\"");
	/* it moves on, so the bases of the snapshot are not kept */
	rig_kernel_ring(rig, 2)->base = 9;
	for (uint32_t i = 0; i < 4; i++) {
		assert_true(rig->dev->have.ring[i].base_lost);
		assert_false(rig->dev->want.ring[i].has_base);
	}
	free(json);
	assert_ok(rig, vhc_dev_stop(rig->dev));
	json = save(rig);
	assert_at(json, "/running", "false");
	assert_at(json, "/rings/2/base", "\"0x9\"");
	free(json);
}

/* A ring that does not run may be anywhere yet, and on another: a snapshot is to look at. */
static void save_of_running_device_during_setup_can_be_read(void **state)
{
	struct rig *rig = *state;
	struct vhc_ring_addr outside = rig_addr(0), same = rig_addr(0);

	outside.desc = 1ull << 40;
	assert_ok(rig, vhc_ring_stop(rig->dev, 1));
	assert_ok(rig, vhc_ring_set_addr(rig->dev, 1, &same));
	free(save(rig));
	assert_ok(rig, vhc_ring_set_addr(rig->dev, 1, &outside));
	free(save(rig));
	/* stopped, it is what a host would load */
	assert_ok(rig, vhc_dev_stop(rig->dev));
	assert_int_equal(save_fails(rig), -EINVAL);
	assert_says(rig, "ring 1", "0x10000000000");
}

static void save_with_failing_get_base_is_refused(void **state)
{
	struct rig *rig = *state;

	for (uint32_t n = 1; n <= 4; n++) {
		fake_fail(rig->fake, "VHOST_GET_VRING_BASE", n, EPERM);
		assert_int_equal(save_fails(rig), -EPERM);
		assert_says(rig, "net0", "VHOST_GET_VRING_BASE", "EPERM");
	}
	/* one that it could not tell when it stopped is lost */
	fake_fail(rig->fake, "VHOST_GET_VRING_BASE", 3, EFAULT);
	assert_int_equal(vhc_dev_stop(rig->dev), -EFAULT);
	assert_int_equal(save_fails(rig), -ENODATA);
	assert_says(rig, "net0", "ring 2", "where it stopped");
	assert_ok(rig, vhc_ring_set_base(rig->dev, 2, 0));
	free(save(rig));
}

/* -------------------------------------------------------------------------------- what cannot be */

static void save_before_setup_is_eagain(void **state)
{
	struct vhc_ring_addr addr = rig_addr(1);
	struct rig *rig = *state;

	assert_ok(rig, rig_tap(rig));
	assert_ok(rig, rig_dev(rig));
	assert_int_equal(save_fails(rig), -EAGAIN);
	assert_says(rig, "net0", "features", "vhc_dev_set_features");
	assert_ok(rig, vhc_dev_set_tap(rig->dev, rig->tap));
	assert_ok(rig, rig_features(rig));
	/* no device could be loaded from it */
	assert_int_equal(save_fails(rig), -EAGAIN);
	assert_says(rig, "net0", "no memory", "vhc_mem_commit");
	assert_ok(rig, rig_mem(rig));
	assert_ok(rig, vhc_dev_set_mem(rig->dev, rig->mem));
	/* that and features are enough for a driver that has not come further */
	free(save(rig));
	assert_ok(rig, vhc_ring_set_addr(rig->dev, 1, &addr));
	assert_int_equal(save_fails(rig), -EAGAIN);
	assert_says(rig, "ring 1", "no size", "vhc_ring_set_size");
	assert_ok(rig, vhc_ring_set_size(rig->dev, 1, RIG_SIZE));
	free(save(rig));
}

/* What no host could load is refused where the guest still is. */
static void save_of_what_cannot_be_loaded_is_einval(void **state)
{
	struct rig *rig = *state;

	rig_prepare(rig);
	assert_ok(rig, vhc_ring_set_addr(rig->dev, 1,
					 VHC_ARG(vhc_ring_addr, .desc = 0x1000, .avail = 0x2000,
						 .used = 0x3000)));
	assert_int_equal(save_fails(rig), -EINVAL);
	assert_says(rig, "net0", "/rings/1", "ring 1", "descriptor table", "below the first region",
		    "no host could load this state");
	assert_ok(rig, rig_ring(rig, 1));
	free(save(rig));
	assert_ok(rig, vhc_ring_set_base(rig->dev, 1, 3));
	free(save(rig));
}

/* Every id that a device can be opened with is one for a document. */
static void save_of_any_id_works(void **state)
{
	static const char *const good[] = { "a b", "\xc3\xa4", "\xc2\xa0", "/\"\\" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct rig rig;

		rig_new(&rig, "6.12", 1);
		assert_ok(&rig,
			  vhc_dev_open(rig.ctx, good[i], NULL,
				       VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET), &rig.dev));
		rig_prepare(&rig);
		free(save(&rig));
		rig_free(&rig);
	}
}

static void save_of_stale_device_is_estale(void **state)
{
	struct rig *rig = *state;

	rig_prepare(rig);
	fake_fail(rig->fake, "VHOST_NET_SET_BACKEND", 2, EFAULT);
	fake_fail(rig->fake, "VHOST_NET_SET_BACKEND", 3, EFAULT);
	assert_int_equal(rig_start(rig), -ESTALE);
	assert_int_equal(save_fails(rig), -ESTALE);
	assert_says(rig, "net0", "vhc_dev_reset");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(save_before_first_start_makes_no_call, "6.12", 1),
		RIG_TEST(save_of_partly_set_device_leaves_out_rest, "7.2", 3),
		RIG_TEST_UP(save_after_stop_has_bases, "6.1", 2),
		RIG_TEST(save_merges_memory_that_touches_for_guest, "6.12", 2),
		cmocka_unit_test(save_is_the_same_on_each_kernel),
		RIG_TEST_UP(save_of_running_device_asks_for_bases, "6.12", 2),
		RIG_TEST_UP(save_of_running_device_during_setup_can_be_read, "6.12", 1),
		RIG_TEST_UP(save_with_failing_get_base_is_refused, "6.12", 2),
		RIG_TEST(save_before_setup_is_eagain, "6.12", 1),
		RIG_TEST(save_of_what_cannot_be_loaded_is_einval, "6.12", 1),
		cmocka_unit_test(save_of_any_id_works),
		RIG_TEST(save_of_stale_device_is_estale, "6.12", 1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
