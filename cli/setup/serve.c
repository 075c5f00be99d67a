/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 'vhostctl serve': devices for launchers that speak vhost-user, until a signal comes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "program/cli.h"
#include "setup/serve.h"
#include "broker.h"

/* Where messages go. */
struct teller {
	struct cli_call *call;
	int log; /* the log of the system, once it is in the background; or -1 */
};

static void say(void *data, enum vhc_level level, const char *line)
{
	const struct teller *teller = data;

	if (teller->log >= 0 && level <= VHC_LEVEL_INFO)
		cli_tell_log(teller->log, level <= VHC_LEVEL_WARNING, line);
	else if (level <= VHC_LEVEL_WARNING)
		cli_warn(teller->call, "%s", line);
	else if (teller->call->verbose > (level > VHC_LEVEL_INFO))
		cli_log(teller->call, level, line);
}

static void warn(void *data, const char *line)
{
	cli_warn(data, "%s", line);
}

static int fail_library(const struct cli_call *call, const char *id, int code)
{
	const struct vhc_error *error = vhc_ctx_get_error(call->ctx);

	if (error->code == code)
		return cli_fail_library(call);
	return cli_fail(CLI_FAILED, NULL, "%s: %s", id, strerror(-code));
}

int cli_remove_socket(void *data, const struct host_served *served, struct host_error *err)
{
	const struct broker_socket socket = { .path = served->path, .owner = served->owner };
	char text[BROKER_TEXT_MAX];
	int r = broker_remove_socket(&socket, text);

	if (r >= 0)
		return r;
	*err = (struct host_error){ .status = HOST_FAILED };
	snprintf(err->text, sizeof(err->text), "%s: %s", served->id, text);
	return r;
}

static const char *hint_of(int code)
{
	switch (code) {
	case -EADDRINUSE:
		return "end that process, or choose another \"path\"";
	case -EEXIST:
	case -EPERM:
		return "remove it, or choose another \"path\"";
	case -ENOENT:
		return "make its folder first, or choose another \"path\"";
	case -EACCES:
		return "choose a \"path\" in a folder that this user may write to";
	default:
		return NULL;
	}
}

/* One that is not there already. */
static int listen_at(const struct cli_call *call, const struct host_served *served, int *ret)
{
	const struct broker_socket socket = { served->path, served->owner, served->group,
					      served->mode };
	char text[BROKER_TEXT_MAX];
	int r = broker_listen(&socket, ret, text);

	if (r < 0)
		return cli_fail(CLI_FAILED, hint_of(r), "%s: %s", served->id, text);
	if (r > 0)
		cli_warn(call, "%s: %s", served->id, text);
	return CLI_YES;
}

static int add_device(const struct cli_call *call, struct broker *broker, uint32_t index,
		      const struct host_served *served)
{
	char text[BROKER_TEXT_MAX];
	const char *hint;
	struct broker_args args = {
		.id = served->id,
		.type = served->type,
		.dev = served->dev,
		.tap = served->tap,
		.pairs = served->queue_pairs,
		.mask = served->mask,
		.mtu = served->mtu,
		.iommu = served->iommu,
		.cid = served->cid,
		.busyloop = served->busyloop_us,
	};
	int r;

	memcpy(args.mac, served->mac, sizeof(args.mac));
	r = broker_add(broker, &args);
	if (r)
		return fail_library(call, served->id, r);
	if (broker_require(broker, index, &served->require, text, &hint))
		return cli_fail(CLI_LACKS, hint, "%s", text);
	return CLI_YES;
}

/* Before a launcher can connect to the first, it is known that all can be served. */
static int add_devices(const struct cli_call *call, struct broker *broker,
		       const struct host_serving *serving)
{
	struct host_served served;
	int status = CLI_YES;

	for (uint32_t i = 0; !status && host_serve_get(serving, i, &served); i++)
		status = add_device(call, broker, i, &served);
	return status;
}

static int open_device(const struct cli_call *call, const struct cli_sockets *sockets,
		       struct broker *broker, uint32_t index, const struct host_served *served)
{
	int fd = cli_find_socket(sockets, served->id), r;
	bool passed = fd >= 0;
	int status = passed ? CLI_YES : listen_at(call, served, &fd);

	if (status)
		return status;
	r = broker_open(broker, index, fd);
	if (!r)
		return CLI_YES;
	if (!passed) {
		close(fd);
		unlink(served->path);
	}
	return fail_library(call, served->id, r);
}

/* The name of the config is the broker's: there is one of it. */
static int add_control(struct broker *broker, const char *path)
{
	const struct broker_socket socket = { path, UINT32_MAX, UINT32_MAX, 0600 };
	char text[BROKER_TEXT_MAX];
	int fd, r = broker_listen(&socket, &fd, text);

	if (r < 0)
		return cli_fail(CLI_FAILED,
				r == -EADDRINUSE ? "a broker of this name runs: give it another "
						   "\"name\", or end that one"
						 : NULL,
				"control socket: %s", text);
	r = broker_add_control(broker, fd);
	if (!r)
		return CLI_YES;
	unlink(path);
	close(fd);
	return cli_fail(CLI_FAILED, NULL, "control socket: %s", strerror(-r));
}

/* What a front-end that takes this process over would have. */
static int confine(const struct cli_call *call, const struct broker_options *options)
{
	struct host_error error;
	int r;

	if (host_drop_privileges(&error) < 0)
		return cli_fail_host(call->argv[0], &error);
	r = broker_confine(options);
	return r ? cli_fail(CLI_FAILED, NULL, "cannot set no_new_privs: %s", strerror(-r))
		 : CLI_YES;
}

static int say_ready(struct teller *teller, const struct cli_serving *how,
		     const struct host_serving *serving, int log)
{
	struct host_error error = { 0 };
	struct json_object *report;

	if (!how->ready)
		return CLI_YES;
	if (host_serve_report(serving, &report, &error))
		return cli_fail_host(teller->call->argv[0], &error);
	if (how->background)
		teller->log = log;
	return how->ready(how->data, report);
}

static int run_broker(struct teller *teller, const struct cli_serving *how,
		      const struct broker_options *options, const struct host_serving *serving,
		      struct broker *broker, int until)
{
	int systemd = cli_tell_systemd(), log = how->background ? cli_tell_syslog() : -1, status, r;

	if (how->settle)
		how->settle(how->data);
	status = confine(teller->call, options);
	if (!status)
		status = say_ready(teller, how, serving, log);
	if (!status) {
		cli_tell(systemd, "READY=1");
		r = broker_run(broker, until);
		cli_tell(systemd, "STOPPING=1");
		status = r ? cli_fail(CLI_FAILED, NULL, "epoll_wait: %s", strerror(-r)) : CLI_YES;
	}
	if (systemd >= 0)
		close(systemd);
	return status;
}

/* Until a signal comes.  @ret_sockets: how many were made, the control socket last. */
static int serve(struct teller *teller, const struct cli_serving *how,
		 const struct broker_options *options, const struct host_serving *serving,
		 struct broker *broker, size_t *ret_sockets)
{
	struct host_served served;
	const char *control = host_serve_control(serving);
	int status, until = host_serve_signals(serving);

	if (until < 0)
		return cli_fail(CLI_FAILED, NULL, "signalfd: %s", strerror(-until));
	status = add_devices(teller->call, broker, serving);
	while (!status && host_serve_get(serving, *ret_sockets, &served)) {
		status = open_device(teller->call, how->sockets, broker, (uint32_t)*ret_sockets,
				     &served);
		*ret_sockets += status == CLI_YES;
	}
	if (!status && control) {
		status = add_control(broker, control);
		*ret_sockets += status == CLI_YES;
	}
	if (!status)
		status = run_broker(teller, how, options, serving, broker, until);
	close(until);
	return status;
}

/* Without devices there is no broker, and the links go last. */
int cli_serve(struct cli_call *call, const struct host_setup *setup, const struct cli_serving *how)
{
	struct teller teller = { call, -1 };
	struct host_options options = { .ctx = call->ctx,
					.serve = true,
					.recorded = how->recorded,
					.passed = how->sockets ? how->sockets->ids : NULL,
					.say = warn,
					.remove_socket = cli_remove_socket,
					.data = call };
	struct broker_options broker_options = { .name = host_setup_name(setup),
						 .timeout = 1000 * how->seconds,
						 .say = say,
						 .data = &teller };
	struct host_error error = { 0 };
	struct host_serving *serving;
	struct broker *broker;
	size_t sockets = 0;
	int status;

	if (broker_new(call->ctx, &broker_options, &broker))
		return cli_fail(CLI_FAILED, NULL, "out of memory");
	if (host_serve_begin(setup, &options, &serving, &error)) {
		broker_free(broker);
		return cli_fail_host(call->argv[0], &error);
	}
	status = serve(&teller, how, &broker_options, serving, broker, &sockets);
	broker_free(broker);
	if (host_serve_end(serving, (uint32_t)sockets, &error) && !status)
		status = cli_fail_host(call->argv[0], &error);
	return status;
}

static int serve_all(struct cli_call *call, const struct host_setup *setup)
{
	struct cli_sockets sockets;
	const struct cli_serving how = { .sockets = &sockets,
					 .seconds = (int)cli_option(call, "timeout")->number };
	struct host_error error = { 0 };
	int status;

	if (host_setup_check_served(setup, &error))
		return cli_fail_host(call->argv[0], &error);
	status = cli_take_sockets(setup, &sockets);
	if (!status)
		status = cli_serve(call, setup, &how);
	cli_free_sockets(&sockets);
	return status;
}

static int run(struct cli_call *call)
{
	struct host_setup *setup;
	int status = cli_read_setup(call, &setup);

	if (status)
		return status;
	status = serve_all(call, setup);
	host_setup_free(setup);
	return status;
}

static const struct cli_option options[] = {
	CLI_SERVE_TIMEOUT_OPTION(""),
	CLI_SET_OPTION,
};

static const char *const more[] = {
	"Sets up the devices of a vhost-setup document, and serves them by vhost-user to launchers that",
	"connect to their sockets: \"attach\": \"vhost-user\", with a \"path\" in \"socket\".  The kernel",
	"moves the frames.  Launchers need no privilege; their guests' memory must be shared.  A device",
	"has one launcher at a time, and the next may connect when that has gone.  Runs until a signal",
	"ends it, and removes what it made.  It tells systemd when the sockets accept connections, and",
	"takes sockets from it: LISTEN_FDNAMES has the ids of their devices.",
	"CONFIG '-' is standard input.",
	NULL,
};

const struct cli_command cli_command_serve = {
	.name = "serve",
	.arguments = "CONFIG",
	.text = "Serve devices to launchers that speak vhost-user",
	.more = more,
	CLI_OPTIONS(options),
	.min_args = 1,
	.max_args = 1,
	.takes = CLI_FILE,
	.fields = host_setup_help,
	.run = run,
};
