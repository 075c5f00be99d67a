/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The vhost-setup document: one table for its reader, writer, schema and help.  Rules about a
 * single value are here; rules about several values are in check.c.  No system call.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "setup/setup.h"

static const char *const types[] = { [HOST_NET] = "net", [HOST_VSOCK] = "vsock", NULL };
static const char *const attaches[] = { [HOST_ATTACH_FD] = "fd",
					[HOST_ATTACH_NAME] = "name",
					[HOST_ATTACH_VHOST_USER] = "vhost-user",
					NULL };
static const char *const vhosts[] = { "require", "prefer", "off", NULL };
static const char *const workers[] = { "default", "task", "kthread", NULL };
static const char *const styles[HOST_STYLE_COUNT + 1] = {
	[HOST_STYLE_QEMU] = "qemu",
	[HOST_STYLE_LISTEN_FDS] = "listen-fds",
	[HOST_STYLE_ENV] = "env",
	[HOST_STYLE_CLOUD_HYPERVISOR] = "cloud-hypervisor",
	[HOST_STYLE_CROSVM] = "crosvm",
	[HOST_STYLE_STRATOVIRT] = "stratovirt",
	[HOST_STYLE_FIRECRACKER] = "firecracker",
	[HOST_STYLE_KVMTOOL] = "kvmtool",
};

static const char *const link_kinds[] = { [HOST_TAP] = "tap", [HOST_MACVTAP] = "macvtap", NULL };
const char *const host_macvtap_modes[] = { "bridge", "private", "vepa", "passthru", NULL };

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

/* As QEMU has ids: those of ports, and "pcie.0". */
static bool check_bus(const char *text)
{
	const char *c = text;

	while (is_letter(*c) || is_digit(*c) || (*c && strchr("-._", *c)))
		c++;
	return is_letter(text[0]) && !*c && strlen(text) <= 63;
}

/* Visible ASCII except the characters in @not; "." and ".." are never names. */
static bool check_word(const char *text, const char * not )
{
	if (!strcmp(text, ".") || !strcmp(text, ".."))
		return false;
	for (; *text; text++)
		if (*text <= ' ' || *text > '~' || strchr(not, *text))
			return false;
	return true;
}

/* The kernel expands % and rejects the others; it may treat bytes above ASCII as blanks. */
static bool check_link(const char *text)
{
	return check_word(text, "/:%");
}

/* A link's name, or what TUNSETIFF makes one of: a prefix and %d. */
static bool check_tap_name(const char *text)
{
	size_t len = strlen(text);
	char prefix[HOST_LINK_NAME_MAX];

	if (len < 3 || len >= sizeof(prefix) || strcmp(text + len - 2, "%d") != 0)
		return check_link(text);
	snprintf(prefix, sizeof(prefix), "%.*s", (int)len - 2, text);
	return check_word(prefix, "/:%");
}

static bool check_netns(const char *text)
{
	if (text[0] == '/')
		return check_word(text, "");
	if (strncmp(text, "pid:", 4) == 0)
		return text[4] >= '1' && text[4] <= '9' && strlen(text) <= 14 &&
		       strspn(text + 4, "0123456789") == strlen(text + 4);
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

static bool parse_vlan(const char **text, unsigned int *ret)
{
	*ret = 0;
	if (**text == '0')
		return false;
	for (; is_digit(**text) && *ret <= HOST_MAX_VLAN; (*text)++)
		*ret = 10 * *ret + (unsigned int)(**text - '0');
	return *ret >= 1 && *ret <= HOST_MAX_VLAN;
}

bool host_vlans_parse(const char *text, unsigned int *first, unsigned int *last)
{
	if (!parse_vlan(&text, first))
		return false;
	*last = *first;
	if (*text == '-') {
		text++;
		if (!parse_vlan(&text, last))
			return false;
	}
	return !*text && *first <= *last;
}

static bool check_vlans(const char *text)
{
	unsigned int first, last;

	return host_vlans_parse(text, &first, &last);
}

/* One that a shell reads as it stands; its length is the kernel's to say. */
static bool check_path(const char *text)
{
	return text[0] == '/' && check_word(text, "");
}

static bool check_mode(const char *text)
{
	size_t digits = strspn(text, "01234567");

	return !text[digits] && text[0] == '0' && (digits == 4 || digits == 3);
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
#define LINK_RULE                                                                                 \
	"a link's name consists of visible ASCII characters except '/', ':' and '%', and is not " \
	"\".\" or \"..\""
#define USER_PATTERN	"^(?!-|\\.{1,2}$)[!-+.-9;-~-]{1,32}$"
#define FEATURE_PATTERN "^[0-9A-Za-z_]+( [0-9]+)?$"
#define FEATURE_RULE	"write a name such as \"host_uso\", or \"bit 56\""

static const struct doc_field tap_fields[] = {
	DOC_FIELD(host_tap, kind, DOC_CHOICE, .choices = link_kinds,
		  .help = "a tap, or a macvtap on top of another link"),
	DOC_FIELD(host_tap, lower, DOC_STRING, .min = 1, .max = 15, .check = check_link,
		  .pattern = LINK_PATTERN, .rule = LINK_RULE,
		  .help = "the link that a macvtap is on, such as a NIC"),
	DOC_FIELD(host_tap, mode, DOC_CHOICE, .choices = host_macvtap_modes,
		  .help = "which other macvtaps of that link this one reaches"),
	DOC_FIELD(
		host_tap, name, DOC_STRING, .min = 1, .max = 15, .check = check_tap_name,
		.pattern = "^(?!\\.{1,2}$)[!-$&-.0-9;-~]{1,15}(%d)?$",
		.rule = LINK_RULE "; a prefix and %d is the first name that is free",
		.help = "name of the link, or a prefix and %d; default: tapN, chosen by the kernel"),
	DOC_FIELD(
		host_tap, owner, DOC_STRING, .min = 1, .max = 32, .check = check_user,
		.pattern = USER_PATTERN, .rule = "write a user name or number",
		.help = "user who may open the tap by its name; default: the caller, unless group is given"),
	DOC_FIELD(host_tap, group, DOC_STRING, .min = 1, .max = 32, .check = check_user,
		  .pattern = USER_PATTERN, .rule = "write a group name or number",
		  .help = "group that may open the tap by its name"),
	DOC_FIELD(
		host_tap, mac, DOC_STRING, .min = 17, .max = 17, .check = check_mac,
		.pattern = "^[0-9A-Fa-f][02468ACEace](:[0-9A-Fa-f]{2}){5}$",
		.rule = "write six pairs of hex digits separated by colons; no multicast address",
		.help = "MAC address of the guest; default: derived from the names of config and device"),
	DOC_FIELD(host_tap, mtu, DOC_UINT, .min = 68, .max = HOST_MAX_MTU,
		  .help = "bytes of a frame without its header; also offered to the guest"),
	DOC_FIELD(host_tap, bridge, DOC_STRING, .min = 1, .max = 15, .check = check_link,
		  .pattern = LINK_PATTERN, .rule = LINK_RULE,
		  .help = "bridge, in the same network namespace, to add the link to"),
	DOC_FIELD(
		host_tap, netns, DOC_STRING, .min = 1, .max = 255, .check = check_netns,
		.pattern =
			"^(/[!-~]{0,254}|pid:[1-9][0-9]{0,9}|(?!\\.{1,2}$|pid:)[!-.0-~]{1,255})$",
		.rule = "write a name that ip-netns(8) accepts, a path, or pid: and a number",
		.help = "network namespace for the link: a name of ip-netns(8), a path, or pid:N"),
	DOC_FIELD(host_tap, address, DOC_STRINGS, .max = 64, .check = check_address,
		  .pattern = "^[0-9A-Fa-f.:]+/(0|[1-9][0-9]{0,2})$",
		  .rule = "write ADDRESS/PREFIX, such as 10.0.0.1/24 or fd00::1/64",
		  .help = "addresses of the host on the link, with their prefix length"),
	DOC_FIELD(host_tap, vlan, DOC_UINT, .min = 1, .max = HOST_MAX_VLAN,
		  .help = "VLAN of the port of the bridge for untagged frames"),
	DOC_FIELD(host_tap, vlans, DOC_STRINGS, .max = 1024, .check = check_vlans,
		  .pattern = "^[1-9][0-9]{0,3}(-[1-9][0-9]{0,3})?$",
		  .rule = "write a VLAN from 1 to 4094 or a range, such as 100-200",
		  .help = "VLANs of the port for tagged frames"),
	DOC_FIELD(host_tap, isolated, DOC_BOOL,
		  .help = "no frames between this port and others that are isolated"),
	DOC_FIELD(host_tap, txqueuelen, DOC_UINT, .min = 1, .max = 1000000,
		  .help = "frames to queue for the guest before dropping any; default: 1000"),
	DOC_FIELD(host_tap, persist, DOC_BOOL, .help = "keep the link when the launcher ends"),
	DOC_FIELD(
		host_tap, existing, DOC_MAYBE,
		.help = "true: use a tap that is there, created by somebody else; false: it must not be "
			"there; default: with persist, use it if an earlier set-up of this config left it"),
	DOC_FIELD(host_tap, up, DOC_BOOL, .preset = 1, .help = "set the link up"),
};

static const struct doc_table tap_table =
	DOC_PART(host_tap, tap_fields, "the tap link on the host side");

static const struct doc_field socket_fields[] = {
	DOC_FIELD(host_socket, path, DOC_STRING, .min = 1, .max = 107, .check = check_path,
		  .pattern = "^/[!-~]{0,106}$",
		  .rule = "write an absolute path without blanks, of at most 107 bytes",
		  .help = "where launchers connect: an absolute path"),
	DOC_FIELD(host_socket, owner, DOC_STRING, .min = 1, .max = 32, .check = check_user,
		  .pattern = USER_PATTERN, .rule = "write a user name or number",
		  .help = "user who may connect; default: the caller"),
	DOC_FIELD(host_socket, group, DOC_STRING, .min = 1, .max = 32, .check = check_user,
		  .pattern = USER_PATTERN, .rule = "write a group name or number",
		  .help = "group of the socket, which may connect with mode 0660; default: the "
			  "caller's"),
	DOC_FIELD(host_socket, mode, DOC_STRING, .min = 3, .max = 4, .check = check_mode,
		  .pattern = "^0[0-7]{2,3}$", .rule = "write an octal number, such as 0660",
		  .help = "permissions of the socket; default: 0600"),
};

static const struct doc_table socket_table = DOC_PART(
	host_socket, socket_fields, "the socket of a device that is attached by vhost-user");

static const struct doc_field feature_fields[] = {
	DOC_FIELD(host_features, mask, DOC_STRINGS, .max = 256, .check = check_feature,
		  .pattern = FEATURE_PATTERN, .rule = FEATURE_RULE,
		  .help = "features not to offer to the guest"),
	DOC_FIELD(host_features, require, DOC_STRINGS, .max = 256, .check = check_feature,
		  .pattern = FEATURE_PATTERN, .rule = FEATURE_RULE,
		  .help = "features that must be offered to the guest"),
};

static const struct doc_table feature_table =
	DOC_PART(host_features, feature_fields, "virtio features, named as in the specification");

static const struct doc_field worker_fields[] = {
	DOC_FIELD(
		host_worker, mode, DOC_CHOICE, .choices = workers,
		.help = "threads of the launcher (task), kernel threads (kthread), or the kernel's "
			"default"),
};

static const struct doc_table worker_table =
	DOC_PART(host_worker, worker_fields, "the threads that run the rings");

#define NET   .when = 1u << HOST_NET
#define VSOCK .when = 1u << HOST_VSOCK

static const struct doc_field device_fields[] = {
	DOC_NEED(host_device, id, DOC_STRING, .min = 1, .max = 32, .check = check_id,
		 .pattern = "^[A-Za-z][A-Za-z0-9_-]{0,31}$",
		 .rule = "an id consists of letters, digits, '_' and '-' and starts with a letter",
		 .help = "name of the device in tokens, messages and fd names"),
	DOC_NEED(host_device, type, DOC_CHOICE, .choices = types, .help = "type of device"),
	DOC_FIELD(host_device, attach, DOC_CHOICE, .choices = attaches,
		  .help = "how the launcher gets the device: as open fds, a tap by its name, or by "
			  "vhost-user from 'vhostctl serve'"),
	DOC_FIELD(host_device, vhost, DOC_CHOICE, NET, .choices = vhosts,
		  .help = "whether to use vhost; \"prefer\" falls back to none with a warning"),
	DOC_FIELD(host_device, queue_pairs, DOC_UINT, NET, .preset = 1, .min = 1,
		  .max = HOST_MAX_QUEUE_PAIRS, .help = "queues in each direction"),
	DOC_FIELD(host_device, ring_size, DOC_UINT, NET, .flags = DOC_POWER_2,
		  .preset = HOST_RING_SIZE, .min = 256, .max = 1024,
		  .help = "descriptors in a receive ring"),
	DOC_FIELD(host_device, tap, DOC_OBJECT, NET, .table = &tap_table,
		  .help = "the tap link on the host side"),
	DOC_FIELD(host_device, socket, DOC_OBJECT, .table = &socket_table,
		  .help = "where launchers connect, if it is attached by vhost-user"),
	DOC_FIELD(
		host_device, iommu, DOC_BOOL, NET,
		.help = "offer access_platform by vhost-user: the launcher has an IOMMU for the guest"),
	DOC_FIELD(host_device, cid, DOC_UINT, VSOCK, .preset = HOST_CID_AUTO, .word = "auto",
		  .min = HOST_CID_MIN, .max = HOST_CID_MAX,
		  .help = "address of the guest; auto: the lowest that is free"),
	DOC_FIELD(
		host_device, bus, DOC_STRING, .min = 1, .max = 63, .check = check_bus,
		.pattern = "^[A-Za-z][0-9A-Za-z._-]{0,62}$",
		.rule = "an id of QEMU consists of letters, digits, '-', '.' and '_' and starts with a letter",
		.help = "QEMU's bus that the device is plugged into, such as a pcie-root-port; default: QEMU chooses"),
	DOC_FIELD(host_device, features, DOC_OBJECT, .table = &feature_table,
		  .help = "virtio features, named as in the specification"),
	DOC_FIELD(host_device, busyloop_us, DOC_UINT, NET, .max = 1000000,
		  .help = "microseconds to poll a ring before sleeping; 0: do not poll"),
	DOC_FIELD(host_device, worker, DOC_OBJECT, .table = &worker_table,
		  .help = "the threads that run the rings"),
};

static const struct doc_table device_table = {
	.size = sizeof(struct host_device),
	.help = "one virtio device",
	.fields = device_fields,
	.count = DOC_COUNT(device_fields),
	.selector = &device_fields[1], /* type */
};

static const struct doc_field launcher_fields[] = {
	DOC_FIELD(host_launcher, style, DOC_CHOICE, .choices = styles,
		  .help = "the launcher, by the options it understands; or how it is told in its "
			  "environment: with systemd's LISTEN_FDS, or in VHOSTCTL_FDS only"),
	DOC_FIELD(host_launcher, user, DOC_STRING, .min = 1, .max = 32, .check = check_user,
		  .pattern = USER_PATTERN, .rule = "write a user name or number",
		  .help = "user to run it as; default: the caller"),
	DOC_FIELD(host_launcher, no_new_privs, DOC_BOOL,
		  .help = "keep it from gaining privileges through execve"),
};

static const struct doc_table launcher_table =
	DOC_PART(host_launcher, launcher_fields, "the program that runs the guest");

static const struct doc_field setup_fields[] = {
	DOC_FIELD(
		host_setup, name, DOC_STRING, .min = 1, .max = 32, .check = check_id,
		.pattern = "^[A-Za-z][A-Za-z0-9_-]{0,31}$",
		.rule = "a name consists of letters, digits, '_' and '-' and starts with a letter",
		.help = "name of the guest in messages, and of its broker"),
	DOC_NEED(host_setup, devices, DOC_OBJECTS, .min = 1, .max = HOST_MAX_DEVICES,
		 .table = &device_table, .help = "the devices, in order"),
	DOC_FIELD(host_setup, launcher, DOC_OBJECT, .table = &launcher_table,
		  .help = "the program that runs the guest"),
};

const struct doc_table host_setup_table =
	DOC_TABLE("vhost-setup", host_setup, setup_fields,
		  "the vhost devices of one guest and how its launcher gets them");
