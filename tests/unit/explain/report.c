/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The report: feature bits by name, hostile lines, a whole log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "explain.h"

static struct explain_report report;

static int begin(void **state)
{
	report = (struct explain_report){ .command = strdup("explain") };
	return 0;
}

static int end(void **state)
{
	doc_clear(&explain_report_table, &report);
	return 0;
}

static void add(const char *line)
{
	assert_int_equal(explain_line(&report, VHC_TYPE_NET, line, strlen(line)), 0);
}

static const struct explained *message(size_t i)
{
	assert_true(i < report.messages.count);
	return (const struct explained *)report.messages.items + i;
}

/* "40 ring_reset vhost 6.2, ..." of the first message. */
static const char *features(void)
{
	const struct explained *first = message(0);
	const struct explained_bit *bits = first->features.items;
	static char text[4000];
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < first->features.count; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%d %s %s %s",
					i ? ", " : "", (int)bits[i].bit, bits[i].name,
					bits[i].origin, bits[i].since);
	return text;
}

/* Two migrations that people reported: from Linux 6.2 and later to hosts without segmentation of UDP. */
static void the_missing_features_have_names(void **state)
{
	add("qemu-kvm: Features 0x1c0010130afffaf unsupported. Allowed features: 0x10179bfffef");
	assert_string_equal(features(),
			    "54 guest_uso4 tap 6.2, 55 guest_uso6 tap 6.2, 56 host_uso tap 6.2");
	assert_non_null(strstr(message(0)->meaning, ": guest_uso4, guest_uso6, host_uso"));
}

static void so_have_those_of_another_migration(void **state)
{
	add("2023-01-01 qemu: Features 0x1c0010130afffa7 unsupported. Allowed features: 0x179bfffe7");
	assert_string_equal(features(), "40 ring_reset vhost 6.2, 54 guest_uso4 tap 6.2, "
					"55 guest_uso6 tap 6.2, 56 host_uso tap 6.2");
}

static void a_number_may_have_any_width(void **state)
{
	char line[9000];

	add("Features 0x000000000000000a0000010b3d008000 unsupported. Allowed features: 0x10b3d008000");
	assert_string_equal(features(), "65 guest_udp_tunnel_gso vhost+tap 6.17, "
					"67 host_udp_tunnel_gso vhost+tap 6.17");
	end(NULL);
	begin(NULL);
	snprintf(line, sizeof(line), "Features 0x%08000d unsupported. Allowed features: 0x0", 1);
	add(line);
	assert_string_equal(features(), "0 csum tap ");
	end(NULL);
	begin(NULL);
	memset(line + strlen("Features 0x"), '0', 8000);
	line[strlen("Features 0x")] = '8'; /* far beyond what a set has */
	add(line);
	assert_int_equal(report.known, true);
	assert_string_equal(features(), "");
	end(NULL);
	begin(NULL);
	add("Features 0x8000000000000000000000000000000000000000000000000000000000000000 unsupported. "
	    "Allowed features: 0x0");
	assert_string_equal(features(), "255 bit 255  ");
}

/* The line is printed only if something is missing, so the numbers are not those that were printed. */
static void if_nothing_is_missing_the_numbers_are_wrong(void **state)
{
	static const char *const lines[] = {
		"Features 0x1 unsupported. Allowed features: 0x3",
		"Features 0x3 unsupported. Allowed features: 0x3",
		"Features 0x0 unsupported. Allowed features: 0x0",
		"vhost lacks feature mask 0x0 for backend",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const struct explained *found;

		add(lines[i]);
		found = message(i);
		assert_int_equal(found->features.count, 0);
		assert_string_equal(found->source, "QEMU");
		assert_non_null(strstr(found->meaning, "no feature that is missing"));
		assert_non_null(strstr(found->cause, "cut or changed"));
		assert_null(strstr(found->remedy, "move it"));
	}
}

/* Here bit 27 means something else, and old versions print a decimal number. */
static void vhost_counts_bits_its_own_way(void **state)
{
	add("vhost lacks feature mask 0x0000000000000000000000004c000000 for backend");
	assert_string_equal(
		features(),
		"26 log_all vhost , 27 virtio_net_hdr vhost , 30 protocol_features vhost ");
	end(NULL);
	begin(NULL);
	add("vhost lacks feature mask 134217728 for backend");
	assert_string_equal(features(), "27 virtio_net_hdr vhost ");
	end(NULL);
	begin(NULL);
	add("Features 0x8000000 unsupported. Allowed features: 0x0");
	assert_string_equal(features(), "27 any_layout model ");
}

static void the_type_of_the_device_decides_the_names(void **state)
{
	static const char line[] =
		"Features 0x100000002 unsupported. Allowed features: 0x100000000";

	assert_int_equal(explain_line(&report, VHC_TYPE_VSOCK, line, strlen(line)), 0);
	assert_string_equal(features(), "1 seqpacket vhost ");
}

static void numbers_have_their_meaning(void **state)
{
	add("unable to start vhost net: 14: falling back on userspace virtio");
	assert_non_null(strstr(message(0)->meaning, "Bad address (EFAULT)"));
	add("unable to start vhost net: 99999: falling back on userspace virtio");
	assert_non_null(strstr(message(1)->meaning, ": 99999"));
	add("vhost VQ 0 ring restore failed: -22: Invalid argument (22)");
	assert_non_null(strstr(message(2)->meaning, "Invalid argument (EINVAL)"));
	add("Failed to read msg header. Read 0 instead of 12. Original request 5.");
	assert_non_null(strstr(message(3)->meaning, "5 (SET_MEM_TABLE)"));
	add("Failed to read msg header. Read -1 instead of 12. Original request 4000000000.");
	assert_non_null(strstr(message(4)->meaning, "request 4000000000"));
}

/* An older QEMU prints what its function returned, and then the errno. */
static void the_errno_in_brackets_is_the_one(void **state)
{
	add("vhost VQ 1 ring restore failed: -1: Resource temporarily unavailable (11)");
	assert_string_equal(
		message(0)->message,
		"vhost VQ 1 ring restore failed: -1: Resource temporarily unavailable (11)");
	assert_non_null(strstr(message(0)->meaning,
			       "ring 1 is lost, so that the device starts again from "
			       "what the guest has: Resource temporarily unavailable "
			       "(EAGAIN)"));
	add("vhost VQ 1 ring restore failed: -1");
	assert_null(strstr(message(1)->meaning, "EPERM"));
}

static void too_many_open_files_are_a_limit(void **state)
{
	add("unable to start vhost net: 24: falling back on userspace virtio");
	assert_non_null(strstr(message(0)->meaning, "(EMFILE)"));
	assert_non_null(strstr(message(0)->cause, "RLIMIT_NOFILE"));
	assert_non_null(strstr(message(0)->remedy, "ulimit -n"));
}

/* Whoever has given a whole log need not be told to give it. */
static void a_whole_log_is_not_asked_for_again(void **state)
{
	static const char *const lines[] = {
		"unable to start vhost net: 14: falling back on userspace virtio",
		"Failed to load virtio-net:virtio",
		"load of migration failed: Invalid argument",
	};

	for (int log = 0; log < 2; log++) {
		report.log = log;
		for (size_t i = 0; i < DOC_COUNT(lines); i++) {
			add(lines[i]);
			if (log == !!strstr(message(i)->remedy, "explain - < LOG"))
				fail_msg("%s: %s", lines[i], message(i)->remedy);
		}
		end(NULL);
		begin(NULL);
	}
}

static void a_log_has_numbers_of_lines_and_counts(void **state)
{
	add("nothing of ours");
	add(" \t\r");
	add("could not configure /dev/net/tun (tap0): Invalid argument");
	add("could not configure /dev/net/tun (tap1): Invalid argument");
	add("could not configure /dev/net/tun (tap0): Invalid argument");
	add("");
	assert_int_equal(report.lines, 6);
	assert_int_equal(report.unknown, 1);
	assert_int_equal(report.messages.count, 2);
	assert_int_equal(message(0)->line, 3);
	assert_int_equal(message(0)->times, 2);
	assert_int_equal(message(1)->line, 4);
	assert_true(report.known);
}

static void an_unknown_line_is_unknown(void **state)
{
	add("qemu-system-x86_64: warning: something else");
	assert_false(report.known);
	assert_int_equal(report.unknown, 1);
	assert_int_equal(report.messages.count, 0);
}

static void different_messages_are_shown_up_to_a_number(void **state)
{
	for (unsigned int i = 0; i < EXPLAIN_MOST + 5; i++) {
		char line[80];

		snprintf(line, sizeof(line), "expected %u socket fds, got 0", i);
		add(line);
	}
	assert_int_equal(report.messages.count, EXPLAIN_MOST);
	assert_int_equal(report.more, 5);
	assert_int_equal(report.unknown, 0);
}

static void control_characters_do_not_reach_a_terminal(void **state)
{
	static const char line[] = "TUNSETIFF \033]2;x\007\0\xff \x7f\xc2\x9b EINVAL";

	assert_int_equal(explain_line(&report, VHC_TYPE_NET, line, sizeof(line) - 1), 0);
	assert_true(doc_is_printable(message(0)->message));
	assert_non_null(strstr(message(0)->message, "\\u001b]2;x\\u0007"));
}

/* What logs have before and around a message does not matter, and neither does colour. */
static void a_line_may_have_any_dress(void **state)
{
	static const char *const lines[] = {
		"Nov 28 04:00:01 host kernel: vhost-scsi: missing wwpn",
		"2026-11-28T04:00:01.123456+00:00 host qemu[1]: vhost-scsi: missing wwpn\r",
		"<3>1 2026-11-28T04:00:01Z host qemu 1 - - vhost-scsi: missing wwpn",
		"2026-11-28 04:00:01.123+0000: 1234: error : qemuX:2051 : internal error: vhost-scsi: missing wwpn",
		"2026-11-28T04:00:01.123456789Z stderr F vhost-scsi: missing wwpn",
		"{\"log\":\"vhost-scsi: missing wwpn\\n\",\"stream\":\"stderr\"}",
		"[pod/virt-launcher-vm/compute] {\"level\":\"error\",\"msg\":\"vhost-scsi: missing wwpn\"}",
		"\x02\0\0\0\0\0\0\x1avhost-scsi: missing wwpn",
		"\xef\xbb\xbfvhost-scsi: missing wwpn",
		"\033[31mvhost-scsi\033[0m: \033[1;38;5;208mmissing\033[K wwpn\033[m",
		"\\u001b[31mvhost-scsi\\u001b[0m: missing \\x1b[1mwwpn",
		"#033[31mvhost-scsi: #033[0mmissing wwpn",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const char *line = lines[i];
		size_t len = *line == 2 ? 8 + strlen(line + 8) : strlen(line);

		assert_int_equal(explain_line(&report, VHC_TYPE_NET, line, len), 0);
		if (report.unknown)
			fail_msg("\"%s\" is unknown", line);
	}
	assert_int_equal(report.messages.count, 1);
	assert_int_equal(message(0)->times, sizeof(lines) / sizeof(lines[0]));
}

static void half_a_sequence_is_text(void **state)
{
	add("\033[31");
	add("\033");
	add("\033[\033[\033[\033[");
	add("vhost-scsi: \033[31;\001missing wwpn");
	assert_int_equal(report.unknown, 4);
}

/* Nobody pastes a command that a log has made. */
static void a_name_in_a_command_is_a_name(void **state)
{
	add("could not configure /dev/net/tun (a;reboot): Operation not permitted");
	add("could not configure /dev/net/tun ($(reboot)): Operation not permitted");
	add("could not configure /dev/net/tun (-x): Operation not permitted");
	for (size_t i = 0; i < report.messages.count; i++) {
		assert_null(strstr(message(i)->remedy, "reboot"));
		assert_null(strstr(message(i)->remedy, "-x"));
	}
	assert_true(report.known);
}

static void a_long_line_is_cut(void **state)
{
	const size_t size = 1 << 20;
	char *line = malloc(size + 1);

	assert_non_null(line);
	memset(line, 'x', size);
	memcpy(line, "VHOST_SET_OWNER ", 16);
	strcpy(line + size - strlen(" = -1 EBUSY"), " = -1 EBUSY");
	add(line);
	assert_int_equal(strlen(message(0)->message), EXPLAIN_MESSAGE_MAX + 3);
	free(line);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(the_missing_features_have_names),
		TEST(so_have_those_of_another_migration),
		TEST(a_number_may_have_any_width),
		TEST(if_nothing_is_missing_the_numbers_are_wrong),
		TEST(vhost_counts_bits_its_own_way),
		TEST(the_type_of_the_device_decides_the_names),
		TEST(numbers_have_their_meaning),
		TEST(the_errno_in_brackets_is_the_one),
		TEST(too_many_open_files_are_a_limit),
		TEST(a_whole_log_is_not_asked_for_again),
		TEST(a_log_has_numbers_of_lines_and_counts),
		TEST(an_unknown_line_is_unknown),
		TEST(different_messages_are_shown_up_to_a_number),
		TEST(control_characters_do_not_reach_a_terminal),
		TEST(a_name_in_a_command_is_a_name),
		TEST(a_line_may_have_any_dress),
		TEST(half_a_sequence_is_text),
		TEST(a_long_line_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
