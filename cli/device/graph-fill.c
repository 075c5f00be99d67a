/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Nodes and edges of a graph, from a reading of the vhost devices.  A process, a link or a worker of several
 * devices is one node.  What is not known is left out.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "device/graph.h"

__attribute__((format(printf, 1, 2))) static char *text_of(const char *format, ...)
{
	va_list arguments;
	char *text;
	int r;

	va_start(arguments, format);
	r = vasprintf(&text, format, arguments);
	va_end(arguments);
	return cli_need(r < 0 ? NULL : text);
}

/* The node with this id, which is taken over; NULL: it is there already. */
static struct cli_graph_node *add_node(struct cli_graph *graph, char *id, const char *kind,
				       const char *name)
{
	struct cli_graph_node *nodes = graph->nodes.items, *node;

	for (size_t i = 0; i < graph->nodes.count; i++)
		if (!strcmp(nodes[i].id, id)) {
			free(id);
			return NULL;
		}
	node = cli_need(doc_append(&graph->nodes, sizeof(*node)));
	*node = (struct cli_graph_node){
		.id = id,
		.kind = text_of("%s", kind),
		.name = text_of("%s", name),
		.pid = GRAPH_UNKNOWN,
		.queue_pairs = GRAPH_UNKNOWN,
		.guest_cid = GRAPH_UNKNOWN,
		.netns = GRAPH_UNKNOWN,
		.running = DOC_ABSENT,
	};
	return node;
}

static void add_edge(struct cli_graph *graph, const char *from, const char *to, const char *what)
{
	struct cli_graph_edge *edges = graph->edges.items, *edge;

	for (size_t i = 0; i < graph->edges.count; i++)
		if (!strcmp(edges[i].from, from) && !strcmp(edges[i].to, to))
			return;
	edge = cli_need(doc_append(&graph->edges, sizeof(*edge)));
	*edge = (struct cli_graph_edge){ text_of("%s", from), text_of("%s", to),
					 text_of("%s", what) };
}

static void add_process(struct cli_graph *graph, const struct look_device *device, const char *id)
{
	char *owner = text_of("process-%d", (int)device->pid);
	struct cli_graph_node *node =
		add_node(graph, text_of("%s", owner), "process", device->comm);

	if (node)
		node->pid = (uint64_t)device->pid;
	add_edge(graph, owner, id,
		 device->known & LOOK_OWNER && device->owned ? "owns" : "has open");
	free(owner);
}

static void add_device(struct cli_graph *graph, const struct look_device *device, const char *id)
{
	char *name = text_of("vhost-%s", look_kind_name(device->kind));
	struct cli_graph_node *node = add_node(graph, text_of("%s", id), "device", name);

	free(name);
	if (!node)
		return;
	node->type = text_of("%s", look_kind_name(device->kind));
	if (device->kind == LOOK_NET && device->known & LOOK_PAIRS)
		node->queue_pairs = device->fd_count;
	if (device->known & LOOK_CID)
		node->guest_cid = device->guest_cid;
	if (device->known & LOOK_RUNNING)
		node->running = look_is_running(device) ? DOC_TRUE : DOC_FALSE;
}

static void add_bridge(struct cli_graph *graph, const struct look_link *link, const char *port,
		       cli_find_master *find)
{
	struct host_master master;
	struct cli_graph_node *node;
	char *id;

	if (find(link, &master))
		return;
	id = text_of("bridge-%" PRIu64 "-%s", link->netns, master.name);
	node = add_node(graph, text_of("%s", id), "bridge", master.name);
	if (node) {
		node->type = master.kind[0] ? text_of("%s", master.kind) : NULL;
		node->netns = link->netns;
	}
	add_edge(graph, port, id, "port of");
	free(id);
}

/* Of a link whose namespace is not known only the name is, and no other. */
static void add_link(struct cli_graph *graph, const struct look_link *link, const char *device,
		     cli_find_master *find)
{
	struct cli_graph_node *node;
	char *id;

	if (!link->name[0])
		return;
	id = link->index ? text_of("link-%" PRIu64 "-%" PRIu32, link->netns, link->index)
			 : text_of("link-%s", link->name);
	node = add_node(graph, text_of("%s", id), "link", link->name);
	if (node && link->netns)
		node->netns = link->netns;
	add_edge(graph, device, id, "frames");
	if (link->index && link->netns)
		add_bridge(graph, link, id, find);
	free(id);
}

static void add_worker(struct cli_graph *graph, const struct look_worker *worker,
		       const char *device)
{
	char *id = text_of("worker-%d", (int)worker->pid);
	struct cli_graph_node *node = add_node(graph, text_of("%s", id), "worker", worker->name);

	if (node) {
		node->pid = (uint64_t)worker->pid;
		node->cpus = text_of("%s", worker->cpus);
	}
	add_edge(graph, device, id, "works in");
	free(id);
}

void cli_graph_fill(struct cli_graph *graph, const struct look_reading *reading,
		    cli_find_master *find)
{
	for (size_t i = 0; i < reading->count; i++) {
		const struct look_device *device = &reading->devices[i];
		int fd = device->fd_count ? device->fds->fd : -1;
		/* an fd that is not known is no name: a number that is no fd's */
		char *id = text_of("device-%d-%d", (int)device->pid, fd < 0 ? -1 - (int)i : fd);

		add_process(graph, device, id);
		add_device(graph, device, id);
		add_link(graph, &device->link, id, find);
		for (size_t w = 0; w < device->worker_count; w++)
			add_worker(graph, &device->workers[w], id);
		free(id);
	}
}

void cli_graph_clear(struct cli_graph *graph)
{
	doc_clear(&cli_graph_table, graph);
}
