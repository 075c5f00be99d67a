/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vsock-move - a vhost-vsock device saved and loaded, and planned from a host's capabilities.
 */
#include "edit.h"
#include "vsock-rig.h"

static void load_continues_where_save_stopped(void **state)
{
	struct vhc_dev *dev = NULL;
	struct rig rig;
	char *json, *again;

	up(&rig, "6.12");
	rig_kernel_ring(&rig, 0)->base = 3;
	rig_set_index(&rig, 0, 'a', 3);
	rig_set_index(&rig, 0, 'u', 3);
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	assert_ok(&rig, vhc_dev_save(rig.dev, &json));
	assert_non_null(strstr(json, "\"type\":\"vsock\""));
	assert_non_null(strstr(json, "\"guest_cid\":5"));
	assert_non_null(strstr(json, "\"name\":\"seqpacket\""));
	assert_null(strstr(json, "header_bytes"));
	assert_ok(&rig, vhc_state_check(rig.ctx, json));
	vhc_dev_close(rig.dev);
	rig.dev = NULL;
	assert_ok(&rig, open_vsock(&rig, CID + 1, 0, &dev));
	assert_ok(&rig, vhc_dev_set_mem(dev, rig.mem));
	assert_int_equal(vhc_dev_load(dev, json), -EINVAL);
	assert_says(&rig, "/guest_cid", "the guest's CID is 5", "opened with 6");
	vhc_dev_close(dev);
	assert_ok(&rig, open_vsock(&rig, CID, 0, &rig.dev));
	assert_ok(&rig, vhc_dev_set_mem(rig.dev, rig.mem));
	assert_ok(&rig, vhc_dev_load(rig.dev, json));
	assert_ok(&rig, vhc_dev_save(rig.dev, &again));
	assert_string_equal(json, again);
	assert_ok(&rig, rig_rings(&rig));
	assert_ok(&rig, vhc_dev_start(rig.dev));
	assert_int_equal(rig_kernel_ring(&rig, 0)->base, 3);
	free(json);
	free(again);
	rig_free(&rig);
}

static void check_edited(struct rig *rig, const char *json, const char *pointer, const char *raw)
{
	char *edited = edit_put_sum(json, pointer, raw);

	if (vhc_state_check(rig->ctx, edited) != -EINVAL ||
	    vhc_dev_load(rig->dev, edited) != -EINVAL)
		fail_msg("%s as %s is accepted", pointer, raw ? raw : "nothing");
	assert_says(rig, pointer);
	free(edited);
}

static void document_that_no_vsock_device_has_is_einval(void **state)
{
	struct rig rig;
	char *json, *edited;

	prepare(&rig, "6.12");
	vhc_features_add(&rig.acked, VHI_F_ACCESS_PLATFORM);
	assert_ok(&rig, vhc_dev_set_features(rig.dev, &rig.acked, 0));
	assert_ok(&rig, vhc_dev_save(rig.dev, &json));
	check_edited(&rig, json, "/mac", "\"52:54:00:12:34:56\"");
	check_edited(&rig, json, "/mtu", "1500");
	check_edited(&rig, json, "/header_bytes", "12");
	check_edited(&rig, json, "/guest_cid", "2");
	check_edited(&rig, json, "/guest_cid", "4294967295");
	check_edited(&rig, json, "/queue_pairs", "2");
	check_edited(&rig, json, "/rings/1/index", "2");
	/* no call could start it again */
	check_edited(&rig, json, "/rings/1/enabled", "false");
	edited = edit_put(json, "/backend_features", "2");
	check_edited(&rig, edited, "/guest/iommu", "true");
	free(edited);
	free(json);
	rig_free(&rig);
}

static void load_into_net_is_einval(void **state)
{
	struct rig rig, net;
	char *json;

	up(&rig, "6.12");
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	assert_ok(&rig, vhc_dev_save(rig.dev, &json));
	rig_new(&net, "6.12", 1);
	assert_ok(&net, rig_mem(&net));
	assert_ok(&net, rig_tap(&net));
	assert_ok(&net, rig_dev(&net));
	assert_ok(&net, rig_attach(&net));
	assert_int_equal(vhc_dev_load(net.dev, json), -EINVAL);
	assert_says(&net, "/type", "a vsock device", "a net device");
	free(json);
	rig_free(&net);
	rig_free(&rig);
}

/* A host's capabilities are enough to plan with, and to say whether the guest can move there. */
static void caps_document_plans_and_checks_vsock(void **state)
{
	char *caps, *plan, *json;
	struct rig rig;

	up(&rig, "6.12");
	assert_ok(&rig, vhc_dev_stop(rig.dev));
	assert_ok(&rig, vhc_dev_save(rig.dev, &json));
	assert_ok(&rig, vhc_caps_probe(rig.ctx, &caps));
	assert_ok(&rig, vhc_caps_check(rig.ctx, caps, json, NULL));
	vhc_dev_close(rig.dev);
	assert_ok(&rig,
		  vhc_dev_open_caps(rig.ctx, "vsock0", caps,
				    VHC_ARG(vhc_dev_args, .type = VHC_TYPE_VSOCK, .guest_cid = CID),
				    &rig.dev));
	assert_ok(&rig, vhc_dev_set_mem(rig.dev, rig.mem));
	assert_ok(&rig, vhc_dev_set_features(rig.dev, &rig.acked, 0));
	assert_ok(&rig, rig_rings(&rig));
	assert_ok(&rig, vhc_dev_plan(rig.dev, &plan));
	assert_non_null(strstr(plan, "VHOST_VSOCK_SET_RUNNING"));
	assert_non_null(strstr(plan, "seqpacket,event_idx,version_1"));
	assert_int_equal(vhc_dev_start(rig.dev), -ENODEV);
	free(plan);
	free(caps);
	free(json);
	rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(load_continues_where_save_stopped),
		cmocka_unit_test(document_that_no_vsock_device_has_is_einval),
		cmocka_unit_test(load_into_net_is_einval),
		cmocka_unit_test(caps_document_plans_and_checks_vsock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
