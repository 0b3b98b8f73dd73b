# SPDX-License-Identifier: BSD-3-Clause
"""demo_table.py DIR: the table at the demo's end, from what the peers and culvertctl said."""

import json
import os
import sys


def read(name):
    with open(os.path.join(sys.argv[1], name)) as f:
        return json.loads(f.read())


def row(what, *cells):
    print(f"  {what:<22}" + "".join(f"{cell:<26}" for cell in cells).rstrip())


def main():
    peers = {"a": read("alice.out"), "b": read("bob.out")}
    legs = {leg["leg"]: leg for leg in read("pair.after")["legs"]}
    driver = next(port["driver"] for port in read("port.after")["ports"] if port["name"] == "wan")
    drops = {drop["name"]: drop["pkts"] for drop in read("drop.after")["drops"] if drop["pkts"]}
    bytes_moved, seconds = peers["b"]["bytes"], peers["b"]["seconds"]

    print()
    row("", "alice", "bob")
    row("own address", *(peers[leg]["local"] for leg in "ab"))
    row("as the relay saw it", *(legs[leg]["address"] for leg in "ab"))
    row("other side, as seen", *(peers[leg]["remote"] + " (relay)" for leg in "ab"))
    row("packets forwarded", *(f"{legs[leg]['pkts']:,} from here" for leg in "ab"))
    row("file's SHA-256", *(peers[leg]["sha256"][:16] + "..." for leg in "ab"))
    print()
    row("bytes", f"{bytes_moved:,}")
    row("rate", f"{bytes_moved * 8 / seconds / 1e6:.0f} Mbit/s, {seconds:.1f} s")
    row("relay's driver", driver)
    row("drops at the relay", ", ".join(f"{count} {reason}" for reason, count in drops.items()) or "none")
    same = peers["a"]["sha256"] == peers["b"]["sha256"]
    row("file", "the same on both sides" if same else "DIFFERENT on the two sides")
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
