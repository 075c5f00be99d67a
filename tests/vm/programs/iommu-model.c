/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommu-model - the IOMMU, the memory and the driver, also for older kernels.
 */
#include <errno.h>
#include <linux/vhost.h>
#include <sys/mman.h>

#include "dev.h"
#include "iommu-model.h"

struct iommu_model model = { .traffic = { .rings = model.rings, .events = -1 } };

/* ------------------------------------------------------------------- a kernel of the older kind */

static int filtered_ioctl(void *data, int fd, unsigned long request, void *arg)
{
	int r = vhi_sys_linux.ioctl(data, fd, request, arg);

	if (!r && request == VHOST_GET_BACKEND_FEATURES && model.version == 1)
		*(uint64_t *)arg &= ~(1ull << VHOST_BACKEND_F_IOTLB_MSG_V2);
	model.acks += request == VHOST_SET_BACKEND_FEATURES;
	return r;
}

static int counted_read(void *data, int fd, void *buf, size_t size)
{
	int r = vhi_sys_linux.read_fd(data, fd, buf, size);
	uint32_t type = 0;

	if (r > 0)
		memcpy(&type, buf, sizeof(type));
	model.messages[type <= 2 ? type : 0] += r > 0;
	return r;
}

/* ---------------------------------------------------------------------- the model of an IOMMU */

/* Half of the rings are at the very end of the address space. */
static uint64_t iova_of(uint32_t ring)
{
	return (ring % 2 ? 0x1000000000ull : 0xfffff00000000000ull) + ring * 0x10000000ull;
}

uint32_t model_scatter(uint32_t page)
{
	return (uint32_t)((page * 613ull + 7) % model.pages);
}

uint64_t model_guest_of(uint32_t page)
{
	return page < model.pages / 2 ? GUEST + (uint64_t)page * PAGE
				      : FAR + (uint64_t)(page - model.pages / 2) * PAGE;
}

/* The page at an address; false: the driver has none there. */
static bool page_of(uint64_t iova, uint32_t *ret_page)
{
	for (uint32_t i = 0; i < 2 * model.traffic.pairs; i++)
		if (iova - iova_of(i) < (uint64_t)model.ring_pages * PAGE) {
			*ret_page = i * model.ring_pages + (uint32_t)((iova - iova_of(i)) / PAGE);
			return true;
		}
	return false;
}

uint64_t model_iova_of_page(uint32_t page)
{
	return iova_of(page / model.ring_pages) + (uint64_t)(page % model.ring_pages) * PAGE;
}

int model_map_page(uint32_t page)
{
	return vhc_dev_map(model.b.dev,
			   VHC_ARG(vhc_map, .iova = model_iova_of_page(page), .size = PAGE,
				   .addr = model_guest_of(model_scatter(page)), .perm = RW));
}

uint32_t model_used_page(uint32_t ring)
{
	return ring * model.ring_pages + 2;
}

int model_prefill(void)
{
	int r = 0;

	for (uint32_t i = 0; i < 2 * model.traffic.pairs && !r; i++)
		r = model_map_page(model_used_page(i));
	for (uint32_t i = 0; i < model.pages && model.all && !r; i++)
		r = model_map_page(i);
	return r;
}

int model_serve(void)
{
	struct vhc_event event = { .sz = sizeof(event) };
	uint32_t page;
	int r;

	while ((r = vhc_dev_next_event(model.b.dev, &event)) > 0) {
		if (event.kind == VHC_EVENT_RING_ERROR) {
			model.errors += event.count;
			model.error_ring = event.ring;
			continue;
		}
		model.misses++;
		if (!page_of(event.iova, &page)) {
			printf("# a miss of 0x%llx, perm %u, ring %u\n",
			       (unsigned long long)event.iova, event.perm, event.ring);
			return -EFAULT;
		}
		r = model_map_page(page);
		if (r)
			return r;
	}
	return r;
}

/* ------------------------------------------------------------------------------- the device */

int model_make_memory(void)
{
	size_t size;
	int fd = memfd_create("ram", MFD_CLOEXEC);
	unsigned char *ram;

	model.buffer_size = model.many ? 2 * PAGE : 2048;
	model.ring_pages = (uint32_t)(virtqueue_bytes(RING, model.buffer_size) / PAGE);
	model.pages = 2 * model.traffic.pairs * model.ring_pages;
	size = (size_t)model.pages * PAGE;
	if (fd < 0 || ftruncate(fd, (off_t)size))
		return -errno;
	ram = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	model.driver = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (uint32_t i = 0; i < model.pages; i++)
		if (mmap(model.driver + (size_t)i * PAGE, PAGE, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, fd, (off_t)model_scatter(i) * PAGE) == MAP_FAILED)
			return -errno;
	close(fd);
	model.b.ram = ram;
	model.b.size = size;
	return 0;
}

static int commit_memory(void)
{
	uint64_t half = (uint64_t)(model.pages / 2) * PAGE;
	int r = vhc_mem_new(model.b.ctx, &model.b.mem);

	if (!r)
		r = vhc_mem_add(model.b.mem, VHC_ARG(vhc_region, .guest_addr = GUEST, .size = half,
						     .user_addr = (uintptr_t)model.b.ram));
	if (!r)
		r = vhc_mem_add(model.b.mem,
				VHC_ARG(vhc_region, .guest_addr = FAR, .size = model.b.size - half,
					.user_addr = (uintptr_t)model.b.ram + half));
	return r ? r : vhc_mem_commit(model.b.mem);
}

int model_open_all(void)
{
	static struct vhi_sys_ops sys;
	int r;

	sys = vhi_sys_linux;
	sys.ioctl = filtered_ioctl;
	sys.read_fd = counted_read;
	r = vhi_ctx_new_sys(&sys, NULL, &model.b.ctx);
	if (!r)
		r = commit_memory();
	if (!r)
		r = vhc_tap_open(model.b.ctx, NULL,
				 VHC_ARG(vhc_tap_args, .queues = model.traffic.pairs),
				 &model.b.tap);
	if (!r)
		r = vhc_dev_open(model.b.ctx, "net0", NULL,
				 VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET,
					 .queue_pairs = model.traffic.pairs),
				 &model.b.dev);
	if (!r)
		r = vhc_dev_set_mem(model.b.dev, model.b.mem);
	return r ? r : vhc_dev_set_tap(model.b.dev, model.b.tap);
}

int model_probe(bool iommu)
{
	struct vhc_features want, acked;
	int r = vhc_features_parse(model.b.ctx, VHC_TYPE_NET,
				   iommu ? "version_1,mrg_rxbuf,event_idx,access_platform"
					 : "version_1,mrg_rxbuf,event_idx",
				   &want);

	if (!r)
		r = vhc_dev_offer_features(model.b.dev, &want, &want, &acked);
	/* the ring of virtqueue.h is driven by flags */
	vhc_features_remove(&acked, 29);
	if (!r)
		r = vhc_dev_set_features(model.b.dev, &acked, iommu ? VHC_GUEST_IOMMU : 0);
	for (uint32_t i = 0; i < 2 * model.traffic.pairs && !r; i++) {
		uint64_t at = iommu ? iova_of(i) : model_guest_of(i * model.ring_pages);
		unsigned char *memory = iommu ? model.driver : (unsigned char *)model.b.ram;
		int kick = vhc_ring_get_kick(model.b.dev, i),
		    call = vhc_ring_get_call(model.b.dev, i);

		memory += (size_t)i * model.ring_pages * PAGE;
		memset(memory, 0, (size_t)model.ring_pages * PAGE);
		virtqueue_init(&model.rings[i], memory, at, RING, model.buffer_size, kick, call);
		r = kick < 0 ? kick : call < 0 ? call : vhc_ring_set_size(model.b.dev, i, RING);
		if (!r)
			r = vhc_ring_set_addr(
				model.b.dev, i,
				VHC_ARG(vhc_ring_addr, VIRTQUEUE_ADDR(&model.rings[i])));
	}
	return r;
}
