/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Words for a shell.
 */
#include <string.h>

#include "program/cli.h"

/* What a shell reads as one word: as it is, in quotes, or with control characters as \ooo. */
void cli_put_word(FILE *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "_-+=,./:@%^";
	bool control = false;

	if (*word && !word[strspn(word, plain)]) {
		fputs(word, out);
		return;
	}
	for (const char *c = word; *c; c++)
		control = control || (unsigned char)*c < ' ' || *c == 0x7f;
	fputs(control ? "$'" : "'", out);
	for (const char *c = word; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			fprintf(out, "\\%03o", (unsigned char)*c);
		else if (*c == '\'')
			fputs(control ? "\\'" : "'\\''", out);
		else
			fprintf(out, "%s%c", control && *c == '\\' ? "\\" : "", *c);
	}
	fputc('\'', out);
}
