/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz - what the fuzz targets share.  A target is one file with LLVMFuzzerTestOneInput(): it takes any
 * bytes, and ends the process by FUZZ_CHECK(), an assertion of the rig, or a sanitizer's report when
 * something is wrong.
 *
 * Each target is built twice.  With -Dfuzz=true and clang, libFuzzer looks for new inputs: `run` does
 * that.  With any compiler, replay.c runs the inputs of corpus/TARGET as an ordinary test.  To reproduce a
 * finding, give the file that libFuzzer wrote to either program:
 *
 *     build/tests/fuzz/replay-api crash-0123...
 *
 * With FUZZ_VERBOSE=1 in the environment, api prints the calls that it makes.  Then mend the fault, and add
 * the file to corpus/TARGET, with a name that says what it found, where it remains as a test.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vhostconfig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_FAIL(...)                                          \
	do {                                                    \
		fprintf(stderr, "%s:%d: ", __FILE__, __LINE__); \
		fprintf(stderr, __VA_ARGS__);                   \
		fputc('\n', stderr);                            \
		abort();                                        \
	} while (0)

#define FUZZ_CHECK(condition)                        \
	do {                                         \
		if (!(condition))                    \
			FUZZ_FAIL("%s", #condition); \
	} while (0)

/* The rest of the input. */
struct fuzz {
	const uint8_t *at;
	size_t left;
};

/** fuzz_bytes() - copy the next bytes; zeros once the input is used up. */
static inline void fuzz_bytes(struct fuzz *fuzz, void *to, size_t size)
{
	size_t some = size < fuzz->left ? size : fuzz->left;

	memset(to, 0, size);
	if (some)
		memcpy(to, fuzz->at, some);
	fuzz->at += some;
	fuzz->left -= some;
}

static inline uint8_t fuzz_u8(struct fuzz *fuzz)
{
	uint8_t value;

	fuzz_bytes(fuzz, &value, sizeof(value));
	return value;
}

static inline uint16_t fuzz_u16(struct fuzz *fuzz)
{
	uint16_t value;

	fuzz_bytes(fuzz, &value, sizeof(value));
	return value;
}

static inline uint64_t fuzz_u64(struct fuzz *fuzz)
{
	uint64_t value;

	fuzz_bytes(fuzz, &value, sizeof(value));
	return value;
}

/** fuzz_below() - a number below @n, which is at most 65536, from one byte or two. */
static inline uint32_t fuzz_below(struct fuzz *fuzz, uint32_t n)
{
	return (n > 256 ? fuzz_u16(fuzz) : fuzz_u8(fuzz)) % n;
}

/** fuzz_text() - the input as a string of its own, so that reading past its end is found.  For free(3). */
static inline char *fuzz_text(const void *data, size_t size)
{
	char *text = malloc(size + 1);

	FUZZ_CHECK(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/** fuzz_check_text() - is it valid UTF-8 without control characters, as a terminal may get it? */
void fuzz_check_text(const char *text);
/** fuzz_check_error() - a call returned @r, and the last error says so, in texts for a terminal. */
void fuzz_check_error(struct vhc_ctx *ctx, int r);
/** fuzz_caps() - the vhost-caps document of a host with this fake kernel.  For free(3). */
char *fuzz_caps(const char *kernel);

#endif
