/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Room: doc.  Gives back what read.c allocated, also when it stopped half way.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static void clear_value(const struct doc_field *field, void *at)
{
	struct doc_list *list = at;

	switch (field->type) {
	case DOC_STRING:
		free(*(char **)at);
		break;
	case DOC_OBJECT:
		if (!(field->flags & DOC_OPTIONAL)) {
			doc_clear(field->table, at);
		} else if (*(void **)at) {
			doc_clear(field->table, *(void **)at);
			free(*(void **)at);
		}
		break;
	case DOC_STRINGS:
		for (size_t i = 0; i < list->count; i++)
			free(((char **)list->items)[i]);
		free(list->items);
		break;
	case DOC_OBJECTS:
		for (size_t i = 0; i < list->count; i++)
			doc_clear(field->table, (char *)list->items + i * field->table->size);
		free(list->items);
		break;
	case DOC_UINTS:
		free(list->items);
		break;
	default:
		break;
	}
}

void doc_clear(const struct doc_table *table, void *data)
{
	for (size_t i = 0; i < table->count; i++)
		clear_value(&table->fields[i], doc_at(&table->fields[i], data));
	memset(data, 0, table->size);
}
