/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dirty-plot.h"
int dirty_plot(const char *path, const struct dirty_case *cases)
{
	return 0;
}
