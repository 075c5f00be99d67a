/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds failures: one pass over the words of a line, which remembers the last call or node and the last errno.
 */
#include "failure.h"

#include <stdio.h>
#include <string.h>

#include "errno-text.h"

#define NEAR	    80u
#define NEAR_BEFORE 24u /* an errno to the node after it */

static const struct failure_table *const tables[] = { &failure_calls, &failure_nodes };

/* What is known so far of a line. */
struct scan {
	const char *start, *at, *end;
	struct failure *ret;
	const struct failure_table *table; /* of the subject */
	const struct failure_subject *subject;
	const char *subject_at, *subject_end;
	const char *errno_at, *errno_end;
	int error;
	bool opens; /* it is about opening something */
	bool other; /* it is about doing something else with a node */
};

/* ------------------------------------------------------------------------------- calls and nodes */

static bool is_node(const struct failure_subject *subject)
{
	return !subject->does;
}

/* Names of calls are as the kernel has them, as functions and as types of Rust: VHOST_SET_OWNER, VhostSetOwner. */
static bool is_filler(char c)
{
	return c == '_' || c == '-';
}

/* The end of @name at the start of a text, or NULL. */
static const char *match_name(const char *name, const char *at, const char *end)
{
	const bool path = *name == '/';

	for (; *name; name++) {
		if (!path && is_filler(*name))
			continue;
		while (!path && at < end && is_filler(*at))
			at++;
		if (*name == '#') {
			const char *digit = at;

			while (at < end && *at >= '0' && *at <= '9' && at - digit < 10)
				at++;
			if (at == digit)
				return NULL;
		} else if (at == end || errno_text_lower(*at++) != errno_text_lower(*name)) {
			return NULL;
		}
	}
	return at < end && (errno_text_is_word(*at) || (path && strchr("-/", *at) && *at)) ? NULL
											   : at;
}

static const struct failure_subject *find_subject(const struct failure_table *table,
						  const char *name)
{
	for (size_t i = 0; i < table->subject_count; i++)
		if (!strcmp(table->subjects[i].name, name))
			return &table->subjects[i];
	return NULL;
}

/* Most names do not even begin like the text. */
static const char *try_name(const char *name, const char *at, const char *end)
{
	return errno_text_lower(*name) == errno_text_lower(*at) ? match_name(name, at, end) : NULL;
}

static const char *match_subject(const struct failure_table *table, const char *at, const char *end,
				 const struct failure_subject **ret)
{
	const char *found;

	for (size_t i = 0; i < table->subject_count; i++) {
		*ret = &table->subjects[i];
		found = try_name(table->subjects[i].name, at, end);
		if (found)
			return found;
	}
	for (size_t i = 0; i < table->alias_count; i++) {
		found = try_name(table->aliases[i].text, at, end);
		*ret = found ? find_subject(table, table->aliases[i].name) : NULL;
		if (found)
			return found;
	}
	return NULL;
}

/* ----------------------------------------------------------------------------------- explaining */

static bool is_for(const struct failure_row *row, const char *name, int error)
{
	const char *star = strchr(row->subject, '*');

	return row->error == error &&
	       (star ? !strncmp(row->subject, name, (size_t)(star - row->subject))
		     : !strcmp(row->subject, name));
}

/* The node as the line has it, with its number. */
static void set_name(struct scan *scan)
{
	struct failure *ret = scan->ret;
	const char *name = scan->subject->name;

	if (is_node(scan->subject) && *scan->subject_at == '/')
		snprintf(ret->name, sizeof(ret->name), "%.*s",
			 (int)(scan->subject_end - scan->subject_at), scan->subject_at);
	else
		snprintf(ret->name, sizeof(ret->name), "%s", name);
}

static bool set_cause(struct scan *scan, const struct failure_row *row)
{
	struct failure *ret = scan->ret;
	char call[80];

	if (row->cause) {
		snprintf(ret->cause, sizeof(ret->cause), "%s", row->cause);
		return true;
	}
	snprintf(call, sizeof(call), "%s%s", is_node(scan->subject) ? "open " : "", ret->name);
	return vhc_call_meaning(call, scan->error, ret->cause, sizeof(ret->cause)) == 0;
}

static void set_meaning(struct scan *scan, const struct failure_row *row)
{
	struct failure *ret = scan->ret;
	const size_t size = sizeof(ret->meaning);

	if (row->meaning)
		snprintf(ret->meaning, size, "%s", row->meaning);
	else if (is_node(scan->subject))
		snprintf(ret->meaning, size, "%%1 does not open: %%2");
	else
		snprintf(ret->meaning, size, "%%1, which %s, failed: %%2", scan->subject->does);
}

static void set_match(struct scan *scan)
{
	struct failure *ret = scan->ret;
	const char *at = scan->subject_at < scan->errno_at ? scan->subject_at : scan->errno_at;
	const char *end = scan->subject_end > scan->errno_end ? scan->subject_end : scan->errno_end;
	const char *module = scan->subject->module ? scan->subject->module : "";

	snprintf(ret->number, sizeof(ret->number), "%d", scan->error);
	ret->match = (struct match){
		.at = at,
		.len = (size_t)(end - at),
		.holes = { { 'w', ret->name, strlen(ret->name) },
			   { 'e', ret->number, strlen(ret->number) },
			   { 'w', module, strlen(module) } },
		.count = 3,
	};
}

/* Does a row explain the subject and the errno that the line has? */
static bool explain(struct scan *scan)
{
	struct failure *ret = scan->ret;
	const struct failure_row *row = NULL;

	for (size_t i = 0; i < scan->table->row_count && !row; i++)
		if (is_for(&scan->table->rows[i], scan->subject->name, scan->error))
			row = &scan->table->rows[i];
	if (!row)
		return false;
	set_name(scan);
	if (!set_cause(scan, row))
		return false;
	set_match(scan);
	set_meaning(scan, row);
	ret->row = (struct explain_row){ .source = "any program",
					 .meaning = ret->meaning,
					 .cause = ret->cause,
					 .remedy = row->remedy };
	return true;
}

/* ------------------------------------------------------------------------------------ the words */

static bool has_word(const char *at, const char *end, const char *word)
{
	for (; *word; word++, at++)
		if (at == end || errno_text_lower(*at) != *word)
			return false;
	return true;
}

static void note_verb(struct scan *scan)
{
	static const char *const open_words[] = { "open", "access", "opening", "cat:" };
	static const char *const others[] = { "mknod",	  "mkdir",   "chown", "chmod",
					      "changing", "mount",   "remov", "unlink",
					      "rm:",	  "symlink", "ioctl" };

	for (size_t i = 0; i < DOC_COUNT(open_words); i++)
		scan->opens = scan->opens || has_word(scan->at, scan->end, open_words[i]);
	for (size_t i = 0; i < DOC_COUNT(others); i++)
		scan->other = scan->other || has_word(scan->at, scan->end, others[i]);
}

/* Nothing but quotes, brackets and the like. */
static bool is_bare(const char *at, const char *end)
{
	while (at < end && *at && strchr("'\"`\\()[]:,. \t", *at))
		at++;
	return at == end;
}

/* Between an errno and the node after it, a word for opening may stand. */
static bool is_bare_or_open(const char *at, const char *end)
{
	while (at < end && !errno_text_is_word(*at))
		at++;
	if (has_word(at, end, "open"))
		at += strlen("open");
	return is_bare(at, end);
}

static bool is_of_strace(const struct scan *scan)
{
	static const char result[] = " = -1 ";
	const size_t len = strlen(result);

	return (size_t)(scan->errno_at - scan->start) > len &&
	       !memcmp(scan->errno_at - len, result, len);
}

/* The errno comes after the call or the node. */
static bool belongs(const struct scan *scan)
{
	if (!scan->subject || scan->errno_at < scan->subject_end)
		return false;
	if ((size_t)(scan->errno_at - scan->subject_end) > NEAR && !is_of_strace(scan))
		return false;
	return !is_node(scan->subject) ||
	       (!scan->other && (scan->opens || is_bare(scan->subject_end, scan->errno_at)));
}

/* Or before the node, as in Python. */
static bool belongs_before(const struct scan *scan)
{
	return is_node(scan->subject) && !scan->other && scan->errno_end &&
	       (size_t)(scan->subject_at - scan->errno_end) <= NEAR_BEFORE &&
	       is_bare_or_open(scan->errno_end, scan->subject_at);
}

/* A node beside a call is where the call is made, and says nothing more. */
static bool take_subject(struct scan *scan)
{
	const struct failure_subject *subject;
	const char *end = NULL;
	size_t i = 0;

	while (i < DOC_COUNT(tables) && !end)
		end = match_subject(tables[i++], scan->at, scan->end, &subject);
	if (!end)
		return false;
	if (!scan->subject || !is_node(subject) || is_node(scan->subject)) {
		scan->table = tables[i - 1];
		scan->subject = subject;
		scan->subject_at = scan->at;
	}
	note_verb(scan); /* of an alias */
	scan->subject_end = scan->at = end;
	return true;
}

static bool take_errno(struct scan *scan)
{
	int error;
	const size_t len = errno_text(scan->at, scan->end, &error);

	if (!len)
		return false;
	scan->error = error;
	scan->errno_at = scan->at;
	scan->errno_end = scan->at = scan->at + len;
	return true;
}

/* Where the next word or path begins. */
static const char *next_word(const char *at, const char *end)
{
	while (at < end && !errno_text_is_word(*at) && *at != '/')
		at++;
	return at;
}

static const char *skip_word(const char *at, const char *end)
{
	if (*at == '/')
		return at + 1;
	while (at < end && errno_text_is_word(*at))
		at++;
	return at;
}

bool failure_find(const char *text, size_t len, struct failure *ret)
{
	struct scan scan = { .start = text, .at = text, .end = text + len, .ret = ret };

	for (;;) {
		scan.at = next_word(scan.at, scan.end);
		if (scan.at == scan.end)
			return false;
		if (take_subject(&scan)) {
			if (belongs_before(&scan) && explain(&scan))
				return true;
		} else if (take_errno(&scan)) {
			if (belongs(&scan) && explain(&scan))
				return true;
		} else {
			note_verb(&scan);
			scan.at = skip_word(scan.at, scan.end);
		}
	}
}
