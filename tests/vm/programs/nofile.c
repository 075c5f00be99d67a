/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nofile - sets up a device of four queue pairs with every RLIMIT_NOFILE from 3 to 40: it works, or
 * fails with EMFILE; nothing is left of it, and without the limit it works again.  Prints TAP.
 */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "bring-up.h"

#define PAIRS 4u

static bool try(struct bring_up *b, rlim_t limit, const struct rlimit *normal)
{
	unsigned int fds = count_fds(), threads = count_threads(), left;
	struct rlimit low = { limit, normal->rlim_max };
	char text[256];
	int r;

	setrlimit(RLIMIT_NOFILE, &low);
	r = bring_up(b, PAIRS);
	setrlimit(RLIMIT_NOFILE, normal);
	snprintf(text, sizeof(text), "%s", r && b->ctx ? vhc_ctx_get_error(b->ctx)->text : "works");
	bring_down(b);
	left = count_fds() - fds;
	if ((r == 0 || (r == -EMFILE && strstr(text, "EMFILE"))) && !left && threads_are(threads))
		return true;
	printf("# limit %u: %d (%s), %u fds and %u threads more than before\n", (unsigned int)limit,
	       r, text, left, count_threads() - threads);
	return false;
}

int main(void)
{
	bool all = true, some_failed = false;
	struct bring_up b = { 0 };
	struct rlimit normal;

	getrlimit(RLIMIT_NOFILE, &normal);
	if (bring_up_memory(&b, PAIRS))
		return 1;
	for (rlim_t limit = 3; limit <= 40; limit++)
		all = try(&b, limit, &normal) && all;
	printf("%sok 1 - every limit from 3 to 40 works or says EMFILE, and leaves nothing\n",
	       all ? "" : "not ");
	some_failed = bring_up(&b, PAIRS) != 0;
	if (some_failed)
		printf("# %s\n", vhc_ctx_get_error(b.ctx)->text);
	printf("%sok 2 - without the limit it works again\n1..2\n", some_failed ? "not " : "");
	bring_down(&b);
	return !all || some_failed;
}
