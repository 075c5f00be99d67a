/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of documents with a minor number: older ones are read, newer ones are refused first. */
#include "sample.h"

static struct doc_table with_minor(uint32_t minor)
{
	struct doc_table table = sample_table;

	table.minors = true;
	table.minor = minor;
	table.minor_at = offsetof(struct sample, minor);
	return table;
}

static int read_as(const struct doc_table *table, const char *text, struct doc_error *err)
{
	struct sample s;
	int r = doc_read(table, text, strlen(text), &s, err);

	if (!r)
		doc_clear(table, &s);
	return r;
}

#define REST ",\n\"name\":\"n\",\"parts\":[{\"name\":\"x\"}]"

static void doc_read_of_each_minor_works(void **state)
{
	const struct doc_table table = with_minor(2);
	struct doc_error err;

	for (int minor = 0; minor <= 2; minor++) {
		char text[200];

		snprintf(text, sizeof(text),
			 "{\"kind\":\"sample\",\"version\":1,\"minor\":%d" REST "}", minor);
		assert_int_equal(read_as(&table, text, &err), 0);
	}
}

static void doc_read_of_bad_minor_is_einval(void **state)
{
	static const struct {
		const char *minor, *pointer, *words;
	} bad[] = {
		{ "", "", "key \"minor\" is missing: it must be a number up to 2" },
		{ ",\"minor\":null", "/minor", "an integer expected" },
		{ ",\"minor\":\"0\"", "/minor", "an integer expected, not the string" },
		{ ",\"minor\":0.0", "/minor", "an integer expected" },
		{ ",\"minor\":-1", "/minor", "-1 is negative" },
		{ ",\"minor\":3", "/minor",
		  "written by a newer library: version 1.3; this one reads 1.2" },
		{ ",\"minor\":18446744073709551615", "/minor",
		  "version 1.18446744073709551615; this one reads 1.2" },
		/* before a key that the newer one has */
		{ ",\"colour\":1,\"minor\":3", "/minor", "written by a newer library" },
		{ ",\"colour\":1,\"minor\":2", "/colour", "key \"colour\" is unknown" },
	};
	const struct doc_table table = with_minor(2);

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct doc_error err;
		char text[300];

		snprintf(text, sizeof(text), "{\"kind\":\"sample\",\"version\":1%s" REST "}",
			 bad[i].minor);
		assert_int_equal(read_as(&table, text, &err), -EINVAL);
		assert_string_equal(err.pointer, bad[i].pointer);
		assert_int_equal(err.line, 1);
		if (!strstr(err.text, bad[i].words))
			fail_msg("%s: %s", bad[i].words, err.text);
	}
}

static void doc_read_of_newer_version_says_so(void **state)
{
	static const char *const texts[][2] = {
		{ "{\"kind\":\"sample\",\"version\":2,\"minor\":7,\"colour\":1}",
		  "written by a newer library: version 2.7; this one reads 1.2" },
		{ "{\"kind\":\"sample\",\"colour\":1,\"version\":18446744073709551615}",
		  "version 18446744073709551615; this one reads 1.2" },
		{ "{\"kind\":\"sample\",\"version\":0,\"minor\":7}",
		  "version 0 is not known: this program reads version 1" },
	};
	const struct doc_table table = with_minor(2);

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct doc_error err;

		assert_int_equal(read_as(&table, texts[i][0], &err), -EINVAL);
		assert_string_equal(err.pointer, "/version");
		if (!strstr(err.text, texts[i][1]))
			fail_msg("%s: %s", texts[i][1], err.text);
	}
}

/* A document without minors has no such key, and says of versions what it always said. */
static void doc_read_without_minors_refuses_key(void **state)
{
	struct doc_error err;

	assert_int_equal(read_as(&sample_table,
				 "{\"kind\":\"sample\",\"version\":1,\"minor\":0" REST "}", &err),
			 -EINVAL);
	assert_string_equal(err.pointer, "/minor");
	assert_int_equal(read_as(&sample_table, "{\"kind\":\"sample\",\"version\":2}", &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "version 2 is not known"));
}

static void doc_write_has_minor(void **state)
{
	const struct doc_table table = with_minor(2);
	struct sample_part parts[] = { { .name = (char *)"x" } };
	struct sample s = { .name = (char *)"n", .parts = { parts, 1 }, .minor = 2 };
	struct json_object *tree = doc_write(&table, &s), *schema = doc_schema(&table), *found;
	const char *text = json_object_to_json_string_ext(tree, JSON_C_TO_STRING_PLAIN);
	static const char start[] =
		"{\"kind\":\"sample\",\"version\":1,\"minor\":2,\"name\":\"n\",";

	assert_memory_equal(text, start, sizeof(start) - 1);
	json_object_put(tree);
	assert_int_equal(json_pointer_get(schema, "/properties/minor", &found), 0);
	assert_string_equal(json_object_to_json_string_ext(found, JSON_C_TO_STRING_PLAIN),
			    "{\"type\":\"integer\",\"minimum\":0,\"maximum\":2}");
	assert_int_equal(json_pointer_get(schema, "/required", &found), 0);
	assert_string_equal(json_object_to_json_string_ext(found, JSON_C_TO_STRING_PLAIN),
			    "[\"kind\",\"version\",\"minor\",\"name\",\"parts\"]");
	json_object_put(schema);
}

/* A key that came later: a document of an older library neither has nor may have it. */
static void doc_read_of_older_minor_refuses_later_key(void **state)
{
	struct doc_field fields[16];
	struct doc_table table = with_minor(2);
	static const char first[] = "{\"kind\":\"sample\",\"version\":1,\"minor\":1" REST "}";
	struct doc_error err;
	struct sample s;
	char *text;

	assert_true(table.count <= COUNT(fields));
	memcpy(fields, table.fields, table.count * sizeof(fields[0]));
	assert_string_equal(fields[2].key, "wide");
	fields[2].since = 2;
	table.fields = fields;
	assert_int_equal(doc_read(&table, first, strlen(first), &s, &err), 0);
	assert_int_equal(s.minor, 1);
	s.wide = 7;
	text = doc_text(&table, &s, DOC_COMPACT);
	assert_null(strstr(text, "wide"));
	assert_int_equal(read_as(&table, text, &err), 0);
	free(text);
	s.minor = 2;
	text = doc_text(&table, &s, DOC_COMPACT);
	assert_non_null(strstr(text, "\"wide\":7"));
	assert_int_equal(read_as(&table, text, &err), 0);
	free(text);
	doc_clear(&table, &s);
	assert_int_equal(
		read_as(&table,
			"{\"kind\":\"sample\",\"version\":1,\"minor\":1,\"wide\":7" REST "}", &err),
		-EINVAL);
	assert_string_equal(err.pointer, "/wide");
	assert_non_null(strstr(err.text, "\"minor\": 1 does not have this key, 2 and later do"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(doc_read_of_each_minor_works),
		cmocka_unit_test(doc_read_of_bad_minor_is_einval),
		cmocka_unit_test(doc_read_of_newer_version_says_so),
		cmocka_unit_test(doc_read_without_minors_refuses_key),
		cmocka_unit_test(doc_write_has_minor),
		cmocka_unit_test(doc_read_of_older_minor_refuses_later_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
