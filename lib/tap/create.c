/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * create - a link that was not there: it gets its owner before all else, and nobody else has a queue of it.
 */
#include "syscall/uapi.h"
#include "tap/open.h"

static bool sets_owner(const struct vhc_tap_args *args)
{
	return args->flags & (VHC_TAP_OWNER | VHC_TAP_GROUP) || !(args->flags & VHC_TAP_ADOPT);
}

/*
 * Until it has an owner, anybody may open a queue of a link with several, and whoever has one may change
 * the owner and leave.  So both are looked at when nobody else can come any more, at one moment: unless
 * all is as it was set, the link goes, and with it others' queues.
 */
static int check_alone(struct vhc_tap *tap, const struct vhc_tap_args *args, bool *ret_alone)
{
	const struct vhi_sys *sys = &tap->ctx->sys;
	struct vhi_link link;
	int r = 0;

	*ret_alone = true;
	if (tap->queues == 1)
		return 0;
	r = vhi_sys_link_get(sys, tap->name, &link);
	if (r)
		return vhi_tap_fail(tap, "RTM_GETLINK", r,
				    "the queues of the new link cannot be counted, so another "
				    "process may have one");
	*ret_alone = link.queues == tap->queues && link.owner == vhi_tap_owner_of(tap, args) &&
		     link.group == (args->flags & VHC_TAP_GROUP ? args->group : VHI_NOBODY) &&
		     !link.persists;
	if (!*ret_alone)
		r = vhi_sys_link_delete(sys, link.index);
	return r ? vhi_tap_fail(tap, "RTM_DELLINK", r,
				"another process has a queue of the new link, which stays because "
				"it cannot be deleted")
		 : 0;
}

/* Nothing that fails leaves a link behind: it goes with its last fd. */
int vhi_tap_settle_new(struct vhc_tap *tap, const struct vhc_tap_args *args, bool *ret_alone)
{
	int r = vhi_tap_set_owner(tap, args);

	r = r ?: vhi_tap_attach_others(tap);
	if (!r && sets_owner(args))
		r = check_alone(tap, args, ret_alone);
	if (r || !*ret_alone)
		return r;
	r = vhi_tap_set_sndbuf(tap);
	r = r ?: vhi_tap_set_txqueuelen(tap, args->txqueuelen);
	r = r ?: vhi_tap_get_headers(tap);
	/* the last step: no failure may leave a link behind */
	if (!r && args->flags & VHC_TAP_PERSIST)
		r = vhi_tap_set_number(tap, TUNSETPERSIST, "TUNSETPERSIST", 1);
	return r;
}
