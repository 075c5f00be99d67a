/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * list-serve - a device of two queue pairs that is served to a real launcher by a process that ends if it makes a
 * system call that is not in the list.  Prints the path of the socket; with a byte on stdin it ends, and its
 * status says how the process did.
 */
#include <stdio.h>
#include <unistd.h>

#include "confine.h"
#include "confined.h"

static int confine(void *data)
{
	confine_prepare();
	return confine_calls(CONFINE_ALL, true);
}

int main(void)
{
	struct confined confined;
	char byte;

	confined_start(&confined, confine, NULL);
	puts(confined.path);
	fflush(stdout);
	(void)!read(STDIN_FILENO, &byte, 1);
	return !confined_end(&confined);
}
