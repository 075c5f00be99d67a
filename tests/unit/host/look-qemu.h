/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the tests of reading a running QEMU share: what real ones answered is in qemu/.
 */
#ifndef LOOK_QEMU_H
#define LOOK_QEMU_H

#include "fake-qemu.h"
#include "host_test.h"

static struct vhc_ctx *ctx;

#define BIT(bit) (UINT64_C(1) << (bit))

static inline struct json_object *recorded(const char *name)
{
	char path[400];
	struct json_object *list;

	snprintf(path, sizeof(path), RECORDED "/%s.json", name);
	list = json_object_from_file(path);
	if (!list)
		fail_msg("%s: %s", path, json_util_get_last_err());
	return list;
}

/* @answers: put by the call; NULL: the fake's own. */
static inline int look_at(struct fake_qemu *qemu, struct json_object *answers, const char *id,
			  struct host_qemu_reading *ret, struct host_error *err)
{
	struct host_options options = { .ctx = ctx,
					.qmp = qemu->path,
					.seconds = fake_qemu_patience(qemu) };
	int r;

	*ret = (struct host_qemu_reading){ NULL, 0, 0 };
	*err = (struct host_error){ 0 };
	qemu->recorded = answers;
	fake_qemu_start(qemu);
	r = host_look_qemu(id, &options, ret, err);
	fake_qemu_stop(qemu);
	json_object_put(answers);
	return r;
}

/* The device "net0" of a recorded QEMU. */
static inline struct host_qemu_device *net0(const char *name, struct host_qemu_reading *reading)
{
	struct fake_qemu qemu = { 0 };
	struct host_error err;

	if (look_at(&qemu, recorded(name), "net0", reading, &err))
		fail_msg("%s: %s", name, err.text);
	assert_int_equal(reading->count, 1);
	assert_string_equal(reading->devices[0].id, "net0");
	return &reading->devices[0];
}

static inline void expect_fail(struct json_object *answers, const char *id, int code,
			       enum host_status status, const char *words)
{
	struct fake_qemu qemu = { 0 };
	struct host_qemu_reading reading;
	struct host_error err;
	int r = look_at(&qemu, answers, id, &reading, &err);

	if (r != code || err.status != status || !strstr(err.text, words) ||
	    !strstr(err.text, qemu.path) || reading.devices)
		fail_msg("%d (not %d), status %d: %s", r, code, err.status, err.text);
}

/* What the recorded QEMU returns for this command. */
static inline struct json_object *returned(struct json_object *answers, const char *command)
{
	for (size_t i = 0; i < json_object_array_length(answers); i++) {
		struct json_object *item = json_object_array_get_idx(answers, i);

		if (strcmp(json_object_get_string(json_object_object_get(item, "execute")),
			   command) == 0)
			return json_object_object_get(item, "return");
	}
	fail_msg("%s is not recorded", command);
	return NULL;
}

static inline int run_look(const struct CMUnitTest *tests, size_t count)
{
	int r;

	if (vhc_ctx_new(&ctx))
		return 1;
	r = _cmocka_run_group_tests("look-qemu", tests, count, NULL, NULL);
	vhc_ctx_free(ctx);
	return r;
}

#endif
