/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of plans: the operations, their order and what undoes them; nothing is done. */
#include "document.h"
#include "host_test.h"

static struct vhc_ctx *ctx;

/* The plan's rows, one a line. */
static char *plan_text(const char *config, struct host_options *options)
{
	struct host_setup *setup = read_setup(ctx, config);
	struct host_plan_document plan;
	struct json_object *tree;
	struct host_error err;
	struct doc_error doc;
	const char *json;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	options->ctx = ctx;
	if (host_setup_plan(setup, options, &tree, &err) < 0)
		fail_msg("%s", err.text);
	json = json_object_to_json_string(tree);
	/* Its own table reads what it wrote. */
	assert_int_equal(doc_read(&host_plan_table, json, strlen(json), &plan, &doc), 0);
	for (size_t i = 0; i < plan.operations.count; i++) {
		const struct host_plan_row *row = (struct host_plan_row *)plan.operations.items + i;
		struct json_object *arguments = doc_write(&host_arguments_table, &row->arguments);
		char *words = host_plan_text(arguments);

		fprintf(out, "%s: %s%s%s [%s]\n", row->on, row->operation, *words ? " " : "", words,
			row->undo);
		free(words);
		json_object_put(arguments);
	}
	fclose(out);
	doc_clear(&host_plan_table, &plan);
	json_object_put(tree);
	host_setup_free(setup);
	return text;
}

static void expect_plan(const char *config, struct host_options *options, const char *wanted)
{
	char *text = plan_text(config, options);

	assert_string_equal(text, wanted);
	free(text);
}

static void setup_plan_of_new_tap_lists_its_steps(void **state)
{
	char *launcher[] = { (char *)(uintptr_t) "qemu", (char *)(uintptr_t) "@net0.netdev@",
			     (char *)(uintptr_t) "@net0.device@", NULL };
	struct host_options options = { .launcher = launcher, .user = "nobody" };

	expect_plan(
		CONFIG("{\"id\":\"net0\",\"type\":\"net\",\"queue_pairs\":2,\"tap\":{"
		       "\"name\":\"t0\",\"owner\":\"qemu\",\"group\":\"kvm\",\"mac\":"
		       "\"52:54:00:0A:0b:0c\",\"mtu\":9000,\"netns\":\"blue\","
		       "\"address\":[\"10.0.0.1/24\",\"fd00::1/64\"],\"txqueuelen\":5000},"
		       "\"worker\":{\"mode\":\"task\"}}",
		       "\"user\":\"other\",\"no_new_privs\":true"),
		&options,
		"launcher: find launcher qemu, user nobody []\n"
		"launcher: reserve fds first_fd 3, fds 4 [close them]\n"
		"net0: open vhost /dev/vhost-net, fds 2, worker task [close it]\n"
		"net0: enter netns netns blue [leave it]\n"
		"net0: open tap t0, queues 2, owner qemu, group kvm, txqueuelen 5000 [close it]\n"
		"net0: leave netns netns blue [enter it again]\n"
		"net0: enter netns netns blue [leave it]\n"
		"net0: set mac t0, mac fe:54:00:0a:0b:0c [removed with the link]\n"
		"net0: set mtu t0, mtu 9000 [removed with the link]\n"
		"net0: add address t0, address 10.0.0.1/24 [removed with the link]\n"
		"net0: add address t0, address fd00::1/64 [removed with the link]\n"
		"net0: set up t0 [removed with the link]\n"
		"net0: leave netns netns blue [enter it again]\n"
		"launcher: hand over fds 4, environment VHOSTCTL_FDS [close them]\n"
		"launcher: become user user nobody, no_new_privs []\n"
		"launcher: exec qemu []\n");
}

static void setup_plan_of_existing_tap_changes_what_is_given(void **state)
{
	struct host_options options = { 0 };

	expect_plan(
		CONFIG("{\"id\":\"a\",\"type\":\"net\",\"vhost\":\"off\",\"tap\":{"
		       "\"name\":\"t0\",\"existing\":true,\"owner\":\"qemu\",\"mtu\":1400}},"
		       "{\"id\":\"b\",\"type\":\"net\",\"vhost\":\"prefer\",\"tap\":{\"persist\":true,"
		       "\"up\":false},\"features\":{\"require\":[\"csum\",\"bit 40\"]}}",
		       ""),
		&options,
		"a: find link t0 []\n"
		"b: open vhost /dev/vhost-net, fds 1, vhost prefer [close it]\n"
		"a: open tap t0, queues 1, existing [close it]\n"
		"b: open tap tap%d, queues 1 [close it]\n"
		"b: check features features csum bit 40 []\n"
		"a: set mtu t0, mtu 1400 [restore the previous value]\n"
		"a: set up t0 [restore the previous value]\n"
		"a: set owner t0, owner qemu [restore the previous value, if there was one]\n"
		"b: keep link tap%d, persistent, alias vhostctl b [delete it, unless it was there]\n");
}

static void setup_plan_of_port_looks_at_its_bridge_first(void **state)
{
	struct host_options options = { 0 };

	expect_plan(
		CONFIG("{\"id\":\"a\",\"type\":\"net\",\"vhost\":\"off\",\"tap\":{\"name\":\"t0\",\"netns\":"
		       "\"blue\",\"bridge\":\"br0\"}},{\"id\":\"b\",\"type\":\"net\",\"vhost\":\"off\",\"tap\":"
		       "{\"bridge\":\"br0\",\"mtu\":9000,\"up\":false,\"vlan\":210,\"vlans\":[\"7\",\"9-12\"],"
		       "\"isolated\":true}}",
		       ""),
		&options,
		"a: enter netns netns blue [leave it]\n"
		"a: find bridge bridge br0 []\n"
		"a: leave netns netns blue [enter it again]\n"
		"b: find bridge bridge br0 []\n"
		"a: enter netns netns blue [leave it]\n"
		"a: open tap t0, queues 1 [close it]\n"
		"a: leave netns netns blue [enter it again]\n"
		"b: open tap tap%d, queues 1 [close it]\n"
		"a: enter netns netns blue [leave it]\n"
		"a: set mtu t0, mtu_of br0 [removed with the link]\n"
		"a: set bridge t0, bridge br0 [removed with the link]\n"
		"a: set up t0 [removed with the link]\n"
		"a: leave netns netns blue [enter it again]\n"
		"b: set mtu tap%d, mtu 9000 [removed with the link]\n"
		"b: set bridge tap%d, mtu 9000, bridge br0 [removed with the link]\n"
		"b: set port tap%d, vlan 210, vlans 7 9-12, isolated [removed with the link]\n");
}

static void setup_plan_of_macvtap_makes_it_with_the_mac_of_the_guest(void **state)
{
	struct host_options options = { 0 };

	expect_plan(
		CONFIG("{\"id\":\"a\",\"type\":\"net\",\"vhost\":\"off\",\"queue_pairs\":2,\"tap\":{\"kind\":"
		       "\"macvtap\",\"lower\":\"eno1\",\"mode\":\"vepa\",\"mac\":\"52:54:00:00:00:01\","
		       "\"persist\":true}}",
		       ""),
		&options,
		"a: find lower lower eno1 []\n"
		"a: make macvtap macvtap%d, queues 2, lower eno1, mode vepa, mac 52:54:00:00:00:01 [delete it]\n"
		"a: set up macvtap%d [removed with the link]\n");
}

/* Derived from both names: the same every time, and another for each device and each guest. */
static void setup_plan_shows_the_mac_that_is_derived(void **state)
{
	static const char config[] =
		"{\"kind\":\"vhost-setup\",\"version\":1,\"name\":\"%s\",\"devices\":["
		"{\"id\":\"net0\",\"type\":\"net\",\"vhost\":\"off\",\"tap\":{\"up\":false}},"
		"{\"id\":\"net1\",\"type\":\"net\",\"vhost\":\"off\",\"tap\":{\"up\":false}}],"
		"\"launcher\":{\"style\":\"env\"}}";
	static const struct {
		const char *name, *rows[2];
	} cases[] = {
		{ "vm1",
		  { "net0: set mac tap%d, mac fe:48:ab:7b:3e:09, guest_mac 02:48:ab:7b:3e:09",
		    "net1: set mac tap%d, mac fe:48:ab:7b:3c:56, guest_mac 02:48:ab:7b:3c:56" } },
		{ "vm2",
		  { "net0: set mac tap%d, mac fe:a4:5c:56:7a:d6, guest_mac 02:a4:5c:56:7a:d6",
		    "net1: set mac tap%d, mac fe:a4:5c:56:7c:89, guest_mac 02:a4:5c:56:7c:89" } },
	};
	struct host_options options = { 0 };

	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[600], *plan;

		snprintf(text, sizeof(text), config, cases[i].name);
		plan = plan_text(text, &options);
		for (size_t n = 0; n < 2; n++)
			if (!strstr(plan, cases[i].rows[n]))
				fail_msg("no \"%s\":\n%s", cases[i].rows[n], plan);
		free(plan);
	}
}

static void plan_of_vsock_shows_auto_as_such(void **state)
{
	struct host_options options = { 0 };

	expect_plan(
		CONFIG("{\"id\":\"v\",\"type\":\"vsock\",\"features\":{\"require\":"
		       "[\"seqpacket\"]}},"
		       "{\"id\":\"w\",\"type\":\"vsock\",\"cid\":42,\"worker\":{\"mode\":\"task\"}}",
		       ""),
		&options,
		"v: open vsock /dev/vhost-vsock, auto_cid [close it]\n"
		"w: open vsock /dev/vhost-vsock, cid 42, worker task [close it]\n"
		"v: check features features seqpacket []\n");
}

/* Who opens vhost without fds has to be able to, as the user that it becomes. */
static void setup_plan_checks_vhost_for_a_launcher_that_opens_it(void **state)
{
	static const struct {
		const char *device, *launcher, *user;
		bool checked;
	} cases[] = {
		{ "", "\"style\":\"kvmtool\"", "nobody", true },
		{ "", "\"style\":\"crosvm\",\"user\":\"nobody\"", NULL, true },
		{ ",\"attach\":\"name\"", "\"style\":\"env\"", "nobody", true },
		{ ",\"vhost\":\"prefer\"", "\"style\":\"kvmtool\"", "nobody", true },
		{ ",\"vhost\":\"off\"", "\"style\":\"kvmtool\"", "nobody", false },
		{ "", "\"style\":\"kvmtool\"", NULL,
		  false }, /* as this process, which has opened it */
		{ "", "\"style\":\"env\"", "nobody", false }, /* gets fds */
	};
	char *launcher[] = { (char *)(uintptr_t) "lkvm", (char *)(uintptr_t) "@n.tap@",
			     (char *)(uintptr_t) "@n.vhost@", NULL };
	char *with_net[] = { launcher[0], (char *)(uintptr_t) "@n.net@", NULL };

	for (size_t i = 0; i < COUNT(cases); i++) {
		bool env = strstr(cases[i].launcher, "env");
		struct host_options options = { .launcher = env ? launcher : with_net,
						.user = cases[i].user };
		char config[400], *plan;

		if (env)
			launcher[strstr(cases[i].device, "name") ? 3 : 1] = NULL;
		snprintf(config, sizeof(config),
			 CONFIG("{\"id\":\"n\",\"type\":\"net\",\"tap\":{\"name\":\"t\"}%s}", "%s"),
			 cases[i].device, cases[i].launcher);
		plan = plan_text(config, &options);
		if (cases[i].checked !=
		    !!strstr(plan, "n: check vhost /dev/vhost-net, user nobody []\n"))
			fail_msg("%zu: %s", i, plan);
		free(plan);
	}
}

/* What a QEMU that runs would be given, without asking it. */
static void plan_for_a_running_qemu_ends_with_its_devices(void **state)
{
	struct host_options options = { .qmp = "/run/qmp" };

	expect_plan(
		CONFIG("{\"id\":\"net0\",\"type\":\"net\",\"queue_pairs\":2,\"tap\":{\"name\":\"t0\"}},"
		       "{\"id\":\"v\",\"type\":\"vsock\",\"cid\":7}",
		       ""),
		&options,
		"launcher: connect to QEMU /run/qmp []\n"
		"net0: open vhost /dev/vhost-net, fds 2 [close it]\n"
		"v: open vsock /dev/vhost-vsock, cid 7 [close it]\n"
		"net0: open tap t0, queues 2 [close it]\n"
		"net0: set up t0 [removed with the link]\n"
		"net0: give fds tap_fds 2, vhost_fds 2 [close them]\n"
		"net0: add netdev net0 [delete it]\n"
		"net0: add device net0 [delete it]\n"
		"v: give fds vhost_fds 1 [close them]\n"
		"v: add device v [delete it]\n");
}

/* Scripts read the arguments as keys with the types that they have. */
static void setup_plan_has_arguments_as_keys(void **state)
{
	struct host_options options = { .ctx = ctx };
	struct host_setup *setup = read_setup(
		ctx,
		CONFIG("{\"id\":\"a\",\"type\":\"net\",\"vhost\":\"prefer\",\"tap\":{\"bridge\":\"br0\","
		       "\"mtu\":9000,\"vlans\":[\"7\",\"9-12\"],\"isolated\":true,\"existing\":true,\"name\":"
		       "\"t0\"}}",
		       ""));
	static const struct {
		const char *pointer, *json;
	} cases[] = {
		{ "/operations/0/operation", "open vhost" },
		{ "/operations/0/arguments",
		  "{\"path\":\"/dev/vhost-net\",\"fds\":1,\"vhost\":\"prefer\"}" },
		{ "/operations/3/arguments", "{\"link\":\"t0\",\"queues\":1,\"existing\":true}" },
		{ "/operations/4/arguments", "{\"link\":\"t0\",\"mtu\":9000}" },
		{ "/operations/6/arguments",
		  "{\"link\":\"t0\",\"vlans\":[\"7\",\"9-12\"],\"isolated\":true}" },
	};
	struct json_object *tree, *value;
	struct host_error err;

	assert_int_equal(host_setup_plan(setup, &options, &tree, &err), 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *json = NULL;

		if (json_pointer_get(tree, cases[i].pointer, &value) == 0)
			json = json_object_is_type(value, json_type_string)
				       ? json_object_get_string(value)
				       : json_object_to_json_string_ext(
						 value, JSON_C_TO_STRING_PLAIN |
								JSON_C_TO_STRING_NOSLASHESCAPE);
		if (!json || strcmp(json, cases[i].json) != 0)
			fail_msg("%s: %s", cases[i].pointer, json ? json : "none");
	}
	json_object_put(tree);
	host_setup_free(setup);
}

static void setup_plan_expands_launcher(void **state)
{
	char *launcher[] = { (char *)(uintptr_t) "qemu", (char *)(uintptr_t) "@net0.netdev@",
			     NULL };
	struct host_options options = { .ctx = ctx, .launcher = launcher };
	struct host_setup *setup =
		read_setup(ctx, CONFIG("{\"id\":\"net0\",\"type\":\"net\"}", ""));
	struct json_object *tree, *argument;
	struct host_error err;

	assert_int_equal(host_setup_plan(setup, &options, &tree, &err), 0);
	assert_int_equal(json_pointer_get(tree, "/launcher/1", &argument), 0);
	assert_string_equal(json_object_get_string(argument),
			    "tap,id=net0,fd=3,vhost=on,vhostfd=4");
	json_object_put(tree);
	launcher[1] = (char *)(uintptr_t) "@net0.nothing@";
	assert_int_equal(host_setup_plan(setup, &options, &tree, &err), -EINVAL);
	assert_int_equal(err.status, HOST_USAGE);
	assert_int_equal(host_setup_run(setup, &options, &err), -EINVAL);
	assert_string_equal(err.where, ""); /* before the first step */
	host_setup_free(setup);
}

/* So many devices of four queue pairs each, with an address each. */
static size_t count_operations(unsigned int devices)
{
	struct host_options options = { .ctx = ctx };
	struct host_setup *setup;
	struct host_plan plan;
	struct host_error err;
	char *text;
	size_t size, count;
	FILE *out = open_memstream(&text, &size);

	fputs("{\"kind\":\"vhost-setup\",\"version\":1,\"devices\":[", out);
	for (unsigned int i = 0; i < devices; i++)
		fprintf(out,
			"%s{\"id\":\"n%u\",\"type\":\"net\",\"queue_pairs\":4,\"tap\":{\"name\":"
			"\"t%u\",\"address\":[\"10.0.%u.1/24\"]}}",
			i ? "," : "", i, i, i);
	fputs("]}", out);
	fclose(out);
	setup = read_setup(ctx, text);
	assert_int_equal(host_plan_make(setup, &options, &plan, &err), 0);
	count = plan.count;
	host_plan_clear(&plan);
	host_setup_free(setup);
	free(text);
	return count;
}

static void setup_plan_grows_with_devices_linearly(void **state)
{
	size_t one = count_operations(1);

	assert_int_equal(one, 4); /* tap, address, up, vhost */
	assert_int_equal(count_operations(16), 16 * one);
	assert_int_equal(count_operations(256), 256 * one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(setup_plan_of_new_tap_lists_its_steps),
		cmocka_unit_test(setup_plan_of_existing_tap_changes_what_is_given),
		cmocka_unit_test(setup_plan_of_port_looks_at_its_bridge_first),
		cmocka_unit_test(setup_plan_of_macvtap_makes_it_with_the_mac_of_the_guest),
		cmocka_unit_test(setup_plan_shows_the_mac_that_is_derived),
		cmocka_unit_test(plan_of_vsock_shows_auto_as_such),
		cmocka_unit_test(setup_plan_checks_vhost_for_a_launcher_that_opens_it),
		cmocka_unit_test(plan_for_a_running_qemu_ends_with_its_devices),
		cmocka_unit_test(setup_plan_has_arguments_as_keys),
		cmocka_unit_test(setup_plan_expands_launcher),
		cmocka_unit_test(setup_plan_grows_with_devices_linearly),
	};

	return run_with_context(&ctx, tests, COUNT(tests));
}
