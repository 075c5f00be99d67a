/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * front - a front-end of a device on the fake kernel.
 */
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "ctx.h"
#include "front.h"
#include "sound.h"

struct front the_front;

int front_setup(void **state)
{
	front_new(&the_front, "6.12", 1);
	return 0;
}

int front_setup_pairs(void **state)
{
	front_new(&the_front, "6.12", 4);
	return 0;
}

int front_setup_iommu(void **state)
{
	front_new_iommu(&the_front, "6.12");
	return 0;
}

int front_teardown(void **state)
{
	front_free(&the_front);
	return 0;
}

struct fake_ring *front_kernel_ring(uint32_t ring)
{
	return &fake_vhost(the_front.fake, ring / 2)->ring[ring % 2];
}

static void open_net(struct front *front)
{
	struct broker_args args = { .id = "net0",
				    .type = VHC_TYPE_NET,
				    .pairs = front->pairs,
				    .mac = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 },
				    .iommu = front->iommu };

	assert_int_equal(vhc_tap_open(front->ctx, "vm0",
				      VHC_ARG(vhc_tap_args, .queues = front->pairs), &front->tap),
			 0);
	assert_int_equal(vhc_dev_open(front->ctx, "net0", NULL,
				      VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET,
					      .queue_pairs = front->pairs),
				      &front->dev),
			 0);
	args.dev = front->dev;
	args.tap = front->tap;
	assert_int_equal(broker_device_new(&front->broker, &args, &front->device), 0);
}

static void open_vsock(struct front *front)
{
	struct broker_args args = {
		.id = "vsock0", .type = VHC_TYPE_VSOCK, .pairs = 1, .cid = FRONT_CID
	};

	assert_int_equal(
		vhc_dev_open(front->ctx, "vsock0", NULL,
			     VHC_ARG(vhc_dev_args, .type = VHC_TYPE_VSOCK, .guest_cid = FRONT_CID),
			     &front->dev),
		0);
	args.dev = front->dev;
	assert_int_equal(broker_device_new(&front->broker, &args, &front->device), 0);
}

void front_new(struct front *front, const char *kernel, uint32_t pairs)
{
	front_new_on(front, &fake_sys, kernel, pairs);
}

static void begin(struct front *front, const struct vhi_sys_ops *sys, const char *kernel,
		  uint32_t pairs, void (*open_device)(struct front *front))
{
	*front = (struct front){ .pairs = pairs, .fake = fake_new(kernel) };
	assert_int_equal(vhi_ctx_new_sys(sys, front->fake, &front->ctx), 0);
	front->broker = (struct broker){ .ctx = front->ctx,
					 .options.timeout = 1000,
					 .epoll = epoll_create1(EPOLL_CLOEXEC) };
	assert_true(front->broker.epoll >= 0);
	open_device(front);
	front->memory = fake_memfd(front->fake, FRONT_SIZE, 0);
	for (uint32_t i = 0; i < 2 * pairs; i++) {
		front->kick[i] = fake_eventfd(front->fake);
		front->call[i] = fake_eventfd(front->fake);
	}
}

void front_new_on(struct front *front, const struct vhi_sys_ops *sys, const char *kernel,
		  uint32_t pairs)
{
	begin(front, sys, kernel, pairs, open_net);
}

static void open_iommu(struct front *front)
{
	front->iommu = true;
	open_net(front);
}

void front_new_iommu(struct front *front, const char *kernel)
{
	begin(front, &fake_sys, kernel, 1, open_iommu);
}

int front_setup_vsock(void **state)
{
	begin(&the_front, &fake_sys, "6.12", 1, open_vsock);
	return 0;
}

void front_disconnect(struct front *front)
{
	broker_device_disconnect(front->device);
}

void front_free(struct front *front)
{
	broker_device_free(front->device);
	vhc_dev_close(front->dev);
	vhc_tap_close(front->tap);
	vhc_ctx_free(front->ctx);
	fake_close(front->fake, front->memory);
	for (uint32_t i = 0; i < 2 * front->pairs; i++) {
		fake_close(front->fake, front->kick[i]);
		fake_close(front->fake, front->call[i]);
	}
	close(front->broker.epoll);
	assert_true(fake_is_clean(front->fake));
	fake_free(front->fake);
}

int front_tell(struct front *front, uint32_t request)
{
	struct wire_message *message = &front->message;

	message->request = request;
	message->flags |= WIRE_VERSION;
	front->result = session_message(&front->device->session, message);
	message->fds = 0; /* which stay the test's */
	assert_true(sound_check(front->fake));
	return front->result;
}

static struct wire_message *empty(struct front *front, uint32_t size)
{
	uint32_t flags = front->message.flags & WIRE_NEED_REPLY;

	front->message = (struct wire_message){ .size = size, .flags = flags };
	return &front->message;
}

int front_u64(struct front *front, uint32_t request, uint64_t value)
{
	empty(front, 8)->payload.u64 = value;
	return front_tell(front, request);
}

int front_ring(struct front *front, uint32_t request, uint32_t ring, uint32_t value)
{
	struct wire_message *message = empty(front, 8);

	message->payload.ring.index = ring;
	message->payload.ring.value = value;
	return front_tell(front, request);
}

int front_fd(struct front *front, uint32_t request, uint32_t ring, int fd)
{
	struct wire_message *message = empty(front, 8);

	message->payload.u64 = ring | (fd < 0 ? WIRE_NO_FD : 0);
	message->fds = fd >= 0;
	message->fd[0] = fd;
	return front_tell(front, request);
}

int front_addr(struct front *front, uint32_t ring, uint64_t user)
{
	struct wire_message *message = empty(front, 40);

	message->payload.addr.index = ring;
	message->payload.addr.desc = user;
	message->payload.addr.avail = user + 0x1000;
	message->payload.addr.used = user + 0x2000;
	message->payload.addr.log = UINT64_MAX; /* as User Mode Linux has it */
	return front_tell(front, WIRE_SET_VRING_ADDR);
}

int front_table(struct front *front, int fd, uint64_t size)
{
	struct wire_message *message = empty(front, 8 + 32);

	message->payload.table.count = message->fds = 1;
	message->payload.table.region[0] =
		(struct wire_region){ .guest = FRONT_GUEST, .size = size, .user = FRONT_USER };
	message->fd[0] = fd;
	return front_tell(front, WIRE_SET_MEM_TABLE);
}

uint64_t front_ask(struct front *front, uint32_t request)
{
	empty(front, 0);
	assert_int_equal(front_tell(front, request), 1);
	assert_int_equal(front->message.flags, WIRE_VERSION | WIRE_REPLY);
	assert_int_equal(front->message.size, 8);
	return front->message.payload.u64;
}

void front_negotiate(struct front *front)
{
	uint64_t features = front_ask(front, WIRE_GET_FEATURES), protocol;

	protocol = front_ask(front, WIRE_GET_PROTOCOL_FEATURES);
	assert_told(front, front_u64(front, WIRE_SET_PROTOCOL_FEATURES, protocol));
	features &= ~(UINT64_C(1) << WIRE_F_LOG_ALL);
	assert_told(front, front_u64(front, WIRE_SET_FEATURES, features));
}

void front_set_ring(struct front *front, uint32_t ring)
{
	assert_told(front, front_ring(front, WIRE_SET_VRING_NUM, ring, 256));
	assert_told(front, front_ring(front, WIRE_SET_VRING_BASE, ring, 0));
	assert_told(front, front_addr(front, ring, FRONT_USER + ring * 0x4000));
	assert_told(front, front_fd(front, WIRE_SET_VRING_KICK, ring, front->kick[ring]));
	assert_told(front, front_fd(front, WIRE_SET_VRING_CALL, ring, front->call[ring]));
}

void front_up(struct front *front)
{
	front_negotiate(front);
	for (uint32_t i = 0; i < 2 * front->pairs; i++)
		assert_told(front, front_ring(front, WIRE_SET_VRING_ENABLE, i, 1));
	assert_told(front, front_table(front, front->memory, FRONT_SIZE));
	for (uint32_t i = 0; i < 2 * front->pairs; i++)
		front_set_ring(front, i);
	for (uint32_t i = 0; i < 2 * front->pairs; i++)
		assert_true(front_runs(front, i));
}

bool front_runs(struct front *front, uint32_t ring)
{
	return fake_vhost(front->fake, ring / 2)->ring[ring % 2].runs;
}
