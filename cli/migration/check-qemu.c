/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 'vhostctl check --qmp': does the QEMU that waits for a guest have what its device needs?  Adds to the
 * report of the library, which knows the host and its kernel only.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "setup/config.h"
#include "look.h"
#include "migration/state.h"

/* The first MiB of a PC has holes, which are no memory to vhost. */
#define HOLES (1u << 20)

struct comparison {
	struct json_object *state;
	const uint64_t *assumed; /* as struct cli_state has it */
	const struct host_qemu_device *device;
	uint64_t memory, memory_max; /* of the waiting QEMU; 0: not known */
	struct json_object *report;  /* which gets the reasons */
};

static bool has_word(struct json_object *words, uint32_t bit)
{
	size_t word = bit / 64;

	return word < json_object_array_length(words) &&
	       cli_tree_number(json_object_array_get_idx(words, word)) >> bit % 64 & 1;
}

static bool accepted(const struct comparison *c, uint32_t bit)
{
	return has_word(json_object_object_get(c->state, "words"), bit);
}

static void add_missing(struct comparison *c, uint32_t bit, const char *name)
{
	struct json_object *row =
		cli_add(json_object_object_get(c->report, "missing"), NULL, cli_object());

	cli_add(row, "bit", cli_number(bit));
	cli_add(row, "name", cli_text(name));
	cli_add(row, "lacking", cli_text("model"));
	cli_add(row, "since", cli_text(""));
}

#define NAMES_MAX 1200u

static void append(char names[NAMES_MAX], const char *name)
{
	const size_t length = strlen(names);

	snprintf(names + length, NAMES_MAX - length, "%s%s", length ? ", " : "", name);
}

/*
 * What QEMU itself says is more than what is assumed of it.  Of what it only has when it is told to, or never, a
 * guest is not taken to have it.
 */
static void check_features(struct comparison *c)
{
	enum vhc_type type = c->device->look.kind == LOOK_VSOCK ? VHC_TYPE_VSOCK : VHC_TYPE_NET;
	const uint64_t pairs = cli_member_number(c->state, "queue_pairs");
	char missing[NAMES_MAX] = "", assumed[NAMES_MAX] = "";

	for (uint32_t bit = 0; bit < 256; bit++) {
		const struct vhc_feature *feature = vhc_feature_get(type, bit);
		const uint64_t mask = UINT64_C(1) << bit % 64;
		char number[16];

		if (c->device->offered[bit / 64] & mask)
			continue;
		snprintf(number, sizeof(number), "bit %" PRIu32, bit);
		if (accepted(c, bit)) {
			add_missing(c, bit, feature ? feature->name : number);
			append(missing, feature ? feature->name : number);
		} else if (c->assumed[bit / 64] & mask &&
			   host_qemu_has_by_itself(type, bit, pairs)) {
			append(assumed, feature ? feature->name : number);
		}
	}
	if (*missing)
		cli_add_finding(
			c->report, "features",
			"start it with the properties of the QEMU that the guest comes from",
			"the QEMU that waits does not offer %s", missing);
	if (*assumed)
		cli_add_unknown(
			c->report, "features",
			"dump the guest with --qmp: its QEMU knows what it has",
			"the QEMU that waits does not offer %s, which --assume-model takes it to have, and it is "
			"not known whether the guest has it",
			assumed);
}

static void check_shape(struct comparison *c)
{
	const struct host_qemu_device *device = c->device;
	uint64_t pairs = cli_member_number(c->state, "queue_pairs");
	uint64_t mtu = cli_member_number(c->state, "mtu");

	if (device->pairs && pairs != device->pairs)
		cli_add_finding(
			c->report, "queue_pairs",
			"give its netdev the same \"queues\", and its device \"mq\" and \"vectors\"",
			"%" PRIu64
			" queue pairs, and the device of the QEMU that waits has %" PRIu32,
			pairs, device->pairs);
	if (!device->pairs && device->look.kind == LOOK_NET)
		cli_add_unknown(
			c->report, "queue_pairs", "start it with an \"id\" for its device",
			"how many queue pairs the device of the QEMU that waits has is not known");
	if (mtu && device->mtu && mtu != device->mtu)
		cli_add_finding(
			c->report, "mtu",
			"give its device the same \"host_mtu\": QEMU itself does not compare it",
			"the guest has an MTU of %" PRIu64 ", and the QEMU that waits has %" PRIu32,
			mtu, device->mtu);
	/* a driver that is not there yet has accepted nothing, and has no rings */
	if (device->modern && !accepted(c, 32) &&
	    json_object_array_length(json_object_object_get(c->state, "rings")))
		cli_add_finding(
			c->report, "transport", "give its device disable-legacy=off",
			"the driver is one of virtio 0.9, and the QEMU that waits has a device for virtio 1 only");
}

static void check_memory(struct comparison *c)
{
	struct json_object *regions = json_object_object_get(c->state, "memory");
	char most[30] = "";
	uint64_t sum = 0;

	/* more than a number has is more than any QEMU has */
	for (size_t i = 0; i < json_object_array_length(regions); i++)
		if (__builtin_add_overflow(
			    sum, cli_member_number(json_object_array_get_idx(regions, i), "size"),
			    &sum))
			sum = UINT64_MAX;
	if (!sum || !c->memory ||
	    (sum <= c->memory_max && (sum > c->memory || c->memory - sum < HOLES)))
		return;
	if (c->memory_max > c->memory)
		snprintf(most, sizeof(most), " to %" PRIu64, c->memory_max / HOLES);
	cli_add_finding(c->report, "memory",
			"start it with the same -m and the same memory devices",
			"the guest has %" PRIu64
			" MiB of memory, and the QEMU that waits has %" PRIu64 "%s",
			sum / HOLES + (sum % HOLES != 0), c->memory / HOLES, most);
}

/* The only one, or the one that has the name of the device. */
static const struct host_qemu_device *pick(const struct host_qemu_reading *reading,
					   const char *name)
{
	for (size_t i = 0; i < reading->count; i++)
		if (reading->count == 1 || strcmp(reading->devices[i].id, name) == 0)
			return &reading->devices[i];
	return NULL;
}

static int compare(struct cli_call *call, const struct cli_state *from, struct json_object *report,
		   const struct host_qemu_reading *reading)
{
	struct json_object *state = from->tree;
	struct comparison c = {
		.state = state,
		.assumed = from->assumed,
		.device = pick(reading, cli_member_text(state, "device")),
		.memory = reading->memory,
		.memory_max = reading->memory_max,
		.report = report,
	};

	if (!c.device)
		return cli_fail(CLI_LACKS, "start it with a device of the same id",
				"%s: QEMU has %zu devices, and none is \"%s\"",
				cli_option(call, "qmp")->text, reading->count,
				cli_member_text(state, "device"));
	if (strcmp(cli_member_text(state, "type"), look_kind_name(c.device->look.kind)) != 0) {
		cli_add_finding(c.report, "type", "",
				"the device \"%s\" of the QEMU that waits is of another type: %s",
				c.device->id, look_kind_name(c.device->look.kind));
	} else {
		check_features(&c);
		check_shape(&c);
		check_memory(&c);
	}
	return CLI_YES;
}

int cli_check_qemu(struct cli_call *call, const struct cli_state *state, struct json_object *report)
{
	struct host_qemu_reading reading;
	int status = cli_look_qemu(call, NULL, &reading);

	if (status)
		return status;
	status = compare(call, state, report, &reading);
	host_qemu_clear(&reading);
	return status;
}
