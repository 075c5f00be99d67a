/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * driver - a guest's vsock driver on two rings: packets, connections and their credit (virtio 1.4,
 * section 5.10).  It has no event queue: a test calls driver_reset() instead of sending the event.
 */
#ifndef DRIVER_H
#define DRIVER_H

#include "virtqueue.h"

#define DRIVER_CONNECTIONS 16u
#define DRIVER_WINDOW	   16384u /* bytes that the host may send ahead of the reader */

enum driver_state { DRIVER_CLOSED, DRIVER_CONNECTING, DRIVER_OPEN };

/* Packets that a connection has to send as soon as the ring has space. */
enum {
	DRIVER_OWES_REQUEST = 1 << 0,
	DRIVER_OWES_RESPONSE = 1 << 1,
	DRIVER_OWES_UPDATE = 1 << 2,   /* tell the host its credit */
	DRIVER_OWES_QUESTION = 1 << 3, /* ask the host for the guest's credit */
	DRIVER_OWES_SHUTDOWN = 1 << 4,
	DRIVER_OWES_RESET = 1 << 5
};

/* All counts of bytes are free-running. */
struct driver_connection {
	enum driver_state state;
	uint32_t port, host_port;
	uint32_t owes;
	uint32_t sent, host_window, host_read; /* the last two are from the host */
	uint32_t received, read, told;	       /* told: the last read that the host knows */
};

struct driver {
	struct virtqueue rx, tx;
	uint64_t cid;
	struct driver_connection connections[DRIVER_CONNECTIONS];
	uint32_t stray;			/* late packets, whose connection is gone */
	uint32_t malformed;		/* packets that break the protocol, credit included */
	uint32_t damage_in, damage_out; /* change one byte in each of the next so many packets */
	void *data;
	/* bytes have arrived on a connection */
	void (*receive)(void *data, uint32_t connection, const unsigned char *bytes,
			uint32_t count);
	/* the host connects to a port; returns the connection to use, or -1 */
	int (*accept)(void *data, uint32_t port);
};

/** driver_connect() - open this connection, to a port of the host. */
void driver_connect(struct driver *driver, uint32_t connection, uint32_t port, uint32_t host_port);
/** driver_shutdown() - ask the host to close a connection. */
void driver_shutdown(struct driver *driver, uint32_t connection);
/** driver_send() - send bytes.  Returns how many: as many as credit and ring allow. */
uint32_t driver_send(struct driver *driver, uint32_t connection, const unsigned char *bytes,
		     uint32_t count);
/** driver_turn() - handle used buffers, answer, kick.  Returns true if there were any. */
bool driver_turn(struct driver *driver);
/** driver_ask() - exchange credit on all connections, for when nothing moves. */
void driver_ask(struct driver *driver);
/** driver_reset() - what VIRTIO_VSOCK_EVENT_TRANSPORT_RESET does: drop all connections. */
void driver_reset(struct driver *driver);
/** driver_move() - the guest's memory has moved from one address to another. */
void driver_move(struct driver *driver, const void *from, void *to);

#endif
