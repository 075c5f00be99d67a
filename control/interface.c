/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * interface - io.vhostctl: its methods, and the fields of what they take and reply.
 */
#include "interface.h"

#define ID_MAX	  64u
#define COUNT_MAX (UINT64_C(1) << 53) /* what every reader of JSON has without loss */

static const struct doc_field launcher_fields[] = {
	DOC_NEED(control_launcher, pid, DOC_UINT, .max = INT32_MAX,
		 .help = "its process when it connected; 0: in another PID namespace"),
	DOC_NEED(control_launcher, uid, DOC_UINT, .max = UINT32_MAX, .help = "its user"),
	DOC_NEED(control_launcher, features, DOC_HEX,
		 .help = "that it accepted, as it sent them: bits 26 and 30 are vhost-user's own"),
	DOC_NEED(control_launcher, protocol_features, DOC_HEX,
		 .help = "of vhost-user, that it accepted"),
	DOC_NEED(
		control_launcher, status, DOC_UINT, .max = 255,
		.help = "what the guest's driver has reached; 0 with a launcher that does not tell"),
	DOC_NEED(control_launcher, regions, DOC_UINT, .max = UINT32_MAX,
		 .help = "regions of the guest's memory"),
	DOC_NEED(control_launcher, memory, DOC_UINT, .max = COUNT_MAX, .help = "their bytes"),
	DOC_NEED(control_launcher, log, DOC_BOOL,
		 .help = "are dirty pages logged, for a migration"),
};

static const struct doc_table launcher_table =
	DOC_PART(control_launcher, launcher_fields, "A launcher that is connected.");

static const struct doc_field device_fields[] = {
	DOC_NEED(control_device, id, DOC_STRING, .max = ID_MAX, .help = "in the configuration"),
	DOC_NEED(control_device, type, DOC_STRING, .help = "net or vsock"),
	DOC_FIELD(control_device, link, DOC_STRING, .help = "net: the tap behind it"),
	DOC_NEED(control_device, queue_pairs, DOC_UINT, .max = UINT16_MAX,
		 .help = "pairs of a receive and a transmit ring"),
	DOC_NEED(control_device, offered, DOC_HEX, .help = "features that launchers are offered"),
	DOC_FIELD(control_device, mac, DOC_STRING,
		  .help = "the guest's address; absent: the guest chooses one"),
	DOC_NEED(control_device, mtu, DOC_UINT, .max = UINT16_MAX,
		 .help = "what the guest is told; 0: nothing"),
	DOC_FIELD(control_device, guest_cid, DOC_UINT, .max = UINT32_MAX,
		  .help = "vsock: the guest's address"),
	DOC_NEED(control_device, link_up, DOC_BOOL, .help = "false: by SetLink"),
	DOC_NEED(control_device, stopped, DOC_BOOL, .help = "true: by Stop"),
	DOC_NEED(control_device, running, DOC_BOOL, .help = "does any ring run"),
	DOC_NEED(control_device, ring_errors, DOC_UINT, .max = COUNT_MAX,
		 .help = "times that the kernel gave a ring up, of all launchers so far"),
	DOC_FIELD(control_device, launcher, DOC_OBJECT, .flags = DOC_OPTIONAL,
		  .table = &launcher_table, .help = "absent: none is connected"),
};

static const struct doc_table device_table =
	DOC_PART(control_device, device_fields, "A device that is served.");

static const struct doc_field ring_fields[] = {
	DOC_NEED(control_ring, index, DOC_UINT, .max = UINT16_MAX,
		 .help = "2i receives for pair i, 2i+1 transmits"),
	DOC_NEED(control_ring, enabled, DOC_BOOL, .help = "has the launcher enabled it"),
	DOC_NEED(control_ring, running, DOC_BOOL, .help = "does the kernel serve it"),
	DOC_NEED(control_ring, relayed, DOC_BOOL,
		 .help = "are its interrupts relayed to a socket, as User Mode Linux needs it"),
	DOC_NEED(control_ring, errors, DOC_UINT, .max = COUNT_MAX,
		 .help = "times that the kernel gave it up since the launcher connected"),
};

static const struct doc_table ring_table = DOC_PART(control_ring, ring_fields, "A virtqueue.");

const struct control_type control_types[] = {
	{ "Launcher", &launcher_table },
	{ "Device", &device_table },
	{ "Ring", &ring_table },
	{ NULL, NULL },
};

/* ------------------------------------------------------------------------ parameters and replies */

static const struct doc_table nothing_table = { .size = 1, .help = "nothing" };

#define TARGET(struct_name) \
	DOC_NEED(struct_name, device, DOC_STRING, .max = ID_MAX, .help = "its id")

static const struct doc_field target_fields[] = { TARGET(control_target) };

const struct doc_table control_target_table =
	DOC_PART(control_target, target_fields, "which device");

static const struct doc_field set_link_fields[] = {
	TARGET(control_set_link),
	DOC_NEED(control_set_link, up, DOC_BOOL, .help = "false: no carrier"),
};

const struct doc_table control_set_link_table =
	DOC_PART(control_set_link, set_link_fields, "which device, and how its link is to be");

static const struct doc_field list_fields[] = {
	DOC_FIELD(control_list, name, DOC_STRING, .help = "of the configuration"),
	DOC_NEED(control_list, pid, DOC_UINT, .max = INT32_MAX, .help = "of the broker"),
	DOC_NEED(control_list, devices, DOC_OBJECTS, .table = &device_table,
		 .help = "in the order of the configuration"),
};

const struct doc_table control_list_table = DOC_PART(control_list, list_fields, "all devices");

static const struct doc_field status_fields[] = {
	DOC_NEED(control_status, device, DOC_OBJECT, .table = &device_table, .help = "the device"),
	DOC_NEED(control_status, rings, DOC_OBJECTS, .table = &ring_table, .help = "its rings"),
};

const struct doc_table control_status_table =
	DOC_PART(control_status, status_fields, "a device and its rings");

/* A document of another room: the description alone uses this. */
static const struct doc_field state_fields[] = {
	{ .key = "state", .type = DOC_OBJECT, .flags = DOC_REQUIRED, .help = "see vhost-state(5)" },
};

static const struct doc_table state_table = {
	.size = 1, .help = "a document", .fields = state_fields, .count = DOC_COUNT(state_fields)
};

static const char *const events[] = { [CONTROL_PRESENT] = "present",
				      [CONTROL_CONNECTED] = "connected",
				      [CONTROL_DISCONNECTED] = "disconnected",
				      [CONTROL_FEATURES] = "features",
				      [CONTROL_STARTED] = "started",
				      [CONTROL_STOPPED] = "stopped",
				      [CONTROL_RESUMED] = "resumed",
				      [CONTROL_RING_ERROR] = "ring_error",
				      [CONTROL_LINK] = "link",
				      NULL };

static const struct doc_field change_fields[] = {
	DOC_NEED(control_change, event, DOC_CHOICE, .choices = events,
		 .help = "present: the device as it is when the stream begins"),
	DOC_NEED(control_change, device, DOC_OBJECT, .table = &device_table,
		 .help = "as it is after it"),
};

const struct doc_table control_change_table =
	DOC_PART(control_change, change_fields, "what has happened to a device");

static const struct doc_field failure_fields[] = {
	DOC_NEED(control_failure, message, DOC_STRING, .help = "one sentence"),
};

const struct doc_table control_failure_table =
	DOC_PART(control_failure, failure_fields, "what was wrong");

/* --------------------------------------------------------------------------- methods and errors */

const struct control_method_row control_methods[CONTROL_METHODS] = {
	[CONTROL_LIST] = { "List", "All devices of this broker.", &nothing_table,
			   &control_list_table },
	[CONTROL_STATUS] = { "Status", "A device and its rings.", &control_target_table,
			     &control_status_table },
	[CONTROL_DUMP] = { "Dump",
			   "The state of a device as a vhost-state document; of one that runs, a\n"
			   "snapshot.",
			   &control_target_table, &state_table },
	[CONTROL_SET_LINK] = { "SetLink",
			       "Take the carrier of the device's tap away, or give it back.  A guest\n"
			       "sees it if its launcher has the feature CONFIG and a channel for\n"
			       "requests of the back end.  It stays so for the next launcher.",
			       &control_set_link_table, &nothing_table },
	[CONTROL_STOP] = { "Stop",
			   "Stop the rings of a device: its frames wait.  It stays so for the next\n"
			   "launcher.",
			   &control_target_table, &nothing_table },
	[CONTROL_RESUME] = { "Resume", "Undo Stop.", &control_target_table, &nothing_table },
	[CONTROL_MONITOR] = { "Monitor",
			      "All devices, a reply each, and then each change.  It needs \"more\".",
			      &nothing_table, &control_change_table },
};

const struct control_error_row control_errors[] = {
	{ "NoSuchDevice", "This broker has no device with that id.", &control_target_table },
	{ "NotReady", "The launcher has not set up yet what is needed.", &control_failure_table },
	{ "Failed", "The kernel, or the state of the device, does not allow it.",
	  &control_failure_table },
	{ NULL, NULL, NULL },
};
