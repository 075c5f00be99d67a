/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A network of its own to make taps in, and what must be the same afterwards.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "vhostconfig.h"

/*
 * sandbox_enter() - this process gets network and mounts of its own, with a bridge "br0", a second
 * namespace "blue" in /run/netns, and a /dev/net/tun that everybody may open.
 * Returns NULL, or why that cannot be here.
 */
const char *sandbox_enter(void);

/*
 * sandbox_main() - enter it, and run a group of tests with a context.  Returns the exit status of the
 * program: 77 where there can be no sandbox.
 */
int sandbox_main(struct vhc_ctx **ctx, int (*tests)(void));

/* sandbox_skip_if_emulated() - skip a test that needs what emulation of a processor does not have. */
void sandbox_skip_if_emulated(const char *lacks);

/* It translates neither an MTU nor a bridge. */
#define LACKS_LINK "the attributes of links in rtnetlink"
/* It refuses such a write itself, so that a tap looks as if it had packet information. */
#define LACKS_WRITE "a write from an address that cannot be read"

/* Links of this namespace and of blue with all that ip(8) tells of them, and the open fds. */
struct snapshot {
	char text[16384];
};

void sandbox_look(struct snapshot *ret);

/* Fails the test when something is not as it was. */
void sandbox_expect_same(const struct snapshot *before);

/*
 * sandbox_run() - call @fn in a child, with 0 to 2 as files, and give what it wrote to 1 and 2.
 * Returns its exit status.
 */
int sandbox_run(void (*fn)(const void *arg), const void *arg, char *out, size_t size);

/* sandbox_expect() - the same: this status, these words in what it wrote, and nothing is left. */
void sandbox_expect(void (*fn)(const void *arg), const void *arg, int status, const char *words);

/* system(3) that has to succeed. */
void sandbox_command(const char *command);

/* Devices for the sandbox, without vhost. */
#define NET(id, more) "{\"id\":\"" id "\",\"type\":\"net\",\"vhost\":\"off\",\"tap\":{" more "}}"

#define PAIRS(id, pairs, more)                                                         \
	"{\"id\":\"" id "\",\"type\":\"net\",\"vhost\":\"off\",\"queue_pairs\":" pairs \
	",\"tap\":{" more "}}"

#define FULL                                                                                      \
	PAIRS("a", "2",                                                                           \
	      "\"name\":\"ta\",\"mac\":\"52:54:00:00:00:01\",\"mtu\":1400,\"bridge\":\"br0\","    \
	      "\"owner\":\"nobody\"")                                                             \
	"," NET("b", "\"name\":\"tb\",\"netns\":\"blue\",\"address\":[\"10.2.0.1/24\"]") "," NET( \
		"c",                                                                              \
		"\"persist\":true,\"name\":\"tc\",\"address\":[\"10.1.0.1/24\",\"fd00:1::1/64\"]")

#endif
