/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gone - what the fds of a tap, and the rings that run on it, say once its link is deleted.
 */
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>

#include "conformance.h"
#include "syscall/uapi.h"

const struct step steps_gone[] = {
	STEP_WATCH(D, "vhcnone"),
	STEP_GET("vhcnone"),
	STEP_OPEN(T, "/dev/net/tun"),
	LINK(T, TUNSETIFF, "vhctest0", TAP),
	STEP_GET("vhctest0"),
	VALUE(T, TUNSETOWNER, 1234),
	VALUE(T, TUNSETGROUP, 5678),
	VALUE(T, TUNSETPERSIST, 1),
	STEP_GET("vhctest0"),
	VALUE(T, TUNSETPERSIST, 0),
	STEP_CLOSE(T),

	/* two queues, one of them detached, and a ring that runs on the other */
	STEP_OPEN(T, "/dev/net/tun"),
	STEP_OPEN(U, "/dev/net/tun"),
	LINK(T, TUNSETIFF, "vhctest0", MQ),
	STEP_GET("vhctest0"),
	LINK(U, TUNSETIFF, "vhctest0", MQ),
	LINK(U, TUNSETQUEUE, "", IFF_DETACH_QUEUE),
	STEP_GET("vhctest0"),
	STEP_OPEN(A, "/dev/vhost-net"),
	OWNER(A),
	TABLE(A, 1, 0, 0, RAM_SIZE, RAM),
	GOOD_RING(A, 0),
	GOOD_RING(A, 1),
	BACKEND(A, 0, T),
	STEP_WATCH(D, "vhctest0"),
	STEP_POLL(D),
	STEP_DELETE("vhctest0"),
	STEP_POLL(D),
	STEP_CLOSE(D),
	STEP_DELETE("vhctest0"),
	LINK(S, SIOCGIFTXQLEN, "vhctest0", 0),

	/* the queue that was attached, and the one that was not */
	STEP_POLL(T),
	STEP_POLL(U),
	LINK(T, TUNGETIFF, "", 0),
	LINK(U, TUNGETIFF, "", 0),
	GET32(T, TUNGETFEATURES),
	GET32(T, TUNGETVNETHDRSZ),
	SET32(T, TUNSETVNETHDRSZ, 12),
	GET32(T, TUNGETVNETLE),
	SET32(T, TUNSETVNETLE, 1),
	GET32(T, TUNGETSNDBUF),
	SET32(T, TUNSETSNDBUF, 65536),
	VALUE(T, TUNSETOFFLOAD, 0x1),
	VALUE(T, TUNSETPERSIST, 1),
	VALUE(T, TUNSETOWNER, 1234),
	LINK(T, TUNSETQUEUE, "", IFF_DETACH_QUEUE),
	LINK(T, TUNSETQUEUE, "", IFF_ATTACH_QUEUE),
	LINK(U, TUNSETQUEUE, "", IFF_ATTACH_QUEUE),
	STEP_WRITE(T, 0, 4),
	STEP_WRITE(U, 0, 4),

	/* a ring that runs may go on; none starts */
	BACKEND(A, 0, T),
	BACKEND(A, 1, T),
	BACKEND(A, 0, NONE),
	BACKEND(A, 0, T),
	BACKEND(A, 1, NONE),
	BACKEND(A, 1, U),
	GETBASE(A, 0, 0),
	STEP_CLOSE(A),

	/* another link for the same fd */
	LINK(T, TUNSETIFF, "vhctest1", TAP),
	LINK(T, TUNGETIFF, "", 0),
	GET32(T, TUNGETVNETHDRSZ),
	STEP_POLL(T),
	STEP_CLOSE(T),
	STEP_CLOSE(U),
};

const uint32_t steps_gone_count = sizeof(steps_gone) / sizeof(steps_gone[0]);
