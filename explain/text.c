/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Texts: a row's with its holes filled, and a line's for a terminal.
 */
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errname.h"

/* Of the vhost-user protocol, by their numbers. */
static const char *const requests[] = {
	[1] = "GET_FEATURES",
	[2] = "SET_FEATURES",
	[3] = "SET_OWNER",
	[4] = "RESET_OWNER",
	[5] = "SET_MEM_TABLE",
	[6] = "SET_LOG_BASE",
	[7] = "SET_LOG_FD",
	[8] = "SET_VRING_NUM",
	[9] = "SET_VRING_ADDR",
	[10] = "SET_VRING_BASE",
	[11] = "GET_VRING_BASE",
	[12] = "SET_VRING_KICK",
	[13] = "SET_VRING_CALL",
	[14] = "SET_VRING_ERR",
	[15] = "GET_PROTOCOL_FEATURES",
	[16] = "SET_PROTOCOL_FEATURES",
	[17] = "GET_QUEUE_NUM",
	[18] = "SET_VRING_ENABLE",
	[19] = "SEND_RARP",
	[20] = "NET_SET_MTU",
	[21] = "SET_BACKEND_REQ_FD",
	[22] = "IOTLB_MSG",
	[23] = "SET_VRING_ENDIAN",
	[24] = "GET_CONFIG",
	[25] = "SET_CONFIG",
	[26] = "CREATE_CRYPTO_SESSION",
	[27] = "CLOSE_CRYPTO_SESSION",
	[28] = "POSTCOPY_ADVISE",
	[29] = "POSTCOPY_LISTEN",
	[30] = "POSTCOPY_END",
	[31] = "GET_INFLIGHT_FD",
	[32] = "SET_INFLIGHT_FD",
	[33] = "GPU_SET_SOCKET",
	[34] = "RESET_DEVICE",
	[35] = "VRING_KICK",
	[36] = "GET_MAX_MEM_SLOTS",
	[37] = "ADD_MEM_REG",
	[38] = "REM_MEM_REG",
	[39] = "SET_STATUS",
	[40] = "GET_STATUS",
	[41] = "GET_SHARED_OBJECT",
	[42] = "SET_DEVICE_STATE_FD",
	[43] = "CHECK_DEVICE_STATE",
};

/* The length of an escape character, or 0. */
static size_t escape_len(const char *at, const char *end)
{
	static const char *const escapes[] = { "\033",	"\\u001b", "\\u001B",
					       "\\x1b", "\\x1B",   "#033" };

	for (size_t i = 0; i < DOC_COUNT(escapes); i++) {
		const size_t len = strlen(escapes[i]);

		if ((size_t)(end - at) >= len && !memcmp(at, escapes[i], len))
			return len;
	}
	return 0;
}

/* The length of a sequence such as ESC [ 1 ; 3 1 m, or 0. */
static size_t sequence_len(const char *at, const char *end)
{
	const char *start = at;

	at += escape_len(at, end);
	if (at == start || at == end || *at != '[')
		return 0;
	for (at++; at < end && *at >= 0x20 && *at <= 0x3f;)
		at++;
	return at < end && *at >= 0x40 && *at <= 0x7e ? (size_t)(at + 1 - start) : 0;
}

size_t text_strip(const char *at, size_t len, char *ret)
{
	const char *end = at + len;
	char *to = ret;

	while (at < end) {
		const size_t sequence = memchr("\033\\#", *at, 3) ? sequence_len(at, end) : 0;

		if (sequence)
			at += sequence;
		else
			*to++ = *at++;
	}
	return (size_t)(to - ret);
}

char *text_show(const char *at, size_t len, size_t max)
{
	const bool cut = len > max;
	const size_t size = (cut ? max : len) + sizeof("...");
	char *plain = malloc(size), *shown = malloc(DOC_ESCAPE_MAX * size);

	len = cut ? max : len;
	if (plain && shown) {
		for (size_t i = 0; i < len; i++)
			plain[i] = at[i] ? at[i] : ' ';
		strcpy(plain + len, cut ? "..." : "");
		doc_escape(shown, DOC_ESCAPE_MAX * size, plain);
	} else {
		free(shown);
		shown = NULL;
	}
	free(plain);
	return shown;
}

/* At most four digits, so that it is a number that means something. */
static int small_number(const struct match_hole *hole)
{
	const bool minus = *hole->at == '-';
	int number = 0;

	if (hole->len - minus > 4)
		return -1;
	for (size_t i = minus; i < hole->len; i++)
		number = number * 10 + (hole->at[i] - '0');
	return number;
}

static void put_hole(FILE *out, const struct match_hole *hole)
{
	const bool cut = hole->len > EXPLAIN_HOLE_MAX;
	const int number = strchr("er", hole->kind) ? small_number(hole) : 0;
	char text[DOC_ERRNO_MAX];

	if (hole->kind == 'e' && number > 0) {
		fputs(doc_errno(text, -number), out);
		return;
	}
	fwrite(hole->at, 1, cut ? EXPLAIN_HOLE_MAX : hole->len, out);
	fputs(cut ? "..." : "", out);
	if (hole->kind == 'r' && number > 0 && (size_t)number < DOC_COUNT(requests))
		fprintf(out, " (%s)", requests[number]);
}

static void put_names(FILE *out, const struct doc_list *features)
{
	const struct explained_bit *rows = features->items;

	for (size_t i = 0; i < features->count; i++)
		fprintf(out, "%s%s", i ? ", " : "", rows[i].name);
}

char *text_fill(const char *text, const struct match *match, const struct doc_list *features)
{
	char *filled = NULL;
	size_t size;
	FILE *out = open_memstream(&filled, &size);

	if (!out)
		return NULL;
	for (; *text; text++) {
		if (*text != '%')
			fputc(*text, out);
		else if (*++text == 'b')
			put_names(out, features);
		else
			put_hole(out, &match->holes[*text - '1']);
	}
	if (fclose(out)) {
		free(filled);
		return NULL;
	}
	return filled;
}
