/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A broker in a process of its own.  Until its sockets accept connections this process waits, shows what it says and
 * passes signals on to it; and it ends if this process does, so that nothing is left of a set-up that is killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "setup/serve.h"

/* What connects the two processes.  Pipes: [0] is read by the parent. */
struct connection {
	int answer[2]; /* the exit status as a byte, and if it is 0 the report */
	int errors[2]; /* of one that stays: it may not keep the caller's stderr */
	sigset_t before;
	pid_t parent;
	bool stays;
};

/* ------------------------------------------------------------------------------------ the broker */

static void settle(void *data)
{
	const struct connection *connection = data;

	if (connection->stays)
		prctl(PR_SET_PDEATHSIG, 0);
}

static bool write_all(int fd, const void *data, size_t size)
{
	const char *at = data;

	while (size) {
		ssize_t n = write(fd, at, size);

		if (n < 0 && errno != EINTR)
			return false;
		at += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* Who asked for it may have gone. */
static int ready(void *data, struct json_object *report)
{
	struct connection *connection = data;
	const char *text = json_object_to_json_string_ext(report, JSON_C_TO_STRING_PLAIN);
	bool told = text && write_all(connection->answer[1], "", 1) &&
		    write_all(connection->answer[1], text, strlen(text));

	json_object_put(report);
	close(connection->answer[1]);
	connection->answer[1] = -1;
	return told ? CLI_YES : CLI_FAILED;
}

static void set_standard_fds(const struct connection *connection)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		close(null);
	}
	if (connection->stays)
		dup2(connection->errors[1], STDERR_FILENO);
}

_Noreturn static void run_broker(struct cli_call *call, const struct host_setup *setup,
				 struct connection *connection)
{
	const struct cli_serving serving = { .recorded = connection->stays,
					     .settle = settle,
					     .ready = ready,
					     .data = connection,
					     .seconds = (int)cli_option(call, "timeout")->number,
					     .background = connection->stays };
	char status;

	sigprocmask(SIG_SETMASK, &connection->before, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != connection->parent)
		_exit(CLI_FAILED);
	setsid(); /* what a terminal sends is for the launcher, which decides what to do about it */
	set_standard_fds(connection);
	close(connection->answer[0]);
	close(connection->errors[0]);
	close(connection->errors[1]);
	status = (char)cli_serve(call, setup, &serving);
	if (connection->answer[1] >= 0)
		write_all(connection->answer[1], &status, 1);
	_exit((unsigned char)status);
}

/* ------------------------------------------------------------------------------------ its parent */

static int fail_start(const char *call, int code)
{
	return cli_fail(CLI_FAILED, NULL, "cannot start a process that serves the devices: %s: %s",
			call, strerror(code));
}

/* An ignored signal stays ignored, although it is blocked. */
static void block_ending(sigset_t *ret, sigset_t *ret_before)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction action;

	sigemptyset(ret);
	for (size_t i = 0; i < DOC_COUNT(numbers); i++)
		if (sigaction(numbers[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaddset(ret, numbers[i]);
	sigprocmask(SIG_BLOCK, ret, ret_before);
}

/* All that can be read; false at the end. */
static bool copy_errors(int fd)
{
	char text[4096];
	ssize_t n = read(fd, text, sizeof(text));

	if (n > 0)
		write_all(STDERR_FILENO, text, (size_t)n);
	return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

struct answer {
	char *text; /* as it came */
	size_t len;
	int signal; /* one that came meanwhile */
};

static bool read_answer(int fd, struct answer *answer)
{
	char *text = realloc(answer->text, answer->len + 4097);
	ssize_t n;

	if (!text)
		return false;
	answer->text = text;
	n = read(fd, text + answer->len, 4096);
	answer->len += n > 0 ? (size_t)n : 0;
	text[answer->len] = '\0';
	return n > 0 || (n < 0 && errno == EINTR);
}

static void pass_signal(int fd, const struct cli_broker *broker, struct answer *answer)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != sizeof(info))
		return;
	answer->signal = (int)info.ssi_signo;
	kill(broker->pid, answer->signal);
}

/* Until it has answered, or cannot any more. */
static void wait_for_answer(const struct connection *connection, const struct cli_broker *broker,
			    int signals, struct answer *answer)
{
	struct pollfd fds[] = { { connection->answer[0], POLLIN, 0 },
				{ signals, POLLIN, 0 },
				{ connection->errors[0], POLLIN, 0 } };

	for (;;) {
		if (poll(fds, DOC_COUNT(fds), -1) < 0)
			continue;
		if (fds[2].revents && !copy_errors(connection->errors[0]))
			fds[2].fd = -1;
		if (fds[1].revents)
			pass_signal(signals, broker, answer);
		if (fds[0].revents && !read_answer(connection->answer[0], answer))
			return;
	}
}

/* A parent that ignores SIGCHLD gets no exit status, but waits all the same. */
static void wait_for_end(const struct cli_broker *broker)
{
	while (waitpid(broker->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* What it still had to say.  One that stays keeps its end open. */
static void drain_errors(int fd)
{
	fcntl(fd, F_SETFL, O_NONBLOCK);
	for (struct pollfd now = { .fd = fd, .events = POLLIN }; poll(&now, 1, 0) == 1;)
		if (!copy_errors(fd))
			return;
}

static int conclude(struct answer *answer, struct cli_broker *broker, int errors)
{
	int status = answer->len ? (unsigned char)answer->text[0] : CLI_FAILED;

	if (answer->len > 1 && !answer->signal)
		broker->report = json_tokener_parse(answer->text + 1);
	if (!broker->report)
		wait_for_end(broker);
	drain_errors(errors);
	if (broker->report)
		return CLI_YES;
	if (!answer->len)
		return cli_fail(CLI_FAILED, NULL,
				"the process that was to serve the devices was killed");
	return answer->signal ? (int)HOST_SIGNAL + answer->signal : status ? status : CLI_FAILED;
}

static int run_parent(struct connection *connection, const sigset_t *ending,
		      struct cli_broker *broker)
{
	int signals = signalfd(-1, ending, SFD_CLOEXEC), status;
	struct answer answer = { 0 };

	close(connection->answer[1]);
	close(connection->errors[1]);
	wait_for_answer(connection, broker, signals, &answer);
	status = conclude(&answer, broker, connection->errors[0]);
	free(answer.text);
	if (signals >= 0)
		close(signals);
	close(connection->answer[0]);
	close(connection->errors[0]);
	return status;
}

int cli_broker_start(struct cli_call *call, const struct host_setup *setup, bool stays,
		     struct cli_broker *ret)
{
	struct connection connection = { .parent = getpid(), .stays = stays };
	sigset_t ending;
	int status;

	*ret = (struct cli_broker){ .parent = getpid() };
	if (pipe2(connection.answer, O_CLOEXEC))
		return fail_start("pipe2", errno);
	if (pipe2(connection.errors, O_CLOEXEC)) {
		status = fail_start("pipe2", errno);
		close(connection.answer[0]);
		close(connection.answer[1]);
		return status;
	}
	block_ending(&ending, &connection.before);
	ret->pid = fork();
	if (ret->pid == 0)
		run_broker(call, setup, &connection);
	if (ret->pid > 0)
		status = run_parent(&connection, &ending, ret);
	else
		status = fail_start("fork", errno);
	sigprocmask(SIG_SETMASK, &connection.before, NULL);
	return status;
}

/* One that is stopped ends when it goes on. */
void cli_broker_end(const struct cli_call *call, struct cli_broker *broker)
{
	siginfo_t info = { 0 };

	if (getpid() != broker->parent)
		return;
	if (waitid(P_PID, (id_t)broker->pid, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid)
		cli_warn(call, "the process that served the devices had ended before");
	else if (kill(broker->pid, SIGTERM) == 0)
		kill(broker->pid, SIGCONT);
	wait_for_end(broker);
	json_object_put(broker->report);
	broker->report = NULL;
}
