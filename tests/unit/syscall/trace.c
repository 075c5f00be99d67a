/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * trace - each operation becomes a line with its name, arguments and result, and answers as without it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/kvm.h>
#include <linux/vhost.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ctx.h"
#include "fake.h"
#include "syscall/uapi.h"

struct seen {
	struct fake *fake;
	struct vhc_ctx *ctx;
	unsigned int lines;
	char last[2048];
};

static void keep_line(void *data, enum vhc_level level, const char *line)
{
	struct seen *seen = data;

	assert_int_equal(level, VHC_LEVEL_TRACE);
	seen->lines++;
	snprintf(seen->last, sizeof(seen->last), "%s", line);
}

static int begin(void **state)
{
	static struct seen seen;

	memset(&seen, 0, sizeof(seen));
	seen.fake = fake_new("7.2");
	if (vhi_ctx_new_sys(&fake_sys, seen.fake, &seen.ctx))
		return -1;
	vhc_ctx_set_log(seen.ctx, VHC_LEVEL_TRACE, keep_line, &seen);
	*state = &seen;
	return 0;
}

static int end(void **state)
{
	struct seen *seen = *state;

	vhc_ctx_free(seen->ctx);
	fake_free(seen->fake);
	return 0;
}

/* --------------------------------------------------------------------------- every one of the table */

static const int none = -1;
static char text[64];
static uint64_t word;
static struct vhi_file file;
static struct vhi_link one_link;
static struct pollfd polled = { .fd = -1 };
static void *at;

#define OPERATION(name, ...)                               \
	static void call_##name(const struct vhi_sys *sys) \
	{                                                  \
		sys->ops->name(sys->data, ##__VA_ARGS__);  \
	}

OPERATION(open, "/dev/null", O_RDWR)
OPERATION(close, none)
OPERATION(dup, none)
OPERATION(ioctl, none, VHOST_SET_OWNER, NULL)
OPERATION(eventfd)
OPERATION(signal, none)
OPERATION(drain, none, &word)
OPERATION(write, none, text, 1)
OPERATION(read_fd, none, text, 1)
OPERATION(poll, &polled, 1)
OPERATION(epoll)
OPERATION(epoll_add, none, none)
OPERATION(epoll_del, none, none)
OPERATION(name, none, text, sizeof(text))
OPERATION(same, none, none)
OPERATION(stat, none, &file)
OPERATION(read, "/no/such/file", text, sizeof(text))
OPERATION(mapped, 4096, 1)
OPERATION(peek, 4096, text, 1)
OPERATION(map, none, 0, 4096, &at)
OPERATION(unmap, at, 4096)
OPERATION(map_blocks, none, 0, 4096, &at)
OPERATION(unmap_blocks, at, 4096)
OPERATION(socket)
OPERATION(link_get, "no", &one_link)
OPERATION(link_delete, 77)
OPERATION(link_watch, "no")
OPERATION(open_in_new_netns, "/dev/null", O_RDWR)
OPERATION(user)
OPERATION(release, text, sizeof(text))
OPERATION(pid)
OPERATION(tid)
OPERATION(tasks, "vhost-", true, NULL, 0)
OPERATION(set_cpus, 1, &word, 1)
OPERATION(set_sched, 1, 0, 0)

#define ROW(name)                  \
	{                          \
#name, call_##name \
	}

static const struct {
	const char *name;
	void (*call)(const struct vhi_sys *sys);
} rows[] = {
	ROW(open),
	ROW(close),
	ROW(dup),
	ROW(ioctl),
	ROW(eventfd),
	ROW(signal),
	ROW(drain),
	ROW(write),
	ROW(read_fd),
	ROW(poll),
	ROW(epoll),
	ROW(epoll_add),
	ROW(epoll_del),
	ROW(name),
	ROW(same),
	ROW(stat),
	ROW(read),
	ROW(mapped),
	ROW(peek),
	ROW(map),
	ROW(unmap),
	ROW(map_blocks),
	ROW(unmap_blocks),
	ROW(socket),
	ROW(link_get),
	ROW(link_delete),
	ROW(link_watch),
	ROW(user),
	ROW(release),
	ROW(pid),
	ROW(tid),
	ROW(tasks),
	ROW(set_cpus),
	ROW(set_sched),
	ROW(open_in_new_netns),
};

static void each_operation_is_a_line_with_its_name(void **state)
{
	struct seen *seen = *state;

	/* one that is new to the table has no row here yet */
	assert_int_equal(sizeof(rows) / sizeof(rows[0]),
			 sizeof(struct vhi_sys_ops) / sizeof(void (*)(void)));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = strlen(rows[i].name);

		seen->lines = 0;
		rows[i].call(&seen->ctx->sys);
		assert_int_equal(seen->lines, 1);
		if (strncmp(seen->last, rows[i].name, len) != 0 || seen->last[len] != '(' ||
		    !strstr(seen->last, ") = "))
			fail_msg("%s: %s", rows[i].name, seen->last);
	}
}

/* ---------------------------------------------------------------------------------------- decoding */

static void arguments_and_results_are_decoded(void **state)
{
	struct seen *seen = *state;
	const struct vhi_sys *sys = &seen->ctx->sys;
	int vhost = vhi_sys_open(sys, "/dev/vhost-net", O_RDWR | O_NONBLOCK);
	int event = vhi_sys_eventfd(sys);
	struct vhost_vring_state size = { 1, 256 };
	struct vhost_vring_file call = { 1, event };
	struct vhost_memory table = { 0 };
	struct vhi_uapi_iotlb_msg message = { .version = VHOST_IOTLB_MSG_V2,
					      .iova = 0x1000,
					      .size = 0x2000,
					      .uaddr = 0x3000,
					      .perm = VHOST_ACCESS_RW,
					      .type = VHOST_IOTLB_UPDATE };
	struct ifreq tap = { .ifr_flags = (short)(IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE) };
	const struct {
		unsigned long request;
		void *arg;
		const char *line;
	} cases[] = {
		{ VHOST_SET_VRING_NUM, &size,
		  "VHOST_SET_VRING_NUM, {ring 1, 256}) = -1 Operation not permitted (EPERM)" },
		{ VHOST_SET_OWNER, NULL, "VHOST_SET_OWNER) = 0" },
		{ VHOST_SET_VRING_NUM, &size, "VHOST_SET_VRING_NUM, {ring 1, 256}) = 0" },
		{ VHOST_SET_VRING_CALL, &call,
		  "VHOST_SET_VRING_CALL, {ring 1, 1001<eventfd>}) = 0" },
		{ VHOST_SET_MEM_TABLE, &table, "VHOST_SET_MEM_TABLE, {0 regions}) = 0" },
		{ TUNSETIFF, &tap,
		  "TUNSETIFF, {\"\", IFF_TAP|IFF_NO_PI|IFF_MULTI_QUEUE}) = -1 "
		  "Inappropriate ioctl for device (ENOTTY)" },
		{ 0x1234, NULL, "0x1234) = -1 Bad address (EFAULT)" },
	};
	char line[300];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		vhi_sys_ioctl(sys, vhost, cases[i].request, cases[i].arg);
		snprintf(line, sizeof(line), "ioctl(1000</dev/vhost-net>, %s", cases[i].line);
		assert_string_equal(seen->last, line);
	}
	vhi_sys_write(sys, vhost, &message, sizeof(message));
	assert_non_null(strstr(seen->last,
			       "write(1000</dev/vhost-net>, {VHOST_IOTLB_UPDATE, iova 0x1000, "
			       "0x2000 bytes, user 0x3000, access 3}) = "));
	vhi_sys_close(sys, &event);
	assert_string_equal(seen->last, "close(1001<eventfd>) = 0");
	vhi_sys_close(sys, &vhost);
	assert_string_equal(seen->last, "close(1000</dev/vhost-net>) = 0");
	vhost = vhi_sys_open(sys, "/no", O_RDONLY);
	assert_string_equal(seen->last,
			    "open(\"/no\", O_RDONLY) = -1 No such file or directory (ENOENT)");
}

/* What answers is the kernel, not what was there before the call: a failed one shows nothing. */
static void answers_are_shown_unless_the_call_failed(void **state)
{
	struct seen *seen = *state;
	const struct vhi_sys *sys = &seen->ctx->sys;
	int vhost = vhi_sys_open(sys, "/dev/vhost-net", O_RDWR);
	uint64_t features = 0;
	char line[100];

	vhi_sys_ioctl(sys, vhost, VHOST_GET_FEATURES, &features);
	assert_true(features != 0);
	snprintf(line, sizeof(line), "ioctl(1000</dev/vhost-net>, VHOST_GET_FEATURES, 0x%llx) = 0",
		 (unsigned long long)features);
	assert_string_equal(seen->last, line);
	fake_fail(seen->fake, "VHOST_GET_FEATURES", 1, EFAULT);
	vhi_sys_ioctl(sys, vhost, VHOST_GET_FEATURES, &features);
	assert_string_equal(seen->last, "ioctl(1000</dev/vhost-net>, VHOST_GET_FEATURES) = -1 "
					"Bad address (EFAULT)");
	vhi_sys_close(sys, &vhost);
}

/* A table of many regions is cut, as is what else is long. */
static void a_long_line_is_cut(void **state)
{
	struct vhost_memory *table =
		calloc(1, sizeof(*table) + 64 * sizeof(struct vhost_memory_region));
	struct seen *seen = *state;

	assert_non_null(table);
	table->nregions = 64;
	vhi_sys_ioctl(&seen->ctx->sys, -1, VHOST_SET_MEM_TABLE, table);
	free(table);
	assert_non_null(
		strstr(seen->last, "ioctl(-1, VHOST_SET_MEM_TABLE, {64 regions, {guest 0x0"));
	assert_non_null(strstr(seen->last, "...) = -1 Bad file descriptor (EBADF)"));
}

static void without_the_level_the_kernel_is_called_directly(void **state)
{
	struct seen *seen = *state;

	vhc_ctx_set_log(seen->ctx, VHC_LEVEL_DEBUG, keep_line, seen);
	assert_ptr_equal(seen->ctx->sys.ops, &fake_sys);
	vhi_sys_pid(&seen->ctx->sys);
	vhc_ctx_set_log(seen->ctx, VHC_LEVEL_TRACE, NULL, NULL);
	assert_ptr_equal(seen->ctx->sys.ops, &fake_sys);
	assert_int_equal(seen->lines, 0);
}

/* As in a process that a seccomp filter confines, whose kernel logs each call that is refused. */
static void names_that_may_not_be_read_are_asked_for_once(void **state)
{
	struct seen *seen = *state;
	const struct vhi_sys *sys = &seen->ctx->sys;
	int vhost = vhi_sys_open(sys, "/dev/vhost-net", O_RDWR), event = vhi_sys_eventfd(sys);
	int memory = fake_memfd(seen->fake, 0x1000, 0);
	uint32_t before;

	fake_fail(seen->fake, "name", 1, EPERM);
	vhi_sys_ioctl(sys, vhost, VHOST_SET_OWNER, NULL);
	assert_string_equal(seen->last, "ioctl(1000</dev/vhost-net>, VHOST_SET_OWNER) = 0");
	before = fake_count(seen->fake, "name");
	vhi_sys_dup(sys, memory);
	assert_string_equal(seen->last, "dup(1002<file>) = 1003");
	vhi_sys_close(sys, &event);
	assert_string_equal(seen->last, "close(1001<anon_inode>) = 0");
	vhi_sys_close(sys, &vhost);
	assert_int_equal(fake_count(seen->fake, "name"), before);
}

/* The caller's function is called by one thread at a time: fds are then not closed in parallel. */
static void fds_that_are_closed_together_are_lines_in_order(void **state)
{
	struct seen *seen = *state;
	const struct vhi_sys *sys = &seen->ctx->sys;
	int fds[3];

	for (int i = 0; i < 3; i++)
		fds[i] = vhi_sys_eventfd(sys);
	seen->lines = 0;
	vhi_sys_close_all(sys, fds, 3);
	assert_int_equal(seen->lines, 3);
	assert_string_equal(seen->last, "close(1002<eventfd>) = 0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_operation_is_a_line_with_its_name, begin, end),
		cmocka_unit_test_setup_teardown(arguments_and_results_are_decoded, begin, end),
		cmocka_unit_test_setup_teardown(answers_are_shown_unless_the_call_failed, begin,
						end),
		cmocka_unit_test_setup_teardown(a_long_line_is_cut, begin, end),
		cmocka_unit_test_setup_teardown(without_the_level_the_kernel_is_called_directly,
						begin, end),
		cmocka_unit_test_setup_teardown(names_that_may_not_be_read_are_asked_for_once,
						begin, end),
		cmocka_unit_test_setup_teardown(fds_that_are_closed_together_are_lines_in_order,
						begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
