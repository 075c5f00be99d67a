/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * explain - lines of a log: any bytes are explained or unknown, and what is said of them is for a terminal.  The first
 * byte, which is part of the first line, chooses the device type.
 */
#include "explain.h"
#include "fuzz.h"

static void check_texts(const struct explained *found)
{
	const char *const texts[] = { found->message, found->source, found->meaning, found->cause,
				      found->remedy };

	for (size_t i = 0; i < DOC_COUNT(texts); i++) {
		fuzz_check_text(texts[i]);
		FUZZ_CHECK(doc_is_printable(texts[i]));
	}
	for (size_t i = 0; i < found->features.count; i++)
		fuzz_check_text(((const struct explained_bit *)found->features.items)[i].name);
	FUZZ_CHECK(found->features.count <= 256);
}

static void check_report(struct explain_report *report)
{
	const struct explained *items = report->messages.items;
	struct json_object *tree = doc_write(&explain_report_table, report);
	uint64_t known = report->more;

	FUZZ_CHECK(tree);
	json_object_put(tree);
	for (size_t i = 0; i < report->messages.count; i++) {
		check_texts(&items[i]);
		FUZZ_CHECK(items[i].line >= 1 && items[i].line <= report->lines);
		known += items[i].times;
	}
	FUZZ_CHECK(known + report->unknown <= report->lines);
	FUZZ_CHECK(report->known == (known > 0));
	FUZZ_CHECK(report->messages.count <= EXPLAIN_MOST);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct explain_report report = { .command = strdup("explain") };
	const enum vhc_type type = size && data[0] & 1 ? VHC_TYPE_VSOCK : VHC_TYPE_NET;
	char *text = fuzz_text(data, size), *line = text, *end;

	do {
		end = memchr(line, '\n', (size_t)(text + size - line));
		FUZZ_CHECK(!explain_line(&report, type, line,
					 (size_t)((end ? end : text + size) - line)));
		line = end ? end + 1 : line;
	} while (end);
	check_report(&report);
	doc_clear(&explain_report_table, &report);
	free(text);
	return 0;
}
