/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A vhost-setup document as a whole: read and checked, written again, described.  No system call.
 */
#include <stdlib.h>

#include "error.h"
#include "setup/setup.h"

int host_setup_read(struct vhc_ctx *ctx, const char *text, size_t len, char *const *variables,
		    struct host_setup **ret, struct host_error *err)
{
	struct host_setup *setup = calloc(1, sizeof(*setup));
	struct doc_error doc;
	int r;

	if (!setup)
		return host_fail_memory(err);
	r = doc_read_with(&host_setup_table, text, len, variables, setup, &doc);
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

const char *host_setup_name(const struct host_setup *setup)
{
	return setup->name;
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
