# SPDX-License-Identifier: BSD-3-Clause
"""Hugepages of 2 MiB, reserved for as long as a benchmark needs them."""

import contextlib

from console import Failure, say

PAGE_BYTES = 2 << 20
FOLDER = "/sys/kernel/mm/hugepages/hugepages-2048kB/"


class TooFew(Failure):
    """The machine has not that much memory to spare."""


def _read(path):
    with open(path, encoding="ascii") as f:
        return int(f.read())


def _set(pages):
    with open(FOLDER + "nr_hugepages", "w", encoding="ascii") as f:
        f.write(str(pages))


def _compact():
    """Caches and scattered pages are what stands in the way of hugepages."""
    for path, value in (("/proc/sys/vm/drop_caches", "3"), ("/proc/sys/vm/compact_memory", "1")):
        with contextlib.suppress(OSError), open(path, "w", encoding="ascii") as f:
            f.write(value)


def _available_bytes():
    with open("/proc/meminfo", encoding="ascii") as f:
        for line in f:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return 0


@contextlib.contextmanager
def reserved(need_bytes):
    """That much in free hugepages while the block runs; as many as before afterwards."""
    need = -(-need_bytes // PAGE_BYTES)
    try:
        before = _read(FOLDER + "nr_hugepages")
        wanted = before + max(0, need - _read(FOLDER + "free_hugepages"))
        more_bytes = (wanted - before) * PAGE_BYTES
        if more_bytes > _available_bytes() * 0.9:
            raise TooFew(f"this needs {more_bytes >> 20} MB more in hugepages, and the machine has "
                         f"{_available_bytes() >> 20} MB of memory available")
    except OSError as error:
        raise Failure(f"cannot read how many hugepages there are: {error}", "this kernel has none of 2 MiB") from error
    try:
        if wanted > before:
            _set(wanted)
            if _read(FOLDER + "nr_hugepages") < wanted:
                _compact()
                _set(wanted)
            got = _read(FOLDER + "nr_hugepages")
            if got < wanted:
                raise TooFew(f"this needs {wanted} hugepages of 2 MiB, and the kernel found memory for {got}")
            say(f"reserved {wanted - before} hugepages of 2 MiB")
        yield
    except OSError as error:
        raise Failure(f"cannot reserve hugepages: {error}", "run this as root") from error
    finally:
        with contextlib.suppress(OSError):
            _set(before)
