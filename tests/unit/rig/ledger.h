/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ledger - which dirty pages are owed: devices that write pages, in every moment between two calls
 * and while a call is under way, and what vhc_dirty_read() must then hand out: these and no others.
 */
#ifndef TESTS_LEDGER_H
#define TESTS_LEDGER_H

#include "crowd.h"

/* Pages up to the end of the second region. */
#define LEDGER_WORDS  ((RIG_MORE + RIG_MORE_SIZE) / VHC_PAGE_SIZE / 64 + 1)
#define LEDGER_EVENTS 512u

struct ledger {
	struct crowd crowd;
	uint64_t seed;
	uint64_t live[LEDGER_WORDS];  /* in the log that the devices write to */
	uint64_t taken[LEDGER_WORDS]; /* in the one that the pass at hand reads */
	bool swapped;		      /* there is such a one */
	uint64_t base;		      /* of the log that they write to, as the kernel has it */
	/* What was written while a call of the library was under way. */
	struct {
		uint64_t base, page;
	} event[LEDGER_EVENTS];
	uint32_t events;
};

/** ledger_below() - the next number of a series that the seed gives. */
uint32_t ledger_below(struct ledger *ledger, uint32_t n);

/** ledger_new() - @count devices of one pair that run, log, and write whenever they are looked at. */
void ledger_new(struct ledger *ledger, uint32_t count);
void ledger_free(struct ledger *ledger);

/** ledger_write() - the devices that run write this many pages, anywhere. */
void ledger_write(struct ledger *ledger, uint32_t pages);
/** ledger_write_page() - the first one that runs writes this page. */
void ledger_write_page(struct ledger *ledger, uint64_t page);

/**
 * ledger_settle() - after a call that may have changed where the devices write to.  @sync: it was
 * vhc_dirty_sync(); @r: what it returned.
 */
void ledger_settle(struct ledger *ledger, bool sync, int r);
/** ledger_cut() - the log has this many bytes: past that there is no memory. */
void ledger_cut(struct ledger *ledger, uint64_t size);
/** ledger_moved() - the same of another log than before, whether any device runs or not. */
void ledger_moved(struct ledger *ledger, uint64_t size);
/** ledger_sync() - vhc_dirty_sync(), which must not be -ESTALE. */
int ledger_sync(struct ledger *ledger);
/** ledger_read() - vhc_dirty_read() of these pages, compared. */
void ledger_read(struct ledger *ledger, uint64_t first, uint64_t pages, uint32_t flags);
/** ledger_read_all() - all that a log can have. */
void ledger_read_all(struct ledger *ledger);
/** ledger_end() - the devices stop, and all that is owed is handed out, and after that nothing. */
void ledger_end(struct ledger *ledger);

#endif
