/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * describe - the interface in varlink's own language, written from its tables.
 */
#include <stdio.h>
#include <stdlib.h>

#include "interface.h"

const char *control_describe_service(void)
{
	return "# What every varlink service has.\n"
	       "interface " CONTROL_SERVICE "\n\n"
	       "method GetInfo() -> (\n"
	       "  vendor: string,\n"
	       "  product: string,\n"
	       "  version: string,\n"
	       "  url: string,\n"
	       "  interfaces: []string\n"
	       ")\n\n"
	       "method GetInterfaceDescription(interface: string) -> (description: string)\n\n"
	       "error InterfaceNotFound (interface: string)\n\n"
	       "error MethodNotFound (method: string)\n\n"
	       "error MethodNotImplemented (method: string)\n\n"
	       "error InvalidParameter (parameter: string)\n\n"
	       "error PermissionDenied ()\n\n"
	       "error ExpectedMore ()\n";
}

/* Each line of a text as a comment. */
static void put_comment(FILE *out, const char *indent, const char *text)
{
	fprintf(out, "%s# ", indent);
	for (; *text; text++) {
		fputc(*text, out);
		if (*text == '\n')
			fprintf(out, "%s# ", indent);
	}
	fputc('\n', out);
}

static const char *name_of(const struct doc_table *table)
{
	for (const struct control_type *type = control_types; type->name; type++)
		if (type->table == table)
			return type->name;
	return "object"; /* of another interface */
}

static void put_choices(FILE *out, const char *const *choices)
{
	for (const char *const *choice = choices; *choice; choice++)
		fprintf(out, "%s%s", choice == choices ? "(" : ", ", *choice);
	fputc(')', out);
}

static void put_type(FILE *out, const struct doc_field *field)
{
	if (!(field->flags & DOC_REQUIRED))
		fputc('?', out);
	switch (field->type) {
	case DOC_STRING:
	case DOC_HEX:
		fputs("string", out);
		break;
	case DOC_UINT:
		fputs("int", out);
		break;
	case DOC_BOOL:
		fputs("bool", out);
		break;
	case DOC_CHOICE:
		put_choices(out, field->choices);
		break;
	case DOC_OBJECTS:
		fprintf(out, "[]%s", name_of(field->table));
		break;
	case DOC_OBJECT:
		fputs(name_of(field->table), out);
		break;
	default:
		abort(); /* no table has it: a test writes them all */
	}
}

static void put_struct(FILE *out, const struct doc_table *table)
{
	fputs(table->count ? "(\n" : "(", out);
	for (size_t i = 0; i < table->count; i++) {
		const struct doc_field *field = &table->fields[i];

		put_comment(out, "  ", field->help);
		fprintf(out, "  %s: ", field->key);
		put_type(out, field);
		fputs(i + 1 < table->count ? ",\n" : "\n", out);
	}
	fputc(')', out);
}

static void put_interface(FILE *out)
{
	put_comment(out, "",
		    "The devices of a broker, 'vhostctl serve'.  A set of features is a "
		    "string,\n\"0x...\", of 64 bits.");
	fputs("interface " CONTROL_INTERFACE "\n", out);
	for (const struct control_type *type = control_types; type->name; type++) {
		fputc('\n', out);
		put_comment(out, "", type->table->help);
		fprintf(out, "type %s ", type->name);
		put_struct(out, type->table);
		fputc('\n', out);
	}
	for (size_t i = 0; i < CONTROL_METHODS; i++) {
		const struct control_method_row *method = &control_methods[i];

		fputc('\n', out);
		put_comment(out, "", method->help);
		fprintf(out, "method %s", method->name);
		put_struct(out, method->parameters);
		fputs(" -> ", out);
		put_struct(out, method->reply);
		fputc('\n', out);
	}
	for (const struct control_error_row *error = control_errors; error->name; error++) {
		fputc('\n', out);
		put_comment(out, "", error->help);
		fprintf(out, "error %s ", error->name);
		put_struct(out, error->parameters);
		fputc('\n', out);
	}
}

char *control_describe(void)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool failed;

	if (!out)
		return NULL;
	put_interface(out);
	failed = ferror(out);
	if (!fclose(out) && !failed)
		return text;
	free(text);
	return NULL;
}
