/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel - of the kernel's structs, the members that the BPF program reads.
 *
 * CO-RE finds them by name in whatever kernel the program is loaded into; their place and order here mean
 * nothing, and a member that a kernel lacks is asked for with bpf_core_field_exists().
 */
#ifndef LOOK_KERNEL_H
#define LOOK_KERNEL_H

typedef unsigned char __u8;
typedef unsigned short __u16, __be16, __sum16;
typedef unsigned int __u32, __be32, __wsum;
typedef unsigned long long __u64;
typedef int __s32;
typedef long long __s64;
typedef __u32 uint32_t;
typedef __s32 int32_t;
typedef __u64 uint64_t;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};
struct net {
	struct ns_common ns;
};
typedef struct {
	struct net *net;
} possible_net_t;
struct net_device {
	char name[16];
	int ifindex;
	unsigned int mtu;
	possible_net_t nd_net;
};
struct upid {
	int nr;
};
struct pid {
	unsigned int level;
	struct upid numbers[1];
};
struct mm_struct;
struct task_struct {
	int tgid, pid;
	struct mm_struct *mm;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	char comm[16];
};
struct inode {
	unsigned short i_mode;
	unsigned int i_rdev;
};
struct file {
	struct inode *f_inode;
	void *private_data;
};
struct eventfd_ctx {
	__u64 count;
	int id;
};
struct list_head {
	struct list_head *next;
};
typedef struct {
	long counter;
} atomic_long_t;
struct mutex {
	atomic_long_t owner;
};
struct vhost_iotlb_map {
	struct list_head link;
	__u64 start, size, addr;
	__u32 perm;
};
struct vhost_iotlb {
	struct list_head list;
	unsigned int limit, nmaps;
};
struct vhost_task {
	struct task_struct *task;
};
struct vhost_worker {
	struct vhost_task *vtsk;
	struct task_struct *kthread_task;
};
struct vhost_vring_call {
	struct eventfd_ctx *ctx;
};
struct vhost_virtqueue {
	unsigned int num;
	void *desc, *avail, *used;
	struct file *kick;
	struct vhost_vring_call call_ctx;
	struct eventfd_ctx *error_ctx;
	__u16 last_avail_idx, avail_idx, last_used_idx, signalled_used;
	_Bool log_used;
	__u64 log_addr;
	void *log_base, *private_data;
	__u64 acked_features, acked_backend_features;
	int busyloop_timeout;
	struct vhost_worker *worker;
};
/* Of a kernel with more than 64 features. */
struct vhost_virtqueue___wide {
	__u64 acked_features_array[2];
};
struct vhost_dev {
	struct mm_struct *mm;
	struct mutex mutex;
	struct vhost_virtqueue **vqs;
	int nvqs;
	struct eventfd_ctx *log_ctx;
	struct vhost_iotlb *umem, *iotlb;
	void *worker;
};
struct vhost_net_virtqueue {
	struct vhost_virtqueue vq;
	unsigned long vhost_hlen, sock_hlen;
};
struct vhost_vsock {
	__u32 guest_cid;
};
struct vhost_scsi {
	struct vhost_dev dev;
};
struct socket {
	struct file *file;
	struct sock *sk;
};
struct tun_struct {
	struct net_device *dev;
	__u64 set_features;
};
struct tun_file {
	struct tun_struct *tun, *detached;
	__u16 queue_index;
};
struct tap_dev {
	struct net_device *dev;
	__u64 tap_features;
};
struct tap_queue {
	struct tap_dev *tap;
	__u16 queue_index;
	_Bool enabled;
};
struct packet_type {
	struct net_device *dev;
};
struct packet_sock {
	struct packet_type prot_hook;
};
struct seq_file;
struct bpf_iter_meta {
	struct seq_file *seq;
};
struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
};

#pragma clang attribute pop

#endif
