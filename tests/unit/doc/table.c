/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of what a table drives: reading, writing, schema, help. */
#include "sample.h"

static void doc_read_fills_every_field(void **state)
{
	struct sample s;
	struct doc_error err;
	const struct sample_part *parts;

	assert_int_equal(doc_read(&sample_table, sample_text, strlen(sample_text), &s, &err), 0);
	assert_string_equal(s.name, "v\xc3\xa4m\xf0\x9f\x98\x80");
	assert_int_equal(s.mtu, 9000);
	assert_true(s.wide == UINT64_MAX && s.mask == UINT64_MAX);
	assert_int_equal(s.ring, 512);
	assert_false(s.up);
	assert_int_equal(s.mode, 2);
	assert_string_equal(s.part.name, "p");
	assert_int_equal(s.part.tags.count, 1);
	assert_string_equal(s.maybe->name, "m");
	assert_int_equal(s.maybe->size, 0);
	assert_int_equal(s.maybe->tags.count, 0);
	parts = s.parts.items;
	assert_int_equal(s.parts.count, 2);
	assert_string_equal(parts[1].name, "b");
	assert_string_equal(((char **)parts[1].tags.items)[1], "two");
	assert_int_equal(s.words.count, 3);
	assert_int_equal(((uint64_t *)s.words.items)[2], 3);
	doc_clear(&sample_table, &s);
	assert_null(s.name);
}

static void doc_read_of_missing_key_is_its_default(void **state)
{
	static const char text[] =
		"{\"kind\":\"sample\",\"version\":1,\"name\":\"n\",\"parts\":[{\"name\":\"x\"}]}";
	struct sample s;
	struct doc_error err;

	assert_int_equal(doc_read(&sample_table, text, strlen(text), &s, &err), 0);
	assert_int_equal(s.mtu, 1500);
	assert_int_equal(s.wide, 0);
	assert_int_equal(s.ring, 256);
	assert_true(s.up);
	assert_int_equal(s.mode, 1);
	assert_null(s.maybe);
	assert_null(s.part.name);
	assert_int_equal(s.part.size, 7);
	doc_clear(&sample_table, &s);
}

#define HEAD "{\"kind\":\"sample\",\"version\":1,\"name\":\"n\",\"parts\":[{\"name\":\"x\"}],\n"

static void doc_read_of_bad_document_says_where(void **state)
{
	static const struct refused bad[] = {
		{ "{}", "", 1, "\"kind\" is missing: it must be \"sample\"" },
		{ "{\"kind\":1}", "/kind", 1, "a string expected, not the number 1" },
		{ "{\n\"kind\":\"other\"}", "/kind", 2, "\"other\" document: \"sample\" expected" },
		{ "{\"kind\":\"sample\"}", "", 1, "\"version\" is missing: it must be 1" },
		{ "{\"kind\":\"sample\",\"version\":2}", "/version", 1, "version 2 is not known" },
		{ "{\"kind\":\"sample\",\"version\":-1}", "/version", 1, "version -1" },
		{ "{\"kind\":\"sample\",\"version\":1.0}", "/version", 1, "integer" },
		{ "{\"kind\":\"sample\",\"version\":\"1\"}", "/version", 1, "integer" },
		{ "{\"kind\":\"sample\",\"version\":1}", "", 1, "\"name\" is missing: a name" },
		{ HEAD "\"mtx\":1}", "/mtx", 2, "did you mean \"mtu\"?" },
		{ HEAD "\"parst\":1}", "/parst", 2, "did you mean" },
		{ HEAD "\"MTU\":1}", "/MTU", 2, "did you mean \"mtu\"?" },
		{ HEAD "\"colour\":1}", "/colour", 2, "expected one of name, mtu, wide" },
		{ HEAD "\"Kind\":1}", "/Kind", 2, "is unknown" },
		{ HEAD "\"mtu\":null}", "/mtu", 2, "not null: omit the key" },
		{ HEAD "\"mtu\":\"1500\"}", "/mtu", 2, "without quotes" },
		{ HEAD "\"mtu\":\"many\"}", "/mtu", 2, "a number expected, not the string" },
		{ HEAD "\"mtu\":true}", "/mtu", 2, "not the boolean true" },
		{ HEAD "\"mtu\":[1]}", "/mtu", 2, "not an array" },
		{ HEAD "\"mtu\":{}}", "/mtu", 2, "not an object" },
		{ HEAD "\"mtu\":1.5}", "/mtu", 2, "1.5: an integer" },
		{ HEAD "\"mtu\":1e3}", "/mtu", 2, "1e3: an integer" },
		{ HEAD "\"mtu\":1500.0}", "/mtu", 2, "integer" },
		{ HEAD "\"mtu\":1e999}", "/mtu", 2, "integer" },
		{ HEAD "\"mtu\":-1}", "/mtu", 2, "-1 is negative" },
		{ HEAD "\"mtu\":67}", "/mtu", 2, "67 is out of range: must be 68 to 65535" },
		{ HEAD "\"mtu\":65536}", "/mtu", 2, "65536 is out of range" },
		{ HEAD "\"mtu\":18446744073709551615}", "/mtu", 2, "18446744073709551615 is out" },
		{ HEAD "\"mtu\":18446744073709551616}", "/mtu", 2, "64 bits" },
		{ HEAD "\"wide\":\"0x10000000000000000\"}", "/wide", 2, "not a 64-bit number" },
		{ HEAD "\"wide\":\"12x\"}", "/wide", 2, "not a 64-bit number" },
		{ HEAD "\"wide\":\"\"}", "/wide", 2, "not a 64-bit number" },
		{ HEAD "\"wide\":\"0x\"}", "/wide", 2, "not a 64-bit number" },
		{ HEAD "\"wide\":\"-1\"}", "/wide", 2, "not a 64-bit number" },
		{ HEAD "\"wide\":\" 1\"}", "/wide", 2, "not a 64-bit number" },
		{ HEAD "\"wide\":\"010\"}", "/wide", 2, "not a 64-bit number" },
		{ HEAD "\"ring\":300}", "/ring", 2, "300 is not a power of two" },
		{ HEAD "\"ring\":2048}", "/ring", 2, "out of range" },
		{ HEAD "\"up\":1}", "/up", 2, "true or false expected, not the number 1" },
		{ HEAD "\"up\":\"true\"}", "/up", 2, "not the string \"true\"" },
		{ HEAD "\"mode\":\"of\"}", "/mode", 2, "did you mean \"off\"?" },
		{ HEAD "\"mode\":\"never\"}", "/mode", 2, "expected one of require, prefer, off" },
		{ HEAD "\"mode\":\"on\"}", "/mode", 2, "expected one of require, prefer, off" },
		{ HEAD "\"mode\":0}", "/mode", 2, "a string expected" },
		{ HEAD "\"part\":[]}", "/part", 2, "an object expected" },
		{ HEAD "\"part\":{\"size\":101}}", "/part/size", 2, "out of range" },
		{ HEAD "\"maybe\":{}}", "/maybe", 2, "\"name\" is missing" },
		{ HEAD "\"maybe\":{\"name\":\"\"}}", "/maybe/name", 2, "empty string" },
		{ HEAD "\"maybe\":{\"name\":\"a/b\"}}", "/maybe/name", 2, "no '/' and no '%'" },
		{ HEAD "\"maybe\":{\"name\":\"0123456789abcdef\"}}", "/maybe/name", 2, "16 bytes" },
		{ HEAD "\"maybe\":{\"name\":\"a\",\"tags\":[\"a\",\n1]}}", "/maybe/tags/1", 3,
		  "a string expected" },
		{ HEAD "\"maybe\":{\"name\":\"a\",\"tags\":[\"a\",\"b\",\"c\",\"d\"]}}",
		  "/maybe/tags", 2, "4 items are too many: at most 3" },
		{ HEAD "\"words\":[1,null]}", "/words/1", 2, "not null" },
		{ HEAD "\"words\":{}}", "/words", 2, "an array expected" },
		{ "{\"kind\":\"sample\",\"version\":1,\"name\":\"n\",\"parts\":[]}", "/parts", 1,
		  "0 items are too few: must be at least 1" },
		{ "{\"kind\":\"sample\",\"version\":1,\"name\":\"n\",\"parts\":[{\"name\":\"x\"},7]}",
		  "/parts/1", 1, "an object expected, not the number 7" },
	};

	for (size_t i = 0; i < COUNT(bad); i++)
		expect_refused(&bad[i]);
}

/* Values from a document never bring control characters to a terminal. */
static void doc_read_error_has_no_control_characters(void **state)
{
	static const char text[] = HEAD "\"mode\":\"\\u001b]0;x\\u0007\"}";
	struct sample s;
	struct doc_error err;

	assert_int_equal(doc_read(&sample_table, text, strlen(text), &s, &err), -EINVAL);
	assert_null(strchr(err.text, 0x1b));
	assert_non_null(strstr(err.text, "\\u001b]0;x\\u0007"));
}

static void escape_shows_what_is_not_printable(void **state)
{
	static const struct {
		const char *text, *shown;
		size_t size;
	} cases[] = {
		{ "", "", 1 },
		{ "a\xc3\xa4\xe2\x82\xac", "a\xc3\xa4\xe2\x82\xac", 99 },
		{ "\x1b[2J\n\x7f", "\\u001b[2J\\u000a\\u007f", 99 },
		/* U+0080 to U+009F, which terminals take for ESC and a letter; U+00A0 is none of them */
		{ "\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", "\\u0080\\u009b\\u009f\xc2\xa0", 99 },
		/* a line that ends, and text that turns its direction: U+2028, U+202E, U+2066; not U+2027, U+206A */
		{ "\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xae", "\xe2\x80\xa7\\u2028\\u202e", 99 },
		{ "\xe2\x81\xa6\xe2\x81\xa9\xe2\x81\xaa", "\\u2066\\u2069\xe2\x81\xaa", 99 },
		{ "\xff\xc3", "\\u00ff\\u00c3", 99 },
		/* cut at a character, never within an escape */
		{ "ab\xc3\xa4", "ab", 4 },
		{ "ab\x1b", "ab", 8 },
		{ "ab\x1b", "ab\\u001b", 9 },
	};
	char buf[100];

	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_string_equal(doc_escape(buf, cases[i].size, cases[i].text), cases[i].shown);
		assert_int_equal(doc_is_printable(cases[i].text),
				 !strcmp(cases[i].text, buf) || cases[i].size == 4);
	}
}

static void doc_read_of_written_document_is_the_same(void **state)
{
	struct sample s, again;
	struct doc_error err;
	struct json_object *tree, *second;
	const char *text;

	assert_int_equal(doc_read(&sample_table, sample_text, strlen(sample_text), &s, &err), 0);
	tree = doc_write(&sample_table, &s);
	text = json_object_to_json_string_ext(tree, JSON_C_TO_STRING_PLAIN);
	assert_string_equal(
		text, "{\"kind\":\"sample\",\"version\":1,\"name\":\"v\xc3\xa4m\xf0\x9f\x98\x80\","
		      "\"mtu\":9000,\"wide\":18446744073709551615,\"mask\":\"0xffffffffffffffff\","
		      "\"ring\":512,\"up\":false,\"mode\":\"off\","
		      "\"part\":{\"name\":\"p\",\"size\":100,\"tags\":[\"x\"]},"
		      "\"maybe\":{\"name\":\"m\"},"
		      "\"parts\":[{\"name\":\"a\",\"size\":68},"
		      "{\"name\":\"b\",\"tags\":[\"one\",\"two\"]}],"
		      "\"words\":[\"0x1\",\"0x2\",\"0x3\"]}");
	assert_int_equal(doc_read(&sample_table, text, strlen(text), &again, &err), 0);
	second = doc_write(&sample_table, &again);
	assert_true(json_object_equal(tree, second));
	json_object_put(tree);
	json_object_put(second);
	doc_clear(&sample_table, &s);
	doc_clear(&sample_table, &again);
}

static struct json_object *at(struct json_object *object, const char *path)
{
	struct json_object *found = NULL;

	if (json_pointer_get(object, path, &found) < 0)
		fail_msg("no %s in %s", path, json_object_to_json_string(object));
	return found;
}

static void assert_json(struct json_object *object, const char *path, const char *text)
{
	assert_string_equal(json_object_to_json_string_ext(at(object, path),
							   JSON_C_TO_STRING_PLAIN |
								   JSON_C_TO_STRING_NOSLASHESCAPE),
			    text);
}

static void doc_schema_matches_table(void **state)
{
	struct json_object *s = doc_schema(&sample_table);

	assert_json(s, "/$schema", "\"https://json-schema.org/draft/2020-12/schema\"");
	assert_json(s, "/additionalProperties", "false");
	assert_json(s, "/required", "[\"kind\",\"version\",\"name\",\"parts\"]");
	assert_json(s, "/properties/kind", "{\"const\":\"sample\"}");
	assert_json(s, "/properties/version", "{\"const\":1}");
	assert_json(s, "/properties/mtu",
		    "{\"type\":\"integer\",\"minimum\":68,\"maximum\":65535,"
		    "\"description\":\"bytes\",\"default\":1500}");
	assert_json(s, "/properties/ring/enum", "[256,512,1024]");
	assert_json(s, "/properties/mode/default", "\"prefer\"");
	assert_json(s, "/properties/wide/anyOf/1/type", "\"string\"");
	assert_json(s, "/properties/maybe/properties/name/pattern", "\"^[^/%\\\\u0000]+$\"");
	assert_json(s, "/properties/parts/items/required", "[\"name\"]");
	assert_json(s, "/properties/parts/maxItems", "2");
	/* A preset that its own limits refuse means "not given": it is no default. */
	assert_null(json_object_object_get(at(s, "/properties/parts/items/properties/size"),
					   "default"));
	json_object_put(s);
}

static void doc_help_lists_fields(void **state)
{
	struct json_object *rows = doc_help(&sample_table);

	assert_json(rows, "/0",
		    "{\"field\":\"kind\",\"type\":\"sample\",\"default\":\"(required)\","
		    "\"help\":\"what the document is\"}");
	assert_json(rows, "/1/field", "\"version\"");
	assert_json(rows, "/1/type", "\"1\"");
	assert_json(rows, "/2",
		    "{\"field\":\"name\",\"type\":\"string\",\"default\":\"(required)\","
		    "\"help\":\"a name\"}");
	assert_json(rows, "/3/type", "\"number 68 to 65535\"");
	assert_json(rows, "/3/default", "\"1500\"");
	assert_json(rows, "/6/type", "\"power of two 256 to 1024\"");
	assert_json(rows, "/8/type", "\"require | prefer | off\"");
	assert_json(rows, "/8/default", "\"prefer\"");
	assert_json(rows, "/10/field", "\"part.name\"");
	assert_json(rows, "/18/field", "\"parts[].name\"");
	assert_int_equal(json_object_array_length(rows), 2 + 11 + 9);
	json_object_put(rows);
}

static void doc_fail_says_line(void **state)
{
	struct doc_error err = { 0 };

	assert_int_equal(doc_fail(&err, sample_text, strlen(sample_text), "/parts/1/name",
				  "%s is taken", "b"),
			 -EINVAL);
	assert_int_equal(err.line, 15);
	assert_string_equal(err.pointer, "/parts/1/name");
	assert_string_equal(err.text, "b is taken");
	/* Its own fields may be among the arguments. */
	doc_fail(&err, NULL, 0, err.pointer, "again: %s", err.text);
	assert_string_equal(err.text, "again: b is taken");
	assert_string_equal(err.pointer, "/parts/1/name");
	assert_int_equal(err.line, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(doc_read_fills_every_field),
		cmocka_unit_test(doc_read_of_missing_key_is_its_default),
		cmocka_unit_test(doc_read_of_bad_document_says_where),
		cmocka_unit_test(doc_read_error_has_no_control_characters),
		cmocka_unit_test(escape_shows_what_is_not_printable),
		cmocka_unit_test(doc_read_of_written_document_is_the_same),
		cmocka_unit_test(doc_schema_matches_table),
		cmocka_unit_test(doc_help_lists_fields),
		cmocka_unit_test(doc_fail_says_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
