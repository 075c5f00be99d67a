/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz - checks and documents that several targets need.
 */
#include <errno.h>
#include <pthread.h>

#include "ctx.h"
#include "fake.h"
#include "fuzz.h"

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
			  void *arg);

/*
 * The linker puts this in the place of pthread_create(): no thread starts, and the library closes its fds
 * one after another, always in the same order, and without waiting for a processor.
 */
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
			  void *arg)
{
	return EAGAIN;
}

static bool is_control(const unsigned char *at)
{
	return *at < 0x20 || *at == 0x7f || (at[0] == 0xc2 && at[1] < 0xa0);
}

/* The bytes of a UTF-8 character, by its first one; 0: it does not begin one. */
static unsigned int utf8_bytes(unsigned char first)
{
	return first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

void fuzz_check_text(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	while (*at) {
		unsigned int bytes = utf8_bytes(*at);

		if (!bytes || is_control(at))
			FUZZ_FAIL("byte 0x%x at %zu of: %s", *at,
				  (size_t)(at - (const unsigned char *)text), text);
		for (at++; --bytes; at++)
			if (*at >> 6 != 2)
				FUZZ_FAIL("a character is cut in: %s", text);
	}
}

void fuzz_check_error(struct vhc_ctx *ctx, int r)
{
	const struct vhc_error *error = vhc_ctx_get_error(ctx);

	FUZZ_CHECK(r < 0 && error->code == r && error->text[0]);
	fuzz_check_text(error->text);
	fuzz_check_text(error->device);
	fuzz_check_text(error->where);
	fuzz_check_text(error->hint);
}

char *fuzz_caps(const char *kernel)
{
	struct fake *fake = fake_new(kernel);
	struct vhc_ctx *ctx;
	char *json;

	FUZZ_CHECK(!vhi_ctx_new_sys(&fake_sys, fake, &ctx));
	FUZZ_CHECK(!vhc_caps_probe(ctx, &json));
	vhc_ctx_free(ctx);
	fake_free(fake);
	return json;
}
