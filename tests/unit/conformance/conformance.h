/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * conformance - what a step of the list is made of: alone.c, tap.c, together.c, gone.c, iotlb.c, kvm.c,
 * tuning.c and vsock.c have the list, conformance.c runs it, call.c makes the calls.  The list holds no
 * results: those of real kernels are the right ones.
 */
#ifndef TESTS_CONFORMANCE_H
#define TESTS_CONFORMANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RAM_SIZE 0x100000u

/* Addresses in the list: in our own memory, in a page that cannot be read, in the kernel. */
#define TAG    0x4000000000000000ull
#define RAM    TAG
#define HOLE   (TAG + RAM_SIZE)
#define KERNEL 0xffff888000000000ull

/* Fds in the list, by a letter each; beside them none, and one that is not open. */
enum slot { A, B, T, U, V, E, F, S, N, D, K, M, W, P, SLOTS, NONE, CLOSED };

enum call {
	OPEN,
	NETNS,
	CLOSE,
	DUP,
	SOCKET,
	SAME,
	STAT,
	NAME,
	READ,
	WRITE,
	MAKE, /* an ioctl that returns an fd */
	IOCTL,
	EVENTFD,
	SIGNAL,
	DRAIN,
	POLL,
	EPOLL,
	EPOLL_ADD,
	EPOLL_DEL,
	MESSAGE,
	MESSAGES,
	RECEIVE,
	LINK_GET,
	LINK_DELETE,
	LINK_WATCH,
	TASKS,
	NOBODY,
	CPUS,
	SCHED
};

/* What an ioctl is given; OUT: it gives something back, which is printed. */
enum arg {
	PLAIN,
	U8,
	INT,
	U64,
	WORDS,
	STATE,
	FILES,
	ADDR,
	MEMORY,
	MANY,
	IFREQ,
	DOORBELL,  /* an eventfd's slot, address, len, flags, datamatch */
	INTERRUPT, /* an eventfd's slot, gsi, flags, the resample eventfd's slot */
	BAD
};

struct step {
	const char *text; /* of an ioctl: "", its numbers say it */
	enum call call;
	enum slot slot;
	unsigned long request;
	enum arg arg;
	bool out;
	const char *name;
	uint64_t v[9];
};

/* clang-format off */
#define STEP_OPEN(slot, path)  { "open " #slot " " path, OPEN, slot, .name = path }
#define STEP_NETNS(slot, path) { "open in new netns " #slot " " path, NETNS, slot, .name = path }
#define STEP_CLOSE(slot)       { "close " #slot, CLOSE, slot }
#define STEP_DUP(from, to)     { "dup " #from " " #to, DUP, from, .v = { to } }
#define STEP_EVENTFD(slot)     { "eventfd " #slot, EVENTFD, slot }
#define STEP_SOCKET(slot)      { "socket " #slot, SOCKET, slot }
#define STEP_SAME(one, other)  { "same " #one " " #other, SAME, one, .v = { other } }
#define STEP_STAT(slot)	       { "stat " #slot, STAT, slot }
#define STEP_READ(path)	       { "read " path, READ, NONE, .name = path }
#define STEP_NAME(slot)	       { "name " #slot, NAME, slot }
/* address and bytes */
#define STEP_WRITE(slot, from, size) { "write " #slot " " #from " " #size, WRITE, slot, .v = { from, size } }
#define STEP_MAKE(slot, request, ret) { "make " #ret " by " #request " of " #slot, MAKE, slot, request, .v = { ret } }

#define STEP_SIGNAL(slot)      { "signal " #slot, SIGNAL, slot }
#define STEP_DRAIN(slot)       { "drain " #slot, DRAIN, slot }
#define STEP_POLL(slot)	       { "poll " #slot, POLL, slot }
#define STEP_EPOLL(slot)       { "epoll " #slot, EPOLL, slot }
#define STEP_EPOLL_ADD(to, fd) { "epoll add " #to " " #fd, EPOLL_ADD, to, .v = { fd } }
#define STEP_EPOLL_DEL(of, fd) { "epoll del " #of " " #fd, EPOLL_DEL, of, .v = { fd } }
/* version, type, iova, size, user address, permissions; then address space and bytes, if not 72 */
#define STEP_MESSAGE(slot, ...) { "message " #slot, MESSAGE, slot, .v = { __VA_ARGS__ } }
/* so many mappings of a page each, from an iova on */
#define STEP_MESSAGES(slot, ...) { "messages " #slot, MESSAGES, slot, .v = { __VA_ARGS__ } }
#define STEP_RECEIVE(slot, size) { "receive " #slot, RECEIVE, slot, .v = { size } }

#define STEP_GET(link)	       { "get link " link, LINK_GET, NONE, .name = link }
#define STEP_DELETE(link)	       { "delete link " link, LINK_DELETE, NONE, .name = link }
#define STEP_WATCH(slot, link)  { "watch " #slot " " link, LINK_WATCH, slot, .name = link }

/* How many workers there are; the last is the one that the steps below are about. */
#define STEP_TASKS	       { "tasks", TASKS, NONE }
#define STEP_NOBODY	       { "a thread that is not there", NOBODY, NONE }
#define STEP_CPUS(mask)	       { "cpus " #mask, CPUS, NONE, .v = { mask } }
#define STEP_SCHED(policy, priority) \
	{ "sched " #policy " " #priority, SCHED, NONE, .v = { policy, (uint64_t)(priority) } }

#define DO(slot, request, arg, out, ...) \
	{ "", IOCTL, slot, request, arg, out, NULL, { __VA_ARGS__ } }
#define LINK(slot, request, name, ...) \
	{ "", IOCTL, slot, request, IFREQ, true, name, { __VA_ARGS__ } }
/* clang-format on */

#define OWNER(slot)		  DO(slot, VHOST_SET_OWNER, PLAIN, false, 0)
#define RESET(slot)		  DO(slot, VHOST_RESET_OWNER, PLAIN, false, 0)
#define VALUE(slot, request, ...) DO(slot, request, PLAIN, false, __VA_ARGS__)
#define SET8(slot, request, ...)  DO(slot, request, U8, false, __VA_ARGS__)
#define GET8(slot, request)	  DO(slot, request, U8, true, 0)
#define SET32(slot, request, ...) DO(slot, request, INT, false, __VA_ARGS__)
#define GET32(slot, request)	  DO(slot, request, INT, true, 0)
#define SET64(slot, request, ...) DO(slot, request, U64, false, __VA_ARGS__)
#define GET64(slot, request)	  DO(slot, request, U64, true, 0)
#define GETWORDS(slot, ...)	  DO(slot, VHI_GET_FEATURES_ARRAY, WORDS, true, __VA_ARGS__)
#define SETWORDS(slot, ...)	  DO(slot, VHI_SET_FEATURES_ARRAY, WORDS, false, __VA_ARGS__)
#define NUM(slot, ...)		  DO(slot, VHOST_SET_VRING_NUM, STATE, false, __VA_ARGS__)
#define BASE(slot, ...)		  DO(slot, VHOST_SET_VRING_BASE, STATE, false, __VA_ARGS__)
#define GETBASE(slot, ...)	  DO(slot, VHOST_GET_VRING_BASE, STATE, true, __VA_ARGS__)
#define KICK(slot, ...)		  DO(slot, VHOST_SET_VRING_KICK, FILES, false, __VA_ARGS__)
#define CALL(slot, ...)		  DO(slot, VHOST_SET_VRING_CALL, FILES, false, __VA_ARGS__)
#define ERR(slot, ...)		  DO(slot, VHOST_SET_VRING_ERR, FILES, false, __VA_ARGS__)
#define BUSYLOOP(slot, ...)	  DO(slot, VHOST_SET_VRING_BUSYLOOP_TIMEOUT, STATE, false, __VA_ARGS__)
#define GETBUSYLOOP(slot, ...)	  DO(slot, VHOST_GET_VRING_BUSYLOOP_TIMEOUT, STATE, true, __VA_ARGS__)
#define CID(slot, ...)		  SET64(slot, VHOST_VSOCK_SET_GUEST_CID, __VA_ARGS__)
#define RUNNING(slot, ...)	  SET32(slot, VHOST_VSOCK_SET_RUNNING, __VA_ARGS__)
#define BACKEND(slot, ...)	  DO(slot, VHOST_NET_SET_BACKEND, FILES, false, __VA_ARGS__)
/* index, flags, desc, avail, used, log */
#define ADDRESS(slot, ...) DO(slot, VHOST_SET_VRING_ADDR, ADDR, false, __VA_ARGS__)
/* count, padding, then guest, size, user of each */
#define TABLE(slot, ...)    DO(slot, VHOST_SET_MEM_TABLE, MEMORY, false, __VA_ARGS__)
#define TABLE_OF(slot, ...) DO(slot, VHOST_SET_MEM_TABLE, MANY, false, __VA_ARGS__)
/* An argument that cannot be read. */
#define UNREADABLE(slot, request) DO(slot, request, BAD, false, 0)
#define GOOD_RING(slot, ring)	  ADDRESS(slot, ring, 0, RAM + 0x1000, RAM + 0x2000, RAM + 0x3000, 0)
#define TAP			  (IFF_TAP | IFF_NO_PI | IFF_VNET_HDR)
#define MQ			  (TAP | IFF_MULTI_QUEUE)

#define BELL(slot, ...) DO(slot, KVM_IOEVENTFD, DOORBELL, false, __VA_ARGS__)
#define IRQ(slot, ...)	DO(slot, KVM_IRQFD, INTERRUPT, false, __VA_ARGS__)

/* The list, in eight parts. */
extern const struct step steps_tuning[], steps_alone[], steps_tap[], steps_together[], steps_gone[],
	steps_iotlb[], steps_kvm[], steps_vsock[];
extern const uint32_t steps_tuning_count, steps_alone_count, steps_tap_count, steps_together_count,
	steps_gone_count, steps_iotlb_count, steps_kvm_count, steps_vsock_count;

#endif
