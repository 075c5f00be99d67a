/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the vhost-setup document: what is read, and what is refused with which words. */
#include <dirent.h>

#include "host_test.h"

static struct vhc_ctx *ctx;

static const char *const examples[] = { SOURCE "/examples/qemu.json",
					SOURCE "/examples/qemu-mq.json",
					SOURCE "/examples/env.json",
					SOURCE "/examples/served.json" };

static void setup_read_of_example_fills_fields(void **state)
{
	char *text = read_file(SOURCE "/examples/qemu-mq.json", NULL);
	struct host_setup *setup = read_setup(ctx, text);
	const struct host_device *device = host_device(setup, 0);

	assert_string_equal(setup->name, "vm1");
	assert_int_equal(setup->devices.count, 1);
	assert_string_equal(device->id, "net0");
	assert_int_equal(device->vhost, HOST_VHOST_REQUIRE);
	assert_int_equal(device->queue_pairs, 4);
	assert_int_equal(device->ring_size, 1024);
	assert_string_equal(device->tap.owner, "nobody");
	assert_int_equal(device->tap.txqueuelen, 5000);
	assert_int_equal(device->tap.address.count, 2);
	assert_true(device->tap.up);
	assert_false(device->tap.persist);
	assert_true(vhc_features_has(&device->mask, 10) && vhc_features_has(&device->mask, 14));
	assert_true(vhc_features_has(&device->require, 15) &&
		    vhc_features_has(&device->require, 32));
	assert_string_equal(setup->launcher.user, "nobody");
	assert_true(setup->launcher.no_new_privs);
	host_setup_free(setup);
	free(text);
}

static void setup_read_of_missing_keys_is_defaults(void **state)
{
	static const char text[] = "{\"kind\":\"vhost-setup\",\"version\":1,"
				   "\"devices\":[{\"id\":\"n\",\"type\":\"net\"}]}";
	struct host_setup *setup = read_setup(ctx, text);
	const struct host_device *device = host_device(setup, 0);

	assert_null(setup->name);
	assert_int_equal(device->vhost, HOST_VHOST_REQUIRE);
	assert_int_equal(device->queue_pairs, 1);
	assert_int_equal(device->ring_size, 256);
	assert_int_equal(device->busyloop_us, 0);
	assert_int_equal(device->worker.mode, HOST_WORKER_DEFAULT);
	assert_null(device->tap.name);
	assert_int_equal(device->tap.mtu, 0);
	assert_true(device->tap.up);
	assert_int_equal(setup->launcher.style, HOST_STYLE_QEMU);
	host_setup_free(setup);
}

/* What is written is read back to the same. */
static void setup_read_of_written_config_is_the_same(void **state)
{
	for (size_t i = 0; i < COUNT(examples); i++) {
		char *text = read_file(examples[i], NULL);
		struct host_setup *setup = read_setup(ctx, text), *again;
		struct json_object *tree = host_setup_write(setup), *second;

		again = read_setup(ctx, json_object_to_json_string(tree));
		second = host_setup_write(again);
		assert_true(json_object_equal(tree, second));
		json_object_put(tree);
		json_object_put(second);
		host_setup_free(setup);
		host_setup_free(again);
		free(text);
	}
}

/* Refused as a document, with a place; nothing is handed out. */
static void expect_refused(const char *name, const char *text, size_t len, struct host_error *err)
{
	struct host_setup *setup = (void *)0x1;
	int r = host_setup_read(ctx, text, len, NULL, &setup, err);

	if (r >= 0)
		fail_msg("%s is accepted", name);
	assert_ptr_equal(setup, (void *)0x1);
	assert_int_equal(err->status, HOST_DOCUMENT);
	assert_true(err->text[0]);
	if (r == -EINVAL && strncmp(err->where, "line ", 5) != 0)
		fail_msg("%s: no line: %s: %s", name, err->where, err->text);
}

static void setup_read_of_bad_file_is_refused(void **state)
{
	static const char *const folders[] = { SOURCE "/tests/cli/bad",
					       SOURCE "/tests/cli/bad-meaning" };

	for (size_t i = 0; i < COUNT(folders); i++) {
		DIR *dir = opendir(folders[i]);
		unsigned int count = 0;

		assert_non_null(dir);
		for (struct dirent *entry; (entry = readdir(dir));) {
			struct host_error err;
			char path[600], *text;
			size_t len;

			if (entry->d_name[0] == '.')
				continue;
			snprintf(path, sizeof(path), "%s/%s", folders[i], entry->d_name);
			text = read_file(path, &len);
			expect_refused(entry->d_name, text, len, &err);
			free(text);
			count++;
		}
		closedir(dir);
		assert_true(count > 20);
	}
}

static void setup_read_of_config_cut_at_each_byte_is_refused(void **state)
{
	for (size_t i = 0; i < COUNT(examples); i++) {
		size_t len;
		char *text = read_file(examples[i], &len);

		while (len > 0 && strchr(" \n", text[len - 1]))
			len--;
		for (size_t n = 0; n < len; n++) {
			char *cut =
				malloc(n ? n : 1); /* exactly as long: no byte may be read behind */
			struct host_error err;

			memcpy(cut, text, n);
			expect_refused("truncated", cut, n, &err);
			free(cut);
		}
		free(text);
	}
}

static void setup_read_of_too_long_text_is_refused(void **state)
{
	char *text = malloc(DOC_MAX_SIZE + 1);
	struct host_error err;

	memset(text, ' ', DOC_MAX_SIZE + 1);
	memcpy(text, "{}", 2);
	expect_refused("long", text, DOC_MAX_SIZE + 1, &err);
	assert_non_null(strstr(err.text, "1048577 bytes"));
	free(text);
}

static void setup_read_of_flipped_bits_answers(void **state)
{
	size_t len;
	char *text = read_file(SOURCE "/examples/qemu-mq.json", &len);
	unsigned int seed = 7;

	for (int i = 0; i < 10000; i++) {
		struct host_setup *setup;
		struct host_error err;
		char *copy = malloc(len);

		memcpy(copy, text, len);
		for (int flips = 0; flips <= i % 3; flips++) {
			seed = seed * 1103515245 + 12345;
			copy[(seed >> 8) % len] ^= (char)(1u << (seed >> 4) % 8);
		}
		if (host_setup_read(ctx, copy, len, NULL, &setup, &err) == 0)
			host_setup_free(setup);
		free(copy);
	}
	free(text);
}

/* The words of the errors that people meet most. */
static void setup_read_error_says_what_and_where(void **state)
{
	static const struct {
		const char *device, *where, *words;
	} cases[] = {
		{ "{\"id\":\"a\",\"type\":\"net\",\"tap\":{\"name\":\"ta%dp\"}}",
		  "/devices/0/tap/name", "\"ta%dp\" is not allowed" },
		{ "{\"id\":\"a\",\"type\":\"net\",\"tap\":{\"name\":\"%d\"}}",
		  "/devices/0/tap/name", "\"%d\" is not allowed" },
		{ "{\"id\":\"a\",\"type\":\"net\",\"tap\":{\"name\":\"t%d\",\"existing\":true}}",
		  "/devices/0/tap/existing", "needs a whole name" },
		{ "{\"id\":\"a\",\"type\":\"net\",\"tap\":{\"netns\":\"pid:self\"}}",
		  "/devices/0/tap/netns", "pid: and a number" },
		{ "{\"id\":\"a\",\"type\":\"net\"},{\"id\":\"b\",\"type\":\"net\"},"
		  "{\"id\":\"a\",\"type\":\"net\"}",
		  "/devices/2/id", "device 0 already has the id \"a\"" },
		{ "{\"id\":\"a\",\"type\":\"net\",\"tap\":{\"name\":\"t\"}},"
		  "{\"id\":\"b\",\"type\":\"net\",\"tap\":{\"name\":\"t\"}}",
		  "/devices/1/tap/name", "device \"a\" already uses the tap \"t\"" },
		{ "{\"id\":\"a\",\"type\":\"net\",\"features\":{\"mask\":[\"host_uso\"],"
		  "\"require\":[\"host_uso\"]}}",
		  "/devices/0/features/require", "host_uso (bit 56) is both required and masked" },
		{ "{\"id\":\"a\",\"type\":\"vsock\",\"tap\":{}}", "/devices/0/tap",
		  "key \"tap\" is not allowed with \"type\": \"vsock\"" },
		{ "{\"id\":\"a\",\"type\":\"vsock\",\"queue_pairs\":1}", "/devices/0/queue_pairs",
		  "is not allowed with" },
		{ "{\"id\":\"a\",\"type\":\"net\",\"cid\":\"auto\"}", "/devices/0/cid",
		  "key \"cid\" is not allowed with \"type\": \"net\"" },
		{ "{\"id\":\"a\",\"type\":\"vsock\",\"cid\":2}", "/devices/0/cid",
		  "must be 3 to 4294967294" },
		{ "{\"id\":\"a\",\"type\":\"vsock\",\"cid\":\"3\"}", "/devices/0/cid",
		  "a number or \"auto\" expected" },
		{ "{\"id\":\"a\",\"type\":\"vsock\",\"cid\":9},"
		  "{\"id\":\"b\",\"type\":\"vsock\",\"cid\":9}",
		  "/devices/1/cid", "device \"a\" already has the CID 9" },
		{ "{\"id\":\"a\",\"type\":\"vsock\",\"features\":{\"mask\":[\"mrg_rxbuf\"]}}",
		  "/devices/0/features/mask/0", "mrg_rxbuf" },
		{ "{\"id\":\"a\",\"type\":\"net\",\"iommu\":true}", "/devices/0/iommu",
		  "\"iommu\" is only for \"attach\": \"vhost-user\"" },
		{ "{\"id\":\"a\",\"type\":\"net\",\"queue_pair\":2}", "/devices/0/queue_pair",
		  "did you mean \"queue_pairs\"?" },
		{ "{\"id\":\"a\",\"type\":\"net\",\"tap\":{\"bridge\":\"br0\",\"address\":"
		  "[\"10.0.0.1/24\"]}}",
		  "/devices/0/tap/address", "give it to the bridge \"br0\"" },
		{ "{\"id\":\"a\",\"type\":\"net\",\"tap\":{\"mac\":\"52:54:00:00:00:0a\"}},"
		  "{\"id\":\"b\",\"type\":\"net\",\"tap\":{\"mac\":\"52:54:00:00:00:0A\"}}",
		  "/devices/1/tap/mac", "device \"a\" already has the MAC address" },
		{ "{\"id\":\"a\",\"type\":\"net\",\"tap\":{\"vlans\":[\"7\"]}}",
		  "/devices/0/tap/vlans", "\"vlans\" is of a port of a bridge: add \"bridge\"" },
		{ "{\"id\":\"a\",\"type\":\"net\",\"tap\":{\"bridge\":\"b\",\"vlans\":[\"7\",\"9-8\"]}}",
		  "/devices/0/tap/vlans/1", "\"9-8\"" },
		{ "{\"id\":\"a\",\"type\":\"net\",\"tap\":{\"bridge\":\"b\",\"vlans\":[\"1-4095\"]}}",
		  "/devices/0/tap/vlans/0", "such as 100-200" },
		{ "{\"id\":\"a\",\"type\":\"net\",\"tap\":{\"lower\":\"eno1\"}}",
		  "/devices/0/tap/lower", "add \"kind\": \"macvtap\"" },
		{ "{\"id\":\"a\",\"type\":\"net\",\"tap\":{\"kind\":\"macvtap\"}}",
		  "/devices/0/tap/kind", "add \"lower\"" },
		{ "{\"id\":\"a\",\"type\":\"net\",\"tap\":{\"kind\":\"macvtap\",\"lower\":\"eno1\","
		  "\"bridge\":\"br0\"}}",
		  "/devices/0/tap/bridge", "\"bridge\" is not for a macvtap" },
		{ "{\"id\":\"a\",\"type\":\"net\",\"tap\":{\"kind\":\"macvtap\",\"lower\":\"eno1\","
		  "\"persist\":true}}",
		  "/devices/0/tap/kind", "the guest's MAC address" },
		{ "{\"id\":\"a\",\"type\":\"net\",\"tap\":{\"existing\":true}}",
		  "/devices/0/tap/existing", "needs a whole name" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct host_error err;
		char text[1000];

		snprintf(text, sizeof(text), CONFIG("%s", ""), cases[i].device);
		expect_refused(text, text, strlen(text), &err);
		if (!strstr(err.where, cases[i].where) || !strstr(err.text, cases[i].words))
			fail_msg("%s\n%s: %s", text, err.where, err.text);
	}
}

/* Two taps of one name are two taps in two namespaces. */
static void setup_read_of_equal_names_in_two_namespaces_works(void **state)
{
	static const char *const devices[] = {
		"{\"id\":\"a\",\"type\":\"net\",\"tap\":{\"name\":\"t\",\"netns\":\"x\"}},"
		"{\"id\":\"b\",\"type\":\"net\",\"tap\":{\"name\":\"t\"}}",
		"{\"id\":\"a\",\"type\":\"net\",\"tap\":{\"name\":\"abcdefghijklmno\"}}",
		"{\"id\":\"a\",\"type\":\"net\",\"tap\":{\"address\":[\"::1/128\",\"0.0.0.0/0\"]}}",
		"{\"id\":\"a\",\"type\":\"net\",\"queue_pairs\":256,\"ring_size\":512}",
		"{\"id\":\"a\",\"type\":\"net\",\"features\":{\"mask\":[\"VIRTIO_NET_F_CSUM\","
		"\"0x2\",\"56\",\"bit 55\"]}}",
	};

	for (size_t i = 0; i < COUNT(devices); i++) {
		char text[1000];

		snprintf(text, sizeof(text), CONFIG("%s", ""), devices[i]);
		host_setup_free(read_setup(ctx, text));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(setup_read_of_example_fills_fields),
		cmocka_unit_test(setup_read_of_missing_keys_is_defaults),
		cmocka_unit_test(setup_read_of_written_config_is_the_same),
		cmocka_unit_test(setup_read_of_bad_file_is_refused),
		cmocka_unit_test(setup_read_of_config_cut_at_each_byte_is_refused),
		cmocka_unit_test(setup_read_of_too_long_text_is_refused),
		cmocka_unit_test(setup_read_of_flipped_bits_answers),
		cmocka_unit_test(setup_read_error_says_what_and_where),
		cmocka_unit_test(setup_read_of_equal_names_in_two_namespaces_works),
	};

	return run_with_context(&ctx, tests, COUNT(tests));
}
