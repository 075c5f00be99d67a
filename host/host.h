/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host - what surrounds a device on this machine: the vhost-setup document, links, the fds, command
 * line and privileges of the launcher.  This is the room's only header for vhostctl.
 *
 * No file here makes a vhost call: the library opens devices, and they are handed over unowned.
 * Functions return 0, or a negative errno with the error filled in.  Results are not written on
 * failure.  For single-threaded programs only: they change the
 * network namespace of the thread, and host_setup_run() the fds and the identity of the process.
 */
#ifndef HOST_H
#define HOST_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "log.h"
#include "look.h"
#include "vhostconfig.h"

struct doc_table;

/* The exit statuses of vhostctl. */
enum host_status {
	HOST_USAGE = 2,	       /* the launcher's arguments do not match the config */
	HOST_DOCUMENT = 3,     /* the config is wrong */
	HOST_LACKS = 4,	       /* this host lacks something that was requested */
	HOST_FAILED = 5,       /* it failed and was undone */
	HOST_CANNOT_RUN = 126, /* the launcher exists but cannot be executed; as env(1) */
	HOST_NOT_FOUND = 127,  /* the launcher does not exist */
	HOST_SIGNAL = 128      /* plus its number: a signal came, and all was undone */
};

struct host_error {
	enum host_status status;
	char text[1024]; /* one sentence, including what could not be undone */
	char where[320]; /* "line 12, /devices/0/tap/mtu", or "step 5 of 12: set mtu"; or "" */
	char hint[512];	 /* what to do; or "" */
};

struct host_setup;
struct host_served;

/**
 * host_setup_read() - read and check a vhost-setup document.
 * @variables: "NAME=VALUE" for each "${NAME}" in it, NULL-terminated.
 * Errors: -EINVAL, -E2BIG: it is wrong, or a variable is not set; -ENOMEM.
 */
int host_setup_read(struct vhc_ctx *ctx, const char *text, size_t len, char *const *variables,
		    struct host_setup **ret, struct host_error *err);
void host_setup_free(struct host_setup *setup);

/** host_setup_advise() - what in it has no effect, and what would: a line each. */
void host_setup_advise(const struct host_setup *setup, void (*say)(void *data, const char *line),
		       void *data);

/** host_setup_write() - the document with all defaults filled in. */
struct json_object *host_setup_write(const struct host_setup *setup);

/** host_setup_name() - its name; NULL: it has none. */
const char *host_setup_name(const struct host_setup *setup);

/** host_setup_help() - its fields, as doc_help() gives them.  host_setup_schema(): its schema. */
struct json_object *host_setup_help(void);
struct json_object *host_setup_schema(void);

struct host_options {
	struct vhc_ctx *ctx;
	const char
		*user; /* run the launcher as this user, instead of the config's; NULL: that one */
	bool no_new_privs; /* even if the config does not say so */
	/* Fds of the caller that the launcher has as well, with the same numbers: from 3 on. */
	const int *keep;
	size_t keep_count;
	char **launcher; /* its command line, with tokens, NULL-terminated; NULL to plan without one */
	bool serve;	 /* instead of a launcher: for host_serve_begin() */
	bool recorded; /* with that: it fails if its record cannot be written */
	/* With that: ids of devices whose sockets are somebody else's, and stay; NULL-terminated.  May be NULL. */
	const char *const *passed;
	/* With a launcher: the report of who serves the devices that are attached by vhost-user; NULL: none are. */
	struct json_object *served;
	const char *qmp;      /* instead of a launcher: the socket of a running QEMU, or NULL */
	unsigned int seconds; /* how long each answer of it may take */
	/* A warning, one line.  May be NULL. */
	void (*say)(void *data, const char *line);
	/*
	 * Remove a socket at which no process listens any more: 1, or 0 if there is none; of host_teardown() and
	 * host_serve_end().  Of @socket id, path and owner are filled.
	 * Errors: the error is filled.
	 */
	int (*remove_socket)(void *data, const struct host_served *socket, struct host_error *err);
	/*
	 * Called once everything is set up, before the launcher runs.  @report: borrowed.  Not 0: it fails
	 * with that negative errno, and the error is filled.  May be NULL.
	 */
	int (*ready)(void *data, struct json_object *report, struct host_error *err);
	void *data;
};

/**
 * host_setup_plan() - what host_setup_run() would do, as a vhost-plan document.  Accesses
 * nothing on the host; a vhost device that is only preferred is assumed to exist.
 * Errors: -EINVAL the launcher's arguments do not match the config.
 */
int host_setup_plan(const struct host_setup *setup, const struct host_options *options,
		    struct json_object **ret, struct host_error *err);

/**
 * host_plan_text() - the arguments of one of its operations for people: "net0, mtu 1400".  To be freed with
 * free(3); NULL: no memory.
 */
char *host_plan_text(struct json_object *arguments);

/**
 * host_setup_check_caps() - could the host that wrote a vhost-caps document bring all of it up?
 * Touches no host.
 * Errors: status HOST_DOCUMENT: it is no such document; HOST_LACKS: that host lacks something.
 */
int host_setup_check_caps(const struct host_setup *setup, const struct host_options *options,
			  const char *caps, struct host_error *err);

/**
 * host_setup_run() - set the devices up and execute the launcher.
 * Returns on failure only, after undoing everything; the text says what could not be undone (once
 * privileges are dropped, an existing link cannot be restored).  Fds from 3 on are the launcher's:
 * keep none there that is needed after a failure.  If links have to be removed when the launcher ends, it
 * runs as a child, 0 is returned when it has ended, and err->status is its exit status; a failure may be
 * returned in that child, too.  Without a launcher everything is set up and torn
 * down again, and 0 is returned.
 */
int host_setup_run(const struct host_setup *setup, const struct host_options *options,
		   struct host_error *err);

/**
 * host_broker_setup() - what the broker of this name serves, or served when it was killed.
 * Errors: -ENOENT: there is none.
 */
int host_broker_setup(struct vhc_ctx *ctx, const char *name, struct host_setup **ret,
		      struct host_error *err);

/**
 * host_teardown() - end the broker of this config's name, and remove the links that this config made and left: those
 * of "persist", also of a set-up that was killed.  A link that was there before gets back what a set-up that
 * was killed changed, as far as it can have it; others stay.  Of @options it uses @ctx, @say and
 * @remove_socket.
 * @ret: the vhost-report.  Errors: -EBUSY: a process still has the link open; -ENOENT: its bridge has gone.
 */
int host_teardown(const struct host_setup *setup, const struct host_options *options,
		  struct json_object **ret, struct host_error *err);

/* A device that is set up for a broker. */
struct host_served {
	const char *id;
	enum vhc_type type;
	struct vhc_dev *dev;
	struct vhc_tap *tap; /* NULL: it is no net device */
	uint32_t queue_pairs;
	struct vhc_features mask, require;
	uint8_t mac[6]; /* all 0: it has none */
	uint16_t mtu;	/* 0: the kernel's */
	bool iommu;
	uint64_t cid; /* the guest's, of a vsock device */
	uint32_t busyloop_us;
	const char *path;
	uint32_t owner, group; /* of the socket; UINT32_MAX: this process's */
	uint32_t mode;
};

struct host_serving;

/**
 * host_setup_has_served() - is a device attached by vhost-user?
 * host_setup_check_served() - are they all?  Errors: status HOST_DOCUMENT.
 */
bool host_setup_has_served(const struct host_setup *setup);
int host_setup_check_served(const struct host_setup *setup, struct host_error *err);
/** host_setup_get_socket() - the path of the socket of a device; NULL: no device of this id has one. */
const char *host_setup_get_socket(const struct host_setup *setup, const char *id);

/**
 * host_serve_begin() - set the devices up that are attached by vhost-user, for this process to use.  All or nothing, as
 * host_setup_run().  If the config has a name, this process is recorded, so that host_teardown() finds it; what another
 * one that was killed has left is used again, if its config was the same.
 * Signals that end a process are held until host_serve_end().
 * A second process, "vhostctl-keeper", keeps the privileges that the end needs, so that this one needs none.  It
 * has no device open, waits, and ends with this one; if this one is killed, all stays as it is.
 * Errors: -EBUSY: a broker of this name runs.
 */
int host_serve_begin(const struct host_setup *setup, const struct host_options *options,
		     struct host_serving **ret, struct host_error *err);
/** host_serve_get() - the n-th device, valid until the end; false: there is none. */
bool host_serve_get(const struct host_serving *serving, size_t n, struct host_served *ret);
/** host_drop_privileges() - keep no capability, now and after any execve(2), as far as they can be given up. */
int host_drop_privileges(struct host_error *err);
/** host_serve_control() - where its control socket is to be; NULL: nowhere. */
const char *host_serve_control(const struct host_serving *serving);
/** host_serve_signals() - an fd that is readable when such a signal has come.  Or a negative errno. */
int host_serve_signals(const struct host_serving *serving);
/** host_serve_report() - what was set up, as a vhost-report of 'setup'. */
int host_serve_report(const struct host_serving *serving, struct json_object **ret,
		      struct host_error *err);
/**
 * host_serve_end() - remove the first sockets, of the devices and then the control socket, and undo what was set up.
 */
int host_serve_end(struct host_serving *serving, uint32_t sockets, struct host_error *err);

#define HOST_CONTROL_MAX 108u

/**
 * host_control_path() - where a broker of this config is to have its control socket; its folder is made.
 * Errors: -ENOENT: this user has no folder for it, as XDG_RUNTIME_DIR is not set; -EPERM: others may write to the
 * folder; -ENAMETOOLONG; and what the kernel says.
 */
int host_control_path(const struct host_setup *setup, char path[HOST_CONTROL_MAX]);

/* A broker of this user that runs. */
struct host_broker {
	char name[64]; /* of its configuration, or its pid */
	int fd;	       /* its control socket, which does not block; or a negative errno */
	pid_t pid;
};

struct host_brokers {
	struct host_broker *items;
	size_t count;
};

/**
 * host_brokers_connect() - connect to each broker of this user.
 * @ret: for host_brokers_clear(), which closes what is not -1.  Errors: -EPERM, -EACCES: the folder is
 * not to be trusted, or is root's; -ENOMEM; and what the kernel says.
 */
int host_brokers_connect(struct host_brokers *ret);
void host_brokers_clear(struct host_brokers *brokers);

/**
 * host_attach() - set the devices up and give them to the running QEMU at @options->qmp.
 * All or nothing, as host_setup_run().  @ret: the vhost-report.
 * Errors: -ETIMEDOUT: QEMU does not answer; -EPROTO: it is not QEMU; -EREMOTEIO: it refuses a device.
 */
int host_attach(const struct host_setup *setup, const struct host_options *options,
		struct json_object **ret, struct host_error *err);

/**
 * host_detach() - take a device and its netdev from the running QEMU at @options->qmp.
 * @ret: the vhost-report.
 * Errors: -ETIME: the guest does not give the device up; -ENODEV: QEMU has none with this id.
 */
int host_detach(const char *id, const struct host_options *options, struct json_object **ret,
		struct host_error *err);

enum host_mask_style { HOST_MASK_QEMU, HOST_MASK_LIBVIRT };

/**
 * host_mask() - what switches features off in a launcher: options for QEMU's -device, or XML for libvirt.
 * What QEMU does not offer by itself is left out.
 * @release: of the oldest QEMU that is told, such as 702; it refuses properties that came later.
 * @ret: for free(3).  Errors: status HOST_LACKS: QEMU offers one of them always.
 */
int host_mask(enum vhc_type type, const struct vhc_features *mask, enum host_mask_style style,
	      int release, char **ret, struct host_error *err);

/**
 * host_qemu_has_by_itself() - does QEMU offer this feature of a device with so many queue pairs, unless it is told
 * not to?
 */
bool host_qemu_has_by_itself(enum vhc_type type, unsigned int bit, uint64_t pairs);

#define HOST_QEMU_ID 64u /* bytes of a device's id, with its NUL */

/* A device of a running QEMU. */
struct host_qemu_device {
	char id[HOST_QEMU_ID];
	struct look_device look; /* without what QEMU does not tell, such as its memory */
	uint64_t offered[4];	 /* the features that the guest is offered */
	bool modern;		 /* its transport is there for drivers of virtio 1 only */
	char mac[18];		 /* net: the guest's; "": not known */
	uint32_t mtu;		 /* net: what the guest is told; 0: nothing */
	uint32_t
		pairs; /* net: queue pairs, also those that its driver does not use; 0: not known */
};

struct host_qemu_reading {
	struct host_qemu_device *devices;
	size_t count;
	uint64_t memory;     /* of the guest, in bytes; 0: not known */
	uint64_t memory_max; /* with all that a virtio-mem device may add, and shared memory */
};

/**
 * host_look_qemu() - what the running QEMU at @options->qmp says of its vhost devices.
 * The guest goes on meanwhile.
 * @id: of one device; NULL: all that vhost runs.  @ret: at least one; give it to host_qemu_clear().
 * Errors: -ENODEV: none; -ENOTSUP: vhost does not run it, or this version of QEMU cannot tell; -EPROTO: it
 * is not QEMU, or answers otherwise than QEMU 7.2; -ETIMEDOUT, -ECONNRESET, and what QEMU refuses.
 */
int host_look_qemu(const char *id, const struct host_options *options,
		   struct host_qemu_reading *ret, struct host_error *err);
void host_qemu_clear(struct host_qemu_reading *reading);

/**
 * host_qemu_join() - find a device of QEMU among those that the kernel shows of its process, check that both
 * say the same, and add to the kernel's what only QEMU knows: the features that the driver accepted.
 * @ret: one of @devices.
 * Errors: -ENODEV: none is it; -EAGAIN: they disagree.  @devices are then unchanged.
 */
int host_qemu_join(const struct host_qemu_device *qemu, struct look_device *devices, size_t count,
		   struct look_device **ret, struct host_error *err);

/* What a link is a port of. */
struct host_master {
	char name[16];
	char kind[16]; /* "bridge", "openvswitch", "bond"; "" if the kernel does not say */
};

/**
 * host_find_master() - find the bridge, or the like, of a link that may be somebody else's.
 * Errors: -ENODEV: it is no port, or has gone; -EXDEV: it is in another network namespace, or it is not known
 * in which; and what the kernel refuses.
 */
int host_find_master(const struct look_link *link, struct host_master *ret);

/* The tables of the reports of host_setup_run(), host_teardown(), host_attach(), host_detach() and host_doctor(). */
extern const struct doc_table host_report_table, host_teardown_table, host_attach_table,
	host_detach_table, host_doctor_table;

/**
 * host_fail_vhost() - a vhost device does not open: the library's text, with the remedy that works on this host.
 * @code: the negative errno, which is returned; @ctx has the error.
 */
int host_fail_vhost(struct host_error *err, struct vhc_ctx *ctx, const char *path, int code);

/**
 * host_caps_advise() - in a vhost-caps document of this host, replace the reasons and remedies of nodes that
 * do not open by doctor's, which looks at more than the library does.
 */
void host_caps_advise(struct json_object *caps);

/**
 * host_doctor() - report what is missing on this host for vhost devices, with the commands that fix
 * it.  @user: check for that user; NULL: for the caller.  @link: check this one, too, as the tap of a device
 * with that many queue pairs, or 0 for any number; NULL: none.  @ret_ok: is everything available that a
 * vhost-net device needs, and nothing wrong with the link?
 */
int host_doctor(const char *user, const char *link, uint32_t pairs, struct json_object **ret,
		bool *ret_ok, struct host_error *err);

#endif
