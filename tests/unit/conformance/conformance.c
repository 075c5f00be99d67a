/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * conformance - does the fake kernel answer as a real one?  One list of calls through struct vhi_sys_ops,
 * and what each gave, on stdout:
 *     conformance 6.12     on the fake kernel of that version
 *     conformance real     on this machine's kernel, as root; makes taps and takes them away
 * tests/vm/suites/conformance.sh runs both on each kernel and compares them.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "text.h"
#include "fake.h"
#include "world.h"

static int take(struct world *world, enum slot slot, int r)
{
	if (r >= 0)
		world->fds[slot] = r;
	return r < 0 ? r : 0;
}

/* struct vhost_msg and struct vhost_msg_v2 have the same layout; v1 has padding for the address space. */
static int message(struct world *world, const struct step *step, uint64_t iova)
{
	const uint64_t *v = step->v;
	struct vhost_msg_v2 msg;

	memset(&msg, 0, sizeof(msg));
	msg.type = v[0] == 1 ? VHOST_IOTLB_MSG : v[0] == 2 ? VHOST_IOTLB_MSG_V2 : (uint32_t)v[0];
	msg.asid = (uint32_t)v[6];
	msg.iotlb.type = (uint8_t)v[1];
	msg.iotlb.iova = iova;
	msg.iotlb.size = v[3];
	msg.iotlb.uaddr = step_address(world, v[4]);
	msg.iotlb.perm = (uint8_t)v[5];
	return world->sys->write(world->data, step_fd(world, step->slot), &msg,
				 v[7] ? v[7] : sizeof(msg));
}

static int messages(struct world *world, const struct step *step)
{
	int r = 0;

	for (uint64_t i = 0; i < step->v[8] && r >= 0; i++)
		r = message(world, step, step->v[2] + i * step->v[3]);
	return r;
}

static int receive(struct world *world, const struct step *step)
{
	struct vhost_msg_v2 msg;
	int r;

	memset(&msg, 0xee, sizeof(msg));
	r = world->sys->read_fd(world->data, step_fd(world, step->slot), &msg, step->v[0]);
	if (r > 0)
		printf(" -> %d bytes, %u %u: type %u iova %#llx size %#llx uaddr %#llx perm %u", r,
		       msg.type, msg.asid, msg.iotlb.type, (unsigned long long)msg.iotlb.iova,
		       (unsigned long long)msg.iotlb.size, (unsigned long long)msg.iotlb.uaddr,
		       msg.iotlb.perm);
	return r;
}

/* Of the tasks only those that are called as the kernel calls this thread's workers. */
static int count_tasks(struct world *world)
{
	struct vhi_task tasks[64];
	uint32_t own = 0, kernel = 0;
	char name[24];
	int n = world->sys->tasks(world->data, "vhost-", true, tasks, 64);

	snprintf(name, sizeof(name), "vhost-%d", world->sys->tid(world->data));
	for (int i = 0; i < n && i < 64; i++) {
		if (strcmp(tasks[i].name, name))
			continue;
		own += !tasks[i].kernel;
		kernel += tasks[i].kernel;
		world->task = tasks[i].tid > world->task ? tasks[i].tid : world->task;
	}
	printf(" -> own %u, kernel %u", own, kernel);
	return n < 0 ? n : 0;
}

static int call(struct world *world, const struct step *step)
{
	const struct vhi_sys_ops *sys = world->sys;
	int fd = step_fd(world, step->slot);
	struct pollfd ready = { fd, POLLIN, 0 };
	uint64_t count = 0;
	struct vhi_file file;
	char text[64];
	int r;

	switch (step->call) {
	case OPEN:
		return take(world, step->slot, sys->open(world->data, step->name, O_RDWR));
	case NETNS:
		return take(world, step->slot,
			    sys->open_in_new_netns(world->data, step->name, O_RDWR));
	case CLOSE:
		return sys->close(world->data, fd);
	case DUP:
		return take(world, (enum slot)step->v[0], sys->dup(world->data, fd));
	case EVENTFD:
		return take(world, step->slot, sys->eventfd(world->data));
	case SOCKET:
		return take(world, step->slot, sys->socket(world->data));
	case SAME:
		return sys->same(world->data, fd, step_fd(world, step->v[0]));
	case STAT:
		r = sys->stat(world->data, fd, &file);
		if (!r)
			printf(" -> %d %u:%u", file.is_char, file.major, file.minor);
		return r;
	case READ:
		r = sys->read(world->data, step->name, text, sizeof(text));
		if (r >= 0)
			printf(" -> %.*s", (int)strcspn(text, "\n"), text);
		return r;
	case SIGNAL:
		return sys->signal(world->data, fd);
	case DRAIN:
		r = sys->drain(world->data, fd, &count);
		if (!r)
			printf(" -> %llu", (unsigned long long)count);
		return r;
	case POLL:
		r = sys->poll(world->data, &ready, 1);
		printf(" -> %#x", (unsigned int)ready.revents);
		return r;
	case EPOLL:
		return take(world, step->slot, sys->epoll(world->data));
	case EPOLL_ADD:
		return sys->epoll_add(world->data, fd, step_fd(world, step->v[0]));
	case EPOLL_DEL:
		return sys->epoll_del(world->data, fd, step_fd(world, step->v[0]));
	case MESSAGE:
		return message(world, step, step->v[2]);
	case MESSAGES:
		return messages(world, step);
	case RECEIVE:
		return receive(world, step);
	case NAME:
		r = sys->name(world->data, fd, text, sizeof(text));
		if (!r)
			printf(" -> %s", text);
		return r;
	case MAKE:
		return take(world, (enum slot)step->v[0],
			    sys->ioctl(world->data, fd, step->request, NULL));
	case TASKS:
		return count_tasks(world);
	case NOBODY:
		world->task = INT32_MAX;
		return 0;
	case CPUS:
		return sys->set_cpus(world->data, world->task, step->v, 1);
	case SCHED:
		return sys->set_sched(world->data, world->task, (int32_t)step->v[0],
				      (int32_t)step->v[1]);
	case IOCTL:
		return sys->ioctl(world->data, fd, step->request, step_arg(world, step));
	}
	return -ENOSYS;
}

static void run(struct world *world, const struct step *steps, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		int r;

		printf("%3u ", world->number++);
		step_print(&steps[i]);
		r = call(world, &steps[i]);
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
	run(&world, steps_together, steps_together_count);
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
