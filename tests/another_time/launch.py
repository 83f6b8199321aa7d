"""Become another program whose wall clock is shifted: `launch.py SOCKET PROGRAM NAME [ARGUMENT...]`.

Whoever listens at the socket follows this process to its `exec` (see `shifter`). The process id stays, and no child of
ours is ever to be seen, so that whoever started it may look at it, signal it and wait for it.
"""

from __future__ import annotations

import os
import socket
import sys

with socket.socket(socket.AF_UNIX) as connection:
    connection.connect(sys.argv[1])
    if not connection.recv(1):
        sys.exit("no shifted clock: this process cannot be followed")
os.execv(sys.argv[2], sys.argv[3:])
