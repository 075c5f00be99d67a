/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plan/ - how a device changes: what is wanted and what it has (state.h), the operations (op.h), a
 * plan, which is a list of them (this file), and the functions that make plans from two states
 * (change.h).  All of it is pure: it makes no system call and knows only the two states of a
 * device.
 */
#ifndef LIB_PLAN_PLAN_H
#define LIB_PLAN_PLAN_H

#include "plan/op.h"

struct doc_table;
struct json_object;

struct vhi_step {
	struct vhi_op op;
	struct vhi_op undo; /* kind VHI_OP_NONE: nothing that would have to be undone */
};

struct vhi_plan {
	struct vhi_step *steps;
	uint32_t count, room;
	int error; /* sticky -ENOMEM: a step is missing, and the plan is never executed */
};

/** vhi_plan_add() - append a step without an undo. */
void vhi_plan_add(struct vhi_plan *plan, struct vhi_op op);

/** vhi_plan_add_undo() - append a step that does nothing, and is undone by this operation. */
void vhi_plan_add_undo(struct vhi_plan *plan, struct vhi_op undo);

/** vhi_plan_add_value() - append a step with a value and no undo. */
void vhi_plan_add_value(struct vhi_plan *plan, struct vhi_op op, uint64_t value);

/** vhi_plan_add_file() - append a step with a file, undone by the one before it, or by none. */
void vhi_plan_add_file(struct vhi_plan *plan, struct vhi_op op, int file, int before);

/**
 * vhi_plan_add_table() - append VHOST_SET_MEM_TABLE, undone by the table before it.  NULL: no memory at
 * all.  The step holds references of its own.
 */
void vhi_plan_add_table(struct vhi_plan *plan, uint32_t fd, struct vhi_table *table,
			struct vhi_table *before);

/** vhi_plan_add_table_again() - the same table once more, which waits for the worker; nothing undoes it. */
void vhi_plan_add_table_again(struct vhi_plan *plan, uint32_t fd, struct vhi_table *table);

/** vhi_plan_add_log() - the same for VHOST_SET_LOG_BASE and a dirty log.  NULL: none. */
void vhi_plan_add_log(struct vhi_plan *plan, uint32_t fd, struct vhi_dirty_log *log,
		      struct vhi_dirty_log *before);

/** vhi_plan_add_step() - append a step with its undo.  @undo: may be NULL. */
void vhi_plan_add_step(struct vhi_plan *plan, const struct vhi_op *op, const struct vhi_op *undo);

/** vhi_plan_clear() - empty the plan, and drop the references that its steps hold. */
void vhi_plan_clear(struct vhi_plan *plan);

/** vhi_plan_json() - the plan as a vhost-plan document, for free(3).  NULL: no memory. */
char *vhi_plan_json(const struct vhi_plan *plan, const char *device, enum vhc_type type);

/* vhost-plan; document.c */
extern const struct doc_table vhi_plan_doc;

#endif
