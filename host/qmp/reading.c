/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All vhost devices of a running QEMU.  Only its net and vsock devices are asked for anything.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qmp/qmp-line.h"
#include "qmp/virtio.h"

/*
 * "/machine/peripheral/net0/virtio-backend" is the virtio part of the device "net0"; on a bus of its own, as
 * of microvm, the device is not in two parts.
 */
static bool split_path(const char *path, char parent[300], char id[HOST_QEMU_ID])
{
	const char *end = path + strlen(path), *name;
	const size_t suffix = strlen("/virtio-backend");

	if ((size_t)(end - path) > suffix && strcmp(end - suffix, "/virtio-backend") == 0)
		end -= suffix;
	if (end - path >= 300)
		return false;
	snprintf(parent, 300, "%.*s", (int)(end - path), path);
	name = strrchr(parent, '/');
	if (!name || strlen(name + 1) >= HOST_QEMU_ID)
		return false;
	snprintf(id, HOST_QEMU_ID, "%s", name + 1);
	return true;
}

static bool find_kind(const char *name, struct host_asked *asked)
{
	if (name && strcmp(name, "virtio-net") == 0)
		asked->type = VHC_TYPE_NET;
	else if (name && strcmp(name, "vhost-vsock") == 0)
		asked->type = VHC_TYPE_VSOCK;
	else
		return false;
	asked->device->look.kind = asked->type == VHC_TYPE_NET ? LOOK_NET : LOOK_VSOCK;
	return true;
}

void host_qemu_clear(struct host_qemu_reading *reading)
{
	for (size_t i = 0; i < reading->count; i++)
		look_free_device(&reading->devices[i].look);
	free(reading->devices);
	*reading = (struct host_qemu_reading){ NULL, 0, 0 };
}

/* One of the list of x-query-virtio.  Without an id, what is not vhost's is passed over. */
static int take(struct host_asked *asked, struct json_object *item, const char *id,
		struct host_qemu_reading *reading)
{
	const char *path = host_qmp_text(item, "path");
	int r;

	asked->device = &reading->devices[reading->count];
	*asked->device = (struct host_qemu_device){ .look = { .owned = true } };
	asked->path = path;
	if (!path || !find_kind(host_qmp_text(item, "name"), asked) ||
	    !split_path(path, asked->parent, asked->device->id) ||
	    (id && strcmp(asked->device->id, id) != 0))
		return 0;
	reading->count++;
	r = host_asked_read(asked);
	if (r == -ENOTSUP && !id && asked->err->status == HOST_LACKS) {
		look_free_device(&asked->device->look);
		reading->count--;
		return 0;
	}
	return r;
}

static int fail_none(const struct host_qmp *qmp, const char *id, struct host_error *err)
{
	if (id)
		return host_fail_status(
			err, HOST_FAILED, -ENODEV, "name it by the \"id\" of its -device option",
			"%s: QEMU has no net or vsock device \"%s\"", host_qmp_path(qmp), id);
	return host_fail_status(err, HOST_FAILED, -ENODEV, NULL,
				"%s: QEMU has no net or vsock device that vhost runs",
				host_qmp_path(qmp));
}

static int read_all(struct host_asked *asked, const char *id, struct host_qemu_reading *ret)
{
	struct json_object *list;
	int r = host_qmp_execute(asked->qmp, "x-query-virtio", NULL, -1, &list, asked->err);
	size_t count;

	if (r < 0)
		return r;
	count = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
	ret->devices = calloc(count + 1, sizeof(*ret->devices));
	if (!ret->devices)
		r = host_fail_memory(asked->err);
	for (size_t i = 0; i < count && r == 0; i++)
		r = take(asked, json_object_array_get_idx(list, i), id, ret);
	json_object_put(list);
	if (r == 0 && !ret->count)
		r = fail_none(asked->qmp, id, asked->err);
	return r;
}

static int read_memory(struct host_qmp *qmp, uint64_t *ret, struct host_error *err)
{
	struct host_answer answer = { qmp, "query-memory-size-summary", NULL, err };
	uint64_t plugged = 0;
	int r = host_qmp_execute(qmp, answer.command, NULL, -1, &answer.object, err);

	if (r == -EREMOTEIO || r == -ENOTTY)
		return 0;
	if (r == 0)
		r = host_answer_number(&answer, "base-memory", INT64_MAX, ret);
	if (r == 0 && host_answer_has(&answer, "plugged-memory"))
		r = host_answer_number(&answer, "plugged-memory", INT64_MAX, &plugged);
	*ret += plugged;
	json_object_put(answer.object);
	return r;
}

/*
 * To vhost a virtio-mem device is as large as it may become, and the shared memory of an ivshmem device is the guest's,
 * too: all that has a back end may be in its table.
 */
static int read_memory_max(struct host_qmp *qmp, uint64_t memory, uint64_t *ret,
			   struct host_error *err)
{
	struct host_answer answer = { qmp, "query-memdev", NULL, err };
	struct json_object *list;
	uint64_t sum = 0, size;
	int r = host_qmp_execute(qmp, answer.command, NULL, -1, &list, err);

	*ret = memory;
	if (r < 0)
		return r == -EREMOTEIO || r == -ENOTTY ? 0 : r;
	if (!json_object_is_type(list, json_type_array))
		r = host_answer_fail(&answer, "return");
	for (size_t i = 0; r == 0 && i < json_object_array_length(list); i++) {
		answer.object = json_object_array_get_idx(list, i);
		r = host_answer_number(&answer, "size", INT64_MAX - sum, &size);
		sum += r == 0 ? size : 0;
	}
	if (sum > memory)
		*ret = sum;
	json_object_put(list);
	return r;
}

/*
 * From 11 on, QEMU aborts when it is asked for the status of a virtio device, and the guest is lost: 11.1.3
 * leaves a part of the answer empty that its own rules require.  Before 7.2 it has no such command.
 */
static int check_version(struct host_qmp *qmp, struct host_error *err)
{
	struct json_object *answer;
	struct host_answer version, number;
	uint64_t major = 0, minor = 0;
	int r = host_qmp_execute(qmp, "query-version", NULL, -1, &answer, err);

	if (r < 0)
		return r;
	version = (struct host_answer){ qmp, "query-version", answer, err };
	r = host_answer_object(&version, "qemu", &number);
	if (r == 0)
		r = host_answer_number(&number, "major", 10000, &major);
	if (r == 0)
		r = host_answer_number(&number, "minor", 10000, &minor);
	json_object_put(answer);
	if (r < 0 || (major < 11 && (major > 7 || (major == 7 && minor >= 2))))
		return r;
	return host_fail_status(
		err, HOST_LACKS, -ENOTSUP, "read the kernel instead: vhostctl dump PID",
		major < 11 ? "%s: QEMU %u.%u cannot tell: it has to be 7.2 or newer"
			   : "%s: QEMU %u.%u is not asked: since 11, QEMU may abort when it "
			     "shows a virtio device",
		host_qmp_path(qmp), (unsigned int)major, (unsigned int)minor);
}

int host_look_qemu(const char *id, const struct host_options *options,
		   struct host_qemu_reading *ret, struct host_error *err)
{
	struct host_qemu_reading reading = { .count = 0 };
	struct host_asked asked = { .ctx = options->ctx, .err = err };
	int r = host_qmp_open(options->qmp, options->seconds, &asked.qmp, err);

	if (r < 0)
		return r;
	r = check_version(asked.qmp, err);
	if (r == 0)
		r = read_all(&asked, id, &reading);
	if (r == 0)
		r = read_memory(asked.qmp, &reading.memory, err);
	if (r == 0)
		r = read_memory_max(asked.qmp, reading.memory, &reading.memory_max, err);
	host_qmp_close(asked.qmp);
	if (r < 0)
		host_qemu_clear(&reading);
	else
		*ret = reading;
	return r;
}
