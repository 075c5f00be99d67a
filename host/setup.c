/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Room: host.  The vhost-setup document: one table for its reader, writer, schema and help.  What a
 * single value may be is said here; what values may be together, in check.c.  No system call.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "setup.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

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

bool host_parse_mac(const char *text, uint8_t mac[6])
{
	if (strlen(text) != 17)
		return false;
	for (int i = 0; i < 6; i++) {
		static const char digits[] = "0123456789abcdef0123456789ABCDEF";
		const char *high = memchr(digits, text[3 * i], sizeof(digits) - 1);
		const char *low = memchr(digits, text[3 * i + 1], sizeof(digits) - 1);

		if (!high || !low || text[3 * i + 2] != (i < 5 ? ':' : '\0'))
			return false;
		mac[i] = (uint8_t)((high - digits) % 16 * 16 + (low - digits) % 16);
	}
	return true;
}

static bool check_mac(const char *text)
{
	uint8_t mac[6];

	return host_parse_mac(text, mac) && !(mac[0] & 1);
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

#define FIELD(key_, type_, struct_, member_) \
	.key = key_, .type = type_, .offset = offsetof(struct struct_, member_)

static const struct doc_field tap_fields[] = {
	{ FIELD("name", DOC_STRING, host_tap, name), .min = 1, .max = 15, .check = check_link,
	  .pattern = LINK_PATTERN, .rule = LINK_RULE,
	  .help = "name of the link; the kernel chooses tapN when it is not given" },
	{ FIELD("owner", DOC_STRING, host_tap, owner), .min = 1, .max = 32, .check = check_user,
	  .pattern = USER_PATTERN, .rule = "write a user's name or number",
	  .help = "user who may open the tap by its name; with neither owner nor group, the caller" },
	{ FIELD("group", DOC_STRING, host_tap, group), .min = 1, .max = 32, .check = check_user,
	  .pattern = USER_PATTERN, .rule = "write a group's name or number",
	  .help = "group who may open the tap by its name" },
	{ FIELD("mac", DOC_STRING, host_tap, mac), .min = 17, .max = 17, .check = check_mac,
	  .pattern = "^[0-9A-Fa-f][02468ACEace](:[0-9A-Fa-f]{2}){5}$",
	  .rule = "write six pairs of hex digits with colons, not a multicast address",
	  .help = "the guest's MAC address; the link gets the same with fe as its first byte" },
	{ FIELD("mtu", DOC_UINT, host_tap, mtu), .min = 68, .max = HOST_MAX_MTU,
	  .help = "bytes of a frame without its header; told to the guest too" },
	{ FIELD("bridge", DOC_STRING, host_tap, bridge), .min = 1, .max = 15, .check = check_link,
	  .pattern = LINK_PATTERN, .rule = LINK_RULE,
	  .help = "bridge that the link becomes a port of; in the same network namespace" },
	{ FIELD("netns", DOC_STRING, host_tap, netns), .min = 1, .max = 255, .check = check_netns,
	  .pattern = "^(?!\\.{1,2}$)[!-.0-~]{1,255}$",
	  .rule = "write a name that ip-netns(8) knows",
	  .help = "network namespace that the link is in, a name of ip-netns(8)" },
	{ FIELD("address", DOC_STRINGS, host_tap, address), .max = 64, .check = check_address,
	  .pattern = "^[0-9A-Fa-f.:]+/(0|[1-9][0-9]{0,2})$",
	  .rule = "write ADDRESS/PREFIX, such as 10.0.0.1/24 or fd00::1/64",
	  .help = "the host's addresses on the link, with their prefix length" },
	{ FIELD("txqueuelen", DOC_UINT, host_tap, txqueuelen), .min = 1, .max = 1000000,
	  .help = "frames that wait for the guest before any is dropped; the kernel's 1000 when it "
		  "is not given" },
	{ FIELD("persist", DOC_BOOL, host_tap, persist),
	  .help = "the link stays when the launcher ends" },
	{ FIELD("existing", DOC_BOOL, host_tap, existing),
	  .help = "use a tap that is there already, instead of making one" },
	{ FIELD("up", DOC_BOOL, host_tap, up), .preset = 1, .help = "set the link up" },
};

static const struct doc_table tap_table = {
	.size = sizeof(struct host_tap),
	.help = "the tap link on this host's side",
	.fields = tap_fields,
	.count = COUNT(tap_fields),
};

static const struct doc_field feature_fields[] = {
	{ .key = "mask",
	  .type = DOC_STRINGS,
	  .max = 256,
	  .check = check_feature,
	  .pattern = FEATURE_PATTERN,
	  .rule = FEATURE_RULE,
	  .offset = 0,
	  .help = "features that the guest must not be offered" },
	{ .key = "require",
	  .type = DOC_STRINGS,
	  .max = 256,
	  .check = check_feature,
	  .pattern = FEATURE_PATTERN,
	  .rule = FEATURE_RULE,
	  .offset = sizeof(struct doc_list),
	  .help = "features that the guest must be offered" },
};

static const struct doc_table feature_table = {
	.size = 2 * sizeof(struct doc_list),
	.help = "virtio features, by the specification's names",
	.fields = feature_fields,
	.count = COUNT(feature_fields),
};

static const struct doc_field worker_fields[] = {
	{ .key = "mode",
	  .type = DOC_CHOICE,
	  .choices = workers,
	  .offset = 0,
	  .help = "threads of the launcher (task), kernel threads, or what the kernel does by "
		  "default" },
};

static const struct doc_table worker_table = {
	.size = sizeof(uint32_t),
	.help = "the threads that run the rings",
	.fields = worker_fields,
	.count = COUNT(worker_fields),
};

static const struct doc_field device_fields[] = {
	{ FIELD("id", DOC_STRING, host_device, id), .flags = DOC_REQUIRED, .min = 1, .max = 32,
	  .check = check_id, .pattern = "^[A-Za-z][A-Za-z0-9_-]{0,31}$",
	  .rule = "an id has letters, digits, '_' and '-', and starts with a letter",
	  .help = "how tokens, messages and fds call the device" },
	{ FIELD("type", DOC_CHOICE, host_device, type), .flags = DOC_REQUIRED, .choices = types,
	  .help = "what kind of device" },
	{ FIELD("attach", DOC_CHOICE, host_device, attach), .choices = attaches,
	  .help = "how the launcher gets it: as open fds" },
	{ FIELD("vhost", DOC_CHOICE, host_device, vhost), .choices = vhosts,
	  .help = "whether the kernel runs the rings; \"prefer\" goes on without, and says so" },
	{ FIELD("queue_pairs", DOC_UINT, host_device, queue_pairs), .preset = 1, .min = 1,
	  .max = HOST_MAX_QUEUE_PAIRS, .help = "queues each way" },
	{ FIELD("ring_size", DOC_UINT, host_device, ring_size), .flags = DOC_POWER_2,
	  .preset = HOST_RING_SIZE, .min = 256, .max = 1024,
	  .help = "descriptors of a receive ring" },
	{ FIELD("tap", DOC_OBJECT, host_device, tap), .table = &tap_table,
	  .help = "the tap link on this host's side" },
	{ FIELD("features", DOC_OBJECT, host_device, features), .table = &feature_table,
	  .help = "virtio features, by the specification's names" },
	{ FIELD("busyloop_us", DOC_UINT, host_device, busyloop_us), .max = 1000000,
	  .help = "microseconds to poll a ring before sleeping; 0: none" },
	{ FIELD("worker", DOC_OBJECT, host_device, worker), .table = &worker_table,
	  .help = "the threads that run the rings" },
};

static const struct doc_table device_table = {
	.size = sizeof(struct host_device),
	.help = "one virtio device",
	.fields = device_fields,
	.count = COUNT(device_fields),
};

static const struct doc_field launcher_fields[] = {
	{ FIELD("style", DOC_CHOICE, host_launcher, style), .choices = styles,
	  .help = "how it learns of its fds: options in QEMU's words, systemd's LISTEN_FDS, or the "
		  "environment alone" },
	{ FIELD("user", DOC_STRING, host_launcher, user), .min = 1, .max = 32, .check = check_user,
	  .pattern = USER_PATTERN, .rule = "write a user's name or number",
	  .help = "user that it runs as; the caller when it is not given" },
	{ FIELD("no_new_privs", DOC_BOOL, host_launcher, no_new_privs),
	  .help = "it may not gain privileges by executing something" },
};

static const struct doc_table launcher_table = {
	.size = sizeof(struct host_launcher),
	.help = "the program that runs the devices' guest",
	.fields = launcher_fields,
	.count = COUNT(launcher_fields),
};

static const struct doc_field setup_fields[] = {
	{ FIELD("name", DOC_STRING, host_setup, name), .min = 1, .max = 32, .check = check_id,
	  .pattern = "^[A-Za-z][A-Za-z0-9_-]{0,31}$",
	  .rule = "a name has letters, digits, '_' and '-', and starts with a letter",
	  .help = "how messages call the guest" },
	{ FIELD("devices", DOC_OBJECTS, host_setup, devices), .flags = DOC_REQUIRED, .min = 1,
	  .max = HOST_MAX_DEVICES, .table = &device_table, .help = "the devices, in their order" },
	{ FIELD("launcher", DOC_OBJECT, host_setup, launcher), .table = &launcher_table,
	  .help = "the program that runs the devices' guest" },
};

const struct doc_table host_setup_table = {
	.kind = "vhost-setup",
	.version = 1,
	.size = sizeof(struct host_setup),
	.help = "vhost devices of one guest, and how its launcher gets them",
	.fields = setup_fields,
	.count = COUNT(setup_fields),
};

int host_setup_read(struct vhc_ctx *ctx, const char *text, size_t len, struct host_setup **ret,
		    struct host_error *err)
{
	struct host_setup *setup = calloc(1, sizeof(*setup));
	struct doc_error doc;
	int r;

	if (!setup)
		return host_fail_memory(err);
	r = doc_read(&host_setup_table, text, len, setup, &doc);
	if (r == 0)
		r = host_setup_check(ctx, setup, text, len, &doc);
	if (r < 0) {
		host_setup_free(setup);
		return host_fail_document(err, r, &doc);
	}
	*ret = setup;
	return 0;
}

void host_setup_free(struct host_setup *setup)
{
	if (!setup)
		return;
	doc_clear(&host_setup_table, setup);
	free(setup);
}

struct json_object *host_setup_write(const struct host_setup *setup)
{
	return doc_write(&host_setup_table, setup);
}

struct json_object *host_setup_help(void)
{
	return doc_help(&host_setup_table);
}

struct json_object *host_setup_schema(void)
{
	return doc_schema(&host_setup_table);
}
