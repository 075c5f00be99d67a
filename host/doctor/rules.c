/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What can be wrong with a tap: a row each, with the command that mends it.
 */
#include <errno.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor/doctor.h"
#include "node/here.h"

#define QUEUE_ENOUGH 10000u /* frames: with a longer queue they come late instead */

struct finding {
	const char *result; /* NULL: "ok" */
	char text[400], fix[300];
};

static void found(struct finding *finding, const char *result, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void found(struct finding *finding, const char *result, const char *format, ...)
{
	va_list args;

	finding->result = result;
	va_start(args, format);
	vsnprintf(finding->text, sizeof(finding->text), format, args);
	va_end(args);
}

static void fix_by(struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void fix_by(struct finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(finding->fix, sizeof(finding->fix), format, args);
	va_end(args);
}

/* Owner and the flag for several queues are of a tap from its start: a new one, at the same bridge. */
static void recreate(const struct doctor_link *at, struct finding *finding)
{
	const bool multi_queue = at->pairs ? at->pairs > 1 : at->link.tun.multi_queue;
	const size_t n = strlen(finding->text);
	const char *name = at->shell;

	if (at->open) {
		snprintf(finding->text + n, sizeof(finding->text) - n,
			 "; %s has to end before it can be made again", at->holder.text);
		return;
	}
	snprintf(finding->text + n, sizeof(finding->text) - n,
		 "; the fix makes it again, without its addresses and MTU");
	fix_by(finding,
	       "ip tuntap del dev %s mode tap%s && ip tuntap add dev %s mode tap%s vnet_hdr user %s%s%s%s%s",
	       name, at->link.tun.multi_queue ? " multi_queue" : "", name,
	       multi_queue ? " multi_queue" : "", at->doctor->user,
	       at->bridge.index || at->link.up ? " && ip link set dev " : "",
	       at->bridge.index || at->link.up ? name : "", at->bridge.index ? " master " : "",
	       at->bridge.index ? at->bridge.name : "");
	if (at->link.up)
		snprintf(finding->fix + strlen(finding->fix),
			 sizeof(finding->fix) - strlen(finding->fix), " up");
}

/* ---------------------------------------------------------------------------------- who may use it */

static void check_holder(const struct doctor_link *at, struct finding *finding)
{
	if (!at->link.tun.known)
		return;
	if (!at->open) {
		found(finding, "ok", "no process has it open");
	} else if (at->vhost) {
		found(finding, "ok", "%s has it open, and vhost has it in use", at->holder.text);
	} else {
		found(finding, "busy",
		      "%s has it open: %s; the fix ends that process, and a guest that it may run",
		      at->holder.text,
		      at->link.tun.multi_queue ? "each that opens it gets some of its frames"
					       : "another that opens it gets EBUSY");
		if (at->holder.pid)
			fix_by(finding, "kill %d", at->holder.pid);
	}
}

static bool in_groups(const struct host_user *user, uint32_t group)
{
	if (!user)
		return host_in_group(group);
	for (int i = 0; i < user->group_count; i++)
		if (user->groups[i] == group)
			return true;
	return user->gid == group;
}

/* As the kernel has it: owner and group both have to be this user's, where they are set. */
static bool may_open(const struct doctor_link *at)
{
	const struct host_user *user = at->doctor->as;
	const struct host_tun *tun = &at->link.tun;

	if (user ? user->uid == 0 : host_has_capability(CAP_NET_ADMIN))
		return true;
	return (tun->owner == HOST_NOBODY || tun->owner == (user ? user->uid : geteuid())) &&
	       (tun->group == HOST_NOBODY || in_groups(user, tun->group));
}

static void check_owner(const struct doctor_link *at, struct finding *finding)
{
	const struct host_tun *tun = &at->link.tun;
	char owner[30] = "no user", group[30] = "no group";

	if (!tun->known || !at->named)
		return;
	if (tun->owner != HOST_NOBODY)
		snprintf(owner, sizeof(owner), "user %u", tun->owner);
	if (tun->group != HOST_NOBODY)
		snprintf(group, sizeof(group), "group %u", tun->group);
	if (may_open(at)) {
		found(finding, "ok", "user %s may open it: it belongs to %s and %s",
		      at->doctor->user, owner, group);
		return;
	}
	found(finding, "wrong",
	      "it belongs to %s and %s: a launcher that opens it as user %s gets EPERM", owner,
	      group, at->doctor->user);
	recreate(at, finding);
}

static void check_queues(const struct doctor_link *at, struct finding *finding)
{
	const bool multi_queue = at->link.tun.multi_queue;

	if (!at->link.tun.known || at->vhost)
		return;
	if (at->pairs > 1 && !multi_queue) {
		found(finding, "wrong",
		      "it was made without multi_queue: a launcher that opens it for %u queue pairs "
		      "gets EINVAL",
		      at->pairs);
		recreate(at, finding);
	} else if (at->pairs == 1 && multi_queue) {
		found(finding, "wrong",
		      "it was made with multi_queue: a launcher that opens one queue by itself gets "
		      "EINVAL; vhostctl setup does not");
		recreate(at, finding);
	} else {
		found(finding, "ok", multi_queue ? "several: multi_queue" : "one: no multi_queue");
	}
}

/* Who opens a tap sets these anew, so they are of the process that has it open now. */
static void check_flags(const struct doctor_link *at, struct finding *finding)
{
	const struct host_tun *tun = &at->link.tun;

	if (!tun->known)
		return;
	if ((tun->vnet_hdr && !tun->pi) || !at->open) {
		found(finding, "ok", "%s",
		      at->open ? "a virtio-net header and no packet information"
			       : "whoever opens it sets them");
		return;
	}
	found(finding, "wrong",
	      "%s opened it %s: frames do not begin where vhost expects them; let it use %s",
	      at->holder.text, tun->pi ? "with packet information" : "without a virtio-net header",
	      tun->pi ? "IFF_NO_PI" : "IFF_VNET_HDR");
}

/* ------------------------------------------------------------------------------- where frames go */

/* Without an open queue there is no carrier. */
static void check_carrier(const struct doctor_link *at, struct finding *finding)
{
	if (!at->open || (at->link.up && at->link.carrier)) {
		found(finding, "ok", "%s", at->open ? "up" : "none until a process opens it");
	} else if (!at->link.up) {
		found(finding, "wrong", "it is down: no frame gets through");
		fix_by(finding, "ip link set dev %s up", at->shell);
	} else {
		found(finding, "wrong", "its carrier is switched off: no frame gets through");
		fix_by(finding, "ip link set dev %s carrier on", at->shell);
	}
}

static void check_port(const struct doctor_link *at, struct finding *finding)
{
	static const char *const states[] = { "disabled", "listening", "learning", "forwarding",
					      "blocking" };
	const unsigned int state = at->link.port_state;
	const char *bridge = at->bridge.name;

	if (!at->bridge.index) {
		found(finding, "ok", "of no bridge");
	} else if (!at->bridge.up) {
		found(finding, "wrong", "the bridge %s is down: no frame gets through", bridge);
		fix_by(finding, "ip link set dev %s up", bridge);
	} else if (!at->link.settled || state == HOST_PORT_FORWARDING) {
		found(finding, "ok", "of the bridge %s", bridge);
	} else if (at->bridge.stp) {
		found(finding, "info", "the bridge %s has it %s: the spanning tree protocol %s",
		      bridge, states[state % 5],
		      state == HOST_PORT_BLOCKING ? "found a loop through it"
						  : "looks for loops first");
	} else {
		found(finding, "wrong", "the bridge %s has it %s: no frame gets through", bridge,
		      states[state % 5]);
		if (host_has_program("bridge"))
			fix_by(finding, "bridge link set dev %s state 3", at->shell);
	}
}

static void check_mtu(const struct doctor_link *at, struct finding *finding)
{
	if (!at->bridge.index || at->link.mtu == at->bridge.mtu) {
		found(finding, "ok", "%u", at->link.mtu);
		return;
	}
	found(finding, "wrong",
	      "%u, and %u of its bridge %s: larger frames are dropped without a word", at->link.mtu,
	      at->bridge.mtu, at->bridge.name);
	fix_by(finding, "ip link set dev %s mtu %u", at->shell, at->bridge.mtu);
}

static void check_drops(const struct doctor_link *at, struct finding *finding)
{
	const unsigned long long to_guest = at->link.tx_dropped + at->queue_drops;
	const unsigned long long from_guest = at->link.rx_dropped + at->link.rx_frame_errors;
	char text[120];

	snprintf(text, sizeof(text),
		 "%llu frames to the guest and %llu from it were dropped since it was made",
		 to_guest, from_guest);
	if (to_guest && at->link.txqueuelen < QUEUE_ENOUGH) {
		found(finding, "low", "%s: its queue of %u frames was full", text,
		      at->link.txqueuelen);
		fix_by(finding, "ip link set dev %s txqueuelen %u", at->shell, QUEUE_ENOUGH);
	} else if (to_guest) {
		found(finding, "info",
		      "%s; its queue of %u frames is long enough: the guest is too slow for what "
		      "comes, and more queue pairs may help",
		      text, at->link.txqueuelen);
	} else if (at->link.rx_frame_errors) {
		found(finding, "info", "%s, %llu for their virtio-net header", text,
		      (unsigned long long)at->link.rx_frame_errors);
	} else {
		found(finding, from_guest ? "info" : "ok", "%s", text);
	}
}

/* ------------------------------------------------------------------------------------------- all */

void host_doctor_link(const struct doctor_link *link)
{
	static const struct {
		const char *what;
		void (*check)(const struct doctor_link *at, struct finding *finding);
	} rules[] = {
		{ "holder", check_holder },   { "owner", check_owner },
		{ "queues", check_queues },   { "flags", check_flags },
		{ "carrier", check_carrier }, { "port", check_port },
		{ "MTU", check_mtu },	      { "drops", check_drops },
	};

	for (size_t i = 0; i < DOC_COUNT(rules); i++) {
		struct finding finding = { .result = NULL };
		char name[40];

		rules[i].check(link, &finding);
		if (!finding.result || (!link->named && strcmp(finding.result, "ok") == 0))
			continue;
		snprintf(name, sizeof(name), "%s %s", link->link.name, rules[i].what);
		host_doctor_add(link->doctor, name, link->named, finding.result, finding.text,
				finding.fix);
	}
}
