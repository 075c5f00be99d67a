/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 'vhostctl loop': does vhost work here, and how fast?  A scratch device driven by this process.
 *
 *     rings --vhost--> tap --> packet socket      transmit, as the driver calls it
 *     rings <--vhost-- tap <-- packet socket      receive
 *
 * This file sets up the device and reports; loop-run.c moves the numbered frames and
 * counts them.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host.h"
#include "loop/loop.h"
#include "setup/config.h"

struct way_row {
	const char *way;
	uint64_t sent, arrived, lost, duplicated, corrupt, frames_per_second, mbit_per_second;
};

struct pair_row {
	uint64_t pair, transmitted, received;
};

struct loop_report {
	const char *command;
	bool works;
	uint64_t queue_pairs, frame_bytes;
	const char *features;
	struct doc_list ways;  /* of struct way_row */
	struct doc_list pairs; /* of struct pair_row */
};

static const struct doc_field way_fields[] = {
	DOC_NEED(way_row, way, DOC_STRING,
		 .help = "transmit or receive, from the driver's point of view"),
	DOC_NEED(way_row, sent, DOC_UINT, .help = "frames"),
	DOC_NEED(way_row, arrived, DOC_UINT, .help = "frames that arrived intact"),
	DOC_NEED(way_row, lost, DOC_UINT, .help = "frames that did not arrive"),
	DOC_NEED(way_row, duplicated, DOC_UINT, .help = "frames that arrived more than once"),
	DOC_NEED(way_row, corrupt, DOC_UINT, .help = "frames that arrived with wrong contents"),
	DOC_NEED(way_row, frames_per_second, DOC_UINT, .help = "until the last frame arrived"),
	DOC_NEED(way_row, mbit_per_second, DOC_UINT, .help = "megabits of frames per second"),
};

static const struct doc_table way_table = DOC_PART(way_row, way_fields, "one direction");

static const struct doc_field pair_fields[] = {
	DOC_NEED(pair_row, pair, DOC_UINT, .help = "number of the pair, from 0"),
	DOC_NEED(pair_row, transmitted, DOC_UINT, .help = "frames on its transmit ring"),
	DOC_NEED(pair_row, received, DOC_UINT, .help = "frames on its receive ring"),
};

static const struct doc_table pair_table = DOC_PART(pair_row, pair_fields, "one queue pair");

static const struct doc_field loop_fields[] = {
	CLI_COMMAND_FIELD(loop_report),
	DOC_NEED(loop_report, works, DOC_BOOL,
		 .help = "did every frame arrive exactly once and intact"),
	DOC_NEED(loop_report, queue_pairs, DOC_UINT, .help = "queues in each direction"),
	DOC_NEED(loop_report, frame_bytes, DOC_UINT,
		 .help = "size of a frame, including its Ethernet header"),
	DOC_NEED(loop_report, features, DOC_STRING,
		 .help = "negotiated features, separated by commas"),
	DOC_NEED(loop_report, ways, DOC_OBJECTS, .table = &way_table, .help = "both directions"),
	DOC_NEED(loop_report, pairs, DOC_OBJECTS, .table = &pair_table, .help = "each queue pair"),
};

static const struct doc_table loop_table =
	DOC_TABLE("vhost-report", loop_report, loop_fields, "the frames sent through the device");

#define RING_SIZE  256u
#define BUFFER_MIN 2048u /* must also fit what the host's own stack sends */

static int set_up_ring(struct loop *loop, uint32_t index)
{
	const size_t bytes = virtqueue_bytes(RING_SIZE, loop->buffer_size);
	struct virtqueue *ring = &loop->rings[index];
	int kick = vhc_ring_get_kick(loop->dev, index);
	int call = vhc_ring_get_call(loop->dev, index);

	if (kick < 0 || call < 0)
		return -1;
	virtqueue_init(ring, loop->ram + index * bytes, index * bytes, RING_SIZE, loop->buffer_size,
		       kick, call);
	loop->polls[index] = (struct pollfd){ .fd = call, .events = POLLIN };
	return vhc_ring_set_size(loop->dev, index, RING_SIZE) ||
	       vhc_ring_set_addr(loop->dev, index, VHC_ARG(vhc_ring_addr, VIRTQUEUE_ADDR(ring)));
}

static int set_up_memory(struct loop *loop)
{
	struct vhc_mem *mem = NULL;
	int r = vhc_mem_new(loop->call->ctx, &mem) ||
		vhc_mem_add(mem, VHC_ARG(vhc_region, .size = loop->ram_size,
					 .user_addr = (uintptr_t)loop->ram)) ||
		vhc_mem_commit(mem) || vhc_dev_set_mem(loop->dev, mem);

	vhc_mem_free(mem); /* the device keeps a reference */
	return r;
}

/* Before the scratch namespace: a remedy is for the place where this process was started. */
static int open_device(struct loop *loop)
{
	struct vhc_ctx *ctx = loop->call->ctx;
	struct host_error error = { 0 };
	const int r = vhc_dev_open(
		ctx, "loop0", NULL,
		VHC_ARG(vhc_dev_args, .type = VHC_TYPE_NET, .queue_pairs = loop->pairs),
		&loop->dev);

	if (r == 0)
		return CLI_YES;
	host_fail_vhost(&error, ctx, "/dev/vhost-net", r);
	return cli_fail_host("", &error);
}

/* From a tap to a running device.  Nonzero: the context has the error. */
static int start_device(struct loop *loop)
{
	struct vhc_ctx *ctx = loop->call->ctx;
	struct vhc_features want;

	if (set_up_memory(loop) || vhc_dev_set_tap(loop->dev, loop->tap) ||
	    vhc_features_parse(ctx, VHC_TYPE_NET, "version_1,mrg_rxbuf", &want) ||
	    vhc_dev_offer_features(loop->dev, &want, &want, &loop->features) ||
	    vhc_dev_set_features(loop->dev, &loop->features, 0))
		return -1;
	for (uint32_t i = 0; i < 2 * loop->pairs; i++)
		if (set_up_ring(loop, i))
			return -1;
	return vhc_dev_start(loop->dev);
}

static int allocate(struct loop *loop)
{
	loop->ram_size = 2 * loop->pairs * virtqueue_bytes(RING_SIZE, loop->buffer_size);
	loop->ram = mmap(NULL, loop->ram_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			 -1, 0);
	loop->rings = calloc(2 * loop->pairs, sizeof(*loop->rings));
	loop->counts = calloc(2 * loop->pairs, sizeof(*loop->counts));
	loop->polls = calloc(2 * loop->pairs + 1, sizeof(*loop->polls));
	loop->batch = calloc(LOOP_BATCH, loop->size + 1);
	loop->transmit.seen = calloc(loop->frames / 8 + 1, 1);
	loop->receive.seen = calloc(loop->frames / 8 + 1, 1);
	if (loop->ram == MAP_FAILED || !loop->rings || !loop->counts || !loop->polls ||
	    !loop->batch || !loop->transmit.seen || !loop->receive.seen)
		return cli_fail(CLI_FAILED, NULL, "no memory for %u queue pairs", loop->pairs);
	for (uint32_t i = 0; i < LOOP_BATCH; i++) {
		loop->vectors[i].iov_base = loop->batch + i * (loop->size + 1);
		loop->messages[i].msg_hdr.msg_iov = &loop->vectors[i];
		loop->messages[i].msg_hdr.msg_iovlen = 1;
	}
	return CLI_YES;
}

static int set_up(struct loop *loop)
{
	int status = allocate(loop);

	if (!status)
		status = open_device(loop);
	if (!status)
		status = scratch_enter();
	if (status)
		return status;
	if (vhc_tap_open(loop->call->ctx, NULL, VHC_ARG(vhc_tap_args, .queues = loop->pairs),
			 &loop->tap) ||
	    start_device(loop))
		return cli_fail_library(loop->call);
	status = scratch_up(vhc_tap_get_name(loop->tap), loop->size);
	if (!status)
		status = scratch_socket(vhc_tap_get_name(loop->tap), loop->size, &loop->wire,
					&loop->window);
	loop->polls[2 * loop->pairs] = (struct pollfd){ .fd = loop->wire, .events = POLLIN };
	return status;
}

static void tear_down(struct loop *loop)
{
	vhc_dev_close(loop->dev);
	vhc_tap_close(loop->tap);
	if (loop->wire >= 0)
		close(loop->wire);
	if (loop->ram != MAP_FAILED)
		munmap(loop->ram, loop->ram_size);
	free(loop->rings);
	free(loop->counts);
	free(loop->polls);
	free(loop->batch);
	free(loop->transmit.seen);
	free(loop->receive.seen);
}

/* Report why rings have stopped, if their memory shows it. */
static void explain(const struct loop *loop)
{
	for (uint32_t i = 0; i < 2 * loop->pairs; i++)
		if (vhc_ring_check(loop->dev, i))
			cli_warn(loop->call, "ring %u: %s", i,
				 vhc_ctx_get_error(loop->call->ctx)->text);
}

static struct way_row way_of(const struct loop *loop, const char *name, const struct way *way)
{
	const uint64_t time = (way->end ? way->end : loop_now()) - way->start;
	const double rate = (double)way->arrived * 1e9 / (double)(time ? time : 1);

	return (struct way_row){
		.way = name,
		.sent = way->sent,
		.arrived = way->arrived,
		.lost = way->sent - way->arrived,
		.duplicated = way->duplicated,
		.corrupt = way->wrong,
		.frames_per_second = (uint64_t)rate,
		.mbit_per_second = (uint64_t)(rate * (double)loop->size * 8e-6),
	};
}

static int report(struct cli_call *call, const struct loop *loop, bool whole)
{
	struct way_row ways[] = { way_of(loop, "transmit", &loop->transmit),
				  way_of(loop, "receive", &loop->receive) };
	struct pair_row pairs[LOOP_PAIRS_MAX];
	char *features = NULL;
	struct loop_report report = {
		.command = call->command->name,
		.works = whole,
		.queue_pairs = loop->pairs,
		.frame_bytes = loop->size,
		.ways = { ways, sizeof(ways) / sizeof(*ways) },
		.pairs = { pairs, loop->pairs },
	};

	for (uint32_t i = 0; i < loop->pairs; i++)
		pairs[i] = (struct pair_row){ i, loop->counts[2 * i + 1], loop->counts[2 * i] };
	if (vhc_features_format(call->ctx, VHC_TYPE_NET, &loop->features, &features))
		return cli_fail_library(call);
	report.features = features;
	cli_write(call, &loop_table, &report);
	free(features);
	return whole ? CLI_YES : CLI_NO;
}

static int run(struct cli_call *call)
{
	struct loop loop = {
		.call = call,
		.frames = cli_option(call, "frames")->number,
		.pairs = (uint32_t)cli_option(call, "queues")->number,
		.size = (size_t)cli_option(call, "size")->number,
		.ram = MAP_FAILED,
		.wire = -1,
		.progress = !call->quiet && isatty(STDERR_FILENO),
	};
	int status;
	bool whole;

	loop.buffer_size = loop.size + LOOP_HEADER > BUFFER_MIN
				   ? ((uint32_t)loop.size + LOOP_HEADER + 63) & ~63u
				   : BUFFER_MIN;
	status = set_up(&loop);
	if (!status) {
		loop_run(&loop);
		whole = loop.transmit.arrived == loop.frames && !loop.transmit.duplicated &&
			!loop.transmit.wrong && loop.receive.arrived == loop.frames &&
			!loop.receive.duplicated && !loop.receive.wrong;
		if (!whole)
			explain(&loop);
		status = report(call, &loop, whole);
	}
	tear_down(&loop);
	return status;
}

static const struct cli_option options[] = {
	{ "frames", 'n', "N", CLI_NUMBER, 1, 100000000, 100000, "frames in each direction" },
	{ "queues", 'Q', "N", CLI_NUMBER, 1, LOOP_PAIRS_MAX, 1, "queue pairs" },
	{ "size", 's', "BYTES", CLI_NUMBER, FRAME_MIN, FRAME_MAX, FRAME_MIN, "bytes in a frame" },
};

static const char *const more[] = {
	"Creates a tap and a vhost-net device in a scratch network namespace and drives the rings",
	"from this process.  Every frame is numbered and checked byte by byte at the other end.  The",
	"answer is no if one is lost, duplicated or corrupted.",
	NULL,
};

const struct cli_command cli_command_loop = {
	.name = "loop",
	.arguments = "",
	.text = "Send frames through a scratch device and count them",
	.more = more,
	CLI_OPTIONS(options),
	.report = &loop_table,
	.run = run,
};
