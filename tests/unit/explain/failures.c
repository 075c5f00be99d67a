/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls that failed and nodes that do not open: each row in the words of many programs. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "errname.h"
#include "failure.h"

static struct failure failure;

static bool find(const char *line)
{
	return failure_find(line, strlen(line), &failure);
}

/* --------------------------------------------------------------------- each row, in every style */

enum style { GLIBC, GO, RUST, PYTHON, NODE_JS, STRACE, QUOTED, JSON, STYLES };

static void lower(char *text)
{
	for (; *text; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text | 0x20);
}

/* A program's words for a failure of @name, which is a node or a call. */
static void write_line(enum style style, const char *name, int error, char *line, size_t size)
{
	const bool node = *name == '/';
	char text[80], low[80];

	snprintf(text, sizeof(text), "%s", strerror(error));
	snprintf(low, sizeof(low), "%s", text);
	lower(low);
	if (style == GLIBC)
		snprintf(line, size, "x: %s%s failed: %s (%d)", node ? "could not open " : "", name,
			 text, error);
	else if (style == GO)
		snprintf(line, size, "%s%s: %s", node ? "open " : "ioctl ", name, low);
	else if (style == RUST)
		snprintf(line, size, "%s%s: Os { code: %d, kind: Other, message: \"?\" }",
			 node ? "failed to open " : "IoctlError ", name, error);
	else if (style == PYTHON && node)
		snprintf(line, size, "OSError: [Errno %d] %s: '%s'", error, text, name);
	else if (style == PYTHON)
		snprintf(line, size, "ioctl(%s): [Errno %d] %s", name, error, text);
	else if (style == NODE_JS && node)
		snprintf(line, size, "Error: %s: %s, open '%s'", doc_errname(error), low, name);
	else if (style == NODE_JS)
		snprintf(line, size, "%s failed with %s", name, doc_errname(error));
	else if (style == STRACE)
		snprintf(line, size,
			 node ? "openat(AT_FDCWD, \"%s\", O_RDWR) = -1 %s (%s)"
			      : "ioctl(9, %s, 0x7ffd) = -1 %s (%s)",
			 name, doc_errname(error), text);
	else if (style == QUOTED)
		snprintf(line, size, node ? "Could not open '%s': %s" : "'%s': %s", name, text);
	else
		snprintf(line, size, "{\"msg\":\"%s \\\"%s\\\": %s\"}", node ? "open" : "call",
			 name, low);
}

/* The subject's name, with a number where it has one. */
static const char *name_of(const struct failure_subject *subject, char name[64])
{
	const char *hash = strchr(subject->name, '#');

	if (hash)
		snprintf(name, 64, "%.*s17", (int)(hash - subject->name), subject->name);
	else
		snprintf(name, 64, "%s", subject->name);
	return name;
}

static bool is_for(const struct failure_row *row, const struct failure_subject *subject)
{
	const char *star = strchr(row->subject, '*');

	return star ? !strncmp(row->subject, subject->name, (size_t)(star - row->subject))
		    : !strcmp(row->subject, subject->name);
}

/* Is there an earlier row, which is meant instead? */
static bool is_hidden(const struct failure_table *table, size_t row,
		      const struct failure_subject *subject)
{
	for (size_t i = 0; i < row; i++)
		if (table->rows[i].error == table->rows[row].error &&
		    is_for(&table->rows[i], subject))
			return true;
	return false;
}

static void check_row(const struct failure_row *row, const struct failure_subject *subject)
{
	char name[64], line[400];

	for (enum style style = 0; style < STYLES; style++) {
		write_line(style, name_of(subject, name), row->error, line, sizeof(line));
		if (!find(line))
			fail_msg("\"%s\" is unknown", line);
		if (strcmp(failure.name, name) || atoi(failure.number) != row->error ||
		    strcmp(failure.row.remedy, row->remedy) || !*failure.cause)
			fail_msg("\"%s\" is explained as %s, %s: \"%s\", \"%s\"", line,
				 failure.name, failure.number, failure.cause, failure.row.remedy);
		if (row->cause)
			assert_string_equal(failure.cause, row->cause);
	}
}

/* Returns the number of subjects that a row is for. */
static unsigned int check_subjects(const struct failure_table *table, size_t row)
{
	unsigned int count = 0;

	for (size_t i = 0; i < table->subject_count; i++) {
		if (!is_for(&table->rows[row], &table->subjects[i]) ||
		    is_hidden(table, row, &table->subjects[i]))
			continue;
		check_row(&table->rows[row], &table->subjects[i]);
		count++;
	}
	return count;
}

static void check_table(const struct failure_table *table)
{
	for (size_t i = 0; i < table->row_count; i++)
		if (!check_subjects(table, i))
			fail_msg("row %zu, %s, is for nothing", i, table->rows[i].subject);
}

static void each_failure_of_a_call_is_known_in_every_style(void **state)
{
	check_table(&failure_calls);
}

static void each_failure_of_a_node_is_known_in_every_style(void **state)
{
	check_table(&failure_nodes);
}

static void each_node_has_all_errnos_of_opening_it(void **state)
{
	static const int errors[] = { ENOENT, EACCES, EPERM,  ENODEV, ENXIO,
				      EBUSY,  EMFILE, ENFILE, ENOMEM };
	char name[64], line[400];

	for (size_t i = 0; i < failure_nodes.subject_count; i++)
		for (size_t e = 0; e < DOC_COUNT(errors); e++) {
			write_line(GLIBC, name_of(&failure_nodes.subjects[i], name), errors[e],
				   line, sizeof(line));
			if (!find(line))
				fail_msg("\"%s\" is unknown", line);
		}
}

static void each_alias_is_its_call_or_node(void **state)
{
	static const struct failure_table *const tables[] = { &failure_calls, &failure_nodes };
	char line[200];

	for (size_t t = 0; t < DOC_COUNT(tables); t++)
		for (size_t i = 0; i < tables[t]->alias_count; i++) {
			const struct failure_alias *alias = &tables[t]->aliases[i];

			snprintf(line, sizeof(line), "could not %s: %s", alias->text,
				 strncmp(alias->name, "VHOST", 5) ? "EBADFD" : "EBADF");
			if (t == 1)
				snprintf(line, sizeof(line), "%s(open): Permission denied",
					 alias->text);
			if (!find(line) || strcmp(failure.name, alias->name))
				fail_msg("\"%s\" is unknown", line);
		}
}

static void check_text(const char *text)
{
	if (!*text || !doc_is_printable(text) || strchr(":; .", text[strlen(text) - 1]))
		fail_msg("no text, or a wrong end: \"%s\"", text);
	for (const char *at = text; (at = strchr(at, '%')); at += 2)
		if (at[1] < '1' || at[1] > '3')
			fail_msg("there is no hole for \"%s\"", at);
}

static void each_row_is_whole(void **state)
{
	static const struct failure_table *const tables[] = { &failure_calls, &failure_nodes };

	for (size_t t = 0; t < DOC_COUNT(tables); t++) {
		for (size_t i = 0; i < tables[t]->row_count; i++) {
			check_text(tables[t]->rows[i].remedy);
			if (tables[t]->rows[i].cause)
				check_text(tables[t]->rows[i].cause);
			if (tables[t]->rows[i].meaning)
				check_text(tables[t]->rows[i].meaning);
		}
		for (size_t i = 0; i < tables[t]->subject_count; i++)
			assert_true(t ? !tables[t]->subjects[i].does
				      : !!*tables[t]->subjects[i].does);
	}
}

/* ------------------------------------------------------------------------------------- any bytes */

static void an_arbitrary_end_is_no_harm(void **state)
{
	static const char line[] =
		"open '/dev/vhost-vdpa-12': Os { code: 16, kind: TUNSETIFF [Errno 16] = -1 EBUSY";

	for (size_t from = 0; from < sizeof(line); from++)
		for (size_t to = from; to < sizeof(line); to++) {
			char *copy = malloc(to - from + !(to - from));

			assert_non_null(copy);
			memcpy(copy, line + from, to - from);
			failure_find(copy, to - from, &failure);
			free(copy);
		}
}

static void strace_may_have_long_arguments(void **state)
{
	const size_t size = 100000;
	char *line = malloc(size);

	assert_non_null(line);
	memset(line, ' ', size);
	memcpy(line, "ioctl(9, VHOST_SET_MEM_TABLE, {", 31);
	snprintf(line + size - 40, 40, "}) = -1 E2BIG (Argument list too long)");
	assert_true(find(line));
	assert_string_equal(failure.name, "VHOST_SET_MEM_TABLE");
	snprintf(line + size - 40, 40, "}, and then: E2BIG (Argument too long)");
	assert_false(find(line));
	free(line);
}

/* Would take minutes if a place were looked at more than a few times. */
static void a_line_of_any_size_takes_linear_time(void **state)
{
	static const char *const pieces[] = { "/dev/kvm ",
					      "TUNSETIFF ",
					      "V-",
					      "-",
					      "_",
					      "EBUSY ",
					      "/dev/tap1",
					      "T-U-N-S-E-T-I-F-",
					      "errno=1 ",
					      "permission denie ",
					      "/",
					      "open ",
					      "VHOST_SET_VRING_",
					      "E",
					      "code: ",
					      "\xff",
					      "1" };
	const size_t size = 1 << 15;
	char *text = malloc(size);

	assert_non_null(text);
	for (size_t i = 0; i < DOC_COUNT(pieces); i++) {
		for (size_t at = 0; at < size; at++)
			text[at] = pieces[i][at % strlen(pieces[i])];
		failure_find(text, size, &failure);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_failure_of_a_call_is_known_in_every_style),
		cmocka_unit_test(each_failure_of_a_node_is_known_in_every_style),
		cmocka_unit_test(each_node_has_all_errnos_of_opening_it),
		cmocka_unit_test(each_alias_is_its_call_or_node),
		cmocka_unit_test(each_row_is_whole),
		cmocka_unit_test(an_arbitrary_end_is_no_harm),
		cmocka_unit_test(strace_may_have_long_arguments),
		cmocka_unit_test(a_line_of_any_size_takes_linear_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
