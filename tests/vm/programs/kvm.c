/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kvm - rings bound to a real VM: which fds are accepted as one, conflicting owners, what a forked child
 * can do, interrupts that are masked and moved while frames arrive, and that nothing is left.  Prints TAP.
 */
#include <errno.h>
#include <poll.h>
#include <sys/wait.h>

#include "bring-up.h"
#include "frames.h"
#include "guest.h"

#define PORT	  0xc050u
#define FRAMES	  3000u
#define MOVES	  300u		  /* frames while an interrupt moves, which takes KVM up to 20 ms */
#define OTHER_IRQ (GUEST_IRQ + 1) /* the guest takes none of these */

static struct bring_up b;
static struct guest guest;
static const char *text; /* of the last error */
static int number, failed;

static void result(const char *what, bool good, const char *said)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++number, what);
	if (!good)
		printf("# %s\n", said);
	failed += !good;
	fflush(stdout);
}

static const struct vhc_ioeventfd bell = { sizeof(bell), PORT, 1, 2,
					   VHC_IOEVENTFD_PIO | VHC_IOEVENTFD_DATAMATCH };

/* What the launcher itself does with the same address. */
static int launchers_bell(int vm, int file, bool on)
{
	struct kvm_ioeventfd arg = { .addr = PORT,
				     .len = 2,
				     .datamatch = 1,
				     .fd = file,
				     .flags = KVM_IOEVENTFD_FLAG_PIO |
					      KVM_IOEVENTFD_FLAG_DATAMATCH |
					      (on ? 0u : KVM_IOEVENTFD_FLAG_DEASSIGN) };

	return ioctl(vm, KVM_IOEVENTFD, &arg) ? -errno : 0;
}

static int launchers_irq(int vm, int file, bool on)
{
	struct kvm_irqfd arg = { .fd = (uint32_t)file,
				 .gsi = 9,
				 .flags = on ? 0 : KVM_IRQFD_FLAG_DEASSIGN };

	return ioctl(vm, KVM_IRQFD, &arg) ? -errno : 0;
}

static int bind_irq(void)
{
	return vhc_ring_set_irqfd(b.dev, 0, guest.vm, VHC_ARG(vhc_irqfd, .gsi = GUEST_IRQ));
}

/* --------------------------------------------------------------------------------- what is no VM */

static void no_vm(void)
{
	/* the vCPU is running: its thread is in the kernel, and an ioctl would wait for it */
	const struct {
		const char *what, *said;
		int fd, code;
	} cases[] = {
		{ "/dev/kvm is no VM", "it is /dev/kvm", guest.kvm, -EINVAL },
		{ "a running vCPU is no VM", "kvm-vcpu", guest.vcpu, -EINVAL },
		{ "an eventfd is no VM", "[eventfd]", eventfd(0, 0), -EINVAL },
		{ "a file is no VM", "ENOTTY", open("/proc/self/exe", O_RDONLY), -EINVAL },
		{ "a memfd is no VM", "memfd", memfd_create("m", 0), -EINVAL },
		{ "a socket is no VM", "socket:", wire, -EINVAL },
		{ "/dev/vhost-net is no VM", "/dev/vhost-net", open("/dev/vhost-net", O_RDWR),
		  -EINVAL },
		{ "a tap is no VM", "/dev/net/tun", vhc_tap_get_fd(b.tap, 0), -EINVAL },
		{ "a closed fd is no VM", "VM fd 900", 900, -EBADF },
	};
	unsigned int before = count_fds();
	bool said = true;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int r = vhc_ring_add_ioeventfd(b.dev, 1, cases[i].fd, &bell);

		result(cases[i].what, r == cases[i].code && strstr(text, cases[i].said), text);
		said = said && vhc_ring_set_irqfd(b.dev, 1, cases[i].fd,
						  VHC_ARG(vhc_irqfd, .gsi = 5)) == cases[i].code;
	}
	result("nor accepted for an interrupt", said, text);
	result("and none of them was kept", count_fds() == before, "fds are left");
	for (int i = 2; i < 7; i++)
		if (cases[i].fd != wire)
			close(cases[i].fd);
}

/* ------------------------------------------------------------------------------------- doorbells */

static void taken(void)
{
	int file = eventfd(0, EFD_CLOEXEC), r;
	struct vhc_ctx *other;
	struct vhc_dev *dev;

	result("a doorbell is added", !vhc_ring_add_ioeventfd(b.dev, 1, guest.vm, &bell), text);
	result("KVM has it", launchers_bell(guest.vm, file, true) == -EEXIST, "it has not");
	r = vhc_ring_add_ioeventfd(b.dev, 0, guest.vm, &bell);
	result("another ring gets -EEXIST with its owner",
	       r == -EEXIST && strstr(text, "port 0xc050, 2 bytes, value 0x1 is taken by ring 1 of "
					    "net0"),
	       text);
	r = vhc_ctx_new(&other)
		    ?: vhc_dev_open(other, "net1", NULL,
				    VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET), &dev);
	r = r ?: vhc_ring_add_ioeventfd(dev, 0, guest.vm, &bell);
	result("a ring of another context gets KVM's answer",
	       r == -EEXIST && strstr(vhc_ctx_get_error(other)->text, "or another context's"),
	       vhc_ctx_get_error(other)->text);
	vhc_dev_close(dev);
	vhc_ctx_free(other);
	result("another kick is set", !vhc_ring_set_kick(b.dev, 1, file), text);
	result("KVM uses that one now", launchers_bell(guest.vm, file, false) == 0, "it has not");
	result("deleting what the launcher removed succeeds",
	       !vhc_ring_del_ioeventfd(b.dev, 1, &bell), text);
	result("it is added again", !vhc_ring_add_ioeventfd(b.dev, 1, guest.vm, &bell), text);
	result("no kick is set", !vhc_ring_set_kick(b.dev, 1, -1), text);
	result("the address is free", launchers_bell(guest.vm, file, true) == 0, "it is not");
	r = vhc_ring_get_kick(b.dev, 1);
	result("a kick for a taken address is refused", r == -EEXIST && strstr(text, "0xc050"),
	       text);
	launchers_bell(guest.vm, file, false);
	result("and accepted when it is free", vhc_ring_get_kick(b.dev, 1) >= 0, text);
	close(file);
}

/* ------------------------------------------------------------------------------------ interrupts */

static uint32_t calls; /* that were read from the call eventfd */

static uint32_t count_calls(void)
{
	eventfd_t n = 0;

	if (poll(&(struct pollfd){ receive.call, POLLIN, 0 }, 1, 0) == 1)
		eventfd_read(receive.call, &n);
	return calls += (uint32_t)n;
}

static uint32_t count_irqs(void)
{
	return guest_count(&guest);
}

static uint32_t pending, vhost_calls;

static int mask_a_while(useconds_t us)
{
	int r = vhc_ring_set_masked(b.dev, 0, true);

	usleep(us);
	pending += vhc_ring_is_pending(b.dev, 0);
	return r ?: vhc_ring_set_masked(b.dev, 0, false);
}

/* What goes to the other gsi does not reach the guest. */
static int move_a_while(useconds_t us)
{
	int r = vhc_ring_set_irqfd(b.dev, 0, guest.vm, VHC_ARG(vhc_irqfd, .gsi = OTHER_IRQ));

	usleep(us);
	return r ?: bind_irq();
}

/*
 * One frame at a time, while the ring is disturbed at random moments: at the end an interrupt must have
 * come, since no other frame will bring one.
 */
static void under_load(const char *what, uint32_t frames, uint32_t (*count)(void),
		       int (*disturb)(useconds_t us))
{
	uint32_t lost = 0, times = 0, i;
	unsigned int seed = 1;
	char said[160];
	int r = 0;

	for (i = pending = 0; i < frames && !lost && !r; i++) {
		uint32_t before = count();

		sem_post(&to_send);
		for (int n = rand_r(&seed) % 4; n > 0 && !r; n--, times++)
			r = disturb((useconds_t)(rand_r(&seed) % 200));
		if (!comes_true(frame_came()) || !comes_true(count() != before))
			lost++;
	}
	snprintf(said, sizeof(said), "%u frames, %u lost interrupts, %u times, %u held back: %s", i,
		 lost, times, pending, r ? text : "");
	printf("# %s: %s\n", what, said);
	result(what, !lost && !r && (pending || disturb != mask_a_while), said);
}

static void count_vhost(void *data, enum vhc_level level, const char *line)
{
	vhost_calls += strstr(line, "VHOST_") != NULL;
}

static void move_under_load(void)
{
	vhost_calls = 0;
	vhc_ctx_set_log(b.ctx, VHC_LEVEL_DEBUG, count_vhost, NULL);
	under_load("an interrupt that moves under load: none is lost", MOVES, count_irqs,
		   move_a_while);
	vhc_ctx_set_log(b.ctx, VHC_LEVEL_DEBUG, NULL, NULL);
	result("and vhost is not called", !vhost_calls, "it is");
}

/* What was in flight has arrived: nothing more comes for half a second. */
static uint32_t settled(uint32_t (*count)(void))
{
	uint32_t before = count();

	for (int quiet = 0; quiet < 50; quiet++) {
		uint32_t now = count();

		if (now != before)
			quiet = 0;
		before = now;
		usleep(10000);
	}
	return before;
}

/* While it is masked no interrupt arrives, however long it takes; then one. */
static void mask_alone(const char *what, uint32_t (*count)(void))
{
	uint32_t before;
	bool held;

	vhc_ring_set_masked(b.dev, 0, true);
	before = settled(count);
	sem_post(&to_send);
	held = comes_true(frame_came()) && comes_true(vhc_ring_is_pending(b.dev, 0));
	usleep(20000);
	held = held && count() == before;
	vhc_ring_set_masked(b.dev, 0, false);
	result(what, held && comes_true(count() != before), held ? "it did not come" : "not held");
}

static void interrupts(void)
{
	int resample = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	uint32_t before;

	mask_alone("a masked call waits until it is unmasked", count_calls);
	under_load("calls masked under load: none is lost", FRAMES, count_calls, mask_a_while);
	result("the call becomes an interrupt", !bind_irq(), text);
	before = guest_count(&guest);
	sem_post(&to_send);
	result("which the guest receives", comes_true(guest_count(&guest) != before),
	       "it does not");
	mask_alone("a masked interrupt waits until it is unmasked", count_irqs);
	under_load("interrupts masked under load: none is lost", FRAMES, count_irqs, mask_a_while);
	move_under_load();
	result("a level interrupt in its place",
	       !vhc_ring_set_irqfd(b.dev, 0, guest.vm,
				   VHC_ARG(vhc_irqfd, .gsi = GUEST_IRQ, .flags = VHC_IRQFD_RESAMPLE,
					   .resample_fd = resample)),
	       text);
	comes_true(frame_came());
	usleep(20000);
	eventfd_read(resample, &(eventfd_t){ 0 });
	before = guest_count(&guest);
	sem_post(&to_send);
	result("the guest receives it", comes_true(guest_count(&guest) != before), "it does not");
	result("and its end is signalled",
	       comes_true(poll(&(struct pollfd){ resample, POLLIN, 0 }, 1, 0) == 1), "it is not");
	comes_true(frame_came());
	result("back to an edge interrupt", !bind_irq(), text);
	close(resample);
}

/* --------------------------------------------------------------------------- a child, and the end */

/* In the child: what it may not do is refused, and it closes what it inherited without harm. */
static int child(void)
{
	const struct vhc_ioeventfd other = { sizeof(other), PORT + 2, 0, 2, VHC_IOEVENTFD_PIO };

	int r = vhc_ring_add_ioeventfd(b.dev, 1, guest.vm, &other);

	/* from the VM, which is checked first, or from the device */
	if ((r != -EIO || !strstr(text, "another process")) &&
	    (r != -EPERM || !strstr(text, "forked child")))
		return 1;
	if (vhc_ring_del_ioeventfd(b.dev, 1, &bell) != -EPERM || !strstr(text, "forked child"))
		return 2;
	if (vhc_ring_set_irqfd(b.dev, 0, -1, NULL) != -EPERM || !strstr(text, "forked child"))
		return 3;
	if (vhc_ring_set_masked(b.dev, 0, true) != -EPERM || !strstr(text, "forked child"))
		return 4;
	vhc_dev_close(b.dev);
	return 0;
}

static void forked(void)
{
	int status = -1, file = eventfd(0, EFD_CLOEXEC);
	uint32_t before = guest_count(&guest);

	if (fork() == 0)
		_exit(child());
	wait(&status);
	result("a forked child is refused, with the reason", status == 0, "see the program");
	result("the doorbell is still there", launchers_bell(guest.vm, file, true) == -EEXIST,
	       "no");
	sem_post(&to_send);
	result("and the interrupts arrive", comes_true(guest_count(&guest) != before), "no");
	close(file);
}

/* Address and eventfd can be bound again, by any process. */
static void nothing_left(const char *what, int kick, int call)
{
	char said[96];
	int bell_on = launchers_bell(guest.vm, kick, true);
	int irq_on = launchers_irq(guest.vm, call, true);

	snprintf(said, sizeof(said), "the doorbell: %d, the interrupt: %d", bell_on, irq_on);
	result(what, !bell_on && !irq_on, said);
	launchers_bell(guest.vm, kick, false);
	launchers_irq(guest.vm, call, false);
}

int main(void)
{
	unsigned int before, vm_fds;
	int kick, call;

	wire = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(0x88b5));
	guest_start(&guest);
	before = count_fds();
	if (bring_up_memory(&b, 1) || bring_up(&b, 1))
		errx(1, "%s", vhc_ctx_get_error(b.ctx)->text);
	text = vhc_ctx_get_error(b.ctx)->text;
	vm_fds = count_fds();
	frames_start(&b);
	no_vm();
	taken();
	interrupts();
	result("all of it takes one fd for the VM, and one for the mask", count_fds() == vm_fds + 2,
	       "it takes another number");
	forked();
	kick = dup(vhc_ring_get_kick(b.dev, 1));
	call = dup(vhc_ring_get_call(b.dev, 0));
	result("the device is reset", !vhc_dev_reset(b.dev), text);
	nothing_left("after a reset the VM keeps nothing of it", kick, call);
	close(kick);
	close(call);
	vhc_mem_free(b.mem);
	memset(b.ram, 0, b.size);
	result("it starts again", !bring_up_start(&b, 1), text);
	result("with a doorbell", !vhc_ring_add_ioeventfd(b.dev, 1, guest.vm, &bell), text);
	result("and an interrupt", !bind_irq(), text);
	kick = dup(vhc_ring_get_kick(b.dev, 1));
	call = dup(vhc_ring_get_call(b.dev, 0));
	bring_down(&b);
	nothing_left("after a close the VM keeps nothing of it", kick, call);
	close(kick);
	close(call);
	result("nothing is left open", count_fds() == before, "something is");
	printf("1..%d\n", number);
	return failed != 0;
}
