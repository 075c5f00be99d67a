/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Growing lists, and freeing what a document holds.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* The capacity doubles, so it follows from the count. */
void *doc_append(struct doc_list *list, size_t size)
{
	const size_t count = list->count;
	char *items = list->items;

	if ((count & (count - 1)) == 0) {
		items = realloc(items, (count ? 2 * count : 1) * size);
		if (!items)
			return NULL;
		list->items = items;
	}
	list->count++;
	return memset(items + count * size, 0, size);
}

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
	case DOC_NUMBERS:
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
