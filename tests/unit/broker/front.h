/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * front - a front-end of a device on the fake kernel.  Its messages go straight to the session, with fds of that
 * kernel.
 *
 * What QEMU and User Mode Linux were found to do, and the test that fails without what is done about it:
 *
 *   the real call eventfd comes when the ring runs                   session    call_of_a_running_ring_is_signalled
 *   bits 27 and 30 mean other things to the kernel                   features   kernel_is_not_told_bits_27_and_30
 *   access_platform is accepted without an IOMMU                     features   offer_is_of_vhost_and_tap_...
 *   addresses behind an IOMMU that are not in memory                 iommu      update_outside_memory_...
 *   SEND_RARP comes before the features                              net        rarp_has_the_header_that_the_...
 *   a log address of ~0 without a log                                session    qemu_order_starts_every_ring
 *   SET_PROTOCOL_FEATURES itself asks for a reply                    features   protocol_features_are_acknowledged_...
 *   a socket is the call fd                                          relay      all of it
 *   the config space is read a byte at a time                        features   config_space_is_read_in_any_piece
 *   the control queue is QEMU's own, and others have none            features   offer_has_mq_with_several_pairs
 *   an offload that is switched off later is told to nobody          vhostctl-serve(1) says what to do
 *   features and enable come again, for each queue pair              features   features_again_make_no_call
 *   the messages of a ring come in any order                         session    steps_in_any_order_start_the_ring
 *   GET_VRING_BASE stops a ring                                      session    get_base_stops_until_the_next_kick
 *   SET_STATUS resets the device before GET_VRING_BASE               session    base_can_be_asked_after_a_reset
 *   memory changes under running rings                               memory     region_that_grows_moves_running_rings
 *   rings, regions and logs that are not in memory                   memory     ring_that_leaves_memory_is_refused,
 *                                                    table_larger_than_its_file_..., log_that_is_too_short_is_refused
 *   memory is truncated later: nothing here reads or writes it       guest      files-fault
 *   the front-end goes, and its guest's memory must                  memory     disconnect_frees_the_guest
 *   the log's file and the bit that starts it, in either order       memory     log_begins_before_or_after_its_file
 *   memory must be shared                                            vhostctl-serve(1) says how
 *   queues of pairs that are not in use lose frames                  session    queues_of_pairs_that_do_not_run_...
 *   the event queue of a vsock device is handed over, or not         vsock      event_queue_is_kept_and_not_run
 *   frames for a guest that has gone wait in the tap                 net        frames_for_one_that_has_gone_...
 */
#ifndef TESTS_BROKER_FRONT_H
#define TESTS_BROKER_FRONT_H

#include "connection.h"
#include "device.h"
#include "rig.h"

/* The guest's memory: guest-physical, and where the front-end has it. */
#define FRONT_GUEST 0x40000000ull
#define FRONT_USER  0x7f0000000000ull
#define FRONT_SIZE  0x100000ull

struct front {
	struct fake *fake;
	struct vhc_ctx *ctx;
	struct vhc_dev *dev;
	struct vhc_tap *tap;
	struct broker broker;
	struct broker_device *device;
	uint32_t pairs;
	bool iommu; /* it has one for its guest */
	int memory, kick[8], call[8];
	struct wire_message message; /* the last one, or its reply */
	int result;		     /* of the last one */
};

/* The one of a test, with one pair or four. */
extern struct front the_front;

int front_setup(void **state);
int front_setup_pairs(void **state);
int front_setup_iommu(void **state);
int front_teardown(void **state);

#define FRONT_TEST(name) cmocka_unit_test_setup_teardown(name, front_setup, front_teardown)
#define FRONT_TEST_PAIRS(name) \
	cmocka_unit_test_setup_teardown(name, front_setup_pairs, front_teardown)
#define FRONT_TEST_IOMMU(name) \
	cmocka_unit_test_setup_teardown(name, front_setup_iommu, front_teardown)

/** front_setup_vsock() - with a vsock device, whose guest has this CID. */
#define FRONT_CID 77u
int front_setup_vsock(void **state);

#define BIT(n) (UINT64_C(1) << (n))

/** front_kernel_ring() - what the kernel has of a ring of it. */
struct fake_ring *front_kernel_ring(uint32_t ring);

/** front_new() - a device of so many pairs, and a front-end that has sent nothing yet. */
void front_new(struct front *front, const char *kernel, uint32_t pairs);
/** front_new_on() - the same, with system calls that may know more fds than the fake kernel's. */
void front_new_on(struct front *front, const struct vhi_sys_ops *sys, const char *kernel,
		  uint32_t pairs);
/** front_new_iommu() - the same with one pair, and addresses may go through an IOMMU. */
void front_new_iommu(struct front *front, const char *kernel);
/** front_free() - it disconnects, and nothing is left. */
void front_free(struct front *front);
void front_disconnect(struct front *front);

/** front_tell() - send front->message, with its request and payload.  As session_message(). */
int front_tell(struct front *front, uint32_t request);
/* These fill the payload, and tell. */
int front_u64(struct front *front, uint32_t request, uint64_t value);
int front_ring(struct front *front, uint32_t request, uint32_t ring, uint32_t value);
int front_fd(struct front *front, uint32_t request, uint32_t ring, int fd);
int front_addr(struct front *front, uint32_t ring, uint64_t user);
int front_table(struct front *front, int fd, uint64_t size);
/** front_ask() - a request without payload: the number in its reply. */
uint64_t front_ask(struct front *front, uint32_t request);

/** front_negotiate() - protocol features and features as QEMU does, of all that is offered. */
void front_negotiate(struct front *front);
/** front_set_ring() - size, base, addresses, kick, call. */
void front_set_ring(struct front *front, uint32_t ring);
/** front_up() - everything, in QEMU's order: all rings run. */
void front_up(struct front *front);
/** front_runs() - does this ring run in the kernel? */
bool front_runs(struct front *front, uint32_t ring);

#define assert_told(front, call)                                       \
	do {                                                           \
		if ((call) < 0)                                        \
			fail_msg(#call ": %d: %s", (front)->result,    \
				 (front)->device->session.error.text); \
	} while (0)

#endif
