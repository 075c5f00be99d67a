/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The vhost-setup document as a struct, and the table that describes it.
 */
#ifndef HOST_SETUP_H
#define HOST_SETUP_H

#include <stdlib.h>

#include "doc.h"
#include "host.h"

#define HOST_MAX_DEVICES     256u
#define HOST_MAX_QUEUE_PAIRS 256u
#define HOST_MAX_USER_PAIRS  128u   /* by vhost-user */
#define HOST_MAX_MTU	     65521u /* of a tap: 65535 including the Ethernet header */
#define HOST_MAX_VLAN	     4094u
#define HOST_RING_SIZE	     256u /* the default */
#define HOST_CID_MIN	     3u
#define HOST_CID_MAX	     0xfffffffeu
#define HOST_CID_AUTO	     0u
#define HOST_SOCKET_MODE     0600u
#define HOST_LINK_NAME_MAX   16u /* with the NUL */

enum host_type { HOST_NET, HOST_VSOCK };
enum host_vhost { HOST_VHOST_REQUIRE, HOST_VHOST_PREFER, HOST_VHOST_OFF };
enum host_worker_mode { HOST_WORKER_DEFAULT, HOST_WORKER_TASK, HOST_WORKER_KTHREAD };
enum host_attach { HOST_ATTACH_FD, HOST_ATTACH_NAME, HOST_ATTACH_VHOST_USER };
enum host_style_index {
	HOST_STYLE_QEMU,
	HOST_STYLE_LISTEN_FDS,
	HOST_STYLE_ENV,
	HOST_STYLE_CLOUD_HYPERVISOR,
	HOST_STYLE_CROSVM,
	HOST_STYLE_STRATOVIRT,
	HOST_STYLE_FIRECRACKER,
	HOST_STYLE_KVMTOOL,
	HOST_STYLE_COUNT
};

enum host_link_kind { HOST_TAP, HOST_MACVTAP };

struct host_tap {
	uint32_t kind; /* enum host_link_kind */
	char *name;    /* NULL: the kernel chooses */
	char *owner, *group;
	char *mac; /* the guest's */
	char *bridge;
	char *netns;
	uint64_t mtu;	     /* 0: the kernel's */
	uint64_t txqueuelen; /* 0: the kernel's */
	struct doc_list address;
	uint64_t vlan;	       /* for untagged frames; 0: none */
	struct doc_list vlans; /* "100", "100-200": tagged */
	bool isolated;
	char *lower;	   /* of a macvtap */
	uint32_t mode;	   /* as modes[] of setup.c has them */
	uint32_t existing; /* enum doc_maybe */
	bool persist, up;
};

struct host_features {
	struct doc_list mask, require;
};

/* Where launchers connect, of HOST_ATTACH_VHOST_USER. */
struct host_socket {
	char *path; /* NULL: there is none */
	char *owner, *group;
	char *mode; /* octal digits; NULL: HOST_SOCKET_MODE */
};

static inline uint32_t host_socket_mode(const struct host_socket *socket)
{
	return socket->mode ? (uint32_t)strtoul(socket->mode, NULL, 8) : HOST_SOCKET_MODE;
}

struct host_worker {
	uint32_t mode; /* enum host_worker_mode */
};

struct host_device {
	char *id;
	uint32_t type, attach, vhost;
	uint64_t queue_pairs, ring_size, busyloop_us; /* of other types than net: 1, the defaults */
	uint64_t cid;				      /* HOST_CID_AUTO: the lowest free */
	char *bus;				      /* of QEMU; NULL: it chooses */
	struct host_tap tap;
	struct host_socket socket;
	struct host_features features;
	struct host_worker worker;
	bool iommu; /* the launcher has one for the guest, of HOST_ATTACH_VHOST_USER */
	/* Not in the document, set by host_setup_check(): the names as bits. */
	struct vhc_features mask, require;
	bool mac_derived; /* the document has none */
};

struct host_launcher {
	uint32_t style;
	char *user;
	bool no_new_privs;
};

struct host_setup {
	char *name;
	struct doc_list devices; /* of struct host_device */
	struct host_launcher launcher;
};

extern const struct doc_table host_setup_table;
extern const char *const host_macvtap_modes[];

static inline struct host_device *host_device(const struct host_setup *setup, size_t index)
{
	return (struct host_device *)setup->devices.items + index;
}

/* "100" or "100-200"; false if it is neither. */
bool host_vlans_parse(const char *text, unsigned int *first, unsigned int *last);

static inline bool host_is_served(const struct host_device *device)
{
	return device->attach == HOST_ATTACH_VHOST_USER;
}

/*
 * Is its link removed when the launcher ends, because closing it does not?  Or when the broker does: it has to be there
 * for the next one, if a broker is killed.
 */
static inline bool host_tap_is_removed(const struct host_device *device)
{
	return (device->attach != HOST_ATTACH_FD || device->tap.kind == HOST_MACVTAP) &&
	       device->tap.existing != DOC_TRUE && !device->tap.persist;
}

/* Does its link stay when nobody has it open? */
static inline bool host_tap_is_kept(const struct host_device *device)
{
	return device->tap.persist || host_tap_is_removed(device);
}

/*
 * host_setup_check() - check the rules that no table can express, and parse feature names to bits.
 * @text, @len: the document, to find lines in.
 */
int host_setup_check(struct vhc_ctx *ctx, struct host_setup *setup, const char *text, size_t len,
		     struct doc_error *err);

/* No feature at all. */
static inline bool host_is_empty(const struct vhc_features *set)
{
	return !(set->w[0] | set->w[1] | set->w[2] | set->w[3]);
}

#endif
