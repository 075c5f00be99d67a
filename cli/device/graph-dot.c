/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A graph in DOT, the language of graphviz.  Names are other users' bytes: between quotes nothing of them means
 * anything.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "device/graph.h"

/* A backslash begins an escape there, and an ampersand the name of a character. */
static void put_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		if (*text == '&')
			fputs("&amp;", out);
		else
			fputc(*text, out);
	}
}

static void put_text(FILE *out, const char *text)
{
	char part[DOC_ESCAPE_MAX + 1];

	while (*text)
		put_escaped(out, doc_escape_first(part, &text));
}

static void put_id(FILE *out, const char *id)
{
	fputc('"', out);
	put_text(out, id);
	fputc('"', out);
}

/* Only then it says anything of a link. */
static bool has_several_netns(const struct cli_graph *graph)
{
	const struct cli_graph_node *nodes = graph->nodes.items;
	uint64_t first = GRAPH_UNKNOWN;

	for (size_t i = 0; i < graph->nodes.count; i++) {
		if (nodes[i].netns != GRAPH_UNKNOWN && first != GRAPH_UNKNOWN &&
		    nodes[i].netns != first)
			return true;
		if (first == GRAPH_UNKNOWN)
			first = nodes[i].netns;
	}
	return false;
}

static void put_fact(FILE *out, const char **before, const char *name, uint64_t number)
{
	if (number == GRAPH_UNKNOWN)
		return;
	fprintf(out, "%s%s %" PRIu64, *before, name, number);
	*before = ", ";
}

/* The second line of a label. */
static void put_facts(FILE *out, const struct cli_graph_node *node, bool netns)
{
	const char *before = "\\n";

	put_fact(out, &before, "pid", node->pid);
	put_fact(out, &before, "queue pairs", node->queue_pairs);
	put_fact(out, &before, "cid", node->guest_cid);
	put_fact(out, &before, "netns", netns ? node->netns : GRAPH_UNKNOWN);
	if (node->running != DOC_ABSENT) {
		fprintf(out, "%s%s", before, node->running == DOC_TRUE ? "running" : "stopped");
		before = ", ";
	}
	if (node->cpus) {
		fprintf(out, "%sCPUs ", before);
		put_text(out, node->cpus);
	}
}

static const char *look_of(const char *kind)
{
	static const struct {
		const char *kind, *look;
	} looks[] = {
		{ "process", "shape=box, style=rounded" },
		{ "device", "shape=box, penwidth=2" },
		{ "link", "shape=ellipse" },
		{ "bridge", "shape=hexagon" },
		{ "worker", "shape=box, style=dashed" },
	};

	for (size_t i = 0; i < DOC_COUNT(looks); i++)
		if (!strcmp(looks[i].kind, kind))
			return looks[i].look;
	return "shape=box";
}

static void put_graph(FILE *out, const struct cli_graph *graph)
{
	const struct cli_graph_node *nodes = graph->nodes.items;
	const struct cli_graph_edge *edges = graph->edges.items;
	bool netns = has_several_netns(graph);

	fputs("digraph vhost {\n  rankdir=LR\n  node [fontname=\"sans-serif\", fontsize=11]\n"
	      "  edge [fontname=\"sans-serif\", fontsize=9]\n",
	      out);
	for (size_t i = 0; i < graph->nodes.count; i++) {
		fputs("  ", out);
		put_id(out, nodes[i].id);
		fputs(" [label=\"", out);
		put_text(out, nodes[i].name);
		put_facts(out, &nodes[i], netns);
		fprintf(out, "\", %s]\n", look_of(nodes[i].kind));
	}
	for (size_t i = 0; i < graph->edges.count; i++) {
		fputs("  ", out);
		put_id(out, edges[i].from);
		fputs(" -> ", out);
		put_id(out, edges[i].to);
		fprintf(out, " [label=\"%s\"]\n", edges[i].what);
	}
	fputs("}\n", out);
}

char *cli_graph_dot(const struct cli_graph *graph)
{
	char *text = NULL;
	size_t length;
	FILE *out = cli_need(open_memstream(&text, &length));
	bool failed;

	put_graph(out, graph);
	failed = ferror(out);
	if (fclose(out) || failed) {
		free(text);
		text = NULL;
	}
	return cli_need(text);
}
