/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvhostconfig - userspace's half of vhost, once.
 *
 * The model.  A struct vhc_dev is one virtio device as the guest sees it, with all of its queue
 * pairs, however many vhost fds stand behind it.  Several devices of one guest share one struct
 * vhc_mem (the guest's memory and its dirty log) and each may have one struct vhc_tap.  Setters
 * only write down what is wanted.  They check it and may come in any order.  A transition computes
 * the plan from what the device has to what is wanted, applies it, and undoes it when a step fails.
 * These are the transitions:
 *
 *     one ring        vhc_ring_start  vhc_ring_stop  vhc_ring_reset
 *     one device      vhc_dev_start   vhc_dev_stop   vhc_dev_reset
 *     a whole guest   vhc_mem_commit  vhc_dirty_start  vhc_dirty_stop  vhc_dirty_sync
 *
 * On a running ring a setter either takes effect at once, as a plan of one step, or returns -EBUSY;
 * each says which.  Setting what is already so, starting what runs and stopping what does not run
 * succeed and do nothing.
 *
 * Results.  0, or what is said, or a negative errno.  What a function makes comes through its last
 * parameter, which a failure leaves alone.  Everywhere:
 *     -EINVAL      the request is wrong
 *     -EAGAIN      not yet: something is still to be set, and the message names it
 *     -EBUSY       wrong phase, or somebody else has it
 *     -ENOTTY      this kernel or device lacks it
 *     -EOPNOTSUPP  a feature is refused
 *     -ENODATA     it is not known, and cannot be
 *     -E2BIG       too many, or a field that only a newer library knows is not zero
 *     -ESTALE      a step failed and so did its undo: only reset and close still work
 * and what the kernel says (-EPERM, -ENOMEM, -EMFILE, -EFAULT ...).  vhc_ctx_get_error() has the
 * text.
 *
 * Fds.  An fd that goes in is duplicated: close yours whenever you like.  An fd that comes out is
 * borrowed: never close it; it lives as long as the thing it was asked of.  -1 is no fd; 0 is a
 * valid fd.
 *
 * Lifetime.  A device holds on to its memory, its tap and its context, so they may be freed in any
 * order.  _free and _close take NULL.  A char * that comes out is the caller's, for free(3).
 *
 * Threads.  A context and all that was made from it are used by one thread at a time, any thread;
 * take a lock, or make a context for each thread (it is small).  What shares a memory table shares
 * a context, because a commit acts on all of it.  Calls block for as long as the kernel takes (up
 * to about 30 ms to take ownership, to stop under load or to close); only events are asynchronous,
 * and pulled.  There are no callbacks but the log's, no threads that outlive a call, no globals, no
 * environment, no signals.
 *
 * Processes.  The kernel ties a vhost device to the memory of the process that took its ownership.
 * A transition that is called in a forked child of that process is -EPERM, says so, and leaves the
 * device running.
 *
 * Structs.  `sz` is the sizeof the caller was compiled with (VHC_ARG sets it; 0 is -EINVAL).  They
 * only grow at the end, and zero always means what it meant before the field was there.  Unknown
 * flags are -EINVAL.  Sizes are in bytes unless they say otherwise.
 */
#ifndef VHOSTCONFIG_H
#define VHOSTCONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VHC_EXPORT __attribute__((visibility("default")))

/*
 * VHC_ARG(vhc_region, .guest_addr = a, .size = n): a pointer to such a struct, for the enclosing
 * block (C only).
 */
#define VHC_ARG(type, ...) (&(struct type){ .sz = sizeof(struct type), __VA_ARGS__ })

struct vhc_ctx;
struct vhc_mem;
struct vhc_tap;
struct vhc_dev;

/** vhc_version() - the library's version, such as "0.1.0".  Never NULL; static. */
VHC_EXPORT const char *vhc_version(void);

/* ------------------------------------------------------------------------------ context, errors */

enum vhc_level {
	VHC_LEVEL_ERROR = 3,
	VHC_LEVEL_WARNING = 4,
	VHC_LEVEL_INFO = 6,
	VHC_LEVEL_DEBUG = 7
};

/*
 * One line of UTF-8 without its newline.  errno is kept around the call.  The callback may not call
 * the library.
 */
typedef void vhc_log_fn(void *data, enum vhc_level level, const char *line);

/*
 * The library's memory.  Strings are never NULL, "" when there is nothing to say.  Fields are only
 * added at the end.
 */
struct vhc_error {
	int64_t code;	    /* the negative errno; 0 when nothing has failed yet */
	const char *text;   /* all of it in one sentence: print this one */
	const char *device; /* the id of the device that it happened to */
	const char *where;  /* "ring 2, VHOST_SET_VRING_ADDR", or a JSON pointer */
	const char *hint;   /* what to do about it */
};

/**
 * vhc_ctx_new() - make a context: the place of the last error and of the log.  Makes no system
 * call.  Errors: -ENOMEM.
 */
VHC_EXPORT int vhc_ctx_new(struct vhc_ctx **ret);

/** vhc_ctx_free() - give a context up.  Its objects keep it alive for as long as they need it. */
VHC_EXPORT void vhc_ctx_free(struct vhc_ctx *ctx);

/**
 * vhc_ctx_set_log() - say where log lines go; NULL, as at first, for nowhere.
 * @max: the least important level that is wanted.  DEBUG has one line for each operation of a plan.
 */
VHC_EXPORT void vhc_ctx_set_log(struct vhc_ctx *ctx, enum vhc_level max, vhc_log_fn *fn,
				void *data);

/**
 * vhc_ctx_get_error() - what went wrong in the last call that failed with this context or an object
 * made from it.
 * Never NULL.  Valid until the next call that fails; one that succeeds leaves it alone.  Every
 * failure is also a log line of level ERROR, except -EAGAIN, which is DEBUG.
 */
VHC_EXPORT const struct vhc_error *vhc_ctx_get_error(const struct vhc_ctx *ctx);

/* ------------------------------------------------------------------------------------- features */

/*
 * Feature bits, as the virtio specification numbers them.  256 of them for ever, so there is no sz:
 * { { bits } } makes one from a 64-bit mask.  Bits that only vhost and vhost-user have (LOG_ALL,
 * PROTOCOL_FEATURES) are the library's business: never reported, refused when given.
 */
struct vhc_features {
	uint64_t w[4];
};

static inline bool vhc_features_has(const struct vhc_features *set, unsigned int bit)
{
	return bit < 256 && (set->w[bit / 64] >> (bit % 64) & 1);
}

static inline void vhc_features_add(struct vhc_features *set, unsigned int bit)
{
	if (bit < 256)
		set->w[bit / 64] |= (uint64_t)1 << (bit % 64);
}

static inline void vhc_features_remove(struct vhc_features *set, unsigned int bit)
{
	if (bit < 256)
		set->w[bit / 64] &= ~((uint64_t)1 << (bit % 64));
}

/*
 * What kind of device: the virtio device id.  More follow, with the ids that the specification
 * gives them.
 */
enum vhc_type { VHC_TYPE_NET = 1 };

/* Who must have a bit before a guest can be shown it. */
enum {
	VHC_ORIGIN_VHOST = 1 << 0, /* the vhost device */
	VHC_ORIGIN_TAP = 1 << 1,   /* the tap link */
	VHC_ORIGIN_MODEL = 1 << 2  /* the launcher's device model */
};

/* The library's memory, static.  Strings are never NULL.  Fields are only added at the end. */
struct vhc_feature {
	uint32_t bit;
	uint32_t origin;      /* VHC_ORIGIN_ flags: all of these must have it */
	const char *name;     /* "mrg_rxbuf" */
	const char *constant; /* "VIRTIO_NET_F_MRG_RXBUF" */
	const char *text;     /* what it does, in a few words */
	const char *requires; /* "guest_csum", "ctrl_vq and rss", "" */
};

/**
 * vhc_feature_get() - what is known of one bit.
 * @type: the device type whose bits 0 to 23 and 50 to 127 are meant; bits 24 to 49 are every type's.
 * Returns NULL for a bit that has no name.
 */
VHC_EXPORT const struct vhc_feature *vhc_feature_get(enum vhc_type type, uint32_t bit);

/**
 * vhc_features_parse() - read names such as "mrg_rxbuf,guest_tso4", constants in any case, "bit 63",
 * or numbers: "63" is a bit, "0x..." a mask of up to 256 bits.
 * @type: the device type whose names are meant.  @text: separated by commas or blanks; "" is the
 * empty set.
 * Errors: -EINVAL names the first word that is unknown.
 */
VHC_EXPORT int vhc_features_parse(struct vhc_ctx *ctx, enum vhc_type type, const char *text,
				  struct vhc_features *ret);

/**
 * vhc_features_format() - the same set as names, in the order of the bits, separated by commas; what
 * has no name is "bit N".
 */
VHC_EXPORT int vhc_features_format(struct vhc_ctx *ctx, enum vhc_type type,
				   const struct vhc_features *set, char **ret_text);

/**
 * vhc_features_check() - does each bit of a set have what it requires?  The rules are those of the
 * virtio specification 1.4, section 5.1.3.1.
 * @ret_drop: what must go so that the rest can stand; may be NULL; written on -EOPNOTSUPP too.
 * Returns 0 for yes.  Errors: -EOPNOTSUPP for no, the text with every broken rule.
 */
VHC_EXPORT int vhc_features_check(struct vhc_ctx *ctx, enum vhc_type type,
				  const struct vhc_features *set, struct vhc_features *ret_drop);

/* ------------------------------------------------------------------------------------ this host */

/**
 * vhc_caps_probe() - write down what this host can do, as a vhost-caps document.  Opens throw-away
 * fds of its own and closes them; the tap that it asks is in a network namespace of its own.
 * Changes nothing.  What is missing is said in the document with its reason, and is not an error.
 * Errors: -ENOMEM, -EMFILE.
 */
VHC_EXPORT int vhc_caps_probe(struct vhc_ctx *ctx, char **ret_json);

/**
 * vhc_caps_check() - can a host with these capabilities take a device in this state?  No host is
 * touched.
 * @caps: a vhost-caps document, NUL-terminated.  @state: a vhost-state document, NUL-terminated.
 * Returns 0 for yes.  Errors: -EOPNOTSUPP for no, the text with every reason (each feature with its
 * name, its origin and the remedy); -EINVAL a document is wrong, with the JSON pointer; -E2BIG.
 */
VHC_EXPORT int vhc_caps_check(struct vhc_ctx *ctx, const char *caps, const char *state);

/**
 * vhc_state_check() - is this a vhost-state document that a device could be loaded from?  Form,
 * checksum, every number in its range, rings whole inside the memory and apart from each other,
 * features that can stand together.  No host is touched and no memory is read.  A picture of a
 * running device is right too, though vhc_dev_load() refuses it.
 * @state: NUL-terminated; read as untrusted.
 * Errors: -EINVAL with the JSON pointer and the line; -E2BIG longer than 1 MiB.
 */
VHC_EXPORT int vhc_state_check(struct vhc_ctx *ctx, const char *state);

/* ---------------------------------------------------- the guest's memory, and its one dirty log */

#define VHC_PAGE_SIZE 4096u

struct vhc_region {
	uint64_t sz;
	uint64_t guest_addr; /* guest-physical */
	uint64_t size;
	uint64_t user_addr; /* where this process has it */
};

/**
 * vhc_mem_new() - make an empty memory table.  Edits (clear, add, del) are staged and no device
 * sees them before vhc_mem_commit().  An edit that fails makes that commit fail with the same
 * error, so a series of edits needs only one check, at its end.
 */
VHC_EXPORT int vhc_mem_new(struct vhc_ctx *ctx, struct vhc_mem **ret);

/**
 * vhc_mem_free() - give a memory table up.  Devices that use it keep the committed table, and only
 * that, until the last of them is closed.
 */
VHC_EXPORT void vhc_mem_free(struct vhc_mem *mem);

/** vhc_mem_clear() - drop what is staged, and stage an empty table, to build it anew. */
VHC_EXPORT void vhc_mem_clear(struct vhc_mem *mem);

/**
 * vhc_mem_add() - stage one more region.  What the kernel does not check is checked here: overlap
 * in guest or user addresses, wrap, alignment to 4096 bytes, user addresses that are not mapped.
 * Neighbours are merged at commit, so regions are not yet counted.
 * Errors: -EINVAL.
 */
VHC_EXPORT int vhc_mem_add(struct vhc_mem *mem, const struct vhc_region *region);

/**
 * vhc_mem_del() - stage the removal of a region, by its exact address and size.  Errors: -EINVAL no
 * such region.
 */
VHC_EXPORT int vhc_mem_del(struct vhc_mem *mem, uint64_t guest_addr, uint64_t size);

/**
 * vhc_mem_commit() - make the staged table the one that every attached device uses.  All or none:
 * devices that run are changed one after the other, and a failure gives them the old table back and
 * drops the edits.  A dirty log grows before and shrinks after; pages that were in it stay in it.
 * A commit that changes nothing makes no system call.  After success the caller may unmap what it
 * took out.  After a failure the devices still use the old memory: who must unmap it anyway stops
 * them first.
 * Errors: -E2BIG more regions than a device takes, or than a log of the caller's covers; -EBUSY a
 * ring that runs would move or lose its memory (the text names it; stop it first); -ESTALE.
 */
VHC_EXPORT int vhc_mem_commit(struct vhc_mem *mem);

/**
 * vhc_mem_count_spare() - how many regions can still be added before some attached device has no
 * room for them.  What is staged counts as it would after merging.
 */
VHC_EXPORT uint32_t vhc_mem_count_spare(const struct vhc_mem *mem);

/**
 * vhc_dirty_start() - from now on write down which pages of VHC_PAGE_SIZE the devices write.  Turns
 * logging on in every attached device that runs; those that start later begin with it.  All or
 * none.  The log is the library's and as long as the memory table needs (32 KiB for each GiB of
 * guest addresses, counted up to the highest), unless vhc_dirty_set_file() gave another.
 * Errors: -EAGAIN no memory is committed; -E2BIG the file that was given is too short; -ENOMEM;
 * -ESTALE.
 */
VHC_EXPORT int vhc_dirty_start(struct vhc_mem *mem);

/**
 * vhc_dirty_stop() - turn logging off, forget pages that were not read, and let go of the file that
 * vhc_dirty_set_file() gave.
 * For the last pages of a guest that has been stopped: vhc_dev_stop() all devices, then
 * vhc_dirty_sync(), then vhc_dirty_read(), then this.
 * When it fails logging goes on, but a page that was written in between may be missing: who still
 * needs the log counts all pages as dirty once.
 */
VHC_EXPORT int vhc_dirty_stop(struct vhc_mem *mem);

/**
 * vhc_dirty_set_file() - log into a file of the caller's instead, as VHOST_USER_SET_LOG_BASE asks;
 * its giver harvests, not we.
 * @fd: a memfd that is sealed against shrinking (F_SEAL_SHRINK), since a log that becomes shorter
 * would end this process; -1 goes back to a log of the library's.  @offset, @size: the part of it
 * that is the log: a bit for each page, in 64-bit words of the host's byte order, from guest address 0 on.
 * Before or after vhc_dirty_start().  While logging this takes effect at once, in all devices or in
 * none, and pages that were logged before move over.
 * Errors: -EINVAL the file is shorter than it says, is not sealed, or @offset is not a multiple of
 * VHC_PAGE_SIZE; -E2BIG the committed memory needs more log than that.
 */
VHC_EXPORT int vhc_dirty_set_file(struct vhc_mem *mem, int fd, uint64_t offset, uint64_t size);

/**
 * vhc_dirty_set_event() - an eventfd that vhost signals whenever it wrote to the log for a ring's
 * used index (VHOST_SET_LOG_FD); -1 for none, as at first.  At once in all devices that log, or in
 * none.  Errors: -EINVAL it is not an eventfd (where no device logs yet, the start says so).
 */
VHC_EXPORT int vhc_dirty_set_event(struct vhc_mem *mem, int fd);

enum vhc_dirty_mode {
	/*
	 * SWAP for a log of 2 MiB or more (64 GiB of guest addresses), and where a sample of the
	 * log has one page in a hundred dirty or more; else EXCHANGE.
	 */
	VHC_DIRTY_AUTO = 0,
	/* Words of the live log are exchanged with 0: no system call, slow where much is dirty. */
	VHC_DIRTY_EXCHANGE = 1,
	/*
	 * The devices get a second log, and the first is read at the speed of memory: an ioctl for each
	 * vhost fd, and twice the memory.
	 */
	VHC_DIRTY_SWAP = 2
};

/** vhc_dirty_set_mode() - how pages are taken out of the log, from the next vhc_dirty_sync() on. */
VHC_EXPORT int vhc_dirty_set_mode(struct vhc_mem *mem, enum vhc_dirty_mode mode);

/**
 * vhc_dirty_sync() - begin a pass: every page that was dirtied up to now is handed out by
 * vhc_dirty_read() until the next pass.  One call for each pass over the guest's memory, whatever
 * the number of reads.
 * Errors: -ENODATA there is no log, or it is the caller's file.
 */
VHC_EXPORT int vhc_dirty_sync(struct vhc_mem *mem);

/* Nobody else touches the bitmap meanwhile: plain stores, which are faster when much is dirty. */
enum { VHC_DIRTY_PRIVATE = 1 << 0 };

/**
 * vhc_dirty_read() - move what is dirty into a bitmap of the caller's, by OR; by atomic OR without
 * VHC_DIRTY_PRIVATE.
 * @guest_addr, @size: the range, in whole pages, of any alignment; what lies behind the log is
 * clean.  @bitmap: 64-bit words in the host's byte order; bit 0 of word 0 is the page at
 * @guest_addr; bits behind the range are left alone.  @ret_pages: how many pages were handed out;
 * may be NULL, which saves counting them.
 * A page is handed out once.  What no call asks for stays for later, across passes.
 * Errors: -EINVAL not whole pages, or unknown flags; -ENODATA as above.
 */
VHC_EXPORT int vhc_dirty_read(struct vhc_mem *mem, uint64_t guest_addr, uint64_t size,
			      uint64_t *bitmap, uint32_t flags, uint64_t *ret_pages);

/* ------------------------------------------------------------------------------------------ tap */

enum {
	VHC_TAP_OWNER = 1 << 0,	  /* owner is given */
	VHC_TAP_GROUP = 1 << 1,	  /* group is given; with neither, the effective user owns */
	VHC_TAP_PERSIST = 1 << 2, /* the link outlives its fds */
	VHC_TAP_ADOPT = 1 << 3	  /* the link may exist already, and may belong to nobody */
};

struct vhc_tap_args {
	uint64_t sz;
	uint32_t flags;	     /* VHC_TAP_ */
	uint32_t queues;     /* one for each queue pair, at most 256; 0 is 1 */
	uint32_t owner;	     /* uid */
	uint32_t group;	     /* gid */
	uint32_t txqueuelen; /* frames that wait for the device; 0 leaves the kernel's 1000 */
	uint32_t reserved;
};

/**
 * vhc_tap_open() - create a tap link, or attach to one, and open its queues.
 * @name: 1 to 15 bytes, or NULL to let the kernel choose.  @args: NULL for one queue owned by the
 * effective user.
 * Always with a virtio-net header and without packet information.  The link is made in the network
 * namespace of the calling thread.  Addresses, MAC, MTU, bridge and up or down are rtnetlink's
 * business.  A link of one queue can be made with IFF_MULTI_QUEUE only by asking for two or more.
 * Errors: -EBUSY it exists or all queues are taken; -EPERM; -EINVAL a bad name, or it exists with
 * other flags or another owner (the text compares them).
 */
VHC_EXPORT int vhc_tap_open(struct vhc_ctx *ctx, const char *name, const struct vhc_tap_args *args,
			    struct vhc_tap **ret);

/**
 * vhc_tap_open_fds() - use fds that somebody else opened: queues of one tap or macvtap.
 * @fds: @count of them, one for each queue pair, in order.
 * Errors: -EINVAL an fd is of another kind, of another link, twice the same, or lacks the virtio-net
 * header (the text says which).
 */
VHC_EXPORT int vhc_tap_open_fds(struct vhc_ctx *ctx, const int *fds, uint32_t count,
				struct vhc_tap **ret);

/** vhc_tap_close() - give a tap up; its fds close when no device uses it any more. */
VHC_EXPORT void vhc_tap_close(struct vhc_tap *tap);

/** vhc_tap_get_name() - the link's name.  Borrowed. */
VHC_EXPORT const char *vhc_tap_get_name(const struct vhc_tap *tap);

/**
 * vhc_tap_get_fd() - the fd of one queue, borrowed, to read and write frames while no device runs,
 * or to hand it to another process.  Errors: -EINVAL no such queue.
 */
VHC_EXPORT int vhc_tap_get_fd(const struct vhc_tap *tap, uint32_t queue);

/**
 * vhc_tap_set_features() - header size and offloads as a guest with these features expects; at once.
 * vhc_dev_set_features() does the same at the next start.  This one is for a tap that no vhost
 * device runs on, and for VIRTIO_NET_CTRL_GUEST_OFFLOADS on one where it does.  The last counts.
 * @guest: VHC_GUEST_ flags, none of which changes anything here.
 * Errors: -EBUSY the header size would change under a running device; -EOPNOTSUPP this link cannot.
 */
VHC_EXPORT int vhc_tap_set_features(struct vhc_tap *tap, const struct vhc_features *acked,
				    uint32_t guest);

/**
 * vhc_tap_set_active() - let the first @queues receive and detach the others, as VIRTIO_NET_CTRL_MQ
 * asks; at once.
 */
VHC_EXPORT int vhc_tap_set_active(struct vhc_tap *tap, uint32_t queues);

/* --------------------------------------------------------------------------------------- device */

/* Who runs the rings.  More follow: vDPA, and another process by vhost-user. */
enum vhc_backend { VHC_BACKEND_KERNEL = 0 };

enum {
	VHC_DEV_OWN = 1 << 0,	  /* take ownership now; without, the first start does */
	VHC_DEV_TASK = 1 << 1,	  /* workers are threads of the owner and count as its */
	VHC_DEV_KTHREAD = 1 << 2, /* kernel threads; with neither, the kernel's choice */
	/*
	 * Find each worker thread when ownership is taken, for vhc_dev_get_worker() and its setters.
	 * Costs a look through /proc before and after.
	 */
	VHC_DEV_WORKERS = 1 << 3
};

struct vhc_dev_args {
	uint64_t sz;
	uint32_t flags;	      /* VHC_DEV_ */
	uint32_t type;	      /* enum vhc_type */
	uint32_t backend;     /* enum vhc_backend */
	uint32_t queue_pairs; /* net: rings 2i (receive) and 2i+1 (transmit); at most 256; 0 is 1 */
};

/**
 * vhc_dev_open() - open a device and ask what it can do.
 * @id: how messages and documents call it, such as "net0".  @path: NULL for the type's own node
 * (/dev/vhost-net).  Opens as many fds as the queue pairs need, all or none.  A vhost fd's owner is
 * the memory of one process: it cannot follow a fork or an exec.  So fork first, or leave ownership
 * to the first start; on kernels before 6.4 it takes 30 ms, which VHC_DEV_OWN moves from the
 * guest's driver start to here.
 * Errors: -ENOENT, -ENODEV, -EACCES, -EPERM each with what is missing and the command that mends
 * it; -ENOTTY the worker flags.
 */
VHC_EXPORT int vhc_dev_open(struct vhc_ctx *ctx, const char *id, const char *path,
			    const struct vhc_dev_args *args, struct vhc_dev **ret);

/**
 * vhc_dev_open_fds() - the same on vhost fds that somebody else opened.
 * @fds: @count of them in the order of the queue pairs; count and args->queue_pairs must agree.
 * Errors: -EINVAL not vhost fds of this type; with VHC_DEV_OWN -EBUSY owned already, or the same
 * one twice (the kernel tells only then, so else it is the start that fails).
 */
VHC_EXPORT int vhc_dev_open_fds(struct vhc_ctx *ctx, const char *id, const int *fds, uint32_t count,
				const struct vhc_dev_args *args, struct vhc_dev **ret);

/**
 * vhc_dev_open_caps() - a device that is not there, as a host with these capabilities would have it:
 * to ask what could be offered, and to plan.  Needs no tap; starting it is -ENODEV.
 * @caps: a vhost-caps document, NUL-terminated.
 * Errors: -EINVAL the document is wrong, with the JSON pointer; -ENODEV that host has no such
 * device, with the document's reason.
 */
VHC_EXPORT int vhc_dev_open_caps(struct vhc_ctx *ctx, const char *id, const char *caps,
				 const struct vhc_dev_args *args, struct vhc_dev **ret);

/**
 * vhc_dev_close() - stop and close, all fds at the same time.  Vhost fds that somebody else opened
 * are given back as they came: stopped, without an owner.
 */
VHC_EXPORT void vhc_dev_close(struct vhc_dev *dev);

/* What may be relied on, whoever runs the rings. */
enum {
	VHC_CAN_DIRTY = 1 << 0,	   /* vhc_dirty_start() works with this device */
	VHC_CAN_SAVE = 1 << 1,	   /* after a stop the rings' bases are known */
	VHC_CAN_RING = 1 << 2,	   /* single rings start and stop while others run */
	VHC_CAN_IOMMU = 1 << 3,	   /* VHC_GUEST_IOMMU works */
	VHC_CAN_BUSYLOOP = 1 << 4, /* vhc_ring_set_busyloop() works */
	VHC_CAN_WORKERS = 1 << 5   /* vhc_ring_set_worker() works */
};

struct vhc_dev_info {
	uint64_t sz;
	uint32_t rings;	      /* virtqueues that the device runs; indices are below */
	uint32_t max_regions; /* of a memory table */
	uint64_t can;	      /* VHC_CAN_ */
};

/**
 * vhc_dev_get_info() - what is behind this device.  @ret: sz set by the caller; what it does not
 * know is zero.
 */
VHC_EXPORT int vhc_dev_get_info(const struct vhc_dev *dev, struct vhc_dev_info *ret);

/**
 * vhc_dev_get_fd() - the vhost fd of one queue pair, borrowed: to hand it to another process before
 * this one takes ownership.
 * Errors: -EINVAL no such pair; -EBUSY owned already, so no other process could use it.
 */
VHC_EXPORT int vhc_dev_get_fd(struct vhc_dev *dev, uint32_t pair);

/**
 * vhc_dev_set_mem() - attach the device to the guest's memory, instead of any before.  Needed
 * before a start.
 * Errors: -EINVAL of another context; -EBUSY a ring runs; -E2BIG it has more regions than this
 * device takes.
 */
VHC_EXPORT int vhc_dev_set_mem(struct vhc_dev *dev, struct vhc_mem *mem);

/**
 * vhc_dev_set_tap() - give a net device its link; pair i uses queue i.  Before features are
 * offered, which the tap has a part in.  Errors: -EINVAL fewer queues than pairs; -EBUSY a ring
 * runs, or another device has this tap (the kernel would accept that).
 */
VHC_EXPORT int vhc_dev_set_tap(struct vhc_dev *dev, struct vhc_tap *tap);

/**
 * vhc_dev_offer_features() - which features can the guest be shown?  Each bit has its origin: the
 * vhost device, the tap, or the caller's device model.  A wanted bit is offered when its origin has
 * it; those whose requirements are then missing are dropped, and the log says why.
 * @want: what the caller can stand behind; those of its own it promises to implement.  What a newer
 * kernel or library has besides is not offered.  NULL wants all: for who passes everything on, as a
 * vhost-user back end does.
 * @require: must be in the result; NULL for none.
 * Errors: -EAGAIN a net device has no tap yet; -EOPNOTSUPP something required is missing: names it,
 * whose it is and what would give it.
 */
VHC_EXPORT int vhc_dev_offer_features(struct vhc_dev *dev, const struct vhc_features *want,
				      const struct vhc_features *require, struct vhc_features *ret);

enum {
	/*
	 * Addresses go through an IOMMU that the caller models: VHC_EVENT_MISS asks for them.  Without
	 * this flag they are guest-physical even if the driver accepted ACCESS_PLATFORM, which vhost is
	 * then not told.  With it, that feature must be among those that the driver accepted.
	 */
	VHC_GUEST_IOMMU = 1 << 0
};

/**
 * vhc_dev_set_features() - what the driver accepted, all of it: the tap and the device each get
 * their part.
 * @guest: VHC_GUEST_ flags.  Needed before the first start; header size and offloads follow from it.
 * Errors: -EINVAL a bit's requirement is missing; -EOPNOTSUPP its origin lacks it; -EBUSY other than
 * now while a ring runs.
 */
VHC_EXPORT int vhc_dev_set_features(struct vhc_dev *dev, const struct vhc_features *acked,
				    uint32_t guest);

enum {
	VHC_NET_MAC = 1 << 0, /* mac is given */
	VHC_NET_MTU = 1 << 1  /* mtu is given */
};

/*
 * What of a net device's configuration space must be the same wherever it runs.  The library only
 * keeps it, for the vhost-state document: the space itself is the caller's device model's.
 */
struct vhc_net_config {
	uint64_t sz;
	uint32_t flags; /* VHC_NET_ */
	uint32_t mtu;	/* bytes, 68 to 65535 */
	uint8_t mac[6]; /* the guest's */
	uint8_t reserved[2];
};

/** vhc_dev_set_net_config() - write it down, instead of any before.  Errors: -EINVAL. */
VHC_EXPORT int vhc_dev_set_net_config(struct vhc_dev *dev, const struct vhc_net_config *config);

/** vhc_dev_get_net_config() - what was set, or what vhc_dev_load() read.  @ret: sz set by the caller. */
VHC_EXPORT int vhc_dev_get_net_config(const struct vhc_dev *dev, struct vhc_net_config *ret);

/**
 * vhc_dev_start() - start every ring that has a size; rings never set up are left alone, and so are
 * those that vhc_ring_stop() stopped or a document says were not enabled.  All or
 * none.  The first start takes ownership of the vhost fds.  Every ring is checked as
 * vhc_ring_check() does.  The call eventfd of a ring that goes on is signalled once: an interrupt
 * may be due for what the device had used before, and one too many is harmless.
 * Errors: -EAGAIN a ring, the features, the tap or the memory is incomplete (the text names it), or
 * there is no ring at all; -EINVAL as vhc_ring_check(); -EPERM opened in another process, or before
 * a fork; -ENOMEM also for RLIMIT_NPROC; -ESTALE.
 */
VHC_EXPORT int vhc_dev_start(struct vhc_dev *dev);

/**
 * vhc_dev_stop() - stop every ring, keep all that was set, and read where each ring goes on.
 * Nothing in flight is left behind; frames not yet delivered wait in the tap.  The next
 * vhc_dev_start() goes on where this one stopped.
 * Stops all it can, and returns the first error.
 */
VHC_EXPORT int vhc_dev_stop(struct vhc_dev *dev);

/**
 * vhc_dev_reset() - virtio device reset: stop, and forget features, rings and their eventfds.
 * Memory, tap and what the device can do stay.  The way out of -ESTALE.
 */
VHC_EXPORT int vhc_dev_reset(struct vhc_dev *dev);

/**
 * vhc_dev_plan() - what vhc_dev_start() would do now, and its undo, as a vhost-plan document.
 * Errors: as there.
 */
VHC_EXPORT int vhc_dev_plan(struct vhc_dev *dev, char **ret_json);

/**
 * vhc_dev_save() - the device as a vhost-state document: what the driver accepted, its rings, the
 * memory's layout; what a migration needs, and nothing of this host.
 * Of a running device it is a picture for people, marked "running", and vhc_dev_load() refuses it.
 * Errors: -EAGAIN features are not set, or a ring has addresses and no size, or no memory; -ENODATA
 * the kernel could not tell where a ring stopped; -EINVAL a ring is so that no host could load it.
 */
VHC_EXPORT int vhc_dev_save(struct vhc_dev *dev, char **ret_json);

/**
 * vhc_dev_load() - set features, configuration, and size, addresses, base of every ring, from a
 * document.  @json: NUL-terminated; read as untrusted.  The memory must be committed before, with
 * the guest's memory in it, and the tap set: every feature must be offered here, and each ring is
 * checked as vhc_ring_check() does.  Set afterwards what no document has (eventfds), then start.
 * Errors: -EINVAL with the JSON pointer, or the ring with its numbers; -EAGAIN no memory or no tap
 * yet; -EOPNOTSUPP this host lacks something, as vhc_caps_check(); -EBUSY a ring runs; -E2BIG.  The
 * device is as before when it fails, and the kernel was not asked to change anything.
 */
VHC_EXPORT int vhc_dev_load(struct vhc_dev *dev, const char *json);

/**
 * vhc_dev_get_worker() - the thread that runs a queue pair's rings, as the kernel counts threads:
 * one of this process's, or a kernel thread.
 * Errors: -EAGAIN not owned yet; -ENODATA opened without VHC_DEV_WORKERS, or it could not be told
 * from others that began at the same moment, or is hidden (a PID namespace hides kernel threads).
 */
VHC_EXPORT int vhc_dev_get_worker(struct vhc_dev *dev, uint32_t pair, int32_t *ret_tid);

/**
 * vhc_dev_set_worker_cpus() - on which processors a pair's worker may run; at once, and again
 * whenever ownership is taken.
 * @cpus: @words words of 64 bits, bit 0 of word 0 is processor 0; at most 1024 words.
 * Errors: -EINVAL none of them is online, or opened without VHC_DEV_WORKERS; -EPERM a kernel thread
 * needs CAP_SYS_NICE; -ENODATA the worker is not known.  What fails when ownership is taken fails the
 * start.
 */
VHC_EXPORT int vhc_dev_set_worker_cpus(struct vhc_dev *dev, uint32_t pair, const uint64_t *cpus,
				       uint32_t words);

/**
 * vhc_dev_set_worker_sched() - a pair's worker's scheduling; at once, and again whenever ownership
 * is taken.
 * @policy: SCHED_OTHER, SCHED_BATCH, SCHED_IDLE, SCHED_FIFO or SCHED_RR of <sched.h>.  @priority: 0,
 * or 1 to 99 for the last two.
 * Errors: -EINVAL, as above too; -EPERM needs CAP_SYS_NICE; -ENODATA as above.
 */
VHC_EXPORT int vhc_dev_set_worker_sched(struct vhc_dev *dev, uint32_t pair, int32_t policy,
					int32_t priority);

/* --------------------------------------------------------------------------- events of a device */

enum vhc_event_kind {
	VHC_EVENT_RING_ERROR = 1, /* vhc_ring_check() looks for the cause */
	VHC_EVENT_MISS = 2	  /* with VHC_GUEST_IOMMU: the device waits for vhc_dev_map() */
};

struct vhc_event {
	uint64_t sz;
	uint32_t kind;	/* enum vhc_event_kind; ignore those you do not know */
	uint32_t ring;	/* RING_ERROR; of a MISS the first ring of its queue pair */
	uint64_t iova;	/* MISS */
	uint32_t perm;	/* MISS: VHC_PERM_ */
	uint32_t count; /* RING_ERROR: how many since the last event of this ring */
};

/**
 * vhc_dev_get_event_fd() - an fd that is readable (poll, epoll) while vhc_dev_next_event() has
 * something.
 * One for the device, all rings and fds; borrowed; the same until the device closes.
 */
VHC_EXPORT int vhc_dev_get_event_fd(struct vhc_dev *dev);

/**
 * vhc_dev_next_event() - fetch one event.  Never blocks.
 * @ret: sz set by the caller.  Returns 1 with an event, 0 without.  Call until 0.
 */
VHC_EXPORT int vhc_dev_next_event(struct vhc_dev *dev, struct vhc_event *ret);

enum { VHC_PERM_READ = 1 << 0, VHC_PERM_WRITE = 1 << 1 };

struct vhc_map {
	uint64_t sz;
	uint64_t iova;
	uint64_t size;
	uint64_t addr;	/* what iova stands for: guest-physical */
	uint32_t perm;	/* VHC_PERM_ */
	uint32_t flags; /* 0 */
};

/**
 * vhc_dev_map() - tell the device what an I/O virtual address stands for: the answer to a miss, or
 * in advance.  Replaces what overlaps.
 * Each used ring must be mapped before its ring starts.  Mappings are kept over stop and start, and
 * told to the kernel again where it forgets them.  A map that reaches past the region of its first
 * byte is cut there.  Of more than 2048 the oldest that no ring lies in is forgotten, as the kernel
 * does; the device will ask for it again.
 * Errors: -EINVAL addr is in no region, or a size of 0; -EOPNOTSUPP VHC_GUEST_IOMMU is not set;
 * -E2BIG 2048 mappings are rings'.
 */
VHC_EXPORT int vhc_dev_map(struct vhc_dev *dev, const struct vhc_map *map);

/**
 * vhc_dev_unmap() - forget what is mapped in a range; when this returns the device does not use it
 * any more.  Errors: -EBUSY a ring that runs has its used ring there.
 */
VHC_EXPORT int vhc_dev_unmap(struct vhc_dev *dev, uint64_t iova, uint64_t size);

/* ---------------------------------------------------------------------------------------- rings */

/*
 * A ring is named by its device and its virtqueue index, as transports and peers do.  -EINVAL if
 * there is none.
 */

/**
 * vhc_ring_set_size() - descriptors, 1 to 32768, a power of two.  -EBUSY on a running ring.
 */
VHC_EXPORT int vhc_ring_set_size(struct vhc_dev *dev, uint32_t ring, uint32_t size);

/*
 * Where the driver put its ring, as it told the transport: guest-physical addresses, or I/O virtual
 * ones with VHC_GUEST_IOMMU.  The library finds the bytes by the memory table when the ring starts.  For a packed ring: the descriptor
 * ring, the driver's and the device's event suppression area.
 */
struct vhc_ring_addr {
	uint64_t sz;
	uint64_t desc;
	uint64_t avail;
	uint64_t used;
	uint32_t flags; /* 0 */
	uint32_t reserved;
};

/**
 * vhc_ring_set_addr() - where the ring is.  Alignment is checked now, the memory at start.  -EBUSY
 * when running.
 */
VHC_EXPORT int vhc_ring_set_addr(struct vhc_dev *dev, uint32_t ring,
				 const struct vhc_ring_addr *addr);

/**
 * vhc_ring_set_base() - where the device goes on.  Without it a new ring starts at its beginning,
 * and a stopped ring where it stopped.  @base: as vhc_ring_get_base() gives it.  -EBUSY on a
 * running ring.
 */
VHC_EXPORT int vhc_ring_set_base(struct vhc_dev *dev, uint32_t ring, uint32_t base);

/**
 * vhc_ring_get_base() - where a stopped ring goes on: the next available index, for a packed ring
 * with the used index and both wrap counters, in the kernel's 32-bit form.
 * Errors: -EBUSY it runs; -ENODATA the device could not tell.
 */
VHC_EXPORT int vhc_ring_get_base(struct vhc_dev *dev, uint32_t ring, uint32_t *ret_base);

/**
 * vhc_ring_recover_base() - set the base where the ring's memory says that the device stopped, after
 * the process that ran it died without a stop: what it used is done, and what it took and did not
 * use is taken again.  For devices that use buffers in the order in which they take them, as
 * vhost-net does.  Size, addresses and memory must be set.
 * Errors: -EAGAIN something is still to be set; -EBUSY it runs; -EOPNOTSUPP a packed ring, whose
 * memory does not say it; -EINVAL the memory has indices that cannot be.
 */
VHC_EXPORT int vhc_ring_recover_base(struct vhc_dev *dev, uint32_t ring);

/**
 * vhc_ring_set_kick() - the eventfd by which the driver notifies the device; -1 takes it off; at
 * once if it runs.  Errors: -EINVAL it is the call eventfd too.
 */
VHC_EXPORT int vhc_ring_set_kick(struct vhc_dev *dev, uint32_t ring, int fd);

/**
 * vhc_ring_get_kick() - the kick eventfd, borrowed; makes one when there is none.  Errors: -EMFILE.
 */
VHC_EXPORT int vhc_ring_get_kick(struct vhc_dev *dev, uint32_t ring);

/**
 * vhc_ring_set_call() - the eventfd by which the device notifies the driver; -1 for none (polling);
 * at once if it runs, and then the new one is signalled once, since an interrupt may be due.
 */
VHC_EXPORT int vhc_ring_set_call(struct vhc_dev *dev, uint32_t ring, int fd);

/**
 * vhc_ring_get_call() - the call eventfd, borrowed; makes one when there is none.  Errors: -EMFILE.
 */
VHC_EXPORT int vhc_ring_get_call(struct vhc_dev *dev, uint32_t ring);

/**
 * vhc_ring_set_masked() - hold the ring's interrupts back, or let them go; at once, and kept over
 * stop and start.
 * Those that came while it was masked are delivered as one when it is unmasked.  None is lost.  They
 * go to the call eventfd that the ring has then; without one there is nobody to tell.
 */
VHC_EXPORT int vhc_ring_set_masked(struct vhc_dev *dev, uint32_t ring, bool masked);

/**
 * vhc_ring_is_pending() - has an interrupt been held back since it was masked?  Does not clear it.
 */
VHC_EXPORT bool vhc_ring_is_pending(struct vhc_dev *dev, uint32_t ring);

/**
 * vhc_ring_set_busyloop() - how long the worker polls before it sleeps; at once.  It is the host's
 * choice: kept over stop, start and reset.
 * @us: microseconds, 0 for not; at most 1000000, since a stop waits for as long.
 * Errors: -EINVAL more than that; -ENOTTY without VHC_CAN_BUSYLOOP.
 */
VHC_EXPORT int vhc_ring_set_busyloop(struct vhc_dev *dev, uint32_t ring, uint32_t us);

/**
 * vhc_ring_get_busyloop() - the same, as the kernel has it; before the device is owned, as it was
 * set.
 */
VHC_EXPORT int vhc_ring_get_busyloop(struct vhc_dev *dev, uint32_t ring, uint32_t *ret_us);

/**
 * vhc_ring_set_worker() - which thread runs the ring: rings with the same number share one; at
 * first all are 0.
 * Errors: -ENOTTY without VHC_CAN_WORKERS, which no kernel's vhost-net has: its pairs have one worker
 * each.
 */
VHC_EXPORT int vhc_ring_set_worker(struct vhc_dev *dev, uint32_t ring, uint32_t worker);

/**
 * vhc_ring_start() - start one ring, and before it whatever of the device is not done yet.  -EAGAIN
 * says that something is still to be set (size, addresses, kick, features, memory, a mapping of the
 * used ring): where configuration arrives in pieces, ignore it and call again after the next piece.
 * Errors: as vhc_dev_start().
 */
VHC_EXPORT int vhc_ring_start(struct vhc_dev *dev, uint32_t ring);

/**
 * vhc_ring_stop() - stop one ring and keep its settings and its base; others go on.  It stays
 * stopped until vhc_ring_start().
 */
VHC_EXPORT int vhc_ring_stop(struct vhc_dev *dev, uint32_t ring);

/**
 * vhc_ring_reset() - virtio queue reset: stop it and forget its settings, eventfds, KVM bindings
 * and base.
 */
VHC_EXPORT int vhc_ring_reset(struct vhc_dev *dev, uint32_t ring);

/**
 * vhc_ring_check() - is everything in order with this ring, as far as its memory shows?
 * Start does this by itself; after VHC_EVENT_RING_ERROR it looks for the cause.  Reads guest
 * memory; changes nothing.
 * Returns 0 when nothing is found.  Errors: -EAGAIN incomplete; -EINVAL rings outside memory or
 * overlapping, indices that cannot be, with the numbers in the text.
 */
VHC_EXPORT int vhc_ring_check(struct vhc_dev *dev, uint32_t ring);

/* ----------------------------------- KVM: only for the process that made the VM; always at once */

enum {
	VHC_IOEVENTFD_PIO = 1 << 0,	 /* addr is an I/O port */
	VHC_IOEVENTFD_DATAMATCH = 1 << 1 /* only a write of datamatch counts */
};

struct vhc_ioeventfd {
	uint64_t sz;
	uint64_t addr; /* guest-physical, or the port */
	uint64_t datamatch;
	uint32_t len;	/* of the write: 1, 2, 4 or 8; 0 is any, without DATAMATCH */
	uint32_t flags; /* VHC_IOEVENTFD_ */
};

/**
 * vhc_ring_add_ioeventfd() - the guest's write to an address becomes a kick, without leaving the
 * kernel.
 * @vm_fd: the VM's.  Several may be added to a ring.  Uses vhc_ring_get_kick()'s eventfd and
 * follows it: while vhc_ring_set_kick() has taken that off, writes leave the kernel as if this had
 * not been added.  What is there already is no change.  The VM lives on until all of it is off.
 * Taken off by vhc_ring_del_ioeventfd(), by a ring or device reset and by close, after vhost let go
 * of the eventfd.
 * Errors: -EEXIST the address is taken (the text says by which ring, when it is one of this
 * context's); -EINVAL not a VM's fd, or a width or value that cannot be; -EIO the VM belongs to
 * another process, such as to the parent.
 */
VHC_EXPORT int vhc_ring_add_ioeventfd(struct vhc_dev *dev, uint32_t ring, int vm_fd,
				      const struct vhc_ioeventfd *args);

/**
 * vhc_ring_del_ioeventfd() - take one off, such as when a BAR moves.  @args: as it was added; else
 * -EINVAL.
 */
VHC_EXPORT int vhc_ring_del_ioeventfd(struct vhc_dev *dev, uint32_t ring,
				      const struct vhc_ioeventfd *args);

enum { VHC_IRQFD_RESAMPLE = 1 << 0 }; /* resample_fd is given */

struct vhc_irqfd {
	uint64_t sz;
	uint32_t gsi;	     /* of the VM's routing, which is the caller's */
	uint32_t flags;	     /* VHC_IRQFD_ */
	int32_t resample_fd; /* an eventfd that is signalled when the guest ends a level interrupt */
	uint32_t reserved;
};

/**
 * vhc_ring_set_irqfd() - the device's call becomes an interrupt in the guest, without leaving the
 * kernel.
 * @vm_fd: the VM's, -1 takes it off (@args may be NULL then).  Replaces the one before.  Uses
 * vhc_ring_get_call()'s eventfd and follows it, as a doorbell does with the kick; the caller must not
 * read that meanwhile.  The VM needs its interrupt controller in the kernel.
 * Errors: -EBUSY the eventfd is another irqfd already; -EINVAL not a VM's fd, no such gsi, or no
 * interrupt controller; -EIO the VM belongs to another process.
 */
VHC_EXPORT int vhc_ring_set_irqfd(struct vhc_dev *dev, uint32_t ring, int vm_fd,
				  const struct vhc_irqfd *args);

#ifdef __cplusplus
}
#endif
#endif
