/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * model - the inside of the fake kernel, for its own files: files and fds, network namespaces, and
 * who answers which ioctl.
 */
#ifndef TESTS_FAKE_MODEL_H
#define TESTS_FAKE_MODEL_H

#include <pthread.h>

#include "fake.h"

#define FAKE_FDS      8192u
#define FAKE_FILES    8192u
#define FAKE_VHOSTS   320u
#define FAKE_TAPS     64u
#define FAKE_CALLS    65536u
#define FAKE_FAILURES 8u

enum fake_kind {
	FAKE_FREE,
	FAKE_VHOST_NET,
	FAKE_VHOST_OTHER, /* vhost-vsock, vhost-scsi: their features only */
	FAKE_TUN,
	FAKE_EVENTFD,
	FAKE_MEMFD,
	FAKE_SOCKET,
	FAKE_OTHER
};

/* An open file: what fds, rings and backends hold a reference to. */
struct fake_file {
	enum fake_kind kind;
	const struct fake_node *node; /* that was opened, if any */
	uint32_t refs, serial;
	uint64_t counter; /* of an eventfd */
	uint64_t size;	  /* of a memfd */
	unsigned int seals;
	struct fake_vhost *vhost; /* of a vhost file */
	uint32_t netns;		  /* of a tun file */
	struct fake_tap *tap;	  /* that this tun file is a queue of */
	bool detached;
};

struct fake_node {
	const char *path;
	enum fake_kind kind;
	unsigned int major, minor;
	uint64_t features; /* of another vhost device */
};

struct fake_failure {
	const char *prefix;
	uint32_t countdown; /* 0: none waits here */
	int error;
};

struct fake {
	pthread_mutex_t lock;
	struct fake_profile profile;
	uint32_t uid, gid;
	uint32_t fd_limit, next_serial, next_netns;
	struct fake_file *fds[FAKE_FDS];
	struct fake_file files[FAKE_FILES];
	uint32_t maps;
	uint32_t fds_end, files_end; /* behind the last that was ever used */
	struct fake_vhost vhosts[FAKE_VHOSTS];
	bool vhost_used[FAKE_VHOSTS];
	struct fake_tap taps[FAKE_TAPS];
	int node_errors[8];
	struct fake_failure failures[FAKE_FAILURES];
	const char *failed_names[FAKE_FAILURES];
	uint32_t failed, calls;
	struct fake_call call[FAKE_CALLS];
};

/* profile.c: tables. */
extern const struct fake_profile fake_profiles[];
extern const struct fake_node fake_nodes[];
/** fake_sysfs() - a module parameter's text, or a tap's flags; -ENOENT. */
int fake_sysfs(struct fake *fake, const char *path, char *buf, size_t size);

/* file.c: files and fds. */
struct fake_file *fake_file_new(struct fake *fake, enum fake_kind kind);
struct fake_file *fake_file_ref(struct fake_file *file);
void fake_file_unref(struct fake *fake, struct fake_file *file);
/** fake_file_of() - the file of an fd; NULL: it is not open. */
struct fake_file *fake_file_of(struct fake *fake, int fd);
/** fake_fd_new() - the lowest free fd for a file, whose reference it takes over.  -EMFILE. */
int fake_fd_new(struct fake *fake, struct fake_file *file);
int fake_fd_close(struct fake *fake, int fd);

/* user.c: the process's memory, as copy_from_user() and access_ok() see it. */
/** fake_user_get() - copy what an ioctl was given.  0 or -EFAULT. */
int fake_user_get(void *to, const void *from, size_t size);
int fake_user_put(void *to, const void *from, size_t size);
/** fake_user_range() - is it in the user's half of the addresses at all?  Mapped or not. */
bool fake_user_range(uint64_t addr, uint64_t size);

/* vhost.c and ring.c. */
int fake_vhost_ioctl(struct fake *fake, struct fake_file *file, unsigned long request, void *arg);
int fake_vring_ioctl(struct fake *fake, struct fake_vhost *vhost, unsigned long request, void *arg);
int fake_set_backend(struct fake *fake, struct fake_vhost *vhost, const void *arg);
void fake_vhost_init(struct fake_vhost *vhost);
void fake_vhost_release(struct fake *fake, struct fake_vhost *vhost);
/** fake_regions_ok() - may a ring that runs use this table?  As memory_access_ok(). */
bool fake_regions_ok(const struct fake_ring *ring, const struct fake_region *region, uint32_t count,
		     bool log);
bool fake_log_ok(uint64_t base, uint64_t guest, uint64_t size);

/* tun.c. */
int fake_tun_ioctl(struct fake *fake, struct fake_file *file, unsigned long request, void *arg);
int fake_socket_ioctl(struct fake *fake, unsigned long request, void *arg);
void fake_tun_release(struct fake *fake, struct fake_file *file);

#endif
