/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vsock traffic RECORDS STOPS [DAMAGE] - records in both directions between a guest's driver and
 * sockets of the host, while the device is stopped and started.  DAMAGE, "in" or "out", changes one
 * byte in transit.
 * vsock move RECORDS MOVES - the device is saved and closed in between, and its document is loaded
 * into a new one, with a copy of the memory at another address: as between two hosts.
 * vsock claim - two devices request the same CID.
 * RECORDS is the number for each direction.  Prints TAP.
 */
#include <errno.h>
#include <string.h>

#include "bring-up.h"
#include "lines.h"

#define CID 4242u

static struct bring_up b;
static struct lines lines;
static int number, failed;

static void result(const char *what, bool good)
{
	if (!good && b.ctx)
		printf("# last error: %s\n", vhc_ctx_get_error(b.ctx)->text);
	printf("%sok %d - %s\n", good ? "" : "not ", ++number, what);
	failed += !good;
}

static void end(void)
{
	printf("1..%d\n", number);
	exit(failed != 0);
}

static void require(const char *what, bool good)
{
	result(what, good);
	if (!good)
		end();
}

static int open_device(uint32_t cid, struct vhc_dev **ret)
{
	return vhc_dev_open(b.ctx, "vsock0", NULL,
			    VHC_ARG(vhc_dev_args, .type = VHC_TYPE_VSOCK, .guest_cid = cid), ret);
}

/* A device with its memory, before anything is known about the guest. */
static int prepare(void)
{
	int r = open_device(CID, &b.dev);

	r = r ? r : vhc_mem_new(b.ctx, &b.mem);
	r = r ? r
	      : vhc_mem_add(b.mem,
			    VHC_ARG(vhc_region, .size = b.size, .user_addr = (uintptr_t)b.ram));
	r = r ? r : vhc_mem_commit(b.mem);
	return r ? r : vhc_dev_set_mem(b.dev, b.mem);
}

static int negotiate(void)
{
	struct vhc_features want;
	int r = vhc_features_parse(b.ctx, VHC_TYPE_VSOCK, "version_1", &want);

	r = r ? r : vhc_dev_offer_features(b.dev, &want, NULL, &b.acked);
	return r ? r : vhc_dev_set_features(b.dev, &b.acked, 0);
}

static void take_rings(void)
{
	struct virtqueue *rings[] = { &lines.driver.rx, &lines.driver.tx };
	size_t bytes = virtqueue_bytes(BRING_UP_RING, BRING_UP_BUFFER);

	for (uint32_t i = 0; i < 2; i++)
		virtqueue_init(rings[i], (char *)b.ram + i * bytes, i * bytes, BRING_UP_RING,
			       BRING_UP_BUFFER, vhc_ring_get_kick(b.dev, i),
			       vhc_ring_get_call(b.dev, i));
}

static void set_up(void)
{
	int r = bring_up_memory(&b, 1);

	r = r ? r : prepare();
	r = r ? r : negotiate();
	r = r ? r : bring_up_rings(&b, 2);
	require("a device has two rings", !r);
	take_rings();
	require("the host listens", !lines_open(&lines, CID));
	lines_dial_out(&lines); /* before the start: the ring is not empty then */
	require("it starts", !vhc_dev_start(b.dev));
	lines_dial_in(&lines);
}

static void check_lines(uint32_t records)
{
	printf("# %u records out, %u in, of %u; %u sent again after a reset; %u calls refused\n",
	       lines_arrived(&lines, true), lines_arrived(&lines, false), records, lines.again,
	       lines.refused);
	printf("# %llu bytes wrong, %u packets malformed, %u stray, %u calls failed\n",
	       (unsigned long long)lines_wrong(&lines), lines.driver.malformed, lines.driver.stray,
	       lines.failed);
	result("every record arrives once and unchanged", !lines_wrong(&lines));
	result("no packet breaks the protocol", !lines.driver.malformed);
	result("no call of the host fails", !lines.failed);
}

static void tear_down(unsigned int fds)
{
	vhc_dev_close(b.dev);
	vhc_mem_free(b.mem);
	lines_close(&lines);
	result("no fd is left", count_fds() == fds);
	vhc_ctx_free(b.ctx);
	b.ctx = NULL;
}

/* Both sides keep sending while the device is stopped. */
static int pause_device(uint32_t limit)
{
	int r = vhc_dev_stop(b.dev);

	lines.stopped = true;
	for (int i = 0; i < 3; i++)
		lines_turn(&lines, limit);
	return r;
}

static int resume_device(void)
{
	lines.stopped = false;
	return vhc_dev_start(b.dev);
}

static void run_traffic(uint32_t records, uint32_t stops, const char *damage)
{
	uint32_t limit = records / LINES, total = 2 * LINES * limit, done = 0, inside = 0;
	unsigned int fds = count_fds();
	bool whole;

	set_up();
	lines.driver.damage_in = !strcmp(damage, "in");
	lines.driver.damage_out = !strcmp(damage, "out");
	for (int r = 0; done < stops && !r; done += !r) {
		if (!lines_run(&lines, limit, total / (stops + 1) * (done + 1)))
			break;
		r = pause_device(limit);
		inside += lines_arrived(&lines, true) + lines_arrived(&lines, false) < total;
		r = r ? r : resume_device();
	}
	printf("# %u stops, %u with records in transit\n", done, inside);
	result("every stop and start succeeds", done == stops);
	whole = lines_run(&lines, limit, total);
	result("every record arrives", whole);
	result("every connection is closed properly", lines_hang_up(&lines));
	check_lines(LINES * limit);
	result("nothing is sent twice", !lines.again);
	tear_down(fds);
}

/* The other host: its device, a copy of the guest's memory, and the document. */
static int load(const char *json)
{
	char *from = b.ram;
	int r = bring_up_memory(&b, 1);

	r = r ? r : prepare();
	if (!r)
		memcpy(b.ram, from, b.size);
	munmap(from, b.size);
	r = r ? r : vhc_dev_load(b.dev, json);
	if (r)
		return r;
	driver_move(&lines.driver, from, b.ram);
	lines.driver.rx.kick = vhc_ring_get_kick(b.dev, 0);
	lines.driver.rx.call = vhc_ring_get_call(b.dev, 0);
	lines.driver.tx.kick = vhc_ring_get_kick(b.dev, 1);
	lines.driver.tx.call = vhc_ring_get_call(b.dev, 1);
	return 0;
}

/* @told: the close of the device reset every connection of the host */
static int move(uint32_t limit, bool *told)
{
	char *json = NULL;
	int r = pause_device(limit);

	r = r ? r : vhc_dev_save(b.dev, &json);
	if (r)
		return r;
	vhc_dev_close(b.dev);
	vhc_mem_free(b.mem);
	b.dev = NULL;
	b.mem = NULL;
	r = load(json);
	free(json);
	if (r)
		return r;
	*told = lines_reset(&lines);
	lines_dial_out(&lines);
	r = resume_device();
	if (!r)
		lines_dial_in(&lines);
	return r;
}

/* At every second move the connections are idle: then nothing may have to be sent again. */
static void run_moves(uint32_t records, uint32_t moves)
{
	uint32_t each = records / LINES / (moves + 1), done = 0, told = 0, again = 0, idle = 0;
	unsigned int fds = count_fds();

	set_up();
	for (int r = 0; done < moves && !r; done += !r) {
		uint32_t limit = each * (done + 1), total = 2 * LINES * limit, before;
		bool is_told = false, is_idle = done % 2;

		if (!lines_run(&lines, limit, is_idle ? total : total - LINES * each))
			break;
		before = lines.again;
		r = move(limit, &is_told);
		told += is_told;
		again += is_idle ? lines.again - before : 0;
		idle += is_idle && lines.again == before;
	}
	printf("# %u moves, %u of idle connections\n", done, idle);
	result("every move succeeds", done == moves);
	result("each of them resets the host's connections", told == done);
	result("nothing is sent again where nothing was in transit", !again);
	result("every record arrives",
	       lines_run(&lines, each * (moves + 1), 2 * LINES * each * (moves + 1)));
	result("every connection is closed properly", lines_hang_up(&lines));
	check_lines(LINES * each * (moves + 1));
	tear_down(fds);
}

static void run_claim(void)
{
	struct vhc_dev *other = NULL;
	int r;

	require("a device claims a CID", !open_device(CID, &b.dev));
	r = open_device(CID, &other);
	printf("# %s: %s\n", vhc_ctx_get_error(b.ctx)->text, vhc_ctx_get_error(b.ctx)->hint);
	result("a second device cannot", r == -EADDRINUSE && !other);
	result("the message names it", strstr(vhc_ctx_get_error(b.ctx)->text, "4242") != NULL);
	result("and there is a remedy", vhc_ctx_get_error(b.ctx)->hint[0]);
	result("it can claim another one", !open_device(CID + 1, &other));
	vhc_dev_close(other);
	vhc_dev_close(b.dev);
	r = open_device(CID, &b.dev);
	result("the CID is free when the device is closed", !r);
	if (!r)
		vhc_dev_close(b.dev);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	uint32_t records = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
	uint32_t count = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (vhc_ctx_new(&b.ctx))
		return 2;
	if (!strcmp(mode, "traffic") && records >= LINES)
		run_traffic(records, count, argc > 4 ? argv[4] : "");
	else if (!strcmp(mode, "move") && records / LINES > count)
		run_moves(records, count);
	else if (!strcmp(mode, "claim"))
		run_claim();
	else
		return 2;
	end();
}
