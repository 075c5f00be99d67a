/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The feature bits in a message: numbers become sets, and sets become names.
 */
#ifndef EXPLAIN_BITS_H
#define EXPLAIN_BITS_H

#include "explain.h"
#include "match.h"

/*
 * The bits that a row's holes are about.  Bits from 256 on are nobody's and left out.
 */
struct vhc_features bits_of(enum explain_bits which, const struct match *match);

/* Each of them as a row.  Errors: -ENOMEM. */
int bits_list(enum vhc_type type, enum explain_bits which, const struct vhc_features *set,
	      struct doc_list *ret);

#endif
