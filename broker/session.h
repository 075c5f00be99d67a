/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * session - one front-end of a device, from its connection to its end.
 *
 * A message becomes calls of the library, which does nothing for what is so already: there is no state
 * machine here.  What a message sets is remembered by the library; here is only what vhost-user has
 * beside it, such as protocol features, which rings are enabled, and which files memory is in.
 */
#ifndef BROKER_SESSION_H
#define BROKER_SESSION_H

#include "loop.h"
#include "vhostconfig.h"
#include "wire.h"

struct broker_device;

struct session_ring {
	bool enabled, kicked; /* it runs from its kick to GET_VRING_BASE, while it is enabled */
	bool runs, was_reset;
	uint32_t reached;	   /* the base at which it was reset */
	int err;		   /* of SET_VRING_ERR, or -1 */
	int call;		   /* a socket that interrupts are relayed to, or -1 */
	int kick;		   /* of a ring that is idle, as its call fd; or -1 */
	struct broker_watch relay; /* the eventfd that the kernel signals instead */
	uint64_t errors;	   /* times that the kernel gave it up */
	uint32_t size;
	uint64_t used; /* address of its used ring, as the front-end has it */
	bool asked;    /* for the mappings of its used ring, without which it does not start */
};

#define SESSION_NO_RING \
	((struct session_ring){ .err = -1, .call = -1, .kick = -1, .relay = BROKER_UNWATCHED })

#define SESSION_REGIONS 512u

/* A region of the guest's memory, and the file that it is in. */
struct session_region {
	struct wire_region at;
	uint64_t dev, inode;
};

/* An address that the device waits for, and the front-end was not asked for yet. */
struct session_miss {
	uint64_t iova;
	uint8_t perm; /* VHC_PERM_ */
};

#define SESSION_MISSES 256u

struct session {
	struct broker_device *device;
	struct broker_watch watch; /* the front-end's socket; fd is -1 while there is none */
	int pid;		   /* of the front-end when it connected */
	uint32_t uid;
	struct wire_reader reader;
	uint64_t protocol; /* protocol features that the front-end accepted */
	uint64_t features; /* feature bits that it accepted, as it sent them */
	bool has_protocol, log;
	uint32_t status;	  /* of the guest's driver, as virtio has it */
	bool iommu;		  /* addresses are translated */
	int channel;		  /* of SET_BACKEND_REQ_FD, or -1 */
	struct broker_watch room; /* in it, while misses wait for that */
	struct session_miss miss[SESSION_MISSES];
	uint32_t misses;
	struct session_ring *ring;
	struct session_region *region; /* SESSION_REGIONS of them */
	uint32_t regions;
	struct wire_error error; /* of the message; "": the library has the text */
};

/** session_new() - of a device that has no front-end yet.  Errors: -ENOMEM. */
int session_new(struct session *session, struct broker_device *device);

void session_free(struct session *session);

/** session_begin() - a front-end has connected; takes over its socket.  Errors: those of epoll_ctl(2). */
int session_begin(struct session *session, int socket);

/** session_end() - close what is the front-end's; the device is not touched. */
void session_end(struct session *session);

/** session_ready() - its socket is readable, or a message is overdue. */
void session_ready(void *session);

/**
 * session_message() - a message that was received: check it, do it, make the reply of it.
 * Returns 1: there is a reply to send; 0: there is none.  Errors: the connection must end, and
 * session->error says why.
 */
int session_message(struct session *session, struct wire_message *message);

/*
 * What a message does: 0, with the reply in it, or a negative errno, with session->error or the
 * library's text.  Of its fds, the handler takes those that it keeps.
 */
typedef int session_handler(struct session *session, struct wire_message *message);

/** session_fail() - with a text of its own.  Returns @code. */
int session_fail(struct session *session, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** session_say_not_shared() - that the front-end's memory is not, and what to do. */
void session_say_not_shared(struct broker_device *device);

/* features.c */
session_handler session_get_features, session_set_features;
session_handler session_get_protocol_features, session_set_protocol_features;
session_handler session_get_status, session_set_status, session_reset;
/** session_offer_features() - find what front-ends are offered, @mask left out.  Errors: the library's. */
int session_offer_features(struct broker_device *device, const struct vhc_features *mask);

/* memory.c */
session_handler session_set_mem_table, session_add_region, session_del_region, session_get_slots;
session_handler session_set_log_base, session_set_log_fd;
/**
 * session_start_log() - start or stop logging, as the front-end wants it and as far as is possible yet.
 * Errors: the library's.
 */
int session_start_log(struct session *session);

/* rings.c */
session_handler session_set_size, session_set_addr, session_set_base, session_get_base;
session_handler session_set_kick, session_set_call, session_set_err, session_enable;
session_handler session_disable_all;
/**
 * session_settle() - start or stop a ring, or every ring, as it is to be.  One for which something is
 * still to come is no error.  Errors: the library's.
 */
int session_settle(struct session *session, uint32_t ring);
int session_settle_all(struct session *session);
/** session_is_socket() - is this fd of a front-end a unix socket?  session_is_eventfd(): an eventfd? */
bool session_is_socket(int fd);
bool session_is_eventfd(int fd);
/** session_forget_rings() - close what the front-end gave for them; the device is not touched. */
void session_forget_rings(struct session *session);
/**
 * session_reset_rings() - reset the device.  Where its rings stopped can still be asked.
 * Errors: vhc_dev_reset()'s.
 */
int session_reset_rings(struct session *session);

/* idle.c */
/** session_is_idle() - is a message about a ring that nobody here runs?  Then session_idle() does it. */
bool session_is_idle(const struct session *session, const struct wire_message *message);
session_handler session_idle;

/* events.c */
/** session_event() - the device has an event. */
void session_event(void *session);

/* relay.c */
/**
 * session_relay_begin() - relay the interrupts of a ring to a socket, which it takes over also if it
 * fails.  Errors: those of eventfd(2) and epoll_ctl(2); the library's.
 */
int session_relay_begin(struct session *session, uint32_t ring, int socket);
void session_relay_end(struct session *session, uint32_t ring);

/* iommu.c */
session_handler session_set_channel, session_iotlb;
/** session_miss() - ask the front-end for an address, as soon as it can be asked. */
void session_miss(struct session *session, uint64_t iova, uint32_t perm);
/** session_miss_used() - for what a ring needs before it starts, if addresses are translated; once. */
void session_miss_used(struct session *session, uint32_t ring);
/** session_forget_misses() - nobody waits any more.  session_forget_channel(): and nobody can be asked. */
void session_forget_misses(struct session *session);
void session_forget_channel(struct session *session);

/* kind.c */
session_handler session_get_config;
/** session_activate() - let the queues of enabled pairs receive, and no others.  Errors: the kind's. */
int session_activate(struct session *session);

/* net.c */
session_handler session_get_queues, session_send_rarp, session_set_mtu;

#endif
