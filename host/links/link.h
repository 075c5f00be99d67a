/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Links as rtnetlink reads and changes them, in the network namespace of this thread.
 */
#ifndef HOST_LINK_H
#define HOST_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nl_cache;
struct nl_msg;
struct nl_sock;

/* A socket, and the kernel's last error. */
struct host_netlink {
	struct nl_sock *sock;
	int error;	/* negative errno */
	char text[160]; /* the kernel's own message, or "" */
	/* For the trace: the last message that was sent, and how many came back. */
	char sent[600];
	unsigned int answers;
};

#define HOST_NOBODY UINT32_MAX

/* A tun or tap, as reported by the kernel since 4.20. */
struct host_tun {
	bool known, tap, multi_queue, vnet_hdr, pi, persist;
	uint32_t owner, group; /* HOST_NOBODY: none */
	uint32_t queues;       /* open now; reported for multi-queue ones only */
};

#define HOST_ALIAS_MAX 80

/* States of a port of a bridge, as the kernel has them. */
enum host_port_state {
	HOST_PORT_DISABLED,
	HOST_PORT_LISTENING,
	HOST_PORT_LEARNING,
	HOST_PORT_FORWARDING,
	HOST_PORT_BLOCKING
};

struct host_link {
	int index;
	char name[16];
	struct host_tun tun;
	char kind[16]; /* "tun", "bridge", ""; also "" if the kernel does not report it */
	uint8_t mac[6];
	uint32_t mtu, txqueuelen;
	int master; /* index, 0 for none */
	bool up, carrier;
	bool vlan_filtering; /* of a bridge */
	bool stp;	     /* of a bridge: it runs the spanning tree protocol */
	bool settled;	     /* up, and all that hangs on it was told so, such as its bridge */
	uint8_t port_state;  /* of a port of a bridge: enum host_port_state */
	/* Frames since it was made: dropped on the way to the guest, and from it; and from it with a bad header. */
	uint64_t tx_dropped, rx_dropped, rx_frame_errors;
	char alias[HOST_ALIAS_MAX]; /* cut, if it is longer */
};

/* All return 0 or a negative errno, with the kernel's own message in netlink->text. */
int host_netlink_open(struct host_netlink *netlink);
void host_netlink_close(struct host_netlink *netlink);

/*
 * host_netlink_call() - send a message, which is freed, and wait for the kernel's answer: @parse gets it,
 * or each part of it; NULL: only the acknowledgement is expected.
 */
int host_netlink_call(struct host_netlink *netlink, struct nl_msg *message,
		      int (*parse)(struct nl_msg *message, void *arg), void *arg);

/* For callers of libnl's own functions: forget the last error, and 0 or the errno of their result. */
void host_netlink_forget(struct host_netlink *netlink);
int host_netlink_result(const struct host_netlink *netlink, int r);

/* host_link_message() - a message about a link, with room for HOST_MESSAGE_MAX bytes; NULL: no memory. */
struct nl_msg *host_link_message(int type, int flags, int family, int index);
#define HOST_MESSAGE_MAX 65536

/* host_link_parse() - a message about a link; -EINVAL: it is damaged. */
int host_link_parse(struct nl_msg *message, struct host_link *ret);

int host_link_get(struct host_netlink *netlink, const char *name, struct host_link *ret);
int host_link_get_index(struct host_netlink *netlink, int index, struct host_link *ret);
int host_link_set_mac(struct host_netlink *netlink, int index, const uint8_t mac[6]);
int host_link_set_mtu(struct host_netlink *netlink, int index, uint32_t mtu);
int host_link_set_txqueuelen(struct host_netlink *netlink, int index, uint32_t frames);
int host_link_set_master(struct host_netlink *netlink, int index, int master);
int host_link_delete(struct host_netlink *netlink, int index);
int host_link_set_up(struct host_netlink *netlink, int index, bool up);

/* @address: "10.0.0.1/24".  -EEXIST, -EADDRNOTAVAIL: nothing to do. */
int host_link_add_address(struct host_netlink *netlink, int index, const char *address);
int host_link_del_address(struct host_netlink *netlink, int index, const char *address);

/*
 * host_alias_set() - give a link this alias, and with it this name; NULL: it keeps its own.
 * host_alias_find(): a tap or macvtap that has it; -ENODEV: none has.
 */
int host_alias_set(struct host_netlink *netlink, int index, const char *name, const char *alias);
int host_alias_find(struct host_netlink *netlink, const char *alias, struct host_link *ret);

/*
 * host_addresses_get() - the addresses of all links, for host_addresses_restore(), which adds those again
 * that one link has no longer.
 */
int host_addresses_get(struct host_netlink *netlink, struct nl_cache **ret);
int host_addresses_restore(struct host_netlink *netlink, int index, struct nl_cache *addresses);
void host_addresses_free(struct nl_cache *addresses);
/* host_addresses_have() - has the link the address "10.0.0.1/24"? */
bool host_addresses_have(struct nl_cache *addresses, int index, const char *address);

/*
 * host_addresses_each() - call @fn with each address of a link as bytes, of which host_addresses_add() makes
 * it again, in a cache of host_addresses_new(); until @fn returns something else than 0.
 */
int host_addresses_each(struct nl_cache *addresses, int index,
			int (*fn)(const void *bytes, size_t len, void *arg), void *arg);
struct nl_cache *host_addresses_new(void);
int host_addresses_add(struct nl_cache *addresses, const void *bytes, size_t len);

#endif
