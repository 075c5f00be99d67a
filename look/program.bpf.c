// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * program - reads the vhost devices behind the open files of all processes.
 *
 * The kernel calls it for each file of each task (iter/task_file).  The helpers that it needs are for
 * programs under the GPL, so this one file is; it is loaded into the kernel and linked to nothing.
 *
 * Every read is a probe: a pointer that has gone bad gives zeros.
 *
 * The verifier follows a static function on every path that leads to it, and a global one only once.
 * So what reads is in global functions, which take addresses as numbers and fill the records below; a
 * global function must itself guard against types that a kernel does not have.
 */
#include "kernel.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "record.h"

char _license[] SEC("license") = "GPL";

/* ------------------------------------------------------------------------ its variables */

struct record_request request;

/* Scratch, right because each process that looks loads a program of its own. */
struct record_device device;
struct record_ring ring;
struct record_end end;
__u64 task_address;

/* kdev_t: not the form of stat(2) */
#define MAJOR(dev)	   ((dev) >> 20)
#define NODE(major, minor) ((major) << 20 | (minor))
#define MISC		   10
#define TUN_MINOR	   200
#define NET_MINOR	   238
#define VSOCK_MINOR	   241

#define S_IFMT	 0170000
#define S_IFCHR	 0020000
#define S_IFSOCK 0140000

static __u32 node_of(__u32 rdev)
{
	if (rdev == NODE(MISC, NET_MINOR))
		return RECORD_NET;
	if (rdev == NODE(MISC, VSOCK_MINOR))
		return RECORD_VSOCK;
	if (request.scsi && rdev == request.scsi)
		return RECORD_SCSI;
	if (request.vdpa && MAJOR(rdev) == request.vdpa)
		return RECORD_VDPA;
	return RECORD_OTHER;
}

/* ------------------------------------------------------------------------ reading */

static __s32 eventfd_id(struct eventfd_ctx *ctx)
{
	return ctx ? BPF_CORE_READ(ctx, id) : -1;
}

/* The number of a thread in the namespace of who reads, which may be an inner one. */
__attribute__((noinline)) __u64 number_of(__u64 task)
{
	struct task_struct *reader = (void *)bpf_get_current_task();
	struct pid *pid = BPF_CORE_READ((struct task_struct *)task, thread_pid);
	__u32 level = BPF_CORE_READ(reader, thread_pid, level);
	int nr = 0;

	if (!pid || level > BPF_CORE_READ(pid, level))
		return 0;
	bpf_probe_read_kernel(&nr, sizeof(nr),
			      (void *)pid + bpf_core_field_offset(struct pid, numbers) +
				      level * bpf_core_type_size(struct upid));
	return (__u32)nr;
}

__attribute__((noinline)) __u64 read_table(__u64 address)
{
	struct vhost_dev *dev = (void *)address;
	struct vhost_iotlb *umem = BPF_CORE_READ(dev, umem);
	struct vhost_iotlb *iotlb = BPF_CORE_READ(dev, iotlb);

	device.memory = (__u64)umem;
	device.regions = umem ? BPF_CORE_READ(umem, nmaps) : 0;
	device.iommu = !!iotlb;
	device.iotlb_entries = iotlb ? BPF_CORE_READ(iotlb, nmaps) : 0;
	device.iotlb_limit = iotlb ? BPF_CORE_READ(iotlb, limit) : 0;
	device.busy = 0;
	if (bpf_core_field_exists(dev->mutex.owner))
		device.busy = !!BPF_CORE_READ(dev, mutex.owner.counter);
	return 0;
}

__attribute__((noinline)) __u64 read_device(__u64 address)
{
	struct task_struct *task = (void *)task_address;
	struct vhost_dev *dev = (void *)address;
	struct mm_struct *owner = BPF_CORE_READ(dev, mm);

	device.dev = address;
	device.owned = !!owner;
	device.owner = owner && owner == BPF_CORE_READ(task, mm);
	device.pid = (__s32)number_of((__u64)BPF_CORE_READ(task, group_leader));
	device.rings = (__u32)BPF_CORE_READ(dev, nvqs);
	device.log_eventfd = eventfd_id(BPF_CORE_READ(dev, log_ctx));
	device.guest_cid = 0;
	if (device.node == RECORD_VSOCK && bpf_core_field_exists(struct vhost_vsock, guest_cid))
		device.guest_cid = BPF_CORE_READ((struct vhost_vsock *)address, guest_cid);
	BPF_CORE_READ_INTO(&device.comm, task, group_leader, comm);
	return read_table(address);
}

__attribute__((noinline)) __u64 read_end(__u64 address)
{
	struct vhost_dev *dev = (void *)address;
	struct vhost_iotlb *umem = BPF_CORE_READ(dev, umem);

	end.memory = (__u64)umem;
	end.regions = umem ? BPF_CORE_READ(umem, nmaps) : 0;
	end.busy = 0;
	if (bpf_core_field_exists(dev->mutex.owner))
		end.busy = !!BPF_CORE_READ(dev, mutex.owner.counter);
	return 0;
}

__attribute__((noinline)) __u64 read_net_device(__u64 address)
{
	struct net_device *dev = (void *)address;

	BPF_CORE_READ_INTO(&ring.link.name, dev, name);
	ring.link.index = (__u32)BPF_CORE_READ(dev, ifindex);
	ring.link.mtu = BPF_CORE_READ(dev, mtu);
	ring.link.netns = BPF_CORE_READ(dev, nd_net.net, ns.inum);
	return 0;
}

__attribute__((noinline)) __u64 read_tun(__u64 address)
{
	struct tun_file *queue = (void *)address;

	if (bpf_core_type_exists(struct tun_file)) {
		struct tun_struct *tun = BPF_CORE_READ(queue, tun);

		ring.link.queue = BPF_CORE_READ(queue, queue_index);
		ring.link.detached = !!BPF_CORE_READ(queue, detached);
		if (tun) {
			ring.link.tap = 1;
			ring.link.offloads = BPF_CORE_READ(tun, set_features);
			read_net_device((__u64)BPF_CORE_READ(tun, dev));
		}
	}
	return 0;
}

/* macvtap and ipvtap */
__attribute__((noinline)) __u64 read_tap(__u64 address)
{
	struct tap_queue *queue = (void *)address;

	if (bpf_core_type_exists(struct tap_queue)) {
		struct tap_dev *tap = BPF_CORE_READ(queue, tap);

		ring.link.queue = BPF_CORE_READ(queue, queue_index);
		ring.link.detached = !BPF_CORE_READ(queue, enabled);
		if (tap) {
			ring.link.tap = 1;
			ring.link.offloads = BPF_CORE_READ(tap, tap_features);
			read_net_device((__u64)BPF_CORE_READ(tap, dev));
		}
	}
	return 0;
}

/* The link behind a socket that is a net device's back end. */
__attribute__((noinline)) __u64 read_link(__u64 address)
{
	struct socket *sock = (void *)address;
	struct file *file = BPF_CORE_READ(sock, file);
	__u32 mode = BPF_CORE_READ(file, f_inode, i_mode);
	__u64 queue = (__u64)BPF_CORE_READ(file, private_data);

	if ((mode & S_IFMT) == S_IFSOCK) {
		struct packet_sock *packet = (void *)BPF_CORE_READ(sock, sk);

		if (bpf_core_type_exists(struct packet_sock))
			read_net_device((__u64)BPF_CORE_READ(packet, prot_hook.dev));
	} else if (BPF_CORE_READ(file, f_inode, i_rdev) == NODE(MISC, TUN_MINOR)) {
		read_tun(queue);
	} else {
		read_tap(queue);
	}
	return 0;
}

/* The thread that serves a ring. */
__attribute__((noinline)) __u64 read_worker(__u64 address, __u64 vq_address)
{
	struct vhost_virtqueue *vq = (void *)vq_address;
	struct vhost_dev *dev = (void *)address;
	struct task_struct *task = NULL;

	if (bpf_core_type_exists(struct vhost_worker)) {
		struct vhost_worker *worker;

		if (bpf_core_field_exists(vq->worker))
			worker = BPF_CORE_READ(vq, worker);
		else
			worker = BPF_CORE_READ(dev, worker);
		if (worker && bpf_core_field_exists(worker->vtsk))
			task = BPF_CORE_READ(worker, vtsk, task);
		if (worker && !task && bpf_core_field_exists(worker->kthread_task))
			task = BPF_CORE_READ(worker, kthread_task);
	} else if (bpf_core_field_exists(dev->worker)) {
		task = BPF_CORE_READ(dev, worker);
	}
	ring.worker = task ? (__s32)number_of((__u64)task) : 0;
	return 0;
}

/* The used index comes before the available one: what is under way is then never less than nothing. */
__attribute__((noinline)) __u64 read_indices(__u64 address)
{
	struct vhost_virtqueue *vq = (void *)address;

	ring.last_used = BPF_CORE_READ(vq, last_used_idx);
	ring.signalled = BPF_CORE_READ(vq, signalled_used);
	ring.last_avail = BPF_CORE_READ(vq, last_avail_idx);
	ring.avail_index = BPF_CORE_READ(vq, avail_idx);
	return 0;
}

__attribute__((noinline)) __u64 read_eventfds(__u64 address)
{
	struct vhost_virtqueue *vq = (void *)address;
	struct file *kick = BPF_CORE_READ(vq, kick);
	struct eventfd_ctx *ctx = kick ? BPF_CORE_READ(kick, private_data) : NULL;

	ring.kick = eventfd_id(ctx);
	ring.kicks = ctx ? BPF_CORE_READ(ctx, count) : 0;
	ctx = BPF_CORE_READ(vq, call_ctx.ctx);
	ring.call = eventfd_id(ctx);
	ring.calls = ctx ? BPF_CORE_READ(ctx, count) : 0;
	ring.err = eventfd_id(BPF_CORE_READ(vq, error_ctx));
	return 0;
}

__attribute__((noinline)) __u64 read_features(__u64 address)
{
	struct vhost_virtqueue *vq = (void *)address;
	struct vhost_virtqueue___wide *wide = (void *)address;

	ring.features[0] = BPF_CORE_READ(vq, acked_features);
	ring.features[1] = 0;
	if (bpf_core_field_exists(wide->acked_features_array))
		ring.features[1] = BPF_CORE_READ(wide, acked_features_array[1]);
	ring.backend_features = BPF_CORE_READ(vq, acked_backend_features);
	return 0;
}

__attribute__((noinline)) __u64 read_ring(__u64 address, __u64 vq_address)
{
	struct vhost_virtqueue *vq = (void *)vq_address;
	void *backend = BPF_CORE_READ(vq, private_data);

	__builtin_memset(&ring.link, 0, sizeof(ring.link));
	ring.header = 0;
	ring.running = !!backend;
	ring.size = BPF_CORE_READ(vq, num);
	ring.desc = (__u64)BPF_CORE_READ(vq, desc);
	ring.avail = (__u64)BPF_CORE_READ(vq, avail);
	ring.used = (__u64)BPF_CORE_READ(vq, used);
	ring.log_used = BPF_CORE_READ(vq, log_used);
	ring.log_addr = BPF_CORE_READ(vq, log_addr);
	ring.log_base = (__u64)BPF_CORE_READ(vq, log_base);
	ring.busyloop = (__u32)BPF_CORE_READ(vq, busyloop_timeout);
	read_indices(vq_address);
	read_eventfds(vq_address);
	read_features(vq_address);
	read_worker(address, vq_address);
	if (device.node != RECORD_NET)
		return 0;
	if (bpf_core_type_exists(struct vhost_net_virtqueue)) {
		struct vhost_net_virtqueue *net = (void *)vq_address;

		ring.header =
			(__u32)(BPF_CORE_READ(net, vhost_hlen) + BPF_CORE_READ(net, sock_hlen));
	}
	if (backend)
		read_link((__u64)backend);
	return 0;
}

/* ------------------------------------------------------------------------ writing */

struct writer {
	struct seq_file *seq;
	__u64 dev;
	__u64 node, head; /* of the list of regions */
	__u32 walked;
};

static long write_ring(__u32 turn, void *data)
{
	struct writer *writer = data;
	__u32 index = request.pass * RECORD_RINGS + turn;
	struct vhost_dev *dev = (void *)writer->dev;
	struct vhost_virtqueue **all, *vq = NULL;

	if (index >= device.rings)
		return 1;
	all = BPF_CORE_READ(dev, vqs);
	bpf_probe_read_kernel(&vq, sizeof(vq), all + index);
	if (!vq)
		return 1;
	ring.type = RECORD_RING;
	ring.index = index;
	read_ring(writer->dev, (__u64)vq);
	return bpf_seq_write(writer->seq, &ring, sizeof(ring)) ? 1 : 0;
}

static long write_region(__u32 turn, void *data)
{
	struct writer *writer = data;
	struct list_head *node = (void *)writer->node;
	__u32 first = request.pass * RECORD_REGIONS;
	struct vhost_iotlb_map *map;

	if (!node || writer->node == writer->head)
		return 1;
	map = (void *)node - bpf_core_field_offset(struct vhost_iotlb_map, link);
	if (turn >= first && turn - first < RECORD_REGIONS) {
		struct record_region region;

		region.type = RECORD_REGION;
		region.start = BPF_CORE_READ(map, start);
		region.size = BPF_CORE_READ(map, size);
		region.addr = BPF_CORE_READ(map, addr);
		region.perm = BPF_CORE_READ(map, perm);
		bpf_seq_write(writer->seq, &region, sizeof(region));
	}
	writer->node = (__u64)BPF_CORE_READ(node, next);
	writer->walked = turn + 1;
	return 0;
}

#define TURNS_MAX (1u << 20)

static void write_regions(struct writer *writer)
{
	struct vhost_iotlb *umem = (void *)device.memory;

	if (!umem)
		return;
	writer->head = (__u64)umem + bpf_core_field_offset(struct vhost_iotlb, list);
	writer->node = (__u64)BPF_CORE_READ(umem, list.next);
	bpf_loop(device.regions < TURNS_MAX ? device.regions + 1 : TURNS_MAX, write_region, writer,
		 0);
}

SEC("iter/task_file")
int look(struct bpf_iter__task_file *ctx)
{
	struct writer writer;
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	__u64 dev;

	if (!task || !file)
		return 0;
	device.node = node_of(BPF_CORE_READ(file, f_inode, i_rdev));
	if (device.node == RECORD_OTHER ||
	    (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFCHR)
		return 0;
	dev = (__u64)BPF_CORE_READ(file, private_data);
	if (!dev) /* an O_PATH fd */
		return 0;
	if (device.node == RECORD_SCSI && bpf_core_field_exists(struct vhost_scsi, dev))
		dev += bpf_core_field_offset(struct vhost_scsi, dev);
	*(struct task_struct *volatile *)&task_address = task;
	device.type = RECORD_DEVICE;
	device.fd = ctx->fd;
	read_device(dev);
	__builtin_memset(&writer, 0, sizeof(writer));
	writer.seq = ctx->meta->seq;
	writer.dev = dev;
	bpf_seq_write(writer.seq, &device, sizeof(device));
	bpf_loop(RECORD_RINGS, write_ring, &writer, 0);
	write_regions(&writer);
	end.type = RECORD_END;
	end.walked = writer.walked;
	read_end(dev);
	bpf_seq_write(writer.seq, &end, sizeof(end));
	return 0;
}
