/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the tests of probes share: a probe of the fake host, and what its document has at a place.
 */
#ifndef PROBED_H
#define PROBED_H

#include <json-c/json.h>

#include "rig.h"

static inline struct json_object *probe(struct rig *rig)
{
	struct json_object *tree;
	char *json = NULL;

	assert_ok(rig, vhc_caps_probe(rig->ctx, &json));
	tree = json_tokener_parse(json);
	assert_non_null(tree);
	free(json);
	return tree;
}

/* "tap.offloads", "nodes[0].opens" */
static inline struct json_object *at(struct json_object *tree, const char *path)
{
	char key[32];
	int used, index;

	while (*path) {
		if (sscanf(path, "[%d]%n", &index, &used) == 1) {
			tree = json_object_array_get_idx(tree, (size_t)index);
		} else {
			assert_int_equal(sscanf(path, "%31[a-z_]%n", key, &used), 1);
			assert_true(json_object_object_get_ex(tree, key, &tree));
		}
		path += used;
		path += *path == '.';
	}
	return tree;
}

static inline const char *text_at(struct json_object *tree, const char *path)
{
	return json_object_get_string(at(tree, path));
}

static inline uint64_t number_at(struct json_object *tree, const char *path)
{
	struct json_object *value = at(tree, path);

	return json_object_is_type(value, json_type_string)
		       ? strtoull(json_object_get_string(value), NULL, 0)
		       : json_object_get_uint64(value);
}

#endif
