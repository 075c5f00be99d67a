/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * oom - allocations that fail.  The linker puts these functions in the place of the library's (--wrap).
 */
#include "text.h"
#include "oom.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);

/* Only one thread allocates. */
static uint32_t countdown;
static bool failed;

static bool fails(void)
{
	if (!countdown || --countdown)
		return false;
	failed = true;
	errno = ENOMEM;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

void oom_arm(uint32_t n)
{
	countdown = n;
	failed = false;
}

uint32_t oom_suspend(void)
{
	uint32_t n = countdown;

	countdown = 0;
	return n;
}

void oom_resume(uint32_t n)
{
	countdown = n;
}

bool oom_failed(void)
{
	return failed;
}

int oom_run(struct rig *rig, const struct act *act, uint32_t n)
{
	struct fake_left before = fake_left(rig->fake), after;
	bool waited = !failed;
	int r = act->run(rig);

	if (r && !(waited && failed))
		fail_msg("%s without failure, n %u: %s", act->name, n, rig_text(rig));
	if (!r)
		return 0;
	after = fake_left(rig->fake);
	if (r != -ENOMEM)
		fail_msg("%s: allocation %u failed, returned %s: %s", act->name, n, vhi_errname(-r),
			 rig_text(rig));
	assert_int_equal(vhc_ctx_get_error(rig->ctx)->code, -ENOMEM);
	if (act->keeps && !left_equal(&before, &after))
		fail_msg("%s: allocation %u failed, and something is left", act->name, n);
	r = act->run(rig);
	if (r)
		fail_msg("%s again: allocation %u failed before: %s", act->name, n, rig_text(rig));
	return -ENOMEM;
}
