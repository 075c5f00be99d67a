/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds a running device by the pid of its owner or by its link, and says what is known of its features.
 */
#include "device/device.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "errname.h"

int cli_look(struct cli_call *call, pid_t pid, struct look_reading *ret)
{
	char number[DOC_ERRNO_MAX];
	const char *missing;
	int r = look_read(pid, ret);

	if (r == -ESRCH)
		return cli_fail(CLI_LACKS, "'vhostctl list' shows those with a vhost device",
				"there is no process %d", (int)pid);
	if (r)
		return cli_fail(CLI_FAILED, NULL, "cannot read the vhost devices: %s",
				doc_errno(number, r));
	missing = look_missing(ret);
	if (missing)
		cli_warn(call,
			 "only owner, link and workers are known, of processes that /proc "
			 "shows: %s; %s",
			 missing, look_remedy(ret));
	if (ret->unread)
		cli_warn(call, "%u processes of other users could not be looked at", ret->unread);
	if (ret->hidden)
		cli_warn(
			call,
			"%u more vhost-net fds are open, in no process that can be seen: in another "
			"PID namespace, or on their way through a socket",
			ret->hidden);
	return CLI_YES;
}

/* "net on tap0 (fd 12), vsock (fd 13)" */
static char *describe(const struct look_device **devices, size_t count)
{
	size_t size;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; out && i < count; i++)
		fprintf(out, "%s%s%s%s (pid %d, fd %d)", i ? ", " : "",
			look_kind_name(devices[i]->kind), devices[i]->link.name[0] ? " on " : "",
			devices[i]->link.name, (int)devices[i]->pid, devices[i]->fds->fd);
	if (out)
		fclose(out);
	return text;
}

static int fail_several(const char *name, const struct look_device **devices, size_t count)
{
	char *list = describe(devices, count);
	int status = cli_fail(CLI_USAGE, "name the link, or one of the fds by pid and --fd",
			      "\"%s\" has %zu vhost devices: %s", name, count, list ? list : "");

	free(list);
	return status;
}

static bool has_fd(const struct look_device *device, const struct cli_value *fd)
{
	for (size_t i = 0; fd->count && i < device->fd_count; i++)
		if ((uint64_t)device->fds[i].fd == fd->number)
			return true;
	return !fd->count;
}

static bool is_named(const struct cli_found *found, const struct look_device *device, pid_t pid,
		     const char *name)
{
	const struct control_device *served = cli_brokers_find(&found->brokers, device).device;
	const struct control_launcher *launcher = served ? served->launcher : NULL;

	if (pid)
		return device->pid == pid || (launcher && launcher->pid == (uint64_t)pid);
	return *name && (!strcmp(device->link.name, name) || (served && !strcmp(served->id, name)));
}

static int pick(struct cli_call *call, struct cli_found *to, pid_t pid)
{
	const struct look_reading *reading = &to->reading;
	const struct cli_value *fd = cli_option(call, "fd");
	const char *name = call->argv[0];
	const struct look_device **found = calloc(reading->count + 1, sizeof(*found));
	size_t count = 0;
	int status = CLI_YES;

	if (!found)
		return cli_fail(CLI_FAILED, NULL, "out of memory");
	for (size_t i = 0; i < reading->count; i++)
		if (is_named(to, &reading->devices[i], pid, name) &&
		    has_fd(&reading->devices[i], fd))
			found[count++] = &reading->devices[i];
	to->device = found[0];
	if (!count)
		status = cli_fail(CLI_LACKS, "'vhostctl list' shows all",
				  pid ? "process %s has no%s vhost device%s"
				      : "no%.0s%s vhost device is on a link \"%s\", and no "
					"broker has one with this id",
				  name, fd->count ? " such" : "", pid ? "" : name);
	else if (count > 1)
		status = fail_several(name, found, count);
	free(found);
	return status;
}

void cli_found_clear(struct cli_found *found)
{
	look_clear(&found->reading);
	cli_brokers_clear(&found->brokers);
}

int cli_find_device(struct cli_call *call, struct cli_found *ret)
{
	const char *name = call->argv[0];
	struct cli_found found = { .device = NULL };
	pid_t owner;
	char *end;
	long pid = strtol(name, &end, 10);
	int status;

	/* links may have such names, too, but nobody gives them */
	if (*name < '0' || *name > '9' || *end || pid <= 0 || pid > INT32_MAX)
		pid = 0;
	cli_brokers_ask(call, &found.brokers);
	owner = cli_brokers_owner(&found.brokers, (pid_t)pid);
	status = cli_look(call, owner, &found.reading);
	if (!status) {
		cli_brokers_join(&found.brokers, owner, &found.reading);
		status = pick(call, &found, (pid_t)pid);
	}
	if (status) {
		cli_found_clear(&found);
		return status;
	}
	found.served = cli_brokers_find(&found.brokers, found.device);
	*ret = found;
	return CLI_YES;
}

/* ---------------------------------------------------------------------------------------- features */

enum vhc_type cli_device_type(const struct look_device *device)
{
	return device->kind == LOOK_NET	    ? VHC_TYPE_NET
	       : device->kind == LOOK_VSOCK ? VHC_TYPE_VSOCK
					    : (enum vhc_type)0;
}

#define ANY_LAYOUT	27u /* to vhost-net the bit means something else, */
#define ACCESS_PLATFORM 33u /* and this one reaches it only with an IOMMU */

/* Does vhost learn whether the driver accepted it?  Launchers tell vhost all that is vhost's. */
static bool reaches_vhost(const struct look_device *device, uint32_t bit)
{
	const struct vhc_feature *feature = vhc_feature_get(cli_device_type(device), bit);

	if ((bit == ANY_LAYOUT && device->kind == LOOK_NET) || bit == ACCESS_PLATFORM)
		return false;
	return !feature || feature->origin & VHC_ORIGIN_VHOST;
}

void cli_device_features(const struct look_device *device, struct vhc_features *ret_set,
			 struct vhc_features *ret_unknown)
{
	struct vhc_features named = { { 0 } };
	bool all = device->known & LOOK_ACCEPTED;

	memset(ret_set, 0, sizeof(*ret_set));
	memset(ret_unknown, 0, sizeof(*ret_unknown));
	memcpy(ret_set->w, all ? device->accepted : device->vhost_features, sizeof(ret_set->w));
	if (all)
		return;
	/* an offload that the link has not may be accepted, and switched off */
	if (device->known & LOOK_OFFLOADS)
		ret_set->w[0] |= device->offloads;
	vhc_features_known(cli_device_type(device), &named);
	for (uint32_t bit = 0; bit < 256; bit++)
		if (vhc_features_has(&named, bit) && !vhc_features_has(ret_set, bit) &&
		    !reaches_vhost(device, bit))
			vhc_features_add(ret_unknown, bit);
}
