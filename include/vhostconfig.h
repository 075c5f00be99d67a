/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvhostconfig - the userspace half of vhost.
 *
 * Model.  A struct vhc_dev is one virtio device as the guest sees it, with all of its queue pairs,
 * however many vhost fds it uses.  The devices of one guest share one struct vhc_mem (the guest's
 * memory and its dirty log), and each of them may have one struct vhc_tap.  Setters only record
 * what is requested: they validate it, and may be called in any order.  A transition computes the
 * plan that leads from what the device has to what is requested, applies it, and undoes it if a
 * step fails.  The transitions are:
 *
 *     one ring        vhc_ring_start  vhc_ring_stop  vhc_ring_reset
 *     one device      vhc_dev_start   vhc_dev_stop   vhc_dev_reset
 *     a whole guest   vhc_mem_commit  vhc_dirty_start  vhc_dirty_stop  vhc_dirty_sync
 *
 * On a running ring, a setter either takes effect at once, as a plan of one step, or returns
 * -EBUSY; each function says which.  Setting what is already set, starting what is already running,
 * and stopping what is not running succeed and ask nothing of the kernel.
 *
 * Results.  A function returns 0, or the value that its comment names, or a negative errno.  The
 * object that it creates is returned through its last parameter, which is left untouched on
 * failure.  These errors mean the same everywhere:
 *     -EINVAL      the request is invalid
 *     -EAGAIN      not yet: something still has to be set, and the message names it
 *     -EBUSY       wrong phase, or already in use
 *     -ENOTTY      this kernel or device does not support it
 *     -EOPNOTSUPP  a feature was refused
 *     -ENODATA     the answer is not known and cannot be found out
 *     -E2BIG       too many, or a field that only a newer library knows is not zero
 *     -ESTALE      a step failed and so did its undo: that device's rings are stopped, and only
 *                  reset and close still work
 * Any other error is the kernel's (-EPERM, -ENOMEM, -EMFILE, -EFAULT ...).  vhc_ctx_get_error()
 * returns the text.
 *
 * Fds.  An fd that is passed in is duplicated: the caller may close its own at any time.  An fd
 * that is returned is borrowed: never close it; it is valid as long as the object it was obtained
 * from.  -1 means no fd; 0 is a valid fd.
 *
 * Lifetime.  A device holds references to its memory, its tap and its context, so they may be freed
 * in any order.  The _free and _close functions accept NULL.  A returned char * belongs to the
 * caller, who releases it with free(3).
 *
 * Threads.  A context and all objects created from it may be used by any thread, but by only one at
 * a time; take a lock, or create a context for each thread (it is small).  Devices that share a
 * memory table share a context, because a commit acts on all of them.  Calls block for as long as
 * the kernel takes (up to about 30 ms to take ownership, to stop under load or to close).  Only
 * events are asynchronous, and the caller fetches them.  There are no callbacks except the log
 * function, no threads that outlive a call, no globals, no use of the environment, and no signals.
 *
 * Processes.  The kernel ties a vhost device to the memory of the process that took its ownership.
 * A transition called in a forked child of that process fails with -EPERM and a text that says so,
 * and leaves the device running.
 *
 * Structs.  `sz` is the sizeof that the caller was compiled with (VHC_ARG sets it; 0 is -EINVAL).
 * Structs only grow at the end, and zero always means what it meant before the field existed.
 * Unknown flags are -EINVAL.  Sizes are in bytes unless stated otherwise.
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
 * VHC_ARG(vhc_region, .guest_addr = a, .size = n): a pointer to such a struct, valid in the
 * enclosing block.  A field that is left out is zero; all may be left out, also in ISO C, for which
 * VHC_ARG_ always has one argument more than the type.  C only: in C++, define a zeroed struct and
 * set its sz.
 */
#define VHC_ARG(...)	    VHC_ARG_(__VA_ARGS__, )
#define VHC_ARG_(type, ...) (&(struct type){ .sz = sizeof(struct type), __VA_ARGS__ })

struct vhc_ctx;
struct vhc_mem;
struct vhc_tap;
struct vhc_dev;

/** vhc_version() - return the version of the library, such as "0.1.0".  Static, never NULL. */
VHC_EXPORT const char *vhc_version(void);

/* ------------------------------------------------------------------------------ context, errors */

enum vhc_level {
	VHC_LEVEL_ERROR = 3,
	VHC_LEVEL_WARNING = 4,
	VHC_LEVEL_INFO = 6,
	VHC_LEVEL_DEBUG = 7,
	VHC_LEVEL_TRACE = 8
};

/*
 * The log function: @line is one line of UTF-8 without its newline.  errno is preserved around the
 * call.  The callback must not call the library.
 */
typedef void vhc_log_fn(void *data, enum vhc_level level, const char *line);

/*
 * Owned by the library.  Strings are never NULL, and "" if there is nothing to say.  They are
 * for terminals: what is not a printable character is shown as \uXXXX.  Fields are only added at
 * the end.
 */
struct vhc_error {
	int64_t code;	    /* the negative errno; 0 if no call has failed yet */
	const char *text;   /* everything but the hint, in one sentence: print this one */
	const char *device; /* the id of the device that the error concerns */
	const char *where;  /* "ring 2, VHOST_SET_VRING_ADDR", or a JSON pointer */
	const char *hint;   /* what to do about it: advice, or a command for root */
};

/**
 * vhc_ctx_new() - create a context, which holds the last error and the log function.  Makes no
 * system call.
 * Errors: -ENOMEM.
 */
VHC_EXPORT int vhc_ctx_new(struct vhc_ctx **ret);

/** vhc_ctx_free() - release a context.  Its objects keep it alive for as long as they need it. */
VHC_EXPORT void vhc_ctx_free(struct vhc_ctx *ctx);

/**
 * vhc_ctx_set_log() - set the function that receives log lines.
 * @max: the least important level to report.  DEBUG has one line for each operation of a plan,
 * TRACE one for each call into the kernel, with its arguments and its result.
 * @fn: NULL, the default, discards all lines.  @data: passed to @fn.
 */
VHC_EXPORT void vhc_ctx_set_log(struct vhc_ctx *ctx, enum vhc_level max, vhc_log_fn *fn,
				void *data);

/**
 * vhc_ctx_get_error() - return the error of the last call that failed with this context or with an
 * object created from it.
 * Never NULL.  Valid until the next call that fails; a call that succeeds does not change it.
 * Every failure is also logged at level ERROR, except -EAGAIN, which is logged at DEBUG.
 */
VHC_EXPORT const struct vhc_error *vhc_ctx_get_error(const struct vhc_ctx *ctx);

/**
 * vhc_call_meaning() - what an errno of one of vhost's, a tap's or KVM's calls means, whoever made
 * the call.  Makes no system call.
 * @call: its name, such as "VHOST_SET_OWNER", or "open " and the path of a device node.  @error:
 * positive, such as EBUSY.  @text: gets part of a sentence, cut to @size bytes; 256 are enough.
 * Errors: -ENOENT: nothing is known beyond the name of the errno; @text is as it was.
 */
VHC_EXPORT int vhc_call_meaning(const char *call, int error, char *text, size_t size);

/* ------------------------------------------------------------------------------------- features */

/*
 * Feature bits, numbered as in the virtio specification.  The set has 256 bits and will not grow,
 * so there is no sz: { { bits } } makes a set from a 64-bit mask.  Bits that only vhost and
 * vhost-user define (LOG_ALL, PROTOCOL_FEATURES) are handled by the library: it never reports them
 * and refuses them from the caller.
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

/* The device type: the virtio device ID.  Types to come use the IDs of the specification too. */
enum vhc_type { VHC_TYPE_NET = 1, VHC_TYPE_VSOCK = 19 };

/* What must support a feature before it may be offered to a guest. */
enum {
	VHC_ORIGIN_VHOST = 1 << 0, /* the vhost device */
	VHC_ORIGIN_TAP = 1 << 1,   /* the tap link */
	VHC_ORIGIN_MODEL = 1 << 2  /* the launcher's device model */
};

/* Owned by the library, static.  Strings are never NULL.  Fields are only added at the end. */
struct vhc_feature {
	uint32_t bit;
	uint32_t origin;	 /* VHC_ORIGIN_ flags: all of these must support it */
	const char *name;	 /* "mrg_rxbuf" */
	const char *constant;	 /* "VIRTIO_NET_F_MRG_RXBUF" */
	const char *text;	 /* what it does, in a few words */
	const char *requirement; /* "guest_csum", "ctrl_vq and rss", "" */
	const char *since;	 /* the first Linux with it, "6.2"; NULL: 5.0 or older; "": none */
};

/**
 * vhc_feature_get() - look up a feature bit.
 * @type: the device type, which defines bits 0 to 23 and 50 to 127; the others are common to all
 * types, but for bit 42, which only net devices have.  Of these, "since" is that of net devices.
 * Returns NULL if the bit has no name.
 */
VHC_EXPORT const struct vhc_feature *vhc_feature_get(enum vhc_type type, uint32_t bit);

/**
 * vhc_features_known() - get all bits that have a name: the set to remove a mask from.
 */
VHC_EXPORT void vhc_features_known(enum vhc_type type, struct vhc_features *ret);

/**
 * vhc_features_parse() - parse names such as "mrg_rxbuf,guest_tso4", constants in any case, "bit
 * 63", or numbers: "63" is a bit, "0x..." a mask of up to 256 bits.
 * @type: the device type whose names are used.  @text: words separated by commas or blanks; "" is
 * the empty set.
 * Errors: -EINVAL, with the first unknown word in the text.
 */
VHC_EXPORT int vhc_features_parse(struct vhc_ctx *ctx, enum vhc_type type, const char *text,
				  struct vhc_features *ret);

/**
 * vhc_features_format() - format a set as names in bit order, separated by commas; a bit without a
 * name becomes "bit N".
 */
VHC_EXPORT int vhc_features_format(struct vhc_ctx *ctx, enum vhc_type type,
				   const struct vhc_features *set, char **ret_text);

/**
 * vhc_features_check() - check that every bit of a set has the bits that it requires, by the rules
 * of the virtio specification 1.4, section 5.1.3.1, and by these, without which Linux's driver
 * fails or clears the bit: ctrl_guest_offloads, ctrl_rx_extra, device_stats and hash_report require
 * ctrl_vq, and standby requires mac.
 * @ret_drop: the bits to remove so that the rest is valid; may be NULL; also written on
 * -EOPNOTSUPP.
 * Returns 0 if the set is valid.  Errors: -EOPNOTSUPP if it is not, with every broken rule in the
 * text.
 */
VHC_EXPORT int vhc_features_check(struct vhc_ctx *ctx, enum vhc_type type,
				  const struct vhc_features *set, struct vhc_features *ret_drop);

/* ------------------------------------------------------------------------------------ this host */

/**
 * vhc_caps_probe() - describe what this host supports, as a vhost-caps document.
 * Opens temporary fds of its own and closes them; the tap that it queries is in a network namespace
 * of its own.  Changes nothing.  What is missing is recorded in the document with the reason, and
 * is not an error; nor is what this process may not ask, such as a node that it may not open, a
 * tap without CAP_SYS_ADMIN, or a call that needs a thread under RLIMIT_NPROC: the document says
 * that it is not known, and why.
 * Errors: -ENOMEM; -EMFILE; the kernel's for any other failure that does not tell what the host
 * supports.  Then there is no document, rather than a wrong one.
 */
VHC_EXPORT int vhc_caps_probe(struct vhc_ctx *ctx, char **ret_json);

/**
 * vhc_caps_check() - check whether a host with these capabilities can run a device in this state.
 * Accesses no host.
 * @caps: a vhost-caps document, NUL-terminated.  @state: a vhost-state document, NUL-terminated.
 * @ret_json: the answer as a vhost-report document with a row for each reason and for each missing
 * feature, to be freed with free(3); also written with -EOPNOTSUPP and -ENODATA.  May be NULL.
 * Returns 0 if it can.  Errors: -EOPNOTSUPP if it cannot, with every reason in the text (each
 * feature with its name, its origin and the remedy); -ENODATA if there is no reason why not, but
 * something that matters is not known of the host, or of a device that was read from outside, with
 * what and why; -EINVAL if a document is invalid, with the JSON pointer; -E2BIG if one is longer
 * than 1 MiB or has more than 16384 values; -ENOMEM.
 */
VHC_EXPORT int vhc_caps_check(struct vhc_ctx *ctx, const char *caps, const char *state,
			      char **ret_json);

/**
 * vhc_caps_baseline() - what every host of a set supports, for guests that may move to any of them.
 * Accesses no host.
 * @count: hosts, at least 1.  @names: what the result calls each.  @caps: the vhost-caps documents,
 * NUL-terminated.
 * @ret_json: a vhost-caps document, to be freed with free(3): of a host that has what all of them
 * have, without features whose requirements are not among them.  What is not known of one host is
 * not known of the set.  Also: the hosts in groups that do not differ, and each feature that some
 * have and the set has not, with the reason.
 * Errors: -EINVAL if a document is invalid, with its host's name and the JSON pointer; -E2BIG as
 * vhc_caps_check(), or if the set has more nodes, or rows of what is not known, than a document may
 * have; -ENOMEM.
 */
VHC_EXPORT int vhc_caps_baseline(struct vhc_ctx *ctx, uint32_t count, const char *const *names,
				 const char *const *caps, char **ret_json);

/**
 * vhc_state_check() - check that a vhost-state document is one that a device could be loaded from.
 * Checks its form, its checksum and the range of every number, that rings are entirely inside the
 * memory and do not overlap, and that the features are valid together.  Accesses no host and reads
 * no guest memory.  A snapshot of a running device passes, although vhc_dev_load() refuses it, and
 * wherever its rings are: its driver may be setting one up.
 * @state: NUL-terminated; not trusted.
 * Errors: -EINVAL, with the JSON pointer and the line; -E2BIG if it is longer than 1 MiB or has
 * more than 16384 values.
 */
VHC_EXPORT int vhc_state_check(struct vhc_ctx *ctx, const char *state);

/**
 * vhc_state_seal() - make a valid vhost-state document of one that was put together by other means
 * than vhc_dev_save(), such as from what the kernel and a launcher say about a device.
 * @state: the document, NUL-terminated.  Its features by name and its checksum may be anything that
 * has their form, such as [] and 0: they are made anew; the header's size may be absent.  What is
 * not known has to be said by its key "partial", see vhost-state(5).
 * @ret_state: the same document, which passes vhc_state_check(); to be freed with free(3).
 * Errors: as vhc_state_check(); -ENOMEM.
 */
VHC_EXPORT int vhc_state_seal(struct vhc_ctx *ctx, const char *state, char **ret_state);

/* ---------------------------------------------------- the guest's memory, and its one dirty log */

#define VHC_PAGE_SIZE 4096u

enum {
	VHC_REGION_FD = 1 << 0,	 /* fd and fd_offset are given: this part of that file */
	VHC_REGION_MAP = 1 << 1, /* the library maps the file, and unmaps it later */
	VHC_REGION_PEER = 1 << 2 /* peer_addr is given; otherwise it is user_addr */
};

/*
 * A region is mapped by the caller at user_addr, or, with VHC_REGION_FD and VHC_REGION_MAP, which
 * go together, by the library: user_addr is 0 then.
 */
struct vhc_region {
	uint64_t sz;
	uint64_t guest_addr; /* guest-physical */
	uint64_t size;
	uint64_t user_addr; /* where it is mapped in this process */
	uint64_t peer_addr; /* where another process, such as a vhost-user front-end, has it */
	uint64_t fd_offset; /* need not be aligned, not even in a file of huge pages */
	int32_t fd;
	uint32_t flags; /* VHC_REGION_ */
};

/**
 * vhc_mem_new() - create an empty memory table.
 * Edits (clear, add, del) are staged, and no device sees them before vhc_mem_commit().  If an edit
 * fails, that commit fails with the same error, so a series of edits needs only one check at its
 * end.
 */
VHC_EXPORT int vhc_mem_new(struct vhc_ctx *ctx, struct vhc_mem **ret);

/**
 * vhc_mem_free() - release a memory table.  Devices that use it keep the committed table, without
 * staged edits, until the last of them is closed.
 */
VHC_EXPORT void vhc_mem_free(struct vhc_mem *mem);

/** vhc_mem_clear() - drop all staged edits and stage an empty table, to build it from scratch. */
VHC_EXPORT void vhc_mem_clear(struct vhc_mem *mem);

/**
 * vhc_mem_add() - stage one more region.
 * This checks what the kernel does not: overlap in guest or user addresses, wrap-around, alignment
 * to 4096 bytes, and user addresses that are not mapped.  Adjacent regions are merged at commit, so
 * the number of regions is not checked yet.
 * With VHC_REGION_MAP the region must lie within the file, which is mapped at once, shared, for
 * reading and writing; its fd is not kept.  Memory that stays at the same guest address stays
 * mapped where it is, whatever the fd, as long as the committed table has all of it; if it is now a
 * part of a larger region, it is mapped again, and rings that run there are moved along.  What is
 * mapped is unmapped when neither the staged nor the committed table has it, and no running device
 * uses it.  The file may be truncated at any time: the library does not access its memory in a way
 * that would be SIGBUS.
 * Errors: -EINVAL; with VHC_REGION_MAP those of fstat(2) and mmap(2), too, and -E2BIG if 512
 * regions are mapped already.
 */
VHC_EXPORT int vhc_mem_add(struct vhc_mem *mem, const struct vhc_region *region);

/**
 * vhc_mem_del() - stage the removal of a region, given its exact address and size.
 * Errors: -EINVAL if there is no such region.
 */
VHC_EXPORT int vhc_mem_del(struct vhc_mem *mem, uint64_t guest_addr, uint64_t size);

/**
 * vhc_mem_commit() - make the staged table the one that every attached device uses, or change none
 * of them.
 * Running devices are switched one after another; on failure they get the old table back, and the
 * staged edits are dropped.  A dirty log grows before the switch or shrinks after it, and keeps the
 * pages that it holds.  A commit that changes nothing makes no system call.  After success the
 * caller may unmap the regions that it removed.  After failure the devices still use the old
 * memory: a caller that must unmap it anyway has to stop them first.
 * Errors: -E2BIG if there are more regions than a device supports (the smaller of vhost's module
 * parameters max_mem_regions and max_iotlb_entries), or more memory than the caller's dirty log
 * file covers; -EBUSY if a running ring would lose its memory, or that which the caller has mapped
 * would move (the text names the ring; stop it first); -ESTALE.
 */
VHC_EXPORT int vhc_mem_commit(struct vhc_mem *mem);

/**
 * vhc_mem_count_spare() - return how many more regions fit in every attached device's table.
 * Staged regions count as they would after merging.
 */
VHC_EXPORT uint32_t vhc_mem_count_spare(const struct vhc_mem *mem);

/**
 * vhc_dirty_start() - start logging which pages of VHC_PAGE_SIZE the devices write.
 * Turns logging on in every attached device that is running, or in none; devices started later
 * begin with it.  The dirty log is allocated by the library and sized for the memory table (32 KiB
 * for each GiB of guest addresses, up to the highest), unless vhc_dirty_set_file() provided a file.
 * With IN_ORDER, Linux 7.2 does not log each page of a used ring that it writes.  So the library
 * logs all pages of the used rings of such a device at each vhc_dirty_sync(), and when a ring
 * stops; in a file of the caller's only when a ring stops.
 * Errors: -EAGAIN if no memory is committed; -ENOTTY if a running device has no VHC_CAN_DIRTY, such
 * as vhost-vsock, which logs its used rings but not the packets (drivers/vhost/vsock.c): stop it
 * first; it cannot be started while logging is on; -E2BIG if the provided file is too short;
 * -ENOMEM; -ESTALE.
 */
VHC_EXPORT int vhc_dirty_start(struct vhc_mem *mem);

/**
 * vhc_dirty_stop() - turn dirty logging off, discard pages that were not read, and release the file
 * provided with vhc_dirty_set_file().
 * To get the last pages of a guest that has been stopped: vhc_dev_stop() every device, then
 * vhc_dirty_sync(), then vhc_dirty_read(), then this.
 * On failure logging continues, but a page written in the meantime may be missing: a caller that
 * still needs the dirty log must treat all pages as dirty once.
 */
VHC_EXPORT int vhc_dirty_stop(struct vhc_mem *mem);

/**
 * vhc_dirty_set_file() - use a file provided by the caller as the dirty log, as
 * VHOST_USER_SET_LOG_BASE requires.  Its provider reads it, not this library.
 * @fd: a memfd sealed against shrinking (F_SEAL_SHRINK), since a file that shrinks would kill this
 * process; -1 returns to a dirty log allocated by the library.  @offset, @size: the part of the
 * file to use, with one bit for each page, in 64-bit words in host byte order, starting at guest
 * address 0.
 * May be called before or after vhc_dirty_start().  While logging is on, this takes effect at once,
 * in all devices or in none, and pages already logged are carried over.
 * Errors: -EINVAL if the file is shorter than @offset + @size or is not sealed, or if @offset is
 * not a multiple of VHC_PAGE_SIZE; -E2BIG if the committed memory needs a longer dirty log.
 */
VHC_EXPORT int vhc_dirty_set_file(struct vhc_mem *mem, int fd, uint64_t offset, uint64_t size);

/**
 * vhc_dirty_set_event() - set an eventfd that vhost signals whenever it has logged a write to a
 * ring's used index (VHOST_SET_LOG_FD); -1, the default, for none.  Takes effect at once, in all
 * devices that log or in none.
 * Errors: -EINVAL if it is not an eventfd (if no device logs yet, the start reports it instead).
 */
VHC_EXPORT int vhc_dirty_set_event(struct vhc_mem *mem, int fd);

enum vhc_dirty_mode {
	/*
	 * SWAP if the dirty log is 2 MiB or longer (64 GiB of guest addresses), or if at least one
	 * page in a hundred is dirty in a sample of it; otherwise EXCHANGE.
	 */
	VHC_DIRTY_AUTO = 0,
	/* Exchange words of the live log with 0: no system call, but slow if much is dirty. */
	VHC_DIRTY_EXCHANGE = 1,
	/*
	 * Give the devices a second log and read the first at memory speed: one ioctl for each
	 * vhost fd, and twice the memory.
	 */
	VHC_DIRTY_SWAP = 2
};

/**
 * vhc_dirty_set_mode() - set how pages are taken out of the dirty log, from the next
 * vhc_dirty_sync() on.
 */
VHC_EXPORT int vhc_dirty_set_mode(struct vhc_mem *mem, enum vhc_dirty_mode mode);

/**
 * vhc_dirty_sync() - begin a pass: until the next pass, vhc_dirty_read() returns every page dirtied
 * up to now.  Call it once for each pass over the guest's memory, regardless of the number of
 * reads.
 * Errors: -ENODATA if there is no dirty log, or if it is the caller's file.
 */
VHC_EXPORT int vhc_dirty_sync(struct vhc_mem *mem);

/* No other thread accesses the bitmap during the call: plain stores, faster if much is dirty. */
enum { VHC_DIRTY_PRIVATE = 1 << 0 };

/**
 * vhc_dirty_read() - move dirty pages into a bitmap of the caller's by OR, which is atomic without
 * VHC_DIRTY_PRIVATE.
 * @guest_addr, @size: the range, in whole pages, at any page; pages past the end of the dirty log
 * are clean.  @bitmap: 64-bit words in host byte order; bit 0 of word 0 is the page at @guest_addr;
 * bits past the range are left untouched.  @ret_pages: the number of pages returned; may be NULL,
 * which saves counting them.
 * A page is returned once.  Pages that no call asks for are kept for later, across passes.
 * Errors: -EINVAL if the range is not whole pages, or for unknown flags; -ENODATA as above.
 */
VHC_EXPORT int vhc_dirty_read(struct vhc_mem *mem, uint64_t guest_addr, uint64_t size,
			      uint64_t *bitmap, uint32_t flags, uint64_t *ret_pages);

/* ------------------------------------------------------------------------------------------ tap */

enum {
	VHC_TAP_OWNER = 1 << 0,	  /* owner is given */
	VHC_TAP_GROUP = 1 << 1,	  /* group is given; with neither, the effective user owns it */
	VHC_TAP_PERSIST = 1 << 2, /* the link outlives its fds */
	VHC_TAP_ADOPT = 1 << 3	  /* the link may already exist, and may have no owner */
};

struct vhc_tap_args {
	uint64_t sz;
	uint32_t flags;	     /* VHC_TAP_ */
	uint32_t queues;     /* one for each queue pair, at most 256; 0 means 1 */
	uint32_t owner;	     /* uid */
	uint32_t group;	     /* gid */
	uint32_t txqueuelen; /* frames that may wait for the device; 0 keeps the kernel's 1000 */
	uint32_t reserved;
};

/**
 * vhc_tap_open() - create a tap link, or attach to an existing one, and open its queues.
 * @name: 1 to 15 bytes, or NULL to let the kernel choose.  @args: NULL for one queue owned by the
 * effective user.
 * The link always has a virtio-net header and no packet information.  It is created in the network
 * namespace of the calling thread.  Addresses, MAC, MTU, bridge and link state (up or down) are
 * left to rtnetlink.  The link gets IFF_MULTI_QUEUE only if two or more queues are requested.
 * With VHC_TAP_ADOPT, one queue may be of a link that was created for several, but not the reverse.
 *
 * A new link is the caller's alone.  Between its creation and TUNSETOWNER any user could open a
 * queue of a link with several, and with it change the owner.  So queues and owner are looked at
 * afterwards (rtnetlink), and a link of which somebody else has one, or changed the owner, is
 * deleted and created again.  A link that was there (VHC_TAP_ADOPT) is as it was if the call fails;
 * its group and its owner change last.
 * Errors: -EBUSY if it exists or all its queues are taken, or if others keep taking queues of the
 * new link; -EPERM; -EINVAL if the name is invalid, or if it exists with other flags or another
 * owner (the text compares them).
 */
VHC_EXPORT int vhc_tap_open(struct vhc_ctx *ctx, const char *name, const struct vhc_tap_args *args,
			    struct vhc_tap **ret);

/**
 * vhc_tap_open_fds() - use fds that are already open: queues of one tap or macvtap.
 * @fds: @count fds, one for each queue pair, in order.
 * Errors: -EINVAL if an fd is of another kind, belongs to another link, is given twice, lacks the
 * virtio-net header, or has packet information (the text says which).
 */
VHC_EXPORT int vhc_tap_open_fds(struct vhc_ctx *ctx, const int *fds, uint32_t count,
				struct vhc_tap **ret);

/** vhc_tap_close() - release a tap; its fds are closed when no device uses it any more. */
VHC_EXPORT void vhc_tap_close(struct vhc_tap *tap);

/** vhc_tap_get_name() - return the name of the link.  Borrowed. */
VHC_EXPORT const char *vhc_tap_get_name(const struct vhc_tap *tap);

/**
 * vhc_tap_get_fd() - return the fd of one queue, borrowed: to read and write frames while no device
 * runs, or to pass it to another process.
 * Errors: -EINVAL if there is no such queue.
 */
VHC_EXPORT int vhc_tap_get_fd(const struct vhc_tap *tap, uint32_t queue);

/**
 * vhc_tap_set_features() - set the header size and the offloads that a guest with these features
 * expects; takes effect at once.
 * vhc_dev_set_features() does the same at the next start.  Use this function on a tap that no vhost
 * device runs on, and for VIRTIO_NET_CTRL_GUEST_OFFLOADS on one that a device has.  Which of the
 * receive offloads that the driver accepted are off is then state of that device: kept across stop
 * and start and with another tap, saved by vhc_dev_save(), restored by vhc_dev_load(), and
 * forgotten by vhc_dev_reset() and when vhc_dev_set_features() sets other features.
 * @acked: all the features that the driver accepted; for that command, without the receive offloads
 * that it turned off.  @guest: VHC_GUEST_ flags, none of which has an effect here.
 * Errors: -EBUSY if the header's size, or on a big-endian host its byte order, would change under a
 * running device; -EOPNOTSUPP if the link does not support it; -EBADFD if the link has gone.  On
 * failure every queue is as it was.
 */
VHC_EXPORT int vhc_tap_set_features(struct vhc_tap *tap, const struct vhc_features *acked,
				    uint32_t guest);

/**
 * vhc_tap_set_active() - let the first @queues queues receive and detach the others, as
 * VIRTIO_NET_CTRL_MQ requests; takes effect at once, on a running device for each queue whose
 * receive ring runs.  The caller's device model, which has the control queue, calls it for
 * VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET and for the RSS commands, which have a number of pairs too.
 * The number is state of the device that has the tap, as the offloads of vhc_tap_set_features()
 * are.  Until it is set, only queue 0 receives if the driver accepted MQ or RSS (virtio 1.3,
 * 5.1.6.5), otherwise every queue.  A caller that is told of rings, but not of this command, such
 * as a vhost-user back end, sets it to all.  What waits in a queue of a tap is lost when it is
 * detached.
 * Errors: -EINVAL if there are not so many queues.  On failure every queue is as it was.
 */
VHC_EXPORT int vhc_tap_set_active(struct vhc_tap *tap, uint32_t queues);

/* --------------------------------------------------------------------------------------- device */

/* What runs the rings.  vDPA, and another process by vhost-user, are still to come. */
enum vhc_backend { VHC_BACKEND_KERNEL = 0 };

enum {
	VHC_DEV_OWN = 1 << 0,	  /* take ownership now; otherwise the first start does */
	VHC_DEV_TASK = 1 << 1,	  /* workers are threads of the owner and are accounted to it */
	VHC_DEV_KTHREAD = 1 << 2, /* kernel threads; with neither flag, the kernel's choice */
	/*
	 * Find each worker thread when ownership is taken, for vhc_dev_get_worker() and the
	 * functions that set a worker's CPUs and scheduling.  Costs one scan of /proc before and
	 * one after.
	 */
	VHC_DEV_WORKERS = 1 << 3
};

/*
 * A net device has two rings for each of its queue pairs.  The control queue belongs to the
 * caller's device model.  It is virtqueue 2 * queue_pairs if the driver accepted MQ or RSS, and
 * otherwise virtqueue 2, whatever queue_pairs is: then only rings 0 and 1 may be set up here.
 *
 * A vsock device has two rings, 0 (receive) and 1 (transmit), which start and stop only together;
 * the third virtqueue, for events, belongs to the caller's device model.  The guest CID is claimed
 * when the device is opened, and is free again when the last holder of the vhost fd has closed it.
 * The host ends all connections then, so a device that is loaded from a document, or that takes
 * over a CID, needs a VIRTIO_VSOCK_EVENT_TRANSPORT_RESET from that model.
 */
struct vhc_dev_args {
	uint64_t sz;
	uint32_t flags;	      /* VHC_DEV_ */
	uint32_t type;	      /* enum vhc_type */
	uint32_t backend;     /* enum vhc_backend */
	uint32_t queue_pairs; /* net: rings 2i (receive), 2i+1 (transmit); at most 256; 0 means 1 */
	uint64_t guest_cid;   /* vsock: the guest's address, 3 to 4294967294 */
};

/**
 * vhc_dev_open() - open a device and query what it supports.
 * @id: its name in messages and documents, such as "net0": UTF-8, 1 to 63 bytes, without control
 * characters.  @path: NULL for the default node of the type (/dev/vhost-net, /dev/vhost-vsock).
 * Opens as many fds as the queue pairs need, all or none.  The owner of a vhost fd is the memory of
 * one process, and ownership does not follow a fork or an exec.  So fork first, or leave ownership
 * to the first start.  Before Linux 6.4 taking ownership takes 30 ms; VHC_DEV_OWN moves them from
 * the start of the guest's driver to this call.
 * Errors: -ENOENT, -ENODEV, -EACCES, -EPERM, each with what is missing and the command that fixes
 * it; -EADDRINUSE if another device has the guest CID; -ENOTTY if the kernel does not support the
 * worker flags.
 */
VHC_EXPORT int vhc_dev_open(struct vhc_ctx *ctx, const char *id, const char *path,
			    const struct vhc_dev_args *args, struct vhc_dev **ret);

/**
 * vhc_dev_open_fds() - the same, with vhost fds that are already open.
 * @fds: @count fds in the order of the queue pairs; count and args->queue_pairs must agree.
 * Errors: -EINVAL if they are not vhost fds of this type; with VHC_DEV_OWN, -EBUSY if one is
 * already owned or given twice (the kernel reports this only when ownership is taken, so without
 * the flag the start fails instead).
 */
VHC_EXPORT int vhc_dev_open_fds(struct vhc_ctx *ctx, const char *id, const int *fds, uint32_t count,
				const struct vhc_dev_args *args, struct vhc_dev **ret);

/**
 * vhc_dev_open_caps() - open a device that is not present, as it would be on a host with these
 * capabilities, to find out which features could be offered and to plan.  Needs no tap; starting it
 * fails with -ENODEV.
 * @caps: a vhost-caps document, NUL-terminated.
 * Errors: -EINVAL if the document is invalid, with the JSON pointer; -E2BIG if it is too long;
 * -ENODEV if that host has no such device, with the reason from the document.
 */
VHC_EXPORT int vhc_dev_open_caps(struct vhc_ctx *ctx, const char *id, const char *caps,
				 const struct vhc_dev_args *args, struct vhc_dev **ret);

/**
 * vhc_dev_close() - stop a device and close it, all of its fds at the same time.
 * When this returns, vhost does not use the memory any more, and the caller may unmap it, even if
 * somebody else has the vhost fds open: a forked child, or the caller who passed them in.  Fds that
 * were passed in have no owner then, as before.  Only that of a vsock device stays owned, since
 * vhost-vsock has no VHOST_RESET_OWNER: no other device can use it, and its guest CID is taken
 * until the last holder closes it.  In a forked child of the owner it only closes the child's fds.
 */
VHC_EXPORT void vhc_dev_close(struct vhc_dev *dev);

/* What a caller may rely on, whatever runs the rings. */
enum {
	VHC_CAN_DIRTY = 1 << 0,	  /* vhc_dirty_start() works with this device; never vsock */
	VHC_CAN_SAVE = 1 << 1,	  /* after a stop the bases of the rings are known */
	VHC_CAN_RING = 1 << 2,	  /* single rings start and stop while others run; not vsock */
	VHC_CAN_IOMMU = 1 << 3,	  /* VHC_GUEST_IOMMU works; never vsock */
	VHC_CAN_BUSYLOOP = 1 << 4 /* vhc_ring_set_busyloop() works */
};

struct vhc_dev_info {
	uint64_t sz;
	uint32_t rings;	      /* virtqueues that the device runs; indices are below this */
	uint32_t max_regions; /* of a memory table, as many as the kernel keeps */
	uint64_t can;	      /* VHC_CAN_ */
};

/**
 * vhc_dev_get_info() - get the limits and capabilities of a device.
 * @ret: sz set by the caller; fields that the library does not know are set to zero.
 */
VHC_EXPORT int vhc_dev_get_info(const struct vhc_dev *dev, struct vhc_dev_info *ret);

/**
 * vhc_dev_get_fd() - return the vhost fd of one queue pair, borrowed: to pass it to another process
 * before this one takes ownership.
 * Errors: -EINVAL if there is no such pair; -EBUSY if it is already owned, so that no other process
 * could use it.
 */
VHC_EXPORT int vhc_dev_get_fd(struct vhc_dev *dev, uint32_t pair);

/**
 * vhc_dev_set_mem() - attach the device to the guest's memory, replacing any memory set before.
 * Needed before a start.
 * @mem: NULL detaches the device: commits and the dirty log no longer concern it.
 * Errors: -EINVAL if @mem belongs to another context; -EBUSY if a ring is running; -E2BIG if it has
 * more regions than this device supports; -ESTALE.
 */
VHC_EXPORT int vhc_dev_set_mem(struct vhc_dev *dev, struct vhc_mem *mem);

/**
 * vhc_dev_set_tap() - give a net device its tap; pair i uses queue i.  Call it before
 * vhc_dev_offer_features(), because features depend on the tap.
 * @tap: NULL detaches the tap, so that another device may have it.
 * Two devices must not have the same queue: each would get a part of its frames, and the kernel
 * accepts that without a word and tells nobody who has one.  So only a device of the same context
 * is found; that of another context or process is the caller's to avoid.
 * Errors: -EINVAL if there are fewer queues than pairs; -EBUSY if a ring is running, or if another
 * device of this context has this tap; -EPERM in a forked child of the device's owner.
 */
VHC_EXPORT int vhc_dev_set_tap(struct vhc_dev *dev, struct vhc_tap *tap);

/**
 * vhc_dev_offer_features() - compute which features may be offered to the guest.
 * Each bit has its origin: the vhost device, the tap, or the caller's device model.  A wanted bit
 * is offered if its origin supports it; bits whose requirements are then missing are dropped, and
 * the log says why.
 * @want: the features that the caller supports; it promises to implement those of its own device
 * model.  What a newer kernel or library supports beyond these is not offered.  NULL wants
 * vhc_features_known(), every bit that has a name: for a caller that passes everything on, such as
 * a vhost-user back end.  A wanted bit without a name counts as one of the caller's device model.
 * @require: bits that must be in the result; NULL for none.
 * Errors: -EAGAIN if a net device has no tap yet; -EOPNOTSUPP if a required bit is missing: the
 * text names it, its origin and what would provide it.
 */
VHC_EXPORT int vhc_dev_offer_features(struct vhc_dev *dev, const struct vhc_features *want,
				      const struct vhc_features *require, struct vhc_features *ret);

enum {
	/*
	 * Addresses go through an IOMMU that the caller models: VHC_EVENT_MISS asks for
	 * translations.  Without this flag addresses are guest-physical even if the driver accepted
	 * ACCESS_PLATFORM, which is then not set in vhost.  With it, that feature must be among
	 * those that the driver accepted.
	 */
	VHC_GUEST_IOMMU = 1 << 0
};

/**
 * vhc_dev_set_features() - set all the features that the driver accepted; the tap and the device
 * each get their part.
 * @guest: VHC_GUEST_ flags.
 * Needed before the first start; the header size, the offloads and the byte order follow from the
 * features: rings and headers are little-endian with VERSION_1, and without in the host's byte
 * order.  A legacy guest of the other byte order is not supported.  Other features than before make
 * the device forget what the driver said on the control queue.
 * Errors: -EINVAL if a bit's requirement is missing; -EOPNOTSUPP if its origin does not support it;
 * -EBUSY if the features differ from the current ones while a ring is running.
 */
VHC_EXPORT int vhc_dev_set_features(struct vhc_dev *dev, const struct vhc_features *acked,
				    uint32_t guest);

enum {
	VHC_NET_MAC = 1 << 0, /* mac is given */
	VHC_NET_MTU = 1 << 1  /* mtu is given */
};

/*
 * The part of a net device's configuration space that must be the same wherever the device runs.
 * The library only stores it for the vhost-state document: the configuration space itself belongs
 * to the caller's device model.
 */
struct vhc_net_config {
	uint64_t sz;
	uint32_t flags; /* VHC_NET_ */
	uint32_t mtu;	/* bytes, 68 to 65535 */
	uint8_t mac[6]; /* the guest's */
	uint8_t reserved[2];
};

/**
 * vhc_dev_set_net_config() - store the configuration of a net device, replacing any set before.
 * Errors: -EINVAL.
 */
VHC_EXPORT int vhc_dev_set_net_config(struct vhc_dev *dev, const struct vhc_net_config *config);

/**
 * vhc_dev_get_net_config() - get what was set, or what vhc_dev_load() read.
 * @ret: sz set by the caller.
 */
VHC_EXPORT int vhc_dev_get_net_config(const struct vhc_dev *dev, struct vhc_net_config *ret);

/**
 * vhc_dev_start() - start every ring that has a size, or none.
 * Rings that were never set up are skipped, and so are rings that vhc_ring_stop() stopped or that a
 * loaded document says were not enabled.  A queue of the tap receives if the receive ring of its
 * pair runs and the pair is active (vhc_tap_set_active()); others are detached.  The first start
 * takes ownership of the vhost fds.  Every ring is checked as vhc_ring_check() does.  The call
 * eventfd of a ring that resumes is signalled once: an interrupt may be due for buffers that the
 * device had used before, and one too many is harmless.
 * Errors: -EAGAIN if a ring, the features, the tap or the memory is incomplete (the text names it),
 * or if there is no ring at all; -EINVAL as vhc_ring_check(); -EPERM if the device was opened in
 * another process, or before a fork; -ENOTTY if the dirty log is on and the device has no
 * VHC_CAN_DIRTY; -ENOMEM, also for RLIMIT_NPROC; -ENODEV, -EBADFD or -EINVAL if the tap's link has
 * gone (the text says so); -ESTALE.
 */
VHC_EXPORT int vhc_dev_start(struct vhc_dev *dev);

/**
 * vhc_dev_stop() - stop every ring, keep all settings, and read the base at which each ring will
 * resume.
 * Nothing is left in flight; frames not yet delivered wait in the tap.  The next vhc_dev_start()
 * resumes where this call stopped.
 * Stops as many rings as it can, and returns the first error.
 */
VHC_EXPORT int vhc_dev_stop(struct vhc_dev *dev);

/**
 * vhc_dev_reset() - virtio device reset: stop, and discard what the driver set: features, mappings,
 * what it said on the control queue, and of each ring what vhc_ring_reset() discards.  Memory,
 * tap, net configuration and the host's choices (polling, workers) are kept.  This is how to
 * recover from -ESTALE.
 * A caller whose table of masks outlives the reset, as MSI-X does, calls vhc_ring_set_masked()
 * again.
 */
VHC_EXPORT int vhc_dev_reset(struct vhc_dev *dev);

/**
 * vhc_dev_plan() - describe what vhc_dev_start() would do now, and its undo, as a vhost-plan
 * document.
 * Errors: as vhc_dev_start().
 */
VHC_EXPORT int vhc_dev_plan(struct vhc_dev *dev, char **ret_json);

/**
 * vhc_dev_save() - save the device as a vhost-state document: the features that the driver
 * accepted, the offloads and queue pairs that it set on the control queue, the rings and the memory
 * layout; what a migration needs, and nothing about this host.
 * For a running device this is a snapshot to look at, marked "running", which vhc_dev_load()
 * refuses.
 * Errors: -EAGAIN if features or memory are not set, or if a ring has addresses but no size;
 * -ENODATA if the kernel could not report where a ring stopped; -EINVAL if a ring is in a state
 * that no host could load; -E2BIG if the memory has more regions than a document may list, about
 * 3,000.
 */
VHC_EXPORT int vhc_dev_save(struct vhc_dev *dev, char **ret_json);

/**
 * vhc_dev_load() - set features, configuration, what the driver set on the control queue, and the
 * size, addresses and base of every ring from a vhost-state document.
 * @json: NUL-terminated; not trusted.
 * The memory must be committed before, with the guest's memory contents in place, and the tap must
 * be set: every feature must be offered here, and each ring is checked as vhc_ring_check() does.
 * Afterwards set what no document contains (kick and call eventfds, masks, ioeventfds, irqfds, and
 * with VHC_GUEST_IOMMU the mappings), then start.  What this device has of these already is kept,
 * except mappings.
 * Errors: -EINVAL, with the JSON pointer, or with the ring and its numbers; -EAGAIN if there is no
 * memory or no tap yet; -EOPNOTSUPP if this host lacks something, as vhc_caps_check(); -EBUSY if a
 * ring is running; -E2BIG.  On failure the device is unchanged, and the kernel was not asked to
 * change anything.
 */
VHC_EXPORT int vhc_dev_load(struct vhc_dev *dev, const char *json);

/**
 * vhc_dev_get_worker() - get the thread ID of the worker that runs a queue pair's rings: a thread
 * of this process, or a kernel thread.
 * Errors: -EAGAIN if the device is not owned yet; -ENODATA if it was opened without
 * VHC_DEV_WORKERS, or if the worker cannot be told from threads that started at the same moment, or
 * is hidden (a PID namespace hides kernel threads).
 */
VHC_EXPORT int vhc_dev_get_worker(struct vhc_dev *dev, uint32_t pair, int32_t *ret_tid);

/**
 * vhc_dev_set_worker_cpus() - set the CPUs that a pair's worker may run on; takes effect at once,
 * and again whenever ownership is taken.
 * @cpus: @words words of 64 bits, at most 1024; bit 0 of word 0 is CPU 0.
 * Errors: -EINVAL if none of them is online, or if the device was opened without VHC_DEV_WORKERS;
 * -EPERM if it is a kernel thread and CAP_SYS_NICE is missing; -ENODATA if the worker is not known.
 * A failure when ownership is taken fails the start.
 */
VHC_EXPORT int vhc_dev_set_worker_cpus(struct vhc_dev *dev, uint32_t pair, const uint64_t *cpus,
				       uint32_t words);

/**
 * vhc_dev_set_worker_sched() - set the scheduling of a pair's worker; takes effect at once, and
 * again whenever ownership is taken.
 * @policy: SCHED_OTHER, SCHED_BATCH, SCHED_IDLE, SCHED_FIFO or SCHED_RR of <sched.h>.  @priority: 1
 * to 99 for SCHED_FIFO and SCHED_RR, otherwise 0.
 * Errors: -EINVAL, also if the device was opened without VHC_DEV_WORKERS; -EPERM if CAP_SYS_NICE is
 * missing; -ENODATA as above.
 */
VHC_EXPORT int vhc_dev_set_worker_sched(struct vhc_dev *dev, uint32_t pair, int32_t policy,
					int32_t priority);

/* --------------------------------------------------------------------------- events of a device */

enum vhc_event_kind {
	VHC_EVENT_RING_ERROR = 1, /* vhc_ring_check() looks for the cause */
	VHC_EVENT_MISS = 2,	  /* with VHC_GUEST_IOMMU: the device waits for vhc_dev_map() */
	/*
	 * The tap's link was deleted, or its network namespace has ended: no frame passes until the
	 * device is stopped, gets another tap and starts again.  Reported once for each tap; for a
	 * macvtap never, and only vhc_ring_check() finds it.  The event fd becomes readable if the
	 * link was in the network namespace of the thread that called vhc_dev_get_event_fd() or,
	 * after that, vhc_dev_set_tap(); vhc_dev_next_event() reports it in any case.
	 */
	VHC_EVENT_LINK_GONE = 3
};

struct vhc_event {
	uint64_t sz;
	uint32_t kind;	/* enum vhc_event_kind; ignore unknown ones */
	uint32_t ring;	/* RING_ERROR; for a MISS, the first ring of its queue pair; else 0 */
	uint64_t iova;	/* MISS */
	uint32_t perm;	/* MISS: VHC_PERM_ */
	uint32_t count; /* RING_ERROR: how many since the last event of this ring */
};

/**
 * vhc_dev_get_event_fd() - return an fd that is readable (poll, epoll) while vhc_dev_next_event()
 * has an event to return.
 * One fd for the whole device, all rings and vhost fds; borrowed; the same until the device is
 * closed.
 */
VHC_EXPORT int vhc_dev_get_event_fd(struct vhc_dev *dev);

/**
 * vhc_dev_next_event() - fetch one event.  Never blocks.
 * @ret: sz set by the caller.
 * Returns 1 if there was an event, 0 if not.  Call it for as long as it returns 1.
 * Errors: the kernel's, if a miss could not be answered with an existing mapping; the next call
 * tries again.
 */
VHC_EXPORT int vhc_dev_next_event(struct vhc_dev *dev, struct vhc_event *ret);

enum { VHC_PERM_READ = 1 << 0, VHC_PERM_WRITE = 1 << 1 };

enum { VHC_MAP_USER = 1 << 0 }; /* addr is in terms of each region's peer_addr */

struct vhc_map {
	uint64_t sz;
	uint64_t iova;
	uint64_t size;
	uint64_t addr;	/* what iova translates to: guest-physical */
	uint32_t perm;	/* VHC_PERM_ */
	uint32_t flags; /* VHC_MAP_USER */
};

/**
 * vhc_dev_map() - map a range of I/O virtual addresses, in answer to a miss or in advance.
 * Replaces everything that is mapped in [iova, iova + size).  A mapping that extends past the
 * memory region of its first byte is cut off there, and nothing is mapped in the rest.  With
 * VHC_MAP_USER it is split where the guest's memory does not continue as the peer's does, and cut
 * off where that ends; if a piece fails, those before it stay mapped.
 * Each used ring must be mapped before its ring starts.  Mappings are kept across stop and start,
 * and set again when the kernel has lost them; vhc_dev_reset(), vhc_dev_load() and
 * vhc_dev_set_features() without VHC_GUEST_IOMMU drop them.  If there are more than 2048 mappings,
 * the oldest one that contains no ring is dropped, as the kernel does; the device will ask for it
 * again.  Dropping one costs no more than a few messages to each vhost fd, however many mappings
 * there are.
 * Errors: -EINVAL if addr is in no region, or size is 0; -EOPNOTSUPP if VHC_GUEST_IOMMU is not set;
 * -EBUSY if a part of a running ring would lack a permission that vhost needs (it would silently
 * wait for it), or the cut would leave its used ring unmapped; -E2BIG if all 2048 mappings contain
 * rings.
 */
VHC_EXPORT int vhc_dev_map(struct vhc_dev *dev, const struct vhc_map *map);

/**
 * vhc_dev_unmap() - remove all mappings in a range; when this returns, the device no longer uses
 * it.  A ring that runs, and has a part of itself there, waits until it is mapped again, which it
 * asks for: a guest may flush all addresses of its IOMMU at any time.
 * Errors: -EINVAL if size is 0; -EOPNOTSUPP if VHC_GUEST_IOMMU is not set.
 */
VHC_EXPORT int vhc_dev_unmap(struct vhc_dev *dev, uint64_t iova, uint64_t size);

/* ---------------------------------------------------------------------------------------- rings */

/*
 * A ring is identified by its device and its virtqueue index, as in transports and vhost-user.  An
 * index that does not exist is -EINVAL.
 */

/**
 * vhc_ring_set_size() - set the number of descriptors: 1 to 32768; a power of two for a split ring,
 * which the start checks if the features are not set yet.
 * Errors: -EINVAL if it is another number; -EBUSY if the ring is running.
 */
VHC_EXPORT int vhc_ring_set_size(struct vhc_dev *dev, uint32_t ring, uint32_t size);

/*
 * The addresses are those that another process has the memory at, as in vhost-user: in terms of
 * each region's peer_addr.  With VHC_GUEST_IOMMU they are I/O virtual all the same.
 */
enum { VHC_RING_USER_ADDR = 1 << 0 };

/*
 * Where the driver put its ring, as it told the transport: guest-physical addresses, or I/O virtual
 * ones with VHC_GUEST_IOMMU.  The library translates them with the memory table each time the ring
 * starts.  For a packed ring: the descriptor ring, and the driver's and the device's event
 * suppression area.
 */
struct vhc_ring_addr {
	uint64_t sz;
	uint64_t desc;
	uint64_t avail;
	uint64_t used;
	uint32_t flags; /* VHC_RING_USER_ADDR */
	uint32_t reserved;
};

/**
 * vhc_ring_set_addr() - set the addresses of a ring.  Alignment is checked now, the memory at
 * start.
 * Errors: -EINVAL if an address is not aligned, or for unknown flags; -EBUSY if the ring is running
 * at another place.
 */
VHC_EXPORT int vhc_ring_set_addr(struct vhc_dev *dev, uint32_t ring,
				 const struct vhc_ring_addr *addr);

/**
 * vhc_ring_set_base() - set where the device resumes.  Otherwise a new ring starts at its
 * beginning, and a stopped ring where it stopped.
 * @base: as returned by vhc_ring_get_base().
 * Errors: -EINVAL if it is above 65535, or, for a packed ring, if one of its indices is not below
 * the ring's size, which the start checks again; before the features are set, if it is neither;
 * -EBUSY if the ring is running.
 */
VHC_EXPORT int vhc_ring_set_base(struct vhc_dev *dev, uint32_t ring, uint32_t base);

/**
 * vhc_ring_get_base() - get where a stopped ring resumes: the next available index; for a packed
 * ring, that with the used index and both wrap counters, in the kernel's 32-bit form.
 * Errors: -EBUSY if the ring is running; -ENODATA if the device could not report it.
 */
VHC_EXPORT int vhc_ring_get_base(struct vhc_dev *dev, uint32_t ring, uint32_t *ret_base);

/**
 * vhc_ring_recover_base() - set the base to where the device stopped according to the ring's
 * memory, after the process that ran it died without stopping it: buffers that it used are done,
 * and buffers that it took but did not use are taken again.
 * For devices that use buffers in the order in which they take them, as vhost-net does.  Size,
 * addresses and memory must be set.
 * Errors: -EAGAIN if something still has to be set; -EBUSY if the ring is running; -EOPNOTSUPP for
 * a packed ring, whose memory does not show it; -EINVAL if the indices in memory are impossible.
 */
VHC_EXPORT int vhc_ring_recover_base(struct vhc_dev *dev, uint32_t ring);

/**
 * vhc_ring_set_kick() - set the eventfd with which the driver notifies the device; -1 removes it.
 * Takes effect at once if the ring is running.
 * Errors: -EBADF; -EINVAL if it is the call eventfd as well, or, from the kernel, if it is not an
 * eventfd (if the ring is not running, the start reports it instead).
 */
VHC_EXPORT int vhc_ring_set_kick(struct vhc_dev *dev, uint32_t ring, int fd);

/**
 * vhc_ring_get_kick() - return the kick eventfd, borrowed; creates one if there is none.
 * Errors: -EMFILE.
 */
VHC_EXPORT int vhc_ring_get_kick(struct vhc_dev *dev, uint32_t ring);

/**
 * vhc_ring_set_call() - set the eventfd with which the device notifies the driver; -1 for none
 * (polling).  Takes effect at once if the ring is running; the new eventfd is then signalled once,
 * since an interrupt may be due.
 * Errors: as vhc_ring_set_kick().
 */
VHC_EXPORT int vhc_ring_set_call(struct vhc_dev *dev, uint32_t ring, int fd);

/**
 * vhc_ring_get_call() - return the call eventfd, borrowed; creates one if there is none.
 * Errors: -EMFILE.
 */
VHC_EXPORT int vhc_ring_get_call(struct vhc_dev *dev, uint32_t ring);

/**
 * vhc_ring_set_masked() - mask or unmask the ring's interrupts; takes effect at once, and is kept
 * across stop, start and load, but not across a reset.  Costs one vhost ioctl if the ring runs.
 * Interrupts that arrive while the ring is masked are delivered as one when it is unmasked.  None
 * is lost.  They go to the call eventfd that the ring has at that time; without one, they are not
 * delivered.
 * Errors: -EMFILE, only when the ring is masked for the first time.
 */
VHC_EXPORT int vhc_ring_set_masked(struct vhc_dev *dev, uint32_t ring, bool masked);

/**
 * vhc_ring_is_pending() - check whether an interrupt has arrived since the ring was masked.  Does
 * not clear it.
 */
VHC_EXPORT bool vhc_ring_is_pending(struct vhc_dev *dev, uint32_t ring);

/**
 * vhc_ring_set_busyloop() - set how long the worker polls before it sleeps; takes effect at once.
 * This is the host's choice: kept across stop, start and reset.
 * @us: microseconds, 0 for no polling; at most 1000000, since a stop may wait that long.
 * Errors: -EINVAL if it is more; -ENOTTY without VHC_CAN_BUSYLOOP.
 */
VHC_EXPORT int vhc_ring_set_busyloop(struct vhc_dev *dev, uint32_t ring, uint32_t us);

/**
 * vhc_ring_get_busyloop() - get the polling time in microseconds, as the kernel has it, or, before
 * the device is owned, as it was set.
 */
VHC_EXPORT int vhc_ring_get_busyloop(struct vhc_dev *dev, uint32_t ring, uint32_t *ret_us);

/**
 * vhc_ring_start() - start one ring, after doing whatever the device still needs for it.
 * -EAGAIN says that something still has to be set (size, addresses, kick, features, memory, a
 * mapping of the used ring): if configuration arrives in pieces, ignore it and call again after the
 * next piece.
 * Errors: as vhc_dev_start(); -ENOTTY without VHC_CAN_RING.
 */
VHC_EXPORT int vhc_ring_start(struct vhc_dev *dev, uint32_t ring);

/**
 * vhc_ring_stop() - stop one ring and keep its settings and its base; other rings keep running.  It
 * stays stopped until vhc_ring_start(), also if it was not running: vhc_dev_start() skips it, and a
 * saved document says that it is not enabled.
 * Errors: -ENOTTY without VHC_CAN_RING.
 */
VHC_EXPORT int vhc_ring_stop(struct vhc_dev *dev, uint32_t ring);

/**
 * vhc_ring_reset() - virtio queue reset: stop the ring and discard its size, addresses, base,
 * eventfds, mask, ioeventfds and irqfd, also if it was not running.  An earlier vhc_ring_stop() is
 * forgotten: once the ring has a size again, vhc_dev_start() starts it.
 * Errors: -ENOTTY if it is running, without VHC_CAN_RING.
 */
VHC_EXPORT int vhc_ring_reset(struct vhc_dev *dev, uint32_t ring);

/**
 * vhc_ring_check() - check a ring, as far as its memory shows.
 * A start does this by itself; after VHC_EVENT_RING_ERROR it looks for the cause.  Reads guest
 * memory; changes nothing.  Whatever the guest wrote, it looks at 8 chains at most, and in each at
 * no more descriptors than the ring has, or 1024: some milliseconds.
 * Returns 0 if nothing is found.  Errors: -ENODEV if the tap's link has gone, so that no frame
 * passes; -EAGAIN if the ring is incomplete; -EINVAL if it is outside the memory, overlaps another,
 * or has impossible indices, with the numbers in the text.
 */
VHC_EXPORT int vhc_ring_check(struct vhc_dev *dev, uint32_t ring);

/* ----------------------------- KVM: only for the process that created the VM; always at once */

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
 * vhc_ring_add_ioeventfd() - turn a guest write to an address into a kick, without leaving the
 * kernel.
 * @vm_fd: the fd of the VM.
 * Several may be added to a ring.  They use the eventfd of vhc_ring_get_kick() and follow it: while
 * vhc_ring_set_kick() has removed it, writes leave the kernel as if nothing had been added.  Adding
 * what is already there changes nothing.  The VM is kept alive until all of them are removed: by
 * vhc_ring_del_ioeventfd(), by a ring or device reset, or by close, after vhost has released the
 * eventfd.
 * Errors: -EEXIST if the address is taken (the text says by which ring, if it is one of this
 * context's); -EINVAL if it is not the fd of a VM, or for an invalid width or value; -EIO if the VM
 * belongs to another process, such as the parent.
 */
VHC_EXPORT int vhc_ring_add_ioeventfd(struct vhc_dev *dev, uint32_t ring, int vm_fd,
				      const struct vhc_ioeventfd *args);

/**
 * vhc_ring_del_ioeventfd() - remove one, for example when a BAR moves.
 * @args: as it was added, otherwise -EINVAL.
 */
VHC_EXPORT int vhc_ring_del_ioeventfd(struct vhc_dev *dev, uint32_t ring,
				      const struct vhc_ioeventfd *args);

enum { VHC_IRQFD_RESAMPLE = 1 << 0 }; /* resample_fd is given */

struct vhc_irqfd {
	uint64_t sz;
	uint32_t gsi;	     /* in the VM's routing table, which the caller maintains */
	uint32_t flags;	     /* VHC_IRQFD_ */
	int32_t resample_fd; /* an eventfd signalled when the guest ends a level interrupt */
	uint32_t reserved;
};

/**
 * vhc_ring_set_irqfd() - turn the device's call into an interrupt in the guest, without leaving the
 * kernel.
 * @vm_fd: the fd of the VM; -1 removes the irqfd (@args may then be NULL).
 * Replaces the one before: two calls into KVM and none into vhost, which keeps its eventfd.  If the
 * ring is running and not masked, it is signalled once, since an interrupt may have gone to the old
 * gsi.  KVM may take milliseconds to release an irqfd; where only the route changes, keep the gsi
 * and change its route (KVM_SET_GSI_ROUTING).
 * Uses the eventfd of vhc_ring_get_call() and follows it, as an ioeventfd follows the kick; the
 * caller must not read that eventfd meanwhile.  The VM needs its interrupt controller in the
 * kernel.
 * Errors: -EBUSY if the eventfd is already used by another irqfd; -EINVAL if it is not the fd of a
 * VM, or for a nonexistent gsi or a missing interrupt controller; -EIO if the VM belongs to another
 * process.
 */
VHC_EXPORT int vhc_ring_set_irqfd(struct vhc_dev *dev, uint32_t ring, int vm_fd,
				  const struct vhc_irqfd *args);

#ifdef __cplusplus
}
#endif
#endif
