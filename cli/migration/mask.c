/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 'vhostctl mask': what a launcher has to be told so that its guests can move between the hosts of a
 * set: everything that they lack, switched off.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "setup/config.h"
#include "features/set.h"

enum style { QEMU, LIBVIRT, HEX, JSON };

static const char *const styles[] = { "qemu", "libvirt", "hex", "json", NULL };

/* The newest first: an unknown property is refused loudly, a missing one would not be noticed. */
static const char *const releases[] = { "11.1", "10.0", "7.2", NULL };
static const int release_numbers[] = { 1101, 1000, 702 };

struct report {
	const char *command, *style, *type;
	struct doc_list features; /* of strings */
	const char *options;
};

static const struct doc_field report_fields[] = {
	CLI_COMMAND_FIELD(report),
	DOC_NEED(report, style, DOC_STRING, .help = "as given"),
	DOC_NEED(report, type, DOC_STRING, .help = "type of device"),
	DOC_NEED(report, features, DOC_STRINGS, .help = "what the hosts lack, by name"),
	DOC_NEED(report, options, DOC_STRING,
		 .help = "what the launcher is told; without --json this is printed alone"),
};

static const struct doc_table report_table =
	DOC_TABLE("vhost-report", report, report_fields, "options that switch features off");

/* What is not known of the baseline must not be taken for what it lacks. */
static int check_known(struct json_object *caps, const char *path, enum vhc_type type)
{
	const char *node = type == VHC_TYPE_NET ? "/dev/vhost-net" : "/dev/vhost-vsock";
	struct json_object *tap, *rows, *probed;

	json_object_object_get_ex(caps, "unknown", &rows);
	for (size_t i = 0; rows && i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);
		const char *what = json_object_get_string(json_object_object_get(row, "what"));

		if (!strcmp(what, node) || (!strcmp(what, "tap") && type == VHC_TYPE_NET))
			return cli_fail(
				CLI_LACKS,
				json_object_get_string(json_object_object_get(row, "remedy")),
				"%s: what %s has is not known: %s", cli_document(path), what,
				json_object_get_string(json_object_object_get(row, "reason")));
	}
	if (type == VHC_TYPE_NET && json_object_object_get_ex(caps, "tap", &tap) &&
	    json_object_object_get_ex(tap, "probed", &probed) && !json_object_get_boolean(probed))
		return cli_fail(CLI_LACKS, NULL, "%s: no tap can be made: %s", cli_document(path),
				json_object_get_string(json_object_object_get(tap, "reason")));
	return CLI_YES;
}

static int fail_library(const struct cli_call *call, const char *path, int r)
{
	const struct vhc_error *error = vhc_ctx_get_error(call->ctx);
	const char *text = error->text;

	/* nobody gave the device its id */
	if (*error->device)
		text += strlen(error->device) + strlen(": ");
	if (r == -EINVAL || r == -E2BIG)
		return cli_fail_at(CLI_INPUT, cli_document(path), error->hint, text);
	return r == -ENODEV ? cli_fail(CLI_LACKS, error->hint, "%s: %s", cli_document(path), text)
			    : cli_fail_library(call);
}

/* No Linux has it, so that nothing has to be told. */
static bool is_nowhere(enum vhc_type type, unsigned int bit)
{
	const struct vhc_feature *feature = vhc_feature_get(type, bit);

	return !feature || (feature->since && !*feature->since);
}

/* All that some host may have, and these have not. */
static struct vhc_features lacking(enum vhc_type type, const struct vhc_features *offered)
{
	struct vhc_features set = { { 0 } };

	for (unsigned int bit = 0; bit < 256; bit++)
		if (!vhc_features_has(offered, bit) && !is_nowhere(type, bit))
			vhc_features_add(&set, bit);
	return set;
}

/* From what such hosts can offer a guest, whatever its launcher has. */
static int read_mask(struct cli_call *call, const char *path, enum vhc_type type,
		     struct vhc_features *ret)
{
	struct vhc_dev_args args = { .sz = sizeof(args),
				     .type = type,
				     .guest_cid = type == VHC_TYPE_VSOCK ? 3 : 0 };
	struct vhc_features offered;
	struct json_object *caps = NULL;
	struct vhc_dev *dev = NULL;
	char *text;
	int status = cli_read_text(path, &text), r;

	if (status)
		return status;
	r = vhc_dev_open_caps(call->ctx, "hosts", text, &args, &dev);
	if (!r || r == -ENODEV) {
		caps = json_tokener_parse(text);
		status = caps ? check_known(caps, path, type)
			      : cli_fail(CLI_FAILED, NULL, "out of memory");
	}
	if (!status && !r)
		r = vhc_dev_offer_features(dev, NULL, NULL, &offered);
	if (!status && r)
		status = fail_library(call, path, r);
	if (!status)
		*ret = lacking(type, &offered);
	if (dev)
		vhc_dev_close(dev);
	json_object_put(caps);
	free(text);
	return status;
}

static size_t put_names(enum vhc_type type, const struct vhc_features *set, const char **names)
{
	size_t count = 0;

	for (unsigned int bit = 0; bit < 256; bit++)
		if (vhc_features_has(set, bit))
			names[count++] = vhc_feature_get(type, bit)->name;
	return count;
}

static char *json_text(const struct doc_list *names)
{
	struct json_object *array = cli_array();
	char *text;

	for (size_t i = 0; i < names->count; i++)
		cli_add(array, NULL, cli_text(((const char **)names->items)[i]));
	text = strdup(json_object_to_json_string_ext(array, JSON_C_TO_STRING_SPACED));
	json_object_put(array);
	return text;
}

static int put_options(struct cli_call *call, enum vhc_type type, const struct vhc_features *mask)
{
	const char *names[256];
	enum style style = (enum style)cli_option(call, "style")->number;
	struct report report = { call->command->name,
				 styles[style],
				 cli_type_choices[cli_option(call, "type")->number],
				 { names, put_names(type, mask, names) },
				 NULL };
	struct host_error error = { 0 };
	char *text = NULL, hex[CLI_SET_HEX_MAX];
	int release = release_numbers[cli_option(call, "qemu")->number];

	if (style == HEX)
		text = strdup(cli_set_hex(mask, hex));
	else if (style == JSON)
		text = json_text(&report.features);
	else if (host_mask(type, mask, style == QEMU ? HOST_MASK_QEMU : HOST_MASK_LIBVIRT, release,
			   &text, &error))
		return cli_fail_host("", &error);
	if (!text)
		return cli_fail(CLI_FAILED, NULL, "out of memory");
	report.options = text;
	cli_write(call, &report_table, &report);
	free(text);
	return CLI_YES;
}

static int run(struct cli_call *call)
{
	const char *path = cli_option(call, "baseline")->text;
	enum vhc_type type = cli_read_type(call);
	struct vhc_features mask;
	int status;

	if (!path)
		return cli_fail(CLI_USAGE, "see 'vhostctl mask --help'", "--baseline is missing");
	status = read_mask(call, path, type, &mask);
	return status ? status : put_options(call, type, &mask);
}

static const struct cli_option options[] = {
	{ "baseline", 'b', "CAPS", CLI_FILE,
	  .help = "what the hosts have in common, from 'baseline --json', or one host, from 'caps --json'" },
	{ "style", 's', "STYLE", CLI_CHOICE, .choices = styles,
	  .help = "options of QEMU's -device, XML for libvirt, one number, or a list of names" },
	{ "type", 't', "TYPE", CLI_CHOICE, .choices = cli_type_choices, .help = "type of device" },
	{ "qemu", 'Q', "RELEASE", CLI_CHOICE, .choices = releases,
	  .help = "the oldest QEMU that is told: it refuses properties that came later" },
};

static const char *const more[] = {
	"A guest that is offered no more than what every host has can move to any of them.  What is printed",
	"switches all else off, and can be put into the launcher's command line as it is:",
	"  -device virtio-net-pci,netdev=net0,$(vhostctl mask --baseline all.json --qemu 7.2)",
	"A guest that already runs is not helped by it: the features were negotiated when it started.",
	NULL,
};

const struct cli_command cli_command_mask = {
	.name = "mask",
	.arguments = "--baseline CAPS",
	.text = "Show the options that switch off what some hosts lack",
	.more = more,
	CLI_OPTIONS(options),
	.report = &report_table,
	.alone = "options",
	.run = run,
};
