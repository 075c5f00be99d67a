/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * counts - vhost ioctls from open to the last SET_BACKEND, counted on the fake kernel; and QEMU's, as
 * strace counted them on Linux 6.1 (QEMU 7.2, the same over three runs).
 */
#include "bench.h"
#include "rig.h"

static void count(uint32_t pairs, double qemu, double most)
{
	double all, errors;
	struct rig rig;
	char what[64];

	rig_new(&rig, "6.1", pairs);
	rig_up(&rig);
	all = fake_count(rig.fake, "VHOST_");
	errors = fake_count(rig.fake, "VHOST_SET_VRING_ERR");
	rig_free(&rig);
	snprintf(what, sizeof(what), "vhost ioctls, %u pair%s", pairs, pairs == 1 ? "" : "s");
	print_row(what, all, "QEMU", qemu, "calls", most / qemu);
	snprintf(what, sizeof(what), "  without the ERR eventfds");
	print_row(what, all - errors, "QEMU", qemu, "calls", 0);
}

int main(void)
{
	count(1, 22, 16);
	count(4, 88, 61);
	return 0;
}
