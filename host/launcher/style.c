/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of launcher styles.
 */
#include "kind.h"
#include "launcher/style.h"

static const struct host_token none[] = { { 0 } };

/* What every launcher with an option for a tap can be told. */
#define NET (HOST_TOLD_TAP | HOST_TOLD_NAME | HOST_TOLD_MAC)

const struct host_style host_styles[] = {
	[HOST_STYLE_QEMU] = { .name = "qemu",
			      .options = HOST_TOLD_ALL | HOST_TOLD_BUS,
			      .tokens = host_qemu_tokens,
			      .use = { "-netdev @ID.netdev@ -device @ID.device@",
				       "-device @ID.device@" },
			      .use_socket = { "-chardev @ID.chardev@ -netdev @ID.netdev@ -device "
					      "@ID.device@",
					      "-chardev @ID.chardev@ -device @ID.device@" } },
	[HOST_STYLE_LISTEN_FDS] = { .name = "listen-fds",
				    .options = HOST_TOLD_ALL,
				    .environment = true,
				    .environ = "LISTEN_FDS",
				    .tokens = none },
	[HOST_STYLE_ENV] = { .name = "env",
			     .options = HOST_TOLD_ALL,
			     .environment = true,
			     .tokens = none },
	[HOST_STYLE_CLOUD_HYPERVISOR] = { .name = "cloud-hypervisor",
					  .options = NET | HOST_TOLD_QUEUES | HOST_TOLD_RING_SIZE |
						     HOST_TOLD_MTU,
					  .tokens = host_cloud_hypervisor_tokens,
					  .use = { "--net @ID.net@" } },
	[HOST_STYLE_CROSVM] = { .name = "crosvm",
				.options = NET | HOST_TOLD_VHOST | HOST_TOLD_CID,
				.opens_vhost = true,
				.tokens = host_crosvm_tokens,
				.use = { "--net @ID.net@",
					 "--vsock @ID.cid@ --vhost-vsock-fd @ID.fd@" } },
	[HOST_STYLE_STRATOVIRT] = { .name = "stratovirt",
				    .options = NET | HOST_TOLD_VHOST | HOST_TOLD_CID |
					       HOST_TOLD_QUEUES | HOST_TOLD_RING_SIZE,
				    .tokens = host_stratovirt_tokens,
				    .use = { "-netdev @ID.netdev@ -device @ID.device@",
					     "-device @ID.device@" } },
	[HOST_STYLE_FIRECRACKER] = { .name = "firecracker",
				     .options = HOST_TOLD_NAME | HOST_TOLD_MAC,
				     .tokens = host_firecracker_tokens,
				     .use = { "@ID.net@" } },
	[HOST_STYLE_KVMTOOL] = { .name = "kvmtool",
				 .options = NET | HOST_TOLD_VHOST,
				 .opens_vhost = true,
				 /* offered by a feature, of which it offers none that vhost lacks */
				 .lost_with_vhost = HOST_TOLD_MAC,
				 .lost = "kvmtool drops it with vhost; leave it out, or set "
					 "\"vhost\" to \"off\"",
				 .tokens = host_kvmtool_tokens,
				 .use = { "--network @ID.net@" } },
	{ 0 },
};
