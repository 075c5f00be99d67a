/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * internal - what the objects of the library know of each other: the context's inside, and the
 * memory table's devices.
 */
#ifndef LIB_INTERNAL_H
#define LIB_INTERNAL_H

#include <errno.h>
#include <stdint.h>

#include "ring/binding.h"
#include "ctx.h"
#include "syscall/sys.h"
#include "memory/table.h"
#include "vhostconfig.h"

/* What one context has asked the kernel: the answers are the same for every fd of a type. */
struct vhc_kernel_facts {
	bool has_features, has_features_array;
	struct vhc_features features; /* word 0 only, until the array was asked for */
	bool has_max_regions;
	uint32_t max_regions;
	bool has_iotlb; /* both of these were asked for */
	uint32_t max_mappings;
	uint64_t backend_features;
	uint32_t workers; /* where they are when nobody chooses: worker.c; 0: not known */
	bool no_busyloop;
};

struct vhc_ctx {
	uint32_t refs;
	const struct vhc_sys *sys;
	void *sys_data;
	vhc_log_fn *log;
	void *log_data;
	enum vhc_level log_max;
	struct vhc_kernel_facts facts;
	struct vhc_tap *taps;	      /* all that are alive */
	struct vhc_binding *bindings; /* of all devices, to KVM */
	struct vhc_error error;
	char error_text[2048], error_device[64], error_where[160], error_hint[640];
};

/** vhc_ctx_new_sys() - a context on another kernel: for tests.  @data is given to each operation. */
int vhc_ctx_new_sys(const struct vhc_sys *sys, void *data, struct vhc_ctx **ret);
struct vhc_ctx *vhc_ctx_ref(struct vhc_ctx *ctx);
void vhc_ctx_unref(struct vhc_ctx *ctx);

/**
 * vhc_copy_args() - read a caller's struct of any version: shorter is filled with zeros, longer must
 * be zero behind what is known here.
 * @size: of the struct here.  Its first field is the caller's size.
 * Errors: -EINVAL no size or a senseless one; -E2BIG a field that only a newer library knows.
 */
int vhc_copy_args(struct vhc_ctx *ctx, const char *name, void *to, size_t size, const void *from);

#define VHC_COPY_ARGS(ctx, type, to, from) vhc_copy_args(ctx, #type, to, sizeof(struct type), from)

/* A device as its memory table and its tap see it. */
struct vhc_dev;
const char *vhc_dev_id(const struct vhc_dev *dev);
bool vhc_dev_runs(const struct vhc_dev *dev);
uint32_t vhc_dev_max_regions(const struct vhc_dev *dev);
/** vhc_dev_check_table() - would a ring that runs move or lose its memory?  -EBUSY names it. */
int vhc_dev_check_table(struct vhc_dev *dev, struct vhc_table *table);
/** vhc_dev_forget_log_event() - this eventfd of the memory's is about to be closed. */
void vhc_dev_forget_log_event(struct vhc_dev *dev, int event);
/** vhc_dev_check_process() - -EPERM in a forked child of the process that took ownership, and only there. */
int vhc_dev_check_process(const struct vhc_dev *dev);

/* The memory object, as devices see it. */
struct vhc_mem *vhc_mem_ref(struct vhc_mem *mem);
void vhc_mem_unref(struct vhc_mem *mem);
/** vhc_mem_table() - the committed table, NULL when there is none yet. */
struct vhc_table *vhc_mem_table(struct vhc_mem *mem);
struct vhc_ctx *vhc_mem_ctx(struct vhc_mem *mem);
int vhc_mem_attach(struct vhc_mem *mem, struct vhc_dev *dev);
void vhc_mem_detach(struct vhc_mem *mem, struct vhc_dev *dev);

#endif
