/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommu-channel - a channel that is not there, is full or has been closed: nobody waits for it.
 */
#include <errno.h>
#include <sys/time.h>

#include "channel.h"

static void misses_wait_for_a_channel(void **state)
{
	front_negotiate(&served.front);
	assert_told(&served.front, front_table(&served.front, served.front.memory, FRONT_SIZE));
	channel_give_rings(256);
	assert_int_equal(channel_session()->misses, 2);
	channel_open();
	assert_int_equal(channel_next(RW), IOVA + 0x2000);
	assert_int_equal(channel_next(RW), IOVA + 0xa000);
	assert_int_equal(channel_session()->misses, 0);
}

/* It has the newest of them, each once. */
static void misses_that_wait_are_not_too_many(void **state)
{
	channel_up();
	channel_close();
	for (uint64_t i = 0; i < 2 * SESSION_MISSES; i++)
		for (int twice = 0; twice < 2; twice++)
			channel_miss(i * PAGE, VHC_PERM_READ);
	assert_int_equal(channel_session()->misses, SESSION_MISSES);
	assert_int_equal(channel_session()->miss[0].iova, SESSION_MISSES * PAGE);
	assert_int_equal(channel_session()->miss[SESSION_MISSES - 1].iova,
			 (2 * SESSION_MISSES - 1) * PAGE);
}

/* Neither this front-end's messages nor others wait for it; it is asked when it has read. */
static void full_channel_is_waited_for(void **state)
{
	uint64_t raised = 0, asked = 0, at;

	channel_up();
	while (!channel_session()->misses) {
		assert_true(raised < 100000);
		channel_miss(raised++ * PAGE, VHC_PERM_READ);
	}
	channel_miss(raised++ * PAGE, VHC_PERM_READ);
	assert_true(channel_session()->room.fd >= 0);
	served_turn();
	assert_int_equal(channel_session()->misses, 2);
	assert_told(&served.front, channel_update(0, 2 * PAGE, FRONT_USER));
	for (int i = 0; i < 100 && (channel_session()->misses || asked < raised); i++) {
		for (; (at = channel_next(VHC_PERM_READ)) || !asked; asked++)
			assert_int_equal(at, asked * PAGE);
		served_turn();
	}
	assert_int_equal(asked, raised);
	assert_int_equal(channel_session()->misses, 0);
	assert_int_equal(channel_session()->room.fd, -1);
}

/* The next one gets what is still to be asked. */
static void closed_channel_is_given_up(void **state)
{
	channel_up();
	channel_close();
	channel_miss(0x1000, VHC_PERM_READ);
	channel_expect_said("cannot be asked for addresses any more");
	assert_int_equal(channel_session()->channel, -1);
	channel_miss(0x2000, VHC_PERM_READ);
	assert_told(&served.front, channel_update(IOVA, PAGE, FRONT_USER));
	channel_open();
	assert_int_equal(channel_next(VHC_PERM_READ), 0x1000);
	assert_int_equal(channel_next(VHC_PERM_READ), 0x2000);
}

/* While something waits for room in it. */
static void channel_that_closes_when_full_is_given_up(void **state)
{
	channel_up();
	for (uint64_t i = 0; !channel_session()->misses; i++)
		channel_miss(i * PAGE, VHC_PERM_READ);
	channel_close();
	served_turn();
	assert_int_equal(channel_session()->channel, -1);
	assert_int_equal(channel_session()->room.fd, -1);
	channel_expect_said("cannot be asked for addresses any more");
}

static void note_alarm(void *data, enum vhc_level level, const char *line)
{
	struct itimerval alarm;

	assert_int_equal(getitimer(ITIMER_REAL, &alarm), 0);
	if (strstr(line, "cannot be asked"))
		*(int *)data = alarm.it_value.tv_sec || alarm.it_value.tv_usec;
}

/* Its close may wait for what the front-end has put into it, also when it is a client's call that needs an address. */
static void close_of_the_channel_on_resume_is_ended(void **state)
{
	int ended = -1;

	channel_up();
	assert_int_equal(broker_device_stop(served.front.device), 0);
	assert_told(&served.front, channel_invalidate(0, 0));
	channel_close();
	served.front.broker.options.say = note_alarm;
	served.front.broker.options.data = &ended;
	assert_int_equal(broker_device_resume(served.front.device), 0);
	assert_int_equal(channel_session()->channel, -1);
	assert_int_equal(ended, 1);
	served_say(&served.front);
}

/* A reset, and another front-end, know nothing of those of before. */
static void reset_and_end_forget_misses(void **state)
{
	for (int i = 0; i < 2; i++) {
		channel_up();
		for (uint64_t j = 0; !channel_session()->misses; j++)
			channel_miss(j * PAGE, VHC_PERM_READ);
		if (i) {
			front_disconnect(&served.front);
			assert_int_equal(channel_session()->channel, -1);
		} else {
			served.front.message = (struct wire_message){ 0 };
			assert_told(&served.front, front_tell(&served.front, WIRE_RESET_DEVICE));
			assert_int_equal(channel_update(IOVA, PAGE, FRONT_USER), -EOPNOTSUPP);
		}
		assert_int_equal(channel_session()->misses, 0);
		assert_int_equal(channel_session()->room.fd, -1);
	}
	channel_up(); /* with what it is told itself */
	channel_expect_inside();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHANNEL_TEST(misses_wait_for_a_channel),
		CHANNEL_TEST(misses_that_wait_are_not_too_many),
		CHANNEL_TEST(full_channel_is_waited_for),
		CHANNEL_TEST(closed_channel_is_given_up),
		CHANNEL_TEST(channel_that_closes_when_full_is_given_up),
		CHANNEL_TEST(close_of_the_channel_on_resume_is_ended),
		CHANNEL_TEST(reset_and_end_forget_misses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
