/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mac - a MAC address as text, and back.
 * Ground floor: no system call, no allocation.
 */
#include <stdio.h>
#include <string.h>

#include "device/mac.h"

bool vhc_mac_ok(const uint8_t mac[6])
{
	static const uint8_t nothing[6];

	return !(mac[0] & 1) && memcmp(mac, nothing, sizeof(nothing)) != 0;
}

void vhc_mac_write(const uint8_t mac[6], char text[VHC_MAC_TEXT])
{
	snprintf(text, VHC_MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
}

/* One form only, so that a document has one writing. */
bool vhc_mac_read(const char *text, uint8_t ret[6])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t mac[6];

	if (strlen(text) != VHC_MAC_TEXT - 1)
		return false;
	for (size_t i = 0; i < 6; i++) {
		const char *high = strchr(digits, text[3 * i]);
		const char *low = strchr(digits, text[3 * i + 1]);

		if (!high || !low || (i < 5 && text[3 * i + 2] != ':'))
			return false;
		mac[i] = (uint8_t)((high - digits) << 4 | (low - digits));
	}
	if (!vhc_mac_ok(mac))
		return false;
	memcpy(ret, mac, sizeof(mac));
	return true;
}
