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
#include "kind/kind.h"
#include "kind/net.h"
#include "text.h"
#include "features/features.h"
#include "features/rows.h"
#include "syscall/node.h"
#include "syscall/uapi.h"

#define MAX_TAP_QUEUES 256u /* drivers/net/tun.c */

static int append_word(struct doc_list *list, const char *word)
{
	char **item = doc_append(list, sizeof(*item));

	if (item)
		*item = strdup(word);
	return item && *item ? 0 : -ENOMEM;
}

/* The newer calls.  Any failure means no: old kernels take their numbers for those of other calls. */
static int ask_newer(struct vhc_ctx *ctx, int fd, struct vhi_caps_node *node)
{
	static const struct {
		const char *name;
		unsigned long request;
		bool owned;
	} newer[] = {
		{ "features_array", VHI_GET_FEATURES_ARRAY, false },
		{ "fork_from_owner", VHI_GET_FORK_FROM_OWNER, false },
		{ "busyloop_timeout", VHOST_GET_VRING_BUSYLOOP_TIMEOUT, true },
		{ "vring_worker", VHI_GET_VRING_WORKER, true },
	};
	bool owned = false;
	int r = 0;

	for (size_t i = 0; i < sizeof(newer) / sizeof(newer[0]) && !r; i++) {
		union {
			struct vhi_uapi_features_array array;
			struct vhi_uapi_vring_worker worker;
			struct vhost_vring_state state;
			uint8_t mode;
		} arg;

		memset(&arg, 0, sizeof(arg));
		if (newer[i].owned && !owned)
			owned = !vhi_sys_ioctl(&ctx->sys, fd, VHOST_SET_OWNER, NULL);
		if (newer[i].owned && !owned)
			break;
		if (!vhi_sys_ioctl(&ctx->sys, fd, newer[i].request, &arg))
			r = append_word(&node->ioctls, newer[i].name);
	}
	return r;
}

static int ask_features(struct vhc_ctx *ctx, int fd, const struct vhi_kind *kind,
			struct vhi_caps_node *node)
{
	struct vhi_uapi_features_array array = { .count = VHI_FEATURES_WORDS };
	struct vhc_features set = { { 0 } };
	const struct vhi_feature_names names = { kind ? kind->type : 0, VHC_ORIGIN_VHOST };
	uint64_t backend = 0;

	if (vhi_sys_ioctl(&ctx->sys, fd, VHOST_GET_FEATURES, &set.w[0]))
		return 0; /* not a vhost node */
	if (!vhi_sys_ioctl(&ctx->sys, fd, VHI_GET_FEATURES_ARRAY, &array))
		set.w[1] = array.features[1];
	if (!vhi_sys_ioctl(&ctx->sys, fd, VHOST_GET_BACKEND_FEATURES, &backend))
		node->backend_features = backend;
	/* vhost's own: LOG_ALL, and of vhost-net VIRTIO_NET_HDR, which has any_layout's number */
	vhc_features_remove(&set, VHI_F_LOG_ALL);
	if (kind == &vhi_kind_net)
		vhc_features_remove(&set, VHI_F_ANY_LAYOUT);
	return vhi_feature_rows(&names, &set, &node->words, &node->features)
		       ?: ask_newer(ctx, fd, node);
}

static int probe_node(struct vhc_ctx *ctx, const char *path, struct vhi_caps_node *node)
{
	int fd = vhi_sys_open(&ctx->sys, path, O_RDWR | O_NONBLOCK), r = 0;
	struct vhi_node_failure why = { "", "" };
	const char *error = "";

	if (fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM)
		return fd;
	if (fd < 0) {
		vhi_node_explain(path, -fd, &why);
		error = vhi_errname(-fd);
	}
	node->path = strdup(path);
	node->opens = fd >= 0;
	node->error = strdup(error);
	node->reason = strdup(why.reason);
	node->remedy = strdup(why.remedy);
	if (!node->path || !node->error || !node->reason || !node->remedy)
		r = -ENOMEM;
	if (!r && fd >= 0 && !strncmp(path, "/dev/vhost-", 11))
		r = ask_features(ctx, fd, vhi_kind_of_node(path), node);
	vhi_sys_close(&ctx->sys, &fd);
	return r;
}

static int append_node(struct vhc_ctx *ctx, const char *path, struct vhi_caps *caps)
{
	struct vhi_caps_node *node = doc_append(&caps->nodes, sizeof(*node));

	return node ? probe_node(ctx, path, node) : -ENOMEM;
}

/* Only nodes that open without a side effect: opening a vhost-vdpa node resets the device. */
static int probe_nodes(struct vhc_ctx *ctx, struct vhi_caps *caps)
{
	static const char *const others[] = { "/dev/vhost-scsi", "/dev/net/tun", "/dev/kvm" };
	int r = 0;

	for (size_t i = 0; vhi_kinds[i] && !r; i++)
		r = append_node(ctx, vhi_kinds[i]->path, caps);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]) && !r; i++)
		r = append_node(ctx, others[i], caps);
	return r;
}

static int probe_link(struct vhc_ctx *ctx, struct vhi_caps_tap *tap)
{
	const struct vhi_feature_names names = { VHC_TYPE_NET, VHC_ORIGIN_VHOST };
	struct vhc_features set;
	uint32_t offloads;
	char reason[160] = "";
	int r = vhi_net_probe_link(ctx, &offloads, &set);

	if (r == -EMFILE || r == -ENFILE || r == -ENOMEM)
		return r;
	if (r)
		snprintf(reason, sizeof(reason), "no scratch tap in a namespace of its own: %s%s",
			 vhi_errname(-r), r == -EPERM ? "; ask as root" : "");
	tap->probed = !r;
	tap->reason = strdup(reason);
	tap->offloads = offloads;
	return tap->reason ? vhi_feature_rows(&names, &set, &tap->words, &tap->features) : -ENOMEM;
}

static int probe_parameters(struct vhc_ctx *ctx, struct vhi_caps *caps)
{
	static const char *const names[][2] = {
		{ "vhost", "max_mem_regions" },		{ "vhost", "max_iotlb_entries" },
		{ "vhost", "fork_from_owner_default" }, { "vhost_net", "experimental_zcopytx" },
		{ "vhost_scsi", "max_io_vqs" },		{ "vhost_scsi", "inline_sg_cnt" },
		{ "vhost_vdpa", "max_iotlb_entries" },
	};

	caps->max_mem_regions = 64; /* drivers/vhost/vhost.c, when the module is not loaded yet */
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct vhi_caps_parameter *item;
		char path[96], value[64], name[64];

		snprintf(path, sizeof(path), "/sys/module/%s/parameters/%s", names[i][0],
			 names[i][1]);
		if (vhi_sys_read(&ctx->sys, path, value, sizeof(value)) <= 0)
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
		if (!i && strtoul(value, NULL, 10))
			caps->max_mem_regions = strtoul(value, NULL, 10);
	}
	return 0;
}

VHC_EXPORT int vhc_caps_probe(struct vhc_ctx *ctx, char **ret_json)
{
	struct vhi_caps caps = { .max_tap_queues = MAX_TAP_QUEUES };
	char release[80] = "", *json = NULL;
	int r = probe_nodes(ctx, &caps) ?: probe_link(ctx, &caps.tap) ?: probe_parameters(ctx, &caps);

	if (!r) {
		vhi_sys_release(&ctx->sys, release, sizeof(release)); /* "" if it fails */
		caps.kernel = strdup(release);
		r = caps.kernel ? 0 : -ENOMEM;
	}
	if (!r)
		json = doc_text(&vhi_caps_doc, &caps, DOC_PRETTY);
	doc_clear(&vhi_caps_doc, &caps);
	if (r || !json)
		return vhi_fail(ctx, r ?: -ENOMEM, "cannot query this host: %s",
				strerror(r ? -r : ENOMEM));
	*ret_json = json;
	return 0;
}
