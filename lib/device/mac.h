/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mac - a MAC address as text, and back.
 */
#ifndef LIB_MAC_H
#define LIB_MAC_H

#include <stdbool.h>
#include <stdint.h>

#define VHC_MAC_TEXT 18u /* with its NUL */

void vhc_mac_write(const uint8_t mac[6], char text[VHC_MAC_TEXT]);
/** vhc_mac_read() - "52:54:00:12:34:56", of one device: not multicast, not all zero. */
bool vhc_mac_read(const char *text, uint8_t ret[6]);
/** vhc_mac_ok() - can one device have this address? */
bool vhc_mac_ok(const uint8_t mac[6]);

#endif
