/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * input - documents that cannot be read: is it the document, or is it this system?  The linker puts the function
 * below in the place of malloc(3) (--wrap).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "program/cli.h"

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

static bool no_memory;

/* The text of a document is the only large one. */
void *__wrap_malloc(size_t size)
{
	return no_memory && size > DOC_MAX_SIZE ? NULL : __real_malloc(size);
}

static void missing_document_is_input(void **state)
{
	char *text = NULL;
	size_t length;

	assert_int_equal(cli_read("/no/such.json", &text, &length), CLI_INPUT);
	assert_int_equal(cli_read("/dev", &text, &length), CLI_INPUT);
	assert_null(text);
}

static void no_memory_is_failure(void **state)
{
	char *text = NULL;
	size_t length;

	no_memory = true;
	assert_int_equal(cli_read("/dev/null", &text, &length), CLI_FAILED);
	no_memory = false;
	assert_null(text);
	assert_int_equal(cli_read("/dev/null", &text, &length), CLI_YES);
	assert_int_equal(length, 0);
	free(text);
}

static void no_fds_is_failure(void **state)
{
	struct rlimit old, none;
	char *text = NULL;
	size_t length;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = (struct rlimit){ 0, old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(cli_read("/dev/null", &text, &length), CLI_FAILED);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_null(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(missing_document_is_input),
		cmocka_unit_test(no_memory_is_failure),
		cmocka_unit_test(no_fds_is_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
