/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * regions LIMIT - a memory table of as many regions as the kernel keeps, and of one more, of which the
 * kernel would silently drop the first.  Prints TAP.
 */
#include <errno.h>
#include <sched.h>

#include "threads.h"

/* The rings' memory first, then single pages with a gap between any two. */
static int add_regions(uint32_t count)
{
	size_t page = 4096;
	char *pages = mmap(NULL, 2 * count * page, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int r = 0;

	if (pages == MAP_FAILED)
		return -errno;
	for (uint32_t i = 1; i < count && !r; i++)
		r = vhc_mem_add(b.mem, VHC_ARG(vhc_region, .guest_addr = b.size + 2 * i * page,
					       .size = page,
					       .user_addr = (uintptr_t)pages + 2 * i * page));
	return r ? r : vhc_mem_commit(b.mem);
}

static int back_to_one(void)
{
	vhc_mem_clear(b.mem);
	vhc_mem_add(b.mem, VHC_ARG(vhc_region, .size = b.size, .user_addr = (uintptr_t)b.ram));
	return vhc_mem_commit(b.mem);
}

int main(int argc, char **argv)
{
	uint32_t limit = argc > 1 ? (uint32_t)atoi(argv[1]) : 0;
	struct vhc_dev_info info = { .sz = sizeof(info) };
	size_t bytes = virtqueue_bytes(BRING_UP_RING, BRING_UP_BUFFER);
	struct virtqueue transmit;
	int r;

	if (!limit || unshare(CLONE_NEWNET) || bring_up_memory(&b, 1))
		return 2;
	r = bring_up(&b, 1);
	result("it starts", !r, "%s", text());
	if (r)
		return 1;
	link_up();
	virtqueue_init(&transmit, (char *)b.ram + bytes, bytes, BRING_UP_RING, BRING_UP_BUFFER,
		       vhc_ring_get_kick(b.dev, 1), vhc_ring_get_call(b.dev, 1));
	vhc_dev_get_info(b.dev, &info);
	result("the limit is the smaller of both parameters", info.max_regions == limit,
	       "%u, not %u", info.max_regions, limit);
	r = add_regions(limit + 1);
	result("one region too many is refused, and both parameters are named",
	       r == -E2BIG && strstr(text(), "max_mem_regions") &&
		       strstr(text(), "max_iotlb_entries"),
	       "%d: %s", r, text());
	result("the device goes on with the memory before", send_one(&transmit), "it does not");
	r = back_to_one() ?: add_regions(limit);
	result("as many as the limit are kept", !r && send_one(&transmit), "%d: %s", r, text());
	result("stopped and started too",
	       !vhc_dev_stop(b.dev) && !vhc_dev_start(b.dev) && send_one(&transmit), "%s", text());
	bring_down(&b);
	printf("1..%d\n", number);
	return failed != 0;
}
