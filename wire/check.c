/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check - is a message what the table says?  Sizes are exact, where front-ends agree on one.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "form.h"

#define SIZE_OF(member) ((uint32_t)sizeof(((union wire_payload *)NULL)->member))
#define TABLE_HEADER	((uint32_t)offsetof(union wire_payload, table.region))
#define CONFIG_HEADER	((uint32_t)offsetof(union wire_payload, config.bytes))
#define IOTLB_END	((uint32_t)offsetof(union wire_payload, iotlb.padding))

_Static_assert(sizeof(((union wire_payload *)NULL)->addr) == 40, "as on the wire");
_Static_assert(sizeof(((union wire_payload *)NULL)->slot) == 40, "as on the wire");
_Static_assert(sizeof(((union wire_payload *)NULL)->iotlb) == 32, "as on the wire");
_Static_assert(TABLE_HEADER == 8 && CONFIG_HEADER == 12, "as on the wire");

/* What payload and fds there may be; those of some forms depend on the payload. */
static const struct shape {
	uint32_t min, max; /* bytes */
	uint32_t fds_min, fds_max;
} shapes[] = {
	[WIRE_FORM_EMPTY] = { 0, 0, 0, 0 },
	[WIRE_FORM_EMPTY_FD] = { 0, 0, 1, 1 },
	[WIRE_FORM_U64] = { 8, 8, 0, 0 },
	[WIRE_FORM_RING] = { 8, 8, 0, 0 },
	[WIRE_FORM_RING_FD] = { 8, 8, 0, 1 },
	[WIRE_FORM_ADDR] = { SIZE_OF(addr), SIZE_OF(addr), 0, 0 },
	[WIRE_FORM_TABLE] = { TABLE_HEADER, SIZE_OF(table), 0, WIRE_REGIONS },
	[WIRE_FORM_SLOT] = { SIZE_OF(slot), SIZE_OF(slot), 0, 1 },
	[WIRE_FORM_SLOT_FD] = { SIZE_OF(slot), SIZE_OF(slot), 1, 1 },
	[WIRE_FORM_LOG] = { SIZE_OF(log), SIZE_OF(log), 1, 1 },
	/* some leave out the padding */
	[WIRE_FORM_IOTLB] = { IOTLB_END, SIZE_OF(iotlb), 0, 0 },
	[WIRE_FORM_CONFIG] = { CONFIG_HEADER, SIZE_OF(config), 0, 0 },
};

int wire_fail(struct wire_error *err, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return code;
}

static int fail_size(const char *name, const struct wire_message *message, uint32_t expected,
		     struct wire_error *err)
{
	return wire_fail(err, -EPROTO, "%s has a payload of %u bytes, not of %u", name,
			 message->size, expected);
}

static int fail_fds(const char *name, const struct wire_message *message, uint32_t expected,
		    struct wire_error *err)
{
	return wire_fail(err, -EPROTO, "%s comes with %u fds, not with %u", name, message->fds,
			 expected);
}

static int check_shape(const char *name, const struct shape *shape,
		       const struct wire_message *message, struct wire_error *err)
{
	if (message->size < shape->min)
		return fail_size(name, message, shape->min, err);
	if (message->size > shape->max)
		return fail_size(name, message, shape->max, err);
	if (message->fds < shape->fds_min)
		return fail_fds(name, message, shape->fds_min, err);
	if (message->fds > shape->fds_max)
		return fail_fds(name, message, shape->fds_max, err);
	return 0;
}

/* User Mode Linux sends all the regions that it has room for. */
static int check_table(const char *name, const struct wire_message *message, struct wire_error *err)
{
	uint32_t count = message->payload.table.count;
	uint32_t room = (message->size - TABLE_HEADER) / SIZE_OF(table.region[0]);

	if (count > WIRE_REGIONS)
		return wire_fail(err, -EPROTO, "%s has %u regions, and at most %u fit into one",
				 name, count, WIRE_REGIONS);
	if (count > room || message->size != TABLE_HEADER + room * SIZE_OF(table.region[0]))
		return wire_fail(err, -EPROTO, "%s has %u regions in a payload of %u bytes", name,
				 count, message->size);
	return message->fds == count ? 0 : fail_fds(name, message, count, err);
}

static int check_ring_fd(const char *name, const struct wire_message *message,
			 struct wire_error *err)
{
	uint64_t value = message->payload.u64;
	uint32_t fds = value & WIRE_NO_FD ? 0 : 1;

	if (value & ~(WIRE_RING_MASK | WIRE_NO_FD))
		return wire_fail(err, -EPROTO, "%s: 0x%llx is more than a ring's index and bit 8",
				 name, (unsigned long long)value);
	return message->fds == fds ? 0 : fail_fds(name, message, fds, err);
}

static int check_config(const char *name, const struct wire_message *message,
			struct wire_error *err)
{
	uint32_t offset = message->payload.config.offset, size = message->payload.config.size;

	if (size > WIRE_CONFIG_SIZE || offset > WIRE_CONFIG_SIZE - size)
		return wire_fail(err, -EPROTO, "%s: %u bytes from %u on, and the space has %u",
				 name, size, offset, WIRE_CONFIG_SIZE);
	return message->size == CONFIG_HEADER + size
		       ? 0
		       : fail_size(name, message, CONFIG_HEADER + size, err);
}

static int check_payload(const char *name, enum wire_form form, const struct wire_message *message,
			 struct wire_error *err)
{
	switch (form) {
	case WIRE_FORM_TABLE:
		return check_table(name, message, err);
	case WIRE_FORM_RING_FD:
		return check_ring_fd(name, message, err);
	case WIRE_FORM_CONFIG:
		return check_config(name, message, err);
	case WIRE_FORM_IOTLB:
		return message->size == IOTLB_END || message->size == SIZE_OF(iotlb)
			       ? 0
			       : fail_size(name, message, SIZE_OF(iotlb), err);
	default:
		return 0;
	}
}

/* Unknown flags too: no version has them. */
static int check_flags(const char *name, uint32_t flags, uint32_t reply, struct wire_error *err)
{
	if ((flags & WIRE_VERSION_MASK) != WIRE_VERSION)
		return wire_fail(err, -EPROTO, "%s is of version %u, and there is only %u", name,
				 flags & WIRE_VERSION_MASK, WIRE_VERSION);
	if ((flags & WIRE_REPLY) != reply)
		return wire_fail(err, -EPROTO, "%s is %s", name,
				 reply ? "no reply" : "a reply to nothing");
	if (flags & ~(uint32_t)(WIRE_VERSION_MASK | WIRE_REPLY | WIRE_NEED_REPLY))
		return wire_fail(err, -EPROTO, "%s has flags 0x%x, of which some are unknown", name,
				 flags);
	return 0;
}

int wire_check(enum wire_sender sender, const struct wire_message *message, uint64_t protocol,
	       struct wire_error *err)
{
	const struct wire_kind *kind = wire_kind(sender, message->request);
	int r;

	if (!kind)
		return wire_fail(err, -EPROTO, "request %u is not known", message->request);
	r = check_flags(kind->name, message->flags, 0, err);
	if (r)
		return r;
	if (kind->protocol != WIRE_ALWAYS && !(protocol >> kind->protocol & 1))
		return wire_fail(err, -EPROTO,
				 "%s needs protocol feature %d, which was not accepted", kind->name,
				 kind->protocol);
	r = check_shape(kind->name, &shapes[kind->form], message, err);
	return r ? r : check_payload(kind->name, (enum wire_form)kind->form, message, err);
}

int wire_check_reply(enum wire_sender sender, uint32_t request, bool ack,
		     const struct wire_message *reply, struct wire_error *err)
{
	static const enum wire_form forms[] = {
		[WIRE_NO_REPLY] = WIRE_FORM_U64,	[WIRE_REPLY_ACK] = WIRE_FORM_U64,
		[WIRE_REPLY_U64] = WIRE_FORM_U64,	[WIRE_REPLY_RING] = WIRE_FORM_RING,
		[WIRE_REPLY_CONFIG] = WIRE_FORM_CONFIG,
	};
	const struct wire_kind *kind = wire_kind(sender, request);
	enum wire_form form = ack || !kind ? WIRE_FORM_U64 : forms[kind->reply];
	char number[WIRE_NAME_MAX];
	const char *name = wire_name(sender, request, number);
	int r;

	if (reply->request != request)
		return wire_fail(err, -EPROTO, "request %u was answered to %s", reply->request,
				 name);
	r = check_flags(name, reply->flags, WIRE_REPLY, err);
	if (!r)
		r = check_shape(name, &shapes[form], reply, err);
	return r ? r : check_payload(name, form, reply, err);
}
