/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * life - the whole life of a device as a list of calls.
 */
#include <sched.h>

#include "life.h"

static int plan(struct rig *rig)
{
	char *json = NULL;
	int r = vhc_dev_plan(rig->dev, &json);

	free(json);
	return r;
}

static int new_call(struct rig *rig)
{
	int fd = fake_eventfd(rig->fake), r = vhc_ring_set_call(rig->dev, 1, fd);

	fake_close(rig->fake, fd);
	return r;
}

static int new_kick(struct rig *rig)
{
	int fd = fake_eventfd(rig->fake), r = vhc_ring_set_kick(rig->dev, 0, fd);

	fake_close(rig->fake, fd);
	return r;
}

static int no_call(struct rig *rig)
{
	return vhc_ring_set_call(rig->dev, 1, -1);
}

static int own_call(struct rig *rig)
{
	int fd = vhc_ring_get_call(rig->dev, 1);

	return fd < 0 ? fd : 0;
}

/* A VM is the test's own: nothing of it fails. */
static int machine(struct rig *rig)
{
	if (!rig->vm)
		rig->vm = fake_vm(rig->fake, true);
	return 0;
}

static int bell(struct rig *rig, uint32_t ring, uint32_t len)
{
	return vhc_ring_add_ioeventfd(rig->dev, ring, rig->vm,
				      VHC_ARG(vhc_ioeventfd, .addr = 0xc050 + ring, .len = len,
					      .flags = VHC_IOEVENTFD_PIO));
}

static int doorbell(struct rig *rig)
{
	return bell(rig, 0, 2);
}

static int second_doorbell(struct rig *rig)
{
	return bell(rig, 0, 4);
}

/* Once more it is not there. */
static int no_second_doorbell(struct rig *rig)
{
	int r = vhc_ring_del_ioeventfd(
		rig->dev, 0,
		VHC_ARG(vhc_ioeventfd, .addr = 0xc050, .len = 4, .flags = VHC_IOEVENTFD_PIO));

	return r == -EINVAL && strstr(rig_text(rig), "no doorbell") ? 0 : r;
}

static int interrupt(struct rig *rig)
{
	return vhc_ring_set_irqfd(rig->dev, 1, rig->vm, VHC_ARG(vhc_irqfd, .gsi = 5));
}

static int level_interrupt(struct rig *rig)
{
	int fd = fake_eventfd(rig->fake), r;

	r = vhc_ring_set_irqfd(
		rig->dev, 1, rig->vm,
		VHC_ARG(vhc_irqfd, .gsi = 6, .flags = VHC_IRQFD_RESAMPLE, .resample_fd = fd));
	fake_close(rig->fake, fd);
	return r;
}

static int no_interrupt(struct rig *rig)
{
	return vhc_ring_set_irqfd(rig->dev, 1, -1, NULL);
}

static int mask(struct rig *rig)
{
	int r = vhc_ring_set_masked(rig->dev, 1, true);

	if (!r)
		vhc_ring_is_pending(rig->dev, 1);
	return r;
}

static int unmask(struct rig *rig)
{
	return vhc_ring_set_masked(rig->dev, 1, false);
}

static int fewer_offloads(struct rig *rig)
{
	struct vhc_features set = rig->acked;

	vhc_features_remove(&set, VHI_F_GUEST_TSO4);
	vhc_features_remove(&set, VHI_F_GUEST_UDP_TUNNEL_GSO);
	return vhc_tap_set_features(rig->tap, &set, 0);
}

static int fewer_queues(struct rig *rig)
{
	return vhc_tap_set_active(rig->tap, 1);
}

static int all_queues(struct rig *rig)
{
	return vhc_tap_set_active(rig->tap, rig->pairs);
}

#define OF_FILE (RIG_MORE + 2 * RIG_MORE_SIZE)

static int memory_of_file(struct rig *rig)
{
	int fd = fake_memfd(rig->fake, RIG_MORE_SIZE, 0);

	vhc_mem_add(rig->mem, VHC_ARG(vhc_region, .guest_addr = OF_FILE, .size = RIG_MORE_SIZE,
				      .peer_addr = OF_FILE, .fd = fd,
				      .flags = VHC_REGION_FD | VHC_REGION_MAP | VHC_REGION_PEER));
	fake_close(rig->fake, fd);
	return vhc_mem_commit(rig->mem);
}

static int no_memory_of_file(struct rig *rig)
{
	vhc_mem_del(rig->mem, OF_FILE, RIG_MORE_SIZE);
	return vhc_mem_commit(rig->mem);
}

static int log_on(struct rig *rig)
{
	return vhc_dirty_start(rig->mem);
}

static int log_event(struct rig *rig)
{
	int fd = fake_eventfd(rig->fake), r = vhc_dirty_set_event(rig->mem, fd);

	fake_close(rig->fake, fd);
	return r;
}

static int read_pages(struct rig *rig, enum vhc_dirty_mode mode)
{
	uint64_t bitmap[4] = { 0 };
	int r = vhc_dirty_set_mode(rig->mem, mode);

	r = r ? r : vhc_dirty_sync(rig->mem);
	return r ? r : vhc_dirty_read(rig->mem, RIG_GUEST, rig->ram_size, bitmap, 0, NULL);
}

static int swap_logs(struct rig *rig)
{
	return read_pages(rig, VHC_DIRTY_SWAP);
}

static int exchange_words(struct rig *rig)
{
	return read_pages(rig, VHC_DIRTY_EXCHANGE);
}

static int log_off(struct rig *rig)
{
	return vhc_dirty_stop(rig->mem);
}

static int stop_ring(struct rig *rig)
{
	return vhc_ring_stop(rig->dev, 1);
}

static int start_ring(struct rig *rig)
{
	return vhc_ring_start(rig->dev, 1);
}

static int reset_ring(struct rig *rig)
{
	return vhc_ring_reset(rig->dev, 1);
}

static int ring_again(struct rig *rig)
{
	return rig_ring(rig, 1);
}

static int recover(struct rig *rig)
{
	return vhc_ring_recover_base(rig->dev, 1);
}

/* What the host wants of the workers, where they are looked for, and of the rings. */
static int tune(struct rig *rig, uint64_t cpus, int policy, int priority, uint32_t us)
{
	int r = vhc_ring_set_busyloop(rig->dev, 1, us);

	if (r || !(rig->dev_flags & VHC_DEV_WORKERS))
		return r;
	r = vhc_dev_set_worker_cpus(rig->dev, 0, &cpus, 1);
	return r ? r : vhc_dev_set_worker_sched(rig->dev, rig->pairs - 1, policy, priority);
}

static int tuned(struct rig *rig)
{
	return tune(rig, 3, SCHED_FIFO, 5, 50);
}

static int tuned_again(struct rig *rig)
{
	return tune(rig, 2, SCHED_BATCH, 0, 20);
}

static int untuned(struct rig *rig)
{
	return tune(rig, 15, SCHED_OTHER, 0, 0);
}

static int workers(struct rig *rig)
{
	int32_t tid;
	uint32_t us;
	int r = vhc_ring_get_busyloop(rig->dev, 1, &us);

	for (uint32_t i = 0; i < rig->pairs && !r && rig->dev_flags & VHC_DEV_WORKERS; i++)
		r = vhc_dev_get_worker(rig->dev, i, &tid);
	return r;
}

static int stop(struct rig *rig)
{
	return vhc_dev_stop(rig->dev);
}

static int reset(struct rig *rig)
{
	return vhc_dev_reset(rig->dev);
}

static int base(struct rig *rig)
{
	uint32_t value;

	for (uint32_t i = 0; i < rig->rings; i++) {
		int r = vhc_ring_get_base(rig->dev, i, &value);

		if (r)
			return r;
	}
	return 0;
}

static const struct act acts[] = {
	{ "memory", rig_mem, true },
	{ "tap", rig_tap, true },
	{ "device", rig_dev, true },
	{ "attach", rig_attach, true },
	{ "offer", rig_offer, true },
	{ "features", rig_features, true },
	{ "rings", rig_rings, false },
	{ "tuned", tuned, true },
	{ "plan", plan, true },
	{ "start", rig_start, true },
	{ "workers", workers, true },
	{ "tuned again", tuned_again, true },
	{ "new call", new_call, true },
	{ "new kick", new_kick, true },
	{ "no call", no_call, true },
	{ "own call", own_call, true },
	{ "machine", machine, true },
	{ "doorbell", doorbell, true },
	{ "second doorbell", second_doorbell, true },
	{ "interrupt", interrupt, true },
	{ "level interrupt", level_interrupt, true },
	{ "bound to a new kick", new_kick, true },
	{ "bound to a new call", new_call, true },
	{ "mask", mask, true },
	{ "new call while masked", new_call, true },
	{ "unmask", unmask, true },
	{ "no second doorbell", no_second_doorbell, true },
	{ "fewer offloads", fewer_offloads, true },
	{ "fewer queues", fewer_queues, true },
	{ "all queues", all_queues, true },
	{ "log on", log_on, true },
	{ "log event", log_event, true },
	{ "more memory", rig_more, true },
	{ "swap logs", swap_logs, false },
	{ "exchange words", exchange_words, true },
	{ "swap again", swap_logs, true },
	{ "less memory", rig_less, true },
	{ "stop a ring", stop_ring, true },
	{ "start a ring", start_ring, true },
	{ "log off", log_off, true },
	{ "memory of a file", memory_of_file, true },
	{ "no memory of a file", no_memory_of_file, true },
	{ "reset a ring", reset_ring, false },
	{ "a ring again", ring_again, false },
	{ "recover", recover, true },
	{ "start it again", start_ring, true },
	{ "stop", stop, true },
	{ "base", base, true },
	{ "start again", rig_start, true },
	{ "mask again", mask, true },
	{ "reset", reset, false },
	{ "features again", rig_features, true },
	{ "rings again", rig_rings, false },
	{ "start again", rig_start, true },
	{ "machine again", machine, true },
	{ "doorbell again", doorbell, true },
	{ "interrupt again", interrupt, true },
	{ "mask again", mask, true },
	{ "unmask again", unmask, true },
	{ "no interrupt", no_interrupt, true },
	{ "untuned", untuned, true },
	{ "workers again", workers, true },
};

const struct life device_life = { acts, sizeof(acts) / sizeof(acts[0]) };

uint32_t life_find(const struct life *of, const char *name)
{
	uint32_t i = 0;

	while (i < of->count && strcmp(of->acts[i].name, name))
		i++;
	assert_true(i < of->count);
	return i;
}
