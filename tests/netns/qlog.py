#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Reads a qlog in JSON-SEQ (RFC 7464) and prints how often each event is in it, as a JSON object.

  qlog.py FILE

Fails on anything between records, and on a record that is not one JSON object with a newline behind it.
"""

import collections
import json
import sys


def main():
    with open(sys.argv[1], "rb") as file:
        before, *records = file.read().split(b"\x1e")
    assert before == b"", "something before the first record"
    header, *events = [json.loads(record) for record in records if record.endswith(b"\n")]
    assert len(events) == len(records) - 1, "a record without its end"
    assert header["qlog_format"] == "JSON-SEQ", header
    times = [event["time"] for event in events]
    assert times == sorted(times), "events that are not in order"
    print(json.dumps(collections.Counter(event["name"] for event in events)))


main()
