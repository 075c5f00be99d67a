/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fake-qemu.h"

static int find(const struct fake_names *list, const char *name)
{
	for (int i = 0; i < list->count; i++)
		if (strcmp(list->names[i], name) == 0)
			return i;
	return -1;
}

static void add(struct fake_names *list, const char *name, int fd)
{
	snprintf(list->names[list->count], sizeof(list->names[0]), "%s", name);
	list->fds[list->count++] = fd;
}

static bool drop(struct fake_names *list, const char *name)
{
	int at = find(list, name);

	if (at < 0)
		return false;
	if (list->fds[at] >= 0)
		close(list->fds[at]);
	list->count--;
	memmove(list->names[at], list->names[at + 1],
		sizeof(list->names[0]) * (size_t)(list->count - at));
	memmove(&list->fds[at], &list->fds[at + 1],
		sizeof(list->fds[0]) * (size_t)(list->count - at));
	return true;
}

static void drop_all(struct fake_names *list)
{
	while (list->count)
		drop(list, list->names[0]);
}

__attribute__((format(printf, 2, 3))) static void put(int client, const char *format, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	if (len < 0)
		abort();
	send(client, text, (size_t)len, MSG_NOSIGNAL); /* who asked may have gone */
	free(text);
}

static const char *text_of(struct json_object *object, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(object, key, &value) ? json_object_get_string(value) : "";
}

/* NULL: done; or why not. */
static const char *add_netdev(struct fake_qemu *qemu, struct json_object *arguments)
{
	const char *given =
		*text_of(arguments, "fds") ? text_of(arguments, "fds") : text_of(arguments, "fd");
	char *names = strdup(given), *rest;
	const char *why = *given ? NULL : "no fds";

	if (find(&qemu->netdevs, text_of(arguments, "id")) >= 0)
		why = "Duplicate ID";
	for (char *name = strtok_r(names, ":", &rest); name && !why;
	     name = strtok_r(NULL, ":", &rest))
		if (!drop(&qemu->fds, name))
			why = "File descriptor not found";
	free(names);
	if (!why)
		add(&qemu->netdevs, text_of(arguments, "id"), -1);
	return why;
}

static const char *add_device(struct fake_qemu *qemu, struct json_object *arguments)
{
	if (strcmp(text_of(arguments, "bus"), "no") == 0)
		return "Bus 'no' not found";
	if (*text_of(arguments, "bus") && strcmp(text_of(arguments, "addr"), "0") != 0)
		return NULL; /* in a slot that no guest sees */
	if (qemu->ports && strcmp(text_of(arguments, "bus"), "port2") != 0)
		return *text_of(arguments, "bus") ? "PCI: slot 0 function 0 already occupied"
						  : "Bus 'pcie.0' does not support hotplugging";
	if (find(&qemu->netdevs, text_of(arguments, "netdev")) < 0)
		return "Property 'virtio-net-pci.netdev' can't find value";
	add(&qemu->devices, text_of(arguments, "id"), -1);
	return NULL;
}

static void say_deleted(struct fake_qemu *qemu, int client, const char *id)
{
	static const char *const events[] = {
		[FAKE_AT_ONCE] = "DEVICE_DELETED",
		[FAKE_LATER] = "DEVICE_DELETED",
		[FAKE_REFUSES] = "DEVICE_UNPLUG_GUEST_ERROR",
	};

	if (qemu->guest == FAKE_DEAF)
		return;
	put(client,
	    "{\"event\": \"DEVICE_DELETED\", \"data\": {\"path\": \"/machine/other\"}}\r\n");
	put(client,
	    "{\"event\": \"%s\", \"data\": {\"device\": \"%s\", \"path\": \"/machine/peripheral/%s\"}}\r\n",
	    events[qemu->guest], id, id);
	if (qemu->guest != FAKE_REFUSES)
		drop(&qemu->devices, id);
}

static const char ports[] =
	"[{\"bus\":0,\"devices\":[{\"qdev_id\":\"nic\"},"
	"{\"qdev_id\":\"port0\",\"pci_bridge\":{\"bus\":{},\"devices\":[{\"qdev_id\":\"disk\"}]}},"
	"{\"qdev_id\":\"\",\"pci_bridge\":{\"bus\":{}}},"
	"{\"qdev_id\":\"port1\",\"pci_bridge\":{\"bus\":{}}},"
	"{\"qdev_id\":\"port2\",\"pci_bridge\":{\"bus\":{},\"devices\":[]}}]}]";

static void list_device(struct json_object *list, const char *name, const char *type)
{
	struct json_object *device = json_object_new_object();

	json_object_object_add(device, "name", json_object_new_string(name));
	json_object_object_add(device, "type", json_object_new_string(type));
	json_object_array_add(list, device);
}

static char *list_devices(const struct fake_qemu *qemu)
{
	struct json_object *list = json_object_new_array();
	char *text;

	for (int i = 0; i < qemu->devices.count; i++)
		list_device(list, qemu->devices.names[i], "child<virtio-net-pci>");
	for (int i = 0; i < 3 && qemu->ports; i++)
		list_device(list, (const char *const[]){ "port0", "port1", "port2" }[i],
			    "child<pcie-root-port>");
	text = strdup(json_object_to_json_string(list));
	json_object_put(list);
	return text;
}

static void answer(struct fake_qemu *qemu, int client, const char *command,
		   struct json_object *arguments, int fd, const char *id)
{
	const char *class = "GenericError", *why = NULL, *result = "{}";
	const char *device = text_of(arguments, "id");
	char *devices = list_devices(qemu);
	bool removes = strcmp(command, "device_del") == 0 && find(&qemu->devices, device) >= 0;

	if (strcmp(command, "getfd") == 0)
		add(&qemu->fds, text_of(arguments, "fdname"), fd);
	else if (strcmp(command, "closefd") == 0)
		why = drop(&qemu->fds, text_of(arguments, "fdname")) ? NULL : "not found";
	else if (strcmp(command, "netdev_add") == 0)
		why = add_netdev(qemu, arguments);
	else if (strcmp(command, "netdev_del") == 0)
		why = drop(&qemu->netdevs, device) ? NULL : (class = "DeviceNotFound");
	else if (strcmp(command, "device_add") == 0)
		why = add_device(qemu, arguments);
	else if (strcmp(command, "device_del") == 0)
		why = removes ? NULL : (class = "DeviceNotFound");
	else if (strcmp(command, "query-pci") == 0)
		result = ports;
	else if (strcmp(command, "query-memdev") == 0)
		result = "[]";
	else if (strcmp(command, "qom-list") == 0)
		result = devices;
	if (removes && qemu->guest != FAKE_LATER)
		say_deleted(qemu, client, device);
	put(client, "{\"event\": \"RTC_CHANGE\", \"data\": {\"offset\": 0.5}}\r\n");
	if (why)
		put(client, "{\"id\": %s, \"error\": {\"class\": \"%s\", \"desc\": \"%s\"}}\r\n",
		    id, class, why);
	else
		put(client, "{\"return\": %s, \"id\": %s}\r\n", result, id);
	if (removes && qemu->guest == FAKE_LATER)
		say_deleted(qemu, client, device);
	free(devices);
}

/* Was this command with these arguments recorded?  Then it is answered as it was. */
static bool replay(const struct fake_qemu *qemu, int client, struct json_object *message,
		   const char *id)
{
	size_t count = qemu->recorded ? json_object_array_length(qemu->recorded) : 0;
	struct json_object *arguments = json_object_object_get(message, "arguments");

	for (size_t i = 0; i < count; i++) {
		struct json_object *item = json_object_array_get_idx(qemu->recorded, i), *result;
		const char *key = "return";

		if (strcmp(text_of(item, "execute"), text_of(message, "execute")) != 0 ||
		    !json_object_equal(json_object_object_get(item, "arguments"), arguments))
			continue;
		if (!json_object_object_get_ex(item, key, &result))
			result = json_object_object_get(item, key = "error");
		put(client, "{\"%s\": %s, \"id\": %s}\r\n", key,
		    json_object_to_json_string_ext(result, 0), id);
		return true;
	}
	return false;
}

/* False: it ends. */
static bool misbehave(struct fake_qemu *qemu, int client, const char *id)
{
	static const char spaces[4096] = "                                ";

	switch (qemu->bad) {
	case FAKE_ERROR:
		put(client,
		    "{\"id\": %s, \"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}}\r\n",
		    id);
		return true;
	case FAKE_SILENT:
		qemu->bad_at++; /* from now on */
		return true;
	case FAKE_GARBAGE:
		put(client, "QEMU 7.2.22 monitor - type 'help' for more information\r\n");
		return true;
	case FAKE_HALF:
		put(client, "{\"return\": {");
		return false;
	case FAKE_HUGE:
		for (int i = 0; i < 1024; i++)
			if (send(client, spaces, sizeof(spaces), MSG_NOSIGNAL) < 0)
				break;
		return true;
	case FAKE_WRONG_ID:
		put(client, "{\"return\": {}, \"id\": 4711}\r\n");
		return true;
	default:
		return false;
	}
}

static int take_fd(struct msghdr *header)
{
	struct cmsghdr *part = CMSG_FIRSTHDR(header);
	int fd = -1;

	if (part && part->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(part), sizeof(fd));
	return fd;
}

/* A line, as one byte after the other: the fd comes with the first. */
static bool read_line(int client, char *line, size_t size, int *fd)
{
	size_t used = 0;

	*fd = -1;
	while (used < size - 1) {
		char control[CMSG_SPACE(sizeof(int))];
		struct iovec part = { line + used, 1 };
		struct msghdr header = { .msg_iov = &part,
					 .msg_iovlen = 1,
					 .msg_control = control,
					 .msg_controllen = sizeof(control) };

		if (recvmsg(client, &header, MSG_CMSG_CLOEXEC) <= 0)
			return false;
		if (!used)
			*fd = take_fd(&header);
		if (line[used++] == '\n')
			break;
	}
	line[used] = '\0';
	return true;
}

static bool serve_line(struct fake_qemu *qemu, int client, const char *line, int fd)
{
	struct json_object *message = json_tokener_parse(line), *arguments = NULL, *id;
	char number[32];
	bool on = true;

	snprintf(qemu->log + strlen(qemu->log), sizeof(qemu->log) - strlen(qemu->log), "%s", line);
	json_object_object_get_ex(message, "arguments", &arguments);
	json_object_object_get_ex(message, "id", &id);
	snprintf(number, sizeof(number), "%s", json_object_to_json_string(id));
	if (qemu->bad && ++qemu->commands == qemu->bad_at) {
		on = misbehave(qemu, client, number);
		if (fd >= 0)
			close(fd);
	} else if (!replay(qemu, client, message, number)) {
		answer(qemu, client, text_of(message, "execute"), arguments, fd, number);
	}
	json_object_put(message);
	return on;
}

static void *serve(void *data)
{
	struct fake_qemu *qemu = data;
	int client = accept4(qemu->listener, NULL, NULL, SOCK_CLOEXEC), fd;
	char line[4096];
	bool on = true;

	if (qemu->bad && qemu->bad_at == 0)
		on = misbehave(qemu, client, "0");
	else
		put(client,
		    "{\"QMP\": {\"version\": {\"qemu\": {\"major\": 7}}, \"capabilities\": []}}\r\n");
	while (on && read_line(client, line, sizeof(line), &fd))
		on = serve_line(qemu, client, line, fd);
	close(client);
	return NULL;
}

unsigned int fake_qemu_patience(const struct fake_qemu *qemu)
{
	return qemu->bad == FAKE_SILENT || qemu->guest == FAKE_DEAF ? FAKE_SILENCE : 60;
}

void fake_qemu_start(struct fake_qemu *qemu)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(qemu->path, sizeof(qemu->path), "/tmp/vhc-fake-qemu.%d", (int)getpid());
	memcpy(address.sun_path, qemu->path, sizeof(qemu->path));
	unlink(qemu->path);
	qemu->log[0] = '\0';
	qemu->commands = 0;
	qemu->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(qemu->listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(qemu->listener, 1) < 0 || pthread_create(&qemu->thread, NULL, serve, qemu))
		abort();
}

void fake_qemu_stop(struct fake_qemu *qemu)
{
	pthread_join(qemu->thread, NULL);
	close(qemu->listener);
	unlink(qemu->path);
	if (qemu->bad == FAKE_CLOSE || qemu->bad == FAKE_HALF) { /* it has ended */
		drop_all(&qemu->fds);
		drop_all(&qemu->netdevs);
		drop_all(&qemu->devices);
	}
}
