/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * methods - what the methods of io.vhostctl do.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "manage.h"

static struct broker_device *find(const struct broker *broker, const char *id)
{
	for (uint32_t i = 0; i < broker->count; i++)
		if (!strcmp(broker->devices[i]->id, id))
			return broker->devices[i];
	return NULL;
}

static int fail_device(struct control_reply *reply, const char *id)
{
	return control_reply_error(reply, CONTROL_ERROR("NoSuchDevice"), "device", id);
}

/* What the library says. */
static int fail(struct control_reply *reply, const struct broker_device *device, int code)
{
	const struct vhc_error *error = vhc_ctx_get_error(device->ctx);

	return control_reply_error(
		reply, code == -EAGAIN ? CONTROL_ERROR("NotReady") : CONTROL_ERROR("Failed"),
		"message", error->code == code ? error->text : strerror(-code));
}

static int reply_tree(struct control_reply *reply, struct json_object *tree)
{
	reply->parameters = tree;
	return tree ? 0 : -ENOMEM;
}

static int list(void *data, const void *parameters, struct control_reply *reply)
{
	return reply_tree(reply, broker_report_list(data));
}

static int status(void *data, const void *parameters, struct control_reply *reply)
{
	const struct control_target *target = parameters;
	const struct broker_device *device = find(data, target->device);

	return device ? reply_tree(reply, broker_report_status(device))
		      : fail_device(reply, target->device);
}

static int dump(void *data, const void *parameters, struct control_reply *reply)
{
	const struct control_target *target = parameters;
	const struct broker_device *device = find(data, target->device);
	struct json_object *state;
	char *text;
	int r;

	if (!device)
		return fail_device(reply, target->device);
	r = vhc_dev_save(device->dev, &text);
	if (r)
		return fail(reply, device, r);
	state = json_tokener_parse(text);
	free(text);
	reply->parameters = json_object_new_object();
	if (reply->parameters && state &&
	    !json_object_object_add(reply->parameters, "state", state))
		return 0;
	json_object_put(state);
	return -ENOMEM;
}

static int set_link(void *data, const void *parameters, struct control_reply *reply)
{
	const struct control_set_link *args = parameters;
	struct broker_device *device = find(data, args->device);
	int r;

	if (!device)
		return fail_device(reply, args->device);
	r = broker_device_set_link(device, args->up);
	if (!r)
		return 0;
	return control_reply_error(reply, CONTROL_ERROR("Failed"), "message",
				   device->session.error.text);
}

static int change(struct broker *broker, const struct control_target *target, bool stop,
		  struct control_reply *reply)
{
	struct broker_device *device = find(broker, target->device);
	int r;

	if (!device)
		return fail_device(reply, target->device);
	r = stop ? broker_device_stop(device) : broker_device_resume(device);
	return r ? fail(reply, device, r) : 0;
}

static int stop(void *data, const void *parameters, struct control_reply *reply)
{
	return change(data, parameters, true, reply);
}

static int resume(void *data, const void *parameters, struct control_reply *reply)
{
	return change(data, parameters, false, reply);
}

static int monitor(void *data, const void *parameters, struct control_reply *reply)
{
	reply->stream = true;
	return 0;
}

control_handler *const broker_handlers[CONTROL_METHODS] = {
	[CONTROL_LIST] = list,	       [CONTROL_STATUS] = status, [CONTROL_DUMP] = dump,
	[CONTROL_SET_LINK] = set_link, [CONTROL_STOP] = stop,	  [CONTROL_RESUME] = resume,
	[CONTROL_MONITOR] = monitor,
};
