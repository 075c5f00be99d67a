/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * model - the inside of the fake kernel, for its own files: files and fds, network namespaces, and
 * who answers which ioctl.
 */
#ifndef TESTS_FAKE_MODEL_H
#define TESTS_FAKE_MODEL_H

#include <pthread.h>

#include "fake.h"

#define FAKE_FDS       8192u
#define FAKE_FILES     8192u
#define FAKE_VHOSTS    320u
#define FAKE_TAPS      64u
#define FAKE_VMS       4u
#define FAKE_CALLS     65536u
#define FAKE_FAILURES  8u
#define FAKE_WATCHES   4096u
#define FAKE_MAPS      600u
#define FAKE_STRANGERS 8u
#define FAKE_CPUS      4u /* that are online */

enum fake_kind {
	FAKE_FREE,
	FAKE_VHOST_NET,
	FAKE_VHOST_VSOCK,
	FAKE_VHOST_SCSI, /* its features only */
	FAKE_TUN,
	FAKE_EVENTFD,
	FAKE_MEMFD,
	FAKE_EPOLL,
	FAKE_SOCKET,
	FAKE_KVM, /* /dev/kvm itself */
	FAKE_VM,
	FAKE_VCPU,
	FAKE_OTHER
};

/* An open file: what fds, rings and backends hold a reference to. */
struct fake_file {
	enum fake_kind kind;
	const struct fake_node *node; /* that was opened, if any */
	uint32_t refs;
	uint64_t counter; /* of an eventfd */
	uint64_t size;	  /* of a memfd */
	unsigned int seals;
	uint64_t block;		  /* of a memfd: a huge page; 0: none */
	int memory;		  /* of a memfd: a real one, once it is accessed; or 0 */
	void *content;		  /* the same, all of it mapped for the test */
	struct fake_vhost *vhost; /* of a vhost file */
	uint32_t netns;		  /* of a tun file */
	struct fake_tap *tap;	  /* that this tun file is a queue of */
	bool detached;
	bool macvtap;			/* it was a queue of a macvtap that is gone */
	const struct fake_tap *watched; /* of a socket */
	bool told;			/* ... that it has gone */
	struct fake_vm *vm;		/* of a VM's file */
};

struct fake_node {
	const char *path;
	enum fake_kind kind;
	unsigned int major, minor;
	uint64_t features; /* of vhost-scsi */
};

/* What an epoll fd looks at. */
struct fake_watch {
	struct fake_file *epoll, *file; /* NULL: free */
	int fd;
};

struct fake_map {
	void *at; /* NULL: none */
	uint64_t size;
	struct fake_file *file; /* of map_blocks(), which keeps the inode */
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
	int32_t pid, tid, next_tid;
	enum fake_proc proc;
	struct fake_worker stranger[FAKE_STRANGERS]; /* without a tid: begins with the next owner */
	uint32_t fd_limit, next_netns;
	struct fake_file *fds[FAKE_FDS];
	struct fake_file files[FAKE_FILES];
	struct fake_map maps[FAKE_MAPS];
	uint32_t fds_end, files_end; /* past the last that was ever used */
	struct fake_vhost vhosts[FAKE_VHOSTS];
	bool vhost_used[FAKE_VHOSTS];
	struct fake_vhost *open_vhosts[FAKE_VHOSTS]; /* in the order in which they were opened */
	uint32_t open_vhosts_count;
	struct fake_tap taps[FAKE_TAPS];
	struct fake_watch watches[FAKE_WATCHES];
	uint32_t watches_end; /* past the last that was ever used */
	struct fake_vm vms[FAKE_VMS];
	int node_errors[8];
	struct fake_failure failures[FAKE_FAILURES];
	const char *failed_names[FAKE_FAILURES];
	uint32_t failed, calls;
	struct fake_call call[FAKE_CALLS];
	uint32_t tear_log_base;	 /* countdown */
	uint32_t links;		 /* that have been made */
	uint32_t steals;	 /* links still to come of which another takes a queue */
	uint32_t steal_owner;	 /* who makes the link his own and leaves, instead; 0: nobody */
	struct fake_tap *stolen; /* that one, until it has an owner */
	fake_watch_fn *watch;
	void *watch_data;
};

/* profile.c: tables. */
extern const struct fake_profile fake_profiles[];
extern const struct fake_node fake_nodes[];
/** fake_sysfs() - a module parameter's text, or a tap's flags; -ENOENT. */
int fake_sysfs(struct fake *fake, const char *path, char *buf, size_t size);

/* fake.c: calls. */
/** fake_enter() - every operation begins here: it is counted, and gets the failure that waits for it, or 0. */
int fake_enter(struct fake *fake, const char *name, int fd, uint32_t index);
/** fake_leave() - ... and ends here. */
int fake_leave(struct fake *fake, int result);

/* file.c: files and fds. */
struct fake_file *fake_file_new(struct fake *fake, enum fake_kind kind);
struct fake_file *fake_file_ref(struct fake_file *file);
void fake_file_unref(struct fake *fake, struct fake_file *file);
/** fake_file_of() - the file of an fd; NULL: it is not open. */
struct fake_file *fake_file_of(struct fake *fake, int fd);
/** fake_fd_new() - the lowest free fd for a file, whose reference it takes over.  -EMFILE. */
int fake_fd_new(struct fake *fake, struct fake_file *file);
int fake_fd_close(struct fake *fake, int fd);

/* memfd.c: memory that several may map. */
/** fake_map_file() - map a part of a memfd, or zeros without one, between two guard pages. */
int fake_map_file(struct fake *fake, struct fake_file *file, uint64_t offset, uint64_t size,
		  void **ret);
void fake_unmap_file(struct fake *fake, void *addr, uint64_t size);
/** fake_inode() - the number of this file, which no other has while it is open or mapped. */
uint64_t fake_inode(const struct fake *fake, const struct fake_file *file);
/** fake_map_memory() - map blocks of a memfd, without guard pages. */
int fake_map_memory(struct fake *fake, struct fake_file *file, uint64_t offset, uint64_t size,
		    void **ret);
void fake_unmap_memory(struct fake *fake, void *addr, uint64_t size);
/** fake_memory_release() - the last reference to a memfd is gone. */
void fake_memory_release(struct fake_file *file);

/* user.c: the process's memory, as copy_from_user() and access_ok() see it. */
/** fake_user_get() - copy what an ioctl was given.  0 or -EFAULT. */
int fake_user_get(void *to, const void *from, size_t size);
int fake_user_put(void *to, const void *from, size_t size);
/** fake_user_copy() - copy within the process; false instead of a signal where there is no such memory. */
bool fake_user_copy(void *to, const void *from, size_t size);
/** fake_user_range() - is it in the user's half of the addresses at all?  Mapped or not. */
bool fake_user_range(uint64_t addr, uint64_t size);

/* vhost.c, vsock.c and ring.c. */
int fake_vhost_ioctl(struct fake *fake, struct fake_file *file, unsigned long request, void *arg);
/** fake_common_ioctl() - what all vhost devices answer alike. */
int fake_common_ioctl(struct fake *fake, struct fake_vhost *vhost, unsigned long request,
		      void *arg);
int fake_vsock_ioctl(struct fake *fake, struct fake_vhost *vhost, unsigned long request, void *arg);
/** fake_set_features() - one word, of which only these are offered. */
int fake_set_features(struct fake *fake, struct fake_vhost *vhost, const void *arg,
		      uint64_t offered);
int fake_set_backend_features(struct fake_vhost *vhost, const void *arg, uint64_t offered);
int fake_vring_ioctl(struct fake *fake, struct fake_vhost *vhost, unsigned long request, void *arg);
/** fake_set_eventfd() - a ring's or a log's, in place of another; VHOST_FILE_UNBIND takes it off. */
int fake_set_eventfd(struct fake *fake, struct fake_file **slot, int fd);
int fake_set_backend(struct fake *fake, struct fake_vhost *vhost, const void *arg);
/** fake_ring_ok() - may it start?  As vhost_vq_access_ok(). */
bool fake_ring_ok(const struct fake_vhost *vhost, const struct fake_ring *ring);
/** fake_ring_touch() - the first access to a ring's memory, as vhost_vq_init_access(). */
int fake_ring_touch(struct fake_vhost *vhost, struct fake_ring *ring);
/** fake_is_owner() - is this process the one that took ownership? */
bool fake_is_owner(const struct fake *fake, const struct fake_vhost *vhost);
void fake_vhost_init(struct fake_vhost *vhost);
void fake_vhost_release(struct fake *fake, struct fake_vhost *vhost);
/** fake_regions_ok() - may a ring that runs use this table?  As memory_access_ok(). */
bool fake_regions_ok(const struct fake_ring *ring, const struct fake_region *region, uint32_t count,
		     bool log);
bool fake_log_ok(uint64_t base, uint64_t guest, uint64_t size);

/* iotlb.c. */
const char *fake_message_name(const void *buf, size_t size);
int fake_message_write(struct fake *fake, struct fake_vhost *vhost, const void *buf, size_t size);
int fake_message_read(struct fake_vhost *vhost, void *buf, size_t size);
void fake_messages_clear(struct fake_vhost *vhost);
/** fake_iotlb_features() - these are set: what becomes of the mappings and the rings' addresses. */
void fake_iotlb_features(struct fake *fake, struct fake_vhost *vhost, bool iommu);
/** fake_iotlb_start() - vhost_vq_init_access() through it. */
int fake_iotlb_start(struct fake_vhost *vhost, struct fake_ring *ring);

/* poll.c: operations. */
int fake_poll(void *data, struct pollfd *fds, uint32_t count);
int fake_epoll(void *data);
int fake_epoll_add(void *data, int epoll, int fd);
int fake_epoll_del(void *data, int epoll, int fd);
/** fake_watch_forget() - a file is closed for good. */
void fake_watch_forget(struct fake *fake, const struct fake_file *file);

/* kvm.c. */
int fake_kvm_ioctl(struct fake *fake, struct fake_file *file, unsigned long request, void *arg);
void fake_vm_release(struct fake *fake, struct fake_vm *vm);
/** fake_eventfd_add() - add 1 to an eventfd, which may be an irqfd. */
void fake_eventfd_add(struct fake *fake, struct fake_file *file);
void fake_kvm_eventfd_closed(struct fake *fake, const struct fake_file *file);

/* task.c: threads. */
/** fake_worker_start() - what VHOST_SET_OWNER makes. */
void fake_worker_start(struct fake *fake, struct fake_vhost *vhost);
int fake_tasks(void *data, const char *prefix, bool kernel, struct vhi_task *ret, uint32_t room);
int fake_set_cpus(void *data, int32_t tid, const uint64_t *cpus, uint32_t words);
int fake_set_sched(void *data, int32_t tid, int32_t policy, int32_t priority);

/* tun.c. */
int fake_tun_ioctl(struct fake *fake, struct fake_file *file, unsigned long request, void *arg);
int fake_socket_ioctl(struct fake *fake, unsigned long request, void *arg);
void fake_tun_release(struct fake *fake, struct fake_file *file);
int fake_tun_write(const struct fake_file *file, const void *buf, size_t size);
bool fake_tun_failed(const struct fake_file *file);
/** fake_tap_find() - the tap of this name in a network namespace; NULL: there is none. */
struct fake_tap *fake_tap_find(struct fake *fake, uint32_t netns, const char *name);

/* link.c: operations. */
int fake_sys_link_get(void *data, const char *name, struct vhi_link *ret);
int fake_sys_link_delete(void *data, uint32_t index);
int fake_sys_link_watch(void *data, const char *name);

#endif
