/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommu PAIRS VERSION used|all|many - a device behind an IOMMU that this process models: the driver's
 * pages are at I/O virtual addresses that are neither guest-physical nor in their order, and the device
 * asks for them page by page.
 *
 * VERSION: of the messages, 1 or 2.  used: only the used rings are mapped before the start; all: every
 * page; many: as used, with buffers of two pages, so that more are in use than the kernel holds.
 * Prints TAP.
 */
#include <errno.h>
#include <linux/vhost.h>
#include <sched.h>
#include <sys/mman.h>

#include "apply.h"
#include "bring-up.h"
#include "dev.h"
#include "traffic.h"

#define PAGE  4096u
#define GUEST 0x100000000ull /* the first half of memory; the second is far behind */
#define FAR   0x700000000ull
#define RING  256u
#define RW    (VHC_PERM_READ | VHC_PERM_WRITE)

static uint32_t version, buffer_size, ring_pages, pages;
static bool all, many;
static unsigned char *driver; /* the pages as the driver sees them, one ring behind the other */
static struct virtqueue rings[2 * TRAFFIC_PAIRS];
static struct traffic traffic = { .rings = rings, .events = -1 };
static struct bring_up b;
static uint32_t misses, errors, error_ring;
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
	return vhc_ctx_get_error(b.ctx)->text;
}

/* ------------------------------------------------------------------- a kernel of the older kind */

static uint32_t acks, messages[3];

static int filtered_ioctl(void *data, int fd, unsigned long request, void *arg)
{
	int r = vhc_sys_linux.ioctl(data, fd, request, arg);

	if (!r && request == VHOST_GET_BACKEND_FEATURES && version == 1)
		*(uint64_t *)arg &= ~(1ull << VHOST_BACKEND_F_IOTLB_MSG_V2);
	acks += request == VHOST_SET_BACKEND_FEATURES;
	return r;
}

static int counted_read(void *data, int fd, void *buf, size_t size)
{
	int r = vhc_sys_linux.read_fd(data, fd, buf, size);
	uint32_t type = 0;

	if (r > 0)
		memcpy(&type, buf, sizeof(type));
	messages[type <= 2 ? type : 0] += r > 0;
	return r;
}

/* ---------------------------------------------------------------------- the model of an IOMMU */

/* Half of the rings at the very end of all addresses. */
static uint64_t iova_of(uint32_t ring)
{
	return (ring % 2 ? 0x1000000000ull : 0xfffff00000000000ull) + ring * 0x10000000ull;
}

/* Which of the memory's pages a page of the driver's is: far from each other, none twice. */
static uint32_t scatter(uint32_t page)
{
	return (uint32_t)((page * 613ull + 7) % pages);
}

static uint64_t guest_of(uint32_t page)
{
	return page < pages / 2 ? GUEST + (uint64_t)page * PAGE
				: FAR + (uint64_t)(page - pages / 2) * PAGE;
}

/* The page of an address; false: the driver has none there. */
static bool page_of(uint64_t iova, uint32_t *ret_page)
{
	for (uint32_t i = 0; i < 2 * traffic.pairs; i++)
		if (iova - iova_of(i) < (uint64_t)ring_pages * PAGE) {
			*ret_page = i * ring_pages + (uint32_t)((iova - iova_of(i)) / PAGE);
			return true;
		}
	return false;
}

static uint64_t iova_of_page(uint32_t page)
{
	return iova_of(page / ring_pages) + (uint64_t)(page % ring_pages) * PAGE;
}

static int map_page(uint32_t page)
{
	return vhc_dev_map(b.dev, VHC_ARG(vhc_map, .iova = iova_of_page(page), .size = PAGE,
					  .addr = guest_of(scatter(page)), .perm = RW));
}

/* The used ring is behind the descriptors and the avail ring, a page each. */
static uint32_t used_page(uint32_t ring)
{
	return ring * ring_pages + 2;
}

static int prefill(void)
{
	int r = 0;

	for (uint32_t i = 0; i < 2 * traffic.pairs && !r; i++)
		r = map_page(used_page(i));
	for (uint32_t i = 0; i < pages && all && !r; i++)
		r = map_page(i);
	return r;
}

/* What the device has to say.  Returns a negative errno when an answer failed. */
static int serve(void)
{
	struct vhc_event event = { .sz = sizeof(event) };
	uint32_t page;
	int r;

	while ((r = vhc_dev_next_event(b.dev, &event)) > 0) {
		if (event.kind == VHC_EVENT_RING_ERROR) {
			errors += event.count;
			error_ring = event.ring;
			continue;
		}
		misses++;
		if (!page_of(event.iova, &page)) {
			printf("# a miss of 0x%llx, perm %u, ring %u\n",
			       (unsigned long long)event.iova, event.perm, event.ring);
			return -EFAULT;
		}
		r = map_page(page);
		if (r)
			return r;
	}
	return r;
}

/* ------------------------------------------------------------------------------- the device */

/* Memory that the driver sees in another order than the device. */
static int make_memory(void)
{
	size_t size;
	int fd = memfd_create("ram", MFD_CLOEXEC);
	unsigned char *ram;

	buffer_size = many ? 2 * PAGE : 2048;
	ring_pages = (uint32_t)(virtqueue_bytes(RING, buffer_size) / PAGE);
	pages = 2 * traffic.pairs * ring_pages;
	size = (size_t)pages * PAGE;
	if (fd < 0 || ftruncate(fd, (off_t)size))
		return -errno;
	ram = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	driver = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (uint32_t i = 0; i < pages; i++)
		if (mmap(driver + (size_t)i * PAGE, PAGE, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, fd, (off_t)scatter(i) * PAGE) == MAP_FAILED)
			return -errno;
	close(fd);
	b.ram = ram;
	b.size = size;
	return 0;
}

static int commit_memory(void)
{
	uint64_t half = (uint64_t)(pages / 2) * PAGE;
	int r = vhc_mem_new(b.ctx, &b.mem);

	if (!r)
		r = vhc_mem_add(b.mem, VHC_ARG(vhc_region, .guest_addr = GUEST, .size = half,
					       .user_addr = (uintptr_t)b.ram));
	if (!r)
		r = vhc_mem_add(b.mem, VHC_ARG(vhc_region, .guest_addr = FAR, .size = b.size - half,
					       .user_addr = (uintptr_t)b.ram + half));
	return r ? r : vhc_mem_commit(b.mem);
}

static int open_all(void)
{
	static struct vhc_sys sys;
	int r;

	sys = vhc_sys_linux;
	sys.ioctl = filtered_ioctl;
	sys.read_fd = counted_read;
	r = vhc_ctx_new_sys(&sys, NULL, &b.ctx);
	if (!r)
		r = commit_memory();
	if (!r)
		r = vhc_tap_open(b.ctx, NULL, VHC_ARG(vhc_tap_args, .queues = traffic.pairs),
				 &b.tap);
	if (!r)
		r = vhc_dev_open(
			b.ctx, "net0", NULL,
			VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET, .queue_pairs = traffic.pairs),
			&b.dev);
	if (!r)
		r = vhc_dev_set_mem(b.dev, b.mem);
	return r ? r : vhc_dev_set_tap(b.dev, b.tap);
}

/* What the driver does; @iommu: it accepts the feature, and its addresses are I/O virtual ones. */
static int probe(bool iommu)
{
	struct vhc_features want, acked;
	int r = vhc_features_parse(b.ctx, VHC_TYPE_NET,
				   iommu ? "version_1,mrg_rxbuf,event_idx,access_platform"
					 : "version_1,mrg_rxbuf,event_idx",
				   &want);

	if (!r)
		r = vhc_dev_offer_features(b.dev, &want, &want, &acked);
	/* the ring of virtqueue.h is driven by flags */
	vhc_features_remove(&acked, 29);
	if (!r)
		r = vhc_dev_set_features(b.dev, &acked, iommu ? VHC_GUEST_IOMMU : 0);
	for (uint32_t i = 0; i < 2 * traffic.pairs && !r; i++) {
		uint64_t at = iommu ? iova_of(i) : guest_of(i * ring_pages);
		unsigned char *memory = iommu ? driver : (unsigned char *)b.ram;
		int kick = vhc_ring_get_kick(b.dev, i), call = vhc_ring_get_call(b.dev, i);

		memory += (size_t)i * ring_pages * PAGE;
		memset(memory, 0, (size_t)ring_pages * PAGE);
		virtqueue_init(&rings[i], memory, at, RING, buffer_size, kick, call);
		r = kick < 0 ? kick : call < 0 ? call : vhc_ring_set_size(b.dev, i, RING);
		if (!r)
			r = vhc_ring_set_addr(b.dev, i,
					      VHC_ARG(vhc_ring_addr, VIRTQUEUE_ADDR(&rings[i])));
	}
	return r;
}

/* --------------------------------------------------------------------------------- under load */

static uint64_t seed = 1;

static uint32_t below(uint32_t limit)
{
	seed = seed * 6364136223846793005 + 1442695040888963407;
	return (uint32_t)((seed >> 33) % limit);
}

/* The guest takes mappings away, of any pages but the used rings', which -EBUSY keeps. */
static int unmap_some(void)
{
	uint32_t page = below(pages), count = 1 + below(8);
	bool used = false;
	int r;

	count = count < ring_pages - page % ring_pages ? count : ring_pages - page % ring_pages;
	for (uint32_t i = 0; i < 2 * traffic.pairs; i++)
		used = used || (used_page(i) >= page && used_page(i) < page + count);
	r = vhc_dev_unmap(b.dev, iova_of_page(page), (uint64_t)count * PAGE);
	if (used)
		return r == -EBUSY ? 0 : r ? r : -EINVAL;
	return r;
}

static int stop_and_start(void)
{
	int r = vhc_dev_stop(b.dev);

	return r ? r : vhc_dev_start(b.dev);
}

/*
 * All frames, with @disturb now and then.  What else a device may do under way behind an IOMMU comes
 * here: logging on and off.
 */
static bool run(uint32_t frames, uint32_t rarely, int (*disturb)(void))
{
	bool good = true;
	int r = 0;

	traffic_begin(&traffic, frames);
	for (uint32_t turn = 1; good && !r; turn++) {
		traffic_reap(&traffic);
		traffic_send(&traffic);
		if (traffic_done(&traffic))
			break;
		if (disturb && !(turn % rarely))
			r = disturb();
		r = r ? r : serve();
		if (!r)
			good = traffic_wait(&traffic);
	}
	if (r)
		printf("# %s\n", text());
	printf("# of %u frames each way %u came out and %u came in right, %u wrong; %u misses\n",
	       frames, traffic.out.arrived, traffic.in.arrived,
	       traffic.out.wrong + traffic.in.wrong, misses);
	return good && !r && !traffic.out.wrong && !traffic.in.wrong;
}

/* Off and on again. */
static int turn_backend(uint32_t ring)
{
	int file = b.dev->have.ring[ring].backend, r = 0;

	for (int on = 0; on < 2 && !r; on++) {
		struct vhc_op op = { .kind = VHC_OP_SET_BACKEND, .fd = ring / 2, .ring = ring };
		struct vhc_plan plan = { 0 };

		op.file = on ? file : VHC_FD_NONE;
		vhc_plan_one(&plan, &op, NULL);
		r = vhc_apply(b.dev, &plan, VHC_APPLY_ALL_OR_NONE);
		vhc_plan_clear(&plan);
	}
	return r;
}

/* The transmit ring waits for an address while the receive ring of its pair stops. */
static void the_other_stops(void)
{
	struct vhc_event event = { .sz = sizeof(event) };
	struct pollfd ready = { traffic.events, POLLIN, 0 };
	int r;

	traffic_begin(&traffic, 1);
	traffic.in.sent = traffic.in.arrived = 1; /* none in */
	r = vhc_dev_unmap(b.dev, iova_of_page(ring_pages + 3), (uint64_t)(ring_pages - 3) * PAGE);
	traffic_send(&traffic);
	for (int i = 0; i < 10 && !r && event.kind != VHC_EVENT_MISS; i++) {
		poll(&ready, 1, 1000);
		r = vhc_dev_next_event(b.dev, &event);
		r = r < 0 ? r : 0;
	}
	r = r ? r : turn_backend(0);
	/* an answer comes late */
	for (uint32_t i = 3; i < ring_pages && !r; i++)
		r = map_page(ring_pages + i);
	for (int i = 0; i < 10 && !r && !traffic_done(&traffic); i++) {
		poll(&ready, 1, 300);
		r = serve();
		traffic_reap(&traffic);
	}
	result("a ring that waits goes on when the other one stops",
	       !r && event.kind == VHC_EVENT_MISS && traffic_done(&traffic), text());
}

/* The driver says that there is more than there can be. */
static void wrong_ring(void)
{
	uint32_t ring = 2 * traffic.pairs - 1;
	struct virtqueue *queue = &rings[ring];
	struct pollfd ready = { traffic.events, POLLIN, 0 };
	int r;

	result("nothing is wrong with a ring", !vhc_ring_check(b.dev, ring), text());
	errors = 0;
	queue->next_avail = (uint16_t)(queue->next_avail + RING + 1);
	__atomic_store_n(&queue->avail->idx, queue->next_avail, __ATOMIC_RELEASE);
	eventfd_write(queue->kick, 1);
	for (int i = 0; i < 50 && !errors && poll(&ready, 1, 1000) > 0; i++)
		if (serve() < 0)
			break;
	result("an available index that cannot be is an event", errors && error_ring == ring,
	       text());
	r = vhc_ring_check(b.dev, ring);
	printf("# %s\n", r ? text() : "nothing is found");
	result("vhc_ring_check() finds the cause",
	       r == -EINVAL && strstr(text(), "257 apart") && strstr(text(), "256"), text());
	result("and nothing with another ring", !vhc_ring_check(b.dev, 0), text());
}

/* One that comes after a reset. */
static void another_driver(bool iommu)
{
	int r = vhc_dev_reset(b.dev);

	r = r ? r : probe(iommu);
	if (!r && iommu)
		r = prefill();
	r = r ? r : vhc_dev_start(b.dev);
	result(iommu ? "another driver comes, behind the IOMMU" : "one comes without the IOMMU", !r,
	       text());
	result("all of its frames come", !r && run(2000, 1, NULL), "see above");
}

int main(int argc, char **argv)
{
	unsigned int before = count_fds();
	int r;

	if (argc != 4)
		return 2;
	traffic.pairs = (uint32_t)atoi(argv[1]);
	version = (uint32_t)atoi(argv[2]);
	all = !strcmp(argv[3], "all");
	many = !strcmp(argv[3], "many");
	if (traffic.pairs > TRAFFIC_PAIRS || unshare(CLONE_NEWNET) || make_memory())
		return 1;
	r = open_all();
	r = r ? r : probe(true);
	printf("# %u pairs, version %u, %s: %u pages\n", traffic.pairs, version, argv[3], pages);
	result("a device opens, and a driver comes", !r, r ? text() : "");
	if (r)
		return 1;
	traffic.wire = traffic_wire(vhc_tap_get_name(b.tap));
	result("nothing starts before the used rings are mapped",
	       vhc_dev_start(b.dev) == -EAGAIN && strstr(text(), "used ring"), text());
	r = prefill();
	r = r ? r : vhc_dev_start(b.dev);
	result("then it starts", !r, text());
	traffic.events = vhc_dev_get_event_fd(b.dev);
	result("it has an event fd", traffic.events >= 0, text());
	result("every frame comes once, each way", run(TRAFFIC_FRAMES, 1, NULL), "see above");
	result(all ? "it missed nothing" : "it asked for what it missed", all == !misses,
	       "see above");
	if (many)
		result("and again for what was forgotten", misses > pages, "see above");
	result(version == 2 ? "by messages of version 2" : "by messages of version 1",
	       acks == (version == 2 ? traffic.pairs : 0) && !messages[0] &&
		       !messages[3 - version] && (all || messages[version]),
	       "or of another");
	result("while mappings go and come", run(TRAFFIC_FRAMES, 3, unmap_some), "see above");
	result("while it stops and starts", run(TRAFFIC_FRAMES, 40, stop_and_start), "see above");
	the_other_stops();
	result("no ring had an error", !errors, "one had");
	wrong_ring();
	another_driver(true);
	another_driver(false);
	another_driver(true);
	bring_down(&b);
	close(traffic.wire);
	result("nothing is left open", count_fds() == before, "something is");
	printf("1..%d\n", number);
	return failed != 0;
}
