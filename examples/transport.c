/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * transport - the callbacks of a virtio-pci device model onto the library: what each write of the guest's
 * driver becomes, the lock that they share with an event thread, and what a reset forgets.
 *
 * The driver is in this process too, and writes through transport_write() what a vCPU thread would bring
 * out of the guest.  An interrupt vector is an eventfd; with KVM it is a gsi, see attach_vector().
 * Frames go out and in around vectors that are masked and moved, a queue and a device that are reset, and
 * a ring that the driver breaks.  Prints one line.  Needs root.
 *
 * There is one queue pair and no control queue.  A model that offers ctrl_vq has that virtqueue itself,
 * and calls vhc_tap_set_active() and vhc_tap_set_features() for its commands: libvhostconfig(3), "A PCI
 * transport".
 */
#define _GNU_SOURCE 1

#include <err.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include <linux/virtio_config.h>

#include "transport-driver.h"
#include "vhostconfig.h"

struct queue {
	uint64_t area[3]; /* descriptors, driver's area, device's area */
	uint32_t size, vector;
};

struct transport {
	/* A context and its objects are for one thread at a time: a vCPU's or the event thread. */
	pthread_mutex_t lock;
	struct vhc_ctx *ctx;
	struct vhc_dev *dev;
	struct vhc_features offered, acked;
	uint32_t status;
	struct queue queues[QUEUES];
	int vectors[VECTORS];
	bool masked[VECTORS]; /* the MSI-X table is PCI's: resets of the device do not clear it */
	pthread_t thread;
	int events, quit;
};

/* ------------------------------------------------------------- the callbacks, called with the lock */

/*
 * Where the queue's interrupts go, and whether they may.  With KVM, instead of the eventfd:
 *     vhc_ring_set_irqfd(dev, q, vm, VHC_ARG(vhc_irqfd, .gsi = ...)), or -1 for no vector.
 * Give each vector a gsi of its own, for good: when the guest writes another address or data into the
 * MSI-X table, as for another CPU, only the gsi's route changes (KVM_SET_GSI_ROUTING), and no call here.
 */
static int attach_vector(struct transport *t, uint32_t q)
{
	uint32_t vector = t->queues[q].vector;
	bool masked = vector < VECTORS && t->masked[vector];
	int r = 0;

	if (masked) /* before the new vector could come */
		r = vhc_ring_set_masked(t->dev, q, true);
	if (!r)
		r = vhc_ring_set_call(t->dev, q, vector < VECTORS ? t->vectors[vector] : -1);
	return r ? r : vhc_ring_set_masked(t->dev, q, masked);
}

/* What came meanwhile is delivered by the call that unmasks; vhc_ring_is_pending() is the pending bit. */
static int mask_vector(struct transport *t, uint32_t vector, bool masked)
{
	int r = 0;

	t->masked[vector] = masked;
	for (uint32_t q = 0; q < QUEUES && !r; q++)
		if (t->queues[q].vector == vector)
			r = vhc_ring_set_masked(t->dev, q, masked);
	return r;
}

/*
 * The driver has written everything else of this queue.  Only now is its size set, since a start takes
 * all rings that have one.  A queue that was reset alone is enabled while the others run.
 * With KVM, add the doorbell here: vhc_ring_add_ioeventfd() of the queue's notify address.
 */
static int enable_queue(struct transport *t, uint32_t q)
{
	const struct queue *queue = &t->queues[q];
	int r = vhc_ring_set_size(t->dev, q, queue->size);

	if (!r)
		r = vhc_ring_set_addr(t->dev, q,
				      VHC_ARG(vhc_ring_addr, .desc = queue->area[0],
					      .avail = queue->area[1], .used = queue->area[2]));
	if (!r)
		r = attach_vector(t, q);
	if (!r)
		r = vhc_ring_get_kick(t->dev, q);
	if (r < 0 || !(t->status & VIRTIO_CONFIG_S_DRIVER_OK))
		return r < 0 ? r : 0;
	return vhc_ring_start(t->dev, q);
}

static const struct queue unused = { .size = RING, .vector = NO_VECTOR };

static int reset_queue(struct transport *t, uint32_t q)
{
	t->queues[q] = unused;
	return vhc_ring_reset(t->dev, q);
}

/* Settings, eventfds and masks of all rings are gone; attach_vector() and enable_queue() set them again. */
static int reset(struct transport *t)
{
	for (uint32_t q = 0; q < QUEUES; q++)
		t->queues[q] = unused;
	t->status = 0;
	return vhc_dev_reset(t->dev);
}

static int set_status(struct transport *t, uint32_t status)
{
	uint32_t added = status & ~t->status;
	int r = 0;

	if (!status)
		return reset(t);
	/* a driver that reads the bit back as 0 knows that its features were refused */
	if (added & VIRTIO_CONFIG_S_FEATURES_OK && vhc_dev_set_features(t->dev, &t->acked, 0))
		status &= ~(uint32_t)VIRTIO_CONFIG_S_FEATURES_OK;
	if (added & VIRTIO_CONFIG_S_DRIVER_OK)
		r = vhc_dev_start(t->dev);
	t->status = status;
	return r;
}

static int write_locked(struct transport *t, enum reg reg, uint32_t index, uint64_t value)
{
	uint32_t q = index % QUEUES;

	switch (reg) {
	case DRIVER_FEATURES:
		t->acked.w[0] = value;
		return 0;
	case DEVICE_STATUS:
		return set_status(t, (uint32_t)value);
	case QUEUE_SIZE:
		t->queues[q].size = (uint32_t)value;
		return 0;
	case QUEUE_DESC:
	case QUEUE_DRIVER:
	case QUEUE_DEVICE:
		t->queues[q].area[reg - QUEUE_DESC] = value;
		return 0;
	case QUEUE_VECTOR:
		t->queues[q].vector = (uint32_t)value;
		return attach_vector(t, q);
	case QUEUE_ENABLE:
		return enable_queue(t, q);
	case QUEUE_RESET:
		return reset_queue(t, q);
	case VECTOR_MASK:
		return mask_vector(t, index % VECTORS, value);
	}
	return 0;
}

/* ------------------------------------------------------------------------------- the two threads */

static void needs_reset(struct transport *t)
{
	fprintf(stderr, "%s\n", vhc_ctx_get_error(t->ctx)->text);
	t->status |= VIRTIO_CONFIG_S_NEEDS_RESET; /* and a configuration interrupt */
}

/* A vCPU's thread: a failure is the driver's to see, whatever it wrote. */
static void transport_write(void *to, enum reg reg, uint32_t index, uint64_t value)
{
	struct transport *t = to;

	pthread_mutex_lock(&t->lock);
	if (write_locked(t, reg, index, value) < 0)
		needs_reset(t);
	pthread_mutex_unlock(&t->lock);
}

/* Without KVM the driver kicks the eventfd by itself. */
static int transport_notify_fd(void *to, uint32_t q)
{
	struct transport *t = to;
	int fd;

	pthread_mutex_lock(&t->lock);
	fd = vhc_ring_get_kick(t->dev, q);
	pthread_mutex_unlock(&t->lock);
	return fd;
}

static uint32_t transport_read_status(void *from)
{
	struct transport *t = from;
	uint32_t status;

	pthread_mutex_lock(&t->lock);
	status = t->status;
	pthread_mutex_unlock(&t->lock);
	return status;
}

/* The event thread waits without the lock. */
static void *watch(void *arg)
{
	struct transport *t = arg;
	struct pollfd fds[] = { { .fd = t->events, .events = POLLIN },
				{ .fd = t->quit, .events = POLLIN } };

	while (poll(fds, 2, -1) >= 0 && !fds[1].revents) {
		struct vhc_event event = { .sz = sizeof(event) };

		pthread_mutex_lock(&t->lock);
		/* a model with an IOMMU answers VHC_EVENT_MISS here; LINK_GONE is for whoever made the tap */
		while (vhc_dev_next_event(t->dev, &event) > 0)
			if (event.kind == VHC_EVENT_RING_ERROR &&
			    vhc_ring_check(t->dev, event.ring)) /* its text is the cause */
				needs_reset(t);
		pthread_mutex_unlock(&t->lock);
	}
	return NULL;
}

/* ------------------------------------------------------------------------- a device, and its driver */

static struct transport transport = { .lock = PTHREAD_MUTEX_INITIALIZER };
static struct driver driver = {
	.write = transport_write,
	.read_status = transport_read_status,
	.notify_fd = transport_notify_fd,
	.transport = &transport,
	.vectors = transport.vectors,
};

static int check(int r)
{
	if (r < 0)
		errx(1, "%s. %s", vhc_ctx_get_error(transport.ctx)->text,
		     vhc_ctx_get_error(transport.ctx)->hint);
	return r;
}

static void open_transport(struct transport *t, struct vhc_tap *tap)
{
	struct vhc_features want;
	struct vhc_mem *mem;

	check(vhc_mem_new(t->ctx, &mem));
	check(vhc_mem_add(mem, VHC_ARG(vhc_region, .size = sizeof(driver.ram),
				       .user_addr = (uintptr_t)driver.ram)));
	check(vhc_mem_commit(mem));
	check(vhc_dev_open(t->ctx, "net0", NULL, VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET),
			   &t->dev));
	check(vhc_dev_set_mem(t->dev, mem));
	check(vhc_dev_set_tap(t->dev, tap));
	check(vhc_features_parse(t->ctx, VHC_TYPE_NET, "version_1,mrg_rxbuf", &want));
	check(vhc_dev_offer_features(t->dev, &want, NULL, &t->offered));
	vhc_mem_free(mem); /* the device keeps a reference */
	for (uint32_t i = 0; i < VECTORS; i++)
		t->vectors[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	reset(t);
	t->events = check(vhc_dev_get_event_fd(t->dev));
	t->quit = eventfd(0, EFD_CLOEXEC);
	if (pthread_create(&t->thread, NULL, watch, t))
		errx(1, "no thread for the events");
}

static void close_transport(struct transport *t)
{
	eventfd_write(t->quit, 1);
	pthread_join(t->thread, NULL); /* then nobody else uses the context */
	vhc_dev_close(t->dev);
}

int main(void)
{
	const char *failure;
	struct vhc_tap *tap;

	if (vhc_ctx_new(&transport.ctx) || unshare(CLONE_NEWNET))
		err(1, "cannot create a network namespace");
	check(vhc_tap_open(transport.ctx, NULL, NULL, &tap));
	open_transport(&transport, tap);
	driver_open_wire(&driver, vhc_tap_get_name(tap));
	failure = driver_run(&driver, transport.offered.w[0]);
	close_transport(&transport);
	vhc_tap_close(tap);
	vhc_ctx_free(transport.ctx);
	printf("%u frames out, %u in, %u interrupts: %s\n", driver.out, driver.in,
	       driver.interrupts, failure ? failure : "none is lost");
	return failure != NULL;
}
