/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices and netdevs of a running QEMU.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "qmp/hotplug.h"
#include "qmp/qmp-line.h"

/* -------------------------------------------------------------------------------- free ports of PCI */

struct ports {
	char (*names)[HOST_PORT_NAME_MAX];
	int count;
};

static void find_in_bus(struct ports *ports, struct json_object *bus, int depth);

/* A bridge without an id has a bus whose name QEMU does not tell. */
static void look_at(struct ports *ports, struct json_object *device, int depth)
{
	struct json_object *bridge, *devices, *id;

	if (!json_object_is_type(device, json_type_object) ||
	    !json_object_object_get_ex(device, "pci_bridge", &bridge) ||
	    !json_object_is_type(bridge, json_type_object))
		return;
	if (json_object_object_get_ex(bridge, "devices", &devices) &&
	    json_object_is_type(devices, json_type_array) && json_object_array_length(devices)) {
		find_in_bus(ports, bridge, depth + 1);
		return;
	}
	if (!json_object_object_get_ex(device, "qdev_id", &id) ||
	    !json_object_is_type(id, json_type_string) || !json_object_get_string_len(id) ||
	    json_object_get_string_len(id) >= HOST_PORT_NAME_MAX || ports->count == HOST_PORTS_MAX)
		return;
	snprintf(ports->names[ports->count++], HOST_PORT_NAME_MAX, "%s",
		 json_object_get_string(id));
}

static void find_in_bus(struct ports *ports, struct json_object *bus, int depth)
{
	struct json_object *devices;

	if (depth > (int)DOC_MAX_DEPTH || !json_object_is_type(bus, json_type_object) ||
	    !json_object_object_get_ex(bus, "devices", &devices) ||
	    !json_object_is_type(devices, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(devices); i++)
		look_at(ports, json_object_array_get_idx(devices, i), depth);
}

int host_hotplug_find_ports(struct host_qmp *qmp, char names[HOST_PORTS_MAX][HOST_PORT_NAME_MAX],
			    struct host_error *err)
{
	struct ports ports = { .names = names };
	struct json_object *buses;
	int r = host_qmp_execute(qmp, "query-pci", NULL, -1, &buses, err);

	if (r < 0)
		return r;
	if (json_object_is_type(buses, json_type_array))
		for (size_t i = 0; i < json_object_array_length(buses); i++)
			find_in_bus(&ports, json_object_array_get_idx(buses, i), 0);
	json_object_put(buses);
	return ports.count;
}

/* ----------------------------------------------------------------------------------------- devices */

/* The parts of an object of QEMU's tree: an array, to be put. */
static int list_parts(struct host_qmp *qmp, const char *path, struct json_object **ret,
		      struct host_error *err)
{
	struct json_object *arguments = json_object_new_object();
	int r;

	if (!arguments)
		return host_fail_memory(err);
	json_object_object_add(arguments, "path", json_object_new_string(path));
	r = host_qmp_execute(qmp, "qom-list", arguments, -1, ret, err);
	if (r == 0 && !json_object_is_type(*ret, json_type_array)) {
		json_object_put(*ret);
		*ret = json_object_new_array();
	}
	return r < 0 ? r : *ret ? 0 : host_fail_memory(err);
}

#define TYPE_MAX 64

/* The type of the device with this id, "child<pcie-root-port>"; "": there is none. */
static int find_type(struct host_qmp *qmp, const char *id, char type[TYPE_MAX],
		     struct host_error *err)
{
	struct json_object *devices;
	int r = list_parts(qmp, "/machine/peripheral", &devices, err);

	if (r < 0)
		return r;
	type[0] = '\0';
	for (size_t i = 0; i < json_object_array_length(devices); i++) {
		struct json_object *device = json_object_array_get_idx(devices, i);
		const char *name = host_qmp_text(device, "name");
		const char *text = host_qmp_text(device, "type");

		if (name && strcmp(name, id) == 0)
			snprintf(type, TYPE_MAX, "%s", text && *text ? text : "?");
	}
	json_object_put(devices);
	return 0;
}

bool host_hotplug_is_free(struct host_qmp *qmp, const char *port)
{
	char path[2 * HOST_PORT_NAME_MAX + 32];
	struct json_object *parts;
	struct host_error unused;
	bool free = true;

	snprintf(path, sizeof(path), "/machine/peripheral/%s/%s", port, port);
	if (list_parts(qmp, path, &parts, &unused) < 0)
		return true;
	for (size_t i = 0; i < json_object_array_length(parts); i++) {
		const char *name = host_qmp_text(json_object_array_get_idx(parts, i), "name");

		free = free && !(name && strncmp(name, "child[", 6) == 0);
	}
	json_object_put(parts);
	return free;
}

int host_hotplug_has(struct host_qmp *qmp, const char *id, struct host_error *err)
{
	char type[TYPE_MAX];
	int r = find_type(qmp, id, type, err);

	return r < 0 ? r : type[0] != '\0';
}

int host_hotplug_is_port(struct host_qmp *qmp, const char *id, struct host_error *err)
{
	static const char *const ports[] = { "root-port", "downstream", "ioh3420" };
	char type[TYPE_MAX];
	int r = find_type(qmp, id, type, err), found = 0;

	for (size_t i = 0; r == 0 && i < DOC_COUNT(ports); i++)
		found = found || strstr(type, ports[i]);
	return r < 0 ? r : found;
}

/* A device without such a property answers with an error. */
static int has_netdev(struct host_qmp *qmp, const char *path, const char *netdev,
		      struct host_error *err)
{
	struct json_object *arguments = json_object_new_object(), *value = NULL;
	int r, found;

	if (!arguments)
		return host_fail_memory(err);
	json_object_object_add(arguments, "path", json_object_new_string(path));
	json_object_object_add(arguments, "property", json_object_new_string("netdev"));
	r = host_qmp_execute(qmp, "qom-get", arguments, -1, &value, err);
	if (r == -EREMOTEIO || r == -ENODEV)
		return 0;
	if (r < 0)
		return r;
	found = json_object_is_type(value, json_type_string) &&
		strcmp(json_object_get_string(value), netdev) == 0;
	json_object_put(value);
	return found;
}

/* Devices have an id in the first, and a number in the others; the last has what the machine made itself. */
int host_hotplug_find_user(struct host_qmp *qmp, const char *netdev, char id[HOST_PORT_NAME_MAX],
			   struct host_error *err)
{
	static const char *const roots[] = { "/machine/peripheral", "/machine/peripheral-anon",
					     "/machine/unattached" };
	int found = 0;

	for (size_t root = 0; root < DOC_COUNT(roots) && found == 0; root++) {
		struct json_object *devices;
		int r = list_parts(qmp, roots[root], &devices, err);

		if (r < 0)
			return r;
		for (size_t i = 0; i < json_object_array_length(devices) && found == 0; i++) {
			const char *name =
				host_qmp_text(json_object_array_get_idx(devices, i), "name");
			char path[300];

			snprintf(path, sizeof(path), "%s/%s", roots[root], name ? name : "");
			found = name ? has_netdev(qmp, path, netdev, err) : 0;
			if (found > 0)
				snprintf(id, HOST_PORT_NAME_MAX, "%s", root ? "" : name);
		}
		json_object_put(devices);
	}
	return found;
}

struct waiting {
	const char *id;
	bool over, refused;
};

static void see_event(void *data, const char *event, struct json_object *details)
{
	static const char *const refusals[] = { "DEVICE_UNPLUG_GUEST_ERROR",
						"DEVICE_UNPLUG_ERROR" };
	struct waiting *waiting = data;
	struct json_object *id;

	if (!json_object_is_type(details, json_type_object) ||
	    !json_object_object_get_ex(details, "device", &id) ||
	    !json_object_is_type(id, json_type_string) ||
	    strcmp(json_object_get_string(id), waiting->id) != 0)
		return;
	for (size_t i = 0; i < DOC_COUNT(refusals); i++)
		if (strcmp(event, refusals[i]) == 0)
			waiting->over = waiting->refused = true;
	if (strcmp(event, "DEVICE_DELETED") == 0)
		waiting->over = true;
}

static int fail_guest(struct host_qmp *qmp, const char *id, int code, struct host_error *err)
{
	char hint[300];

	snprintf(
		hint, sizeof(hint),
		"the guest has to run, and to support PCI hotplug; then try again: vhostctl detach %s "
		"--qmp %s",
		id, host_qmp_path(qmp));
	return host_fail_status(err, HOST_FAILED, code, hint, "%s: the guest %s the device \"%s\"",
				host_qmp_path(qmp),
				code == -ETIME ? "has not answered the request to give up"
					       : "refuses to give up",
				id);
}

int host_unplug_device(struct host_qmp *qmp, const char *id, struct host_error *err)
{
	struct waiting waiting = { .id = id };
	int r;

	/* an event may come before the answer */
	host_qmp_listen(qmp, see_event, &waiting);
	r = host_qmp_execute_on(qmp, "device_del", "id", id, -1, err);
	/* of a request that was made before, the guest may still think */
	if (r == -EREMOTEIO && strstr(err->text, "in the process of unplug"))
		r = 0;
	if (r == 0)
		r = host_qmp_wait(qmp, &waiting.over, err);
	host_qmp_listen(qmp, NULL, NULL);
	if (r == -ETIME)
		return fail_guest(qmp, id, r, err);
	if (r == 0 && waiting.refused)
		return fail_guest(qmp, id, -EBUSY, err);
	return r < 0 ? r : 1;
}

int host_unplug_netdev(struct host_qmp *qmp, const char *id, struct host_error *err)
{
	int r = host_qmp_execute_on(qmp, "netdev_del", "id", id, -1, err);

	return r < 0 ? r : 1;
}
