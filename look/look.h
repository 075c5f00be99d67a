/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * look - reads every vhost device that is open on this host, whoever opened it.
 *
 * The kernel has no call that says what a guest negotiated, so a BPF program reads it behind the open
 * files; where that cannot be had, /proc and sysfs still name owner, link and workers.  This is the
 * room's only header, and nothing outside the room knows BPF.  It needs no other room.
 *
 * A reading is plain data and has no fds: what it describes may have changed or gone by the time it is
 * looked at.  Names of processes and links are other users' bytes: escape them before they reach a
 * terminal.
 */
#ifndef LOOK_H
#define LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LOOK_NAME    16u /* bytes of a process's or a link's name, with its NUL */
#define LOOK_CPUS    64u /* bytes of a list of CPUs as text, with its NUL */
#define LOOK_NO_ID   UINT64_MAX
#define LOOK_NO_RING UINT32_MAX

enum look_kind { LOOK_NET, LOOK_VSOCK, LOOK_SCSI, LOOK_VDPA, LOOK_KINDS };

/* What a source may not tell; the bits of look_device.known.  The rest of the struct is always set. */
enum look_field {
	LOOK_OWNER = 1 << 0,	/* pid owns it, and not only holds the fd */
	LOOK_LINK = 1 << 1,	/* link; known and empty: there is none now */
	LOOK_PAIRS = 1 << 2,	/* all fds of the device are in fds */
	LOOK_RUNNING = 1 << 3,	/* look_ring.running */
	LOOK_FEATURES = 1 << 4, /* vhost_features */
	LOOK_BACKEND_FEATURES = 1 << 5,
	LOOK_ACCEPTED = 1 << 6, /* accepted: only the launcher knows it */
	LOOK_IOMMU = 1 << 7,
	LOOK_RINGS = 1 << 8,	 /* rings: size and addresses */
	LOOK_BASES = 1 << 9,	 /* rings: last_avail */
	LOOK_INDICES = 1 << 10,	 /* rings: last_used, avail */
	LOOK_EVENTFDS = 1 << 11, /* rings: kick, call, err, kicks, calls */
	LOOK_MEMORY = 1 << 12,
	LOOK_LOG = 1 << 13,
	LOOK_BUSYLOOP = 1 << 14,     /* rings: busyloop_us */
	LOOK_WORKERS = 1 << 15,	     /* workers, all of them */
	LOOK_RING_WORKERS = 1 << 16, /* rings: worker */
	LOOK_CID = 1 << 17,	     /* guest_cid */
	LOOK_HEADER = 1 << 18,	     /* header_bytes */
	LOOK_OFFLOADS = 1 << 19	     /* offloads */
};

/* A vhost fd.  A net device has one for each queue pair. */
struct look_fd {
	int fd;		  /* in the process; -1: not known */
	uint32_t queue;	  /* of the link; LOOK_NO_RING: none, or not known */
	bool detached;	  /* the link's queue is switched off: the guest uses fewer pairs */
	uint32_t holders; /* processes that have it open; at least 1 */
};

struct look_ring {
	uint32_t index; /* in the device: 2i receives, 2i+1 transmits */
	uint32_t size;
	/* as user addresses of the owner, or as I/O virtual addresses with an IOMMU; 0: none yet */
	uint64_t desc, avail, used;
	/* the same as the guest has them: translated by the memory, or as they are with an IOMMU */
	uint64_t guest_desc, guest_avail, guest_used;
	bool translated;	  /* guest_desc, guest_avail and guest_used are known */
	uint16_t last_avail;	  /* next that vhost takes: the base */
	uint16_t last_used;	  /* next that vhost returns */
	uint16_t avail_index;	  /* what vhost last saw that the driver offers */
	uint16_t signalled;	  /* the used index at the last interrupt */
	bool running;		  /* has a back end */
	uint64_t kick, call, err; /* ids of eventfds, as in /proc/PID/fdinfo; LOOK_NO_ID: none */
	uint64_t kicks; /* since userspace last read that eventfd, which vhost never does */
	uint64_t calls; /* interrupts that nobody has taken yet */
	uint32_t busyloop_us;
	bool log_used;	   /* while the log is on: writes to the used ring are logged, at */
	uint64_t log_addr; /* this guest address */
	pid_t worker;	   /* thread that serves it; 0: none, or not known */
};

struct look_region {
	uint64_t guest_addr, size, user_addr;
};

struct look_worker {
	pid_t pid;
	char name[LOOK_NAME];
	uint64_t cpu_ms;      /* so far */
	char cpus[LOOK_CPUS]; /* where it may run, "0-3"; cut at the end when too long */
	uint32_t last_cpu;    /* where it ran last */
};

struct look_log {
	bool on;
	uint64_t addr;	  /* user address of the bitmap; 0: none */
	uint64_t eventfd; /* LOOK_NO_ID: none */
};

/* The link behind a net device. */
struct look_link {
	char name[LOOK_NAME]; /* "": none */
	uint32_t index;	      /* in its network namespace */
	uint32_t mtu;
	uint64_t netns; /* inode of that namespace; 0: not known */
};

struct look_device {
	enum look_kind kind;
	uint32_t known; /* of enum look_field */
	bool unsteady;	/* it changed in every reading that was tried: do not trust it */
	bool owned;	/* some process, perhaps one that has ended, owns it */
	pid_t pid;	/* the owner, or else a process that holds it */
	char comm[LOOK_NAME];
	struct look_link link;
	struct look_fd *fds; /* in the order of the queue pairs */
	size_t fd_count;
	uint64_t vhost_features[4]; /* what the launcher gave to vhost, without private bits */
	uint64_t backend_features;
	uint64_t accepted[4]; /* what the driver accepted, as the launcher says it */
	bool iommu;	      /* vhost translates by an IOTLB */
	uint32_t iotlb_entries, iotlb_limit;
	uint64_t guest_cid;
	uint32_t header_bytes; /* of the virtio-net header in the rings */
	uint64_t offloads;     /* feature bits of the receive offloads that the link has on */
	struct look_ring *rings;
	size_t ring_count;
	struct look_region *memory;
	size_t memory_count;
	struct look_log log;
	struct look_worker *workers;
	size_t worker_count;
};

/* Why a reading is less than everything. */
enum look_lack {
	LOOK_ALL,	    /* it is everything */
	LOOK_NOT_BUILT,	    /* built without BPF */
	LOOK_NO_BTF,	    /* the kernel has no type information */
	LOOK_NO_MODULE_BTF, /* vhost's modules have none */
	LOOK_NO_RIGHT,	    /* CAP_BPF and CAP_PERFMON are missing */
	LOOK_CONTAINER,	    /* in a user namespace no capability helps */
	LOOK_LOCKDOWN,	    /* the kernel is locked down: confidentiality */
	LOOK_FORBIDDEN,	    /* a security policy forbids it */
	LOOK_NO_BPF,	    /* the kernel has no bpf(2) */
	LOOK_REFUSED	    /* by another cause, in code */
};

struct look_reading {
	struct look_device *devices; /* by pid, then by first fd */
	size_t count;
	enum look_lack lack;
	int code; /* negative errno of the kernel's refusal; 0: none */
	/* Devices that are open, but in no process that could be seen; known for net devices only. */
	uint32_t hidden;
	uint32_t unread; /* processes of other users, of which /proc says nothing to this one */
};

/**
 * look_read() - read the vhost devices of all processes, or of one.
 * @pid: 0: all.  @ret: give it to look_clear() after success.
 * Returns 0 also when BPF cannot be had: then ret->lack says why, and the devices have what /proc tells.
 * A host without vhost has no devices.
 * Errors: -ESRCH: no process @pid, or a thread of one; -ENOMEM; -EMFILE, -ENFILE: too few fds are free;
 * -EIO: /proc cannot be read.
 */
int look_read(pid_t pid, struct look_reading *ret);

/** look_clear() - free a reading, and zero it. */
void look_clear(struct look_reading *reading);

/** look_missing() - what a reading lacks and why, one sentence.  NULL: nothing. */
const char *look_missing(const struct look_reading *reading);
/** look_remedy() - what would give it, one sentence.  NULL: nothing would. */
const char *look_remedy(const struct look_reading *reading);

/**
 * look_free_device() - free what a device's lists have, for a reading that was made elsewhere.
 */
void look_free_device(struct look_device *device);

/** look_translate() - fill the guest's addresses of all rings, from the memory or the IOMMU. */
void look_translate(struct look_device *device);

/** look_is_running() - has any ring a back end? */
bool look_is_running(const struct look_device *device);

/** look_kind_name() - "net", "vsock", "scsi", "vdpa". */
const char *look_kind_name(enum look_kind kind);

#endif
