/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * message - varlink's calls and replies as JSON.
 */
#include <errno.h>
#include <string.h>

#include "control.h"

/* A member that must be of this type, if it is there and not null. */
static bool get(struct json_object *root, const char *key, enum json_type type,
		struct json_object **ret)
{
	*ret = NULL;
	return !json_object_object_get_ex(root, key, ret) || !*ret ||
	       json_object_is_type(*ret, type);
}

static bool get_bool(struct json_object *root, const char *key, bool *ret)
{
	struct json_object *value;

	if (!get(root, key, json_type_boolean, &value))
		return false;
	*ret = value && json_object_get_boolean(value);
	return true;
}

static int read_members(struct control_call *call)
{
	struct json_object *method;

	if (!json_object_is_type(call->root, json_type_object) ||
	    !get(call->root, "method", json_type_string, &method) || !method ||
	    !get(call->root, "parameters", json_type_object, &call->parameters) ||
	    !get_bool(call->root, "more", &call->more) ||
	    !get_bool(call->root, "oneway", &call->oneway) ||
	    !get_bool(call->root, "upgrade", &call->upgrade))
		return -EINVAL;
	call->method = json_object_get_string(method);
	return 0;
}

/* The scan has the limits: depth, keys, values. */
int control_call_read(const char *text, size_t len, struct control_call *ret)
{
	struct control_call call = { 0 };
	struct doc_error unused;
	int r = doc_scan(text, len, NULL, NULL, &unused);

	if (r)
		return r;
	call.root = json_tokener_parse(text);
	if (!call.root)
		return -ENOMEM;
	r = read_members(&call);
	if (r)
		control_call_clear(&call);
	else
		*ret = call;
	return r;
}

void control_call_clear(struct control_call *call)
{
	json_object_put(call->root);
	*call = (struct control_call){ 0 };
}

static bool add(struct json_object *to, const char *key, struct json_object *value)
{
	if (to && value && !json_object_object_add(to, key, value))
		return true;
	json_object_put(value);
	return false;
}

/* The text of a message that is complete, which is freed. */
static char *finish(struct json_object *message, bool complete)
{
	const int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
	const char *text = complete ? json_object_to_json_string_ext(message, flags) : NULL;
	char *ret = text ? strdup(text) : NULL;

	json_object_put(message);
	return ret;
}

static char *make(const char *key, const char *value, struct json_object *parameters,
		  const char *flag)
{
	struct json_object *message = json_object_new_object();
	bool ok = !key || add(message, key, json_object_new_string(value));

	ok &= add(message, "parameters", parameters);
	if (flag)
		ok &= add(message, flag, json_object_new_boolean(true));
	return finish(message, ok);
}

char *control_call_text(const char *method, struct json_object *parameters, bool more)
{
	return make("method", method, parameters, more ? "more" : NULL);
}

char *control_reply_text(struct json_object *parameters, bool continues)
{
	return make(NULL, NULL, parameters, continues ? "continues" : NULL);
}

char *control_error_text(const char *error, struct json_object *parameters)
{
	return make("error", error, parameters, NULL);
}
