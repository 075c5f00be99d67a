/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spoil - one thing that is wrong with a message.
 */
#include <string.h>
#include <unistd.h>

#include "spoil.h"

/* What is wrong; each changes a valid message. */
static void spoil_nothing(struct wire_message *m)
{
}

static void spoil_version(struct wire_message *m)
{
	m->flags = 2;
}

static void spoil_reply(struct wire_message *m)
{
	m->flags |= WIRE_REPLY;
}

static void spoil_flags(struct wire_message *m)
{
	m->flags |= 0x80000000;
}

static void spoil_ack(struct wire_message *m)
{
	m->flags |= WIRE_NEED_REPLY;
}

static void spoil_ones(struct wire_message *m)
{
	memset(&m->payload, 0xff, sizeof(m->payload));
}

static void spoil_ones_ack(struct wire_message *m)
{
	spoil_ones(m);
	spoil_ack(m);
}

static void spoil_longer(struct wire_message *m)
{
	m->size++;
}

static void spoil_shorter(struct wire_message *m)
{
	m->size -= m->size > 0;
}

static void spoil_empty(struct wire_message *m)
{
	m->size = 0;
}

static void spoil_huge(struct wire_message *m)
{
	m->size = UINT32_MAX;
}

static void spoil_largest(struct wire_message *m)
{
	m->size = sizeof(m->payload);
}

static void spoil_less_fds(struct wire_message *m)
{
	m->fds -= m->fds > 0;
}

static void spoil_more_fds(struct wire_message *m)
{
	m->fd[m->fds++] = STDIN_FILENO;
}

static void spoil_all_fds(struct wire_message *m)
{
	while (m->fds < WIRE_FDS)
		spoil_more_fds(m);
}

/* Of the wrong kind. */
static void spoil_fds(struct wire_message *m)
{
	for (uint32_t i = 0; i < m->fds; i++)
		m->fd[i] = STDIN_FILENO;
}

static void spoil_request(struct wire_message *m)
{
	m->request += 100;
}

static void spoil_index(struct wire_message *m)
{
	m->payload.ring.index = 77;
}

static void spoil_user_addresses(struct wire_message *m)
{
	for (size_t i = 8; i + 8 <= sizeof(m->payload); i += 8)
		memcpy((char *)&m->payload + i, &(uint64_t){ 0x7ffffffff000 }, 8);
}

const struct spoil spoils[SPOILS] = {
	{ "nothing", spoil_nothing },
	{ "version", spoil_version },
	{ "reply", spoil_reply },
	{ "flags", spoil_flags },
	{ "ack", spoil_ack },
	{ "ones", spoil_ones },
	{ "ones, ack", spoil_ones_ack },
	{ "longer", spoil_longer },
	{ "shorter", spoil_shorter },
	{ "empty", spoil_empty },
	{ "huge", spoil_huge },
	{ "largest", spoil_largest },
	{ "less fds", spoil_less_fds },
	{ "more fds", spoil_more_fds },
	{ "all fds", spoil_all_fds },
	{ "fds", spoil_fds },
	{ "request", spoil_request },
	{ "index", spoil_index },
	{ "addresses", spoil_user_addresses },
};
