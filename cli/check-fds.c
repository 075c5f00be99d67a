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
#include <net/if.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cli.h"
#include "errname.h"
#include "owner.h"

#define FDS_MAX 256u /* of each kind: queues of a tap */

enum { TAP, VHOST, KINDS };

static const char *const kinds[KINDS] = { "tap", "vhost" };

struct row {
	uint64_t fd;
	const char *given, *link;
	uint64_t header;
	uint32_t multi_queue; /* enum doc_maybe */
	const char *owner;
	/* where these are */
	char link_name[IFNAMSIZ];
	int sndbuf;
	bool good;
};

struct problem {
	char *text, *remedy;
};

struct report {
	const char *command;
	bool usable;
	struct doc_list fds;	  /* of struct row */
	struct doc_list problems; /* of struct problem */
};

struct given {
	int fds[FDS_MAX];
	struct row *rows; /* of the report */
	uint32_t count;
};

struct check {
	struct cli_call *call;
	struct report report;
	struct given given[KINDS];
};

/* -------------------------------------------------------------------------------------- report */

static const struct doc_field row_fields[] = {
	DOC_NEED(row, fd, DOC_UINT, .max = INT_MAX, .help = "its number"),
	DOC_NEED(row, given, DOC_STRING, .help = "as what it was given: tap or vhost"),
	DOC_FIELD(row, link, DOC_STRING, .help = "the link of a tap"),
	DOC_FIELD(row, multi_queue, DOC_MAYBE,
		  .help = "the link of a tap was created for several queues; not of a macvtap"),
	DOC_FIELD(row, header, DOC_UINT, .min = 1, .max = INT_MAX,
		  .help = "bytes of a tap's virtio-net header"),
	DOC_FIELD(row, owner, DOC_STRING,
		  .help = "of a vhost fd: no, yes, or unknown where this kernel does not tell"),
};

static const struct doc_table row_table = DOC_PART(row, row_fields, "one fd");

static const struct doc_field problem_fields[] = {
	DOC_NEED(problem, text, DOC_STRING, .help = "what is wrong"),
	DOC_NEED(problem, remedy, DOC_STRING, .help = "what to do, or \"\""),
};

static const struct doc_table problem_table = DOC_PART(problem, problem_fields, "a problem");

static const struct doc_field report_fields[] = {
	CLI_COMMAND_FIELD(report),
	DOC_NEED(report, usable, DOC_BOOL, .help = "can a launcher use them together"),
	DOC_NEED(report, fds, DOC_OBJECTS, .table = &row_table, .help = "each fd"),
	DOC_NEED(report, problems, DOC_OBJECTS, .table = &problem_table, .help = "why not"),
};

static const struct doc_table report_table =
	DOC_TABLE("vhost-report", report, report_fields, "whether fds can be used together");

static void add_problem(struct check *check, const char *remedy, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void add_problem(struct check *check, const char *remedy, const char *format, ...)
{
	struct problem *problem = doc_append(&check->report.problems, sizeof(*problem));
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (problem)
		*problem = (struct problem){ strdup(text), strdup(remedy ? remedy : "") };
	if (!problem || !problem->text || !problem->remedy)
		exit(cli_fail(CLI_FAILED, NULL, "out of memory"));
}

static void add_library_problem(struct check *check)
{
	const struct vhc_error *error = vhc_ctx_get_error(check->call->ctx);

	add_problem(check, error->hint, "%s", error->text);
}

static void clear_problems(struct doc_list *problems)
{
	struct problem *items = problems->items;

	for (size_t i = 0; i < problems->count; i++) {
		free(items[i].text);
		free(items[i].remedy);
	}
	free(items);
}

/* ---------------------------------------------------------------------------------------- taps */

/* A macvtap always may have several queues, and has another flag for each fd. */
static bool is_tun(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_rdev == makedev(10, 200);
}

/* What the fd says of itself; without a link it says nothing. */
static void look_at_tap(struct row *row)
{
	struct ifreq ifr = { 0 };
	int header = 0;

	row->sndbuf = INT_MAX;
	if (ioctl((int)row->fd, TUNGETIFF, &ifr) < 0)
		return;
	memcpy(row->link_name, ifr.ifr_name, sizeof(row->link_name));
	row->link_name[sizeof(row->link_name) - 1] = '\0';
	row->link = row->link_name;
	if (is_tun((int)row->fd))
		row->multi_queue = ifr.ifr_flags & IFF_MULTI_QUEUE ? DOC_TRUE : DOC_FALSE;
	if (ioctl((int)row->fd, TUNGETVNETHDRSZ, &header) == 0)
		row->header = (uint64_t)header;
	if (ioctl((int)row->fd, TUNGETSNDBUF, &row->sndbuf) < 0)
		row->sndbuf = INT_MAX;
}

static void put_back_sndbuf(struct check *check, const struct row *row)
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
			add_problem(
				check, "set the same size on all of them: TUNSETVNETHDRSZ",
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

static void check_owner(struct check *check, struct row *row)
{
	static const char *const texts[] = {
		[CLI_OWNER_NONE] = "no",
		[CLI_OWNER_SOME] = "yes",
		[CLI_OWNER_UNKNOWN] = "unknown",
	};
	enum cli_owner owner = cli_find_owner((int)row->fd);

	row->owner = texts[owner];
	if (owner == CLI_OWNER_SOME)
		add_problem(check, "open the node again, and let the launcher alone take ownership",
			    "vhost fd %d has an owner: VHOST_SET_OWNER fails for the launcher",
			    (int)row->fd);
}

/* ------------------------------------------------------------------------------------- the rules */

static void check_fd(struct check *check, int kind, struct row *row)
{
	const int fd = (int)row->fd;

	if (fcntl(fd, F_GETFD) < 0) {
		add_problem(check, "pass it on: it must not be closed on exec",
			    "fd %d is closed in this process", fd);
	} else if (kind == TAP) {
		look_at_tap(row);
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
		add_problem(check, "open one of each for each queue pair",
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
	static struct row rows[KINDS * FDS_MAX]; /* too large for the stack */
	struct doc_list *list = &check->report.fds;

	list->items = rows;
	for (int kind = 0; kind < KINDS; kind++) {
		struct given *given = &check->given[kind];

		given->rows = rows + list->count;
		for (uint32_t i = 0; i < given->count; i++)
			rows[list->count++] =
				(struct row){ .fd = (uint64_t)given->fds[i], .given = kinds[kind] };
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
	cli_write(call, &report_table, &check.report);
	clear_problems(&check.report.problems);
	return check.report.usable ? CLI_YES : CLI_NO;
}

static const char *const more[] = {
	"For scripts and launchers that pass fds on: each must be what it was given as; those of the tap",
	"queues of one link, with a virtio-net header of one size; those of vhost unowned; and there is",
	"one of each for each queue pair.  The fds are those of this process, and stay as they are.",
	NULL,
};

const struct cli_command cli_command_check_fds = {
	.name = "check-fds",
	.arguments = "tap=FD[,FD]... [vhost=FD[,FD]...]",
	.text = "Check whether a launcher can use fds that it is given",
	.more = more,
	.min_args = 1,
	.max_args = CLI_ANY,
	.takes = CLI_TEXT,
	.report = &report_table,
	.run = run,
};
