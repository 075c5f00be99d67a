/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Members of QEMU's answers, and sets of features among them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "qmp/qmp-line.h"
#include "qmp/virtio.h"

int host_answer_fail(const struct host_answer *answer, const char *key)
{
	return host_fail_status(
		answer->err, HOST_FAILED, -EPROTO, "read the kernel instead: vhostctl dump PID",
		"%s: the answer to %s is not what QEMU 7.2 says: \"%s\" is missing or wrong",
		host_qmp_path(answer->qmp), answer->command, key);
}

static int find(const struct host_answer *answer, const char *key, enum json_type type,
		struct json_object **ret)
{
	if (json_object_is_type(answer->object, json_type_object) &&
	    json_object_object_get_ex(answer->object, key, ret) && json_object_is_type(*ret, type))
		return 0;
	return host_answer_fail(answer, key);
}

bool host_answer_has(const struct host_answer *answer, const char *key)
{
	return json_object_object_get_ex(answer->object, key, NULL);
}

int host_answer_number(const struct host_answer *answer, const char *key, uint64_t max,
		       uint64_t *ret)
{
	struct json_object *value;
	int r = find(answer, key, json_type_int, &value);

	if (r < 0)
		return r;
	if (json_object_get_int64(value) < 0 || json_object_get_uint64(value) > max)
		return host_answer_fail(answer, key);
	*ret = json_object_get_uint64(value);
	return 0;
}

int host_answer_bool(const struct host_answer *answer, const char *key, bool *ret)
{
	struct json_object *value;
	int r = find(answer, key, json_type_boolean, &value);

	if (r == 0)
		*ret = json_object_get_boolean(value);
	return r;
}

int host_answer_object(const struct host_answer *answer, const char *key, struct host_answer *ret)
{
	*ret = *answer;
	return find(answer, key, json_type_object, &ret->object);
}

/* ---------------------------------------------------------------------------------------- features */

/*
 * A feature comes as "NAME: what it means".  Where QEMU has a name that is not the specification's, or
 * the same name for two bits, a word of the rest tells which it is.
 */
static const struct {
	const char *name, *word;
	unsigned int bit;
} others[] = {
	{ "VIRTIO_NET_F_GUEST_USO4", "USOv6", 55 }, /* 8.1 to 10.2 */
	{ "VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO", "outer header", 66 },
	{ "VHOST_F_LOG_ALL", "", HOST_QEMU_LOG_ALL },
	{ "VHOST_NET_F_VIRTIO_NET_HDR", "", 27 },
	{ "VHOST_USER_F_PROTOCOL_FEATURES", "", HOST_QEMU_PROTOCOL_FEATURES },
};

/* -1: not known. */
static int bit_of(struct vhc_ctx *ctx, enum vhc_type type, const char *text)
{
	size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
	struct vhc_features set;
	char name[64];

	if (text[len] != ':' || len >= sizeof(name))
		return -1;
	snprintf(name, sizeof(name), "%.*s", (int)len, text);
	for (size_t i = 0; i < DOC_COUNT(others); i++)
		if (strcmp(name, others[i].name) == 0 && strstr(text + len, others[i].word))
			return (int)others[i].bit;
	if (vhc_features_parse(ctx, type, name, &set))
		return -1;
	for (unsigned int bit = 0; bit < 256; bit++)
		if (vhc_features_has(&set, bit))
			return (int)bit;
	return -1;
}

/* Two texts of one bit: one of them stands for another bit, and which is not known. */
static int add_text(const struct host_answer *answer, struct vhc_ctx *ctx, enum vhc_type type,
		    const char *text, struct vhc_features *set)
{
	int bit = bit_of(ctx, type, text);

	if (bit >= 0 && !vhc_features_has(set, (unsigned int)bit)) {
		vhc_features_add(set, (unsigned int)bit);
		return 0;
	}
	return host_fail_status(
		answer->err, HOST_FAILED, -ENOTSUP,
		"read the kernel instead: vhostctl dump PID; or use a newer vhostctl",
		"%s: which bit QEMU means by the feature \"%.100s\" is not known%s",
		host_qmp_path(answer->qmp), text,
		bit < 0 ? "" : ": another text has the same name");
}

static int add_texts(const struct host_answer *answer, const char *key, struct vhc_ctx *ctx,
		     enum vhc_type type, struct vhc_features *set)
{
	struct json_object *texts;
	int r = find(answer, key, json_type_array, &texts);

	for (size_t i = 0; r == 0 && i < json_object_array_length(texts); i++) {
		struct json_object *text = json_object_array_get_idx(texts, i);

		r = json_object_is_type(text, json_type_string)
			    ? add_text(answer, ctx, type, json_object_get_string(text), set)
			    : host_answer_fail(answer, key);
	}
	return r;
}

/* Bits that QEMU has no text for: of each word only if there are any. */
static int add_words(const struct host_answer *answer, struct vhc_features *set)
{
	static const char *const keys[] = { "unknown-dev-features", "unknown-dev-features2" };
	int r = 0;

	for (size_t i = 0; i < DOC_COUNT(keys) && r == 0; i++) {
		uint64_t word = 0;

		if (host_answer_has(answer, keys[i]))
			r = host_answer_number(answer, keys[i], UINT64_MAX, &word);
		set->w[i] |= word;
	}
	return r;
}

int host_answer_features(const struct host_answer *answer, const char *key, struct vhc_ctx *ctx,
			 enum vhc_type type, struct vhc_features *ret)
{
	struct vhc_features set = { { 0 } };
	struct host_answer part;
	int r = host_answer_object(answer, key, &part);

	if (r == 0)
		r = add_texts(&part, "transports", ctx, type, &set);
	if (r == 0 && host_answer_has(&part, "dev-features"))
		r = add_texts(&part, "dev-features", ctx, type, &set);
	if (r == 0)
		r = add_words(&part, &set);
	if (r == 0)
		*ret = set;
	return r;
}
