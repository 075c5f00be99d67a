/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices that stay with this process, which serves them to launchers.
 */
#include <errno.h>
#include <stdio.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "errname.h"
#include "kind.h"
#include "ops/plan.h"
#include "process/handover.h"
#include "process/keeper.h"

int host_setup_check_served(const struct host_setup *setup, struct host_error *err)
{
	for (size_t i = 0; i < setup->devices.count; i++)
		if (!host_is_served(host_device(setup, i)))
			return host_fail_status(
				err, HOST_DOCUMENT, -EINVAL,
				"set it to \"vhost-user\", with a \"path\" in \"socket\"",
				"device \"%s\" cannot be served: its \"attach\" is not \"vhost-user\"",
				host_device(setup, i)->id);
	return 0;
}

const char *host_setup_get_socket(const struct host_setup *setup, const char *id)
{
	for (size_t i = 0; i < setup->devices.count; i++)
		if (strcmp(host_device(setup, i)->id, id) == 0)
			return host_device(setup, i)->socket.path;
	return NULL;
}

struct host_serving {
	struct host_plan plan;
	struct host_run *run;
	uint32_t (*ids)[2];		/* of each socket: owner, group */
	char control[HOST_CONTROL_MAX]; /* its own socket; "": it has none */
	struct host_keeper keeper;
};

/* Before anything is set up: they may not exist. */
static int find_ids(struct host_serving *serving, const struct host_setup *setup,
		    struct host_error *err)
{
	int r = 0;

	serving->ids = calloc(setup->devices.count, sizeof(*serving->ids));
	if (!serving->ids)
		return host_fail_memory(err);
	for (size_t i = 0; i < setup->devices.count && r == 0; i++) {
		const struct host_socket *socket = &host_device(setup, i)->socket;

		serving->ids[i][0] = serving->ids[i][1] = HOST_NOBODY;
		if (socket->owner)
			r = host_uid_find(socket->owner, &serving->ids[i][0], err);
		if (r == 0 && socket->group)
			r = host_group_find(socket->group, &serving->ids[i][1], err);
	}
	return r;
}

/* Without one it serves all the same. */
static void find_control(struct host_serving *serving, const struct host_setup *setup,
			 const struct host_options *options)
{
	char number[DOC_ERRNO_MAX], line[200];
	int r = host_control_path(setup, serving->control);

	if (r == 0)
		return;
	serving->control[0] = '\0';
	snprintf(line, sizeof(line), "it has no control socket: %s",
		 r == -ENOENT ? "XDG_RUNTIME_DIR is not set" : doc_errno(number, r));
	if (options->say)
		options->say(options->data, line);
}

const char *host_serve_control(const struct host_serving *serving)
{
	return serving->control[0] ? serving->control : NULL;
}

static void free_serving(struct host_serving *serving)
{
	host_plan_clear(&serving->plan);
	free(serving->ids);
	free(serving);
}

/* Its socket is not this process's. */
static bool is_passed(const struct host_options *options, const char *id)
{
	for (size_t i = 0; options->passed && options->passed[i]; i++)
		if (strcmp(options->passed[i], id) == 0)
			return true;
	return false;
}

/* Its process listens no more: if one does, it is another's by now.  Whoever owns it. */
static void remove_socket(const struct host_options *options, const char *id, const char *path)
{
	struct host_served socket = { .id = id, .path = path };
	struct host_error unused;
	struct stat st;

	if (lstat(socket.path, &st) < 0)
		return;
	socket.owner = st.st_uid;
	options->remove_socket(options->data, &socket, &unused);
}

/* In the keeper: the first @sockets devices that are served have one, and after the last this process has its own. */
static int undo(void *data, uint32_t sockets, struct host_error *err)
{
	struct host_serving *serving = data;
	const struct host_setup *setup = serving->plan.setup;
	uint32_t served = 0;

	for (uint32_t i = 0; i < setup->devices.count; i++) {
		const struct host_device *device = host_device(setup, i);

		if (!host_is_served(device))
			continue;
		served++;
		if (served <= sockets && !is_passed(serving->plan.options, device->id))
			remove_socket(serving->plan.options, device->id, device->socket.path);
	}
	if (sockets > served)
		remove_socket(serving->plan.options, "control socket", serving->control);
	if (sockets >= served) /* it did serve */
		host_end_links(serving->run);
	return host_run_undo(serving->run, err);
}

/*
 * Nothing but namespaces, and the lock of the broker's record: if the first process is killed while this one undoes, no
 * other begins before all is undone.  The other records are locked while the first process lives.
 */
static void keep_little(struct host_serving *serving)
{
	struct host_run *run = serving->run;
	size_t count = serving->plan.setup->devices.count;
	int keep[HOST_MAX_DEVICES + 2] = { serving->keeper.fd, run->record_lock };

	host_close_devices(run);
	memcpy(keep + 2, run->netns, count * sizeof(*keep));
	host_close_others(keep, count + 2);
	for (size_t i = 0; i < count; i++)
		run->devices[i].record_lock = -1;
	sigfillset(&run->signals.before); /* it stays deaf to the end */
}

/* Which this process cannot use any more. */
static void close_namespaces(struct host_run *run)
{
	for (size_t i = 0; i < run->plan->setup->devices.count; i++) {
		if (run->netns[i] >= 0)
			close(run->netns[i]);
		run->netns[i] = -1;
	}
}

static int start_keeper(struct host_serving *serving, struct host_error *err)
{
	int r = host_keeper_start(&serving->keeper, err);

	if (r < 0)
		return r;
	if (serving->keeper.here) {
		keep_little(serving);
		host_keeper_run(&serving->keeper, undo, serving);
	}
	close_namespaces(serving->run);
	return 0;
}

int host_serve_begin(const struct host_setup *setup, const struct host_options *options,
		     struct host_serving **ret, struct host_error *err)
{
	struct host_serving *serving = calloc(1, sizeof(*serving));
	struct host_error unused;
	int r = serving ? find_ids(serving, setup, err) : host_fail_memory(err);

	if (r == 0)
		r = host_plan_make(setup, options, &serving->plan, err);
	if (r == 0)
		r = host_run_apply(&serving->plan, HOST_OP_COUNT, &serving->run, err);
	if (r == 0) {
		find_control(serving, setup, options);
		r = start_keeper(serving, err);
		if (r < 0)
			host_run_undo(serving->run, &unused);
	}
	if (r < 0) {
		if (serving)
			free_serving(serving);
		return r;
	}
	*ret = serving;
	return 0;
}

bool host_serve_get(const struct host_serving *serving, size_t n, struct host_served *ret)
{
	const struct host_setup *setup = serving->plan.setup;
	const struct host_device *device;
	size_t i = 0;

	/* the n-th of those that are served */
	while (i < setup->devices.count && (!host_is_served(host_device(setup, i)) || n--))
		i++;
	if (i == setup->devices.count)
		return false;
	device = host_device(setup, i);
	*ret = (struct host_served){
		.id = device->id,
		.type = host_kind_of(device)->type,
		.dev = serving->run->devices[i].vhost,
		.tap = serving->run->devices[i].tap,
		.queue_pairs = host_kind_of(device)->tap ? (uint32_t)device->queue_pairs : 1,
		.mask = device->mask,
		.require = device->require,
		.mtu = (uint16_t)device->tap.mtu,
		.iommu = device->iommu,
		.cid = serving->run->devices[i].cid,
		.busyloop_us = (uint32_t)device->busyloop_us,
		.path = device->socket.path,
		.owner = serving->ids[i][0],
		.group = serving->ids[i][1],
		.mode = host_socket_mode(&device->socket),
	};
	if (device->tap.mac)
		doc_mac_parse(device->tap.mac, ret->mac);
	return true;
}

int host_serve_report(const struct host_serving *serving, struct json_object **ret,
		      struct host_error *err)
{
	int r = host_number_fds(serving->run, err);

	if (r < 0)
		return r;
	*ret = host_run_report(serving->run, "setup");
	return *ret ? 0 : host_fail_memory(err);
}

int host_serve_signals(const struct host_serving *serving)
{
	sigset_t set = serving->run->signals.held;
	int fd;

	sigdelset(&set, SIGPIPE);
	sigdelset(&set, SIGXFSZ);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

/* The signal that ended it has done its work. */
int host_serve_end(struct host_serving *serving, uint32_t sockets, struct host_error *err)
{
	int r;

	while (host_signals_take(&serving->run->signals))
		;
	host_close_devices(serving->run);
	r = host_keeper_end(&serving->keeper, sockets, err);
	host_run_free(serving->run);
	free_serving(serving);
	return r;
}
