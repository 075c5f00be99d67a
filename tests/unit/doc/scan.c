/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the form: what JSON is, and what our documents ask on top. */
#include "sample.h"

static int scan(const char *text, size_t len, struct doc_error *err)
{
	/* A copy of the exact size: reading one byte too far is seen by the sanitizer. */
	char *copy = malloc(len ? len : 1);
	int r;

	memcpy(copy, text, len);
	r = doc_scan(copy, len, NULL, NULL, err);
	free(copy);
	return r;
}

static void scan_of_valid_json_works(void **state)
{
	static const char *const good[] = {
		"{}",
		" \t\r\n{ } \n",
		"{\"a\":[]}",
		"{\"a\":[1,-1,0,-0,1.5,1e3,1E-3,true,false,null,\"\",{},[]]}",
		"{\"a\":18446744073709551615,\"b\":-9223372036854775808}",
		"{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\ud83d\\ude00\"}",
		"{\"\xc3\xa4\":\"\xf0\x9f\x98\x80\",\"\xef\xbf\xbf\":\"\x7f\"}",
		"{\"a\":{\"b\":1},\"b\":{\"a\":1,\"b\":2},\"c\":[{\"a\":1},{\"a\":1}]}",
	};

	for (size_t i = 0; i < COUNT(good); i++) {
		struct doc_error err;

		if (scan(good[i], strlen(good[i]), &err) != 0)
			fail_msg("%s: %s", good[i], err.text);
	}
}

static void scan_of_bad_json_is_einval(void **state)
{
	static const struct refused bad[] = {
		{ "", "", 1, "empty" },
		{ " \n ", "", 2, "empty" },
		{ "[]", "", 1, "'{'" },
		{ "1", "", 1, "'{'" },
		{ "\"a\"", "", 1, "'{'" },
		{ "null", "", 1, "'{'" },
		{ "\xef\xbb\xbf{}", "", 1, "byte order mark" },
		{ "{}x", "", 1, "after the closing" },
		{ "{}\n{}", "", 2, "after the closing" },
		{ "{'a':1}", "", 1, "double quotes" },
		{ "{\"a\":'b'}", "/a", 1, "double quotes" },
		{ "{a:1}", "", 1, "key in double quotes" },
		{ "{\"a\":1,}", "", 1, "a comma before" },
		{ "{\"a\":[1,]}", "/a", 1, "a comma before" },
		{ "{,}", "", 1, "key in double quotes" },
		{ "{\"a\" 1}", "/a", 1, "':'" },
		{ "{\"a\":1 \"b\":2}", "", 1, "',' or '}' expected, not a string" },
		{ "{\"a\":[1 2]}", "/a", 1, "','" },
		{ "{\n// no\n}", "", 2, "comments" },
		{ "{\"a\":1 /* no */}", "", 1, "comments" },
		{ "{\"a\":1 # no\n}", "", 1, "comments" },
		{ "{\"a\":NaN}", "/a", 1, "NaN" },
		{ "{\"a\":Infinity}", "/a", 1, "Infinity" },
		{ "{\"a\":-Infinity}", "/a", 1, "Infinity" },
		{ "{\"a\":True}", "/a", 1, "lower case" },
		{ "{\"a\":None}", "/a", 1, "None" },
		{ "{\"a\":tru}", "/a", 1, "a value" },
		{ "{\"a\":truex}", "", 1, "','" },
		{ "{\"a\":}", "/a", 1, "a value" },
		{ "{\"a\":01}", "/a", 1, "start with 0" },
		{ "{\"a\":0x10}", "", 1, "','" },
		{ "{\"a\":+1}", "/a", 1, "plus" },
		{ "{\"a\":.5}", "/a", 1, "starts with a digit" },
		{ "{\"a\":-}", "/a", 1, "digit" },
		{ "{\"a\":1.}", "/a", 1, "after the point" },
		{ "{\"a\":1e}", "/a", 1, "exponent" },
		{ "{\"a\":1e+}", "/a", 1, "exponent" },
		{ "{\"a\":18446744073709551616}", "/a", 1, "18446744073709551616 does not fit" },
		{ "{\"a\":-9223372036854775809}", "/a", 1, "does not fit in 64 bits" },
		{ "{\"a\":1111111111111111111111111111111111111111}", "/a", 1, "does not fit" },
		{ "{\"a\":\"x\ny\"}", "/a", 1, "on the line" },
		{ "{\"a\":\"x\ty\"}", "/a", 1, "0x09" },
		{ "{\"a\":\"\x1b[2J\"}", "/a", 1, "0x1b" },
		{ "{\"a\":\"\\x41\"}", "/a", 1, "backslash" },
		{ "{\"a\":\"\\u00g1\"}", "/a", 1, "four hex digits" },
		{ "{\"a\":\"\\u0000\"}", "/a", 1, "NUL" },
		{ "{\"a\\u0000b\":1}", "", 1, "NUL" },
		{ "{\"a\":\"\\ud800\"}", "/a", 1, "first half" },
		{ "{\"a\":\"\\ud800x\"}", "/a", 1, "first half" },
		{ "{\"a\":\"\\ud800\\u0041\"}", "/a", 1, "first half" },
		{ "{\"a\":\"\\udc00\"}", "/a", 1, "second half" },
		{ "{\"a\":\"\xff\"}", "/a", 1, "0xff" },
		{ "{\"a\":\"\xc0\x80\"}", "/a", 1, "UTF-8" },
		{ "{\"a\":\"\xed\xa0\x80\"}", "/a", 1, "UTF-8" },
		{ "{\"a\":\"\xf4\x90\x80\x80\"}", "/a", 1, "UTF-8" },
		{ "{\"a\":\"\xe2\x82\"}", "/a", 1, "UTF-8" },
		{ "{\xff}", "", 1, "UTF-8" },
		{ "{\"a\":1,\n\"b\":2,\n\"a\":3}", "", 3, "\"a\" is given twice" },
		{ "{\"a\":1,\"\\u0061\":2}", "", 1, "twice" },
		{ "{\"p\":[0,{\"x\":1,\"x\":1}]}", "/p/1", 1, "twice" },
		{ "{\"a\":1", "", 1, "the text ends" },
		{ "{\"a\":\"b", "/a", 1, "ends inside a string" },
		{ "{\"a\":\"b\\", "/a", 1, "ends inside a string" },
	};

	for (size_t i = 0; i < COUNT(bad); i++)
		expect_refused(&bad[i]);
}

static void scan_of_nul_bytes_is_einval(void **state)
{
	static const char in_space[] = "{\0}", in_string[] = "{\"a\":\"b\0c\"}", behind[] = "{}\0";
	struct doc_error err;

	assert_int_equal(scan(in_space, 3, &err), -EINVAL);
	assert_non_null(strstr(err.text, "NUL"));
	assert_int_equal(scan(in_string, sizeof(in_string) - 1, &err), -EINVAL);
	assert_non_null(strstr(err.text, "NUL"));
	assert_int_equal(scan(behind, 3, &err), -EINVAL);
}

static void scan_of_text_cut_at_each_byte_is_einval(void **state)
{
	size_t end = strlen(sample_text) - 1; /* the last newline is not needed */
	struct doc_error err;

	assert_int_equal(scan(sample_text, end, &err), 0);
	for (size_t n = 0; n < end; n++) {
		assert_int_equal(scan(sample_text, n, &err), -EINVAL);
		assert_true(err.text[0] && err.line >= 1);
	}
}

static void scan_past_depth_limit_is_einval(void **state)
{
	for (unsigned int depth = 1; depth < 40; depth++) {
		struct doc_error err;
		char text[128] = "";
		int r;

		for (unsigned int i = 0; i < depth; i++)
			strcat(text, i == 0 ? "{\"a\":" : "[");
		strcat(text, "1");
		for (unsigned int i = depth; i-- > 0;)
			strcat(text, i == 0 ? "}" : "]");
		r = scan(text, strlen(text), &err);
		assert_int_equal(r, depth <= DOC_MAX_DEPTH ? 0 : -EINVAL);
		if (r < 0)
			assert_non_null(strstr(err.text, "16 levels"));
	}
}

/* An object with @count keys of its own, padded with blanks to @size bytes when that is more. */
static char *many_keys(unsigned int count, size_t size, size_t *ret_len)
{
	char *text = malloc(count * 16ul + size + 3);
	size_t len = 1;

	text[0] = '{';
	for (unsigned int i = 0; i < count; i++)
		len += (size_t)sprintf(text + len, "%s\"k%u\":0", i ? "," : "", i);
	text[len++] = '}';
	for (; len < size; len++)
		text[len] = ' ';
	*ret_len = len;
	return text;
}

static void scan_past_size_limits_is_einval(void **state)
{
	static const struct {
		unsigned int keys;
		size_t size;
		int result;
		const char *words;
	} cases[] = {
		{ 256, 0, 0, "" },
		{ 257, 0, -EINVAL, "256 keys" },
		{ 60000, 0, -EINVAL, "256 keys" },
		{ 1, DOC_MAX_SIZE, 0, "" },
		{ 1, DOC_MAX_SIZE + 1, -E2BIG, "1048577 bytes" },
		{ 1, 3 * DOC_MAX_SIZE, -E2BIG, "at most 1048576" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct doc_error err;
		size_t len;
		char *text = many_keys(cases[i].keys, cases[i].size, &len);

		assert_int_equal(scan(text, len, &err), cases[i].result);
		assert_non_null(strstr(err.text, cases[i].words));
		free(text);
	}
}

/* {"a":[0,0,...]}: each value would take some hundred bytes of memory. */
static void scan_of_too_many_values_is_e2big(void **state)
{
	struct doc_error err;

	for (size_t count = DOC_MAX_VALUES - 2; count <= DOC_MAX_VALUES - 1; count++) {
		char *text = malloc(2 * count + 16), *at = text + sprintf(text, "{\"a\":[0");
		int r = count + 2 > DOC_MAX_VALUES ? -E2BIG : 0;

		for (size_t i = 1; i < count; i++)
			at = stpcpy(at, ",0");
		stpcpy(at, "]}");
		assert_int_equal(scan(text, strlen(text), &err), r);
		if (r)
			assert_non_null(strstr(err.text, "more than 16384 values"));
		free(text);
	}
}

static void scan_finds_line_of_each_pointer(void **state)
{
	static const struct {
		const char *pointer;
		unsigned int line;
	} cases[] = {
		{ "", 1 },	    { "/kind", 2 },	     { "/mtu", 5 },  { "/part/tags/0", 11 },
		{ "/parts", 13 },   { "/parts/1/name", 15 }, { "/none", 0 }, { "/parts/2", 0 },
		{ "/words/2", 17 },
	};
	struct doc_error err;

	for (size_t i = 0; i < COUNT(cases); i++) {
		unsigned int line = 99;

		assert_int_equal(
			doc_scan(sample_text, strlen(sample_text), cases[i].pointer, &line, &err),
			0);
		assert_int_equal(line, cases[i].line);
	}
}

/* Pointers escape as RFC 6901 says, never carry control characters, and end at a whole character. */
static void scan_pointer_is_escaped_and_whole(void **state)
{
	static const char text[] = "{\"a/b~c\":{\"\\u001b[2J\":\n'x'}}";
	struct doc_error err;
	char *wide = malloc(4096);
	size_t len = 0;

	assert_int_equal(scan(text, strlen(text), &err), -EINVAL);
	assert_string_equal(err.pointer, "/a~1b~0c/?[2J");
	assert_int_equal(err.line, 2);

	len += (size_t)sprintf(wide + len, "{\"");
	for (int i = 0; i < 300; i++)
		len += (size_t)sprintf(wide + len, "\xc3\xa4");
	len += (size_t)sprintf(wide + len, "\":?}");
	assert_int_equal(scan(wide, len, &err), -EINVAL);
	assert_int_equal(strlen(err.pointer), 255); /* a slash and 127 characters of two bytes */
	free(wide);
}

static void scan_of_flipped_bits_answers(void **state)
{
	size_t len = strlen(sample_text);
	unsigned int seed = 1, accepted = 0;

	for (int i = 0; i < 10000; i++) {
		char *copy = malloc(len);
		struct sample sample;
		struct doc_error err;

		memcpy(copy, sample_text, len);
		for (int flips = 0; flips <= i % 4; flips++) {
			seed = seed * 1103515245 + 12345;
			copy[(seed >> 8) % len] ^= (char)(1u << (seed >> 4) % 8);
		}
		if (doc_read(&sample_table, copy, len, &sample, &err) == 0) {
			doc_clear(&sample_table, &sample);
			accepted++;
		} else {
			assert_true(err.text[0]);
		}
		free(copy);
	}
	assert_in_range(accepted, 1, 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scan_of_valid_json_works),
		cmocka_unit_test(scan_of_bad_json_is_einval),
		cmocka_unit_test(scan_of_nul_bytes_is_einval),
		cmocka_unit_test(scan_of_text_cut_at_each_byte_is_einval),
		cmocka_unit_test(scan_past_depth_limit_is_einval),
		cmocka_unit_test(scan_past_size_limits_is_einval),
		cmocka_unit_test(scan_of_too_many_values_is_e2big),
		cmocka_unit_test(scan_finds_line_of_each_pointer),
		cmocka_unit_test(scan_pointer_is_escaped_and_whole),
		cmocka_unit_test(scan_of_flipped_bits_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
