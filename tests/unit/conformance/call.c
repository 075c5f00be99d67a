/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * call - a function for each kind of step, which makes its call and prints what that gave.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "world.h"

static int take(struct world *world, enum slot slot, int r)
{
	if (r >= 0)
		world->fds[slot] = r;
	return r < 0 ? r : 0;
}

/* ---------------------------------------------------------------------------------------- files */

static int open_path(struct world *world, const struct step *step)
{
	return take(world, step->slot, world->sys->open(world->data, step->name, O_RDWR));
}

static int open_in_netns(struct world *world, const struct step *step)
{
	return take(world, step->slot,
		    world->sys->open_in_new_netns(world->data, step->name, O_RDWR));
}

static int close_fd(struct world *world, const struct step *step)
{
	return world->sys->close(world->data, step_fd(world, step->slot));
}

static int dup_fd(struct world *world, const struct step *step)
{
	return take(world, (enum slot)step->v[0],
		    world->sys->dup(world->data, step_fd(world, step->slot)));
}

static int make_socket(struct world *world, const struct step *step)
{
	return take(world, step->slot, world->sys->socket(world->data));
}

static int is_same(struct world *world, const struct step *step)
{
	return world->sys->same(world->data, step_fd(world, step->slot),
				step_fd(world, step->v[0]));
}

static int stat_fd(struct world *world, const struct step *step)
{
	struct vhi_file file;
	int r = world->sys->stat(world->data, step_fd(world, step->slot), &file);

	if (!r)
		printf(" -> %d %u:%u", file.is_char, file.major, file.minor);
	return r;
}

static int name_fd(struct world *world, const struct step *step)
{
	char text[64];
	int r = world->sys->name(world->data, step_fd(world, step->slot), text, sizeof(text));

	if (!r)
		printf(" -> %s", text);
	return r;
}

static int read_path(struct world *world, const struct step *step)
{
	char text[64];
	int r = world->sys->read(world->data, step->name, text, sizeof(text));

	if (r >= 0)
		printf(" -> %.*s", (int)strcspn(text, "\n"), text);
	return r;
}

static int write_fd(struct world *world, const struct step *step)
{
	void *from = (void *)(uintptr_t)step_address(world, step->v[0]);

	return world->sys->write(world->data, step_fd(world, step->slot), from, step->v[1]);
}

static int make_by_ioctl(struct world *world, const struct step *step)
{
	return take(
		world, (enum slot)step->v[0],
		world->sys->ioctl(world->data, step_fd(world, step->slot), step->request, NULL));
}

static int do_ioctl(struct world *world, const struct step *step)
{
	return world->sys->ioctl(world->data, step_fd(world, step->slot), step->request,
				 step_arg(world, step));
}

/* --------------------------------------------------------------------------------------- events */

static int make_eventfd(struct world *world, const struct step *step)
{
	return take(world, step->slot, world->sys->eventfd(world->data));
}

static int signal_eventfd(struct world *world, const struct step *step)
{
	return world->sys->signal(world->data, step_fd(world, step->slot));
}

static int drain_eventfd(struct world *world, const struct step *step)
{
	uint64_t count = 0;
	int r = world->sys->drain(world->data, step_fd(world, step->slot), &count);

	if (!r)
		printf(" -> %llu", (unsigned long long)count);
	return r;
}

static int poll_fd(struct world *world, const struct step *step)
{
	struct pollfd ready = { step_fd(world, step->slot), POLLIN, 0 };
	int r = world->sys->poll(world->data, &ready, 1);

	/* what a worker does shows a moment later; only the real kernel has them, and no data */
	for (int i = 0; !world->data && r == 0 && i < 100; i++) {
		usleep(10000);
		r = world->sys->poll(world->data, &ready, 1);
	}
	printf(" -> %#x", (unsigned int)ready.revents);
	return r;
}

static int make_epoll(struct world *world, const struct step *step)
{
	return take(world, step->slot, world->sys->epoll(world->data));
}

static int add_to_epoll(struct world *world, const struct step *step)
{
	return world->sys->epoll_add(world->data, step_fd(world, step->slot),
				     step_fd(world, step->v[0]));
}

static int del_from_epoll(struct world *world, const struct step *step)
{
	return world->sys->epoll_del(world->data, step_fd(world, step->slot),
				     step_fd(world, step->v[0]));
}

/* ----------------------------------------------------------------------------- vhost's messages */

/* struct vhost_msg and struct vhost_msg_v2 have the same layout; v1 has padding for the address space. */
static int write_message(struct world *world, const struct step *step, uint64_t iova)
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

static int message(struct world *world, const struct step *step)
{
	return write_message(world, step, step->v[2]);
}

static int messages(struct world *world, const struct step *step)
{
	int r = 0;

	for (uint64_t i = 0; i < step->v[8] && r >= 0; i++)
		r = write_message(world, step, step->v[2] + i * step->v[3]);
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

/* ---------------------------------------------------------------------------------------- links */

static int ask_link(struct world *world, const char *name, struct vhi_link *ret)
{
	int r = world->sys->link_get(world->data, name, ret);

	if (!r)
		printf(" -> %u queues, owner %d, group %d, persists %d", ret->queues,
		       (int)ret->owner, (int)ret->group, ret->persists);
	return r;
}

static int link_get(struct world *world, const struct step *step)
{
	struct vhi_link link;

	return ask_link(world, step->name, &link);
}

static int link_delete(struct world *world, const struct step *step)
{
	struct vhi_link link;
	int r = ask_link(world, step->name, &link);

	return r ? r : world->sys->link_delete(world->data, link.index);
}

static int link_watch(struct world *world, const struct step *step)
{
	return take(world, step->slot, world->sys->link_watch(world->data, step->name));
}

/* -------------------------------------------------------------------------------------- workers */

/* Of the tasks only those that are called as the kernel calls this thread's workers. */
static int count_tasks(struct world *world, const struct step *step)
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

static int forget_task(struct world *world, const struct step *step)
{
	world->task = INT32_MAX;
	return 0;
}

static int set_cpus(struct world *world, const struct step *step)
{
	return world->sys->set_cpus(world->data, world->task, step->v, 1);
}

static int set_sched(struct world *world, const struct step *step)
{
	return world->sys->set_sched(world->data, world->task, (int32_t)step->v[0],
				     (int32_t)step->v[1]);
}

int step_call(struct world *world, const struct step *step)
{
	static int (*const calls[])(struct world *, const struct step *) = {
		[OPEN] = open_path,
		[NETNS] = open_in_netns,
		[CLOSE] = close_fd,
		[DUP] = dup_fd,
		[SOCKET] = make_socket,
		[SAME] = is_same,
		[STAT] = stat_fd,
		[NAME] = name_fd,
		[READ] = read_path,
		[WRITE] = write_fd,
		[MAKE] = make_by_ioctl,
		[IOCTL] = do_ioctl,
		[EVENTFD] = make_eventfd,
		[SIGNAL] = signal_eventfd,
		[DRAIN] = drain_eventfd,
		[POLL] = poll_fd,
		[EPOLL] = make_epoll,
		[EPOLL_ADD] = add_to_epoll,
		[EPOLL_DEL] = del_from_epoll,
		[MESSAGE] = message,
		[MESSAGES] = messages,
		[RECEIVE] = receive,
		[LINK_GET] = link_get,
		[LINK_DELETE] = link_delete,
		[LINK_WATCH] = link_watch,
		[TASKS] = count_tasks,
		[NOBODY] = forget_task,
		[CPUS] = set_cpus,
		[SCHED] = set_sched,
	};

	return calls[step->call](world, step);
}
