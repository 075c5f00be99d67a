/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The report as a document.
 */
#include "document.h"

static const struct doc_field bit_fields[] = {
	DOC_NEED(explained_bit, bit, DOC_UINT, .max = 255,
		 .help = "its number in the specification"),
	DOC_NEED(explained_bit, name, DOC_STRING, .help = "its name, or \"bit N\""),
	DOC_NEED(explained_bit, origin, DOC_STRING,
		 .help = "what must support it: vhost, tap, vhost+tap, model; empty: not known"),
	DOC_NEED(explained_bit, since, DOC_STRING,
		 .help = "the first Linux that has it; empty: every kernel in use, or not known"),
};

static const struct doc_table bit_table = DOC_PART(explained_bit, bit_fields, "one bit");

static const struct doc_field explained_fields[] = {
	DOC_NEED(explained, message, DOC_STRING, .help = "what was recognised"),
	DOC_NEED(explained, line, DOC_UINT, .max = UINT32_MAX,
		 .help = "the first line that has it"),
	DOC_NEED(explained, times, DOC_UINT, .max = UINT32_MAX, .help = "how many lines have it"),
	DOC_NEED(explained, source, DOC_STRING, .help = "what prints it"),
	DOC_NEED(explained, meaning, DOC_STRING, .help = "what it means"),
	DOC_NEED(explained, cause, DOC_STRING, .help = "why it came"),
	DOC_NEED(explained, remedy, DOC_STRING, .help = "what to do, or the command that does it"),
	DOC_FIELD(explained, features, DOC_OBJECTS, .table = &bit_table,
		  .help = "the feature bits that it is about"),
};

const struct doc_table explained_table =
	DOC_PART(explained, explained_fields, "a message that is known");

static const struct doc_field report_fields[] = {
	DOC_NEED(explain_report, command, DOC_STRING, .help = "the command that wrote it"),
	DOC_NEED(explain_report, known, DOC_BOOL, .help = "is any line known"),
	DOC_NEED(explain_report, lines, DOC_UINT, .max = UINT32_MAX,
		 .help = "lines that were read"),
	DOC_NEED(explain_report, unknown, DOC_UINT, .max = UINT32_MAX,
		 .help = "lines, not empty, that are unknown"),
	DOC_FIELD(explain_report, more, DOC_UINT, .min = 1, .max = UINT32_MAX,
		  .help = "known lines that are not shown, after 200 different ones"),
	DOC_NEED(explain_report, messages, DOC_OBJECTS, .table = &explained_table,
		 .help = "the messages that are known"),
};

const struct doc_table explain_report_table =
	DOC_TABLE("vhost-report", explain_report, report_fields, "what messages mean");
