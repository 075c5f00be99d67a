/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rings - the messages about one ring.  Each may complete it, whatever their order: after each, the
 * ring is started if that is possible.
 */
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device.h"

static int check_ring(struct session *session, uint32_t index)
{
	const struct broker_device *device = session->device;

	if (index < device->rings)
		return 0;
	return session_fail(session, -EINVAL, "there is no ring %u: the device has %u", index,
			    device->all_rings);
}

static int start_or_stop(struct broker_device *device, bool start, uint32_t index, bool alone)
{
	if (alone)
		return start ? vhc_ring_start(device->dev, index)
			     : vhc_ring_stop(device->dev, index);
	return start ? vhc_dev_start(device->dev) : vhc_dev_stop(device->dev);
}

/* Rings that run only together start with the last that may, and stop with the first that may not. */
int session_settle(struct session *session, uint32_t index)
{
	struct broker_device *device = session->device;
	bool alone = device->info.can & VHC_CAN_RING, start = !device->stopped, runs = false;
	uint32_t first = alone ? index : 0, end = alone ? index + 1 : device->rings;
	int r;

	for (uint32_t i = first; i < end; i++) {
		start &= session->ring[i].enabled && session->ring[i].kicked;
		runs |= session->ring[i].runs;
	}
	if (!start && !runs)
		return 0;
	r = start_or_stop(device, start, index, alone);
	if (r == -EAGAIN) {
		session_miss_used(session, index);
		return 0; /* something is still to come */
	}
	if (r)
		return r;
	for (uint32_t i = first; i < end; i++) {
		session->ring[i].runs = start;
		session->ring[i].was_reset &= !start;
	}
	broker_device_follow(device);
	return 0;
}

int session_settle_all(struct session *session)
{
	int r = 0;

	for (uint32_t i = 0; i < session->device->rings && !r; i++)
		r = session_settle(session, i);
	return r;
}

int session_set_size(struct session *session, struct wire_message *message)
{
	uint32_t index = message->payload.ring.index;
	int r = check_ring(session, index);

	if (!r)
		r = vhc_ring_set_size(session->device->dev, index, message->payload.ring.value);
	if (r)
		return r;
	session->ring[index].size = message->payload.ring.value;
	session->ring[index].asked = false;
	return session_settle(session, index);
}

/* Whether and where it is logged follows from the memory and the log. */
int session_set_addr(struct session *session, struct wire_message *message)
{
	uint32_t index = message->payload.addr.index;
	int r = check_ring(session, index);

	if (!r)
		r = vhc_ring_set_addr(session->device->dev, index,
				      VHC_ARG(vhc_ring_addr, .desc = message->payload.addr.desc,
					      .avail = message->payload.addr.avail,
					      .used = message->payload.addr.used,
					      .flags = VHC_RING_USER_ADDR));
	if (r)
		return r;
	session->ring[index].used = message->payload.addr.used;
	session->ring[index].asked = false;
	return session_settle(session, index);
}

int session_set_base(struct session *session, struct wire_message *message)
{
	uint32_t index = message->payload.ring.index;
	int r = check_ring(session, index);

	if (!r)
		r = vhc_ring_set_base(session->device->dev, index, message->payload.ring.value);
	if (r)
		return r;
	session->ring[index].was_reset = false;
	return session_settle(session, index);
}

/* It stops the ring, which starts again only after another kick. */
int session_get_base(struct session *session, struct wire_message *message)
{
	uint32_t index = message->payload.ring.index, base = 0;
	struct vhc_dev *dev = session->device->dev;
	int r = check_ring(session, index);

	if (r)
		return r;
	session->ring[index].kicked = false;
	r = session_settle(session, index);
	if (!r)
		r = vhc_ring_get_base(dev, index, &base);
	if (!r)
		r = vhc_ring_set_kick(dev, index, -1);
	if (r)
		return r;
	wire_reply_same(message);
	message->payload.ring.value =
		session->ring[index].was_reset ? session->ring[index].reached : base;
	return 0;
}

static bool is_kicked(const struct session *session)
{
	for (uint32_t i = 0; i < session->device->rings; i++)
		if (session->ring[i].kicked)
			return true;
	return false;
}

/* QEMU that adds single regions sends none at all if they are in no file, and says nothing itself. */
static void say_if_no_memory(const struct session *session)
{
	if (!session->regions && !is_kicked(session))
		session_say_not_shared(session->device);
}

int session_set_kick(struct session *session, struct wire_message *message)
{
	uint32_t index = message->payload.u64 & WIRE_RING_MASK;
	int r = check_ring(session, index);

	if (r)
		return r;
	if (message->payload.u64 & WIRE_NO_FD)
		return session_fail(session, -EOPNOTSUPP,
				    "ring %u is to be polled, which the kernel does not do", index);
	r = vhc_ring_set_kick(session->device->dev, index, message->fd[0]);
	if (r)
		return r;
	say_if_no_memory(session);
	session->ring[index].kicked = true;
	session->ring[index].asked = false;
	return session_settle(session, index);
}

/* A socket of another family may be one that does more than to carry bytes. */
bool session_is_socket(int fd)
{
	int family = 0;
	socklen_t size = sizeof(family);

	return !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) && family == AF_UNIX;
}

/* As the library checks those that it signals: an inode without a type. */
bool session_is_eventfd(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && !(st.st_mode & S_IFMT);
}

int session_set_call(struct session *session, struct wire_message *message)
{
	uint32_t index = message->payload.u64 & WIRE_RING_MASK;
	int r = check_ring(session, index);

	if (r)
		return r;
	if (message->fds && session_is_socket(message->fd[0])) {
		/* the kernel signals eventfds only */
		r = session_relay_begin(session, index, wire_take_fd(message, 0));
	} else {
		r = vhc_ring_set_call(session->device->dev, index,
				      message->fds ? message->fd[0] : -1);
		if (!r)
			session_relay_end(session, index);
	}
	return r ? r : session_settle(session, index);
}

int session_set_err(struct session *session, struct wire_message *message)
{
	uint32_t index = message->payload.u64 & WIRE_RING_MASK;
	int r = check_ring(session, index);

	if (!r && message->fds && !session_is_eventfd(message->fd[0]))
		r = session_fail(session, -EINVAL, "ring %u: its error fd is no eventfd", index);
	if (r)
		return r;
	if (session->ring[index].err >= 0)
		close(session->ring[index].err);
	session->ring[index].err = wire_take_fd(message, 0);
	return 0;
}

/* It comes before there is a ring, and again and again. */
int session_enable(struct session *session, struct wire_message *message)
{
	uint32_t index = message->payload.ring.index, value = message->payload.ring.value;
	int r = check_ring(session, index);

	if (!r && value > 1)
		r = session_fail(session, -EINVAL, "ring %u: %u is neither 0 nor 1", index, value);
	if (r)
		return r;
	session->ring[index].enabled = value;
	return session_settle(session, index) ?: session_activate(session);
}

/* RESET_OWNER, which is no longer in use. */
int session_disable_all(struct session *session, struct wire_message *message)
{
	for (uint32_t i = 0; i < session->device->rings; i++)
		session->ring[i].enabled = false;
	return session_settle_all(session) ?: session_activate(session);
}

static void forget_ring(struct session *session, uint32_t index)
{
	struct session_ring *ring = &session->ring[index];

	session_relay_end(session, index);
	if (ring->err >= 0)
		close(ring->err);
	if (ring->kick >= 0)
		close(ring->kick);
	*ring = SESSION_NO_RING;
}

void session_forget_rings(struct session *session)
{
	for (uint32_t i = 0; i < session->device->all_rings; i++)
		forget_ring(session, i);
}

static void note_base(struct session *session, uint32_t index)
{
	struct session_ring *ring = &session->ring[index];

	ring->runs = false;
	if (!ring->was_reset)
		ring->was_reset = !vhc_ring_get_base(session->device->dev, index, &ring->reached);
}

/*
 * QEMU 7.2 resets the device with SET_STATUS and then asks where each ring has stopped, for the guest to go on from
 * there, maybe on another host: so that is still known after it, until the ring has another base.
 */
int session_reset_rings(struct session *session)
{
	struct broker_device *device = session->device;
	int r = vhc_dev_stop(device->dev);

	for (uint32_t i = 0; i < device->rings && !r; i++)
		note_base(session, i);
	r = r ?: vhc_dev_reset(device->dev);
	for (uint32_t i = 0; i < device->all_rings && !r; i++) {
		struct session_ring *ring = &session->ring[i], before = *ring;

		forget_ring(session, i);
		ring->was_reset = before.was_reset;
		ring->reached = before.reached;
	}
	broker_device_follow(device);
	return r;
}
