/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * memory - the guest's memory as the front-end gives it, and its dirty log.
 *
 * QEMU has a list of its own for each queue pair, so it adds a region, and removes it, once for each:
 * what is there already, or has gone, is done.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "device.h"

/*
 * A process has 128 TiB for mappings, and not too many of them, for old and new ones of all its devices.  The
 * dirty log, which is looked through as a whole when it moves, is as long as the highest address wants it.
 */
#define MOST_BYTES   (UINT64_C(1) << 45)
#define MOST_REGIONS 16384u
#define GUEST_END    (UINT64_C(1) << 45)
#define MOST_LOG     (GUEST_END / 4096 / 8)

static uint64_t share(const struct session *session, uint64_t of)
{
	uint32_t devices = session->device->broker->count;

	return of / (devices ? devices : 1);
}

static uint32_t most_regions(const struct session *session)
{
	uint64_t most = share(session, MOST_REGIONS);

	if (most > SESSION_REGIONS)
		most = SESSION_REGIONS;
	return session->device->info.max_regions < most ? session->device->info.max_regions
							: (uint32_t)most;
}

static uint64_t add_up(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

/* @bytes: of the regions that there are besides. */
static int check_region(struct session *session, const struct wire_region *region, uint64_t bytes)
{
	uint64_t most = share(session, MOST_BYTES);

	if (add_up(region->guest, region->size) > GUEST_END)
		return session_fail(session, -E2BIG,
				    "a region of 0x%llx bytes at 0x%llx: the guest's memory may "
				    "go up to 0x%llx",
				    (unsigned long long)region->size,
				    (unsigned long long)region->guest,
				    (unsigned long long)GUEST_END);
	if (add_up(bytes, region->size) > most)
		return session_fail(session, -E2BIG,
				    "the guest's memory would have more than the 0x%llx bytes "
				    "that each of the %u devices of this process may map",
				    (unsigned long long)most, session->device->broker->count);
	return 0;
}

static struct session_region describe(const struct wire_region *region, int fd)
{
	struct session_region ret = { .at = *region };
	struct stat st;

	if (!fstat(fd, &st)) {
		ret.dev = st.st_dev;
		ret.inode = st.st_ino;
	}
	return ret;
}

/* Where a region is in the list; the number of regions if it is not. */
static uint32_t find(const struct session *session, const struct wire_region *region)
{
	uint32_t i = 0;

	while (i < session->regions && (session->region[i].at.guest != region->guest ||
					session->region[i].at.size != region->size ||
					session->region[i].at.user != region->user))
		i++;
	return i;
}

static void add(struct session *session, const struct wire_region *region, int fd)
{
	vhc_mem_add(session->device->mem,
		    VHC_ARG(vhc_region, .guest_addr = region->guest, .size = region->size,
			    .peer_addr = region->user, .fd = fd, .fd_offset = region->offset,
			    .flags = VHC_REGION_FD | VHC_REGION_MAP | VHC_REGION_PEER));
}

/* With other memory, rings may start, and a log may begin. */
static int follow(struct session *session)
{
	return session_start_log(session) ?: session_settle_all(session);
}

/* A commit tells of an edit that failed, and drops them all. */
int session_set_mem_table(struct session *session, struct wire_message *message)
{
	struct vhc_mem *mem = session->device->mem;
	uint32_t count = message->payload.table.count;
	uint64_t bytes = 0;
	int r = 0;

	for (uint32_t i = 0; i < count && !r; i++) {
		r = check_region(session, &message->payload.table.region[i], bytes);
		bytes += message->payload.table.region[i].size;
	}
	if (r)
		return r;
	vhc_mem_clear(mem);
	for (uint32_t i = 0; i < count; i++)
		add(session, &message->payload.table.region[i], message->fd[i]);
	r = vhc_mem_commit(mem);
	if (r)
		return r;
	if (!count) /* a front-end leaves out what is in no file */
		session_say_not_shared(session->device);
	session->regions = count;
	for (uint32_t i = 0; i < count; i++)
		session->region[i] = describe(&message->payload.table.region[i], message->fd[i]);
	return follow(session);
}

int session_add_region(struct session *session, struct wire_message *message)
{
	const struct wire_region *region = &message->payload.slot.region;
	struct session_region added = describe(region, message->fd[0]);
	uint32_t place = find(session, region), most = most_regions(session);
	uint64_t bytes = 0;
	int r;

	if (place < session->regions && !memcmp(&session->region[place], &added, sizeof(added)))
		return 0;
	if (session->regions >= most)
		return session_fail(session, -E2BIG, "there are %u regions already", most);
	for (uint32_t i = 0; i < session->regions; i++)
		bytes += session->region[i].at.size;
	r = check_region(session, region, bytes);
	if (r)
		return r;
	add(session, region, message->fd[0]);
	r = vhc_mem_commit(session->device->mem);
	if (r)
		return r;
	session->region[session->regions++] = added;
	return follow(session);
}

int session_del_region(struct session *session, struct wire_message *message)
{
	const struct wire_region *region = &message->payload.slot.region;
	uint32_t place = find(session, region);
	int r;

	if (place == session->regions)
		return 0;
	vhc_mem_del(session->device->mem, region->guest, region->size);
	r = vhc_mem_commit(session->device->mem);
	if (r)
		return r;
	session->region[place] = session->region[--session->regions];
	return follow(session);
}

int session_get_slots(struct session *session, struct wire_message *message)
{
	wire_reply_u64(message, most_regions(session));
	return 0;
}

/* Before the first memory table there is nothing to log: it is tried again after it. */
int session_start_log(struct session *session)
{
	struct vhc_mem *mem = session->device->mem;
	int r = session->log ? vhc_dirty_start(mem) : vhc_dirty_stop(mem);

	return r == -EAGAIN ? 0 : r;
}

/* Before or after the feature bit that starts logging. */
int session_set_log_base(struct session *session, struct wire_message *message)
{
	uint64_t size = message->payload.log.size;
	int r;

	if (size > MOST_LOG)
		return session_fail(session, -E2BIG, "a dirty log of 0x%llx bytes: at most 0x%llx",
				    (unsigned long long)size, (unsigned long long)MOST_LOG);
	r = vhc_dirty_set_file(session->device->mem, message->fd[0], message->payload.log.offset,
			       size);
	if (!r)
		wire_reply_u64(message, 0);
	return r;
}

int session_set_log_fd(struct session *session, struct wire_message *message)
{
	return vhc_dirty_set_event(session->device->mem, message->fd[0]);
}
