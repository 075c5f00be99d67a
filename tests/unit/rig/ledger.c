/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ledger - which dirty pages are owed.
 */
#include <linux/vhost.h>

#include "ledger.h"

uint32_t ledger_below(struct ledger *ledger, uint32_t n)
{
	ledger->seed = ledger->seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(ledger->seed >> 33) % n;
}

static void set_bit(uint64_t *words, uint64_t page)
{
	words[page / 64] |= 1ull << (page % 64);
}

/* ------------------------------------------------------------------------------- devices write */

static bool writes(const struct fake_ring *ring)
{
	return ring->backend && ring->features[0] >> VHOST_F_LOG_ALL & 1;
}

/* A page of the guest's, most of them where chunks, words or regions begin and end. */
static uint64_t any_page(struct ledger *ledger, const struct fake_vhost *vhost)
{
	static const uint64_t places[] = { 0, 64, 32768, 65536, RIG_GUEST / VHC_PAGE_SIZE };
	uint64_t pages = crowd_need(vhost) * 8, page = ledger_below(ledger, 6);

	page = page < 5 ? places[page] : pages - 8;
	page += ledger_below(ledger, 16);
	if (!ledger_below(ledger, 4))
		page = ledger_below(ledger, (uint32_t)pages);
	return page < pages ? page : pages - 1;
}

static void write_page(struct ledger *ledger, const struct fake_ring *ring, uint64_t page)
{
	set_bit((uint64_t *)(uintptr_t)ring->log_base, page);
	assert_true(ledger->events < LEDGER_EVENTS);
	ledger->event[ledger->events].base = ring->log_base;
	ledger->event[ledger->events++].page = page;
}

/* Every ring that runs writes a page, or not. */
static void watch(void *data, const struct fake_call *call)
{
	struct ledger *ledger = data;
	const struct fake_vhost *vhost;

	if (strncmp(call->name, "VHOST_", 6))
		return;
	if (!crowd_check(ledger->crowd.rig.fake)) {
		ledger->crowd.broken = true;
		return;
	}
	for (uint32_t fd = 0; (vhost = fake_vhost(ledger->crowd.rig.fake, fd)) != NULL; fd++)
		for (uint32_t i = 0; i < FAKE_RINGS; i++)
			if (writes(&vhost->ring[i]) && ledger_below(ledger, 2))
				write_page(ledger, &vhost->ring[i], any_page(ledger, vhost));
}

/* From ring @first on, as all of them are counted; NULL: none does. */
static const struct fake_ring *any_that_writes(struct ledger *ledger, uint32_t first,
					       const struct fake_vhost **vhost)
{
	uint32_t rings = ledger->crowd.count * FAKE_RINGS;

	for (uint32_t i = first; i < first + rings; i++) {
		*vhost = fake_vhost(ledger->crowd.rig.fake, i % rings / FAKE_RINGS);
		if (*vhost && writes(&(*vhost)->ring[i % FAKE_RINGS]))
			return &(*vhost)->ring[i % FAKE_RINGS];
	}
	return NULL;
}

static void book_live(struct ledger *ledger)
{
	for (uint32_t i = 0; i < ledger->events; i++)
		set_bit(ledger->live, ledger->event[i].page);
	ledger->events = 0;
}

void ledger_write_page(struct ledger *ledger, uint64_t page)
{
	const struct fake_vhost *vhost;
	const struct fake_ring *ring = any_that_writes(ledger, 0, &vhost);

	assert_non_null(ring);
	write_page(ledger, ring, page);
	book_live(ledger);
}

void ledger_write(struct ledger *ledger, uint32_t pages)
{
	while (pages--) {
		const struct fake_vhost *vhost;
		const struct fake_ring *ring =
			any_that_writes(ledger, ledger_below(ledger, 100), &vhost);

		if (ring)
			write_page(ledger, ring, any_page(ledger, vhost));
		book_live(ledger);
	}
}

/* ------------------------------------------------------------------------------------ the book */

static void forget_swap(struct ledger *ledger)
{
	for (size_t i = 0; i < LEDGER_WORDS && ledger->swapped; i++)
		ledger->live[i] |= ledger->taken[i];
	memset(ledger->taken, 0, sizeof(ledger->taken));
	ledger->swapped = false;
}

/* What was written on the way is in the log that the ring had in that moment. */
static void book_swap(struct ledger *ledger, uint64_t before)
{
	memcpy(ledger->taken, ledger->live, sizeof(ledger->taken));
	memset(ledger->live, 0, sizeof(ledger->live));
	for (uint32_t i = 0; i < ledger->events; i++)
		set_bit(ledger->event[i].base == before ? ledger->taken : ledger->live,
			ledger->event[i].page);
	ledger->events = 0;
	ledger->swapped = true;
}

void ledger_moved(struct ledger *ledger, uint64_t size)
{
	forget_swap(ledger);
	ledger_cut(ledger, size);
}

void ledger_cut(struct ledger *ledger, uint64_t size)
{
	uint64_t words = size / sizeof(uint64_t);

	if (words < LEDGER_WORDS)
		memset(&ledger->live[words], 0, (LEDGER_WORDS - words) * sizeof(uint64_t));
}

void ledger_settle(struct ledger *ledger, bool sync, int r)
{
	const struct fake_vhost *vhost;
	const struct fake_ring *ring = any_that_writes(ledger, 0, &vhost);
	uint64_t before = ledger->base;

	if (ring)
		ledger->base = ring->log_base;
	if (sync || ledger->base != before)
		forget_swap(ledger);
	if (sync && !r && ledger->base != before)
		book_swap(ledger, before);
	book_live(ledger);
}

int ledger_sync(struct ledger *ledger)
{
	int r;

	fake_forget_calls(ledger->crowd.rig.fake);
	r = vhc_dirty_sync(ledger->crowd.rig.mem);
	assert_int_not_equal(r, -ESTALE);
	ledger_settle(ledger, true, r);
	return r;
}

/* What must come for this page: its bit in @from, which is then no longer owed. */
static bool collect(uint64_t *from, uint64_t page)
{
	uint64_t bit = 1ull << (page % 64);
	bool owed = page / 64 < LEDGER_WORDS && from[page / 64] & bit;

	if (owed)
		from[page / 64] &= ~bit;
	return owed;
}

void ledger_read(struct ledger *ledger, uint64_t first, uint64_t pages, uint32_t flags)
{
	uint64_t words = pages / 64 + 2, count = 77, expected = 0;
	uint64_t *bitmap = malloc(words * sizeof(*bitmap)), *right = malloc(words * sizeof(*right));
	uint64_t *from = ledger->swapped ? ledger->taken : ledger->live;
	uint64_t random = ledger_below(ledger, 2) ? ledger->seed : 0;

	/* what is in the bitmap before stays in it */
	for (uint64_t i = 0; i < words; i++)
		bitmap[i] = right[i] = random;
	for (uint64_t i = 0; i < pages; i++)
		if (collect(from, first + i)) {
			set_bit(right, i);
			expected++;
		}
	assert_ok(&ledger->crowd.rig,
		  vhc_dirty_read(ledger->crowd.rig.mem, first * VHC_PAGE_SIZE,
				 pages * VHC_PAGE_SIZE, bitmap, flags, random & 1 ? &count : NULL));
	for (uint64_t i = 0; i < words; i++)
		if (bitmap[i] != right[i])
			fail_msg("pages from 0x%llx: 0x%llx instead of 0x%llx",
				 (unsigned long long)(first + i * 64),
				 (unsigned long long)bitmap[i], (unsigned long long)right[i]);
	if (random & 1)
		assert_int_equal(count, expected);
	free(bitmap);
	free(right);
}

void ledger_read_all(struct ledger *ledger)
{
	ledger_read(ledger, 0, LEDGER_WORDS * 64, VHC_DIRTY_PRIVATE);
}

/* --------------------------------------------------------------------------- beginning and end */

void ledger_new(struct ledger *ledger, uint32_t count)
{
	uint64_t seed = ledger->seed;

	memset(ledger, 0, sizeof(*ledger));
	ledger->seed = seed;
	crowd_up(&ledger->crowd, "6.12", count, 1);
	fake_watch(ledger->crowd.rig.fake, watch, ledger);
	assert_ok(&ledger->crowd.rig, vhc_dirty_start(ledger->crowd.rig.mem));
	ledger_settle(ledger, false, 0);
}

void ledger_free(struct ledger *ledger)
{
	crowd_free(&ledger->crowd);
}

void ledger_end(struct ledger *ledger)
{
	for (uint32_t i = 0; i < ledger->crowd.count; i++) {
		if (ledger->crowd.dev[i])
			assert_ok(&ledger->crowd.rig, vhc_dev_stop(ledger->crowd.dev[i]));
		ledger_settle(ledger, false, 0);
	}
	assert_int_equal(ledger_sync(ledger), 0);
	ledger_read_all(ledger);
	for (size_t i = 0; i < LEDGER_WORDS; i++)
		assert_true(!ledger->live[i] && !ledger->taken[i]);
	assert_int_equal(ledger_sync(ledger), 0);
	ledger_read_all(ledger);
}
