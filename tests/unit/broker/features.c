/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * features - which features a front-end is offered, what it may accept, and what the kernel is then told.
 */
#include "front.h"
#include "require.h"

static void offer_is_of_vhost_and_tap_and_the_config_space(void **state)
{
	uint64_t offered = front_ask(&the_front, WIRE_GET_FEATURES);
	static const int has[] = { 0, 1, 5, 7, 11, 15, 16, 26, 27, 28, 29, 30, 32 };
	/* of a control queue, of an IOMMU, and what the front-end can have only from itself */
	static const int lacks[] = { 2, 3, 6, 17, 18, 19, 20, 21, 22, 23, 33, 34, 57, 60, 62, 63 };

	for (size_t i = 0; i < sizeof(has) / sizeof(has[0]); i++)
		if (!(offered & BIT(has[i])))
			fail_msg("bit %d is not offered", has[i]);
	for (size_t i = 0; i < sizeof(lacks) / sizeof(lacks[0]); i++)
		if (offered & BIT(lacks[i]))
			fail_msg("bit %d is offered", lacks[i]);
}

static void offer_has_mq_with_several_pairs(void **state)
{
	uint64_t offered = front_ask(&the_front, WIRE_GET_FEATURES);

	assert_true(offered & BIT(22));
	assert_false(offered & BIT(21));
	front_negotiate(&the_front);
	assert_int_equal(front_ask(&the_front, WIRE_GET_QUEUE_NUM), 4);
}

static void features_that_were_not_offered_are_refused(void **state)
{
	assert_int_equal(front_u64(&the_front, WIRE_SET_FEATURES, BIT(33) | BIT(32)), -EOPNOTSUPP);
	assert_non_null(strstr(the_front.device->session.error.text,
			       "0x200000000 was not offered, such as access_platform (bit 33)"));
	assert_int_equal(front_u64(&the_front, WIRE_SET_PROTOCOL_FEATURES, BIT(12)), -EOPNOTSUPP);
}

/* Bit 27 is another feature there, bit 30 is the protocol's. */
static void kernel_is_not_told_bits_27_and_30(void **state)
{
	front_up(&the_front);
	assert_true(the_front.device->session.features & BIT(27));
	for (uint32_t i = 0; i < 2; i++) {
		assert_false(front_kernel_ring(i)->features[0] & (BIT(26) | BIT(27) | BIT(30)));
		assert_true(front_kernel_ring(i)->features[0] & BIT(32));
	}
}

/* QEMU has the control queue itself, and passes MQ alone. */
static void mq_is_accepted_without_a_control_queue(void **state)
{
	uint64_t offered = front_ask(&the_front, WIRE_GET_FEATURES);

	assert_told(&the_front, front_u64(&the_front, WIRE_SET_FEATURES,
					  offered & ~(BIT(17) | BIT(WIRE_F_LOG_ALL))));
}

static void features_again_make_no_call(void **state)
{
	uint64_t features;

	front_up(&the_front);
	features = the_front.device->session.features;
	fake_forget_calls(the_front.fake);
	for (uint32_t i = 0; i < 4; i++)
		assert_told(&the_front, front_u64(&the_front, WIRE_SET_FEATURES, features));
	assert_int_equal(fake_count(the_front.fake, "VHOST_"), 0);
	assert_int_equal(fake_count(the_front.fake, "TUN"), 0);
}

static void ring_is_enabled_without_protocol_features(void **state)
{
	uint64_t offered = front_ask(&the_front, WIRE_GET_FEATURES);

	assert_told(&the_front,
		    front_u64(&the_front, WIRE_SET_FEATURES,
			      offered & ~(BIT(WIRE_F_PROTOCOL_FEATURES) | BIT(WIRE_F_LOG_ALL))));
	assert_told(&the_front, front_table(&the_front, the_front.memory, FRONT_SIZE));
	front_set_ring(&the_front, 0);
	assert_true(front_runs(&the_front, 0));
}

/* User Mode Linux asks with the very message that makes it possible, and waits. */
static void protocol_features_are_acknowledged_by_the_new_ones(void **state)
{
	the_front.message.flags = WIRE_NEED_REPLY;
	assert_int_equal(front_u64(&the_front, WIRE_SET_PROTOCOL_FEATURES, WIRE_P(REPLY_ACK)), 1);
	assert_int_equal(the_front.message.payload.u64, 0);
}

/* User Mode Linux reads a byte at a time. */
static void config_space_is_read_in_any_piece(void **state)
{
	static const uint8_t mac[] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56, 1, 0, 4, 0, 0, 0 };

	front_negotiate(&the_front);
	for (uint32_t i = 0; i < sizeof(mac); i++) {
		the_front.message =
			(struct wire_message){ .size = 13,
					       .payload.config = { .offset = i, .size = 1 } };
		assert_int_equal(front_tell(&the_front, WIRE_GET_CONFIG), 1);
		assert_int_equal(the_front.message.size, 13);
		assert_int_equal(the_front.message.payload.config.bytes[0], mac[i]);
	}
}

static void assert_missing(unsigned int bit, const char *name, const char *remedy)
{
	struct vhc_features require = { 0 };
	char text[BROKER_TEXT_MAX] = "", wanted[80];
	const char *hint = "";

	vhc_features_add(&require, 0);
	vhc_features_add(&require, bit);
	assert_int_equal(broker_device_require(the_front.device, &require, text, &hint),
			 -EOPNOTSUPP);
	snprintf(wanted, sizeof(wanted), "net0: %s (bit %u) is required", name, bit);
	assert_non_null(strstr(text, wanted));
	assert_non_null(strstr(hint, remedy));
}

/* Those of a device model as well, which vhost is not asked for. */
static void required_feature_that_is_not_offered_is_named(void **state)
{
	assert_missing(22, "mq", "queue_pairs");
	assert_missing(17, "ctrl_vq", "QEMU has a control queue of its own");
	assert_missing(3, "mtu", "\"mtu\" in \"tap\"");
	assert_missing(33, "access_platform", "\"iommu\"");
	assert_missing(21, "guest_announce", "the broker does that");
	assert_missing(23, "ctrl_mac_addr", "depends on the launcher alone");
	assert_missing(60, "rss", "no launcher has it");
	assert_missing(65, "guest_udp_tunnel_gso", "0 to 63");
}

static void required_features_that_are_offered_are_no_error(void **state)
{
	static const unsigned int bits[] = { 0, 5, 15, 16, 17, 22, 32 };
	struct vhc_features require = { 0 };
	char text[BROKER_TEXT_MAX];
	const char *hint;

	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		vhc_features_add(&require, bits[i]);
	assert_int_equal(broker_device_require(the_front.device, &require, text, &hint), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FRONT_TEST(offer_is_of_vhost_and_tap_and_the_config_space),
		FRONT_TEST_PAIRS(offer_has_mq_with_several_pairs),
		FRONT_TEST(features_that_were_not_offered_are_refused),
		FRONT_TEST(kernel_is_not_told_bits_27_and_30),
		FRONT_TEST_PAIRS(mq_is_accepted_without_a_control_queue),
		FRONT_TEST(features_again_make_no_call),
		FRONT_TEST(ring_is_enabled_without_protocol_features),
		FRONT_TEST(protocol_features_are_acknowledged_by_the_new_ones),
		FRONT_TEST_PAIRS(config_space_is_read_in_any_piece),
		FRONT_TEST(required_feature_that_is_not_offered_is_named),
		FRONT_TEST_PAIRS(required_features_that_are_offered_are_no_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
