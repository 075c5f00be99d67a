/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * page - the page of 'vhostctl status', for which no host of the other tests has a device, and the title of
 * doctor's, which depends on the host.  With an argument the former is left in that file, to be looked at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "device/device.h"
#include "reading.h"

static const char *wanted;

static char *read_file(const char *path)
{
	static char text[1 << 17];
	FILE *file = fopen(path, "r");
	size_t length;

	assert_non_null(file);
	length = fread(text, 1, sizeof(text) - 1, file);
	text[length] = '\0';
	fclose(file);
	return text;
}

static void has(const char *page, const char *text)
{
	if (!strstr(page, text))
		fail_msg("the page has no %s", text);
}

static void status_page(void **state)
{
	char path[] = "/tmp/page-XXXXXX";
	int fd = mkstemp(path);
	struct cli_call call = { .command = *state };
	struct cli_value *html = (struct cli_value *)(uintptr_t)cli_option(&call, "html");
	const char *page;

	assert_true(fd >= 0);
	close(fd);
	html->text = wanted ? wanted : path;
	assert_string_equal(cli_page_path(&call), html->text);
	assert_int_equal(cli_device_report(&call, reading_of_guests()->devices, NULL, NULL),
			 CLI_YES);
	assert_int_equal(cli_page_write(&call, CLI_YES), CLI_YES);
	page = read_file(html->text);
	unlink(path);
	has(page, "<h1>What is known of a running device</h1>");
	has(page, "<dd><code>&lt;b&gt;&amp;&quot;\\N\\u001b\\u00ff</code></dd>");
	assert_null(strstr(page, "<b>"));
	has(page, ">\u2713</span>&nbsp;<span class=\"good\">yes</span>"); /* it runs */
	has(page, "<a href=\"#s0\">features</a>");
	has(page, "<h2 id=\"s2\">rings</h2>");
	has(page, "<code>0x7f0000001000</code>");
	has(page, "<dt>rings[].base</dt><dd>the next available index that vhost takes</dd>");
	json_object_put(call.result);
}

/* The title of doctor's page, of a report with these results: of the node, and of the tap t0. */
static void check_title(const struct cli_command *command, const char *link, const char *node,
			const char *tap, const char *title)
{
	char path[] = "/tmp/page-XXXXXX", report[400], heading[200];
	int fd = mkstemp(path);
	struct cli_call call = { .command = command };
	struct cli_value *html = (struct cli_value *)(uintptr_t)cli_option(&call, "html");
	struct cli_value *named = (struct cli_value *)(uintptr_t)cli_option(&call, "link");
	bool yes = !strcmp(node, "ok") && !strcmp(tap, "ok");

	assert_true(fd >= 0);
	close(fd);
	html->text = path;
	named->text = link;
	snprintf(report, sizeof(report),
		 "{\"checks\":[{\"check\":\"new tap\",\"needed\":true,\"result\":\"%s\"}],"
		 "\"link_checks\":[{\"check\":\"t00 owner\",\"needed\":false,\"result\":\"wrong\"},"
		 "{\"check\":\"%s owner\",\"needed\":true,\"result\":\"%s\"}]}",
		 node, link ? link : "t0", tap);
	call.result = json_tokener_parse(report);
	assert_int_equal(cli_page_write(&call, yes ? CLI_YES : CLI_NO), CLI_YES);
	snprintf(heading, sizeof(heading), "</span> %s</span> %s</h1>", yes ? "yes" : "no", title);
	has(read_file(path), heading);
	has(read_file(path), "<span class=\"bad\">wrong</span>"); /* t00's */
	unlink(path);
	json_object_put(call.result);
}

static void doctor_title_names_what_is_wrong(void **state)
{
	const struct cli_command *doctor = *state;

	check_title(doctor, NULL, "ok", "ok", "What vhost-net needs can be used");
	check_title(doctor, NULL, "missing", "ok", "Something that vhost-net needs cannot be used");
	check_title(doctor, "t0", "ok", "ok", "What vhost-net needs, and the link, can be used");
	check_title(doctor, "t0", "ok", "wrong",
		    "The link cannot be used; what vhost-net needs can");
	check_title(doctor, "t0", "missing", "ok",
		    "Something that vhost-net needs cannot be used; the link can");
	check_title(doctor, "t0", "missing", "busy",
		    "Something that vhost-net needs, and the link, cannot be used");
	/* "new tap" is a check of the host */
	check_title(doctor, "new", "missing", "ok",
		    "Something that vhost-net needs cannot be used; the link can");
}

int main(int argc, char **argv)
{
	extern const struct cli_command cli_command_status, cli_command_doctor;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(status_page, (void *)(uintptr_t)&cli_command_status),
		cmocka_unit_test_prestate(doctor_title_names_what_is_wrong,
					  (void *)(uintptr_t)&cli_command_doctor),
	};

	wanted = argc > 1 ? argv[1] : NULL;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
