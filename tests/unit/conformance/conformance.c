/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * conformance - does the fake kernel answer as a real one?  One list of calls through struct vhi_sys_ops,
 * and what each gave, on stdout:
 *     conformance 6.12     on the fake kernel of that version
 *     conformance real     on this machine's kernel, as root; makes taps and takes them away
 * tests/vm/suites/conformance.sh runs both on each kernel and compares them.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "text.h"
#include "fake.h"
#include "world.h"

static void run(struct world *world, const struct step *steps, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		int r;

		printf("%3u ", world->number++);
		step_print(&steps[i]);
		r = step_call(world, &steps[i]);
		if (!r && steps[i].out)
			step_print_out(world, &steps[i]);
		printf(": %s\n", r < 0 ? vhi_errname(-r) : r ? "yes" : "0");
	}
}

int main(int argc, char **argv)
{
	static struct world world;
	bool real = argc == 2 && !strcmp(argv[1], "real");
	void *ram = mmap(NULL, 2 * RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);

	if (argc != 2 || ram == MAP_FAILED) {
		fprintf(stderr, "usage: conformance real|6.1|6.12|7.2\n");
		return 2;
	}
	mprotect((char *)ram + RAM_SIZE, RAM_SIZE, PROT_NONE);
	world.ram = (uintptr_t)ram;
	world.data = real ? NULL : fake_new(argv[1]);
	world.sys = real ? &vhi_sys_linux : &fake_sys;
	memset(world.fds, -1, sizeof(world.fds));
	run(&world, steps_tuning, steps_tuning_count);
	run(&world, steps_alone, steps_alone_count);
	run(&world, steps_tap, steps_tap_count);
	run(&world, steps_together, steps_together_count);
	run(&world, steps_gone, steps_gone_count);
	run(&world, steps_iotlb, steps_iotlb_count);
	run(&world, steps_kvm, steps_kvm_count);
	run(&world, steps_vsock, steps_vsock_count);
	for (uint32_t i = 0; i < SLOTS; i++)
		if (world.fds[i] >= 0)
			world.sys->close(world.data, world.fds[i]);
	if (!real && !fake_is_clean(world.data))
		return 1;
	if (!real)
		fake_free(world.data);
	munmap(ram, 2 * RAM_SIZE);
	return 0;
}
