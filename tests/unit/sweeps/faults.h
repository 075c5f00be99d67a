/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * faults - what a test expects of a call of the library in which a system call failed.
 */
#ifndef TESTS_FAULTS_H
#define TESTS_FAULTS_H

#include "life.h"

/** faults_words() - what the error's text says of a system call that failed. */
const char *faults_words(const char *call);

/** faults_may_pass() - may the act succeed although this system call failed? */
bool faults_may_pass(const struct act *act, const char *call, int error);

#endif
