/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * file-rig - a rig whose guest's memory is in a file that the library maps.
 */
#include <sys/mman.h>

#include "file-rig.h"

int file_rig_add(struct file_rig *f, int fd, uint64_t guest, uint64_t size, uint64_t offset)
{
	return vhc_mem_add(f->rig.mem, VHC_ARG(vhc_region, .guest_addr = guest, .size = size,
					       .fd = fd, .fd_offset = offset, .flags = FD_MAP));
}

int file_rig_set(struct file_rig *f, int fd)
{
	vhc_mem_clear(f->rig.mem);
	return file_rig_add(f, fd, RIG_GUEST, f->rig.ram_size, 0);
}

int file_rig_new(struct file_rig *f)
{
	return fake_memfd(f->rig.fake, FILE_SIZE, 0);
}

static bool has_pages(uint64_t at, uint64_t size)
{
	return !msync((void *)(uintptr_t)(at - at % PAGE), size, MS_ASYNC);
}

bool file_rig_mapped(const struct fake_vhost *vhost)
{
	bool all = true;

	for (uint32_t i = 0; i < vhost->regions; i++)
		all = all && has_pages(vhost->region[i].user, vhost->region[i].size);
	for (uint32_t i = 0; i < FAKE_RINGS; i++)
		all = all && (!vhost->ring[i].runs || has_pages(vhost->ring[i].used, PAGE));
	return all;
}

static void watch(void *data, const struct fake_call *call)
{
	struct file_rig *f = data;
	struct fake_vhost *vhost;

	for (uint32_t i = 0; (vhost = fake_vhost(f->rig.fake, i)) != NULL; i++)
		for (uint32_t j = 0; j < FAKE_RINGS; j++)
			if (vhost->ring[j].runs && !file_rig_mapped(vhost)) {
				fprintf(stderr, "%s: a ring runs in memory that is not mapped\n",
					call->name);
				f->broken = true;
			}
}

void file_rig_prepare(struct file_rig *f, const char *kernel, uint32_t pairs)
{
	struct rig *rig = &f->rig;

	rig_new(rig, kernel, pairs);
	f->fd = file_rig_new(f);
	f->broken = false;
	assert_ok(rig, vhc_mem_new(rig->ctx, &rig->mem));
	assert_ok(rig, file_rig_set(f, f->fd));
	assert_ok(rig, vhc_mem_commit(rig->mem));
	assert_ok(rig, rig_tap(rig));
	assert_ok(rig, rig_dev(rig));
	assert_ok(rig, rig_attach(rig));
	assert_ok(rig, rig_features(rig));
	assert_ok(rig, rig_rings(rig));
}

void file_rig_up(struct file_rig *f, const char *kernel, uint32_t pairs)
{
	file_rig_prepare(f, kernel, pairs);
	assert_ok(&f->rig, rig_start(&f->rig));
	fake_watch(f->rig.fake, watch, f);
	fake_forget_calls(f->rig.fake);
}

void file_rig_down(struct file_rig *f)
{
	assert_false(f->broken);
	fake_watch(f->rig.fake, NULL, NULL);
	fake_close(f->rig.fake, f->fd);
	rig_free(&f->rig);
}

uint32_t file_rig_maps(const struct file_rig *f)
{
	return fake_left(f->rig.fake).maps;
}

const struct fake_region *file_rig_region(struct file_rig *f, uint32_t pair, uint32_t n)
{
	assert_true(n < rig_vhost(&f->rig, pair)->regions);
	return &rig_vhost(&f->rig, pair)->region[n];
}
