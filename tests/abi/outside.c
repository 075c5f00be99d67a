/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An outside program, in the part of C that is C++ too: compiled with what pkg-config says. */
#include <vhostconfig.h>

#include <stdio.h>
#include <stdlib.h>

int main(void)
{
	struct vhc_ctx *ctx = NULL;
	struct vhc_features set;
	char *names = NULL;
	int wrong;

	if (vhc_ctx_new(&ctx))
		return 1;
	wrong = vhc_features_parse(ctx, VHC_TYPE_NET, "mrg_rxbuf,version_1", &set) ||
		vhc_features_format(ctx, VHC_TYPE_NET, &set, &names);
	printf("%s %s\n", vhc_version(), wrong ? vhc_ctx_get_error(ctx)->text : names);
	free(names);
	vhc_ctx_free(ctx);
	return wrong;
}
