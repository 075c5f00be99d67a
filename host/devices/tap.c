/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tap of a net device: the rules of its keys, its MAC address, and its part of a plan.  No system
 * call.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kind.h"
#include "launcher/style.h"
#include "ops/mark.h"
#include "ops/plan.h"

/* ---------------------------------------------------------------------------------------- rules */

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool host_tap_has_name(const struct host_tap *tap)
{
	return tap->name && !strchr(tap->name, '%');
}

/* The kernel would accept two devices on one tap. */
static int check_shared_tap(struct host_check *c, size_t index)
{
	const struct host_device *device = host_device(c->setup, index);

	for (size_t i = 0; host_tap_has_name(&device->tap) && i < index; i++) {
		const struct host_device *other = host_device(c->setup, i);

		if (same(device->tap.name, other->tap.name) &&
		    same(device->tap.netns, other->tap.netns))
			return HOST_WRONG(c, index, "/tap/name",
					  "device \"%s\" already uses the tap \"%s\"", other->id,
					  device->tap.name);
	}
	return 0;
}

static const char *port_key(const struct host_tap *tap)
{
	return tap->vlan ? "vlan" : tap->vlans.count ? "vlans" : tap->isolated ? "isolated" : NULL;
}

static int check_port(struct host_check *c, size_t index)
{
	const struct host_tap *tap = &host_device(c->setup, index)->tap;
	const char *key = port_key(tap);
	char pointer[20];

	if (!key || tap->bridge)
		return 0;
	snprintf(pointer, sizeof(pointer), "/tap/%s", key);
	return HOST_WRONG(c, index, pointer, "\"%s\" is of a port of a bridge: add \"bridge\"",
			  key);
}

/* A port has a VLAN with a tag or without. */
static int check_vlans(struct host_check *c, size_t index)
{
	const struct host_tap *tap = &host_device(c->setup, index)->tap;
	unsigned int first, last;

	for (size_t i = 0; tap->vlan && i < tap->vlans.count; i++)
		if (host_vlans_parse(((char **)tap->vlans.items)[i], &first, &last) &&
		    first <= tap->vlan && tap->vlan <= last)
			return HOST_WRONG(c, index, "/tap/vlans",
					  "VLAN %u is \"vlan\", that of frames without a tag: "
					  "leave it out of \"vlans\"",
					  (unsigned int)tap->vlan);
	return 0;
}

/* What only one kind of link has. */
static int check_macvtap(struct host_check *c, size_t index)
{
	const struct host_device *device = host_device(c->setup, index);
	const struct host_tap *tap = &device->tap;
	const struct {
		bool given;
		const char *pointer;
	} refused[] = {
		{ device->attach == HOST_ATTACH_NAME, "/attach" },
		{ tap->bridge, "/tap/bridge" },
		{ tap->netns, "/tap/netns" },
		{ tap->owner, "/tap/owner" },
		{ tap->group, "/tap/group" },
		{ tap->existing == DOC_TRUE, "/tap/existing" },
	};

	if (tap->kind == HOST_TAP && (tap->lower || tap->mode))
		return HOST_WRONG(c, index, tap->lower ? "/tap/lower" : "/tap/mode",
				  "\"%s\" is of a macvtap: add \"kind\": \"macvtap\"",
				  tap->lower ? "lower" : "mode");
	if (tap->kind == HOST_TAP)
		return 0;
	if (!tap->lower)
		return HOST_WRONG(c, index, "/tap/kind",
				  "a macvtap is on top of another link: add \"lower\"");
	for (size_t i = 0; i < DOC_COUNT(refused); i++)
		if (refused[i].given)
			return HOST_WRONG(c, index, refused[i].pointer,
					  "\"%s\" is not for a macvtap",
					  strrchr(refused[i].pointer, '/') + 1);
	if (!tap->mac)
		return HOST_WRONG(
			c, index, "/tap/kind",
			"a macvtap has the guest's MAC address: add \"mac\", or a \"name\" "
			"of the config to derive it from");
	return 0;
}

static int check_tap(struct host_check *c, size_t index)
{
	const struct host_device *device = host_device(c->setup, index);
	const struct host_tap *tap = &device->tap;

	if (device->attach == HOST_ATTACH_NAME && tap->netns)
		return HOST_WRONG(
			c, index, "/tap/netns",
			"the launcher, which stays in its network namespace, cannot open the "
			"link by its name: set \"attach\" to \"fd\"");
	if (tap->existing == DOC_TRUE && !host_tap_has_name(tap))
		return HOST_WRONG(c, index, "/tap/existing",
				  "an existing tap needs a whole name: add \"name\"");
	if (tap->existing == DOC_TRUE && tap->persist)
		return HOST_WRONG(
			c, index, "/tap/persist",
			"\"persist\" applies to new taps only: an existing one is not changed");
	if (tap->bridge && tap->address.count)
		return HOST_WRONG(
			c, index, "/tap/address",
			"what arrives on a port of a bridge goes to the bridge, so an address of "
			"the port is never reached: give it to the bridge \"%s\"",
			tap->bridge);
	for (size_t i = 0; i < tap->address.count; i++)
		for (size_t j = 0; j < i; j++)
			if (same(((char **)tap->address.items)[i],
				 ((char **)tap->address.items)[j]))
				return HOST_WRONG(c, index, "/tap/address", "%s is given twice",
						  ((char **)tap->address.items)[i]);
	return 0;
}

/* ------------------------------------------------------------------------------------------ MAC */

void host_tap_link_mac(const struct host_tap *tap, uint8_t ret[6])
{
	doc_mac_parse(tap->mac, ret);
	ret[0] = ret[0] == 0xfe ? 0xfa : 0xfe;
}

/* The low 40 bits of the hash of "NAME/ID" become an address. */
static char *derive_mac(const char *name, const char *id)
{
	const char *const parts[] = { name, "/", id };
	uint64_t hash = HOST_HASH_OF_NOTHING;
	char *text;

	for (size_t i = 0; i < DOC_COUNT(parts); i++)
		hash = host_hash(hash, parts[i]);
	if (asprintf(&text, "02:%02x:%02x:%02x:%02x:%02x", (unsigned int)(hash >> 32 & 0xff),
		     (unsigned int)(hash >> 24 & 0xff), (unsigned int)(hash >> 16 & 0xff),
		     (unsigned int)(hash >> 8 & 0xff), (unsigned int)(hash & 0xff)) < 0)
		return NULL;
	return text;
}

static int check_mac(struct host_check *c, size_t index)
{
	struct host_device *device = host_device(c->setup, index);
	uint8_t mac[6], other[6];

	if (!device->tap.mac && c->setup->name) {
		device->tap.mac = derive_mac(c->setup->name, device->id);
		device->mac_derived = true;
		if (!device->tap.mac)
			return -ENOMEM;
	}
	if (!device->tap.mac)
		return 0;
	doc_mac_parse(device->tap.mac, mac);
	if (!doc_mac_is_unicast(mac))
		return HOST_WRONG(c, index, "/tap/mac", "%s is not a MAC address", device->tap.mac);
	for (size_t i = 0; i < index; i++)
		if (host_device(c->setup, i)->tap.mac &&
		    doc_mac_parse(host_device(c->setup, i)->tap.mac, other) &&
		    memcmp(mac, other, sizeof(mac)) == 0)
			return HOST_WRONG(c, index, "/tap/mac",
					  "device \"%s\" already has the MAC address %s",
					  host_device(c->setup, i)->id, device->tap.mac);
	return 0;
}

int host_tap_check(struct host_check *c, size_t index)
{
	int r = check_shared_tap(c, index);

	if (r == 0)
		r = check_tap(c, index);
	if (r == 0)
		r = check_port(c, index);
	if (r == 0)
		r = check_vlans(c, index);
	if (r == 0)
		r = check_mac(c, index);
	return r < 0 ? r : check_macvtap(c, index);
}

/* ----------------------------------------------------------------------------------------- plan */

static void plan_look(struct host_plan *plan, const struct host_tap *tap, uint32_t device)
{
	if (tap->kind == HOST_MACVTAP) {
		host_plan_add(plan, HOST_OP_FIND_LOWER, device, 0);
		return;
	}
	if (tap->existing == DOC_TRUE ||
	    (tap->existing == DOC_ABSENT && host_tap_is_kept(host_device(plan->setup, device)) &&
	     (host_tap_has_name(tap) || host_is_served(host_device(plan->setup, device)))))
		host_plan_add(plan, HOST_OP_FIND_LINK, device, 0);
	if (tap->bridge)
		host_plan_add(plan, HOST_OP_FIND_BRIDGE, device, 0);
}

static void plan_open(struct host_plan *plan, const struct host_tap *tap, uint32_t device)
{
	host_plan_add(plan, tap->kind == HOST_MACVTAP ? HOST_OP_MAKE_MACVTAP : HOST_OP_OPEN_TAP,
		      device, 0);
}

/*
 * The address is set before the link is up, so that no other is ever visible; so is the bridge, so
 * that the port forwards from the first frame on.
 */
static void plan_change(struct host_plan *plan, const struct host_tap *tap, uint32_t device)
{
	/* the address of an existing link does as well, and setting one takes a privilege */
	if (tap->kind == HOST_TAP && tap->mac &&
	    !(tap->existing == DOC_TRUE && host_device(plan->setup, device)->mac_derived))
		host_plan_add(plan, HOST_OP_SET_MAC, device, 0);
	if (tap->mtu || tap->bridge)
		host_plan_add(plan, HOST_OP_SET_MTU, device, 0);
	for (uint32_t i = 0; i < tap->address.count; i++)
		host_plan_add(plan, HOST_OP_ADD_ADDRESS, device, i);
	if (tap->bridge)
		host_plan_add(plan, HOST_OP_SET_BRIDGE, device, 0);
	if (port_key(tap))
		host_plan_add(plan, HOST_OP_SET_PORT, device, 0);
	if (tap->up)
		host_plan_add(plan, HOST_OP_SET_UP, device, 0);
}

struct host_tap host_tap_wanted(const struct host_plan *plan, const struct host_device *device)
{
	struct host_tap tap = device->tap;

	if (device->attach == HOST_ATTACH_NAME && !tap.owner && !tap.group)
		tap.owner = (char *)(uintptr_t)host_plan_user(plan);
	return tap;
}

/* A new tap has its owner from the start; of an existing one it is the last that changes. */
static void plan_give(struct host_plan *plan, const struct host_tap *tap, uint32_t device)
{
	if (tap->existing == DOC_TRUE && (tap->owner || tap->group))
		host_plan_add(plan, HOST_OP_SET_OWNER, device, 0);
	if (tap->kind == HOST_TAP && host_tap_is_kept(host_device(plan->setup, device)))
		host_plan_add(plan, HOST_OP_KEEP, device, 0);
}

void host_tap_plan(struct host_plan *plan, uint32_t index, enum host_phase phase)
{
	static void (*const phases[])(struct host_plan *, const struct host_tap *, uint32_t) = {
		[HOST_LOOK] = plan_look,
		[HOST_OPEN] = plan_open,
		[HOST_CHANGE] = plan_change,
		[HOST_GIVE] = plan_give,
	};
	const struct host_device *device = host_device(plan->setup, index);
	size_t before = plan->count;

	if (device->tap.netns)
		host_plan_add(plan, HOST_OP_ENTER_NETNS, index, 0);
	phases[phase](plan, &device->tap, index);
	if (device->tap.netns && plan->count == before + 1)
		plan->count = before; /* there is nothing to do in it */
	else if (device->tap.netns)
		host_plan_add(plan, HOST_OP_LEAVE_NETNS, index, 0);
}
