/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The report of 'vhostctl graph': what is connected with what, between the reading that fills it and what prints it.
 */
#ifndef CLI_GRAPH_H
#define CLI_GRAPH_H

#include "program/cli.h"
#include "host.h"

#define GRAPH_UNKNOWN UINT64_MAX

/* Texts are the graph's own; NULL: not known, or of other kinds of nodes only. */
struct cli_graph_node {
	char *id, *kind, *name, *type;
	uint64_t pid, queue_pairs, guest_cid, netns;
	uint32_t running; /* enum doc_maybe */
	char *cpus;
};

struct cli_graph_edge {
	char *from, *to, *what;
};

struct cli_graph {
	char *command;
	struct doc_list nodes, edges;
	char *text;
};

extern const struct doc_table cli_graph_table;

/* graph-fill.c: @find: host_find_master(), or a test's own */
typedef int cli_find_master(const struct look_link *link, struct host_master *ret);
void cli_graph_fill(struct cli_graph *graph, const struct look_reading *reading,
		    cli_find_master *find);
/* free it */
void cli_graph_clear(struct cli_graph *graph);

/* graph-dot.c: for free(3) */
char *cli_graph_dot(const struct cli_graph *graph);
/* graph-svg.c: the same as SVG, made by graphviz; an exit status */
int cli_graph_svg(const char *dot, char **ret);

#endif
