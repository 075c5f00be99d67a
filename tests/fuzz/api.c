/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * api - any calls, in any order, on two devices of one guest, some of them with calls to the kernel that
 * fail.  After each, what api-world.h says must be so; and a call that failed has changed nothing.
 *
 * Input: what the devices are and whether they run, then a byte for each call with its arguments.
 */
#include "api-calls.h"

static const struct op *const tables[] = { guest_ops, dev_ops, ring_ops };

/* The n-th call of a name from now on. */
static void fail_kernel(struct world *world, struct fuzz *fuzz)
{
	static const char *const names[] = {
		"",
		"VHOST_",
		"VHOST_SET_MEM_TABLE",
		"VHOST_SET_LOG_BASE",
		"VHOST_SET_FEATURES",
		"VHOST_SET_VRING_",
		"VHOST_NET_SET_BACKEND",
		"eventfd",
		"VHOST_GET_VRING_BASE",
		"TUN",
		"KVM_",
		"VHOST_SET_VRING_ADDR",
		"VHOST_SET_OWNER",
		"map",
		"VHOST_IOTLB",
		"dup",
	};
	static const int errors[] = { EIO, ENOMEM, EFAULT, EPERM, EBUSY, EINVAL, EMFILE, ENOBUFS };
	uint8_t what = fuzz_u8(fuzz);

	fake_fail(world->rig.fake, names[what % COUNT(names)], 1 + fuzz_below(fuzz, 24),
		  errors[what / 16 % COUNT(errors)]);
}

static int open_dev(struct call *call)
{
	return world_open(call->world, call->n);
}

static const struct op open_op = { "open", open_dev, SEVERAL };

static const struct op *find_op(uint32_t n)
{
	for (;;)
		for (size_t table = 0; table < COUNT(tables); table++)
			for (const struct op *op = tables[table]; op->name; op++)
				if (!n--)
					return op;
}

/* What a call may return when none of its calls to the kernel was made to fail. */
static bool is_refusal(int r)
{
	static const int codes[] = { EINVAL,	 EAGAIN,  EBUSY, ENOTTY,
				     EOPNOTSUPP, ENODATA, E2BIG, EEXIST };

	for (size_t i = 0; i < COUNT(codes); i++)
		if (r == -codes[i])
			return true;
	return false;
}

static void judge(struct world *world, const struct op *op, int r, const struct world_state *before)
{
	uint32_t failures = fake_failed(world->rig.fake) - world->failed;

	world_check(world);
	world->doubled |= failures > 1;
	if (r >= 0)
		return;
	fuzz_check_error(world->rig.ctx, r);
	if (r == -ESTALE ? !world->doubled : !failures && !is_refusal(r))
		FUZZ_FAIL("%s: %d: %s", op->name, r, rig_text(&world->rig));
	if (r != -ESTALE && failures < 2 && !(op->flags & (STOPS | SEVERAL)))
		world_compare(world, before, op->name);
}

static void run(struct world *world, const struct op *op, struct call *call)
{
	struct fake *fake = world->rig.fake;
	struct world_state before;
	int r;

	world_save(world, &before);
	fake_forget_calls(fake);
	world->failed = fake_failed(fake);
	r = op->run(call);
	if (getenv("FUZZ_VERBOSE"))
		fprintf(stderr, "%s dev %u ring %u: %d %s\n", op->name, call->n, call->ring, r,
			r < 0 ? rig_text(&world->rig) : "");
	judge(world, op, r, &before);
	world_write(world);
}

static void run_next(struct world *world, struct fuzz *fuzz)
{
	uint8_t what = fuzz_u8(fuzz), where;
	struct call call = { .world = world, .fuzz = fuzz };
	const struct op *op;

	if (what >= 0xf0) {
		fail_kernel(world, fuzz);
		return;
	}
	where = fuzz_u8(fuzz);
	call.n = where >> 7;
	call.ring = where % 16 % 5;
	call.dev = world->dev[call.n];
	op = find_op(what);
	run(world, op->flags & NEEDS_DEV && !call.dev ? &open_op : op, &call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };
	static struct world world;

	world_new(&world, &fuzz);
	for (uint32_t i = 0; i < 200 && fuzz.left; i++)
		run_next(&world, &fuzz);
	world_free(&world);
	return 0;
}
