/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checking the rules of a vhost-setup document that its table cannot express.
 */
#ifndef HOST_CHECK_H
#define HOST_CHECK_H

#include "setup/setup.h"

struct host_check {
	struct vhc_ctx *ctx;
	struct host_setup *setup;
	const char *text;
	size_t len;
	struct doc_error *err;
};

/* @pointer: within the device; the text may refer to another place as well. */
#define HOST_WRONG(c, index, pointer, ...)                                              \
	({                                                                              \
		char where_[80];                                                        \
		snprintf(where_, sizeof(where_), "/devices/%zu%s", (index), (pointer)); \
		doc_fail((c)->err, (c)->text, (c)->len, where_, __VA_ARGS__);           \
	})

#endif
