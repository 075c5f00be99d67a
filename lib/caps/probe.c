/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * probe - what this host supports: opens every node, and queries it only with GET ioctls on temporary
 * fds.  Ioctls on rings are tried on an owned fd, since without an owner they all fail; a vhost-vdpa
 * node is never opened, since that resets the device.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "caps/document.h"
#include "errname.h"
#include "kind/kind.h"
#include "kind/net.h"
#include "text.h"
#include "features/features.h"
#include "features/rows.h"
#include "plan/op.h"
#include "syscall/node.h"
#include "syscall/parameter.h"
#include "syscall/uapi.h"

#define MAX_TAP_QUEUES 256u /* drivers/net/tun.c */

struct probe {
	struct vhc_ctx *ctx;
	struct vhi_caps caps;
	char where[96]; /* of a failure that is not about what the host supports */
};

/* This process lacks something that has nothing to do with the host. */
static bool ran_out(int r)
{
	return r == -EMFILE || r == -ENFILE || r == -ENOMEM;
}

/* The host has no such device, or no driver for it: an answer, and not that it could not be asked. */
static bool is_absent(int r)
{
	return r == -ENOENT || r == -ENODEV || r == -ENXIO;
}

static int append_word(struct doc_list *list, const char *word)
{
	char **item = doc_append(list, sizeof(*item));

	if (item)
		*item = strdup(word);
	return item && *item ? 0 : -ENOMEM;
}

/* A call, and what it is called. */
struct request {
	const char *name;
	unsigned long number;
};

#define REQUEST(name, number)   \
	&(const struct request) \
	{                       \
		name, number    \
	}

/*
 * Does the node have this call?  1 or 0; or an error that says nothing about it, and then a document would
 * be wrong.
 */
static int ask(struct probe *probe, int fd, const struct vhi_caps_node *node,
	       const struct request *request, void *arg)
{
	int r = vhi_sys_ioctl(&probe->ctx->sys, fd, request->number, arg);

	if (r >= 0 || vhi_sys_is_unsupported(r))
		return r >= 0;
	snprintf(probe->where, sizeof(probe->where), "%s, %s", node->path, request->name);
	return r;
}

/* The newer calls.  @owned: on a ring, where every call fails without an owner. */
static const struct {
	const char *name;
	struct request request;
	bool owned;
} newer[] = {
	{ "features_array", { "VHOST_GET_FEATURES_ARRAY", VHI_GET_FEATURES_ARRAY } },
	{ "fork_from_owner", { "VHOST_GET_FORK_FROM_OWNER", VHI_GET_FORK_FROM_OWNER } },
	{ "busyloop_timeout",
	  { "VHOST_GET_VRING_BUSYLOOP_TIMEOUT", VHOST_GET_VRING_BUSYLOOP_TIMEOUT },
	  true },
	{ "vring_worker", { "VHOST_GET_VRING_WORKER", VHI_GET_VRING_WORKER }, true },
};

#define NEWER (sizeof(newer) / sizeof(newer[0]))

/* Without an owner: @code says why there is none. */
static int skip_owned(struct probe *probe, const struct vhi_caps_node *node, int code)
{
	const char *why = vhi_op_explain(VHI_OP_SET_OWNER, -code);
	char what[96], reason[320], number[DOC_ERRNO_MAX];
	int r = 0;

	snprintf(reason, sizeof(reason), "VHOST_SET_OWNER: %s%s%s", doc_errno(number, code),
		 why ? ": " : "", why ? why : "");
	for (size_t i = 0; i < NEWER && !r; i++) {
		snprintf(what, sizeof(what), "%s, %s", node->path, newer[i].name);
		if (newer[i].owned)
			r = vhi_caps_add_unknown(&probe->caps, what, reason,
						 "ask again where threads can be created");
	}
	return r;
}

static int ask_newer(struct probe *probe, int fd, struct vhi_caps_node *node)
{
	bool owned = false;
	int r = 0;

	for (size_t i = 0; i < NEWER && r >= 0; i++) {
		union {
			struct vhi_uapi_features_array array;
			struct vhi_uapi_vring_worker worker;
			struct vhost_vring_state state;
			uint8_t mode;
		} arg;

		memset(&arg, 0, sizeof(arg));
		if (newer[i].owned && !owned)
			r = vhi_sys_ioctl(&probe->ctx->sys, fd, VHOST_SET_OWNER, NULL);
		if (r < 0)
			return skip_owned(probe, node, r);
		owned |= newer[i].owned;
		r = ask(probe, fd, node, &newer[i].request, &arg);
		if (r > 0)
			r = append_word(&node->ioctls, newer[i].name);
	}
	return r < 0 ? r : 0;
}

static int ask_features(struct probe *probe, int fd, const struct vhi_kind *kind,
			struct vhi_caps_node *node)
{
	struct vhi_uapi_features_array array = { .count = VHI_FEATURES_WORDS };
	struct vhc_features set = { { 0 } };
	const struct vhi_feature_names names = { kind ? kind->type : 0, VHC_ORIGIN_VHOST };
	uint64_t backend = 0;
	int r = ask(probe, fd, node, REQUEST("VHOST_GET_FEATURES", VHOST_GET_FEATURES), &set.w[0]);

	if (r <= 0)
		return r; /* not a vhost node */
	r = ask(probe, fd, node, REQUEST("VHOST_GET_FEATURES_ARRAY", VHI_GET_FEATURES_ARRAY),
		&array);
	if (r > 0)
		set.w[1] = array.features[1];
	if (r >= 0)
		r = ask(probe, fd, node,
			REQUEST("VHOST_GET_BACKEND_FEATURES", VHOST_GET_BACKEND_FEATURES),
			&backend);
	if (r < 0)
		return r;
	node->backend_features = r ? backend : 0;
	/* vhost's own: LOG_ALL, and of vhost-net VIRTIO_NET_HDR, which has any_layout's number */
	vhc_features_remove(&set, VHI_F_LOG_ALL);
	if (kind == &vhi_kind_net)
		vhc_features_remove(&set, VHI_F_ANY_LAYOUT);
	return vhi_feature_rows(&names, &set, &node->words, &node->features)
		       ?: ask_newer(probe, fd, node);
}

static int probe_node(struct probe *probe, const char *path, struct vhi_caps_node *node)
{
	struct vhi_node_failure why = { "", "" };
	const char *error = "";
	char text[sizeof(why.reason) + 32];
	int fd, r = 0;

	vhi_log(probe->ctx, VHC_LEVEL_INFO, "open %s, and ask what it supports", path);
	fd = vhi_sys_open(&probe->ctx->sys, path, O_RDWR | O_NONBLOCK);
	if (ran_out(fd))
		return fd;
	if (fd < 0) {
		vhi_node_explain(&probe->ctx->sys, path, -fd, &why);
		error = vhi_errname(-fd);
	}
	node->path = strdup(path);
	node->opens = fd >= 0;
	node->backend_features = VHI_CAPS_NOT_ASKED;
	node->error = strdup(error);
	node->reason = strdup(why.reason);
	node->remedy = strdup(why.remedy);
	if (!node->path || !node->error || !node->reason || !node->remedy)
		r = -ENOMEM;
	if (!r && fd < 0 && !is_absent(fd)) {
		snprintf(text, sizeof(text), "%s (%s)", why.reason, error);
		r = vhi_caps_add_unknown(&probe->caps, path, text, why.remedy);
	}
	if (!r && fd >= 0 && !strncmp(path, "/dev/vhost-", 11))
		r = ask_features(probe, fd, vhi_kind_of_node(path), node);
	vhi_sys_close(&probe->ctx->sys, &fd);
	return r;
}

static int append_node(struct probe *probe, const char *path)
{
	struct vhi_caps_node *node = doc_append(&probe->caps.nodes, sizeof(*node));

	return node ? probe_node(probe, path, node) : -ENOMEM;
}

/* Only nodes that open without a side effect: opening a vhost-vdpa node resets the device. */
static int probe_nodes(struct probe *probe)
{
	static const char *const others[] = { "/dev/vhost-scsi", "/dev/net/tun", "/dev/kvm" };
	int r = 0;

	for (size_t i = 0; vhi_kinds[i] && !r; i++)
		r = append_node(probe, vhi_kinds[i]->path);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]) && !r; i++)
		r = append_node(probe, others[i]);
	return r;
}

static int probe_link(struct probe *probe)
{
	struct vhi_caps_tap *tap = &probe->caps.tap;
	const struct vhi_feature_names names = { VHC_TYPE_NET, VHC_ORIGIN_VHOST };
	struct vhc_features set;
	uint32_t offloads;
	char reason[160] = "", number[DOC_ERRNO_MAX];
	int r;

	vhi_log(probe->ctx, VHC_LEVEL_INFO,
		"make a tap in a network namespace of its own, and ask what it supports");
	r = vhi_net_probe_link(probe->ctx, &offloads, &set);
	if (ran_out(r))
		return r;
	if (r)
		snprintf(reason, sizeof(reason), "no scratch tap in a namespace of its own: %s",
			 doc_errno(number, r));
	tap->probed = !r;
	tap->reason = strdup(reason);
	tap->offloads = offloads;
	if (!tap->reason)
		return -ENOMEM;
	if (r && !is_absent(r))
		r = vhi_caps_add_unknown(&probe->caps, VHI_CAPS_TAP, reason, "ask again as root");
	else
		r = 0;
	return r ?: vhi_feature_rows(&names, &set, &tap->words, &tap->features);
}

/* The limit in the document is then the kernel's default. */
static int add_unknown_regions(struct probe *probe, int code)
{
	char reason[160], number[DOC_ERRNO_MAX];

	snprintf(reason, sizeof(reason), "cannot read vhost's parameters in /sys/module: %s",
		 doc_errno(number, code));
	return vhi_caps_add_unknown(&probe->caps, VHI_CAPS_REGIONS, reason,
				    "ask again with vhost loaded and /sys mounted");
}

static int probe_parameters(struct probe *probe)
{
	static const char *const names[][2] = {
		{ "vhost", "max_mem_regions" },		{ "vhost", "max_iotlb_entries" },
		{ "vhost", "fork_from_owner_default" }, { "vhost_net", "experimental_zcopytx" },
		{ "vhost_scsi", "max_io_vqs" },		{ "vhost_scsi", "inline_sg_cnt" },
		{ "vhost_vdpa", "max_iotlb_entries" },
	};
	const struct vhi_sys *sys = &probe->ctx->sys;
	struct vhi_caps *caps = &probe->caps;
	uint32_t max_regions;
	int r;

	vhi_log(probe->ctx, VHC_LEVEL_INFO, "read the parameters of vhost's modules");
	r = vhi_parameter_max_regions(sys, &max_regions);
	if (r)
		return r;
	caps->max_mem_regions = max_regions;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct vhi_caps_parameter *item;
		char path[96], value[64], name[64];

		snprintf(path, sizeof(path), "/sys/module/%s/parameters/%s", names[i][0],
			 names[i][1]);
		r = vhi_sys_read(sys, path, value, sizeof(value));
		if (ran_out(r))
			return r;
		if (r < 0 && i == 0 && add_unknown_regions(probe, r))
			return -ENOMEM;
		if (r <= 0)
			continue;
		value[strcspn(value, "\n")] = 0;
		snprintf(name, sizeof(name), "%s.%s", names[i][0], names[i][1]);
		item = doc_append(&caps->parameters, sizeof(*item));
		if (!item)
			return -ENOMEM;
		item->name = strdup(name);
		item->value = strdup(value);
		if (!item->name || !item->value)
			return -ENOMEM;
	}
	return 0;
}

static int fail_probe(const struct probe *probe, int r)
{
	return vhi_fail_at(probe->ctx, &(struct vhi_place){ .where = probe->where }, r,
			   "cannot query this host: %s (%s)", strerror(-r), vhi_errname(-r));
}

VHC_EXPORT int vhc_caps_probe(struct vhc_ctx *ctx, char **ret_json)
{
	struct probe probe = { .ctx = ctx, .caps.max_tap_queues = MAX_TAP_QUEUES };
	char release[80] = "", *json = NULL;
	int r = probe_nodes(&probe) ?: probe_link(&probe) ?: probe_parameters(&probe);

	if (!r) {
		vhi_sys_release(&ctx->sys, release, sizeof(release)); /* "" if it fails */
		probe.caps.kernel = strdup(release);
		r = probe.caps.kernel ? 0 : -ENOMEM;
	}
	if (!r)
		json = doc_text(&vhi_caps_doc, &probe.caps, DOC_PRETTY);
	doc_clear(&vhi_caps_doc, &probe.caps);
	if (r || !json)
		return fail_probe(&probe, r ?: -ENOMEM);
	*ret_json = json;
	return 0;
}
