# SPDX-License-Identifier: BSD-3-Clause
"""How the benchmarks speak: results on stdout, everything else on stderr."""

import signal
import sys


class Failure(Exception):
    """Ends a benchmark: what went wrong, and what to do about it."""

    def __init__(self, what, remedy=None):
        super().__init__(what)
        self.remedy = remedy


def say(text):
    print(f"==> {text}", file=sys.stderr, flush=True)


def run(main):
    """Runs main() and turns its ways to end into exit codes. SIGTERM and SIGHUP end it as Ctrl-C does, so that what
    was reserved is given back."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"error: {failure}", file=sys.stderr)
        if failure.remedy:
            print(f"       {failure.remedy}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)


def table(columns, rows):
    """Prints rows (lists of text) under their column names, numbers to the right."""
    widths = [max(len(row[i]) for row in [columns] + rows) for i in range(len(columns))]
    for row in [columns] + rows:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths)).rstrip())
