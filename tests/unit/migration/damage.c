/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * damage - vhost-state documents that something happened to: each is refused with its place, or means
 * exactly what it meant.  Where the checksum was made again it may mean another device, which is then
 * what is loaded.  What is refused leaves the device as it was, and reaches no kernel.
 */
#include <json-c/json.h>

#include "dev.h"
#include "kind/kind.h"
#include "kind/net.h"
#include "edit.h"
#include "two-hosts.h"

static const char *const names[] = { "minor-1/split-1.json", "minor-1/iommu-4.json",
				     "minor-1/packed-1.json" };

/* A document, and a device that it can be loaded to. */
struct bench {
	struct rig rig;
	char *kept, *canonical;
	bool loadable; /* this kernel has all that it needs */
	struct vhi_dev_state want;
	struct vhi_ring_state rings[16];
	struct vhc_net_config net;
	unsigned int refused, same, other;
};

static uint64_t number_at(const char *json, const char *pointer)
{
	char *text = edit_get(json, pointer);
	uint64_t number = strtoull(text + (*text == '"'), NULL, 0);

	free(text);
	return number;
}

static void bench_new(struct bench *bench, const char *name)
{
	*bench = (struct bench){ .kept = edit_file(getenv("GOLDEN"), name) };
	bench->canonical = edit_canonical(bench->kept);
	moved_destination(&bench->rig, "7.2", (uint32_t)number_at(bench->kept, "/queue_pairs"));
	for (uint32_t i = 0; i < 2; i++) {
		char at[32];

		snprintf(at, sizeof(at), "/rings/%u/base", i);
		rig_set_index(&bench->rig, i, 'u', (uint16_t)number_at(bench->kept, at));
		rig_set_index(&bench->rig, i, 'a', (uint16_t)number_at(bench->kept, at));
	}
	bench->loadable = !vhc_dev_load(bench->rig.dev, bench->kept);
	assert_int_equal(bench->loadable, !strstr(name, "packed-1.json"));
}

static void bench_free(struct bench *bench)
{
	print_message("%u refused, %u the same, %u other devices\n", bench->refused, bench->same,
		      bench->other);
	free(bench->kept);
	free(bench->canonical);
	rig_free(&bench->rig);
}

static void remember(struct bench *bench)
{
	const struct vhc_dev *dev = bench->rig.dev;

	bench->want = dev->want;
	bench->net = dev->net->config;
	memcpy(bench->rings, dev->want.ring, dev->want.rings * sizeof(*bench->rings));
	fake_forget_calls(bench->rig.fake);
}

static void assert_as_before(struct bench *bench, const char *what)
{
	const struct vhc_dev *dev = bench->rig.dev;

	if (memcmp(&bench->want, &dev->want, sizeof(dev->want)) ||
	    memcmp(&bench->net, &dev->net->config, sizeof(bench->net)) ||
	    memcmp(bench->rings, dev->want.ring, dev->want.rings * sizeof(*bench->rings)))
		fail_msg("the device is not as before after %s", what);
}

static void assert_no_calls(struct bench *bench, const char *what)
{
	if (fake_calls(bench->rig.fake))
		fail_msg("%s called, for %s", fake_call(bench->rig.fake, 0)->name, what);
}

static void check_refused(struct bench *bench, int r, const char *what)
{
	const struct vhc_error *error;
	int again = vhc_dev_load(bench->rig.dev, what);

	error = vhc_ctx_get_error(bench->rig.ctx);
	assert_no_calls(bench, what);
	if (r != -EINVAL || again != -EINVAL || error->code != -EINVAL ||
	    !strstr(error->text, "the vhost-state document is wrong in line ") ||
	    (*error->where && *error->where != '/'))
		fail_msg("%d, %d, %s: %s", r, again, error->text, what);
	assert_as_before(bench, what);
	bench->refused++;
}

/* A right document of this device or another: if it can be loaded, it is what is saved then. */
static void check_taken(struct bench *bench, const char *canonical, const char *what)
{
	int r = vhc_dev_load(bench->rig.dev, what);
	char *json, *saved;

	assert_int_equal(moved_changes(&bench->rig), 0);
	if (r) {
		if (bench->loadable && !strcmp(canonical, bench->canonical))
			fail_msg("not loaded: %s: %s", rig_text(&bench->rig), what);
		assert_as_before(bench, what);
		return;
	}
	/* whatever its numbers looked like, and wherever the memory was cut */
	json = moved_save(&bench->rig);
	saved = edit_canonical(json);
	if (!strcmp(canonical, bench->canonical))
		assert_string_equal(saved, canonical);
	free(json);
	free(saved);
	assert_int_equal(vhc_dev_load(bench->rig.dev, bench->kept), 0);
}

static void try(struct bench *bench, const char *what, bool summed)
{
	char *canonical;
	int r;

	remember(bench);
	r = vhc_state_check(bench->rig.ctx, what);
	assert_no_calls(bench, what);
	if (r) {
		check_refused(bench, r, what);
		return;
	}
	canonical = edit_canonical(what);
	assert_non_null(canonical);
	if (!strcmp(canonical, bench->canonical))
		bench->same++;
	else if (summed)
		bench->other++;
	else
		fail_msg("taken for the same: %s", what);
	check_taken(bench, canonical, what);
	free(canonical);
}

static void try_both(struct bench *bench, const char *what)
{
	char *summed = edit_sum(what);

	try(bench, what, false);
	try(bench, summed, true);
	free(summed);
}

/* --------------------------------------------------------------------- each field, every mistake */

static const char *const mistakes[] = {
	NULL, /* taken away */
	"null",
	"true",
	"false",
	"0",
	"1",
	"7",
	"-1",
	"1.5",
	"1e3",
	"65536",
	"4294967295",
	"4294967296",
	"9007199254740993",
	"18446744073709551615",
	"18446744073709551616",
	"-9223372036854775808",
	"-9223372036854775809",
	"\"\"",
	"\"0x0\"",
	"\"0x1000\"",
	"\"0xfffffffffffff000\"",
	"\"0xffffffffffffffff\"",
	"\"0x10000000000000000\"",
	"\"-1\"",
	"\"net\"",
	"\"\\u0000\"",
	"\"\\u001b[2J\"",
	"\"\\ud800\"",
	"[]",
	"{}",
	"[1,\"0x2\",3]",
	"[{}]",
	"@,@",	       /* not a value: only in a list is it two */
	"@,\"zzz\":@", /* an unknown key behind it */
	"@,\"KEY\":@", /* the same key again */
	"[@]",
	"{\"a\":@}",
	"",
	"@,",
	"'x'",
	"NaN",
};

/* @: the value that was there; KEY: its key. */
static char *spell(const char *mistake, const char *value, const char *key)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (const char *at = mistake; *at; at++) {
		if (*at == '@') {
			fputs(value, out);
		} else if (!strncmp(at, "KEY", 3)) {
			fputs(key, out);
			at += 2;
		} else {
			fputc(*at, out);
		}
	}
	fclose(out);
	return text;
}

static void make_mistakes(struct bench *bench, const char *pointer)
{
	char *value = edit_get(bench->kept, pointer);
	const char *key = strrchr(pointer, '/') + 1;

	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		char *raw = mistakes[i] ? spell(mistakes[i], value, key) : NULL;
		char *what = edit_put(bench->kept, pointer, raw);

		try_both(bench, what);
		free(what);
		free(raw);
	}
	free(value);
}

/* Every value below this one; of a long list of features a few. */
static void walk(struct bench *bench, struct json_object *value, const char *pointer)
{
	char below[200];

	if (*pointer)
		make_mistakes(bench, pointer);
	if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, key, inner)
		{
			snprintf(below, sizeof(below), "%s/%s", pointer, key);
			walk(bench, inner, below);
		}
	} else if (json_object_is_type(value, json_type_array)) {
		size_t count = json_object_array_length(value);

		for (size_t i = 0; i < count; i++) {
			if (i > 1 && i + 1 < count)
				continue;
			snprintf(below, sizeof(below), "%s/%zu", pointer, i);
			walk(bench, json_object_array_get_idx(value, i), below);
		}
	}
}

static void check_of_each_mistake_in_each_field_is_refused(void **state)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct json_object *tree;
		struct bench bench;

		bench_new(&bench, names[i]);
		tree = json_tokener_parse(bench.kept);
		walk(&bench, tree, "");
		json_object_put(tree);
		assert_true(bench.refused > 1000);
		bench_free(&bench);
	}
}

/* ------------------------------------------------------------------------------ bytes that are lost */

static void check_of_document_cut_at_each_byte_is_refused(void **state)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct bench bench;
		size_t len;

		bench_new(&bench, names[i]);
		len = strlen(bench.kept);
		/* without its newline it is whole */
		for (size_t n = 0; n < len - 1; n++) {
			char *head = strndup(bench.kept, n), *tail = strdup(bench.kept + n + 1);

			try(&bench, head, false);
			if (n > 0)
				try(&bench, tail, false);
			free(head);
			free(tail);
		}
		assert_int_equal(bench.same, 0);
		bench_free(&bench);
	}
}

static uint64_t seed = 1;

static uint32_t below(size_t n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(seed >> 33) % (uint32_t)n;
}

static void check_of_flipped_bits_is_refused(void **state)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct bench bench;
		size_t len;

		bench_new(&bench, names[i]);
		len = strlen(bench.kept);
		for (uint32_t n = 0; n < 3400; n++) {
			char *text = strdup(bench.kept);
			uint32_t flips = n < 2000 ? 1 : 1 + below(8);

			while (flips--)
				text[below(len)] ^= (char)(1u << below(8));
			try(&bench, text, false);
			free(text);
		}
		assert_true(bench.refused > 3000);
		bench_free(&bench);
	}
}

/* Two bytes that change places, a part that comes twice, a part that is lost. */
static void check_of_moved_parts_is_refused(void **state)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct bench bench;
		size_t len;

		bench_new(&bench, names[i]);
		len = strlen(bench.kept);
		for (uint32_t n = 0; n < 1000; n++) {
			size_t from = below(len), size = 1 + below(64);
			char *text = calloc(1, len + 128);

			size = from + size > len ? len - from : size;
			if (n % 2)
				snprintf(text, len + 128, "%.*s%s", (int)(from + size), bench.kept,
					 bench.kept + from);
			else
				snprintf(text, len + 128, "%.*s%s", (int)from, bench.kept,
					 bench.kept + from + size);
			try(&bench, text, false);
			free(text);
		}
		bench_free(&bench);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check_of_each_mistake_in_each_field_is_refused),
		cmocka_unit_test(check_of_document_cut_at_each_byte_is_refused),
		cmocka_unit_test(check_of_flipped_bits_is_refused),
		cmocka_unit_test(check_of_moved_parts_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
