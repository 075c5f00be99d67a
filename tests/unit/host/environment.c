/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of a launcher's environment. */
#include <unistd.h>

#include "launch_test.h"

static const char *variable(char **env, const char *name)
{
	size_t len = strlen(name);
	const char *found = NULL;

	for (; *env; env++) {
		if (strncmp(*env, name, len) != 0 || (*env)[len] != '=')
			continue;
		assert_null(found); /* never twice */
		found = *env + len + 1;
	}
	return found;
}

static void launch_environment_names_fds(void **state)
{
	char *arguments[] = { (char *)(uintptr_t) "@net0.netdev@ @net0.device@ @b.netdev@", NULL };
	char *none[] = { (char *)(uintptr_t) "@net0.mac@", NULL }, pid[20];
	const char *devices =
		NET(",\"queue_pairs\":2,\"ring_size\":512" TAP("\"mac\":\"52:54:00:00:00:01\"")
			    MASK("\"guest_announce\"")) ",{\"id\":\"b\",\"type\":\"net\"}";
	static const char *const styles[] = { "", "\"style\":\"env\"", "\"style\":\"listen-fds\"" };

	setenv("LISTEN_FDS", "7", 1);
	setenv("LISTEN_PID", "1", 1);
	setenv("LISTEN_FDNAMES", "x", 1);
	setenv("LISTEN_PIDFDID", "1", 1);
	setenv("VHOSTCTL_FDS", "x", 1);
	setenv("VHOSTCTL_DEVICES", "x", 1);
	setenv("OTHER", "stays", 1);
	snprintf(pid, sizeof(pid), "%d", getpid());
	for (size_t i = 0; i < COUNT(styles); i++) {
		struct host_launch *launch;
		struct host_error err;
		struct said said;
		char **env;

		assert_non_null(expand(devices, styles[i], false, i ? none : arguments, &said,
				       &launch, &err));
		assert_int_equal(host_launch_environment(launch, &err), 0);
		env = launch->env;
		assert_string_equal(variable(env, "VHOSTCTL_DEVICES"),
				    "net0.queues=2 net0.ring_size=512 net0.mac=52:54:00:00:00:01 "
				    "net0.mask=guest_announce");
		assert_string_equal(variable(env, "VHOSTCTL_FDS"),
				    "net0.tap.0=3,net0.tap.1=4,net0.vhost.0=5,net0.vhost.1=6,"
				    "b.tap.0=7,b.vhost.0=8");
		assert_string_equal(variable(env, "VHOSTCTL_VHOST"), "on");
		assert_string_equal(variable(env, "OTHER"), "stays");
		assert_null(variable(env, "LISTEN_PIDFDID"));
		if (i == 2) {
			assert_string_equal(variable(env, "LISTEN_PID"), pid);
			assert_string_equal(variable(env, "LISTEN_FDS"), "6");
			assert_string_equal(variable(env, "LISTEN_FDNAMES"),
					    "net0.tap.0:net0.tap.1:net0.vhost.0:net0.vhost.1:"
					    "b.tap.0:b.vhost.0");
		} else {
			assert_null(variable(env, "LISTEN_PID"));
			assert_null(variable(env, "LISTEN_FDS"));
			assert_null(variable(env, "LISTEN_FDNAMES"));
		}
		host_launch_free(launch);
	}
}

static void launch_environment_without_vhost_names_taps_only(void **state)
{
	char *arguments[] = { (char *)(uintptr_t) "@net0.tapfds@", NULL };
	struct host_launch *launch;
	struct host_error err;
	struct said said;

	assert_non_null(expand(NET(""), "", true, arguments, &said, &launch, &err));
	assert_int_equal(host_launch_environment(launch, &err), 0);
	assert_string_equal(variable(launch->env, "VHOSTCTL_VHOST"), "off");
	assert_string_equal(variable(launch->env, "VHOSTCTL_FDS"), "net0.tap.0=3");
	host_launch_free(launch);
}

/* That of a guest with a name is its own, though the config has none. */
static void launch_environment_has_the_mac_of_a_guest_with_a_name(void **state)
{
	char *arguments[] = { (char *)(uintptr_t) "true", NULL };
	struct host_options options = { .ctx = ctx, .launcher = arguments };
	struct host_setup *setup = read_setup(
		ctx, "{\"kind\":\"vhost-setup\",\"version\":1,\"name\":\"vm1\",\"devices\":["
		     "{\"id\":\"net0\",\"type\":\"net\"}],\"launcher\":{\"style\":\"env\"}}");
	struct host_launch *launch;
	struct host_error err;
	char wanted[60];

	snprintf(wanted, sizeof(wanted), "net0.mac=%s", host_device(setup, 0)->tap.mac);
	assert_int_equal(host_launch_new(&options, setup, NULL, &launch, &err), 0);
	assert_int_equal(host_launch_environment(launch, &err), 0);
	assert_string_equal(variable(launch->env, "VHOSTCTL_DEVICES"), wanted);
	host_launch_free(launch);
	host_setup_free(setup);
}

/* systemd-vmspawn(1) finds its device by this name. */
static void listen_fds_calls_a_vsock_device_vhost_vsock(void **state)
{
	char *arguments[] = { (char *)(uintptr_t) "vmspawn", NULL };
	const char *devices = NET("") "," VSOCK(",\"cid\":7");
	struct host_launch *launch;
	struct host_error err;
	struct said said;

	assert_non_null(expand(devices, "\"style\":\"listen-fds\"", false, arguments, &said,
			       &launch, &err));
	assert_int_equal(host_launch_environment(launch, &err), 0);
	assert_string_equal(variable(launch->env, "LISTEN_FDNAMES"),
			    "net0.tap.0:net0.vhost.0:vhost-vsock");
	assert_string_equal(variable(launch->env, "VHOSTCTL_FDS"),
			    "net0.tap.0=3,net0.vhost.0=4,v.vhost.0=5");
	assert_string_equal(variable(launch->env, "VHOSTCTL_DEVICES"), "v.cid=7");
	host_launch_free(launch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(launch_environment_names_fds),
		cmocka_unit_test(launch_environment_without_vhost_names_taps_only),
		cmocka_unit_test(launch_environment_has_the_mac_of_a_guest_with_a_name),
		cmocka_unit_test(listen_fds_calls_a_vsock_device_vhost_vsock),
	};

	return run_with_context(&ctx, tests, COUNT(tests));
}
