/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rig - a device on the fake kernel, brought up call by call.
 */
#include <sys/mman.h>

#include "ctx.h"
#include "ring/endian.h"
#include "syscall/sys.h"
#include "rig.h"

static uint8_t *new_memory(uint64_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(at, MAP_FAILED);
	return at;
}

void rig_new(struct rig *rig, const char *kernel, uint32_t pairs)
{
	*rig = (struct rig){ .kernel = kernel, .pairs = pairs, .rings = 2 * pairs };
	rig->fake = fake_new(kernel);
	rig->ram_size = rig->rings * RIG_RING_ROOM;
	rig->ram = new_memory(rig->ram_size);
	rig->more = new_memory(RIG_MORE_SIZE);
	assert_int_equal(vhi_ctx_new_sys(&fake_sys, rig->fake, &rig->ctx), 0);
	rig->acked = rig_acked(false);
}

void rig_close(struct rig *rig)
{
	vhc_dev_close(rig->dev);
	vhc_tap_close(rig->tap);
	vhc_mem_free(rig->mem);
	rig->dev = NULL;
	rig->tap = NULL;
	rig->mem = NULL;
}

void rig_new_workers(struct rig *rig, const char *kernel, uint32_t pairs, uint32_t flags)
{
	rig_new(rig, kernel, pairs);
	rig->dev_flags = flags | VHC_DEV_WORKERS;
}

void rig_free(struct rig *rig)
{
	rig_close(rig);
	vhc_ctx_free(rig->ctx);
	if (rig->vm) {
		assert_int_equal(fake_vm_bindings(fake_vm_of(rig->fake, rig->vm)), rig->stuck);
		fake_close(rig->fake, rig->vm);
	}
	assert_true(fake_is_clean(rig->fake));
	munmap(rig->ram, rig->ram_size);
	munmap(rig->more, RIG_MORE_SIZE);
	fake_free(rig->fake);
}

int rig_setup(void **state)
{
	const struct rig_args *args = *state;
	struct rig *rig = malloc(sizeof(*rig));

	assert_non_null(rig);
	rig_new(rig, args->kernel, args->pairs);
	*state = rig;
	return 0;
}

int rig_setup_up(void **state)
{
	rig_setup(state);
	rig_up(*state);
	return 0;
}

int rig_teardown(void **state)
{
	rig_free(*state);
	free(*state);
	return 0;
}

struct vhc_features rig_acked(bool array)
{
	static const unsigned int bits[] = {
		VHI_F_CSUM,	 VHI_F_GUEST_CSUM, VHI_F_GUEST_TSO4, VHI_F_GUEST_TSO6,
		VHI_F_HOST_TSO4, VHI_F_MRG_RXBUF,  VHI_F_STATUS,     VHI_F_CTRL_VQ,
		VHI_F_EVENT_IDX, VHI_F_VERSION_1,
	};
	static const unsigned int upper[] = {
		VHI_F_HOST_TSO6,
		VHI_F_HOST_USO,
		VHI_F_GUEST_USO4,
		VHI_F_GUEST_USO6,
		VHI_F_GUEST_UDP_TUNNEL_GSO,
		VHI_F_HOST_UDP_TUNNEL_GSO,
	};
	struct vhc_features set = { { 0 } };

	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		vhc_features_add(&set, bits[i]);
	for (size_t i = 0; i < sizeof(upper) / sizeof(upper[0]) && array; i++)
		vhc_features_add(&set, upper[i]);
	return set;
}

struct vhc_ring_addr rig_addr(uint32_t ring)
{
	uint64_t at = RIG_GUEST + ring * RIG_RING_ROOM;

	return (struct vhc_ring_addr){ .sz = sizeof(struct vhc_ring_addr),
				       .desc = at,
				       .avail = at + 0x1000,
				       .used = at + 0x2000 };
}

struct vhc_ring_addr rig_io_addr(uint32_t ring)
{
	struct vhc_ring_addr addr = rig_addr(ring);

	addr.desc += RIG_IOVA - RIG_GUEST;
	addr.avail += RIG_IOVA - RIG_GUEST;
	addr.used += RIG_IOVA - RIG_GUEST;
	return addr;
}

void rig_set_index(struct rig *rig, uint32_t ring, char which, uint16_t value)
{
	uint64_t at = ring * RIG_RING_ROOM + (which == 'a' ? 0x1000 : 0x2000) + 2;

	value = vhi_ring_get16(vhi_ring_swapped(&rig->acked), value);
	memcpy(rig->ram + at, &value, sizeof(value));
}

struct fake_ring *rig_kernel_ring(struct rig *rig, uint32_t ring)
{
	struct fake_vhost *vhost = fake_vhost(rig->fake, ring / 2);

	assert_non_null(vhost);
	return &vhost->ring[ring % 2];
}

int rig_mem(struct rig *rig)
{
	int r = rig->mem ? 0 : vhc_mem_new(rig->ctx, &rig->mem);

	if (r)
		return r;
	vhc_mem_clear(rig->mem);
	r = vhc_mem_add(rig->mem, VHC_ARG(vhc_region, .guest_addr = RIG_GUEST,
					  .size = rig->ram_size, .user_addr = (uintptr_t)rig->ram));
	return r ? r : vhc_mem_commit(rig->mem);
}

/* A commit tells of an edit that failed before it, and drops it. */
int rig_more(struct rig *rig)
{
	vhc_mem_add(rig->mem, VHC_ARG(vhc_region, .guest_addr = RIG_MORE, .size = RIG_MORE_SIZE,
				      .user_addr = (uintptr_t)rig->more));
	return vhc_mem_commit(rig->mem);
}

int rig_less(struct rig *rig)
{
	vhc_mem_del(rig->mem, RIG_MORE, RIG_MORE_SIZE);
	return vhc_mem_commit(rig->mem);
}

int rig_open_tap(struct rig *rig, const char *name, uint32_t queues, uint32_t flags)
{
	return vhc_tap_open(rig->ctx, name,
			    VHC_ARG(vhc_tap_args, .queues = queues, .flags = flags, .owner = 1000,
				    .group = 1000),
			    &rig->tap);
}

int rig_tap(struct rig *rig)
{
	if (rig->tap)
		return 0;
	return vhc_tap_open(rig->ctx, "tap0",
			    VHC_ARG(vhc_tap_args, .queues = rig->pairs, .txqueuelen = 2000,
				    .flags = VHC_TAP_GROUP, .group = 77),
			    &rig->tap);
}

int rig_dev(struct rig *rig)
{
	if (rig->dev)
		return 0;
	return vhc_dev_open(rig->ctx, "net0", NULL,
			    VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET, .queue_pairs = rig->pairs,
				    .flags = rig->dev_flags),
			    &rig->dev);
}

int rig_attach(struct rig *rig)
{
	int r = vhc_dev_set_mem(rig->dev, rig->mem);

	return r ? r : vhc_dev_set_tap(rig->dev, rig->tap);
}

int rig_offer(struct rig *rig)
{
	struct vhc_features want = rig_acked(rig->array), offered;
	int r;

	if (rig->iommu)
		vhc_features_add(&want, VHI_F_ACCESS_PLATFORM);
	r = vhc_dev_offer_features(rig->dev, &want, &want, &offered);

	if (!r)
		rig->acked = offered;
	return r;
}

int rig_features(struct rig *rig)
{
	if (rig->iommu)
		vhc_features_add(&rig->acked, VHI_F_ACCESS_PLATFORM);
	return vhc_dev_set_features(rig->dev, &rig->acked, rig->iommu ? VHC_GUEST_IOMMU : 0);
}

int rig_map_at(struct rig *rig, uint64_t iova, uint64_t size, uint64_t guest, uint32_t perm)
{
	return vhc_dev_map(rig->dev, VHC_ARG(vhc_map, .iova = iova, .size = size, .addr = guest,
					     .perm = perm));
}

int rig_map(struct rig *rig)
{
	return rig_map_at(rig, RIG_IOVA, rig->ram_size, RIG_GUEST, RIG_RW);
}

int rig_ring(struct rig *rig, uint32_t ring)
{
	struct vhc_ring_addr addr = rig->iommu ? rig_io_addr(ring) : rig_addr(ring);
	int r = vhc_ring_set_size(rig->dev, ring, RIG_SIZE);

	r = r ? r : vhc_ring_set_addr(rig->dev, ring, &addr);
	if (!r) {
		int fd = vhc_ring_get_kick(rig->dev, ring);

		r = fd < 0 ? fd : 0;
	}
	if (!r) {
		int fd = vhc_ring_get_call(rig->dev, ring);

		r = fd < 0 ? fd : 0;
	}
	return r;
}

int rig_rings(struct rig *rig)
{
	int r = 0;

	for (uint32_t i = 0; i < rig->rings && !r; i++)
		r = rig_ring(rig, i);
	return r;
}

int rig_start(struct rig *rig)
{
	return vhc_dev_start(rig->dev);
}

void rig_prepare(struct rig *rig)
{
	assert_ok(rig, rig_mem(rig));
	assert_ok(rig, rig_tap(rig));
	assert_ok(rig, rig_dev(rig));
	assert_ok(rig, rig_attach(rig));
	assert_ok(rig, rig_features(rig));
	if (rig->iommu)
		assert_ok(rig, rig_map(rig));
	assert_ok(rig, rig_rings(rig));
}

void rig_up(struct rig *rig)
{
	rig_prepare(rig);
	assert_ok(rig, rig_start(rig));
}

struct fake_vhost *rig_vhost(struct rig *rig, uint32_t pair)
{
	struct fake_vhost *vhost = fake_vhost(rig->fake, pair);

	assert_non_null(vhost);
	return vhost;
}

const struct fake_worker *rig_worker(struct rig *rig, uint32_t pair)
{
	return &fake_vhost(rig->fake, pair)->worker;
}

int rig_tid(struct rig *rig, uint32_t pair)
{
	int32_t tid = -77;
	int r = vhc_dev_get_worker(rig->dev, pair, &tid);

	if (r)
		assert_int_equal(tid, -77);
	return r ? r : tid;
}

const char *rig_text(const struct rig *rig)
{
	return vhc_ctx_get_error(rig->ctx)->text;
}

bool rig_says(const struct rig *rig, ...)
{
	bool all = true;
	const char *word;
	va_list words;

	va_start(words, rig);
	while ((word = va_arg(words, const char *)) != NULL)
		if (!strstr(rig_text(rig), word) &&
		    !strstr(vhc_ctx_get_error(rig->ctx)->hint, word)) {
			fprintf(stderr, "\"%s\" is not in: %s\n", word, rig_text(rig));
			all = false;
		}
	va_end(words);
	return all;
}

bool left_equal(const struct fake_left *a, const struct fake_left *b)
{
	if (memcmp(a, b, sizeof(*a)))
		fprintf(stderr,
			"before %u fds %u files %u taps %u workers %u maps, then %u %u %u %u %u\n",
			a->fds, a->files, a->taps, a->workers, a->maps, b->fds, b->files, b->taps,
			b->workers, b->maps);
	return !memcmp(a, b, sizeof(*a));
}

bool calls_are(struct fake *fake, const char *names)
{
	const char *at = names;
	bool same = true;

	for (uint32_t i = 0; i < fake_calls(fake) && same; i++) {
		const char *name = fake_call(fake, i)->name;
		size_t length = strlen(name);

		if (strncmp(name, "VHOST_", 6) && strncmp(name, "TUN", 3))
			continue;
		same = !strncmp(at, name, length) && (at[length] == ',' || !at[length]);
		at += same ? length : 0;
		at += same && *at == ',';
	}
	if (same && !*at)
		return true;
	fprintf(stderr, "expected %s, and were:\n", names);
	fake_print_calls(fake);
	return false;
}
