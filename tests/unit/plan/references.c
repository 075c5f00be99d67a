/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * references - steps of a plan hold references to tables and dirty logs; a step for which there is no
 * memory holds none.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "plan/plan.h"

static bool out_of_memory;

void *__real_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size);

void *__wrap_realloc(void *block, size_t size)
{
	return out_of_memory ? NULL : __real_realloc(block, size);
}

static struct vhi_table table = { .refs = 1 }, table_before = { .refs = 1 };
static struct vhi_dirty_log dirty_log = { .refs = 1 }, log_before = { .refs = 1 };

static void check_refs(uint32_t refs)
{
	assert_int_equal(table.refs, refs);
	assert_int_equal(table_before.refs, refs);
	assert_int_equal(dirty_log.refs, refs);
	assert_int_equal(log_before.refs, refs);
}

static void plan_holds_references_until_cleared(void **state)
{
	struct vhi_plan plan = { 0 };

	vhi_plan_add_table(&plan, 3, &table, &table_before);
	vhi_plan_add_log(&plan, 3, &dirty_log, &log_before);
	vhi_plan_add_table(&plan, 3, NULL, NULL);
	vhi_plan_add_log(&plan, 3, NULL, NULL);
	assert_int_equal(plan.count, 4);
	assert_int_equal(plan.error, 0);
	check_refs(2);
	assert_int_equal(plan.steps[0].op.kind, VHI_OP_SET_MEM_TABLE);
	assert_int_equal(plan.steps[0].op.fd, 3);
	assert_ptr_equal(plan.steps[0].op.table, &table);
	assert_int_equal(plan.steps[0].undo.kind, VHI_OP_SET_MEM_TABLE);
	assert_ptr_equal(plan.steps[0].undo.table, &table_before);
	assert_int_equal(plan.steps[1].undo.kind, VHI_OP_SET_LOG_BASE);
	assert_ptr_equal(plan.steps[1].undo.log, &log_before);
	vhi_plan_clear(&plan);
	check_refs(1);
}

static void step_without_memory_holds_no_reference(void **state)
{
	struct vhi_plan plan = { 0 };

	out_of_memory = true;
	vhi_plan_add_table(&plan, 0, &table, &table_before);
	vhi_plan_add_log(&plan, 0, &dirty_log, &log_before);
	out_of_memory = false;
	assert_int_equal(plan.count, 0);
	assert_int_equal(plan.error, -ENOMEM);
	check_refs(1);
	/* and is not forgotten when a later one has memory */
	vhi_plan_add_table(&plan, 0, &table, NULL);
	assert_int_equal(plan.error, -ENOMEM);
	vhi_plan_clear(&plan);
	check_refs(1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plan_holds_references_until_cleared),
		cmocka_unit_test(step_without_memory_holds_no_reference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
