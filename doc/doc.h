/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doc - strict JSON documents, each driven by one table of fields.
 *
 * The lowest room: json-c and libc, no vhost, no system call.  One table per document drives its
 * reader, its writer, its schema and its help, so the four cannot disagree.
 *
 * Strict means: RFC 8259 and nothing more; UTF-8; no NUL and no lone surrogate in a string; every
 * key known and given once; the type that the table says, never coerced; whole numbers within 64
 * bits; nothing after the root object; at most DOC_MAX_SIZE bytes, DOC_MAX_DEPTH levels,
 * DOC_MAX_KEYS keys in an object and DOC_MAX_VALUES values.  An error has the JSON pointer and the
 * line.
 */
#ifndef DOC_H
#define DOC_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DOC_MAX_SIZE  (1u << 20)
#define DOC_MAX_DEPTH 16u
#define DOC_MAX_KEYS  256u /* in one object */
/*
 * Objects, arrays and scalars of a whole document, each of which takes up to 700 bytes of memory: enough
 * for a device with 512 rings and 3000 regions of memory.
 */
#define DOC_MAX_VALUES 16384u

enum doc_type {
	DOC_STRING, /* char *, NULL when absent */
	DOC_UINT,   /* uint64_t; in JSON a number.  When max is 0 or above 2^53, where other readers
			lose digits, also a string "0x..." or "123" */
	DOC_HEX,    /* uint64_t; written as "0x..."; read from that, "123" or a number */
	DOC_BOOL,   /* bool */
	DOC_MAYBE,  /* uint32_t: enum doc_maybe; a boolean whose absence means something else */
	DOC_CHOICE, /* uint32_t: index into choices */
	DOC_OBJECT, /* struct, embedded; with DOC_OPTIONAL a pointer, NULL when absent */
	DOC_STRINGS, /* struct doc_list of char * */
	DOC_OBJECTS, /* struct doc_list of structs */
	DOC_UINTS,   /* struct doc_list of uint64_t, each like DOC_HEX */
	DOC_NUMBERS  /* struct doc_list of uint64_t, each a number of at most 32 bits */
};

enum doc_maybe { DOC_ABSENT, DOC_FALSE, DOC_TRUE };

struct doc_list {
	void *items; /* an array of char *, of uint64_t, or of structs of the field's table */
	size_t count;
};

enum {
	DOC_REQUIRED = 1 << 0, /* absent is an error; an empty list is written */
	DOC_OPTIONAL = 1 << 1, /* DOC_OBJECT: a pointer that stays NULL */
	DOC_POWER_2 = 1 << 2   /* a number: only powers of two (min and max are needed) */
};

struct doc_table;

struct doc_field {
	const char *key;
	enum doc_type type;
	uint32_t flags;
	size_t offset; /* in the struct that the table describes */
	uint64_t min,
		max; /* of a number; of a string's bytes; of a list's count; max 0: no limit */
	uint64_t
		preset; /* number, bool or choice when absent; a number outside min to max means "not
			    given" and is not written */
	const char *const *choices; /* DOC_CHOICE: NULL-terminated */
	const char
		*word;	/* DOC_UINT: what the preset is in the document; it is then written, too */
	uint32_t when;	/* a bit for each choice of the table's selector with which the key may be
			     given; 0: all */
	uint32_t since; /* of a table with minors: the first minor that has the key */
	const struct doc_table *table;	 /* DOC_OBJECT, DOC_OBJECTS */
	bool (*check)(const char *text); /* DOC_STRING(S): is it valid?  NULL: any is */
	const char *pattern;		 /* the same rule for the schema (ECMA 262) */
	const char *rule; /* the same rule in words, for messages; NULL: the pattern */
	const char *help; /* one line: its meaning and unit */
};

struct doc_table {
	const char *kind; /* of a whole document ("vhost-setup"); NULL for a part of one */
	uint32_t version; /* the only one that is read; 0 for a part */
	bool minors;	  /* of a document that also has the key "minor": */
	uint32_t minor;	  /* the newest that is read */
	size_t minor_at;  /* where the struct has the document's own, a uint32_t */
	size_t size;	  /* of the struct */
	const char *help; /* what this object is, one line */
	const struct doc_field *selector; /* a DOC_CHOICE of this table on which others depend, and
					     which precedes them; NULL: none */
	const struct doc_field *fields;
	size_t count;
};

/* How rooms define their tables: a member of a struct becomes the key of the same name. */
#define DOC_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DOC_FIELD(struct_name, member, doc_type, ...)                                             \
	{                                                                                         \
		.key = #member, .type = doc_type, .offset = offsetof(struct struct_name, member), \
		__VA_ARGS__                                                                       \
	}
/* A field that must be there. */
#define DOC_NEED(struct_name, member, doc_type, ...) \
	DOC_FIELD(struct_name, member, doc_type, .flags = DOC_REQUIRED, __VA_ARGS__)
/* A part of a document. */
#define DOC_PART(struct_name, fields_, help_)                                         \
	{                                                                             \
		.size = sizeof(struct struct_name), .help = help_, .fields = fields_, \
		.count = DOC_COUNT(fields_)                                           \
	}
/* A whole document, in its first version. */
#define DOC_TABLE(kind_, struct_name, fields_, help_)                                           \
	{                                                                                       \
		.kind = kind_, .version = 1, .size = sizeof(struct struct_name), .help = help_, \
		.fields = fields_, .count = DOC_COUNT(fields_)                                  \
	}

/* Why a document was refused.  text is one sentence without pointer and line. */
struct doc_error {
	unsigned int line; /* 1 is the first; 0 when there is none */
	char pointer[256]; /* JSON pointer (RFC 6901) of the value; "" is the root */
	char text[512];
};

/**
 * doc_read() - read a whole document into a struct.
 * @text: @len bytes, need not be NUL-terminated.  @ret: a struct of table->size bytes, overwritten;
 * pass it to doc_clear() after success.  After a failure there is nothing to clear.
 * The keys "kind", "version" and "minor" are read first, for a table that has a kind, and
 * are not fields: a document of a newer library is reported as such, whatever else is in it.
 * One of an older library has none of the keys that came later.
 * Errors: -EINVAL or -E2BIG (too long, or too many values), with @err filled; -ENOMEM.
 */
int doc_read(const struct doc_table *table, const char *text, size_t len, void *ret,
	     struct doc_error *err);

/**
 * doc_read_with() - the same of a document in whose strings "${NAME}" stands for a value, and in place of
 * a number too.  @variables: "NAME=VALUE", NULL-terminated.  Errors: also -EINVAL for one that is not there.
 */
int doc_read_with(const struct doc_table *table, const char *text, size_t len,
		  char *const *variables, void *ret, struct doc_error *err);

/** doc_variable_len() - bytes of the variable's name that @text begins with; 0: none. */
size_t doc_variable_len(const char *text);

/** doc_clear() - free what doc_read() allocated within a struct, and zero it. */
void doc_clear(const struct doc_table *table, void *data);

/**
 * doc_write() - the struct as a JSON tree, with kind and version first; with minors, as a document
 * of the struct's own.  NULL: no memory.
 */
struct json_object *doc_write(const struct doc_table *table, const void *data);

enum doc_form { DOC_PRETTY, DOC_COMPACT };

/** doc_text() - the same as text, for free(3).  NULL: no memory. */
char *doc_text(const struct doc_table *table, const void *data, enum doc_form form);

/**
 * doc_append() - one more zeroed item of @size bytes at the end of a list that has only been grown
 * this way.  NULL: no memory, and the list is as it was.  Items may move.
 */
void *doc_append(struct doc_list *list, size_t size);

#define DOC_MAC_TEXT 18u /* bytes of a MAC address as text, with its NUL */

/** doc_mac_parse() - "52:54:00:12:34:56", in either case.  False, @ret untouched: it is none. */
bool doc_mac_parse(const char *text, uint8_t ret[6]);
/** doc_mac_format() - the same as text, in lower case. */
void doc_mac_format(const uint8_t mac[6], char text[DOC_MAC_TEXT]);
/** doc_mac_is_unicast() - may a single device have this address?  Not multicast, not all zero. */
bool doc_mac_is_unicast(const uint8_t mac[6]);

/*
 * Texts for terminals.  A control character (of ASCII, U+0080 to U+009F, one that ends a line or turns the
 * direction of text) and a byte that is not UTF-8 are shown as \uXXXX, so that no escape sequence reaches a
 * terminal.  All messages pass through here.
 */
#define DOC_ESCAPE_MAX 6u /* bytes that one becomes */

/** doc_ascii_len() - bytes of printable ASCII at @text: most texts are nothing else, and pass whole. */
size_t doc_ascii_len(const char *text);
/** doc_printable_len() - bytes of the printable character at @text; 0 when there is none. */
size_t doc_printable_len(const char *text);
/** doc_is_printable() - has @text printable characters only? */
bool doc_is_printable(const char *text);
/**
 * doc_escape_first() - the first character of *text as doc_escape() shows it; *text goes past it.
 * Returns @buf.
 */
const char *doc_escape_first(char buf[DOC_ESCAPE_MAX + 1], const char **text);
/**
 * doc_escape() - the text for a terminal, cut at a character when @size (at least 1) is too small.
 * Returns @buf, which may not be @text.
 */
char *doc_escape(char *buf, size_t size, const char *text);

/** doc_schema() - the JSON Schema (draft 2020-12) of a table's document.  NULL: no memory. */
struct json_object *doc_schema(const struct doc_table *table);

/**
 * doc_help() - kind and version, then the fields, as a JSON array of objects {field, type, default,
 * help} with dotted paths such as "devices[].tap.name", for people.  NULL: no memory.
 */
struct json_object *doc_help(const struct doc_table *table);

/**
 * doc_fail() - fill @err for a violated rule that no table can express, found after doc_read().
 * @text, @len: the document again, to find the line; may be NULL.  @pointer: as in doc_error.  The
 * arguments may be fields of @err.
 * Returns -EINVAL.
 */
int doc_fail(struct doc_error *err, const char *text, size_t len, const char *pointer,
	     const char *format, ...) __attribute__((format(printf, 5, 6)));

/**
 * doc_scan() - check the syntax of a JSON text: everything above that needs no table.
 * @pointer: when not NULL, also find the line of that value.  @ret_line may be NULL.
 */
int doc_scan(const char *text, size_t len, const char *pointer, unsigned int *ret_line,
	     struct doc_error *err);

#endif
