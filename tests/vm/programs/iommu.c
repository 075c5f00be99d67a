/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommu PAIRS VERSION used|all|many - a device behind an IOMMU that this process models; the device
 * asks for its addresses page by page.
 *
 * VERSION: of the messages, 1 or 2.  used: only the used rings are mapped before the start; all: every
 * page; many: like used, with buffers of two pages, so that more are in use than the kernel holds.
 * Prints TAP.
 */
#include <errno.h>
#include <sched.h>

#include "device/apply.h"
#include "dev.h"
#include "iommu-model.h"

static int number, failed;

static void result(const char *what, bool good, const char *text)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++number, what);
	if (!good)
		printf("# %s\n", text);
	failed += !good;
}

static const char *text(void)
{
	return vhc_ctx_get_error(model.b.ctx)->text;
}

/* --------------------------------------------------------------------------------- under load */

static uint64_t seed = 1;

static uint32_t below(uint32_t limit)
{
	seed = seed * 6364136223846793005 + 1442695040888963407;
	return (uint32_t)((seed >> 33) % limit);
}

/* The guest removes mappings of any pages, now and then of all, as when it flushes its IOMMU. */
static int unmap_some(void)
{
	uint32_t page = below(model.pages), count = 1 + below(8);

	if (!below(32))
		return vhc_dev_unmap(model.b.dev, 0, UINT64_MAX);
	count = count < model.ring_pages - page % model.ring_pages
			? count
			: model.ring_pages - page % model.ring_pages;
	return vhc_dev_unmap(model.b.dev, model_iova_of_page(page), (uint64_t)count * PAGE);
}

/* A ring whose used ring is not mapped does not start. */
static int stop_and_start(void)
{
	int r = vhc_dev_stop(model.b.dev);

	r = r ? r : model_prefill();
	return r ? r : vhc_dev_start(model.b.dev);
}

/* Exchanges all frames, with @disturb from time to time. */
static bool run(uint32_t frames, uint32_t rarely, int (*disturb)(void))
{
	bool good = true;
	int r = 0;

	traffic_begin(&model.traffic, frames);
	for (uint32_t turn = 1; good && !r; turn++) {
		traffic_reap(&model.traffic);
		traffic_send(&model.traffic);
		if (traffic_done(&model.traffic))
			break;
		if (disturb && !(turn % rarely))
			r = disturb();
		r = r ? r : model_serve();
		if (!r)
			good = traffic_wait(&model.traffic);
	}
	if (r)
		printf("# %s\n", text());
	printf("# of %u frames in each direction, %u out, %u in, %u wrong; %u misses\n", frames,
	       model.traffic.out.arrived, model.traffic.in.arrived,
	       model.traffic.out.wrong + model.traffic.in.wrong, model.misses);
	return good && !r && !model.traffic.out.wrong && !model.traffic.in.wrong;
}

/*
 * Every page misses once, and again only after it was dropped: when the rings have gone round often
 * enough to use more pages than the kernel holds.  How often that is depends on how the frames spread
 * over the queues.
 */
static bool misses_again(void)
{
	for (int round = 0; round < 20 && model.misses <= model.pages; round++)
		if (!run(TRAFFIC_FRAMES / 4, 1, NULL))
			return false;
	return model.misses > model.pages;
}

/* --------------------------------------------------------------------------------- the dirty log */

static uint64_t *logged; /* a bit for each page of the memory */

static int harvest(void)
{
	uint64_t half = (uint64_t)(model.pages / 2) * PAGE;
	uint32_t words = model.pages / 64 + 1;
	int r = vhc_dirty_sync(model.b.mem);

	r = r ? r : vhc_dirty_read(model.b.mem, GUEST, half, logged, VHC_DIRTY_PRIVATE, NULL);
	return r ? r
		 : vhc_dirty_read(model.b.mem, FAR, half, logged + words, VHC_DIRTY_PRIVATE, NULL);
}

static bool is_logged(uint32_t page)
{
	uint32_t half = model.pages / 2, at = page % half;

	return logged[page / half * (model.pages / 64 + 1) + at / 64] >> at % 64 & 1;
}

static int log_on_and_off(void)
{
	static bool on;
	int r = on ? harvest() : 0;

	if (!r)
		r = on ? vhc_dirty_stop(model.b.mem) : vhc_dirty_start(model.b.mem);
	on = !on && !r;
	return r;
}

/*
 * A ring that has wrapped since has written all pages of its used ring, and those of its buffers as far
 * as its frames reach; behind an IOMMU, vhost logs all of a buffer as dirty (drivers/vhost/vhost.c,
 * vhost_log_write).
 */
static bool is_right(uint32_t page, const uint16_t *before)
{
	uint32_t ring = page / model.ring_pages, at = page % model.ring_pages;
	uint16_t used = (uint16_t)(model.rings[ring].used->idx - before[ring]);
	bool is_used = at == 2, is_buffer = ring % 2 == 0 && at > 2;
	bool begins = (at - 3) * PAGE % model.buffer_size == 0;

	if (is_logged(model_scatter(page)))
		return used && (is_used || is_buffer);
	return used < RING || !(is_used || (is_buffer && begins));
}

/* Logged by guest-physical address, although the device uses others: what it wrote, nothing else. */
static void while_logged(void)
{
	uint16_t before[2 * TRAFFIC_PAIRS];
	uint32_t wrong = 0, dirty = 0;
	int r;

	logged = calloc(2 * (model.pages / 64 + 1), sizeof(*logged));
	result("while the dirty log is turned on and off",
	       run(TRAFFIC_FRAMES / 4, 20, log_on_and_off), "see above");
	r = vhc_dirty_stop(model.b.mem);
	memset(logged, 0, 2 * (model.pages / 64 + 1) * sizeof(*logged));
	r = r ? r : vhc_dirty_start(model.b.mem);
	for (uint32_t i = 0; i < 2 * model.traffic.pairs; i++)
		before[i] = model.rings[i].used->idx;
	result("while it is read", !r && run(TRAFFIC_FRAMES / 4, 20, harvest), "see above");
	r = vhc_dev_stop(model.b.dev);
	r = r ? r : harvest();
	for (uint32_t i = 0; i < model.pages; i++) {
		wrong += !is_right(i, before);
		dirty += is_logged(i);
	}
	printf("# %u pages of %u were logged, %u wrongly or not\n", dirty, model.pages, wrong);
	result("what the device wrote was logged, and nothing else", !r && dirty && !wrong, text());
	r = vhc_dirty_stop(model.b.mem);
	r = r ? r : vhc_dev_start(model.b.dev);
	result("logging is turned off, and it starts", !r, text());
	free(logged);
}

/* --------------------------------------------------------------------------- what goes wrong */

/* Off and on again. */
static int turn_backend(uint32_t ring)
{
	int file = model.b.dev->have.ring[ring].backend, r = 0;

	for (int on = 0; on < 2 && !r; on++) {
		struct vhi_op op = vhi_op_ring(&model.b.dev->have, VHI_OP_SET_BACKEND, ring);

		op.file = on ? file : VHI_FD_NONE;
		r = vhi_apply_one(model.b.dev, &op, NULL);
	}
	return r;
}

/* The transmit ring waits for an address while the receive ring of its pair stops. */
static void the_other_stops(void)
{
	struct vhc_event event = { .sz = sizeof(event) };
	struct pollfd ready = { model.traffic.events, POLLIN, 0 };
	int r;

	traffic_begin(&model.traffic, 1);
	model.traffic.in.sent = model.traffic.in.arrived = 1; /* none in */
	r = vhc_dev_unmap(model.b.dev, model_iova_of_page(model.ring_pages + 3),
			  (uint64_t)(model.ring_pages - 3) * PAGE);
	traffic_send(&model.traffic);
	for (int i = 0; i < 60 && !r && event.kind != VHC_EVENT_MISS; i++) {
		poll(&ready, 1, 1000);
		r = vhc_dev_next_event(model.b.dev, &event);
		r = r < 0 ? r : 0;
	}
	r = r ? r : turn_backend(0);
	/* an answer comes late */
	for (uint32_t i = 3; i < model.ring_pages && !r; i++)
		r = model_map_page(model.ring_pages + i);
	for (int i = 0; i < 200 && !r && !traffic_done(&model.traffic); i++) {
		poll(&ready, 1, 300);
		r = model_serve();
		traffic_reap(&model.traffic);
	}
	result("a waiting ring resumes while the other one stops",
	       !r && event.kind == VHC_EVENT_MISS && traffic_done(&model.traffic), text());
}

/* The driver makes more available than the ring can hold. */
static void wrong_ring(void)
{
	uint32_t ring = 2 * model.traffic.pairs - 1;
	struct virtqueue *queue = &model.rings[ring];
	struct pollfd ready = { model.traffic.events, POLLIN, 0 };
	int r;

	result("nothing is wrong with a ring", !vhc_ring_check(model.b.dev, ring), text());
	model.errors = 0;
	queue->next_avail = (uint16_t)(queue->next_avail + RING + 1);
	__atomic_store_n(&queue->avail->idx, queue->next_avail, __ATOMIC_RELEASE);
	eventfd_write(queue->kick, 1);
	for (int i = 0; i < 50 && !model.errors && poll(&ready, 1, 60000) > 0; i++)
		if (model_serve() < 0)
			break;
	result("an impossible available index is an event",
	       model.errors && model.error_ring == ring, text());
	r = vhc_ring_check(model.b.dev, ring);
	printf("# %s\n", r ? text() : "nothing is found");
	result("vhc_ring_check() finds the cause",
	       r == -EINVAL && strstr(text(), "257 apart") && strstr(text(), "256"), text());
	result("and nothing in another ring", !vhc_ring_check(model.b.dev, 0), text());
}

/* One that comes after a reset. */
static void another_driver(bool iommu)
{
	int r = vhc_dev_reset(model.b.dev);

	r = r ? r : model_probe(iommu);
	if (!r && iommu)
		r = model_prefill();
	r = r ? r : vhc_dev_start(model.b.dev);
	result(iommu ? "another driver, behind the IOMMU" : "another driver, without the IOMMU", !r,
	       text());
	result("all of its frames arrive", !r && run(2000, 1, NULL), "see above");
}

int main(int argc, char **argv)
{
	unsigned int before = count_fds();
	int r;

	if (argc != 4)
		return 2;
	model.traffic.pairs = (uint32_t)atoi(argv[1]);
	model.version = (uint32_t)atoi(argv[2]);
	model.all = !strcmp(argv[3], "all");
	model.many = !strcmp(argv[3], "many");
	if (model.traffic.pairs > TRAFFIC_PAIRS || unshare(CLONE_NEWNET) || model_make_memory())
		return 1;
	r = model_open_all();
	r = r ? r : model_probe(true);
	printf("# %u pairs, version %u, %s: %u pages\n", model.traffic.pairs, model.version,
	       argv[3], model.pages);
	result("a device opens, and a driver is set up", !r, r ? text() : "");
	if (r)
		return 1;
	model.traffic.wire = traffic_wire(vhc_tap_get_name(model.b.tap));
	result("nothing starts before the used rings are mapped",
	       vhc_dev_start(model.b.dev) == -EAGAIN && strstr(text(), "used ring"), text());
	r = model_prefill();
	r = r ? r : vhc_dev_start(model.b.dev);
	result("then it starts", !r, text());
	model.traffic.events = vhc_dev_get_event_fd(model.b.dev);
	result("it has an event fd", model.traffic.events >= 0, text());
	result("every frame arrives once, in each direction", run(TRAFFIC_FRAMES, 1, NULL),
	       "see above");
	result(model.all ? "it missed nothing" : "it asked for what it missed",
	       model.all == !model.misses, "see above");
	if (model.many)
		result("and again for what was dropped", misses_again(), "see above");
	result(model.version == 2 ? "by messages of version 2" : "by messages of version 1",
	       model.acks == (model.version == 2 ? model.traffic.pairs : 0) && !model.messages[0] &&
		       !model.messages[3 - model.version] &&
		       (model.all || model.messages[model.version]),
	       "or of another");
	result("while mappings are removed and added", run(TRAFFIC_FRAMES / 4, 3, unmap_some),
	       "see above");
	result("while it stops and starts", run(TRAFFIC_FRAMES / 4, 40, stop_and_start),
	       "see above");
	while_logged();
	the_other_stops();
	result("no ring had an error", !model.errors, "one had");
	wrong_ring();
	another_driver(true);
	another_driver(false);
	another_driver(true);
	bring_down(&model.b);
	close(model.traffic.wire);
	result("nothing is left open", count_fds() == before, "something is");
	printf("1..%d\n", number);
	return failed != 0;
}
