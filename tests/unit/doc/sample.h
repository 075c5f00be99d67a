/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A table with every kind of field, and a document that has them all.
 */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <stdarg.h>
#include <setjmp.h>
#include <errno.h>
#include <string.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "doc.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct sample_part {
	char *name;
	uint64_t size;
	struct doc_list tags;
};

struct sample {
	char *name;
	uint64_t mtu;
	uint64_t wide;
	uint64_t mask;
	uint64_t ring;
	bool up;
	uint32_t mode;
	struct sample_part part;
	struct sample_part *maybe;
	struct doc_list parts;
	struct doc_list words;
	uint32_t minor; /* with minors */
};

static inline bool sample_check_name(const char *text)
{
	return !strchr(text, '/') && !strchr(text, '%');
}

static const char *const sample_modes[] = { "require", "prefer", "off", NULL };

static const struct doc_field sample_part_fields[] = {
	{ .key = "name",
	  .type = DOC_STRING,
	  .flags = DOC_REQUIRED,
	  .offset = 0,
	  .min = 1,
	  .max = 15,
	  .check = sample_check_name,
	  .pattern = "^[^/%\\u0000]+$",
	  .rule = "no '/' and no '%'",
	  .help = "its name" },
	{ .key = "size",
	  .type = DOC_UINT,
	  .offset = offsetof(struct sample_part, size),
	  .min = 68,
	  .max = 65535,
	  .help = "bytes" },
	{ .key = "tags",
	  .type = DOC_STRINGS,
	  .offset = offsetof(struct sample_part, tags),
	  .max = 3,
	  .help = "some words" },
};

static const struct doc_table sample_part_table = {
	.size = sizeof(struct sample_part),
	.help = "a part",
	.fields = sample_part_fields,
	.count = COUNT(sample_part_fields),
};

/* The embedded one may be left out, so nothing in it is required. */
static const struct doc_field sample_plain_fields[] = {
	{ .key = "name", .type = DOC_STRING, .offset = 0, .help = "its name" },
	{ .key = "size",
	  .type = DOC_UINT,
	  .offset = offsetof(struct sample_part, size),
	  .preset = 7,
	  .max = 100,
	  .help = "bytes" },
	{ .key = "tags",
	  .type = DOC_STRINGS,
	  .flags = DOC_REQUIRED * 0,
	  .offset = offsetof(struct sample_part, tags),
	  .help = "some words" },
};

static const struct doc_table sample_plain_table = {
	.size = sizeof(struct sample_part),
	.help = "a plain part",
	.fields = sample_plain_fields,
	.count = COUNT(sample_plain_fields),
};

static const struct doc_field sample_fields[] = {
	{ .key = "name",
	  .type = DOC_STRING,
	  .flags = DOC_REQUIRED,
	  .offset = offsetof(struct sample, name),
	  .min = 1,
	  .max = 15,
	  .help = "a name" },
	{ .key = "mtu",
	  .type = DOC_UINT,
	  .offset = offsetof(struct sample, mtu),
	  .min = 68,
	  .max = 65535,
	  .preset = 1500,
	  .help = "bytes" },
	{ .key = "wide",
	  .type = DOC_UINT,
	  .offset = offsetof(struct sample, wide),
	  .help = "64 bits" },
	{ .key = "mask",
	  .type = DOC_HEX,
	  .offset = offsetof(struct sample, mask),
	  .help = "feature bits" },
	{ .key = "ring",
	  .type = DOC_UINT,
	  .flags = DOC_POWER_2,
	  .offset = offsetof(struct sample, ring),
	  .min = 256,
	  .max = 1024,
	  .preset = 256,
	  .help = "descriptors" },
	{ .key = "up",
	  .type = DOC_BOOL,
	  .offset = offsetof(struct sample, up),
	  .preset = 1,
	  .help = "take it up" },
	{ .key = "mode",
	  .type = DOC_CHOICE,
	  .offset = offsetof(struct sample, mode),
	  .preset = 1,
	  .choices = sample_modes,
	  .help = "what to do" },
	{ .key = "part",
	  .type = DOC_OBJECT,
	  .offset = offsetof(struct sample, part),
	  .table = &sample_plain_table,
	  .help = "embedded" },
	{ .key = "maybe",
	  .type = DOC_OBJECT,
	  .flags = DOC_OPTIONAL,
	  .offset = offsetof(struct sample, maybe),
	  .table = &sample_part_table,
	  .help = "may be absent" },
	{ .key = "parts",
	  .type = DOC_OBJECTS,
	  .flags = DOC_REQUIRED,
	  .offset = offsetof(struct sample, parts),
	  .min = 1,
	  .max = 2,
	  .table = &sample_part_table,
	  .help = "parts" },
	{ .key = "words",
	  .type = DOC_UINTS,
	  .offset = offsetof(struct sample, words),
	  .help = "words of bits" },
};

static const struct doc_table sample_table = {
	.kind = "sample",
	.version = 1,
	.size = sizeof(struct sample),
	.help = "a sample",
	.fields = sample_fields,
	.count = COUNT(sample_fields),
};

static const char sample_text[] =
	"{\n"
	"  \"kind\": \"sample\",\n"
	"  \"version\": 1,\n"
	"  \"name\": \"v\\u00e4m\\ud83d\\ude00\",\n"
	"  \"mtu\": 9000,\n"
	"  \"wide\": \"0xffffffffffffffff\",\n"
	"  \"mask\": 18446744073709551615,\n"
	"  \"ring\": 512,\n"
	"  \"up\": false,\n"
	"  \"mode\": \"off\",\n"
	"  \"part\": { \"name\": \"p\", \"size\": 100, \"tags\": [ \"x\" ] },\n"
	"  \"maybe\": { \"name\": \"m\", \"tags\": [] },\n"
	"  \"parts\": [\n"
	"    { \"name\": \"a\", \"size\": 68 },\n"
	"    { \"name\": \"b\", \"tags\": [ \"one\", \"two\" ] }\n"
	"  ],\n"
	"  \"words\": [ \"0x1\", 2, \"3\" ]\n"
	"}\n";

/* The document refused: -EINVAL at this pointer and line, with these words in the text. */
struct refused {
	const char *text, *pointer;
	unsigned int line;
	const char *words;
};

static inline void expect_refused(const struct refused *want)
{
	struct sample sample;
	struct doc_error err;
	int r = doc_read(&sample_table, want->text, strlen(want->text), &sample, &err);

	if (r != -EINVAL || strcmp(err.pointer, want->pointer) || err.line != want->line ||
	    !strstr(err.text, want->words))
		fail_msg("%s\n  gave %d, line %u, \"%s\": %s\n  wanted line %u, \"%s\": %s",
			 want->text, r, err.line, err.pointer, err.text, want->line, want->pointer,
			 want->words);
}

#endif
