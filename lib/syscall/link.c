/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * link - what only rtnetlink tells of a tap: how many queues it has, whoever opened them, and whose it is;
 * and when it has gone.  (The fd of a tap itself is in error then, but wakes poll() by no other sign than a frame.)
 * Links are otherwise set up by host/, with libnl, which a program that links this library does not need: these
 * are one request, one answer and one group of messages.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "syscall/linux.h"

#define ANSWER_MAX 32768 /* a link with the statistics of its address families */

struct request {
	struct nlmsghdr head;
	struct ifinfomsg link;
	struct rtattr name_attr;
	char name[IFNAMSIZ];
};

static int open_socket(void)
{
	return vhi_linux_lift(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
}

/* One request and its answer, whose length is returned. */
static int ask(const struct request *request, void *answer, size_t size)
{
	int fd = open_socket();
	const struct nlmsghdr *head = answer;
	const struct nlmsgerr *error = NLMSG_DATA(head);
	ssize_t n;

	if (fd < 0)
		return fd;
	do
		n = send(fd, request, request->head.nlmsg_len, 0);
	while (n < 0 && errno == EINTR);
	do
		n = n < 0 ? n : recv(fd, answer, size, 0);
	while (n < 0 && errno == EINTR);
	n = n < 0 ? -errno : n;
	close(fd);
	if (n >= 0 && !NLMSG_OK(head, (size_t)n))
		return -EIO;
	if (n >= 0 && head->nlmsg_type == NLMSG_ERROR)
		return error->error;
	return (int)n;
}

static const struct rtattr *find(const struct rtattr *at, size_t left, unsigned short type)
{
	for (; RTA_OK(at, left); at = RTA_NEXT(at, left))
		if ((at->rta_type & NLA_TYPE_MASK) == type)
			return at;
	return NULL;
}

static const struct rtattr *find_in(const struct rtattr *nest, unsigned short type)
{
	return nest ? find(RTA_DATA(nest), RTA_PAYLOAD(nest), type) : NULL;
}

static uint32_t number_in(const struct rtattr *nest, unsigned short type, uint32_t absent)
{
	const struct rtattr *attr = find_in(nest, type);
	uint32_t number = absent;

	if (attr && RTA_PAYLOAD(attr) >= sizeof(number))
		memcpy(&number, RTA_DATA(attr), sizeof(number));
	return number;
}

static bool flag_in(const struct rtattr *nest, unsigned short type)
{
	const struct rtattr *attr = find_in(nest, type);

	return attr && RTA_PAYLOAD(attr) && *(const uint8_t *)RTA_DATA(attr);
}

int vhi_linux_link_get(void *data, const char *name, struct vhi_link *ret)
{
	union {
		struct nlmsghdr head;
		char bytes[ANSWER_MAX];
	} answer;
	struct request request = {
		.head = { sizeof(request), RTM_GETLINK, NLM_F_REQUEST, 1, 0 },
		.name_attr = { RTA_LENGTH(IFNAMSIZ), IFLA_IFNAME },
	};
	const struct ifinfomsg *link = NLMSG_DATA(&answer.head);
	const struct rtattr *info;
	int r;

	strncpy(request.name, name, IFNAMSIZ - 1);
	r = ask(&request, &answer, sizeof(answer));
	if (r < 0)
		return r;
	if (answer.head.nlmsg_type != RTM_NEWLINK ||
	    answer.head.nlmsg_len < NLMSG_LENGTH(sizeof(*link)))
		return -EIO;
	info = find(IFLA_RTA(link), IFLA_PAYLOAD(&answer.head), IFLA_LINKINFO);
	info = find_in(info, IFLA_INFO_DATA);
	*ret = (struct vhi_link){
		.index = (uint32_t)link->ifi_index,
		.queues = number_in(info, IFLA_TUN_NUM_QUEUES, 0) +
			  number_in(info, IFLA_TUN_NUM_DISABLED_QUEUES, 0),
		.owner = number_in(info, IFLA_TUN_OWNER, VHI_NOBODY),
		.group = number_in(info, IFLA_TUN_GROUP, VHI_NOBODY),
		.persists = flag_in(info, IFLA_TUN_PERSIST),
	};
	return 0;
}

int vhi_linux_link_delete(void *data, uint32_t index)
{
	union {
		struct nlmsghdr head;
		char bytes[1024];
	} answer;
	struct request request = {
		.head = { NLMSG_LENGTH(sizeof(struct ifinfomsg)), RTM_DELLINK,
			  NLM_F_REQUEST | NLM_F_ACK, 1, 0 },
		.link = { .ifi_index = (int)index },
	};
	int r = ask(&request, &answer, sizeof(answer));

	return r < 0 ? r : 0;
}

/* Nothing but RTM_DELLINK of this link: all else that happens to links must not wake anybody. */
static int filter(int fd, uint32_t index)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELLINK), 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 NLMSG_HDRLEN + offsetof(struct ifinfomsg, ifi_index)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(index), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) ? -errno : 0;
}

int vhi_linux_link_watch(void *data, const char *name)
{
	struct sockaddr_nl links = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	struct vhi_link link;
	int fd, r = vhi_linux_link_get(NULL, name, &link);

	if (r)
		return r;
	fd = open_socket();
	if (fd < 0)
		return fd;
	r = filter(fd, link.index);
	if (!r && bind(fd, (struct sockaddr *)&links, sizeof(links)))
		r = -errno;
	if (r)
		close(fd);
	return r ? r : fd;
}
