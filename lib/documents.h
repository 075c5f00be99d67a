/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * documents - the tables of the documents that the library writes, for the schemas.
 */
#ifndef LIB_DOCUMENTS_H
#define LIB_DOCUMENTS_H

#include "doc.h"

extern const struct doc_table vhc_plan_doc;
extern const struct doc_table vhc_caps_doc;
extern const struct doc_table vhc_state_doc;

#endif
