/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Room: host.  The vhost-setup document: one table for its reader, writer, schema and help.  What a
 * single value may be is said here; what values may be together, in check.c.  No system call.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "setup.h"

static const char *const types[] = { "net", NULL };
static const char *const attaches[] = { "fd", NULL };
static const char *const vhosts[] = { "require", "prefer", "off", NULL };
static const char *const workers[] = { "default", "task", "kthread", NULL };
static const char *const styles[] = { "qemu", "listen-fds", "env", NULL };

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool check_id(const char *text)
{
	size_t len = strlen(text);

	if (!is_letter(text[0]) || len > 32)
		return false;
	for (; *text; text++)
		if (!is_letter(*text) && !is_digit(*text) && *text != '_' && *text != '-')
			return false;
	return true;
}

/* Visible ASCII without the characters of @not; "." and ".." are never a name. */
static bool check_word(const char *text, const char * not )
{
	if (!strcmp(text, ".") || !strcmp(text, ".."))
		return false;
	for (; *text; text++)
		if (*text <= ' ' || *text > '~' || strchr(not, *text))
			return false;
	return true;
}

/* The kernel expands %, and refuses the others; bytes above ASCII may be blanks to it. */
static bool check_link(const char *text)
{
	return check_word(text, "/:%");
}

static bool check_netns(const char *text)
{
	return check_word(text, "/");
}

static bool check_user(const char *text)
{
	return *text != '-' && check_word(text, ":,");
}

static bool check_mac(const char *text)
{
	uint8_t mac[6];

	return doc_mac_parse(text, mac) && !(mac[0] & 1);
}

static bool check_address(const char *text)
{
	uint8_t bytes[16];
	char address[64];
	const char *slash = strchr(text, '/');
	size_t len;
	int bits;

	if (!slash || (size_t)(slash - text) >= sizeof(address))
		return false;
	len = (size_t)(slash - text);
	memcpy(address, text, len);
	address[len] = '\0';
	if (inet_pton(AF_INET, address, bytes) == 1)
		bits = 32;
	else if (inet_pton(AF_INET6, address, bytes) == 1)
		bits = 128;
	else
		return false;
	slash++;
	if (!is_digit(slash[0]) || strlen(slash) > 3 ||
	    strspn(slash, "0123456789") != strlen(slash))
		return false;
	return (slash[0] != '0' || !slash[1]) && atoi(slash) <= bits;
}

static bool check_feature(const char *text)
{
	const char *c = text;

	while (is_letter(*c) || is_digit(*c) || *c == '_')
		c++;
	if (c > text && *c == ' ')
		for (c++; is_digit(*c);)
			c++;
	return c > text && !*c && c[-1] != ' ' && strlen(text) <= 70;
}

#define LINK_PATTERN "^(?!\\.{1,2}$)[!-$&-.0-9;-~]{1,15}$"
#define LINK_RULE                                                                              \
	"a link's name has visible ASCII characters without '/', ':' and '%', and is neither " \
	"\".\" nor \"..\""
#define USER_PATTERN	"^(?!-|\\.{1,2}$)[!-+.-9;-~-]{1,32}$"
#define FEATURE_PATTERN "^[0-9A-Za-z_]+( [0-9]+)?$"
#define FEATURE_RULE	"write a name such as \"host_uso\", or \"bit 56\""

static const struct doc_field tap_fields[] = {
	DOC_FIELD(host_tap, name, DOC_STRING, .min = 1, .max = 15, .check = check_link,
		  .pattern = LINK_PATTERN, .rule = LINK_RULE,
		  .help = "name of the link; the kernel chooses tapN when it is not given"),
	DOC_FIELD(
		host_tap, owner, DOC_STRING, .min = 1, .max = 32, .check = check_user,
		.pattern = USER_PATTERN, .rule = "write a user's name or number",
		.help = "user who may open the tap by its name; with neither owner nor group, the caller"),
	DOC_FIELD(host_tap, group, DOC_STRING, .min = 1, .max = 32, .check = check_user,
		  .pattern = USER_PATTERN, .rule = "write a group's name or number",
		  .help = "group who may open the tap by its name"),
	DOC_FIELD(
		host_tap, mac, DOC_STRING, .min = 17, .max = 17, .check = check_mac,
		.pattern = "^[0-9A-Fa-f][02468ACEace](:[0-9A-Fa-f]{2}){5}$",
		.rule = "write six pairs of hex digits with colons, not a multicast address",
		.help = "the guest's MAC address; the link gets the same with fe as its first byte"),
	DOC_FIELD(host_tap, mtu, DOC_UINT, .min = 68, .max = HOST_MAX_MTU,
		  .help = "bytes of a frame without its header; told to the guest too"),
	DOC_FIELD(host_tap, bridge, DOC_STRING, .min = 1, .max = 15, .check = check_link,
		  .pattern = LINK_PATTERN, .rule = LINK_RULE,
		  .help = "bridge that the link becomes a port of; in the same network namespace"),
	DOC_FIELD(host_tap, netns, DOC_STRING, .min = 1, .max = 255, .check = check_netns,
		  .pattern = "^(?!\\.{1,2}$)[!-.0-~]{1,255}$",
		  .rule = "write a name that ip-netns(8) knows",
		  .help = "network namespace that the link is in, a name of ip-netns(8)"),
	DOC_FIELD(host_tap, address, DOC_STRINGS, .max = 64, .check = check_address,
		  .pattern = "^[0-9A-Fa-f.:]+/(0|[1-9][0-9]{0,2})$",
		  .rule = "write ADDRESS/PREFIX, such as 10.0.0.1/24 or fd00::1/64",
		  .help = "the host's addresses on the link, with their prefix length"),
	DOC_FIELD(
		host_tap, txqueuelen, DOC_UINT, .min = 1, .max = 1000000,
		.help = "frames that wait for the guest before any is dropped; the kernel's 1000 when it "
			"is not given"),
	DOC_FIELD(host_tap, persist, DOC_BOOL, .help = "the link stays when the launcher ends"),
	DOC_FIELD(host_tap, existing, DOC_BOOL,
		  .help = "use a tap that is there already, instead of making one"),
	DOC_FIELD(host_tap, up, DOC_BOOL, .preset = 1, .help = "set the link up"),
};

static const struct doc_table tap_table =
	DOC_PART(host_tap, tap_fields, "the tap link on this host's side");

static const struct doc_field feature_fields[] = {
	DOC_FIELD(host_features, mask, DOC_STRINGS, .max = 256, .check = check_feature,
		  .pattern = FEATURE_PATTERN, .rule = FEATURE_RULE,
		  .help = "features that the guest must not be offered"),
	DOC_FIELD(host_features, require, DOC_STRINGS, .max = 256, .check = check_feature,
		  .pattern = FEATURE_PATTERN, .rule = FEATURE_RULE,
		  .help = "features that the guest must be offered"),
};

static const struct doc_table feature_table =
	DOC_PART(host_features, feature_fields, "virtio features, by the specification's names");

static const struct doc_field worker_fields[] = {
	DOC_FIELD(host_worker, mode, DOC_CHOICE, .choices = workers,
		  .help = "threads of the launcher (task), kernel threads, or what the kernel does "
			  "by default"),
};

static const struct doc_table worker_table =
	DOC_PART(host_worker, worker_fields, "the threads that run the rings");

static const struct doc_field device_fields[] = {
	DOC_NEED(host_device, id, DOC_STRING, .min = 1, .max = 32, .check = check_id,
		 .pattern = "^[A-Za-z][A-Za-z0-9_-]{0,31}$",
		 .rule = "an id has letters, digits, '_' and '-', and starts with a letter",
		 .help = "how tokens, messages and fds call the device"),
	DOC_NEED(host_device, type, DOC_CHOICE, .choices = types, .help = "what kind of device"),
	DOC_FIELD(host_device, attach, DOC_CHOICE, .choices = attaches,
		  .help = "how the launcher gets it: as open fds"),
	DOC_FIELD(
		host_device, vhost, DOC_CHOICE, .choices = vhosts,
		.help = "whether the kernel runs the rings; \"prefer\" goes on without, and says so"),
	DOC_FIELD(host_device, queue_pairs, DOC_UINT, .preset = 1, .min = 1,
		  .max = HOST_MAX_QUEUE_PAIRS, .help = "queues each way"),
	DOC_FIELD(host_device, ring_size, DOC_UINT, .flags = DOC_POWER_2, .preset = HOST_RING_SIZE,
		  .min = 256, .max = 1024, .help = "descriptors of a receive ring"),
	DOC_FIELD(host_device, tap, DOC_OBJECT, .table = &tap_table,
		  .help = "the tap link on this host's side"),
	DOC_FIELD(host_device, features, DOC_OBJECT, .table = &feature_table,
		  .help = "virtio features, by the specification's names"),
	DOC_FIELD(host_device, busyloop_us, DOC_UINT, .max = 1000000,
		  .help = "microseconds to poll a ring before sleeping; 0: none"),
	DOC_FIELD(host_device, worker, DOC_OBJECT, .table = &worker_table,
		  .help = "the threads that run the rings"),
};

static const struct doc_table device_table =
	DOC_PART(host_device, device_fields, "one virtio device");

static const struct doc_field launcher_fields[] = {
	DOC_FIELD(
		host_launcher, style, DOC_CHOICE, .choices = styles,
		.help = "how it learns of its fds: options in QEMU's words, systemd's LISTEN_FDS, or the "
			"environment alone"),
	DOC_FIELD(host_launcher, user, DOC_STRING, .min = 1, .max = 32, .check = check_user,
		  .pattern = USER_PATTERN, .rule = "write a user's name or number",
		  .help = "user that it runs as; the caller when it is not given"),
	DOC_FIELD(host_launcher, no_new_privs, DOC_BOOL,
		  .help = "it may not gain privileges by executing something"),
};

static const struct doc_table launcher_table =
	DOC_PART(host_launcher, launcher_fields, "the program that runs the devices' guest");

static const struct doc_field setup_fields[] = {
	DOC_FIELD(host_setup, name, DOC_STRING, .min = 1, .max = 32, .check = check_id,
		  .pattern = "^[A-Za-z][A-Za-z0-9_-]{0,31}$",
		  .rule = "a name has letters, digits, '_' and '-', and starts with a letter",
		  .help = "how messages call the guest"),
	DOC_NEED(host_setup, devices, DOC_OBJECTS, .min = 1, .max = HOST_MAX_DEVICES,
		 .table = &device_table, .help = "the devices, in their order"),
	DOC_FIELD(host_setup, launcher, DOC_OBJECT, .table = &launcher_table,
		  .help = "the program that runs the devices' guest"),
};

const struct doc_table host_setup_table =
	DOC_TABLE("vhost-setup", host_setup, setup_fields,
		  "vhost devices of one guest, and how its launcher gets them");
