/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * caps - vhost-caps documents: devices are opened from them and are offered features, also with a mask
 * and with requirements, and saved devices are checked against them.  Both must agree.
 *
 * Input: the document; after a NUL, two sets of features of 32 bytes each: the mask and the required ones.
 */
#include <errno.h>

#include "features/features.h"
#include "fuzz.h"
#include "migration/document.h"

/* GOLDEN is the folder of the tests of migration. */
static const char *const states[] = { "split-1.json", "packed-1.json", "iommu-4.json",
				      "vsock.json" };
#define STATES (sizeof(states) / sizeof(states[0]))

struct host {
	struct vhc_ctx *ctx;
	const char *caps;
	struct vhc_features mask, require;
};

static char *read_state(const char *name)
{
	char *path, *text = NULL;
	size_t size = 0;
	FILE *file;

	FUZZ_CHECK(asprintf(&path, "%s/%s", GOLDEN, name) > 0);
	file = fopen(path, "r");
	if (!file || getdelim(&text, &size, '\0', file) < 0)
		FUZZ_FAIL("%s cannot be read", path);
	fclose(file);
	free(path);
	return text;
}

/* ------------------------------------------------------------------------------ offered features */

static bool contains(const struct vhc_features *set, const struct vhc_features *part)
{
	struct vhc_features rest = vhi_features_without(part, set);

	return vhi_features_empty(&rest);
}

static void check_offer(const struct host *host, enum vhc_type type, struct vhc_dev *dev)
{
	struct vhc_features all, known, want, some;
	int r = vhc_dev_offer_features(dev, NULL, NULL, &all);

	FUZZ_CHECK(!r && !vhc_features_check(host->ctx, type, &all, NULL));
	vhc_features_known(type, &known);
	want = vhi_features_without(&known, &host->mask);
	FUZZ_CHECK(!vhc_dev_offer_features(dev, &want, NULL, &some));
	FUZZ_CHECK(contains(&all, &some) && contains(&want, &some));
	FUZZ_CHECK(!vhc_features_check(host->ctx, type, &some, NULL));
	known = some;
	r = vhc_dev_offer_features(dev, &want, &host->require, &some);
	FUZZ_CHECK(r == (contains(&known, &host->require) ? 0 : -EOPNOTSUPP) || r == -EINVAL);
	if (r)
		fuzz_check_error(host->ctx, r);
	FUZZ_CHECK(!vhc_dev_set_features(dev, &known, 0));
}

static void check_start(const struct host *host, struct vhc_dev *dev)
{
	int r = vhc_dev_start(dev);

	FUZZ_CHECK(r == -ENODEV || r == -EAGAIN);
	fuzz_check_error(host->ctx, r);
}

static void check_open(const struct host *host, enum vhc_type type, uint32_t pairs)
{
	struct vhc_dev_args args = { .sz = sizeof(args), .type = type, .queue_pairs = pairs };
	struct vhc_dev *dev;
	int r;

	args.guest_cid = type == VHC_TYPE_VSOCK ? 3 : 0;
	r = vhc_dev_open_caps(host->ctx, "dev0", host->caps, &args, &dev);
	if (r) {
		FUZZ_CHECK(r == -EINVAL || r == -ENODEV);
		fuzz_check_error(host->ctx, r);
		return;
	}
	check_offer(host, type, dev);
	check_start(host, dev);
	vhc_dev_close(dev);
}

/* -------------------------------------------------------------------------------- a saved device */

static void check_report(const char *json, bool possible)
{
	struct json_object *tree = json_tokener_parse(json), *value;

	FUZZ_CHECK(tree && json_object_object_get_ex(tree, "possible", &value));
	FUZZ_CHECK(json_object_get_boolean(value) == possible);
	json_object_put(tree);
}

/* A device that can come to that host can be offered what it has, there. */
static void check_device(const struct host *host, const char *state)
{
	struct vhc_dev_args args = { .sz = sizeof(args) };
	struct vhc_features acked, offered;
	struct vhi_saved saved;
	struct doc_error err;
	struct vhc_dev *dev;

	FUZZ_CHECK(!vhi_saved_parse(state, &saved, &err));
	args.type = vhi_saved_kind(&saved)->type;
	args.queue_pairs = (uint32_t)saved.queue_pairs;
	args.guest_cid = args.type == VHC_TYPE_VSOCK ? saved.guest_cid : 0;
	acked = vhi_feature_words(&saved.words);
	if (vhc_dev_open_caps(host->ctx, saved.device, host->caps, &args, &dev) ||
	    vhc_dev_offer_features(dev, &acked, &acked, &offered))
		FUZZ_FAIL("%s can come there: %s", saved.device,
			  vhc_ctx_get_error(host->ctx)->text);
	vhc_dev_close(dev);
	vhi_saved_clear(&saved);
}

static char *documents[STATES];

/* What one host has is what a set of this host has, but for features that no guest can have there. */
static void check_baseline(const struct host *host)
{
	static const char *const name = "host";
	const char *caps = host->caps;
	char *json = NULL;
	int r = vhc_caps_baseline(host->ctx, 1, &name, &caps, &json);

	FUZZ_CHECK(!r || r == -EINVAL || r == -E2BIG);
	FUZZ_CHECK(!json == !!r);
	if (r)
		fuzz_check_error(host->ctx, r);
	for (size_t i = 0; i < STATES && !r; i++)
		FUZZ_CHECK(vhc_caps_check(host->ctx, json, documents[i], NULL) ==
			   vhc_caps_check(host->ctx, host->caps, documents[i], NULL));
	free(json);
}

static void check_state(const struct host *host, const char *state)
{
	char *json = NULL;
	int r = vhc_caps_check(host->ctx, host->caps, state, &json);

	FUZZ_CHECK(!r || r == -EOPNOTSUPP || r == -ENODATA || r == -EINVAL || r == -E2BIG);
	FUZZ_CHECK(!json == (r && r != -EOPNOTSUPP && r != -ENODATA));
	if (json)
		check_report(json, !r);
	free(json);
	if (r)
		fuzz_check_error(host->ctx, r);
	else
		check_device(host, state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct host host = { .caps = text };
	size_t len = strlen(text);
	struct fuzz rest = { data + len + 1, len < size ? size - len - 1 : 0 };

	fuzz_bytes(&rest, &host.mask, sizeof(host.mask));
	fuzz_bytes(&rest, &host.require, sizeof(host.require));
	FUZZ_CHECK(!vhc_ctx_new(&host.ctx));
	check_open(&host, VHC_TYPE_NET, 1);
	check_open(&host, VHC_TYPE_NET, 256);
	check_open(&host, VHC_TYPE_VSOCK, 1);
	for (size_t i = 0; i < STATES; i++) {
		if (!documents[i])
			documents[i] = read_state(states[i]);
		check_state(&host, documents[i]);
	}
	check_baseline(&host);
	vhc_ctx_free(host.ctx);
	free(text);
	return 0;
}
