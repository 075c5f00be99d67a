/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The document of a record.  Attributes and addresses are in it as the bytes that the kernel gave, which it
 * takes as well: it is of one boot of one host.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record/record.h"

/* As it is in the file. */
struct record_document {
	char *boot, *link, *mac, *bridge, *flags;
	uint64_t index, mtu, txqueuelen, owner, group;
	bool up, tun, vnet_hdr, pi, multi_queue;
	struct doc_list vlans, fdb, addresses, added;
};

#define VLAN_SHIFT 12 /* a VLAN's number is below its HOST_VLAN_ flags */

static const struct doc_field fields[] = {
	DOC_NEED(record_document, boot, DOC_STRING, .help = "which boot of the host it is of"),
	DOC_NEED(record_document, link, DOC_STRING, .min = 1, .max = 15, .help = "the link's name"),
	DOC_NEED(record_document, index, DOC_UINT, .min = 1, .max = INT32_MAX,
		 .help = "its index, by which it is found"),
	DOC_NEED(record_document, mac, DOC_STRING, .help = "its MAC address"),
	DOC_NEED(record_document, mtu, DOC_UINT, .max = UINT32_MAX, .help = "its MTU"),
	DOC_NEED(record_document, txqueuelen, DOC_UINT, .max = UINT32_MAX,
		 .help = "frames that its queue holds"),
	DOC_FIELD(record_document, up, DOC_BOOL, .help = "it was up"),
	DOC_FIELD(record_document, tun, DOC_BOOL, .help = "the kernel told its flags and owner"),
	DOC_FIELD(record_document, vnet_hdr, DOC_BOOL, .help = "it had a virtio-net header"),
	DOC_FIELD(record_document, pi, DOC_BOOL, .help = "it had packet information"),
	DOC_FIELD(record_document, multi_queue, DOC_BOOL, .help = "it may have several queues"),
	DOC_FIELD(record_document, owner, DOC_UINT, .max = UINT32_MAX - 1, .preset = UINT32_MAX,
		  .help = "user who may open it"),
	DOC_FIELD(record_document, group, DOC_UINT, .max = UINT32_MAX - 1, .preset = UINT32_MAX,
		  .help = "group that may open it"),
	DOC_FIELD(record_document, bridge, DOC_STRING, .min = 1, .max = 15,
		  .help = "what it was a port of"),
	DOC_FIELD(record_document, flags, DOC_STRING, .help = "its attributes there, in hex"),
	DOC_FIELD(
		record_document, vlans, DOC_NUMBERS,
		.help = "its VLANs there; 4096 for a member, 8192 for the PVID, 16384 if untagged"),
	DOC_FIELD(
		record_document, fdb, DOC_UINTS,
		.help = "static entries of the bridge for it: the VLAN, and 48 bits of the address"),
	DOC_FIELD(record_document, addresses, DOC_STRINGS,
		  .help = "its addresses, as the kernel's attributes in hex"),
	DOC_FIELD(record_document, added, DOC_STRINGS, .help = "addresses that the set-up adds"),
};

const struct doc_table host_record_table = DOC_TABLE("vhost-record", record_document, fields,
						     "what a link had before a set-up changed it");

/* ------------------------------------------------------------------------------------------- parts */

/* One boot of one host; "" where that is not known. */
static char *read_boot(void)
{
	char text[40] = "";
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return strdup(text);
}

static char *to_hex(const void *bytes, size_t len)
{
	const uint8_t *from = bytes;
	char *text = malloc(2 * len + 1);

	for (size_t i = 0; text && i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", from[i]);
	if (text)
		text[2 * len] = '\0';
	return text;
}

static int digit(char c)
{
	const char *const digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Returns how many bytes, or -EINVAL. */
static int from_hex(const char *text, void *bytes, size_t room)
{
	uint8_t *to = bytes;
	size_t len = strlen(text) / 2;

	if (strlen(text) % 2 || len > room)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		to[i] = (uint8_t)(high << 4 | low);
	}
	return (int)len;
}

static int append_text(struct doc_list *list, char *text)
{
	char **item = text ? doc_append(list, sizeof(*item)) : NULL;

	if (!item) {
		free(text);
		return -ENOMEM;
	}
	*item = text;
	return 0;
}

static int append_address(const void *bytes, size_t len, void *arg)
{
	return append_text(arg, to_hex(bytes, len));
}

static int copy_texts(const struct doc_list *from, struct doc_list *to)
{
	int r = 0;

	for (size_t i = 0; i < from->count && r == 0; i++)
		r = append_text(to, strdup(((char **)from->items)[i]));
	return r;
}

/* --------------------------------------------------------------------------------------- the whole */

static int fill_fdb(const struct host_port *port, struct doc_list *ret)
{
	for (uint32_t i = 0; i < port->fdb_count; i++) {
		const struct host_fdb_entry *entry = &port->fdb[i];
		uint64_t *item = doc_append(ret, sizeof(*item));

		if (!item)
			return -ENOMEM;
		*item = entry->vlan;
		for (size_t n = 0; n < sizeof(entry->mac); n++)
			*item = *item << 8 | entry->mac[n];
	}
	return 0;
}

static void parse_fdb(const struct doc_list *fdb, struct host_port *port)
{
	for (size_t i = 0; i < fdb->count && i < HOST_FDB_MAX; i++) {
		uint64_t item = ((uint64_t *)fdb->items)[i];
		struct host_fdb_entry *entry = &port->fdb[port->fdb_count++];

		for (size_t n = sizeof(entry->mac); n--; item >>= 8)
			entry->mac[n] = (uint8_t)item;
		entry->vlan = (uint16_t)item;
	}
}

static int fill_port(const struct host_record *record, struct record_document *doc)
{
	const struct host_port *port = &record->port;
	int r = 0;

	if (!record->bridge[0])
		return 0;
	doc->bridge = strdup(record->bridge);
	doc->flags = to_hex(port->flags, (size_t)port->flags_len);
	for (uint64_t vid = 0; vid < HOST_VLANS && r == 0; vid++) {
		uint64_t *item = port->vlans[vid] ? doc_append(&doc->vlans, sizeof(*item)) : NULL;

		if (item)
			*item = vid | (uint64_t)port->vlans[vid] << VLAN_SHIFT;
		else if (port->vlans[vid])
			r = -ENOMEM;
	}
	if (r == 0)
		r = fill_fdb(port, &doc->fdb);
	return doc->bridge && doc->flags ? r : -ENOMEM;
}

static int fill(const struct host_record *record, struct record_document *doc)
{
	const struct host_link *link = &record->link;
	char mac[DOC_MAC_TEXT];
	int r;

	doc_mac_format(link->mac, mac);
	*doc = (struct record_document){
		.boot = read_boot(),
		.link = strdup(link->name),
		.mac = strdup(mac),
		.index = (uint64_t)link->index,
		.mtu = link->mtu,
		.txqueuelen = link->txqueuelen,
		.owner = link->tun.owner,
		.group = link->tun.group,
		.up = link->up,
		.tun = link->tun.known,
		.vnet_hdr = link->tun.vnet_hdr,
		.pi = link->tun.pi,
		.multi_queue = link->tun.multi_queue,
	};
	r = doc->boot && doc->link && doc->mac ? fill_port(record, doc) : -ENOMEM;
	if (r == 0)
		r = host_addresses_each(record->addresses, link->index, append_address,
					&doc->addresses);
	return r < 0 ? r : copy_texts(&record->added, &doc->added);
}

char *host_record_format(const struct host_record *record)
{
	struct record_document doc;
	char *text = NULL;

	if (fill(record, &doc) == 0)
		text = doc_text(&host_record_table, &doc, DOC_PRETTY);
	doc_clear(&host_record_table, &doc);
	return text;
}

static int parse_port(const struct record_document *doc, struct host_port *port)
{
	const uint64_t *vlans = doc->vlans.items;

	for (size_t i = 0; i < doc->vlans.count; i++)
		port->vlans[vlans[i] & (HOST_VLANS - 1)] = (uint8_t)(vlans[i] >> VLAN_SHIFT);
	parse_fdb(&doc->fdb, port);
	port->flags_len = doc->flags ? from_hex(doc->flags, port->flags, sizeof(port->flags)) : 0;
	return port->flags_len < 0 ? -EINVAL : 0;
}

static int parse_addresses(const struct record_document *doc, struct nl_cache **ret)
{
	uint8_t bytes[512];
	int r = 0;

	*ret = host_addresses_new();
	if (!*ret)
		return -ENOMEM;
	for (size_t i = 0; i < doc->addresses.count && r == 0; i++) {
		int len = from_hex(((char **)doc->addresses.items)[i], bytes, sizeof(bytes));

		r = len < 0 ? len : host_addresses_add(*ret, bytes, (size_t)len);
	}
	return r;
}

static void parse_link(const struct record_document *doc, struct host_link *ret)
{
	*ret = (struct host_link){
		.index = (int)doc->index,
		.kind = "tun",
		.mtu = (uint32_t)doc->mtu,
		.txqueuelen = (uint32_t)doc->txqueuelen,
		.up = doc->up,
		.tun = { .known = doc->tun,
			 .tap = true,
			 .multi_queue = doc->multi_queue,
			 .vnet_hdr = doc->vnet_hdr,
			 .pi = doc->pi,
			 .owner = (uint32_t)doc->owner,
			 .group = (uint32_t)doc->group },
	};
	snprintf(ret->name, sizeof(ret->name), "%s", doc->link);
}

static int parse(const struct record_document *doc, struct host_record *ret)
{
	int r;

	parse_link(doc, &ret->link);
	if (!doc_mac_parse(doc->mac, ret->link.mac))
		return -EINVAL;
	snprintf(ret->bridge, sizeof(ret->bridge), "%s", doc->bridge ? doc->bridge : "");
	r = parse_port(doc, &ret->port);
	if (r == 0)
		r = parse_addresses(doc, &ret->addresses);
	return r < 0 ? r : copy_texts(&doc->added, &ret->added);
}

static bool is_of_this_boot(const struct record_document *doc)
{
	char *boot = read_boot();
	bool same = boot && strcmp(boot, doc->boot) == 0;

	free(boot);
	return same;
}

int host_record_parse(const char *text, size_t len, struct host_record *ret, struct doc_error *err)
{
	struct record_document doc;
	int r = doc_read(&host_record_table, text, len, &doc, err);

	if (r < 0)
		return r;
	memset(ret, 0, sizeof(*ret));
	r = is_of_this_boot(&doc) ? parse(&doc, ret) : -ESTALE;
	doc_clear(&host_record_table, &doc);
	if (r < 0)
		host_record_clear(ret);
	if (r == -EINVAL)
		doc_fail(err, NULL, 0, "", "a value in hex is damaged");
	return r;
}

void host_record_clear(struct host_record *record)
{
	host_addresses_free(record->addresses);
	for (size_t i = 0; i < record->added.count; i++)
		free(((char **)record->added.items)[i]);
	free(record->added.items);
	memset(record, 0, sizeof(*record));
}
