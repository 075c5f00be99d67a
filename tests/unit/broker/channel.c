/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * channel - a front-end that has an IOMMU, and what it is asked on the channel of SET_BACKEND_REQ_FD.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "channel.h"
#include "sound.h"

int channel_end;

struct session *channel_session(void)
{
	return &served.front.device->session;
}

struct fake_vhost *channel_kernel(void)
{
	return fake_vhost(served.front.fake, 0);
}

void channel_close(void)
{
	if (channel_end >= 0)
		close(channel_end);
	channel_end = -1;
}

int channel_setup(void **state)
{
	front_new_iommu(&served.front, "6.12");
	served.said[0] = '\0';
	served_say(&served.front);
	channel_end = -1;
	return 0;
}

int channel_teardown(void **state)
{
	channel_close();
	front_free(&served.front);
	return 0;
}

/* With the send buffer of its back-end as small as it can be. */
void channel_open(void)
{
	int ends[2], least = 1;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &least, sizeof(least)), 0);
	channel_close();
	channel_end = ends[0];
	served.front.message = (struct wire_message){ .fds = 1, .fd = { ends[1] } };
	assert_told(&served.front, front_tell(&served.front, WIRE_SET_BACKEND_REQ_FD));
}

/* What is asked next: an address, or 0. */
uint64_t channel_next(uint32_t perm)
{
	struct wire_reader reader = { 0 };
	const struct wire_message *message = &reader.message;

	if (wire_read(&reader, channel_end, 0, &served.error) != 1)
		return 0;
	assert_int_equal(message->request, WIRE_BACKEND_IOTLB_MSG);
	assert_int_equal(message->flags, WIRE_VERSION);
	assert_int_equal(wire_check(WIRE_BACK, message, 0, &served.error), 0);
	assert_int_equal(message->payload.iotlb.type, WIRE_IOTLB_MISS);
	assert_int_equal(message->payload.iotlb.perm, perm);
	assert_int_equal(message->payload.iotlb.size, 0);
	assert_int_equal(message->payload.iotlb.user, 0);
	return message->payload.iotlb.iova;
}

int channel_tell(uint8_t type, uint64_t iova, uint64_t size, uint64_t user, uint8_t perm)
{
	served.front.message = (struct wire_message){ .size = 32 };
	served.front.message.payload.iotlb.iova = iova;
	served.front.message.payload.iotlb.size = size;
	served.front.message.payload.iotlb.user = user;
	served.front.message.payload.iotlb.perm = perm;
	served.front.message.payload.iotlb.type = type;
	return front_tell(&served.front, WIRE_IOTLB_MSG);
}

int channel_update(uint64_t iova, uint64_t size, uint64_t user)
{
	return channel_tell(WIRE_IOTLB_UPDATE, iova, size, user, RW);
}

int channel_invalidate(uint64_t iova, uint64_t size)
{
	return channel_tell(WIRE_IOTLB_INVALIDATE, iova, size, 0, 0);
}

/* A guest that misses an address. */
void channel_miss(uint64_t iova, uint8_t perm)
{
	fake_raise_miss(served.front.fake, channel_kernel(), 0, iova, perm);
	session_event(channel_session());
}

void channel_give_rings(uint32_t size)
{
	for (uint32_t i = 0; i < 2; i++) {
		assert_told(&served.front, front_ring(&served.front, WIRE_SET_VRING_ENABLE, i, 1));
		assert_told(&served.front, front_ring(&served.front, WIRE_SET_VRING_NUM, i, size));
		assert_told(&served.front, front_addr(&served.front, i, IOVA + i * 0x8000));
		assert_told(&served.front,
			    front_fd(&served.front, WIRE_SET_VRING_KICK, i, served.front.kick[i]));
	}
}

/* In QEMU's order; rings do not run yet. */
void channel_prepare(void)
{
	front_negotiate(&served.front);
	channel_open();
	assert_told(&served.front, front_table(&served.front, served.front.memory, FRONT_SIZE));
	channel_give_rings(256);
}

/* All of the memory is mapped at IOVA, and nothing is asked any more. */
void channel_up(void)
{
	channel_prepare();
	assert_false(front_runs(&served.front, 0) || front_runs(&served.front, 1));
	assert_told(&served.front, channel_update(IOVA, FRONT_SIZE, FRONT_USER));
	assert_true(front_runs(&served.front, 0) && front_runs(&served.front, 1));
	while (channel_next(RW))
		;
}

void channel_expect_said(const char *word)
{
	if (!strstr(served.said, word))
		fail_msg("\"%s\" is not in: %s", word, served.said);
}

void channel_expect_error(const char *word)
{
	if (!strstr(channel_session()->error.text, word) &&
	    !strstr(vhc_ctx_get_error(served.front.ctx)->text, word))
		fail_msg("\"%s\" is not in: %s, %s", word, channel_session()->error.text,
			 vhc_ctx_get_error(served.front.ctx)->text);
}

/* The worker is in this process, and the kernel does not look. */
void channel_expect_inside(void)
{
	for (uint32_t i = 0; i < channel_kernel()->mappings; i++)
		if (!sound_in_memory(channel_kernel(), channel_kernel()->mapping[i].user,
				     channel_kernel()->mapping[i].size))
			fail_msg("mapping 0x%llx, +0x%llx leaves the memory",
				 (unsigned long long)channel_kernel()->mapping[i].iova,
				 (unsigned long long)channel_kernel()->mapping[i].size);
}
