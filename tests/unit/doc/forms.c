/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of values in other forms: a boolean that may be absent, a list of plain numbers, and variables.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "doc.h"

struct forms {
	uint32_t maybe;
	struct doc_list numbers, texts;
	uint64_t count;
	char *name;
};

static const struct doc_field fields[] = {
	DOC_FIELD(forms, maybe, DOC_MAYBE, .help = "h"),
	DOC_FIELD(forms, numbers, DOC_NUMBERS, .help = "h"),
	DOC_FIELD(forms, texts, DOC_STRINGS, .help = "h"),
	DOC_FIELD(forms, count, DOC_UINT, .min = 1, .max = 9, .preset = 1, .help = "h"),
	DOC_FIELD(forms, name, DOC_STRING, .min = 1, .max = 8, .help = "h"),
};

static const struct doc_table table = DOC_PART(forms, fields, "h");

static void assert_same_when_written(const char *text)
{
	struct doc_error err;
	struct forms forms;
	char *again;

	if (doc_read(&table, text, strlen(text), &forms, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	again = doc_text(&table, &forms, DOC_COMPACT);
	assert_string_equal(again, text);
	free(again);
	doc_clear(&table, &forms);
}

static void boolean_that_is_absent_stays_absent(void **state)
{
	assert_same_when_written("{\"count\":1}");
	assert_same_when_written("{\"maybe\":true,\"count\":1}");
	assert_same_when_written("{\"maybe\":false,\"count\":1}");
}

static void numbers_are_numbers(void **state)
{
	const char text[] = "{\"numbers\":[\"0x3\"]}", wide[] = "{\"numbers\":[4294967296]}";
	struct doc_error err;
	struct forms forms;

	assert_same_when_written("{\"numbers\":[0,3,4294967295],\"count\":1}");
	assert_int_equal(doc_read(&table, text, strlen(text), &forms, &err), -EINVAL);
	assert_string_equal(err.pointer, "/numbers/0");
	assert_int_equal(doc_read(&table, wide, strlen(wide), &forms, &err), -EINVAL);
}

static int read_with(const char *text, const char *a, const char *b, struct forms *ret,
		     struct doc_error *err)
{
	char *variables[] = { (char *)(uintptr_t)a, (char *)(uintptr_t)b, NULL };

	return doc_read_with(&table, text, strlen(text), variables, ret, err);
}

static void variables_are_replaced_once(void **state)
{
	struct doc_error err;
	struct forms forms;

	assert_int_equal(
		read_with("{\"name\":\"a${A}${B}$\",\"count\":\"${A}\",\"texts\":[\"${B}\"]}",
			  "A=7", "B=${A}", &forms, &err),
		0);
	assert_string_equal(forms.name, "a7${A}$");
	assert_int_equal(forms.count, 7);
	assert_string_equal(((char **)forms.texts.items)[0], "${A}");
	doc_clear(&table, &forms);
}

static void variables_mean_nothing_to_other_documents(void **state)
{
	const char text[] = "{\"name\":\"${A}\"}";
	struct doc_error err;
	struct forms forms;

	assert_int_equal(doc_read(&table, text, strlen(text), &forms, &err), 0);
	assert_string_equal(forms.name, "${A}");
	doc_clear(&table, &forms);
}

static void wrong_variables_are_einval(void **state)
{
	static const struct {
		const char *text, *pointer, *words;
	} cases[] = {
		{ "{\"name\":\"${C}\"}", "/name", "the variable C is not set: --set C=VALUE" },
		{ "{\"name\":\"${AB}\"}", "/name", "the variable AB is not set" },
		{ "{\"texts\":[\"x\",\"${C}\"]}", "/texts/1", "the variable C" },
		{ "{\"name\":\"${}\"}", "/name", "\"${\" begins a variable" },
		{ "{\"name\":\"${A\"}", "/name", "\"${\" begins a variable" },
		{ "{\"name\":\"${1}\"}", "/name", "\"${\" begins a variable" },
		{ "{\"name\":\"${B}\"}", "/name", "must have at most 8" },
		{ "{\"count\":\"${B}\"}", "/count", "a number" },
		{ "{\"count\":\"1${A}\"}", "/count", "17 is out of range" },
		{ "{\"maybe\":\"${A}\"}", "/maybe", "true or false" },
	};
	struct doc_error err;
	struct forms forms;

	for (size_t i = 0; i < DOC_COUNT(cases); i++) {
		assert_int_equal(read_with(cases[i].text, "A=7", "B=nine bytes", &forms, &err),
				 -EINVAL);
		assert_string_equal(err.pointer, cases[i].pointer);
		if (!strstr(err.text, cases[i].words))
			fail_msg("%s: %s", cases[i].text, err.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(boolean_that_is_absent_stays_absent),
		cmocka_unit_test(numbers_are_numbers),
		cmocka_unit_test(variables_are_replaced_once),
		cmocka_unit_test(variables_mean_nothing_to_other_documents),
		cmocka_unit_test(wrong_variables_are_einval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
