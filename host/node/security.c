/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Security modules.  Of several only one is told to the process that is refused: none.  So this is what is in
 * force for this process, by the files of each module, and the log where it says what it refused.
 */
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "node/here.h"
#include "node/security.h"

#define LABEL_MAX 200u

/* A label may be any bytes but is for people: what does not print is left out. */
static const char *get_label(const char *const files[2], char label[LABEL_MAX])
{
	size_t n = 0;

	host_line_of(files[0], label, LABEL_MAX);
	if (!*label)
		host_line_of(files[1], label, LABEL_MAX);
	for (const char *at = label; *at; at++)
		if (*at >= ' ' && *at <= '~')
			label[n++] = *at;
	label[n] = '\0';
	return label;
}

/* The command that shows what was refused, of those that are here; @pattern: of the kernel's log. */
static void add_command(char *text, size_t size, const char *pattern)
{
	size_t n = strlen(text);

	if (strncmp(pattern, "avc", 3) == 0 && host_has_program("ausearch"))
		snprintf(text + n, size - n, "; ausearch -m AVC -ts recent shows the denial");
	else if (host_has_program("journalctl") && access("/run/systemd/system", F_OK) == 0)
		snprintf(text + n, size - n, "; journalctl -k --grep '%s' shows the denial",
			 pattern);
	else
		snprintf(text + n, size - n, "; dmesg | grep '%s' shows the denial", pattern);
}

/* -------------------------------------------------------------------------- those that label processes */

static bool explain_apparmor(const char *path, char *text, size_t size)
{
	static const char *const files[2] = { "/proc/self/attr/apparmor/current",
					      "/proc/self/attr/current" };
	char label[LABEL_MAX], line[8];

	(void)path;
	if (*host_line_of("/sys/module/apparmor/parameters/enabled", line, sizeof(line)) != 'Y' ||
	    !*get_label(files, label) || strcmp(label, "unconfined") == 0 ||
	    strstr(label, "(complain)"))
		return false;
	snprintf(text, size, "AppArmor confines this process by the profile %s", label);
	add_command(text, size, "apparmor=.DENIED");
	return true;
}

static bool explain_selinux(const char *path, char *text, size_t size)
{
	static const char *const files[2] = { "/proc/self/attr/selinux/current",
					      "/proc/self/attr/current" };
	char label[LABEL_MAX], line[8], node[LABEL_MAX] = "";
	ssize_t n;

	if (*host_line_of("/sys/fs/selinux/enforce", line, sizeof(line)) != '1')
		return false;
	n = getxattr(path, "security.selinux", node, sizeof(node) - 1);
	node[n > 0 ? n : 0] = '\0';
	snprintf(text, size, "SELinux enforces: this process has the context %s, the node %s",
		 get_label(files, label), *node ? node : "one that cannot be read");
	add_command(text, size, "avc: *denied");
	return true;
}

static bool explain_smack(const char *path, char *text, size_t size)
{
	static const char *const files[2] = { "/proc/self/attr/smack/current",
					      "/proc/self/attr/current" };
	char label[LABEL_MAX];

	(void)path;
	if (access("/sys/fs/smackfs", F_OK) < 0 || !*get_label(files, label))
		return false;
	snprintf(text, size, "Smack is in force: this process has the label %s", label);
	add_command(text, size, "lsm=SMACK");
	return true;
}

/* ------------------------------------------------------------------------------------ and the others */

/* Landlock, TOMOYO, BPF programs: they tell no process whom they confine. */
static void explain_others(char *text, size_t size)
{
	char list[LABEL_MAX];

	host_line_of("/sys/kernel/security/lsm", list, sizeof(list));
	if (*list)
		snprintf(
			text, size,
			"a security module refuses it that does not say whom it confines; this kernel "
			"has %s",
			list);
	else
		snprintf(
			text, size,
			"a security module refuses it; which ones this kernel has is not known, as "
			"/sys/kernel/security is not mounted here");
}

void host_security_explain(const char *path, char *text, size_t size)
{
	static bool (*const explain[])(const char *path, char *text,
				       size_t size) = { explain_apparmor, explain_selinux,
							explain_smack };

	for (size_t i = 0; i < sizeof(explain) / sizeof(explain[0]); i++)
		if (explain[i](path, text, size))
			return;
	explain_others(text, size);
}
