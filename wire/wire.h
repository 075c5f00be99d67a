/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * wire - the messages of vhost-user on a socket, for either end of it.
 *
 * One table (table.c) has every message: its number, what its payload and its fds must be, and what is
 * replied.  Messages are received and sent with a deadline; what the table does not allow is a
 * protocol error.  The other end is not trusted: it may send anything, at any speed, or stop.
 *
 * This room knows nothing of devices.  It offers this header alone, and is for one thread.  Functions
 * return 0, or what is said, or a negative errno with the text filled in:
 *     -EPROTO      the other end broke the protocol
 *     -ETIMEDOUT   it did not complete a message, or did not read one, in time
 *     -ECONNRESET  it closed the connection, between two messages
 * After each of these nothing but closing the socket makes sense.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_TIMEOUT	 5000 /* ms, for one message */
#define WIRE_FDS	 8u   /* of one message */
#define WIRE_REGIONS	 8u   /* of SET_MEM_TABLE */
#define WIRE_CONFIG_SIZE 256u /* of a device's configuration space */
#define WIRE_HEADER_SIZE 12u

enum wire_request {
	WIRE_GET_FEATURES = 1,
	WIRE_SET_FEATURES = 2,
	WIRE_SET_OWNER = 3,
	WIRE_RESET_OWNER = 4,
	WIRE_SET_MEM_TABLE = 5,
	WIRE_SET_LOG_BASE = 6,
	WIRE_SET_LOG_FD = 7,
	WIRE_SET_VRING_NUM = 8,
	WIRE_SET_VRING_ADDR = 9,
	WIRE_SET_VRING_BASE = 10,
	WIRE_GET_VRING_BASE = 11,
	WIRE_SET_VRING_KICK = 12,
	WIRE_SET_VRING_CALL = 13,
	WIRE_SET_VRING_ERR = 14,
	WIRE_GET_PROTOCOL_FEATURES = 15,
	WIRE_SET_PROTOCOL_FEATURES = 16,
	WIRE_GET_QUEUE_NUM = 17,
	WIRE_SET_VRING_ENABLE = 18,
	WIRE_SEND_RARP = 19,
	WIRE_NET_SET_MTU = 20,
	WIRE_SET_BACKEND_REQ_FD = 21,
	WIRE_IOTLB_MSG = 22,
	WIRE_GET_CONFIG = 24,
	WIRE_SET_CONFIG = 25,
	WIRE_RESET_DEVICE = 34,
	WIRE_GET_MAX_MEM_SLOTS = 36,
	WIRE_ADD_MEM_REG = 37,
	WIRE_REM_MEM_REG = 38,
	WIRE_SET_STATUS = 39,
	WIRE_GET_STATUS = 40,
	WIRE_REQUESTS
};

/* What the back-end sends by itself, on the channel of SET_BACKEND_REQ_FD. */
enum wire_backend_request {
	WIRE_BACKEND_IOTLB_MSG = 1,
	WIRE_BACKEND_CONFIG_CHANGE = 2,
	WIRE_BACKEND_REQUESTS
};

/* Protocol features, as bit numbers. */
enum wire_protocol {
	WIRE_P_MQ = 0,
	WIRE_P_LOG_SHMFD = 1,
	WIRE_P_RARP = 2,
	WIRE_P_REPLY_ACK = 3,
	WIRE_P_MTU = 4,
	WIRE_P_BACKEND_REQ = 5,
	WIRE_P_CONFIG = 9,
	WIRE_P_RESET_DEVICE = 13,
	WIRE_P_CONFIGURE_MEM_SLOTS = 15,
	WIRE_P_STATUS = 16,
};

#define WIRE_P(name) (UINT64_C(1) << WIRE_P_##name)

/* Feature bits that are between the two ends. */
enum { WIRE_F_LOG_ALL = 26, WIRE_F_PROTOCOL_FEATURES = 30 };

/* The flags of a header. */
enum { WIRE_VERSION = 1, WIRE_VERSION_MASK = 3, WIRE_REPLY = 1 << 2, WIRE_NEED_REPLY = 1 << 3 };

/* The payload of SET_VRING_KICK, _CALL and _ERR. */
#define WIRE_RING_MASK UINT64_C(0xff)
#define WIRE_NO_FD     (UINT64_C(1) << 8)

enum { WIRE_IOTLB_MISS = 1, WIRE_IOTLB_UPDATE = 2, WIRE_IOTLB_INVALIDATE = 3, WIRE_IOTLB_FAIL = 4 };

struct wire_region {
	uint64_t guest, size, user, offset;
};

/* All numbers are in this machine's byte order: both ends are on it. */
union wire_payload {
	uint64_t u64;
	struct {
		uint32_t index, value;
	} ring;
	struct {
		uint32_t index, flags;
		uint64_t desc, used, avail, log;
	} addr;
	struct {
		uint32_t count, padding;
		struct wire_region region[WIRE_REGIONS];
	} table;
	struct {
		uint64_t padding;
		struct wire_region region;
	} slot;
	struct {
		uint64_t size, offset;
	} log;
	struct {
		uint64_t iova, size, user;
		uint8_t perm, type, padding[6];
	} iotlb;
	struct {
		uint32_t offset, size, flags;
		uint8_t bytes[WIRE_CONFIG_SIZE];
	} config;
};

struct wire_message {
	uint32_t request, flags, size; /* as on the wire, without padding */
	union wire_payload payload;
	uint32_t fds;
	int fd[WIRE_FDS]; /* -1: has been taken */
};

_Static_assert(offsetof(struct wire_message, payload) >= WIRE_HEADER_SIZE,
	       "the header is in front");

/* Who sends it: which table of requests is meant. */
enum wire_sender { WIRE_FRONT, WIRE_BACK };

/* What must come back, even if it did not ask for it. */
enum wire_reply {
	WIRE_NO_REPLY,
	WIRE_REPLY_ACK, /* the acknowledgement */
	WIRE_REPLY_U64,
	WIRE_REPLY_RING,
	WIRE_REPLY_CONFIG
};

/* A row of the table. */
struct wire_kind {
	const char *name;
	uint8_t form; /* enum wire_form: of the payload and the fds */
	uint8_t reply;
	int8_t protocol; /* the protocol feature that it needs; WIRE_ALWAYS */
};

#define WIRE_ALWAYS (-1)

/** wire_kind() - the row of a request; NULL if there is no such. */
const struct wire_kind *wire_kind(enum wire_sender sender, uint32_t request);

/** wire_name() - "SET_OWNER"; "request 99" for one that is not known, in @buf. */
#define WIRE_NAME_MAX 24u
const char *wire_name(enum wire_sender sender, uint32_t request, char buf[WIRE_NAME_MAX]);

#define WIRE_TEXT_MAX 240u

struct wire_error {
	char text[WIRE_TEXT_MAX];
};

/** wire_fail() - fill in the text.  Returns @code. */
int wire_fail(struct wire_error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * wire_check() - is a message that was received one that this sender may send?
 * @protocol: the protocol features that both ends agreed on.
 * Errors: -EPROTO.
 */
int wire_check(enum wire_sender sender, const struct wire_message *message, uint64_t protocol,
	       struct wire_error *err);

/**
 * wire_check_reply() - is @reply the reply to this request, or, with @ack, its acknowledgement?
 * Errors: -EPROTO.
 */
int wire_check_reply(enum wire_sender sender, uint32_t request, bool ack,
		     const struct wire_message *reply, struct wire_error *err);

/* -------------------------------------------------------------------------------------- receiving */

/* A message that is arriving.  All zero at first. */
struct wire_reader {
	struct wire_message message;
	size_t have;	  /* bytes of it, header included */
	uint64_t started; /* when the first byte came, by wire_now(); 0: none has come */
};

/**
 * wire_read() - take what has arrived, without waiting.
 * Returns 1: reader->message is complete, and its fds are the caller's to close; 0: not yet.  Errors:
 * -EPROTO: too many fds, or lost ones; a length that no message has; the end inside a message;
 * -ETIMEDOUT: it has been arriving for longer than @timeout (ms); -ECONNRESET.  After an error no fd of
 * it is open.
 */
int wire_read(struct wire_reader *reader, int socket, int timeout, struct wire_error *err);

/** wire_left() - how long a message that is arriving may still take, in ms; -1: none is. */
int wire_left(const struct wire_reader *reader, int timeout);

/**
 * wire_receive() - the same, and wait for a message, its first byte included.
 * Returns 1.  Errors: those of wire_read(); what poll(2) says.
 */
int wire_receive(struct wire_reader *reader, int socket, int timeout, struct wire_error *err);

/** wire_reset() - forget a message that is arriving, or has arrived, and close its fds. */
void wire_reset(struct wire_reader *reader);

/** wire_take_fd() - the n-th fd of a message, which is then the caller's; -1: there is none. */
int wire_take_fd(struct wire_message *message, uint32_t n);

/** wire_close_fds() - close those that were not taken. */
void wire_close_fds(struct wire_message *message);

/** wire_now() - a clock that only goes on, in ms. */
uint64_t wire_now(void);

/* ---------------------------------------------------------------------------------------- sending */

/**
 * wire_send() - send a message and its fds, which stay the caller's.
 * @timeout: how long to wait for the other end to make room, in ms; 0: not at all.
 * Errors: -ETIMEDOUT; -ECONNRESET; what sendmsg(2) says.
 */
int wire_send(int socket, const struct wire_message *message, int timeout, struct wire_error *err);

/**
 * wire_reply_u64() - make a received request its own reply, with this value, and close its fds.
 * wire_reply_same(): with the payload that it has.
 */
void wire_reply_u64(struct wire_message *message, uint64_t value);
void wire_reply_same(struct wire_message *message);

/** wire_wants_ack() - does a request want to be told how it went, and get no other reply? */
bool wire_wants_ack(enum wire_sender sender, const struct wire_message *message, uint64_t protocol);

#endif
