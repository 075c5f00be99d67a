/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake - the fake kernel's life, what it is like, and the calls that it counts and lets fail.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "model.h"

/* Pages, not calloc(): that clears all 28 MiB for a test that uses a hundredth of them. */
struct fake *fake_new(const char *name)
{
	struct fake *fake = mmap(NULL, sizeof(*fake), PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	const struct fake_profile *profile = fake_profiles;

	while (profile->name && strcmp(profile->name, name))
		profile++;
	if (fake == MAP_FAILED || !profile->name) {
		fprintf(stderr, "no fake kernel %s\n", name);
		exit(2);
	}
	pthread_mutex_init(&fake->lock, NULL);
	fake->profile = *profile;
	fake->next_netns = 1;
	fake->pid = fake->tid = 100;
	fake->next_tid = 1000;
	return fake;
}

void fake_free(struct fake *fake)
{
	pthread_mutex_destroy(&fake->lock);
	munmap(fake, sizeof(*fake));
}

struct fake_profile *fake_profile(struct fake *fake)
{
	return &fake->profile;
}

void fake_set_fd_limit(struct fake *fake, uint32_t limit)
{
	fake->fd_limit = limit;
}

void fake_set_user(struct fake *fake, uint32_t uid, uint32_t gid)
{
	fake->uid = uid;
	fake->gid = gid;
}

void fake_set_process(struct fake *fake, int32_t pid, int32_t tid)
{
	fake->pid = pid;
	fake->tid = tid;
}

void fake_set_proc(struct fake *fake, enum fake_proc proc)
{
	fake->proc = proc;
}

void fake_set_node(struct fake *fake, const char *path, int error)
{
	for (uint32_t i = 0; fake_nodes[i].path; i++)
		if (!strcmp(fake_nodes[i].path, path))
			fake->node_errors[i] = error;
}

/* --------------------------------------------------------------------------- calls and failures */

uint32_t fake_calls(struct fake *fake)
{
	return fake->calls;
}

uint32_t fake_count(struct fake *fake, const char *prefix)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < fake->calls; i++)
		n += !strncmp(fake->call[i].name, prefix, strlen(prefix));
	return n;
}

const struct fake_call *fake_call(struct fake *fake, uint32_t n)
{
	return n < fake->calls ? &fake->call[n] : NULL;
}

void fake_forget_calls(struct fake *fake)
{
	fake->calls = 0;
}

void fake_print_calls(struct fake *fake)
{
	for (uint32_t i = 0; i < fake->calls; i++)
		fprintf(stderr, "%4u %s fd %d index %u: %d\n", i, fake->call[i].name,
			fake->call[i].fd, fake->call[i].index, fake->call[i].result);
}

void fake_fail(struct fake *fake, const char *prefix, uint32_t n, int error)
{
	for (uint32_t i = 0; i < FAKE_FAILURES; i++)
		if (!fake->failures[i].countdown) {
			fake->failures[i] = (struct fake_failure){ prefix, n, error };
			return;
		}
}

uint32_t fake_failed(struct fake *fake)
{
	return fake->failed;
}

const char *fake_failed_name(struct fake *fake, uint32_t n)
{
	return n < fake->failed && n < FAKE_FAILURES ? fake->failed_names[n] : "none";
}

void fake_forget_failures(struct fake *fake)
{
	memset(fake->failures, 0, sizeof(fake->failures));
	fake->failed = 0;
}

void fake_tear_log_base(struct fake *fake, uint32_t n)
{
	fake->tear_log_base = n;
}

void fake_watch(struct fake *fake, fake_watch_fn *fn, void *data)
{
	fake->watch = fn;
	fake->watch_data = data;
}

int fake_enter(struct fake *fake, const char *name, int fd, uint32_t index)
{
	int error = 0;

	pthread_mutex_lock(&fake->lock);
	if (fake->calls < FAKE_CALLS)
		fake->call[fake->calls++] = (struct fake_call){ name, fd, index, 0 };
	for (uint32_t i = 0; i < FAKE_FAILURES; i++) {
		struct fake_failure *failure = &fake->failures[i];

		if (!failure->countdown || strncmp(name, failure->prefix, strlen(failure->prefix)))
			continue;
		if (!--failure->countdown) {
			error = -failure->error;
			if (fake->failed < FAKE_FAILURES)
				fake->failed_names[fake->failed] = name;
			fake->failed++;
		}
	}
	return error;
}

int fake_leave(struct fake *fake, int result)
{
	struct fake_call *call = fake->calls ? &fake->call[fake->calls - 1] : NULL;

	if (call)
		call->result = result;
	if (call && fake->watch)
		fake->watch(fake->watch_data, call);
	pthread_mutex_unlock(&fake->lock);
	return result;
}
