/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * user - a front-end that does once all that a front-end does, or goes before.  Any failure is the broker's, which
 * may have ended.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "confined.h"
#include "form.h"

#define DEADLINE 60000
#define SIZE	 0x100000u
#define USER	 0x7f0000000000u
#define RINGS	 4u
#define RUNNING	 34 /* messages, and all rings run */

struct user {
	int socket, memory, log, kick, event; /* event: an eventfd for all others */
	int call[2];			      /* a pair of sockets */
	struct wire_message message;
	int sent, most; /* messages; instead of another one it does what is the last */
	confined_last *last;
	void *data;
	bool ok;
};

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, path, strlen(path));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* May it send one more? */
static bool may_send(struct user *user)
{
	if (user->sent < user->most) {
		user->sent++;
		return true;
	}
	if (user->last)
		user->last(user->data, user->socket, &user->message);
	user->last = NULL;
	return false;
}

/* user->message, and its reply; after the first failure nothing more. */
static uint64_t tell(struct user *user, uint32_t request, uint32_t size, int fd)
{
	struct wire_message *message = &user->message;
	struct wire_reader reader = { 0 };
	struct wire_error error;

	message->request = request;
	message->flags = WIRE_VERSION | WIRE_NEED_REPLY;
	message->size = size;
	message->fds = fd >= 0;
	message->fd[0] = fd;
	if (!may_send(user)) {
		*message = (struct wire_message){ 0 };
		return 0;
	}
	user->ok = user->ok && !wire_send(user->socket, message, DEADLINE, &error) &&
		   wire_receive(&reader, user->socket, DEADLINE, &error) == 1;
	*message = (struct wire_message){ 0 };
	if (wire_kind(WIRE_FRONT, request)->reply <= WIRE_REPLY_ACK && reader.message.payload.u64)
		user->ok = false;
	return reader.message.payload.u64;
}

static void tell_u64(struct user *user, uint32_t request, uint64_t value, int fd)
{
	user->message.payload.u64 = value;
	tell(user, request, 8, fd);
}

static void tell_ring(struct user *user, uint32_t request, uint32_t ring, uint32_t value)
{
	user->message.payload.ring.index = ring;
	user->message.payload.ring.value = value;
	tell(user, request, 8, -1);
}

static void negotiate(struct user *user)
{
	uint64_t protocol = tell(user, WIRE_GET_PROTOCOL_FEATURES, 0, -1), features;

	tell_u64(user, WIRE_SET_PROTOCOL_FEATURES, protocol, -1);
	features = tell(user, WIRE_GET_FEATURES, 0, -1);
	tell_u64(user, WIRE_SEND_RARP, 0x563412005452, -1);
	tell_u64(user, WIRE_SET_FEATURES, features, -1);
}

static void give_memory(struct user *user)
{
	user->message.payload.table.count = 1;
	user->message.payload.table.region[0] =
		(struct wire_region){ .guest = 0x40000000, .size = SIZE, .user = USER };
	tell(user, WIRE_SET_MEM_TABLE, 8 + 32, user->memory);
}

static void give_ring(struct user *user, uint32_t ring)
{
	uint64_t at = USER + ring * 0x4000;

	tell_ring(user, WIRE_SET_VRING_NUM, ring, 256);
	tell_ring(user, WIRE_SET_VRING_BASE, ring, 0);
	user->message.payload.addr.index = ring;
	user->message.payload.addr.desc = at;
	user->message.payload.addr.avail = at + 0x1000;
	user->message.payload.addr.used = at + 0x2000;
	tell(user, WIRE_SET_VRING_ADDR, 40, -1);
	tell_u64(user, WIRE_SET_VRING_ERR, ring, user->event);
	tell_u64(user, WIRE_SET_VRING_KICK, ring, user->kick);
	tell_u64(user, WIRE_SET_VRING_CALL, ring, user->event);
	tell_ring(user, WIRE_SET_VRING_ENABLE, ring, 1);
}

static void give_log(struct user *user)
{
	user->message.payload.log.size = 0x10000;
	tell(user, WIRE_SET_LOG_BASE, 16, user->log);
	for (int i = 0; i < 2; i++)
		tell(user, WIRE_SET_LOG_FD, 0, user->event);
}

/* The first interrupt is the broker's own, since there may have been others before. */
static void be_interrupted(struct user *user)
{
	uint64_t count;

	tell_u64(user, WIRE_SET_VRING_CALL, 0, user->call[1]);
	close(user->call[1]);
	user->call[1] = -1;
	if (user->sent == user->most)
		return;
	user->ok = user->ok && recv(user->call[0], &count, sizeof(count), 0) == sizeof(count);
}

/* Each is answered, if only by an error: this tap has no carrier. */
static void manage(struct user *user, const char *path)
{
	static const char *const calls[] = {
		"List\",\"parameters\":{", "Status", "Dump", "Stop", "Resume", "SetLink"
	};
	int fd = connect_to(path);

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		char call[200], reply[65536];
		size_t size;
		ssize_t n;

		snprintf(call, sizeof(call), "{\"method\":\"io.vhostctl.%s%s%s}}", calls[i],
			 i ? "\",\"parameters\":{\"device\":\"net0\"" : "",
			 i == 5 ? ",\"up\":true" : "");
		size = strlen(call) + 1;
		user->ok = user->ok && send(fd, call, size, MSG_NOSIGNAL) == (ssize_t)size;
		do {
			n = user->ok ? recv(fd, reply, sizeof(reply), 0) : 0;
			user->ok = n > 0;
		} while (n > 0 && reply[n - 1]);
	}
	close(fd);
}

/* Memory that is plugged, and unplugged. */
static void change_memory(struct user *user)
{
	static const uint32_t requests[] = { WIRE_ADD_MEM_REG, WIRE_REM_MEM_REG };

	for (size_t i = 0; i < 2; i++) {
		user->message.payload.slot.region = (struct wire_region){
			.guest = 0x50000000, .size = 0x1000, .user = 0x1000, .offset = 0x2000
		};
		tell(user, requests[i], 40, i ? -1 : user->memory);
	}
}

/* What else there is. */
static void ask_all(struct user *user)
{
	tell(user, WIRE_GET_QUEUE_NUM, 0, -1);
	tell(user, WIRE_GET_MAX_MEM_SLOTS, 0, -1);
	tell(user, WIRE_GET_STATUS, 0, -1);
	tell_u64(user, WIRE_SET_STATUS, 15, -1);
	tell_u64(user, WIRE_NET_SET_MTU, 1500, -1);
	tell(user, WIRE_SET_BACKEND_REQ_FD, 0, user->call[0]);
	user->message.payload.config.size = 6;
	tell(user, WIRE_GET_CONFIG, 12 + 6, -1);
	tell(user, WIRE_SET_OWNER, 0, -1);
}

static void live(struct user *user)
{
	negotiate(user);
	give_memory(user);
	for (uint32_t i = 0; i < RINGS; i++)
		give_ring(user, i);
	give_log(user);
	give_memory(user);
	change_memory(user);
	be_interrupted(user);
	ask_all(user);
	for (uint32_t i = 0; i < RINGS; i++)
		tell_ring(user, WIRE_GET_VRING_BASE, i, 0);
	tell(user, WIRE_RESET_DEVICE, 0, -1);
}

/* The broker ends the connection, and says why. */
static void misbehave(struct user *user)
{
	char byte;

	user->ok = user->ok && write(user->socket, "no message  ", 12) == 12 &&
		   recv(user->socket, &byte, 1, 0) == 0;
}

static void come(struct user *user, const char *path)
{
	*user = (struct user){ .most = INT_MAX, .socket = connect_to(path) };
	user->memory = memfd_create("memory", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	user->log = memfd_create("log", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	user->kick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	user->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	user->ok = user->socket >= 0 && !ftruncate(user->memory, SIZE) &&
		   !ftruncate(user->log, 0x10000) &&
		   !fcntl(user->log, F_ADD_SEALS, F_SEAL_SHRINK) &&
		   !socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, user->call);
}

static void go(struct user *user)
{
	const int fds[] = { user->socket, user->memory,	 user->log,    user->kick,
			    user->event,  user->call[0], user->call[1] };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

bool confined_use(const struct confined *confined)
{
	struct user user = { .ok = true };

	for (int i = 0; i < 2 && user.ok; i++) {
		come(&user, confined->path);
		live(&user);
		manage(&user, confined->control);
		misbehave(&user);
		go(&user);
	}
	return user.ok;
}

int confined_visit(const struct confined *confined, int most, confined_last *last, void *data)
{
	struct user user;

	come(&user, confined->path);
	user.most = most;
	user.last = last;
	user.data = data;
	live(&user);
	go(&user);
	return user.ok ? user.sent : -1;
}

struct user *confined_stay(const struct confined *confined)
{
	static struct user user;

	come(&user, confined->other);
	user.most = RUNNING;
	live(&user);
	return user.ok && user.sent == RUNNING ? &user : NULL;
}

bool confined_leave(struct user *user)
{
	user->most = INT_MAX;
	for (uint32_t i = 0; i < RINGS; i++)
		tell_ring(user, WIRE_GET_VRING_BASE, i, 0);
	go(user);
	return user->ok;
}

/* All that it has is given with it: what runs then, signals it. */
void confined_offer(const struct confined *confined, uint32_t request, int fd)
{
	const struct wire_kind *kind = wire_kind(WIRE_FRONT, request);
	uint32_t size = kind->form == WIRE_FORM_EMPTY_FD ? 0 : kind->form == WIRE_FORM_LOG ? 16 : 8;
	struct user user;

	come(&user, confined->path);
	user.most = RUNNING;
	live(&user);
	user.most = INT_MAX;
	if (kind->form == WIRE_FORM_LOG)
		user.message.payload.log.size = 0x10000;
	if (kind->form == WIRE_FORM_SLOT_FD) {
		size = 40;
		user.message.payload.slot.region =
			(struct wire_region){ 0x50000000, 0x1000, 0x1000 };
	}
	if (kind->form == WIRE_FORM_TABLE) {
		size = 8 + 32;
		user.message.payload.table.count = 1;
		user.message.payload.table.region[0] =
			(struct wire_region){ 0x40000000, SIZE, USER };
	}
	tell(&user, request, size, fd);
	/* refused or not, it is connected, or was disconnected */
	user.ok = true;
	for (uint32_t i = 0; i < RINGS; i++)
		tell_ring(&user, WIRE_GET_VRING_BASE, i, 0);
	go(&user);
}

static int count_lines(FILE *file)
{
	int lines = 0, c;

	while (file && (c = getc(file)) != EOF)
		lines += c == '\n';
	if (file)
		fclose(file);
	return lines;
}

/* As it is connected, whoever was before has been forgotten. */
struct confined_left confined_look(const struct confined *confined)
{
	struct confined_left left = { 0 };
	struct user user;
	char path[64];
	DIR *fds;

	come(&user, confined->path);
	user.most = 1;
	live(&user);
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)confined->pid);
	left.maps = count_lines(fopen(path, "re"));
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)confined->pid);
	fds = opendir(path);
	while (fds && readdir(fds))
		left.fds++;
	if (fds)
		closedir(fds);
	go(&user);
	return user.ok ? left : (struct confined_left){ 0 };
}
