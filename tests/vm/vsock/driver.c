/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* driver - a guest's vsock driver on two rings. */
#include <endian.h>
#include <linux/virtio_vsock.h>
#include <sys/socket.h>
#include <linux/vm_sockets.h>
#include <string.h>

#include "driver.h"

#define HEADER ((uint32_t)sizeof(struct virtio_vsock_hdr))

static bool post(struct driver *driver, struct driver_connection *connection, uint16_t op,
		 uint32_t flags, const unsigned char *bytes, uint32_t count)
{
	int id = virtqueue_get(&driver->tx);
	struct virtio_vsock_hdr header = {
		.src_cid = htole64(driver->cid),
		.dst_cid = htole64(VMADDR_CID_HOST),
		.src_port = htole32(connection->port),
		.dst_port = htole32(connection->host_port),
		.len = htole32(count),
		.type = htole16(VIRTIO_VSOCK_TYPE_STREAM),
		.op = htole16(op),
		.flags = htole32(flags),
		.buf_alloc = htole32(DRIVER_WINDOW),
		.fwd_cnt = htole32(connection->read),
	};
	unsigned char *buffer;

	if (id < 0)
		return false;
	buffer = virtqueue_buffer(&driver->tx, id);
	memcpy(buffer, &header, HEADER);
	if (count)
		memcpy(buffer + HEADER, bytes, count);
	if (count && driver->damage_out) {
		driver->damage_out--;
		buffer[HEADER + count - 1] ^= 1;
	}
	connection->told = connection->read;
	virtqueue_add(&driver->tx, id, HEADER + count, false);
	return true;
}

/* In the order in which a connection needs them. */
static const struct {
	uint32_t owed;
	uint16_t op;
	uint32_t flags;
} control[] = {
	{ DRIVER_OWES_REQUEST, VIRTIO_VSOCK_OP_REQUEST, 0 },
	{ DRIVER_OWES_RESPONSE, VIRTIO_VSOCK_OP_RESPONSE, 0 },
	{ DRIVER_OWES_UPDATE, VIRTIO_VSOCK_OP_CREDIT_UPDATE, 0 },
	{ DRIVER_OWES_QUESTION, VIRTIO_VSOCK_OP_CREDIT_REQUEST, 0 },
	{ DRIVER_OWES_SHUTDOWN, VIRTIO_VSOCK_OP_SHUTDOWN,
	  VIRTIO_VSOCK_SHUTDOWN_RCV | VIRTIO_VSOCK_SHUTDOWN_SEND },
	{ DRIVER_OWES_RESET, VIRTIO_VSOCK_OP_RST, 0 },
};

static void pay(struct driver *driver, struct driver_connection *connection)
{
	for (size_t i = 0; i < sizeof(control) / sizeof(control[0]); i++)
		if (connection->owes & control[i].owed &&
		    post(driver, connection, control[i].op, control[i].flags, NULL, 0))
			connection->owes &= ~control[i].owed;
}

static uint32_t credit(const struct driver_connection *connection)
{
	return connection->host_window - (connection->sent - connection->host_read);
}

/* Owed packets go first: the bytes of a connection must not precede its response. */
uint32_t driver_send(struct driver *driver, uint32_t number, const unsigned char *bytes,
		     uint32_t count)
{
	struct driver_connection *connection = &driver->connections[number];
	uint32_t room = driver->tx.buffer_size - HEADER;

	pay(driver, connection);
	if (connection->state != DRIVER_OPEN || connection->owes)
		return 0;
	count = count < room ? count : room;
	count = count < credit(connection) ? count : credit(connection);
	if (!count || !post(driver, connection, VIRTIO_VSOCK_OP_RW, 0, bytes, count))
		return 0;
	connection->sent += count;
	return count;
}

void driver_connect(struct driver *driver, uint32_t number, uint32_t port, uint32_t host_port)
{
	driver->connections[number] = (struct driver_connection){
		DRIVER_CONNECTING,
		.port = port,
		.host_port = host_port,
		.owes = DRIVER_OWES_REQUEST,
	};
	pay(driver, &driver->connections[number]);
}

void driver_shutdown(struct driver *driver, uint32_t number)
{
	if (driver->connections[number].state == DRIVER_OPEN)
		driver->connections[number].owes |= DRIVER_OWES_SHUTDOWN;
}

void driver_ask(struct driver *driver)
{
	for (uint32_t i = 0; i < DRIVER_CONNECTIONS; i++)
		if (driver->connections[i].state == DRIVER_OPEN)
			driver->connections[i].owes |= DRIVER_OWES_QUESTION | DRIVER_OWES_UPDATE;
}

void driver_reset(struct driver *driver)
{
	memset(driver->connections, 0, sizeof(driver->connections));
}

/* ------------------------------------------------------------------------------- from the host */

static struct driver_connection *find(struct driver *driver, const struct virtio_vsock_hdr *header)
{
	for (uint32_t i = 0; i < DRIVER_CONNECTIONS; i++) {
		struct driver_connection *connection = &driver->connections[i];

		if (connection->state != DRIVER_CLOSED &&
		    connection->port == le32toh(header->dst_port) &&
		    connection->host_port == le32toh(header->src_port))
			return connection;
	}
	return NULL;
}

static struct driver_connection *answer(struct driver *driver,
					const struct virtio_vsock_hdr *header)
{
	uint32_t port = le32toh(header->dst_port);
	int number = driver->accept(driver->data, port);

	if (number < 0)
		return NULL;
	driver->connections[number] = (struct driver_connection){
		DRIVER_OPEN,
		.port = port,
		.host_port = le32toh(header->src_port),
		.owes = DRIVER_OWES_RESPONSE,
	};
	return &driver->connections[number];
}

static void take_bytes(struct driver *driver, struct driver_connection *connection,
		       unsigned char *bytes, uint32_t count)
{
	connection->received += count;
	if (connection->received - connection->told > DRIVER_WINDOW)
		driver->malformed++;
	if (count && driver->damage_in) {
		driver->damage_in--;
		bytes[count - 1] ^= 1;
	}
	driver->receive(driver->data, (uint32_t)(connection - driver->connections), bytes, count);
	connection->read = connection->received;
	if (connection->read - connection->told >= DRIVER_WINDOW / 2)
		connection->owes |= DRIVER_OWES_UPDATE;
}

static void take_packet(struct driver *driver, unsigned char *packet, uint32_t length)
{
	struct driver_connection *connection;
	struct virtio_vsock_hdr header;

	memcpy(&header, packet, HEADER);
	if (length < HEADER || length != HEADER + le32toh(header.len) ||
	    le64toh(header.src_cid) != VMADDR_CID_HOST || le64toh(header.dst_cid) != driver->cid ||
	    le16toh(header.type) != VIRTIO_VSOCK_TYPE_STREAM) {
		driver->malformed++;
		return;
	}
	connection = find(driver, &header);
	if (!connection && le16toh(header.op) == VIRTIO_VSOCK_OP_REQUEST)
		connection = answer(driver, &header);
	if (!connection) {
		driver->stray++;
		return;
	}
	connection->host_window = le32toh(header.buf_alloc);
	connection->host_read = le32toh(header.fwd_cnt);
	switch (le16toh(header.op)) {
	case VIRTIO_VSOCK_OP_RESPONSE:
		connection->state = DRIVER_OPEN;
		break;
	case VIRTIO_VSOCK_OP_RW:
		take_bytes(driver, connection, packet + HEADER, length - HEADER);
		break;
	case VIRTIO_VSOCK_OP_CREDIT_REQUEST:
		connection->owes |= DRIVER_OWES_UPDATE;
		break;
	case VIRTIO_VSOCK_OP_SHUTDOWN:
		connection->owes = DRIVER_OWES_RESET;
		connection->state = DRIVER_CLOSED;
		break;
	case VIRTIO_VSOCK_OP_RST:
		connection->owes = 0;
		connection->state = DRIVER_CLOSED;
		break;
	}
}

bool driver_turn(struct driver *driver)
{
	bool came = false;
	uint32_t length;

	for (int id; (id = virtqueue_reap(&driver->tx, NULL)) >= 0; came = true)
		virtqueue_put(&driver->tx, id);
	for (int id; (id = virtqueue_reap(&driver->rx, &length)) >= 0; came = true) {
		take_packet(driver, virtqueue_buffer(&driver->rx, id), length);
		virtqueue_put(&driver->rx, id);
	}
	virtqueue_fill(&driver->rx);
	for (uint32_t i = 0; i < DRIVER_CONNECTIONS; i++)
		pay(driver, &driver->connections[i]);
	virtqueue_kick(&driver->rx);
	virtqueue_kick(&driver->tx);
	return came;
}

/* The driver does not notice that it moved: the same indices, at other addresses. */
static void move_ring(struct virtqueue *ring, const unsigned char *from, unsigned char *to)
{
	size_t at = (size_t)(ring->memory - from);
	unsigned char *before = ring->memory;

	ring->memory = to + at;
	ring->desc = (struct vring_desc *)(ring->memory + ((unsigned char *)ring->desc - before));
	ring->avail =
		(struct vring_avail *)(ring->memory + ((unsigned char *)ring->avail - before));
	ring->used = (struct vring_used *)(ring->memory + ((unsigned char *)ring->used - before));
	ring->buffers = ring->memory + (ring->buffers - before);
}

void driver_move(struct driver *driver, const void *from, void *to)
{
	move_ring(&driver->rx, from, to);
	move_ring(&driver->tx, from, to);
}
