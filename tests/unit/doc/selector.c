/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * selector - keys that depend on the type of their object, and numbers with a word.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "doc.h"

struct shape {
	uint32_t type;
	uint64_t radius, sides;
};

enum { CIRCLE, POLYGON };

static const char *const types[] = { [CIRCLE] = "circle", [POLYGON] = "polygon", NULL };

static const struct doc_field fields[] = {
	DOC_NEED(shape, type, DOC_CHOICE, .choices = types, .help = "which shape"),
	DOC_FIELD(shape, radius, DOC_UINT, .when = 1 << CIRCLE, .preset = 5, .min = 1, .max = 9,
		  .help = "of the circle"),
	DOC_FIELD(shape, sides, DOC_UINT, .when = 1 << POLYGON, .preset = 0, .word = "many",
		  .min = 3, .max = 9, .help = "of the polygon"),
};

static const struct doc_table table = {
	.kind = "shape",
	.version = 1,
	.size = sizeof(struct shape),
	.help = "a shape",
	.fields = fields,
	.count = DOC_COUNT(fields),
	.selector = &fields[0],
};

#define SHAPE(more) "{\"kind\":\"shape\",\"version\":1," more "}"

static void expect_refused(const char *text, const char *pointer, const char *words)
{
	struct doc_error err;
	struct shape shape;

	assert_int_equal(doc_read(&table, text, strlen(text), &shape, &err), -EINVAL);
	assert_string_equal(err.pointer, pointer);
	if (!strstr(err.text, words))
		fail_msg("%s: %s", text, err.text);
}

static void read_of_key_for_another_type_is_refused(void **state)
{
	expect_refused(SHAPE("\"type\":\"circle\",\"sides\":3"), "/sides",
		       "key \"sides\" is not allowed with \"type\": \"circle\"");
	/* wherever the keys are */
	expect_refused(SHAPE("\"radius\":5,\"type\":\"polygon\""), "/radius",
		       "key \"radius\" is not allowed with \"type\": \"polygon\"");
	expect_refused(SHAPE("\"radius\":5"), "", "\"type\" is missing");
}

static void read_of_word_gives_the_preset(void **state)
{
	static const char *const texts[] = { SHAPE("\"type\":\"polygon\",\"sides\":\"many\""),
					     SHAPE("\"type\":\"polygon\"") };

	for (size_t i = 0; i < DOC_COUNT(texts); i++) {
		struct doc_error err;
		struct shape shape;
		char *again;

		assert_int_equal(doc_read(&table, texts[i], strlen(texts[i]), &shape, &err), 0);
		assert_int_equal(shape.sides, 0);
		again = doc_text(&table, &shape, DOC_COMPACT);
		assert_string_equal(again, texts[0]);
		free(again);
	}
	expect_refused(SHAPE("\"type\":\"polygon\",\"sides\":\"few\""), "/sides",
		       "a number or \"many\" expected, not the string \"few\"");
	expect_refused(SHAPE("\"type\":\"polygon\",\"sides\":0"), "/sides", "out of range");
}

static void write_leaves_out_keys_for_another_type(void **state)
{
	struct shape circle = { CIRCLE, 5, 7 };
	char *text = doc_text(&table, &circle, DOC_COMPACT);

	assert_string_equal(text, SHAPE("\"type\":\"circle\",\"radius\":5"));
	free(text);
}

static void schema_forbids_keys_for_another_type(void **state)
{
	struct json_object *schema = doc_schema(&table), *value;

	assert_int_equal(json_pointer_get(schema, "/allOf/0/if/properties/type/const", &value), 0);
	assert_string_equal(json_object_get_string(value), "circle");
	assert_int_equal(json_pointer_get(schema, "/allOf/0/then/properties/sides", &value), 0);
	assert_false(json_object_get_boolean(value));
	assert_int_not_equal(json_pointer_get(schema, "/allOf/0/then/properties/radius", &value),
			     0);
	assert_int_equal(json_pointer_get(schema, "/properties/sides/anyOf/1/const", &value), 0);
	assert_string_equal(json_object_get_string(value), "many");
	json_object_put(schema);
}

static void help_names_the_type(void **state)
{
	struct json_object *rows = doc_help(&table), *value;

	assert_int_equal(json_pointer_get(rows, "/4/help", &value), 0);
	assert_string_equal(json_object_get_string(value), "polygon: of the polygon");
	assert_int_equal(json_pointer_get(rows, "/4/type", &value), 0);
	assert_string_equal(json_object_get_string(value), "number 3 to 9 | many");
	json_object_put(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_of_key_for_another_type_is_refused),
		cmocka_unit_test(read_of_word_gives_the_preset),
		cmocka_unit_test(write_leaves_out_keys_for_another_type),
		cmocka_unit_test(schema_forbids_keys_for_another_type),
		cmocka_unit_test(help_names_the_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
