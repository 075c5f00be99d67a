/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* errname - every errno of Linux has its name, and no other number has one. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "errname.h"

static void errname_of_errno_is_its_constant(void **state)
{
	assert_string_equal(doc_errname(EPERM), "EPERM");
	assert_string_equal(doc_errname(EFAULT), "EFAULT");
	assert_string_equal(doc_errname(EAGAIN), "EAGAIN");
	assert_string_equal(doc_errname(EOPNOTSUPP), "EOPNOTSUPP");
	assert_string_equal(doc_errname(EHWPOISON), "EHWPOISON");
}

/* The C library knows the same numbers; glibc also their names. */
static void errname_of_each_number_matches_libc(void **state)
{
	for (int error = 1; error < 5000; error++) {
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 32)
		assert_string_equal(doc_errname(error), strerrorname_np(error) ?: "unknown errno");
#else
		if (error > EHWPOISON)
			assert_string_equal(doc_errname(error), "unknown errno");
#endif
	}
}

static void errname_of_other_number_is_unknown(void **state)
{
	static const int others[] = { 0, -1, -EPERM, EHWPOISON + 1, 100000 };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_string_equal(doc_errname(others[i]), "unknown errno");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errname_of_errno_is_its_constant),
		cmocka_unit_test(errname_of_each_number_matches_libc),
		cmocka_unit_test(errname_of_other_number_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
