/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * deny cgroup MINOR FOLDER           a BPF program at this cgroup denies the misc device with that number
 * deny landlock COMMAND ARGUMENT...  Landlock lets the command open no file for writing
 *
 * What denies a node is made for real with it.  Exit status 77: the kernel has it not, or root alone may.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MISC 10

static int give_up(const char *what)
{
	fprintf(stderr, "deny: %s: %s\n", what, strerror(errno));
	return 77;
}

/* Allow all but that device. */
static int load_program(int minor)
{
	const struct bpf_insn program[] = {
		{ .code = BPF_LDX | BPF_MEM | BPF_W,
		  .dst_reg = BPF_REG_2,
		  .src_reg = BPF_REG_1,
		  .off = offsetof(struct bpf_cgroup_dev_ctx, major) },
		{ .code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = BPF_REG_2, .off = 4, .imm = MISC },
		{ .code = BPF_LDX | BPF_MEM | BPF_W,
		  .dst_reg = BPF_REG_2,
		  .src_reg = BPF_REG_1,
		  .off = offsetof(struct bpf_cgroup_dev_ctx, minor) },
		{ .code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = BPF_REG_2, .off = 2, .imm = minor },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insns = (uintptr_t)program,
		.insn_cnt = sizeof(program) / sizeof(program[0]),
		.license = (uintptr_t) "GPL",
	};

	return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

static int deny_in_cgroup(int minor, const char *folder)
{
	union bpf_attr attr = { .attach_type = BPF_CGROUP_DEVICE };
	int cgroup = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int program = load_program(minor);

	if (cgroup < 0 || program < 0)
		return give_up(folder);
	attr.target_fd = (uint32_t)cgroup;
	attr.attach_bpf_fd = (uint32_t)program;
	if (syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof(attr)) < 0)
		return give_up(folder);
	return 0;
}

static int deny_by_landlock(char **command)
{
	const struct landlock_ruleset_attr rules = { .handled_access_fs =
							     LANDLOCK_ACCESS_FS_WRITE_FILE };
	int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0);

	if (fd < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		return give_up("Landlock");
	close(fd);
	execvp(command[0], command);
	return give_up(command[0]);
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "cgroup") == 0)
		return deny_in_cgroup(atoi(argv[2]), argv[3]);
	if (argc > 2 && strcmp(argv[1], "landlock") == 0)
		return deny_by_landlock(argv + 2);
	return 2;
}
