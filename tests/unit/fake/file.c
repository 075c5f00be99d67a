/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * file - open files, the fds that name them, and what is left of them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model.h"

struct fake_file *fake_file_new(struct fake *fake, enum fake_kind kind)
{
	for (uint32_t i = 0; i < FAKE_FILES; i++) {
		struct fake_file *file = &fake->files[i];

		if (file->kind != FAKE_FREE)
			continue;
		*file = (struct fake_file){ .kind = kind, .refs = 1 };
		if (i >= fake->files_end)
			fake->files_end = i + 1;
		return file;
	}
	return NULL;
}

static struct fake_vhost *vhost_new(struct fake *fake)
{
	for (uint32_t i = 0; i < FAKE_VHOSTS; i++)
		if (!fake->vhost_used[i]) {
			fake->vhost_used[i] = true;
			fake_vhost_init(&fake->vhosts[i]);
			fake->open_vhosts[fake->open_vhosts_count++] = &fake->vhosts[i];
			return &fake->vhosts[i];
		}
	return NULL;
}

static void vhost_free(struct fake *fake, struct fake_vhost *vhost)
{
	uint32_t n = 0;

	fake_vhost_release(fake, vhost);
	fake->vhost_used[vhost - fake->vhosts] = false;
	while (fake->open_vhosts[n] != vhost)
		n++;
	fake->open_vhosts_count--;
	memmove(&fake->open_vhosts[n], &fake->open_vhosts[n + 1],
		(fake->open_vhosts_count - n) * sizeof(fake->open_vhosts[0]));
}

struct fake_file *fake_file_ref(struct fake_file *file)
{
	file->refs++;
	return file;
}

void fake_file_unref(struct fake *fake, struct fake_file *file)
{
	if (!file || --file->refs)
		return;
	if (file->vhost)
		vhost_free(fake, file->vhost);
	if (file->tap)
		fake_tun_release(fake, file);
	fake_watch_forget(fake, file);
	if (file->vm)
		fake_vm_release(fake, file->vm);
	if (file->kind == FAKE_EVENTFD)
		fake_kvm_eventfd_closed(fake, file);
	fake_memory_release(file);
	*file = (struct fake_file){ .kind = FAKE_FREE };
}

struct fake_file *fake_file_of(struct fake *fake, int fd)
{
	uint32_t n = (uint32_t)fd - FAKE_FIRST_FD;

	return fd >= FAKE_FIRST_FD && n < FAKE_FDS ? fake->fds[n] : NULL;
}

int fake_fd_new(struct fake *fake, struct fake_file *file)
{
	uint32_t end = fake->fd_limit ? fake->fd_limit : FAKE_FDS;

	if (!file)
		return -ENFILE;
	if (file->kind >= FAKE_VHOST_NET && file->kind <= FAKE_VHOST_SCSI && !file->vhost)
		file->vhost = vhost_new(fake);
	for (uint32_t i = 0; i < end; i++)
		if (!fake->fds[i]) {
			fake->fds[i] = file;
			if (i >= fake->fds_end)
				fake->fds_end = i + 1;
			return FAKE_FIRST_FD + (int)i;
		}
	fake_file_unref(fake, file);
	return -EMFILE;
}

int fake_fd_close(struct fake *fake, int fd)
{
	struct fake_file *file = fake_file_of(fake, fd);

	if (!file)
		return -EBADF;
	fake->fds[fd - FAKE_FIRST_FD] = NULL;
	fake_file_unref(fake, file);
	return 0;
}

struct fake_vhost *fake_vhost(struct fake *fake, uint32_t n)
{
	return n < fake->open_vhosts_count ? fake->open_vhosts[n] : NULL;
}

struct fake_left fake_left(struct fake *fake)
{
	struct fake_left left = { 0 };

	for (uint32_t i = 0; i < fake->fds_end; i++)
		left.fds += fake->fds[i] != NULL;
	for (uint32_t i = 0; i < fake->files_end; i++)
		left.files += fake->files[i].kind != FAKE_FREE;
	for (uint32_t i = 0; i < FAKE_TAPS; i++)
		left.taps += fake->taps[i].used;
	for (uint32_t i = 0; i < fake->open_vhosts_count; i++)
		left.workers += fake->open_vhosts[i]->owned;
	for (uint32_t i = 0; i < FAKE_MAPS; i++)
		left.maps += fake->maps[i].at != NULL;
	return left;
}

bool fake_is_clean(struct fake *fake)
{
	struct fake_left left = fake_left(fake);

	if (left.fds || left.files || left.taps || left.workers || left.maps)
		fprintf(stderr, "left: %u fds, %u files, %u taps, %u workers, %u maps\n", left.fds,
			left.files, left.taps, left.workers, left.maps);
	return !(left.fds || left.files || left.taps || left.workers || left.maps);
}

int fake_eventfd(struct fake *fake)
{
	return fake_fd_new(fake, fake_file_new(fake, FAKE_EVENTFD));
}

uint64_t fake_counter(struct fake *fake, int fd)
{
	struct fake_file *file = fake_file_of(fake, fd);

	return file ? file->counter : 0;
}

int64_t fake_log_counter(const struct fake_vhost *vhost)
{
	return vhost->log_event ? (int64_t)vhost->log_event->counter : -1;
}

static struct fake_file *of_ring(const struct fake_ring *ring, char which)
{
	return which == 'k' ? ring->kick : which == 'c' ? ring->call : ring->err;
}

int64_t fake_ring_counter(const struct fake_ring *ring, char which)
{
	const struct fake_file *file = of_ring(ring, which);

	return file ? (int64_t)file->counter : -1;
}

void fake_ring_signal(struct fake *fake, const struct fake_ring *ring, char which)
{
	struct fake_file *file = of_ring(ring, which);

	if (file)
		fake_eventfd_add(fake, file);
}

void fake_close(struct fake *fake, int fd)
{
	fake_fd_close(fake, fd);
}
