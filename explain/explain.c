/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Explains a log, line by line, into a report.  A message that comes again is counted.
 */
#include "explain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bits.h"
#include "document.h"
#include "failure.h"
#include "match.h"
#include "text.h"

static const struct explain_row *find_pattern(const char *line, size_t len, bool vague,
					      struct match *ret)
{
	const struct explain_row *row;

	for (size_t i = 0; (row = explain_rows(i)); i++)
		if (row->vague == vague && match_find(row->pattern, line, len, ret))
			return row;
	return NULL;
}

static const struct explain_row *find_row(const char *line, size_t len, struct failure *failure,
					  struct match *ret)
{
	const struct explain_row *row = find_pattern(line, len, false, ret);

	if (row)
		return row;
	if (failure_find(line, len, failure)) {
		*ret = failure->match;
		return &failure->row;
	}
	return find_pattern(line, len, true, ret);
}

static bool is_blank(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!strchr(" \t\r\f\v", line[i]) || !line[i])
			return false;
	return true;
}

/* Of a message that is about feature bits, and has none. */
static const struct explain_row no_bits = {
	.meaning =
		"these numbers name no feature that is missing, so they cannot be what the message was about",
	.cause =
		"it is printed only where a feature is missing: a number was cut or changed where it was copied, or "
		"the two are of different messages",
	.remedy = "take the whole line from the launcher's own log",
};

static int fill(struct explained *found, const struct explain_row *row, bool log,
		enum vhc_type type, const struct match *match)
{
	struct vhc_features set = bits_of(row->bits, match);
	int r = bits_list(type, row->bits, &set, &found->features);
	const char *source = row->source;

	if (r < 0)
		return r;
	if (row->bits != EXPLAIN_NO_BITS && !found->features.count)
		row = &no_bits;
	found->message = text_show(match->at, match->len, EXPLAIN_MESSAGE_MAX);
	found->source = strdup(source);
	found->meaning = text_fill(row->meaning, match, &found->features);
	found->cause = text_fill(row->cause, match, &found->features);
	found->remedy =
		text_fill(log && row->in_log ? row->in_log : row->remedy, match, &found->features);
	return found->message && found->source && found->meaning && found->cause && found->remedy
		       ? 0
		       : -ENOMEM;
}

/* The same message, up to where it is cut. */
static struct explained *find_same(const struct explain_report *report, const struct explained *new)
{
	struct explained *items = report->messages.items;

	for (size_t i = 0; i < report->messages.count; i++)
		if (!strcmp(items[i].message, new->message) &&
		    !strcmp(items[i].meaning, new->meaning))
			return &items[i];
	return NULL;
}

static int add(struct explain_report *report, struct explained *new)
{
	struct explained *same = find_same(report, new), *item;

	if (same) {
		same->times++;
		return 0;
	}
	if (report->messages.count == EXPLAIN_MOST) {
		report->more++;
		return 0;
	}
	item = doc_append(&report->messages, sizeof(*item));
	if (!item)
		return -ENOMEM;
	*item = *new;
	*new = (struct explained){ NULL };
	return 0;
}

static int add_line(struct explain_report *report, enum vhc_type type, const char *line, size_t len)
{
	struct explained new = { .line = report->lines + 1, .times = 1 };
	struct match match;
	struct failure failure;
	const struct explain_row *row = find_row(line, len, &failure, &match);
	int r = 0;

	if (row) {
		r = fill(&new, row, report->log, type, &match);
		if (r == 0)
			r = add(report, &new);
		doc_clear(&explained_table, &new);
		if (r < 0)
			return r;
		report->known = true;
	} else if (!is_blank(line, len)) {
		report->unknown++;
	}
	report->lines++;
	return 0;
}

int explain_line(struct explain_report *report, enum vhc_type type, const char *line, size_t len)
{
	char *plain = malloc(len + 1);
	int r;

	if (!plain)
		return -ENOMEM;
	r = add_line(report, type, plain, text_strip(line, len, plain));
	free(plain);
	return r;
}
