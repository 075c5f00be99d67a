/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * counts - the number of vhost ioctls from open to the last SET_BACKEND, and of a stop, a save and a
 * restore, counted on the fake kernel; and QEMU's, as counted by strace on Linux 6.1 (QEMU 7.2, the
 * same in three runs).
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

static void row(struct rig *rig, const char *what, double qemu)
{
	char text[64];

	print_row(what, fake_count(rig->fake, "VHOST_"), "QEMU", qemu, "calls", 1);
	snprintf(text, sizeof(text), "  all its system calls");
	print_row(text, fake_calls(rig->fake), "QEMU's ioctls", qemu, "calls", 0);
	fake_forget_calls(rig->fake);
}

/* Four pairs: stopped and saved in one process, loaded and started in another. */
static void move(void)
{
	struct rig here, there;
	char *json = NULL;

	rig_new(&here, "6.1", 4);
	rig_up(&here);
	fake_forget_calls(here.fake);
	assert_ok(&here, vhc_dev_stop(here.dev));
	assert_ok(&here, vhc_dev_save(here.dev, &json));
	/* backend, base and call of eight rings */
	row(&here, "stop and save, 4 pairs", 24);
	rig_new(&there, "6.1", 4);
	assert_ok(&there, rig_mem(&there));
	assert_ok(&there, rig_tap(&there));
	assert_ok(&there, rig_dev(&there));
	assert_ok(&there, rig_attach(&there));
	assert_ok(&there, vhc_dev_load(there.dev, json));
	for (uint32_t i = 0; i < there.rings; i++)
		if (vhc_ring_get_kick(there.dev, i) < 0 || vhc_ring_get_call(there.dev, i) < 0)
			fail_msg("no eventfds");
	assert_ok(&there, rig_start(&there));
	row(&there, "open, load and start, 4 pairs", 88);
	free(json);
	rig_free(&here);
	rig_free(&there);
}

int main(void)
{
	count(1, 22, 16);
	count(4, 88, 61);
	move();
	return 0;
}
