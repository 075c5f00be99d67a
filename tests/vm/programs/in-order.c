/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * in-order yes|no - a used ring of two pages, with IN_ORDER or on a kernel that does not have it: is each
 * page that the kernel writes in the dirty log?  With IN_ORDER Linux 7.2 leaves one out, and the library
 * adds it.  The log is in a file: until the ring stops, it has what the kernel logged, and nothing else.
 * A kernel that logs both pages fails this test: then IN_ORDER needs no help any more.  Prints TAP.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "bring-up.h"
#include "traffic.h"

#define IN_ORDER 35u
#define BASE	 226u
#define FRAMES	 25u
#define SPLIT	 240u /* the first used entry in the second page */
#define SECONDS	 20

static int number, failed;
static uint64_t *dirty; /* the log */

static void result(const char *what, bool good)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++number, what);
	failed += !good;
}

static int use_log_file(struct bring_up *b)
{
	const uint64_t bytes = 4096;
	int fd = memfd_create("log", MFD_CLOEXEC | MFD_ALLOW_SEALING), r;

	if (fd < 0 || ftruncate(fd, (off_t)bytes) || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK))
		return -1;
	dirty = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	r = dirty == MAP_FAILED ? -1 : vhc_dirty_set_file(b->mem, fd, 0, bytes);
	close(fd);
	return r ? r : vhc_dirty_start(b->mem);
}

/* Ring 1 again, with its used ring over two pages of ring 0's buffers, which nothing uses. */
static int move_used(struct bring_up *b, struct virtqueue *queue)
{
	size_t bytes = virtqueue_bytes(BRING_UP_RING, BRING_UP_BUFFER);
	size_t page = virtqueue_align(vring_size(BRING_UP_RING, VIRTQUEUE_ALIGN)) + 4096;
	size_t used =
		page - offsetof(struct vring_used, ring) - SPLIT * sizeof(struct vring_used_elem);
	int r;

	virtqueue_init(queue, (char *)b->ram + bytes, bytes, BRING_UP_RING, BRING_UP_BUFFER,
		       vhc_ring_get_kick(b->dev, 1), vhc_ring_get_call(b->dev, 1));
	queue->used = (struct vring_used *)((char *)b->ram + used);
	queue->next_avail = queue->next_used = BASE;
	queue->avail->idx = queue->used->idx = BASE;
	queue->free_head = BASE; /* IN_ORDER: descriptors in the order of the table */
	r = vhc_ring_set_addr(
		b->dev, 1,
		VHC_ARG(vhc_ring_addr, .desc = virtqueue_guest_addr(queue, queue->desc),
			.avail = virtqueue_guest_addr(queue, queue->avail), .used = used));
	return r ? r : vhc_ring_set_base(b->dev, 1, BASE);
}

/* All at once, so that the kernel uses them as one batch. */
static bool transmit(const struct bring_up *b, struct virtqueue *queue)
{
	int wire = traffic_wire(vhc_tap_get_name(b->tap));
	struct traffic t = { .pairs = 1 };

	for (uint32_t i = 0; i < FRAMES; i++) {
		struct traffic_frame frame = traffic_make(&t, i);
		int id = virtqueue_get(queue);

		memcpy(virtqueue_buffer(queue, id) + TRAFFIC_HEADER, &frame, sizeof(frame));
		virtqueue_add(queue, id, TRAFFIC_HEADER + sizeof(frame), false);
	}
	virtqueue_kick(queue);
	for (int i = 0; i < SECONDS * 1000 && queue->next_used != BASE + FRAMES; i++) {
		queue->next_used = __atomic_load_n(&queue->used->idx, __ATOMIC_ACQUIRE);
		usleep(1000);
	}
	printf("# used index %u\n", queue->next_used);
	close(wire);
	return wire >= 0 && queue->next_used == BASE + FRAMES;
}

static bool is_dirty(const struct virtqueue *queue, uint32_t entry)
{
	uint64_t page = virtqueue_guest_addr(queue, &queue->used->ring[entry]) / VHC_PAGE_SIZE;

	return __atomic_load_n(&dirty[page / 64], __ATOMIC_ACQUIRE) >> (page % 64) & 1;
}

int main(int argc, char **argv)
{
	bool in_order = argc > 1 && !strcmp(argv[1], "yes");
	struct bring_up b = { .features = BRING_UP_FEATURES ",in_order" };
	struct virtqueue queue;
	int r;

	if (bring_up_memory(&b, 1))
		return 1;
	r = bring_up(&b, 1);
	r = r ? r : vhc_dev_stop(b.dev);
	r = r ? r : use_log_file(&b);
	r = r ? r : move_used(&b, &queue);
	r = r ? r : vhc_dev_start(b.dev);
	if (r)
		printf("# %s\n", vhc_ctx_get_error(b.ctx)->text);
	result("the device starts with the dirty log", !r);
	if (r)
		return 1;
	result(in_order ? "IN_ORDER is offered" : "IN_ORDER is not offered",
	       vhc_features_has(&b.acked, IN_ORDER) == in_order);
	result("25 frames are used", transmit(&b, &queue));
	result("the kernel logs the first page of the used ring", is_dirty(&queue, BASE));
	result(in_order ? "it does not log the second page" : "it logs the second page",
	       is_dirty(&queue, SPLIT) != in_order);
	result("the device stops", !vhc_dev_stop(b.dev));
	result("both pages are in the log", is_dirty(&queue, BASE) && is_dirty(&queue, SPLIT));
	bring_down(&b);
	printf("1..%d\n", number);
	return failed != 0;
}
