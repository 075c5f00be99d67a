#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""front.py SOCKET: a launcher that speaks vhost-user.  It sets a net device of one queue pair up, prints "up", and
disconnects when its standard input ends."""
import os
import socket
import struct
import sys

GUEST, USER, SIZE = 0x40000000, 0x7F0000000000, 0x100000
NEED_REPLY = 8

connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])


def send(request, payload=b"", fds=(), flags=1):
    socket.send_fds(connection, [struct.pack("=III", request, flags, len(payload)) + payload], fds)


def receive():
    header = connection.recv(12, socket.MSG_WAITALL)
    return connection.recv(struct.unpack("=III", header)[2], socket.MSG_WAITALL)


def ask(request):
    send(request)
    return struct.unpack("=Q", receive())[0]


def tell(request, payload, fds=()):
    send(request, payload, fds, 1 | NEED_REPLY)
    result = struct.unpack("=Q", receive())[0]
    if result:
        sys.exit(f"request {request} is refused")


memory = os.memfd_create("guest")
os.ftruncate(memory, SIZE)
features = ask(1)
send(16, struct.pack("=Q", ask(15)))  # SET_PROTOCOL_FEATURES
tell(2, struct.pack("=Q", features & ~(1 << 26)))  # SET_FEATURES, but for the log
tell(5, struct.pack("=II4Q", 1, 0, GUEST, SIZE, USER, 0), [memory])
for ring in 0, 1:
    at = USER + ring * 0x4000
    tell(18, struct.pack("=II", ring, 1))  # SET_VRING_ENABLE
    tell(8, struct.pack("=II", ring, 256))
    tell(10, struct.pack("=II", ring, 0))
    tell(9, struct.pack("=II4Q", ring, 0, at, at + 0x2000, at + 0x1000, 0))
    tell(12, struct.pack("=Q", ring), [os.eventfd(0)])
    tell(13, struct.pack("=Q", ring), [os.eventfd(0)])
print("up", flush=True)
sys.stdin.read()
