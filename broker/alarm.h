/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * alarm - a call that waits for a front-end, although none should, ends with EINTR.
 *
 * An eventfd that is blocking can be filled between the look at it and the write, on purpose, and the last fd of a TCP
 * socket can be one that waits for its peer when it is closed.  One process has one alarm; its signal is SIGALRM.
 */
#ifndef BROKER_ALARM_H
#define BROKER_ALARM_H

#define BROKER_ALARM 1	   /* s until the first such call ends */
#define BROKER_NEXT  10000 /* us until each further one does: a message can bring several */

/** broker_alarm_begin() - from now on, interrupt a call that waits; again and again, until the end. */
void broker_alarm_begin(void);
void broker_alarm_end(void);

#endif
