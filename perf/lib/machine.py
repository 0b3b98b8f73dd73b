# SPDX-License-Identifier: BSD-3-Clause
"""On which machine a benchmark ran, as far as the figures depend on it."""

import os
import platform
import re


def describe():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as f:
        text = f.read()

    def field(name):
        found = re.search(rf"^{name}\s*: (.*)$", text, re.MULTILINE)
        return found.group(1) if found else "?"

    return {
        "cpu": f"{field('model name')} (family {field('cpu family')}, model {field('model')})",
        "cores": os.cpu_count(),
        "mhz": round(float(field("cpu MHz"))) if field("cpu MHz") != "?" else None,
        "virtual": "hypervisor" in field("flags").split(),
        "kernel": f"{platform.system()} {platform.release().split('-')[0]}",
        "hugepages": "2 MiB",
    }


def sentence(machine):
    return (f"{machine['cpu']}, {machine['cores']} {'virtual ' if machine['virtual'] else ''}cores, "
            f"{machine['kernel']}, hugepages of {machine['hugepages']}")
