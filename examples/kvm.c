/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kvm - a launcher without PCI: a VM of one vCPU whose guest drives a vhost-net device itself.  The
 * doorbell is an I/O port (ioeventfd), the interrupts are IRQ 5 and 6 (irqfd), and the vCPU leaves the
 * kernel only when the guest is done.
 * Numbered frames go in both directions between the guest and a packet socket on the tap; each is
 * checked.  Prints one line.  Needs root, /dev/kvm and an x86 CPU.
 */
#define _GNU_SOURCE 1

#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/kvm.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "kvm-guest.h"
#include "vhostconfig.h"

#define WINDOW	256 /* frames to the guest in flight at once, so that no queue overflows */
#define SILENCE 60  /* seconds without a frame: the rest is lost */

static unsigned char ram[0x10000] __attribute__((aligned(4096)));
static volatile const struct counts *const counts = (const struct counts *)(ram + COUNTS);
static uint8_t seen[FRAMES]; /* like SEEN, for what the guest sent */
static uint32_t arrived, foreign, exits;
static int vm, vcpu;
static struct kvm_run *run;
static struct vhc_ctx *ctx;

static int check(int r)
{
	if (r < 0)
		errx(1, "%s. %s", vhc_ctx_get_error(ctx)->text, vhc_ctx_get_error(ctx)->hint);
	return r;
}

static int kvm(int fd, unsigned long request, const char *name, uintptr_t arg)
{
	int r = ioctl(fd, request, arg);

	if (r < 0)
		err(1, "%s", name);
	return r;
}

#define KVM(fd, request, arg) kvm(fd, request, #request, (uintptr_t)(arg))

/* A VM with its memory at 0, interrupt controllers in the kernel, and a vCPU at the guest's start. */
static void make_vm(void)
{
	struct kvm_userspace_memory_region region = { .memory_size = sizeof(ram),
						      .userspace_addr = (uintptr_t)ram };
	struct kvm_regs regs = { .rflags = 2, .rsp = STACK };
	int node = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	struct kvm_sregs sregs;
	int size;

	if (node < 0)
		err(1, "/dev/kvm");
	vm = KVM(node, KVM_CREATE_VM, 0);
	size = KVM(node, KVM_GET_VCPU_MMAP_SIZE, 0);
	KVM(vm, KVM_SET_TSS_ADDR, 0xfffbd000); /* Intel CPUs need it for real mode */
	KVM(vm, KVM_CREATE_IRQCHIP, 0);
	KVM(vm, KVM_SET_USER_MEMORY_REGION, &region);
	vcpu = KVM(vm, KVM_CREATE_VCPU, 0);
	run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	if (run == MAP_FAILED)
		err(1, "mmap of the vCPU");
	KVM(vcpu, KVM_GET_SREGS, &sregs);
	sregs.cs.base = CODE;
	sregs.cs.selector = CODE >> 4;
	KVM(vcpu, KVM_SET_SREGS, &sregs);
	KVM(vcpu, KVM_SET_REGS, &regs);
	close(node);
}

/* The code, the interrupt vectors, and a frame in each transmit buffer. */
static void fill_ram(void)
{
	uint16_t *vectors = (uint16_t *)ram; /* offset and segment of each */

	memcpy(ram + CODE, guest_begin, (size_t)(guest_end - guest_begin));
	vectors[2 * 0x25] = (uint16_t)(irq5 - guest_begin);
	vectors[2 * 0x26] = (uint16_t)(irq6 - guest_begin);
	vectors[2 * 0x25 + 1] = vectors[2 * 0x26 + 1] = CODE >> 4;
	for (uint32_t i = 0; i < RING; i++)
		memcpy(ram + SEND + 0x1000 + i * BUFFER + HEADER, &model, sizeof(model));
}

/* The library's part: a device on @tap in the guest's memory, whose kicks and calls are the VM's. */
static struct vhc_dev *bring_up(struct vhc_tap *tap)
{
	struct vhc_features want, acked;
	struct vhc_mem *mem;
	struct vhc_dev *dev;

	check(vhc_mem_new(ctx, &mem));
	check(vhc_mem_add(mem,
			  VHC_ARG(vhc_region, .size = sizeof(ram), .user_addr = (uintptr_t)ram)));
	check(vhc_mem_commit(mem));
	check(vhc_dev_open(ctx, "net0", NULL, VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET), &dev));
	check(vhc_dev_set_mem(dev, mem));
	check(vhc_dev_set_tap(dev, tap));
	check(vhc_features_parse(ctx, VHC_TYPE_NET, "version_1", &want));
	check(vhc_dev_offer_features(dev, &want, &want, &acked));
	check(vhc_dev_set_features(dev, &acked, 0));
	for (uint32_t i = 0; i < 2; i++) {
		uint64_t at = i ? SEND : RECEIVE;

		check(vhc_ring_set_size(dev, i, RING));
		check(vhc_ring_set_addr(dev, i,
					VHC_ARG(vhc_ring_addr, .desc = at, .avail = at + 0x400,
						.used = at + 0x800)));
		check(vhc_ring_add_ioeventfd(
			dev, i, vm,
			VHC_ARG(vhc_ioeventfd, .addr = PORT, .len = 2, .datamatch = i,
				.flags = VHC_IOEVENTFD_PIO | VHC_IOEVENTFD_DATAMATCH)));
		check(vhc_ring_set_irqfd(dev, i, vm, VHC_ARG(vhc_irqfd, .gsi = 5 + i)));
	}
	check(vhc_dev_start(dev));
	vhc_mem_free(mem); /* the device keeps a reference */
	return dev;
}

/* The vCPU thread: stays in the kernel until the guest is done.  Returns NULL if it did. */
static void *run_guest(void *arg)
{
	do {
		int r = ioctl(vcpu, KVM_RUN, NULL);

		exits++;
		if (r < 0)
			return "KVM_RUN failed";
		if (run->exit_reason == KVM_EXIT_INTERNAL_ERROR)
			return "KVM internal error";
	} while (run->exit_reason == KVM_EXIT_INTR);
	return run->exit_reason == KVM_EXIT_IO && run->io.port == DONE ? NULL
								       : "an unexpected exit";
}

/* The other end: a packet socket on the link, with space for everything the guest sends. */
static int open_wire(const char *name)
{
	struct sockaddr_ll addr = { AF_PACKET, model.type, (int)if_nametoindex(name) };
	struct ifreq link = { .ifr_flags = IFF_UP };
	int wire = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, model.type);
	int room = 1 << 28;

	strncpy(link.ifr_name, name, IFNAMSIZ - 1);
	if (wire < 0 || setsockopt(wire, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    ioctl(wire, SIOCSIFFLAGS, &link) || bind(wire, (struct sockaddr *)&addr, sizeof(addr)))
		err(1, "packet socket on %s", name);
	return wire;
}

/* Exchanges frames until all of them have arrived, here and, as it says, in the guest. */
static void exchange(int wire)
{
	struct pollfd poll_fd = { .fd = wire, .events = POLLIN };
	time_t last = time(NULL);
	struct frame frame;
	uint16_t sent = 0;

	while ((arrived < FRAMES || counts->received < FRAMES) && time(NULL) - last < SILENCE) {
		uint32_t before = arrived + counts->received;

		for (; sent < FRAMES && sent - counts->received < WINDOW; sent++) {
			frame = model;
			frame.number = sent;
			if (send(wire, &frame, sizeof(frame), 0) < 0)
				break;
		}
		for (ssize_t n; (n = recv(wire, &frame, sizeof(frame), MSG_TRUNC)) >= 0;)
			if (n == sizeof(frame) && frame.number < FRAMES) {
				seen[frame.number]++;
				arrived++;
			} else {
				foreign++;
			}
		poll(&poll_fd, 1, 1);
		if (arrived + counts->received != before)
			last = time(NULL);
	}
}

static uint32_t bad(const char *way, const uint8_t *times)
{
	uint32_t lost = 0, duplicated = 0;

	for (uint32_t i = 0; i < FRAMES; i++) {
		lost += !times[i];
		duplicated += times[i] > 1 ? times[i] - 1u : 0;
	}
	printf("%s %u frames, %u lost, %u duplicated; ", way, FRAMES, lost, duplicated);
	return lost + duplicated;
}

int main(void)
{
	void *failure = "the guest is not done";
	struct vhc_tap *tap;
	struct timespec deadline;
	struct vhc_dev *dev;
	pthread_t thread;
	uint32_t wrong;
	int wire;

	if (vhc_ctx_new(&ctx) || unshare(CLONE_NEWNET))
		err(1, "cannot create a network namespace");
	check(vhc_tap_open(ctx, NULL, NULL, &tap));
	make_vm();
	fill_ram();
	dev = bring_up(tap);
	wire = open_wire(vhc_tap_get_name(tap));
	if (pthread_create(&thread, NULL, run_guest, NULL))
		errx(1, "cannot create a thread for the vCPU");
	exchange(wire);
	wrong = foreign + bad("from the guest", seen);
	wrong += bad("to the guest", ram + SEEN);
	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += SILENCE;
	pthread_timedjoin_np(thread, &failure, &deadline);
	printf("interrupts %u and %u, doorbells %u and %u, KVM_RUN returned %u times%s%s\n",
	       counts->interrupts[0], counts->interrupts[1], counts->doorbells[0],
	       counts->doorbells[1], exits, failure ? ": " : "", failure ? (char *)failure : "");
	vhc_dev_close(dev);
	vhc_tap_close(tap);
	vhc_ctx_free(ctx);
	return wrong || failure;
}
