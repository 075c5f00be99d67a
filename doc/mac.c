/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A MAC address as text, and back.  Allocates nothing.
 */
#include <stdio.h>
#include <string.h>

#include "doc.h"

bool doc_mac_parse(const char *text, uint8_t ret[6])
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	uint8_t mac[6];

	if (strlen(text) != DOC_MAC_TEXT - 1)
		return false;
	for (int i = 0; i < 6; i++) {
		const char *high = memchr(digits, text[3 * i], sizeof(digits) - 1);
		const char *low = memchr(digits, text[3 * i + 1], sizeof(digits) - 1);

		if (!high || !low || text[3 * i + 2] != (i < 5 ? ':' : '\0'))
			return false;
		mac[i] = (uint8_t)((high - digits) % 16 * 16 + (low - digits) % 16);
	}
	memcpy(ret, mac, sizeof(mac));
	return true;
}

void doc_mac_format(const uint8_t mac[6], char text[DOC_MAC_TEXT])
{
	snprintf(text, DOC_MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
}

bool doc_mac_is_unicast(const uint8_t mac[6])
{
	static const uint8_t nothing[6];

	return !(mac[0] & 1) && memcmp(mac, nothing, sizeof(nothing)) != 0;
}
