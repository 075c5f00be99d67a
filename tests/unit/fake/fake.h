/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake - a kernel for tests: an implementation of struct vhi_sys_ops that answers as Linux with
 * vhost-net, vhost-vsock and tun does, and keeps count of everything.
 *
 * It accepts what the kernel accepts without a word (overlapping regions, rings outside memory, two
 * devices on one tap ...), so that a test sees the library refuse it.  tests/unit/conformance runs
 * one list of calls on it and on real kernels; the answers must be the same.
 *
 * Not modelled: packed rings, traffic (so that a ring misses an address only when it starts, or when
 * a test says so), exec, signals; of KVM all but eventfds; of a fork only that vhost does not work for
 * another process (fake_set_process()).
 *
 * It allocates nothing after fake_new(), so that a test can make malloc fail.  All operations may
 * come from several threads.  Its fds start at FAKE_FIRST_FD: real ones are never touched.
 */
#ifndef TESTS_FAKE_H
#define TESTS_FAKE_H

#include "syscall/sys.h"

#define FAKE_FIRST_FD	  1000
#define FAKE_RINGS	  2u /* of one vhost fd */
#define FAKE_MAX_REGIONS  512u
#define FAKE_MAX_MAPPINGS 2048u
#define FAKE_MESSAGES	  64u

struct fake;

extern const struct vhi_sys_ops fake_sys; /* its data is a struct fake */

/* What differs from kernel to kernel.  A test may change its own copy: fake_profile(). */
struct fake_profile {
	const char *name; /* "6.1" */
	const char *release;
	uint64_t features[2]; /* of vhost-net, both words */
	uint64_t vsock_features;
	bool features_array; /* of vhost-net */
	bool fork_from_owner;
	bool workers; /* of vhost-scsi, which alone has these calls */
	/* features without the IOMMU end it, and with each turn the rings' addresses go */
	bool iotlb_forgets;
	bool backend_features;	       /* asking for them is no error */
	uint64_t net_backend_features; /* of vhost-net */
	int max_mappings;	       /* max_iotlb_entries; 0 is no limit */
	uint32_t offloads;	       /* all that TUNSETOFFLOAD knows */
	uint32_t max_regions;
	bool irqfd_exclusive; /* an eventfd is one irqfd on the whole host, not one of each VM */
	bool no_busyloop;     /* as before Linux 4.6 */
	bool vms_alike;	      /* without kcmp: two fds of VMs cannot be compared */
};

/** fake_new() - a kernel; @name: "6.1", "6.12" or "7.2".  Stops the test when there is no such. */
struct fake *fake_new(const char *name);
void fake_free(struct fake *fake);
struct fake_profile *fake_profile(struct fake *fake);
/** fake_profile_name() - the name of the n-th profile, NULL past the last. */
const char *fake_profile_name(unsigned int n);

/* ------------------------------------------------------------------------ what is open or alive */

struct fake_left {
	uint32_t fds;	/* in the table */
	uint32_t files; /* that any fd or any ring holds */
	uint32_t taps;
	uint32_t workers; /* one for each owned vhost fd */
	uint32_t maps;	  /* of files, that were not unmapped */
};

struct fake_left fake_left(struct fake *fake);
/** fake_is_clean() - is nothing left?  Says on stderr what is. */
bool fake_is_clean(struct fake *fake);

/** fake_set_fd_limit() - how many fds may be open at a time, as RLIMIT_NOFILE; 0 for no limit. */
void fake_set_fd_limit(struct fake *fake, uint32_t limit);
/** fake_set_user() - who the process is; not 0: without any capability. */
void fake_set_user(struct fake *fake, uint32_t uid, uint32_t gid);
/** fake_set_process() - which process, and which thread of it, makes the calls from now on. */
void fake_set_process(struct fake *fake, int32_t pid, int32_t tid);

/* What /proc shows of threads. */
enum fake_proc {
	FAKE_PROC_ALL,
	FAKE_PROC_NAMESPACE, /* no kernel threads, and the names have the numbers of the outer one */
	FAKE_PROC_NONE,
};

void fake_set_proc(struct fake *fake, enum fake_proc proc);
/** fake_add_stranger() - a thread that begins at the moment of the next VHOST_SET_OWNER, and stays. */
void fake_add_stranger(struct fake *fake, bool kernel, const char *name);
/** fake_set_node() - what opening a path gives; 0: opens again. */
void fake_set_node(struct fake *fake, const char *path, int error);

/* --------------------------------------------------------------------------------- what was done */

struct fake_call {
	const char *name; /* "VHOST_SET_OWNER", "open", "eventfd" ... */
	int fd;
	uint32_t index; /* of a vring call: which ring */
	int result;
};

/** fake_calls() - how many calls were made since fake_new() or fake_forget_calls(). */
uint32_t fake_calls(struct fake *fake);
/** fake_count() - those whose name begins with this; "" counts all. */
uint32_t fake_count(struct fake *fake, const char *prefix);
const struct fake_call *fake_call(struct fake *fake, uint32_t n);
void fake_forget_calls(struct fake *fake);
/** fake_request_name() - "VHOST_SET_OWNER"; "ioctl" for one that is not known. */
const char *fake_request_name(unsigned long request);
/** fake_print_calls() - to stderr, for a look into a failing test. */
void fake_print_calls(struct fake *fake);

/**
 * fake_fail() - let the n-th call from now on whose name begins with @prefix fail with this errno,
 * once; n counts from 1.  "" is any call.  close() closes all the same, as on Linux.  Several may
 * wait at a time.
 */
void fake_fail(struct fake *fake, const char *prefix, uint32_t n, int error);
/** fake_failed() - how many of these failures have come about. */
uint32_t fake_failed(struct fake *fake);
/** fake_failed_name() - the name of the n-th call that a failure hit, from 0; "none". */
const char *fake_failed_name(struct fake *fake, uint32_t n);
void fake_forget_failures(struct fake *fake);

/**
 * fake_tear_log_base() - let the n-th VHOST_SET_LOG_BASE from now on fail with EFAULT when the first
 * ring has the new base already and the second does not, which the kernel's loop can do.
 */
void fake_tear_log_base(struct fake *fake, uint32_t n);

/**
 * fake_watch() - call @fn at the end of each call, with what it did to be seen; NULL ends that.  It
 * may look at the kernel and write to memory, and make no call of its own.
 */
typedef void fake_watch_fn(void *data, const struct fake_call *call);
void fake_watch(struct fake *fake, fake_watch_fn *fn, void *data);

/* ------------------------------------------------------------------------------------ the device */

struct fake_ring {
	uint32_t num, base;
	uint64_t desc, avail, used, log_addr;
	bool log_used;
	uint64_t log_base;
	uint64_t features[2];
	uint32_t busyloop;
	bool runs;
	bool moves; /* each query finds one more used */
	struct fake_file *kick, *call, *err, *backend;
};

struct fake_region {
	uint64_t guest, size, user;
};

struct fake_mapping {
	uint64_t iova, size, user;
	uint8_t perm;
};

/* A message of the kernel's. */
struct fake_message {
	uint32_t ring, size;
	uint8_t bytes[72];
};

struct fake_worker {
	int32_t tid;
	bool kernel;
	char name[16];
	uint32_t uid;
	uint64_t cpus; /* as told; 0: not told */
	int32_t policy, priority;
};

struct fake_vhost {
	bool owned, has_table;
	int32_t owner; /* process */
	struct fake_worker worker;
	uint8_t fork_owner;
	uint64_t backend_features;
	uint32_t regions;
	struct fake_region region[FAKE_MAX_REGIONS];
	struct fake_ring ring[FAKE_RINGS];
	struct fake_file *log_event;
	uint32_t cid; /* of vhost-vsock; 0: none */
	bool has_iotlb;
	uint32_t mappings;
	uint32_t unread, waiting; /* misses that were read, and are not answered yet */
	uint32_t woken;		  /* misses that were answered */
	uint32_t written[3];	  /* messages that it took, by version */
	bool endless;		  /* what is read of it comes again */
	/* from here on is only as much as these say */
	struct fake_message message[FAKE_MESSAGES], miss[FAKE_MESSAGES];
	struct fake_mapping mapping[FAKE_MAX_MAPPINGS]; /* oldest first */
};

/** fake_vhost() - the n-th open vhost file, in the order of opening; NULL: there is none. */
struct fake_vhost *fake_vhost(struct fake *fake, uint32_t n);

/** fake_raise_miss() - a ring of that device waits for an address. */
void fake_raise_miss(struct fake *fake, struct fake_vhost *vhost, uint32_t ring, uint64_t iova,
		     uint8_t perm);
/** fake_raise_message() - any bytes as a message, at most 72. */
void fake_raise_message(struct fake *fake, struct fake_vhost *vhost, const void *bytes,
			uint32_t size);
/** fake_raise_error() - a ring of that device has given up, so many times. */
void fake_raise_error(struct fake *fake, struct fake_vhost *vhost, uint32_t ring, uint32_t count);
/** fake_translate() - where a mapping of that device leads; 0: nowhere. */
uint64_t fake_translate(const struct fake_vhost *vhost, uint64_t iova, uint8_t perm);

struct fake_tap {
	bool used;
	char name[16];
	uint32_t index;	       /* which no other link has had */
	uint32_t netns, flags; /* IFF_ */
	uint32_t queues, detached;
	bool has_owner, has_group;
	uint32_t owner, group;
	int header, little, sndbuf, txqueuelen;
	uint32_t offloads; /* as last set */
	bool macvtap;
};

/** fake_tap() - the tap of this name in the first network namespace; NULL: there is none. */
struct fake_tap *fake_tap(struct fake *fake, const char *name);

/** fake_tap_of() - the tap that an fd is a queue of; a macvtap's queue has one of its own. */
struct fake_tap *fake_tap_of(struct fake *fake, int fd);

/**
 * fake_macvtap() - a queue of a macvtap, opened by the test: header size and offloads are its own,
 * and the link is nowhere to be found by name.
 */
int fake_macvtap(struct fake *fake, const char *name);

/** fake_delete_link() - the link of this name goes, as by `ip link delete`; its queues' fds stay open. */
void fake_delete_link(struct fake *fake, const char *name);
/**
 * fake_steal_queues() - the next @times that a link with several queues is created, another user opens
 * a queue of it at once, and keeps it.
 */
void fake_steal_queues(struct fake *fake, uint32_t times);
/** fake_steal_links() - the same, but that user makes the link @owner's once it has an owner, and leaves. */
void fake_steal_links(struct fake *fake, uint32_t times, uint32_t owner);

/** fake_eventfd() - an eventfd of the test's own; not in the list of calls. */
int fake_eventfd(struct fake *fake);
/** fake_counter() - the value of an eventfd. */
uint64_t fake_counter(struct fake *fake, int fd);
/** fake_close() - close an fd of the test's own; not in the list of calls. */
void fake_close(struct fake *fake, int fd);
/** fake_log_counter() - the counter of the eventfd for the log that a vhost fd has; -1: none. */
int64_t fake_log_counter(const struct fake_vhost *vhost);
/** fake_memfd() - a memfd of the test's own with these F_SEAL_; not in the list of calls. */
int fake_memfd(struct fake *fake, uint64_t size, unsigned int seals);
/** fake_set_block() - a memfd is made of pages of this size, a power of two. */
void fake_set_block(struct fake *fake, int fd, uint64_t block);
/** fake_truncate() - another process makes a memfd shorter or longer. */
void fake_truncate(struct fake *fake, int fd, uint64_t size);
/** fake_content() - what is in a memfd, as another process that has it mapped sees it. */
void *fake_content(struct fake *fake, int fd);
/** fake_map_size() - how many bytes are mapped from this address on; 0: no mapping begins there. */
uint64_t fake_map_size(struct fake *fake, uint64_t addr);
/** fake_ring_signal() - the device notifies: 'c'all or 'e'rr of a ring; nothing happens without one. */
void fake_ring_signal(struct fake *fake, const struct fake_ring *ring, char which);
/** fake_ring_counter() - the counter of the eventfd that a ring has: 'k'ick, 'c'all or 'e'rr; -1: none. */
int64_t fake_ring_counter(const struct fake_ring *ring, char which);

/* --------------------------------------------------------------------------------------- the VMs */

#define FAKE_BINDINGS 600u
#define FAKE_GSIS     64u

struct fake_ioeventfd {
	bool pio, wildcard;
	uint64_t addr, datamatch;
	uint32_t len;
	struct fake_file *file; /* NULL: none here */
};

struct fake_irqfd {
	struct fake_file *file, *resample;
	uint32_t gsi;
};

struct fake_vm {
	bool used, irqchip;
	bool foreign; /* another process made it */
	uint32_t vcpus;
	struct fake_ioeventfd ioeventfds[FAKE_BINDINGS];
	struct fake_irqfd irqfds[FAKE_BINDINGS];
	uint32_t injected[FAKE_GSIS]; /* interrupts that the guest got */
};

/** fake_vm() - a VM of the test's own, with an interrupt controller or not: its fd. */
int fake_vm(struct fake *fake, bool irqchip);
struct fake_vm *fake_vm_of(struct fake *fake, int fd);
/** fake_vm_bindings() - how many ioeventfds and irqfds it has. */
uint32_t fake_vm_bindings(const struct fake_vm *vm);

struct fake_write {
	bool pio;
	uint64_t addr, value;
	uint32_t len;
};

/** fake_guest_writes() - the guest writes to a port or an address.  Returns whether it stays inside. */
bool fake_guest_writes(struct fake *fake, struct fake_vm *vm, const struct fake_write *write);
/** fake_guest_ends() - the guest ends an interrupt. */
void fake_guest_ends(struct fake *fake, struct fake_vm *vm, uint32_t gsi);

#endif
