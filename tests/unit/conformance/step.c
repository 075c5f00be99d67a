/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * step - one step of the list: its argument, and the step and its answer as text.
 */
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "fake.h"
#include "world.h"

int step_fd(const struct world *world, uint64_t slot)
{
	if (slot < SLOTS)
		return world->fds[slot];
	return slot == CLOSED ? CLOSED_FD : -1;
}

uint64_t step_address(const struct world *world, uint64_t value)
{
	return (value & ~0xffffffffull) == TAG ? world->ram + (value - TAG) : value;
}

static void *memory_arg(struct world *world, const struct step *step)
{
	uint32_t count = (uint32_t)step->v[0];
	struct vhost_memory *memory = (struct vhost_memory *)world->memory;
	const uint64_t *v = &step->v[2];

	memset(world->memory, 0, sizeof(world->memory));
	memory->nregions = count;
	for (uint32_t i = 0; i < count; i++) {
		struct vhost_memory_region *region = &memory->regions[i];

		region->guest_phys_addr = step->arg == MANY ? i * 0x1000ull : v[3 * i];
		region->memory_size = step->arg == MANY ? 0x1000 : v[3 * i + 1];
		region->userspace_addr =
			step_address(world, step->arg == MANY ? RAM : v[3 * i + 2]);
	}
	if (step->arg == MEMORY)
		memory->padding = (uint32_t)step->v[1];
	return memory;
}

/* What the kernel gets as its third argument. */
void *step_arg(struct world *world, const struct step *step)
{
	const uint64_t *v = step->v;

	memset(&world->arg, 0, sizeof(world->arg));
	switch (step->arg) {
	case PLAIN:
		return (void *)(uintptr_t)v[0];
	case BAD:
		return (void *)(uintptr_t)step_address(world, HOLE);
	case MEMORY:
	case MANY:
		return memory_arg(world, step);
	case U8:
		world->arg.u8 = (uint8_t)v[0];
		break;
	case INT:
		world->arg.word = (int32_t)v[0];
		break;
	case U64:
		world->arg.u64[0] = step_address(world, v[0]);
		break;
	case WORDS:
		memcpy(world->arg.u64, v, sizeof(step->v));
		break;
	case STATE:
		world->arg.state = (struct vhost_vring_state){ (uint32_t)v[0], (uint32_t)v[1] };
		break;
	case FILES:
		world->arg.file = (struct vhost_vring_file){ (uint32_t)v[0], step_fd(world, v[1]) };
		break;
	case ADDR:
		world->arg.addr = (struct vhost_vring_addr){
			.index = (uint32_t)v[0],
			.flags = (uint32_t)v[1],
			.desc_user_addr = step_address(world, v[2]),
			.avail_user_addr = step_address(world, v[3]),
			.used_user_addr = step_address(world, v[4]),
			.log_guest_addr = v[5],
		};
		break;
	case IFREQ:
		snprintf(world->arg.ifr.ifr_name, IFNAMSIZ, "%s", step->name);
		if (step->request == SIOCSIFTXQLEN)
			world->arg.ifr.ifr_qlen = (int)v[0];
		else
			world->arg.ifr.ifr_flags = (short)v[0];
		break;
	case DOORBELL:
		world->arg.doorbell = (struct kvm_ioeventfd){
			.fd = step_fd(world, v[0]),
			.addr = v[1],
			.len = (uint32_t)v[2],
			.flags = (uint32_t)v[3],
			.datamatch = v[4],
		};
		break;
	case INTERRUPT:
		world->arg.interrupt = (struct kvm_irqfd){
			.fd = (uint32_t)step_fd(world, v[0]),
			.gsi = (uint32_t)v[1],
			.flags = (uint32_t)v[2],
			.resamplefd = (uint32_t)step_fd(world, v[3]),
		};
		break;
	}
	return &world->arg;
}

void step_print_out(const struct world *world, const struct step *step)
{
	switch (step->arg) {
	case U8:
		printf(" -> %u", world->arg.u8);
		break;
	case INT:
		printf(" -> %#x", (unsigned int)world->arg.word);
		break;
	case U64:
		printf(" -> %#llx", (unsigned long long)world->arg.u64[0]);
		break;
	case WORDS:
		for (uint32_t i = 1; i < 6; i++)
			printf(" %#llx", (unsigned long long)world->arg.u64[i]);
		break;
	case STATE:
		printf(" -> %u", world->arg.state.num);
		break;
	case IFREQ:
		if (step->request == SIOCGIFTXQLEN || step->request == SIOCSIFTXQLEN)
			printf(" -> %d", world->arg.ifr.ifr_qlen);
		else
			printf(" -> %s %#hx", world->arg.ifr.ifr_name, world->arg.ifr.ifr_flags);
		break;
	default:
		break;
	}
}

/* Is this value of a step an fd? */
static bool is_slot(const struct step *step, size_t i)
{
	return step->arg == FILES ? i == 1
				  : (step->arg == DOORBELL && i == 0) ||
					    (step->arg == INTERRUPT && (i == 0 || i == 3));
}

/* "A VHOST_SET_VRING_NUM 0 100", without the zeros at the end. */
void step_print(const struct step *step)
{
	static const char letters[] = "ABTUVEFSNDKMWP--?";
	size_t count = sizeof(step->v) / sizeof(step->v[0]);

	printf("%s", step->text);
	if (step->call != IOCTL && step->call != MESSAGE && step->call != MESSAGES &&
	    step->call != RECEIVE)
		return;
	if (step->call == IOCTL)
		printf("%c %s", letters[step->slot], fake_request_name(step->request));
	if (step->name)
		printf(" \"%s\"", step->name);
	while (count > 1 && !step->v[count - 1])
		count--;
	for (size_t i = 0; i < count; i++)
		if (is_slot(step, i))
			printf(" %c", letters[step->v[i]]);
		else
			printf(" %llx", (unsigned long long)step->v[i]);
}
