/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 'vhostctl check-fds': can a launcher use these fds of a tap and of vhost together?
 *
 * The library checks them as it does for a launcher that links it.  Nothing is changed: no ownership is
 * taken, and a send buffer that the library would lift is put back.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/if_tun.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "program/cli.h"
#include "errname.h"
#include "setup/fds-report.h"
#include "setup/owner.h"

#define FDS_MAX 256u /* of each kind: queues of a tap */

enum { TAP, VHOST, KINDS };

static const char *const kinds[KINDS] = { "tap", "vhost" };

struct given {
	int fds[FDS_MAX];
	struct cli_fd *rows; /* of the report */
	uint32_t count;
};

struct check {
	struct cli_call *call;
	struct cli_fds_report report;
	struct given given[KINDS];
};

static void add_library_problem(struct check *check)
{
	const struct vhc_error *error = vhc_ctx_get_error(check->call->ctx);

	cli_add_problem(&check->report, error->hint, "%s", error->text);
}

/* ---------------------------------------------------------------------------------------- taps */

/* A macvtap always may have several queues, and has another flag for each fd. */
static bool is_tun(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_rdev == makedev(10, 200);
}

/* What the fd says of itself; without a link it says nothing. */
static void look_at_tap(struct check *check, struct cli_fd *row)
{
	struct ifreq ifr = { 0 };
	int header = 0;

	row->sndbuf = INT_MAX;
	if (ioctl((int)row->fd, TUNGETIFF, &ifr) < 0)
		return;
	memcpy(row->link_name, ifr.ifr_name, sizeof(row->link_name));
	row->link_name[sizeof(row->link_name) - 1] = '\0';
	row->link = row->link_name;
	if (ifr.ifr_flags & IFF_DETACH_QUEUE)
		cli_add_problem(&check->report, "attach it: TUNSETQUEUE with IFF_ATTACH_QUEUE",
				"fd %d is a detached queue of %s: no frames come or go by it",
				(int)row->fd, row->link_name);
	if (is_tun((int)row->fd))
		row->multi_queue = ifr.ifr_flags & IFF_MULTI_QUEUE ? DOC_TRUE : DOC_FALSE;
	if (ioctl((int)row->fd, TUNGETVNETHDRSZ, &header) == 0)
		row->header = (uint64_t)header;
	if (ioctl((int)row->fd, TUNGETSNDBUF, &row->sndbuf) < 0)
		row->sndbuf = INT_MAX;
}

static void put_back_sndbuf(struct check *check, const struct cli_fd *row)
{
	char number[DOC_ERRNO_MAX];
	int sndbuf = row->sndbuf;

	if (sndbuf != INT_MAX && ioctl((int)row->fd, TUNSETSNDBUF, &sndbuf) < 0)
		cli_warn(check->call, "the send buffer of %s is unlimited now, it was %d: %s",
			 row->link_name, sndbuf, doc_errno(number, -errno));
}

static bool try_taps(struct check *check, const int *fds, uint32_t count)
{
	struct vhc_tap *tap;

	if (vhc_tap_open_fds(check->call->ctx, fds, count, &tap)) {
		add_library_problem(check);
		return false;
	}
	vhc_tap_close(tap);
	return true;
}

static void check_headers(struct check *check)
{
	const struct given *taps = &check->given[TAP];

	for (uint32_t i = 1; i < taps->count; i++)
		if (taps->rows[i].header != taps->rows[0].header)
			cli_add_problem(
				&check->report, "set the same size on all of them: TUNSETVNETHDRSZ",
				"the virtio-net header of fd %d has %d bytes, and that of fd %d %d",
				taps->fds[i], (int)taps->rows[i].header, taps->fds[0],
				(int)taps->rows[0].header);
}

/* --------------------------------------------------------------------------------------- vhost */

static bool try_vhost(struct check *check, const int *fds, uint32_t count)
{
	const struct vhc_dev_args args = { .sz = sizeof(args),
					   .type = VHC_TYPE_NET,
					   .queue_pairs = count };
	struct vhc_dev *dev;

	if (vhc_dev_open_fds(check->call->ctx, "vhost", fds, count, &args, &dev)) {
		add_library_problem(check);
		return false;
	}
	vhc_dev_close(dev);
	return true;
}

static void check_owner(struct check *check, struct cli_fd *row)
{
	static const char *const texts[] = {
		[CLI_OWNER_NONE] = "no",
		[CLI_OWNER_SOME] = "yes",
		[CLI_OWNER_UNKNOWN] = "unknown",
	};
	enum cli_owner owner = cli_find_owner((int)row->fd);

	row->owner = texts[owner];
	if (owner == CLI_OWNER_SOME)
		cli_add_problem(&check->report,
				"open the node again, and let the launcher alone take ownership",
				"vhost fd %d has an owner: VHOST_SET_OWNER fails for the launcher",
				(int)row->fd);
}

/* ------------------------------------------------------------------------------------- the rules */

static void check_fd(struct check *check, int kind, struct cli_fd *row)
{
	const int fd = (int)row->fd;

	if (fcntl(fd, F_GETFD) < 0) {
		cli_add_problem(&check->report, "pass it on: it must not be closed on exec",
				"fd %d is closed in this process", fd);
	} else if (kind == TAP) {
		look_at_tap(check, row);
		row->good = try_taps(check, &fd, 1);
		put_back_sndbuf(check, row);
	} else {
		row->good = try_vhost(check, &fd, 1);
		if (row->good)
			check_owner(check, row);
	}
}

/* Those that are good alone: all of one kind. */
static void check_together(struct check *check, int kind)
{
	const struct given *given = &check->given[kind];

	for (uint32_t i = 0; i < given->count; i++)
		if (!given->rows[i].good)
			return;
	if (given->count < 2)
		return;
	if (kind == VHOST) {
		try_vhost(check, given->fds, given->count);
		return;
	}
	try_taps(check, given->fds, given->count);
	for (uint32_t i = 0; i < given->count; i++)
		put_back_sndbuf(check, &given->rows[i]);
	check_headers(check);
}

static void check_counts(struct check *check)
{
	const uint32_t taps = check->given[TAP].count, vhosts = check->given[VHOST].count;

	if (taps && vhosts && taps != vhosts)
		cli_add_problem(&check->report, "open one of each for each queue pair",
				"%u fd%s of the tap and %u of vhost: a queue pair has one of each",
				taps, taps == 1 ? "" : "s", vhosts);
}

static void check_all(struct check *check)
{
	for (int kind = 0; kind < KINDS; kind++)
		for (uint32_t i = 0; i < check->given[kind].count; i++)
			check_fd(check, kind, &check->given[kind].rows[i]);
	for (int kind = 0; kind < KINDS; kind++)
		check_together(check, kind);
	check_counts(check);
	check->report.usable = !check->report.problems.count;
}

/* --------------------------------------------------------------------------------- command line */

static int bad_word(const char *word)
{
	return cli_fail(
		CLI_USAGE, "see 'vhostctl check-fds --help'",
		"\"%s\" is not tap=N,... or vhost=N,..., with fds from 3 on, at most %u of each",
		word, FDS_MAX);
}

static int read_fds(struct given *given, const char *word, const char *list)
{
	do {
		char *end;
		long fd = strtol(list, &end, 10);

		if (*list < '0' || *list > '9' || fd < 3 || fd >= 1 << 20 ||
		    (*end && *end != ',') || given->count == FDS_MAX)
			return bad_word(word);
		given->fds[given->count++] = (int)fd;
		list = end + 1;
	} while (list[-1] == ',');
	return CLI_YES;
}

static int read_words(struct check *check)
{
	const struct cli_call *call = check->call;
	int status = CLI_YES;

	for (int i = 0; i < call->argc && !status; i++) {
		const char *word = call->argv[i], *list = strchr(word, '=');
		int kind = 0;

		while (kind < KINDS && list &&
		       (strncmp(word, kinds[kind], (size_t)(list - word)) ||
			kinds[kind][list - word]))
			kind++;
		status = list && kind < KINDS ? read_fds(&check->given[kind], word, list + 1)
					      : bad_word(word);
	}
	return status;
}

static void make_rows(struct check *check)
{
	static struct cli_fd rows[KINDS * FDS_MAX]; /* too large for the stack */
	struct doc_list *list = &check->report.fds;

	list->items = rows;
	for (int kind = 0; kind < KINDS; kind++) {
		struct given *given = &check->given[kind];

		given->rows = rows + list->count;
		for (uint32_t i = 0; i < given->count; i++)
			rows[list->count++] = (struct cli_fd){ .fd = (uint64_t)given->fds[i],
							       .given = kinds[kind] };
	}
}

static int run(struct cli_call *call)
{
	static struct check check;
	int status;

	check = (struct check){ .call = call, .report.command = call->command->name };
	status = read_words(&check);
	if (status)
		return status;
	make_rows(&check);
	check_all(&check);
	cli_write(call, &cli_fds_table, &check.report);
	cli_clear_problems(&check.report);
	return check.report.usable ? CLI_YES : CLI_NO;
}

static const char *const more[] = {
	"For scripts and launchers that pass fds on: each must be what it was given as; those of the tap",
	"queues of one link, with a virtio-net header of one size; those of vhost unowned; and there is",
	"one of each for each queue pair.  The fds are those of this process, and stay as they are.  FDS",
	"is a number, or several with commas between them.",
	NULL,
};

const struct cli_command cli_command_check_fds = {
	.name = "check-fds",
	.arguments = "tap=FDS [vhost=FDS]",
	.text = "Check whether a launcher can use fds that it is given",
	.more = more,
	.min_args = 1,
	.max_args = CLI_ANY,
	.takes = CLI_TEXT,
	.report = &cli_fds_table,
	.run = run,
};
