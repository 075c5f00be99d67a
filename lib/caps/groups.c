/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * groups - how the hosts of a set differ: hosts that do not, together; and each feature that some have
 * and the set has not, with the reason.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "caps/baseline.h"
#include "features/features.h"
#include "features/rows.h"
#include "kind/kind.h"
#include "text.h"

#define HOSTS_NAMED 3u /* of a feature; the others are in the groups */

void vhi_caps_set_profile(struct vhi_caps_host *host, const struct vhi_caps *caps)
{
	struct vhi_profile *profile = &host->profile;

	for (size_t i = 0; i < VHI_KINDS; i++) {
		const struct vhi_caps_node *node = vhi_caps_find(caps, vhi_kinds[i]->path);

		profile->nodes[i].standing =
			node ? vhi_caps_node_standing(caps, node) : VHI_UNKNOWN;
		if (profile->nodes[i].standing == VHI_THERE)
			profile->nodes[i].set = vhi_feature_words(&node->words);
	}
	profile->tap.standing = vhi_caps_tap_standing(caps);
	if (profile->tap.standing == VHI_THERE)
		profile->tap.set = vhi_feature_words(&caps->tap.words);
}

/* A feature of one kind of device, and which parts of a host it needs. */
struct need {
	const struct vhi_kind *kind;
	unsigned int bit;
	bool vhost, tap;
};

static struct need need_of(const struct vhi_kind *kind, unsigned int bit)
{
	const struct vhc_feature *feature = vhc_feature_get(kind->type, bit);
	uint32_t origin = feature ? feature->origin : VHC_ORIGIN_VHOST;

	return (struct need){ kind, bit, origin & VHC_ORIGIN_VHOST, origin & VHC_ORIGIN_TAP };
}

static const struct vhi_host_part *node_of(const struct vhi_profile *profile,
					   const struct need *need)
{
	return &profile->nodes[need->kind->index];
}

static bool has(const struct vhi_profile *profile, const struct need *need)
{
	return (!need->vhost || vhc_features_has(&node_of(profile, need)->set, need->bit)) &&
	       (!need->tap || vhc_features_has(&profile->tap.set, need->bit));
}

/* A part that is not there, or is not known, lacks no features: it is itself what is missing. */
static bool part_lacks(const struct vhi_host_part *part, unsigned int bit)
{
	return part->standing == VHI_THERE && !vhc_features_has(&part->set, bit);
}

static bool vhost_lacks(const struct vhi_profile *profile, const struct need *need)
{
	return need->vhost && part_lacks(node_of(profile, need), need->bit);
}

static bool tap_lacks(const struct vhi_profile *profile, const struct need *need)
{
	return need->tap && part_lacks(&profile->tap, need->bit);
}

/* Has any host the feature, while the set has not? */
static bool differs(const struct vhi_caps_set *set, const struct need *need)
{
	if ((!need->vhost && !need->tap) || has(&set->common, need))
		return false;
	for (size_t i = 0; i < set->count; i++)
		if (has(&set->hosts[i].profile, need))
			return true;
	return false;
}

static int put_lacking(const struct vhi_caps_set *set, const struct need *need,
		       struct doc_list *rows)
{
	const struct vhc_feature *feature = vhc_feature_get(need->kind->type, need->bit);
	const struct vhi_feature_names names = { need->kind->type, VHC_ORIGIN_VHOST };
	bool vhost = false, tap = false;
	char hosts[512] = "", name[VHI_FEATURE_NAME_MAX];
	struct vhi_text text = { hosts, sizeof(hosts) };
	struct vhi_caps_lacking *row;
	uint64_t count = 0;

	for (size_t i = 0; i < set->count; i++) {
		const struct vhi_caps_host *host = &set->hosts[i];
		bool no_vhost = vhost_lacks(&host->profile, need);
		bool no_tap = tap_lacks(&host->profile, need);

		vhost |= no_vhost;
		tap |= no_tap;
		if ((no_vhost || no_tap) && count++ < HOSTS_NAMED)
			vhi_text_put(&text, "%s%s", count > 1 ? ", " : "", host->name);
	}
	if (count > HOSTS_NAMED)
		vhi_text_put(&text, " and %llu more", (unsigned long long)(count - HOSTS_NAMED));
	/* some part of a host is not there at all: the nodes, or what is unknown, say that */
	if (!count && (node_of(&set->common, need)->standing != VHI_THERE ||
		       (need->tap && set->common.tap.standing != VHI_THERE)))
		return 0;
	row = doc_append(rows, sizeof(*row));
	if (!row)
		return -ENOMEM;
	row->bit = need->bit;
	row->type = strdup(need->kind->name);
	row->name = strdup(vhi_feature_row_name(&names, need->bit, name));
	row->lacking = strdup(vhost && tap ? "vhost+tap"
			      : vhost	   ? "vhost"
			      : tap	   ? "tap"
					   : "requirement");
	row->since = strdup(feature && feature->since ? feature->since : "");
	row->hosts = strdup(hosts);
	return row->type && row->name && row->lacking && row->since && row->hosts ? 0 : -ENOMEM;
}

/* ---------------------------------------------------------------------------------------- groups */

static int append(struct doc_list *list, const char *text)
{
	char **item = doc_append(list, sizeof(*item));

	if (item)
		*item = strdup(text);
	return item && *item ? 0 : -ENOMEM;
}

static bool is_alike(const struct vhi_caps_host *a, const struct vhi_caps_host *b)
{
	return !strcmp(a->kernel, b->kernel) &&
	       !memcmp(&a->profile, &b->profile, sizeof(a->profile));
}

static int put_standing(struct vhi_caps_group *group, const char *what,
			const struct vhi_host_part *part)
{
	if (part->standing == VHI_THERE)
		return 0;
	return append(part->standing == VHI_ABSENT ? &group->lacks : &group->unknown, what);
}

static int put_lacks(const struct vhi_caps_set *set, const struct vhi_caps_host *host,
		     const struct vhi_kind *kind, struct vhi_caps_group *group)
{
	const struct vhi_feature_names names = { kind->type, VHC_ORIGIN_VHOST };
	char name[VHI_FEATURE_NAME_MAX];
	int r = put_standing(group, kind->path, &host->profile.nodes[kind->index]);

	for (unsigned int bit = 0; bit < 256 && !r; bit++) {
		struct need need = need_of(kind, bit);

		if (differs(set, &need) &&
		    (vhost_lacks(&host->profile, &need) || tap_lacks(&host->profile, &need)))
			r = append(&group->lacks, vhi_feature_row_name(&names, bit, name));
	}
	return r;
}

static int begin_group(const struct vhi_caps_set *set, const struct vhi_caps_host *host,
		       struct vhi_caps_group *group)
{
	int r = 0;

	group->kernel = strdup(host->kernel);
	if (!group->kernel)
		return -ENOMEM;
	for (size_t i = 0; vhi_kinds[i] && !r; i++)
		r = put_lacks(set, host, vhi_kinds[i], group);
	return r ?: put_standing(group, VHI_CAPS_TAP, &host->profile.tap);
}

/* @first: of each group, its first host. */
static int put_host(const struct vhi_caps_set *set, const struct vhi_caps_host *host,
		    const struct vhi_caps_host **first, struct doc_list *groups)
{
	struct vhi_caps_group *group = NULL;
	int r = 0;

	for (size_t i = 0; i < groups->count && !group; i++)
		if (is_alike(first[i], host))
			group = &((struct vhi_caps_group *)groups->items)[i];
	if (!group) {
		first[groups->count] = host;
		group = doc_append(groups, sizeof(*group));
		r = group ? begin_group(set, host, group) : -ENOMEM;
	}
	if (r)
		return r;
	group->count++;
	return append(&group->hosts, host->name);
}

int vhi_caps_put_groups(const struct vhi_caps_set *set, struct vhi_caps *ret)
{
	const struct vhi_caps_host **first =
		calloc(set->count, sizeof(const struct vhi_caps_host *));
	int r = first ? 0 : -ENOMEM;

	for (size_t i = 0; vhi_kinds[i] && !r; i++)
		for (unsigned int bit = 0; bit < 256 && !r; bit++) {
			struct need need = need_of(vhi_kinds[i], bit);

			if (differs(set, &need))
				r = put_lacking(set, &need, &ret->lacking);
		}
	for (size_t i = 0; i < set->count && !r; i++)
		r = put_host(set, &set->hosts[i], first, &ret->groups);
	free(first);
	return r;
}
