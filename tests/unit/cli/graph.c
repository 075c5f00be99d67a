/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * graph - what a reading of devices becomes in DOT and in the report.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "device/graph.h"
#include "reading.h"

static int bridge_of_tap0(const struct look_link *link, struct host_master *ret)
{
	if (strcmp(link->name, "tap0") != 0)
		return -ENODEV;
	*ret = (struct host_master){ "br0", "bridge" };
	return 0;
}

static int no_bridge(const struct look_link *link, struct host_master *ret)
{
	return -ENODEV;
}

static int never(const struct look_link *link, struct host_master *ret)
{
	fail_msg("a link of which only the name is known has no bridge");
	return -ENODEV;
}

static struct cli_graph graph_of(const struct look_reading *reading, cli_find_master *find)
{
	struct cli_graph graph = { .command = strdup("graph") };

	cli_graph_fill(&graph, reading, find);
	graph.text = cli_graph_dot(&graph);
	return graph;
}

static const char dot[] =
	"digraph vhost {\n"
	"  rankdir=LR\n"
	"  node [fontname=\"sans-serif\", fontsize=11]\n"
	"  edge [fontname=\"sans-serif\", fontsize=9]\n"
	/* nothing of a name means anything: neither markup, nor the end of the text, nor an escape */
	"  \"process-4320\" [label=\"<b>&amp;\\\"\\\\N\\\\u001b\\\\u00ff\\npid 4320\", shape=box, style=rounded]\n"
	"  \"device-4320-12\" [label=\"vhost-net\\nqueue pairs 2, running\", shape=box, penwidth=2]\n"
	"  \"link-4026531840-5\" [label=\"tap0\", shape=ellipse]\n"
	"  \"bridge-4026531840-br0\" [label=\"br0\", shape=hexagon]\n"
	"  \"worker-4321\" [label=\"vhost-4320\\npid 4321, CPUs 0-3\", shape=box, style=dashed]\n"
	"  \"device-4320-15\" [label=\"vhost-vsock\\ncid 3, running\", shape=box, penwidth=2]\n"
	"  \"process-99\" [label=\"crosvm\\npid 99\", shape=box, style=rounded]\n"
	"  \"device-99-7\" [label=\"vhost-net\\nqueue pairs 1, stopped\", shape=box, penwidth=2]\n"
	"  \"process-4320\" -> \"device-4320-12\" [label=\"owns\"]\n"
	"  \"device-4320-12\" -> \"link-4026531840-5\" [label=\"frames\"]\n"
	"  \"link-4026531840-5\" -> \"bridge-4026531840-br0\" [label=\"port of\"]\n"
	"  \"device-4320-12\" -> \"worker-4321\" [label=\"works in\"]\n"
	"  \"process-4320\" -> \"device-4320-15\" [label=\"owns\"]\n"
	"  \"device-4320-15\" -> \"worker-4321\" [label=\"works in\"]\n"
	"  \"process-99\" -> \"device-99-7\" [label=\"has open\"]\n"
	"}\n";

/* Each process and worker is there once, whatever it has. */
static void guests_as_dot(void **state)
{
	struct cli_graph graph = graph_of(reading_of_guests(), bridge_of_tap0);

	assert_string_equal(graph.text, dot);
	cli_graph_clear(&graph);
}

static void report_has_what_is_known(void **state)
{
	struct cli_graph graph = graph_of(reading_of_guests(), bridge_of_tap0);
	struct json_object *tree = doc_write(&cli_graph_table, &graph);
	struct json_object *nodes = json_object_object_get(tree, "nodes");
	struct json_object *bridge = json_object_array_get_idx(nodes, 3);
	struct json_object *stopped = json_object_array_get_idx(nodes, 7);

	assert_string_equal(
		json_object_to_json_string_ext(bridge, JSON_C_TO_STRING_PLAIN),
		"{\"id\":\"bridge-4026531840-br0\",\"kind\":\"bridge\",\"name\":\"br0\","
		"\"type\":\"bridge\",\"netns\":4026531840}");
	assert_string_equal(json_object_to_json_string_ext(stopped, JSON_C_TO_STRING_PLAIN),
			    "{\"id\":\"device-99-7\",\"kind\":\"device\",\"name\":\"vhost-net\","
			    "\"type\":\"net\",\"queue_pairs\":1,\"running\":false}");
	json_object_put(tree);
	cli_graph_clear(&graph);
}

/* Links of one name in two namespaces are two, and only then a label says where they are. */
static void links_of_two_namespaces(void **state)
{
	struct look_device devices[2] = { reading_of_guests()->devices[0],
					  reading_of_guests()->devices[0] };
	const struct look_reading reading = { .devices = devices, .count = 2 };
	struct cli_graph graph;

	devices[1].pid = 5;
	devices[1].link.netns = 7;
	graph = graph_of(&reading, no_bridge);
	assert_non_null(strstr(graph.text, "[label=\"tap0\\nnetns 4026531840\""));
	assert_non_null(strstr(graph.text, "\"link-7-5\" [label=\"tap0\\nnetns 7\""));
	assert_null(strstr(graph.text, "port of"));
	cli_graph_clear(&graph);
}

/* As /proc has it: of links only their names, and fds that are not known. */
static void little_is_known(void **state)
{
	struct look_fd fd = { .fd = -1, .queue = LOOK_NO_RING, .holders = 1 };
	struct look_device devices[2] = {
		{ .kind = LOOK_NET,
		  .pid = 8,
		  .comm = "qemu",
		  .link = { .name = "a\"b" },
		  .fds = &fd,
		  .fd_count = 1 },
		{ .kind = LOOK_NET, .pid = 8, .comm = "qemu", .fds = &fd, .fd_count = 1 },
	};
	const struct look_reading reading = { .devices = devices, .count = 2 };
	struct cli_graph graph = graph_of(&reading, never);

	assert_non_null(strstr(graph.text, "\"device-8--1\" [label=\"vhost-net\", "));
	assert_non_null(
		strstr(graph.text, "\"device-8--1\" -> \"link-a\\\"b\" [label=\"frames\"]"));
	assert_non_null(
		strstr(graph.text, "\"process-8\" -> \"device-8--2\" [label=\"has open\"]"));
	cli_graph_clear(&graph);
}

/* lo has index 1 everywhere, and is no port of anything. */
static void bridge_of_a_link(void **state)
{
	struct look_link lo = { .name = "lo", .index = 1 };
	struct host_master master;

	assert_int_equal(host_find_master(&lo, &master), -EXDEV);
	lo.netns = 1;
	assert_int_equal(host_find_master(&lo, &master), -EXDEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(guests_as_dot),
		cmocka_unit_test(report_has_what_is_known),
		cmocka_unit_test(links_of_two_namespaces),
		cmocka_unit_test(little_is_known),
		cmocka_unit_test(bridge_of_a_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
