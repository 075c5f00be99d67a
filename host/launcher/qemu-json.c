/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * QEMU's options as JSON, for its monitor.  What a device's options are is known in one place only: the
 * text that the tokens have for the command line, which is read here.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kind.h"
#include "launcher/qemu-json.h"
#include "launcher/style.h"

/* The monitor knows fds by name. */
const char *host_qemu_fd_name(const struct host_view *view, int fd, char buf[HOST_FD_NAME_MAX])
{
	bool tap = view->tap_fds && fd >= view->first_tap_fd &&
		   fd < view->first_tap_fd + view->tap_fds;

	snprintf(buf, HOST_FD_NAME_MAX, "%s.%s.%d", view->device->id, tap ? "tap" : "vhost",
		 fd - (tap ? view->first_tap_fd : view->first_vhost_fd));
	return buf;
}

/* "3:4" */
static struct json_object *fd_names(const struct host_view *view, const char *numbers)
{
	struct json_object *names = NULL;
	char name[HOST_FD_NAME_MAX];
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (const char *c = numbers; out && *c; c += *c == ':') {
		char *end;
		int fd = (int)strtol(c, &end, 10);

		fprintf(out, "%s%s", c > numbers ? ":" : "", host_qemu_fd_name(view, fd, name));
		c = end;
	}
	if (host_close_text(out, &text))
		names = json_object_new_string(text);
	free(text);
	return names;
}

static bool is_fds(const char *key)
{
	static const char *const keys[] = { "fd", "fds", "vhostfd", "vhostfds" };

	for (size_t i = 0; i < DOC_COUNT(keys); i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

/* QEMU's monitor wants numbers and booleans as such. */
static struct json_object *to_value(const struct host_view *view, const char *key, const char *text)
{
	if (is_fds(key))
		return fd_names(view, text);
	if (strcmp(text, "on") == 0 || strcmp(text, "off") == 0)
		return json_object_new_boolean(text[1] == 'n');
	if (*text && !text[strspn(text, "0123456789")])
		return json_object_new_uint64(strtoull(text, NULL, 10));
	return json_object_new_string(text);
}

/* "virtio-net-pci,netdev=net0,mq=on": the first word is the value of @first. */
static int add_options(struct json_object *object, const struct host_view *view, const char *first,
		       char *text)
{
	char *rest;

	for (char *word = strtok_r(text, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
		char *equals = word == text ? NULL : strchr(word, '=');
		struct json_object *value;

		if (equals)
			*equals = '\0';
		value = equals ? to_value(view, word, equals + 1) : json_object_new_string(word);
		if (!value)
			return -ENOMEM;
		json_object_object_add(object, equals ? word : first, value);
	}
	return 0;
}

int host_qemu_json(const struct host_view *view, const char *token, const char *first,
		   struct json_object **ret, struct host_error *err)
{
	const struct host_style *qemu = &host_styles[HOST_STYLE_QEMU];
	struct json_object *object = json_object_new_object();
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int r = object && out ? 0 : -ENOMEM;

	if (r == 0)
		r = host_token_find(qemu, view->device, token)->put(out, view, NULL, err);
	if (!host_close_text(out, &text))
		r = -ENOMEM;
	if (r == 0)
		r = add_options(object, view, first, text);
	if (r == 0)
		json_object_object_add(object, "id", json_object_new_string(view->device->id));
	free(text);
	if (r < 0)
		json_object_put(object);
	else
		*ret = object;
	return r == -ENOMEM ? host_fail_memory(err) : r;
}
