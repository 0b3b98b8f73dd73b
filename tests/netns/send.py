#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Binds the leg in the file LEGS; on SIGUSR1 sends one datagram of each SIZE, and ends.

send.py LEGS SIZE...
"""
import signal
import sys

from legs import open_legs


def main():
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    leg = open_legs(sys.argv[1])[0]
    leg.send_token()
    signal.sigwait({signal.SIGUSR1})
    for size in sys.argv[2:]:
        leg.send(bytes(int(size)))


if __name__ == "__main__":
    main()
