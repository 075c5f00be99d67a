/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * report - the result of a test.
 */
#ifndef REPORT_H
#define REPORT_H

#include "guest.h"
#include "wire.h"

/* Prints it.  Returns the exit status. */
int report(const struct ram *ram, const struct wire *wire, const struct life_case *row, bool ended);

#endif
