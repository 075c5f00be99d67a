/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * clients - the clients of the control socket.
 */
#ifndef BROKER_CLIENTS_H
#define BROKER_CLIENTS_H

#include "control.h"

struct broker_control;
struct broker_device;

/** broker_changed() - tell the clients that monitor. */
void broker_changed(const struct broker_device *device, enum control_event event);
/** broker_control_left() - ms until a message of a client is overdue; -1: none is on its way. */
int broker_control_left(const struct broker_control *control);
/** broker_control_end_overdue() - disconnect the clients whose message is. */
void broker_control_end_overdue(struct broker_control *control);
void broker_control_free(struct broker_control *control);

#endif
