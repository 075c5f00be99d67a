/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * service - which method a call means, and whether its parameters are right; what every varlink service
 * has.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"

static const struct doc_field interface_fields[] = {
	{ .key = "interface", .type = DOC_STRING, .flags = DOC_REQUIRED, .help = "its name" },
};

static const struct doc_table interface_table = { .size = sizeof(char *),
						  .help = "which interface",
						  .fields = interface_fields,
						  .count = DOC_COUNT(interface_fields) };

static const struct doc_table nothing_table = { .size = 1, .help = "nothing" };

static const char *const interfaces[] = { CONTROL_SERVICE, CONTROL_INTERFACE };

static int add(struct json_object *to, const char *key, struct json_object *value)
{
	if (value && !json_object_object_add(to, key, value))
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

static int add_text(struct json_object *to, const char *key, const char *text)
{
	return add(to, key, json_object_new_string(text));
}

/* The parameters of a reply, to be filled. */
static struct json_object *begin(struct control_reply *reply)
{
	json_object_put(reply->parameters);
	reply->parameters = json_object_new_object();
	return reply->parameters;
}

int control_reply_error(struct control_reply *reply, const char *error, const char *key,
			const char *text)
{
	struct json_object *to = begin(reply);

	reply->error = error;
	return to ? add_text(to, key, text) : -ENOMEM;
}

static int fail_parameter(struct control_reply *reply, const char *name)
{
	return control_reply_error(reply, CONTROL_SERVICE ".InvalidParameter", "parameter", name);
}

/* The parameters into a struct of a table.  Returns 1: they are wrong, and the reply says so. */
static int read_parameters(const struct control_call *call, const struct doc_table *table,
			   void *ret, struct control_reply *reply)
{
	const char *text = "{}";
	struct doc_error error = { 0 };
	char *name;
	int r;

	if (call->parameters)
		text = json_object_to_json_string_ext(call->parameters, JSON_C_TO_STRING_PLAIN);
	if (!text)
		return -ENOMEM;
	r = doc_read(table, text, strlen(text), ret, &error);
	if (!r || r == -ENOMEM)
		return r;
	/* one that is missing has no place of its own */
	name = error.pointer[0] ? error.pointer + 1 : NULL;
	for (size_t i = 0; !name && i < table->count; i++)
		if (!json_object_object_get_ex(call->parameters, table->fields[i].key, NULL))
			name = (char *)(uintptr_t)table->fields[i].key;
	return fail_parameter(reply, name ? name : "") ?: 1;
}

static struct json_object *list_interfaces(void)
{
	struct json_object *names = json_object_new_array();

	for (size_t i = 0; names && i < DOC_COUNT(interfaces); i++)
		json_object_array_add(names, json_object_new_string(interfaces[i]));
	return names;
}

static int get_info(const struct control_service *service, struct control_reply *reply)
{
	struct json_object *to = begin(reply);

	if (!to)
		return -ENOMEM;
	return add_text(to, "vendor", "libvhostconfig") ?: add_text(to, "product", "vhostctl")
	       ?: add_text(to, "version", service->version) ?: add_text(to, "url", "")
	       ?: add(to, "interfaces", list_interfaces());
}

static int describe(const char *interface, struct control_reply *reply)
{
	struct json_object *to;
	char *text;
	int r;

	if (!strcmp(interface, CONTROL_INTERFACE))
		text = control_describe();
	else if (!strcmp(interface, CONTROL_SERVICE))
		text = strdup(control_describe_service());
	else
		return control_reply_error(reply, CONTROL_SERVICE ".InterfaceNotFound", "interface",
					   interface);
	to = begin(reply);
	r = text && to ? add_text(to, "description", text) : -ENOMEM;
	free(text);
	return r;
}

static int serve_service(const struct control_service *service, const struct control_call *call,
			 const char *method, struct control_reply *reply)
{
	char *interface = NULL, unused;
	int r;

	if (!strcmp(method, "GetInfo")) {
		r = read_parameters(call, &nothing_table, &unused, reply);
		return r ? r : get_info(service, reply);
	}
	if (strcmp(method, "GetInterfaceDescription"))
		return control_reply_error(reply, CONTROL_SERVICE ".MethodNotFound", "method",
					   call->method);
	r = read_parameters(call, &interface_table, &interface, reply);
	if (r)
		return r;
	r = describe(interface, reply);
	doc_clear(&interface_table, &interface);
	return r;
}

static int serve_own(const struct control_service *service, const struct control_call *call,
		     const char *method, struct control_reply *reply)
{
	const struct control_method_row *row;
	void *parameters;
	size_t i = 0;
	int r;

	while (i < CONTROL_METHODS && strcmp(control_methods[i].name, method))
		i++;
	if (i == CONTROL_METHODS)
		return control_reply_error(reply, CONTROL_SERVICE ".MethodNotFound", "method",
					   call->method);
	if (i == CONTROL_MONITOR && !call->more) {
		reply->error = CONTROL_SERVICE ".ExpectedMore";
		return begin(reply) ? 0 : -ENOMEM;
	}
	row = &control_methods[i];
	parameters = malloc(row->parameters->size);
	if (!parameters)
		return -ENOMEM;
	r = read_parameters(call, row->parameters, parameters, reply);
	if (!r) {
		r = service->handlers[i](service->data, parameters, reply);
		doc_clear(row->parameters, parameters);
	}
	free(parameters);
	return r;
}

/* What follows the interface and its '.'; NULL: it is another interface. */
static const char *method_of(const char *name, const char *interface)
{
	size_t len = strlen(interface);

	return !strncmp(name, interface, len) && name[len] == '.' ? name + len + 1 : NULL;
}

static int dispatch(const struct control_service *service, const struct control_call *call,
		    struct control_reply *reply)
{
	const char *method = method_of(call->method, CONTROL_INTERFACE);
	const char *end = strrchr(call->method, '.');
	char *interface;
	int r;

	if (call->upgrade)
		return fail_parameter(reply, "upgrade");
	if (method)
		return serve_own(service, call, method, reply);
	method = method_of(call->method, CONTROL_SERVICE);
	if (method)
		return serve_service(service, call, method, reply);
	interface = strndup(call->method, end ? (size_t)(end - call->method) : 0);
	if (!interface)
		return -ENOMEM;
	r = control_reply_error(reply, CONTROL_SERVICE ".InterfaceNotFound", "interface",
				interface);
	free(interface);
	return r;
}

int control_serve(const struct control_service *service, const struct control_call *call,
		  struct control_reply *reply)
{
	int r = dispatch(service, call, reply);

	if (r < 0) {
		json_object_put(reply->parameters);
		reply->parameters = NULL;
		return r;
	}
	if (!reply->parameters && !begin(reply))
		return -ENOMEM;
	return 0;
}
