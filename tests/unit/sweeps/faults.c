/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * faults - what the library says of a system call that failed, and which failures it ignores.
 */
#include "faults.h"

/* Calls that the text does not name, and what it says of them. */
static const struct {
	const char *call, *words;
} unnamed[] = {
	{ "VHOST_SET_FEATURES_ARRAY", "VHOST_SET_FEATURES" },
	{ "open", "/dev/" },
	{ "eventfd", "eventfd" },
	{ "dup", "duplicated" },
	{ "mapped", "user addresses" },
	{ "peek", "memory" },
	{ "socket", "SIOCSIFTXQLEN" },
	{ "stat", "fd " },
	{ "read", "/sys/" },
	{ "map", "dirty log" },
	{ "map_blocks", "memory region" },
	{ "epoll", "event fd" },
	{ "add", "event fd" },
	{ "drain", "error eventfd" },
	{ "tasks", "/proc" },
};

const char *faults_words(const char *call)
{
	for (size_t i = 0; i < sizeof(unnamed) / sizeof(unnamed[0]); i++)
		if (!strcmp(call, unnamed[i].call))
			return unnamed[i].words;
	return call;
}

/*
 * Only ENOMEM says that memory is not mapped; a parameter that cannot be read has the kernel's
 * default; offloads that could not be restored after they were tried are set again by the next start;
 * a kernel that cannot tell which version of messages it takes has the first; a message that cannot be
 * read is skipped, and the log says so; when a masked ring's call eventfd cannot be polled, there was
 * an interrupt; a worker mode that cannot be asked is any; where a link cannot be watched, the log says so.
 */
bool faults_may_pass(const struct act *act, const char *call, int error)
{
	return !strcmp(call, "VHOST_GET_FORK_FROM_OWNER") || !strcmp(call, "close") ||
	       !strcmp(call, "same") || !strcmp(call, "signal") || !strcmp(call, "del") ||
	       !strcmp(call, "read_fd") || !strcmp(call, "link_watch") ||
	       ((!strcmp(call, "add") || !strcmp(call, "poll") || !strcmp(call, "TUNGETIFF")) &&
		!strcmp(act->name, "attach")) ||
	       (!strcmp(call, "VHOST_GET_BACKEND_FEATURES") &&
		(error == EPERM || error == EINVAL)) ||
	       !strcmp(call, "name") || (!strcmp(call, "drain") && strcmp(act->name, "events")) ||
	       (!strcmp(call, "poll") && !strncmp(act->name, "mask", 4)) ||
	       (!strcmp(call, "mapped") && error != ENOMEM) ||
	       (!strcmp(call, "read") && error != ENOMEM && error != EMFILE) ||
	       (!strcmp(act->name, "offer") && !strcmp(call, "TUNSETOFFLOAD"));
}
