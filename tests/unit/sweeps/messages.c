/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * messages - what a vhost-user back end does: each message is recorded as it comes, in any order
 * and more than once, and after each all enabled rings are started, all others stopped.  A ring that
 * runs has what was accepted last; what was refused was refused with an error.
 */
#include <linux/vhost.h>

#include "rig.h"

static struct rig rig;
static uint64_t seed;

static uint32_t below(uint32_t n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(seed >> 33) % n;
}

#define RINGS 2u

enum message { FEATURES, MEMORY, LOG, SIZE, ADDR, BASE, KICK, CALL, ENABLE, STOP, MESSAGES };

/* What was accepted last: that, and nothing else, may be found in a ring that runs. */
struct accepted {
	uint32_t size, base;
	bool has_addr, moved; /* its used ring is one step further */
	int kick, call;	      /* the test's own, -1 for none */
	bool enabled;
};

static struct accepted accepted[RINGS];
static bool has_features, fewer, has_memory, has_log;
static uint32_t used_index;	    /* in the memory of each ring */
static uint32_t refused, too_early; /* with an error; with -EAGAIN */

/* 0; or an error that is known: then what was before counts. */
static bool took(int r, int refusal)
{
	if (r && r != refusal)
		fail_msg("%d: %s", r, rig_text(&rig));
	refused += r != 0;
	return !r;
}

static void set_features(bool wrong)
{
	struct vhc_features set = rig.acked;

	if (wrong)
		vhc_features_remove(&set, VHI_F_EVENT_IDX);
	if (!took(vhc_dev_set_features(rig.dev, &set, 0), -EBUSY))
		return;
	has_features = true;
	fewer = wrong;
}

/* The wrong table has no memory where the rings are. */
static void set_memory(bool wrong)
{
	const struct vhc_region right = { sizeof(right), RIG_GUEST, rig.ram_size,
					  (uintptr_t)rig.ram },
				other = { sizeof(other), RIG_MORE, RIG_MORE_SIZE,
					  (uintptr_t)rig.more };

	vhc_mem_clear(rig.mem);
	vhc_mem_add(rig.mem, &other);
	if (!wrong)
		vhc_mem_add(rig.mem, &right);
	if (took(vhc_mem_commit(rig.mem), -EBUSY))
		has_memory = !wrong;
}

static void set_log(bool wrong)
{
	int r = wrong ? vhc_dirty_stop(rig.mem) : vhc_dirty_start(rig.mem);

	if (took(r, -EAGAIN))
		has_log = !wrong;
}

static void set_addr(uint32_t ring, bool wrong)
{
	struct vhc_ring_addr addr = rig_addr(ring);

	addr.used += wrong ? 0x800 : 0;
	if (!took(vhc_ring_set_addr(rig.dev, ring, &addr), -EBUSY))
		return;
	accepted[ring].has_addr = true;
	accepted[ring].moved = wrong;
}

/* At once, whatever the ring does. */
static void set_fd(uint32_t ring, bool kick, bool none)
{
	int *slot = kick ? &accepted[ring].kick : &accepted[ring].call;
	int fd = none ? -1 : fake_eventfd(rig.fake);

	assert_ok(&rig, kick ? vhc_ring_set_kick(rig.dev, ring, fd)
			     : vhc_ring_set_call(rig.dev, ring, fd));
	if (*slot >= 0)
		fake_close(rig.fake, *slot);
	*slot = fd;
}

/* As GET_VRING_BASE: the ring stops, and the answer is where. */
static void stop(uint32_t ring)
{
	uint32_t base = UINT32_MAX;

	assert_ok(&rig, vhc_ring_stop(rig.dev, ring));
	assert_ok(&rig, vhc_ring_get_base(rig.dev, ring, &base));
	assert_int_equal(base, accepted[ring].base);
	set_fd(ring, true, true);
}

static void receive(enum message message, uint32_t ring, bool wrong)
{
	uint32_t size = wrong ? RIG_SIZE / 2 : RIG_SIZE, base = wrong ? 6 : 5;

	switch (message) {
	case FEATURES:
		set_features(wrong);
		break;
	case MEMORY:
		set_memory(wrong);
		break;
	case LOG:
		set_log(wrong);
		break;
	case SIZE:
		if (took(vhc_ring_set_size(rig.dev, ring, size), -EBUSY))
			accepted[ring].size = size;
		break;
	case ADDR:
		set_addr(ring, wrong);
		break;
	case BASE:
		if (took(vhc_ring_set_base(rig.dev, ring, base), -EBUSY))
			accepted[ring].base = base;
		break;
	case KICK:
	case CALL:
		set_fd(ring, message == KICK, wrong);
		break;
	case ENABLE:
		accepted[ring].enabled = !wrong;
		break;
	default:
		stop(ring);
		break;
	}
}

/* ------------------------------------------------------------------------------------ and then */

/* Each signal goes to both or to none. */
static bool is_file(const struct fake_ring *ring, char which, int fd)
{
	if (fd < 0)
		return fake_ring_counter(ring, which) == -1;
	fake_sys.signal(rig.fake, fd);
	return fake_ring_counter(ring, which) == (int64_t)fake_counter(rig.fake, fd);
}

static void check_running(uint32_t n)
{
	const struct fake_ring *ring = rig_kernel_ring(&rig, n);
	const struct accepted *now = &accepted[n];
	uint64_t at = (uintptr_t)rig.ram + n * RIG_RING_ROOM, used = now->moved ? 0x2800 : 0x2000;

	assert_true(now->enabled && has_features && has_memory && now->has_addr);
	assert_non_null(ring->backend);
	assert_int_equal(ring->num, now->size);
	assert_int_equal(ring->base, now->base);
	/* never where its memory says that it cannot be */
	assert_true(ring->base >= used_index);
	assert_int_equal(ring->desc, at);
	assert_int_equal(ring->used, at + used);
	assert_int_equal(!(ring->features[0] >> VHI_F_EVENT_IDX & 1), fewer);
	assert_int_equal(ring->features[0] >> VHOST_F_LOG_ALL & 1, has_log);
	assert_int_equal(ring->log_used, has_log);
	assert_int_equal(ring->log_addr, has_log ? RIG_GUEST + n * RIG_RING_ROOM + used : 0);
	assert_true(is_file(ring, 'k', now->kick) && is_file(ring, 'c', now->call));
	assert_int_equal(fake_vhost(rig.fake, 0)->regions, 2);
}

/* Does this ring want to run, and lack nothing?  Then it must. */
static bool is_whole(uint32_t n)
{
	const struct accepted *now = &accepted[n];

	return now->enabled && has_features && has_memory && now->size && now->has_addr;
}

static void settle(uint32_t n)
{
	const struct fake_ring *ring = rig_kernel_ring(&rig, n);
	bool ran = ring->backend;
	int r;

	if (!accepted[n].enabled) {
		assert_ok(&rig, vhc_ring_stop(rig.dev, n));
		assert_null(ring->backend);
		return;
	}
	r = vhc_ring_start(rig.dev, n);
	if (!r) {
		check_running(n);
		return;
	}
	/* a running ring keeps running without a kick; none starts without one */
	assert_false(ran);
	assert_null(ring->backend);
	too_early += r == -EAGAIN;
	refused += r != -EAGAIN;
	/* its base may be outside of what the memory says: 0 is, until the base comes */
	if (r == -EINVAL && is_whole(n))
		assert_says(&rig, "base");
	else if (r == -EAGAIN)
		assert_true(!is_whole(n) || accepted[n].kick < 0);
	else if (r != -EINVAL || has_memory)
		fail_msg("ring %u: %d: %s", n, r, rig_text(&rig));
}

/* The device of a new front-end.  Where the used index is 5, a start at 0 must be refused. */
static void begin(uint32_t used)
{
	used_index = used;
	has_features = fewer = has_memory = has_log = false;
	assert_int_equal(vhc_mem_new(rig.ctx, &rig.mem), 0);
	assert_ok(&rig, rig_dev(&rig));
	assert_ok(&rig, rig_attach(&rig));
	for (uint32_t i = 0; i < RINGS; i++) {
		accepted[i] = (struct accepted){ .kick = -1, .call = -1 };
		memset(rig.ram + i * RIG_RING_ROOM, 0, RIG_RING_ROOM);
		for (uint32_t where = 0x2000; where <= 0x2800; where += 0x800)
			rig.ram[i * RIG_RING_ROOM + where + 2] = (uint8_t)used;
		rig_set_index(&rig, i, 'a', 10);
	}
}

static void end(void)
{
	for (uint32_t i = 0; i < RINGS; i++) {
		if (accepted[i].kick >= 0)
			fake_close(rig.fake, accepted[i].kick);
		if (accepted[i].call >= 0)
			fake_close(rig.fake, accepted[i].call);
	}
	vhc_dev_close(rig.dev);
	vhc_mem_free(rig.mem);
	rig.dev = NULL;
	rig.mem = NULL;
	fake_forget_calls(rig.fake);
}

static bool is_right(uint32_t n)
{
	return accepted[n].size == RIG_SIZE && accepted[n].base == 5 && !accepted[n].moved &&
	       !fewer;
}

/* At last everything is said once more, as it should be. */
static void say_all(void)
{
	static const enum message order[] = { FEATURES, MEMORY, SIZE, ADDR,  BASE,
					      KICK,	CALL,	LOG,  ENABLE };

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		for (uint32_t ring = 0; ring < RINGS; ring++) {
			receive(order[i], ring, false);
			for (uint32_t n = 0; n < RINGS; n++)
				settle(n);
		}
}

static void random_messages_and_maps_match_model(void **state)
{
	uint32_t right = 0, wrong = 0, total = 0;

	rig_new(&rig, "6.12", 1);
	assert_ok(&rig, rig_tap(&rig));
	for (uint32_t i = 1; i <= 20000; i++) {
		seed = i;
		begin(i % 2 ? 5 : 0);
		for (uint32_t j = below(60); j; j--) {
			receive(below(MESSAGES), below(RINGS), !below(4));
			for (uint32_t n = 0; n < RINGS; n++)
				settle(n);
		}
		refused = 0;
		say_all();
		for (uint32_t n = 0; n < RINGS; n++, total++) {
			right += is_right(n);
			wrong += !is_right(n);
			/* what is not as it should be was refused, with an error */
			assert_true(is_right(n) || refused);
			check_running(n);
		}
		end();
	}
	print_message("%u rings: %u right, %u refused something; %u starts too early\n", total,
		      right, wrong, too_early);
	assert_true(right > 4 * wrong && wrong && too_early);
	rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_messages_and_maps_match_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
