/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommu-model - a driver behind an IOMMU, on a real kernel: its pages are at I/O virtual addresses that
 * neither equal the guest-physical ones nor have the same order.
 */
#ifndef IOMMU_MODEL_H
#define IOMMU_MODEL_H

#include "bring-up.h"
#include "traffic.h"

#define PAGE  4096u
#define GUEST 0x100000000ull /* the first half of memory; the second is far above it */
#define FAR   0x700000000ull
#define RING  256u
#define RW    (VHC_PERM_READ | VHC_PERM_WRITE)

/* There is one. */
extern struct iommu_model {
	uint32_t version; /* of the messages */
	bool all;	  /* every page is mapped before the start, not only the used rings */
	bool many;	  /* buffers of two pages, so that more are in use than the kernel holds */
	uint32_t buffer_size, ring_pages, pages;
	unsigned char *driver; /* the pages as the driver sees them, one ring after another */
	struct virtqueue rings[2 * TRAFFIC_PAIRS];
	struct traffic traffic;
	struct bring_up b;
	uint32_t misses, errors, error_ring;
	uint32_t acks, messages[3]; /* of backend features; by version */
} model;

/** model_make_memory() - create memory that the driver sees in another order than the device. */
int model_make_memory(void);
/** model_open_all() - open the device, its memory and its tap. */
int model_open_all(void);
/**
 * model_probe() - do what a driver does at probe time.
 * @iommu: it accepts the feature, and its addresses are I/O virtual ones.
 */
int model_probe(bool iommu);

/** model_iova_of_page() - the address of one of the driver's pages as the device sees it. */
uint64_t model_iova_of_page(uint32_t page);
/** model_guest_of() - the guest-physical address of a page of the memory. */
uint64_t model_guest_of(uint32_t page);
/** model_scatter() - the page of the memory behind one of the driver's: far apart, none twice. */
uint32_t model_scatter(uint32_t page);
/** model_used_page() - the used ring follows the descriptors and the avail ring, a page each. */
uint32_t model_used_page(uint32_t ring);

int model_map_page(uint32_t page);
/** model_prefill() - map what has to be mapped before the start. */
int model_prefill(void);
/** model_serve() - answer the device's events.  A negative errno if an answer failed. */
int model_serve(void);

#endif
