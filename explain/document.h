/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXPLAIN_DOCUMENT_H
#define EXPLAIN_DOCUMENT_H

#include "explain.h"

/* of struct explained */
extern const struct doc_table explained_table;

#endif
