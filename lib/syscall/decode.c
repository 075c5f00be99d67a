/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * decode - a row for each ioctl: its name, and what its argument is.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "syscall/decode.h"
#include "syscall/uapi.h"

struct text {
	struct vhi_trace *trace;
	char *buf;
	size_t used, size;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *text, const char *format, ...)
{
	va_list args;
	int n;

	if (text->used >= text->size)
		return;
	va_start(args, format);
	n = vsnprintf(text->buf + text->used, text->size - text->used, format, args);
	va_end(args);
	text->used += n > 0 ? (size_t)n : 0;
	if (text->used >= text->size)
		strcpy(text->buf + text->size - 4, "...");
}

/* ------------------------------------------------------------------------------------------ flags */

struct flag {
	unsigned int bit;
	const char *name;
};

#define FLAG(name)          \
	{                   \
		name, #name \
	}

static void put_flags(struct text *text, unsigned int flags, const struct flag *table, size_t count)
{
	const char *between = "";

	for (size_t i = 0; i < count; i++) {
		if (!(flags & table[i].bit))
			continue;
		put(text, "%s%s", between, table[i].name);
		flags &= ~table[i].bit;
		between = "|";
	}
	if (flags || !*between)
		put(text, "%s0x%x", between, flags);
}

#define PUT_FLAGS(text, flags, table) \
	put_flags(text, flags, table, sizeof(table) / sizeof((table)[0]))

const char *vhi_decode_flags(int flags, char buf[VHI_ROLE_MAX])
{
	static const char *const access[] = { "O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE" };
	static const struct flag more[] = { FLAG(O_NONBLOCK), FLAG(O_DIRECTORY), FLAG(O_NOFOLLOW) };
	unsigned int rest = (unsigned int)flags & ~(unsigned int)(O_ACCMODE | O_CLOEXEC);
	struct text text = { NULL, buf, 0, VHI_ROLE_MAX };

	put(&text, "%s", access[flags & O_ACCMODE]);
	if (rest) {
		put(&text, "|");
		PUT_FLAGS(&text, rest, more);
	}
	return buf;
}

/* -------------------------------------------------------------------------------------------- fds */

/* "anon_inode:[eventfd]" is an eventfd; the number in "socket:[4711]" says nothing. */
static void shorten(char *name)
{
	char *colon = strchr(name, ':'), *bracket;

	if (strncmp(name, "anon_inode:", 11) == 0) {
		memmove(name, name + 11, strlen(name + 11) + 1);
		if (*name == '[')
			memmove(name, name + 1, strlen(name));
		bracket = strchr(name, ']');
		if (bracket)
			*bracket = '\0';
	} else if (*name != '/' && colon) {
		*colon = '\0';
	}
}

static int describe(const struct vhi_sys *sys, int fd, char *name, size_t size)
{
	static const char *const misc[] = { [VHI_TUN_MINOR] = "/dev/net/tun",
					    [VHI_VHOST_NET_MINOR] = "/dev/vhost-net",
					    [VHI_VHOST_VSOCK_MINOR] = "/dev/vhost-vsock" };
	struct vhi_file file;
	int r = sys->ops->stat(sys->data, fd, &file);

	if (r < 0)
		return r;
	if (file.is_char && file.major == VHI_MISC_MAJOR &&
	    file.minor < sizeof(misc) / sizeof(misc[0]) && misc[file.minor])
		snprintf(name, size, "%s", misc[file.minor]);
	else if (file.is_char)
		snprintf(name, size, "device %u:%u", file.major, file.minor);
	else
		snprintf(name, size, "%s", file.type ? "file" : "anon_inode");
	return 0;
}

/* In a process that may not ask, each attempt is refused, and may be in the kernel's log. */
static int find_name(struct vhi_trace *trace, int fd, char *name, size_t size)
{
	const struct vhi_sys *sys = &trace->next;
	int r = trace->nameless ? -EPERM : sys->ops->name(sys->data, fd, name, size);

	if (r >= 0)
		shorten(name);
	trace->nameless = r == -EPERM;
	return trace->nameless ? describe(sys, fd, name, size) : r;
}

const char *vhi_decode_fd(struct vhi_trace *trace, int fd, char buf[VHI_ROLE_MAX])
{
	char name[VHI_ROLE_MAX - 16];

	if (fd < 0 || find_name(trace, fd, name, sizeof(name)) < 0)
		snprintf(buf, VHI_ROLE_MAX, "%d", fd);
	else
		snprintf(buf, VHI_ROLE_MAX, "%d<%s>", fd, name);
	return buf;
}

static void put_fd(struct text *text, int fd)
{
	char buf[VHI_ROLE_MAX];

	put(text, "%s", vhi_decode_fd(text->trace, fd, buf));
}

/* ------------------------------------------------------------------------------- forms of arguments */

typedef void put_fn(struct text *text, const void *arg);

static void put_hex(struct text *text, const void *arg)
{
	uint64_t value;

	memcpy(&value, arg, sizeof(value));
	put(text, "0x%llx", (unsigned long long)value);
}

static void put_int(struct text *text, const void *arg)
{
	int value;

	memcpy(&value, arg, sizeof(value));
	put(text, "%d", value);
}

static void put_byte(struct text *text, const void *arg)
{
	put(text, "%u", *(const uint8_t *)arg);
}

static void put_int_fd(struct text *text, const void *arg)
{
	int fd;

	memcpy(&fd, arg, sizeof(fd));
	put_fd(text, fd);
}

/* Not behind a pointer: the argument is the value. */
static void put_value(struct text *text, const void *arg)
{
	put(text, "%llu", (unsigned long long)(uintptr_t)arg);
}

static void put_value_hex(struct text *text, const void *arg)
{
	put(text, "0x%llx", (unsigned long long)(uintptr_t)arg);
}

static void put_array(struct text *text, const void *arg)
{
	struct vhi_uapi_features_array array;

	memcpy(&array, arg, sizeof(array));
	put(text, "{0x%llx, 0x%llx}", (unsigned long long)array.features[0],
	    (unsigned long long)array.features[1]);
}

static void put_state(struct text *text, const void *arg)
{
	struct vhost_vring_state state;

	memcpy(&state, arg, sizeof(state));
	put(text, "{ring %u, %u}", state.index, state.num);
}

static void put_file(struct text *text, const void *arg)
{
	struct vhost_vring_file file;

	memcpy(&file, arg, sizeof(file));
	put(text, "{ring %u, ", file.index);
	put_fd(text, file.fd);
	put(text, "}");
}

static void put_addr(struct text *text, const void *arg)
{
	struct vhost_vring_addr addr;

	memcpy(&addr, arg, sizeof(addr));
	put(text, "{ring %u, flags 0x%x, desc 0x%llx, avail 0x%llx, used 0x%llx, log 0x%llx}",
	    addr.index, addr.flags, (unsigned long long)addr.desc_user_addr,
	    (unsigned long long)addr.avail_user_addr, (unsigned long long)addr.used_user_addr,
	    (unsigned long long)addr.log_guest_addr);
}

static void put_table(struct text *text, const void *arg)
{
	const struct vhost_memory *memory = arg;

	put(text, "{%u region%s", memory->nregions, memory->nregions == 1 ? "" : "s");
	for (uint32_t i = 0; i < memory->nregions && text->used < text->size; i++)
		put(text, ", {guest 0x%llx, 0x%llx bytes, user 0x%llx}",
		    (unsigned long long)memory->regions[i].guest_phys_addr,
		    (unsigned long long)memory->regions[i].memory_size,
		    (unsigned long long)memory->regions[i].userspace_addr);
	put(text, "}");
}

/* As struct ifreq has it: TUNSETIFF, TUNGETIFF, TUNSETQUEUE. */
static void put_tap(struct text *text, const void *arg)
{
	static const struct flag flags[] = {
		FLAG(IFF_TUN),		FLAG(IFF_TAP),	       FLAG(IFF_NO_PI),
		FLAG(IFF_VNET_HDR),	FLAG(IFF_MULTI_QUEUE), FLAG(IFF_ATTACH_QUEUE),
		FLAG(IFF_DETACH_QUEUE), FLAG(IFF_PERSIST),     FLAG(IFF_TUN_EXCL),
	};
	struct ifreq ifr;

	memcpy(&ifr, arg, sizeof(ifr));
	put(text, "{\"%.*s\", ", (int)sizeof(ifr.ifr_name), ifr.ifr_name);
	PUT_FLAGS(text, (unsigned short)ifr.ifr_flags, flags);
	put(text, "}");
}

static void put_qlen(struct text *text, const void *arg)
{
	struct ifreq ifr;

	memcpy(&ifr, arg, sizeof(ifr));
	put(text, "{\"%.*s\", txqueuelen %d}", (int)sizeof(ifr.ifr_name), ifr.ifr_name,
	    ifr.ifr_qlen);
}

static void put_index(struct text *text, const void *arg)
{
	struct ifreq ifr;

	memcpy(&ifr, arg, sizeof(ifr));
	put(text, "{\"%.*s\", index %d}", (int)sizeof(ifr.ifr_name), ifr.ifr_name, ifr.ifr_ifindex);
}

static void put_ioeventfd(struct text *text, const void *arg)
{
	struct kvm_ioeventfd bell;

	memcpy(&bell, arg, sizeof(bell));
	put(text, "{");
	put_fd(text, bell.fd);
	put(text, ", address 0x%llx, %u bytes, match 0x%llx, flags 0x%x}",
	    (unsigned long long)bell.addr, bell.len, (unsigned long long)bell.datamatch,
	    bell.flags);
}

static void put_irqfd(struct text *text, const void *arg)
{
	struct kvm_irqfd irq;

	memcpy(&irq, arg, sizeof(irq));
	put(text, "{");
	put_fd(text, (int)irq.fd);
	put(text, ", gsi %u, flags 0x%x}", irq.gsi, irq.flags);
}

/* --------------------------------------------------------------------------------------- the table */

#define CALL(name) #name, name

static const struct request {
	const char *name;
	unsigned long number;
	put_fn *put; /* NULL: it has no argument */
	bool answer; /* the kernel fills it */
} requests[] = {
	{ CALL(VHOST_GET_FEATURES), put_hex, true },
	{ CALL(VHOST_SET_FEATURES), put_hex },
	{ "VHOST_GET_FEATURES_ARRAY", VHI_GET_FEATURES_ARRAY, put_array, true },
	{ "VHOST_SET_FEATURES_ARRAY", VHI_SET_FEATURES_ARRAY, put_array },
	{ CALL(VHOST_GET_BACKEND_FEATURES), put_hex, true },
	{ CALL(VHOST_SET_BACKEND_FEATURES), put_hex },
	{ "VHOST_SET_FORK_FROM_OWNER", VHI_SET_FORK_FROM_OWNER, put_byte },
	{ "VHOST_GET_FORK_FROM_OWNER", VHI_GET_FORK_FROM_OWNER, put_byte, true },
	{ CALL(VHOST_SET_OWNER) },
	{ CALL(VHOST_RESET_OWNER) },
	{ CALL(VHOST_SET_MEM_TABLE), put_table },
	{ CALL(VHOST_SET_LOG_BASE), put_hex },
	{ CALL(VHOST_SET_LOG_FD), put_int_fd },
	{ CALL(VHOST_SET_VRING_NUM), put_state },
	{ CALL(VHOST_SET_VRING_BASE), put_state },
	{ CALL(VHOST_GET_VRING_BASE), put_state, true },
	{ CALL(VHOST_SET_VRING_ADDR), put_addr },
	{ CALL(VHOST_SET_VRING_KICK), put_file },
	{ CALL(VHOST_SET_VRING_CALL), put_file },
	{ CALL(VHOST_SET_VRING_ERR), put_file },
	{ CALL(VHOST_SET_VRING_BUSYLOOP_TIMEOUT), put_state },
	{ CALL(VHOST_GET_VRING_BUSYLOOP_TIMEOUT), put_state, true },
	{ "VHOST_GET_VRING_WORKER", VHI_GET_VRING_WORKER, put_state, true },
	{ CALL(VHOST_NET_SET_BACKEND), put_file },
	{ CALL(VHOST_VSOCK_SET_GUEST_CID), put_hex },
	{ CALL(VHOST_VSOCK_SET_RUNNING), put_int },
	{ CALL(TUNGETFEATURES), put_int, true },
	{ CALL(TUNSETIFF), put_tap },
	{ CALL(TUNGETIFF), put_tap, true },
	{ CALL(TUNSETQUEUE), put_tap },
	{ CALL(TUNSETPERSIST), put_value },
	{ CALL(TUNSETOWNER), put_value },
	{ CALL(TUNSETGROUP), put_value },
	{ CALL(TUNSETOFFLOAD), put_value_hex },
	{ CALL(TUNSETVNETHDRSZ), put_int },
	{ CALL(TUNGETVNETHDRSZ), put_int, true },
	{ CALL(TUNSETVNETLE), put_int },
	{ CALL(TUNGETVNETLE), put_int, true },
	{ CALL(TUNSETSNDBUF), put_int },
	{ CALL(TUNGETSNDBUF), put_int, true },
	{ CALL(SIOCSIFTXQLEN), put_qlen },
	{ CALL(SIOCGIFTXQLEN), put_qlen, true },
	{ CALL(SIOCGIFINDEX), put_index, true },
	{ CALL(KVM_CHECK_EXTENSION), put_value },
	{ CALL(KVM_CREATE_VM), put_value },
	{ CALL(KVM_CREATE_IRQCHIP) },
	{ CALL(KVM_IOEVENTFD), put_ioeventfd },
	{ CALL(KVM_IRQFD), put_irqfd },
};

const char *vhi_decode_ioctl(struct vhi_trace *trace, unsigned long number, const void *arg,
			     int result, char buf[VHI_DECODE_MAX])
{
	struct text text = { trace, buf, 0, VHI_DECODE_MAX };

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		const struct request *request = &requests[i];

		if (request->number != number)
			continue;
		put(&text, "%s", request->name);
		if (request->put && !(request->answer && result < 0)) {
			put(&text, ", ");
			request->put(&text, arg);
		}
		return buf;
	}
	put(&text, "0x%lx", number);
	return buf;
}

/* ---------------------------------------------------------------------------------------- messages */

const char *vhi_decode_message(const void *bytes, size_t size, char buf[VHI_DECODE_MAX])
{
	static const char *const types[] = { "0", "VHOST_IOTLB_MISS", "VHOST_IOTLB_UPDATE",
					     "VHOST_IOTLB_INVALIDATE", "VHOST_IOTLB_ACCESS_FAIL" };
	struct vhi_uapi_iotlb_msg message;

	snprintf(buf, VHI_DECODE_MAX, "%zu bytes", size);
	if (size != sizeof(message))
		return buf;
	memcpy(&message, bytes, sizeof(message));
	if (message.version < 1 || message.version > 2 || message.type < 1 || message.type > 4)
		return buf;
	snprintf(buf, VHI_DECODE_MAX, "{%s, iova 0x%llx, 0x%llx bytes, user 0x%llx, access %u}",
		 types[message.type], (unsigned long long)message.iova,
		 (unsigned long long)message.size, (unsigned long long)message.uaddr, message.perm);
	return buf;
}
