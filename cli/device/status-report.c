/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The report of 'vhostctl status': a reading of one device, as tables.
 */
#include "device/status-report.h"

static const struct doc_field feature_fields[] = {
	DOC_NEED(feature_row, bit, DOC_UINT, .max = 255, .help = "its number in the specification"),
	DOC_NEED(feature_row, name, DOC_STRING, .help = "its name, or \"bit N\""),
	DOC_NEED(feature_row, origin, DOC_STRING,
		 .help = "what must support it: vhost, tap, vhost+tap, model; empty: not known"),
};

static const struct doc_table feature_table =
	DOC_PART(feature_row, feature_fields, "a feature that the device has");

static const struct doc_field fd_fields[] = {
	DOC_NEED(fd_row, fd, DOC_UINT, .max = INT32_MAX, .help = "its number in the process"),
	DOC_FIELD(fd_row, queue, DOC_UINT, .max = UINT32_MAX - 1, .preset = STATUS_UNKNOWN,
		  .help = "the queue of the link behind it"),
	DOC_FIELD(fd_row, detached, DOC_MAYBE,
		  .help = "true: this queue is switched off, as the guest uses fewer pairs"),
	DOC_NEED(fd_row, holders, DOC_UINT, .max = UINT32_MAX,
		 .help = "processes that have it open"),
};

static const struct doc_table fd_table = DOC_PART(fd_row, fd_fields, "a vhost fd");

#define INDEX(member, text)                                                                \
	DOC_FIELD(ring_row, member, DOC_UINT, .max = UINT16_MAX, .preset = STATUS_UNKNOWN, \
		  .help = text)

static const struct doc_field ring_fields[] = {
	DOC_NEED(ring_row, index, DOC_UINT, .max = UINT32_MAX,
		 .help = "net: 2i receives for pair i, 2i+1 transmits"),
	DOC_NEED(ring_row, size, DOC_UINT, .max = UINT32_MAX, .help = "number of descriptors"),
	DOC_FIELD(ring_row, running, DOC_MAYBE, .help = "has it its back end"),
	INDEX(base, "the next available index that vhost takes"),
	INDEX(used, "the next used index that vhost writes"),
	INDEX(avail, "the available index that vhost saw last"),
	INDEX(moved, "how far the base has moved since the reading before, with --watch"),
	DOC_FIELD(ring_row, busyloop_us, DOC_UINT, .max = UINT32_MAX, .preset = STATUS_UNKNOWN,
		  .help = "how long its worker polls before it sleeps, in microseconds"),
	DOC_FIELD(ring_row, worker, DOC_UINT, .min = 1, .max = INT32_MAX,
		  .help = "the thread that serves it"),
};

static const struct doc_table ring_table = DOC_PART(ring_row, ring_fields, "a virtqueue");

#define USER(member, text) DOC_NEED(address_row, member, DOC_HEX, .help = text)
#define GUEST(member, text)                                                \
	DOC_FIELD(address_row, member, DOC_HEX, .max = STATUS_UNKNOWN - 1, \
		  .preset = STATUS_UNKNOWN, .help = text)

static const struct doc_field address_fields[] = {
	DOC_NEED(address_row, index, DOC_UINT, .max = UINT32_MAX, .help = "of the ring"),
	GUEST(guest_desc, "where the guest has the descriptors, or an I/O virtual address; absent: "
			  "outside its memory"),
	GUEST(guest_avail, "the same of the available ring"),
	GUEST(guest_used, "the same of the used ring"),
	USER(desc, "where the owner has the descriptors"),
	USER(avail, "the same of the available ring"),
	USER(used, "the same of the used ring"),
};

static const struct doc_table address_table =
	DOC_PART(address_row, address_fields, "where a ring is");

#define ID(member, text)                                                                          \
	DOC_FIELD(eventfd_row, member, DOC_UINT, .max = STATUS_UNKNOWN - 1, .preset = LOOK_NO_ID, \
		  .help = text)

static const struct doc_field eventfd_fields[] = {
	DOC_NEED(eventfd_row, index, DOC_UINT, .max = UINT32_MAX, .help = "of the ring"),
	ID(kick, "eventfd-id in /proc/PID/fdinfo; absent: there is none"),
	ID(call, "the same of the interrupt's"),
	ID(err, "the same of the errors'"),
	DOC_NEED(eventfd_row, kicks, DOC_UINT,
		 .help = "kicks since userspace last read that eventfd; vhost never does"),
	DOC_NEED(eventfd_row, calls, DOC_UINT, .help = "interrupts that nobody has taken yet"),
};

static const struct doc_table eventfd_table =
	DOC_PART(eventfd_row, eventfd_fields, "eventfds of a ring");

static const struct doc_field memory_fields[] = {
	DOC_NEED(look_region, guest_addr, DOC_HEX, .help = "the first guest-physical address"),
	DOC_NEED(look_region, size, DOC_HEX, .help = "bytes"),
	DOC_NEED(look_region, user_addr, DOC_HEX, .help = "where the owner has it"),
};

static const struct doc_table memory_table =
	DOC_PART(look_region, memory_fields, "a region of the guest's memory");

static const struct doc_field worker_fields[] = {
	DOC_NEED(worker_row, pid, DOC_UINT, .max = INT32_MAX, .help = "of the thread"),
	DOC_NEED(worker_row, name, DOC_STRING, .help = "of the thread"),
	DOC_NEED(worker_row, cpu_ms, DOC_UINT, .help = "CPU time so far, in milliseconds"),
	DOC_NEED(worker_row, cpus, DOC_STRING, .help = "the CPUs on which it may run"),
	DOC_NEED(worker_row, last_cpu, DOC_UINT, .max = UINT32_MAX, .help = "where it ran last"),
};

static const struct doc_table worker_table =
	DOC_PART(worker_row, worker_fields, "a thread in which vhost works");

static const struct doc_field served_ring_fields[] = {
	DOC_NEED(control_ring, index, DOC_UINT, .max = UINT32_MAX, .help = "of the ring"),
	DOC_NEED(control_ring, enabled, DOC_BOOL, .help = "has the launcher enabled it"),
	DOC_NEED(control_ring, running, DOC_BOOL, .help = "does the kernel serve it"),
	DOC_NEED(control_ring, relayed, DOC_BOOL, .help = "are its interrupts relayed to a socket"),
	DOC_NEED(control_ring, errors, DOC_UINT,
		 .help = "times that the kernel gave it up since the launcher connected"),
};

static const struct doc_table served_ring_table =
	DOC_PART(control_ring, served_ring_fields, "a virtqueue, as its broker knows it");

#define MAYBE(member, text) DOC_FIELD(status_report, member, DOC_MAYBE, .help = text)
#define NUMBER(member, text)                                                  \
	DOC_FIELD(status_report, member, DOC_UINT, .max = STATUS_UNKNOWN - 1, \
		  .preset = STATUS_UNKNOWN, .help = text)
#define HEX(member, text)                                                    \
	DOC_FIELD(status_report, member, DOC_HEX, .max = STATUS_UNKNOWN - 1, \
		  .preset = STATUS_UNKNOWN, .help = text)
#define LIST(member, table_, text) \
	DOC_NEED(status_report, member, DOC_OBJECTS, .table = &(table_), .help = text)

static const struct doc_field report_fields[] = {
	CLI_COMMAND_FIELD(status_report),
	DOC_NEED(status_report, type, DOC_STRING, .help = "net, vsock, scsi or vdpa"),
	DOC_NEED(status_report, pid, DOC_UINT, .max = INT32_MAX,
		 .help = "the process that owns it, or else one that has it open"),
	DOC_NEED(status_report, name, DOC_STRING, .help = "of that process"),
	MAYBE(owned, "has any process, perhaps one that has ended, called VHOST_SET_OWNER"),
	MAYBE(owner, "is it this process; false: it only has it open"),
	DOC_FIELD(status_report, link, DOC_STRING,
		  .help = "the tap, macvtap or other link behind it; absent: none, or not known"),
	NUMBER(link_index, "its index"),
	NUMBER(link_mtu, "its MTU, which need not be the guest's"),
	NUMBER(netns, "the inode of its network namespace"),
	NUMBER(queue_pairs, "net: pairs of a receive and a transmit ring"),
	MAYBE(running, "has any ring its back end"),
	MAYBE(steady, "false: it changed in every reading, so do not rely on it; otherwise absent"),
	NUMBER(guest_cid, "vsock: the guest's address"),
	NUMBER(header_bytes, "net: size of the virtio-net header in the rings"),
	HEX(backend_features, "as set by VHOST_SET_BACKEND_FEATURES"),
	MAYBE(iommu, "does vhost translate by an IOTLB"),
	NUMBER(iotlb_entries, "translations that vhost has, with an IOMMU"),
	NUMBER(iotlb_limit, "how many it keeps"),
	MAYBE(log, "does it log dirty pages"),
	HEX(log_addr, "where the owner has the dirty log"),
	NUMBER(log_eventfd, "eventfd-id of the log's eventfd"),
	DOC_FIELD(status_report, id, DOC_STRING, .help = "of a device of 'vhostctl serve'"),
	DOC_FIELD(status_report, broker, DOC_STRING,
		  .help = "the name of its configuration, or the pid of that vhostctl"),
	NUMBER(launcher, "the pid of the launcher that is connected; absent: there is none"),
	NUMBER(user, "that launcher's"),
	HEX(sent_features, "features that it accepted, as it sent them"),
	HEX(protocol_features, "features of vhost-user that it accepted"),
	NUMBER(driver_status, "what the guest's driver has reached, if the launcher tells"),
	MAYBE(link_up, "false: its broker was told to take the carrier away"),
	MAYBE(stopped, "true: its broker was told to stop it"),
	NUMBER(ring_errors, "times that the kernel gave a ring up, of all launchers so far"),
	DOC_NEED(status_report, unknown, DOC_STRINGS,
		 .help = "features of which it is not known whether the driver accepted them"),
	LIST(features, feature_table, "the features that it is known to have negotiated"),
	LIST(fds, fd_table, "its vhost fds, in the order of the queue pairs"),
	LIST(rings, ring_table, "its virtqueues"),
	LIST(addresses, address_table, "where the rings are that are set up"),
	LIST(eventfds, eventfd_table, "the rings' eventfds"),
	LIST(memory, memory_table, "the guest's memory, as vhost has it"),
	LIST(workers, worker_table, "the threads in which vhost works for it"),
	DOC_FIELD(status_report, served_rings, DOC_OBJECTS, .table = &served_ring_table,
		  .help = "its virtqueues, as its broker knows them"),
};

const struct doc_table cli_status_table = DOC_TABLE("vhost-report", status_report, report_fields,
						    "all that is known of a vhost device");
