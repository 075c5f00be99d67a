/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * memfd - memory that has an fd and that several may map: a real memfd behind a fake one, made when
 * it is first accessed.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "model.h"

static uint64_t page_size(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t whole_pages(uint64_t size)
{
	return (size + page_size() - 1) / page_size() * page_size();
}

int fake_memfd(struct fake *fake, uint64_t size, unsigned int seals)
{
	struct fake_file *file = fake_file_new(fake, FAKE_MEMFD);

	if (file) {
		file->size = size;
		file->seals = seals;
	}
	return fake_fd_new(fake, file);
}

static int make_memory(struct fake_file *file)
{
	int fd = file->memory ? 0 : memfd_create("fake", MFD_CLOEXEC);

	if (fd < 0 || (fd && ftruncate(fd, (off_t)file->size))) {
		int r = -errno;

		if (fd > 0)
			close(fd);
		return r;
	}
	file->memory = fd ? fd : file->memory;
	return 0;
}

void fake_memory_release(struct fake_file *file)
{
	if (file->content)
		munmap(file->content, whole_pages(file->size));
	if (file->memory)
		close(file->memory);
}

void *fake_content(struct fake *fake, int fd)
{
	struct fake_file *file = fake_file_of(fake, fd);
	void *at;

	if (!file || file->content || make_memory(file))
		return file ? file->content : NULL;
	at = mmap(NULL, file->size, PROT_READ | PROT_WRITE, MAP_SHARED, file->memory, 0);
	file->content = at == MAP_FAILED ? NULL : at;
	return file->content;
}

static struct fake_map *find_map(struct fake *fake, const void *at)
{
	for (uint32_t i = 0; i < FAKE_MAPS; i++)
		if (fake->maps[i].at == at)
			return &fake->maps[i];
	return NULL;
}

int fake_map_file(struct fake *fake, struct fake_file *file, uint64_t offset, uint64_t size,
		  void **ret)
{
	uint64_t page = page_size(), whole = whole_pages(size) + 2 * page;
	struct fake_map *map = find_map(fake, NULL);
	int r = !map ? -ENOMEM : file ? make_memory(file) : 0;
	int flags = MAP_SHARED | MAP_FIXED | (file ? 0 : MAP_ANONYMOUS);
	char *at;

	if (r)
		return r;
	at = mmap(NULL, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at == MAP_FAILED)
		return -errno;
	if (mmap(at + page, size, PROT_READ | PROT_WRITE, flags, file ? file->memory : -1,
		 (off_t)offset) == MAP_FAILED) {
		r = -errno;
		munmap(at, whole);
		return r;
	}
	*map = (struct fake_map){ at + page, size, NULL };
	*ret = at + page;
	return 0;
}

/* Another size than it was mapped with leaves it in the list, where it is found. */
void fake_unmap_file(struct fake *fake, void *addr, uint64_t size)
{
	struct fake_map *map = find_map(fake, addr);

	if (!map || map->size != size)
		return;
	munmap((char *)addr - page_size(), whole_pages(size) + 2 * page_size());
	*map = (struct fake_map){ 0 };
}

uint64_t fake_inode(const struct fake *fake, const struct fake_file *file)
{
	return (uint64_t)(file - fake->files) + 1;
}

void fake_set_block(struct fake *fake, int fd, uint64_t block)
{
	fake_file_of(fake, fd)->block = block;
}

void fake_truncate(struct fake *fake, int fd, uint64_t size)
{
	struct fake_file *file = fake_file_of(fake, fd);

	if (make_memory(file) || ftruncate(file->memory, (off_t)size))
		abort();
	file->size = size;
}

int fake_map_memory(struct fake *fake, struct fake_file *file, uint64_t offset, uint64_t size,
		    void **ret)
{
	uint64_t block = file->block ? file->block : page_size();
	struct fake_map *map = find_map(fake, NULL);
	int r = map ? make_memory(file) : -ENOMEM;
	void *at;

	if (r)
		return r;
	if (!size || offset % block || size % block)
		return -EINVAL;
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file->memory, (off_t)offset);
	if (at == MAP_FAILED)
		return -errno;
	*map = (struct fake_map){ at, size, fake_file_ref(file) };
	*ret = at;
	return 0;
}

void fake_unmap_memory(struct fake *fake, void *addr, uint64_t size)
{
	struct fake_map *map = find_map(fake, addr);

	if (!map || map->size != size)
		return;
	munmap(addr, size);
	fake_file_unref(fake, map->file);
	*map = (struct fake_map){ 0 };
}

uint64_t fake_map_size(struct fake *fake, uint64_t addr)
{
	const struct fake_map *map = addr ? find_map(fake, (void *)(uintptr_t)addr) : NULL;

	return map ? map->size : 0;
}
