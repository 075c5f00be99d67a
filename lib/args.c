/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * args - the structs of the API, in and out, as copy_struct_from_user() of the kernel does it.
 */
#include <errno.h>
#include <string.h>

#include "args.h"

#define SZ_MAX 4096u

int vhi_check_sz(struct vhc_ctx *ctx, const char *name, uint64_t sz)
{
	if (sz >= sizeof(sz) && sz <= SZ_MAX)
		return 0;
	return vhi_fail(ctx, -EINVAL,
			"struct %s has sz %llu; set it to sizeof(struct %s), as VHC_ARG does", name,
			(unsigned long long)sz, name);
}

int vhi_copy_args(struct vhc_ctx *ctx, const char *name, void *to, size_t size, const void *from)
{
	const unsigned char *bytes = from;
	uint64_t sz;
	int r;

	memcpy(&sz, from, sizeof(sz));
	r = vhi_check_sz(ctx, name, sz);
	if (r)
		return r;
	for (size_t i = size; i < sz; i++)
		if (bytes[i])
			return vhi_fail(
				ctx, -E2BIG,
				"struct %s has a field at byte %zu that this library does not "
				"know; it knows %zu bytes",
				name, i, size);
	memset(to, 0, size);
	memcpy(to, from, sz < size ? sz : size);
	memcpy(to, &(uint64_t){ size }, sizeof(uint64_t));
	return 0;
}

int vhi_copy_ret(struct vhc_ctx *ctx, const char *name, void *to, size_t size, const void *from)
{
	uint64_t sz;
	int r;

	memcpy(&sz, to, sizeof(sz));
	r = vhi_check_sz(ctx, name, sz);
	if (r)
		return r;
	if (sz > size)
		memset((char *)to + size, 0, sz - size);
	memcpy(to, from, sz < size ? sz : size);
	memcpy(to, &sz, sizeof(sz));
	return 0;
}
