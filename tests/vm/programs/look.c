/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * look PAIRS REGIONS - a device that is looked at from outside, with so many regions of memory.  Does what
 * it reads, a word a line, and answers each with "ok" or the error:
 *
 *   save FILE     write what the library knows of the device
 *   log, nolog    the dirty log
 *   poll US       busy polling of ring 1
 *   stop, start   the device
 *   hold          a child has its fds, too, which ends when this process says "drop"
 *   leave         this process ends, and the child has its fds still
 */
#include <signal.h>
#include <string.h>

#include "bring-up.h"

#define FAR (1ull << 32) /* guest addresses of the other regions, with holes between them */

static struct bring_up b;
static pid_t child;

static int add_regions(uint32_t count)
{
	char *memory = mmap(NULL, (count + 1ull) * VHC_PAGE_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int r = memory == MAP_FAILED ? -1 : 0;

	for (uint32_t i = 1; i < count && !r; i++)
		r = vhc_mem_add(b.mem,
				VHC_ARG(vhc_region, .guest_addr = FAR + 2ull * i * VHC_PAGE_SIZE,
					.size = VHC_PAGE_SIZE,
					.user_addr = (uintptr_t)(memory + i * VHC_PAGE_SIZE)));
	return r ? r : vhc_mem_commit(b.mem);
}

static int save(const char *path)
{
	char *json;
	int r = vhc_dev_save(b.dev, &json);
	FILE *file = r ? NULL : fopen(path, "we");

	if (!file)
		return r ? r : -1;
	fputs(json, file);
	fclose(file);
	free(json);
	return 0;
}

static int hold(void)
{
	child = fork();
	if (child == 0)
		while (1)
			pause();
	return child < 0 ? -1 : 0;
}

static int drop(void)
{
	return kill(child, SIGKILL);
}

static int obey(const char *word, const char *rest)
{
	if (!strcmp(word, "save"))
		return save(rest);
	if (!strcmp(word, "log"))
		return vhc_dirty_start(b.mem);
	if (!strcmp(word, "nolog"))
		return vhc_dirty_stop(b.mem);
	if (!strcmp(word, "poll"))
		return vhc_ring_set_busyloop(b.dev, 1, (uint32_t)strtoul(rest, NULL, 10));
	if (!strcmp(word, "stop"))
		return vhc_dev_stop(b.dev);
	if (!strcmp(word, "start"))
		return vhc_dev_start(b.dev);
	if (!strcmp(word, "hold"))
		return hold();
	return strcmp(word, "drop") ? -1 : drop();
}

int main(int argc, char **argv)
{
	uint32_t pairs = argc == 3 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
	uint32_t regions = argc == 3 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
	char word[16], rest[240], line[256];
	int r;

	setvbuf(stdout, NULL, _IOLBF, 0);
	r = pairs && regions ? bring_up_memory(&b, pairs) : -1;
	r = r ? r : bring_up(&b, pairs);
	r = r ? r : add_regions(regions);
	printf("%s\n", !r ? "ok" : b.ctx ? vhc_ctx_get_error(b.ctx)->text : "usage");
	while (!r && fgets(line, sizeof(line), stdin)) {
		word[0] = rest[0] = '\0';
		sscanf(line, "%15s %239s", word, rest);
		if (!strcmp(word, "leave"))
			_exit(0);
		printf("%s\n", obey(word, rest) ? vhc_ctx_get_error(b.ctx)->text : "ok");
	}
	return r != 0;
}
