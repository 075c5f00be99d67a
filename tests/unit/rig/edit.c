/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * edit - vhost-state documents changed on purpose, as text.
 */
#include "edit.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"
#include "migration/document.h"

#define MARK "\"@here@\""

static char *text_of(struct json_object *tree)
{
	return strdup(json_object_to_json_string_ext(tree, JSON_C_TO_STRING_PLAIN |
								   JSON_C_TO_STRING_NOSLASHESCAPE));
}

char *edit_file(const char *folder, const char *name)
{
	char path[4096], *text;
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "r");
	if (!file)
		fail_msg("no %s", path);
	text = calloc(1, 1 << 20);
	n = fread(text, 1, (1 << 20) - 1, file);
	fclose(file);
	assert_true(n > 0);
	return text;
}

char *edit_compact(const char *json)
{
	struct json_object *tree = json_tokener_parse(json);
	char *text;

	assert_non_null(tree);
	text = text_of(tree);
	json_object_put(tree);
	return text;
}

/* "/rings/0/size": the object or array that has it, and its last part. */
static struct json_object *parent_of(struct json_object *tree, const char *pointer,
				     const char **ret_key)
{
	char path[200];
	const char *slash = strrchr(pointer, '/');
	struct json_object *parent;

	assert_non_null(slash);
	snprintf(path, sizeof(path), "%.*s", (int)(slash - pointer), pointer);
	assert_int_equal(json_pointer_get(tree, path, &parent), 0);
	*ret_key = slash + 1;
	return parent;
}

static char *replace_mark(const char *text, const char *raw)
{
	const char *mark = strstr(text, MARK);
	size_t room = strlen(text) + strlen(raw) + 1;
	char *out = malloc(room);

	assert_non_null(mark);
	snprintf(out, room, "%.*s%s%s", (int)(mark - text), text, raw, mark + strlen(MARK));
	return out;
}

char *edit_put(const char *json, const char *pointer, const char *raw)
{
	struct json_object *tree = json_tokener_parse(json), *parent;
	const char *key;
	char *text, *out;

	assert_non_null(tree);
	parent = parent_of(tree, pointer, &key);
	if (raw)
		assert_int_equal(json_pointer_set(&tree, pointer, json_object_new_string("@here@")),
				 0);
	else if (json_object_is_type(parent, json_type_array))
		json_object_array_del_idx(parent, strtoul(key, NULL, 10), 1);
	else
		json_object_object_del(parent, key);
	text = text_of(tree);
	json_object_put(tree);
	if (!raw)
		return text;
	out = replace_mark(text, raw);
	free(text);
	return out;
}

char *edit_get(const char *json, const char *pointer)
{
	struct json_object *tree = json_tokener_parse(json), *value = NULL;
	char *text = NULL;

	assert_non_null(tree);
	if (!json_pointer_get(tree, pointer, &value))
		text = text_of(value);
	json_object_put(tree);
	return text;
}

static bool read_form(const char *json, struct vhi_saved *saved)
{
	struct doc_error err;

	return !doc_read(&vhi_state_doc, json, strlen(json), saved, &err);
}

char *edit_sum(const char *json)
{
	struct vhi_saved saved;
	uint32_t sum = 0;
	char raw[24];

	if (!read_form(json, &saved))
		return strdup(json);
	assert_int_equal(vhi_saved_sum(&saved, &sum), 0);
	vhi_saved_clear(&saved);
	snprintf(raw, sizeof(raw), "\"0x%x\"", sum);
	return edit_put(json, "/checksum", raw);
}

char *edit_put_sum(const char *json, const char *pointer, const char *raw)
{
	char *once = edit_put(json, pointer, raw), *twice = edit_sum(once);

	free(once);
	return twice;
}

char *edit_canonical(const char *json)
{
	struct json_object *tree;
	struct vhi_saved saved;
	char *text;

	if (!read_form(json, &saved))
		return NULL;
	tree = doc_write(&vhi_state_doc, &saved);
	text = text_of(tree);
	json_object_put(tree);
	vhi_saved_clear(&saved);
	return text;
}
