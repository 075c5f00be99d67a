/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 'vhostctl graph': processes, vhost devices, links, bridges and workers of this host as a graph.
 */
#include <stdlib.h>
#include <string.h>

#include "device/device.h"
#include "device/graph.h"

#define KNOWN(member, type_, text)                                         \
	DOC_FIELD(cli_graph_node, member, type_, .max = GRAPH_UNKNOWN - 1, \
		  .preset = GRAPH_UNKNOWN, .help = text)

static const struct doc_field node_fields[] = {
	DOC_NEED(cli_graph_node, id, DOC_STRING,
		 .help = "what edges call it; the same as long as it is there"),
	DOC_NEED(cli_graph_node, kind, DOC_STRING,
		 .help = "process, device, link, bridge, or worker"),
	DOC_NEED(cli_graph_node, name, DOC_STRING,
		 .help = "of the process, the link or the thread; vhost-net and the like"),
	DOC_FIELD(
		cli_graph_node, type, DOC_STRING,
		.help = "of a device: net, vsock, scsi or vdpa; of a bridge: its kind of link, such as bridge"),
	KNOWN(pid, DOC_UINT, "of a process or a worker"),
	KNOWN(queue_pairs, DOC_UINT,
	      "net: pairs of a receive and a transmit ring; absent: not known"),
	KNOWN(guest_cid, DOC_UINT, "vsock: the guest's address"),
	KNOWN(netns, DOC_UINT,
	      "of a link or a bridge: the inode of its network namespace; absent: not known"),
	DOC_FIELD(cli_graph_node, running, DOC_MAYBE,
		  .help = "of a device: has any ring its back end; absent: not known"),
	DOC_FIELD(cli_graph_node, cpus, DOC_STRING,
		  .help = "of a worker: the CPUs on which it may run"),
};

static const struct doc_table node_table = DOC_PART(cli_graph_node, node_fields, "what is there");

static const struct doc_field edge_fields[] = {
	DOC_NEED(cli_graph_edge, from, DOC_STRING, .help = "the id of a node"),
	DOC_NEED(cli_graph_edge, to, DOC_STRING, .help = "the id of another"),
	DOC_NEED(cli_graph_edge, what, DOC_STRING,
		 .help = "owns, has open, frames, port of, or works in"),
};

static const struct doc_table edge_table =
	DOC_PART(cli_graph_edge, edge_fields, "how two are connected");

static const struct doc_field graph_fields[] = {
	CLI_COMMAND_FIELD(cli_graph),
	DOC_NEED(cli_graph, nodes, DOC_OBJECTS, .table = &node_table,
		 .help = "each device, and what belongs to it"),
	DOC_NEED(cli_graph, edges, DOC_OBJECTS, .table = &edge_table,
		 .help = "what they are to each other"),
	DOC_NEED(cli_graph, text, DOC_STRING,
		 .help = "in DOT, or as SVG; without --json this is printed alone"),
};

const struct doc_table cli_graph_table =
	DOC_TABLE("vhost-report", cli_graph, graph_fields,
		  "the vhost devices of this host and what they belong to");

static int run(struct cli_call *call)
{
	struct cli_graph graph = { .command = NULL };
	struct look_reading reading;
	char *dot;
	int status = cli_look(call, 0, &reading);

	if (status)
		return status;
	graph.command = cli_need(strdup(call->command->name));
	cli_graph_fill(&graph, &reading, host_find_master);
	look_clear(&reading);
	dot = cli_graph_dot(&graph);
	if (cli_option(call, "svg")->count) {
		status = cli_graph_svg(dot, &graph.text);
		free(dot);
	} else {
		graph.text = dot;
	}
	if (!status)
		cli_write(call, &cli_graph_table, &graph);
	cli_graph_clear(&graph);
	return status;
}

static const struct cli_option options[] = {
	{ "svg", 's', NULL, CLI_FLAG, .help = "print an image, made by graphviz, instead of DOT" },
};

static const char *const more[] = {
	"Each vhost device that is open on this host with the process that owns it, the link behind it, the",
	"bridge of that link and its workers, in DOT, the language of graphviz.  It is read as by list, and",
	"what cannot be seen is not there.",
	NULL,
};

const struct cli_command cli_command_graph = {
	.name = "graph",
	.arguments = "",
	.text = "Draw the vhost devices in use with their links and workers",
	.more = more,
	CLI_OPTIONS(options),
	.report = &cli_graph_table,
	.alone = "text",
	.run = run,
};
