#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""check_layers.py [--root DIR] [FOLDER...]: which #include and which declaration breaks the order of the tree.

Reads all C files of the checkout (or of DIR), prints each fault as FILE:LINE: WHAT, of files in FOLDERs only when some
are given, and exits with 1 when there is any. The rules:

- A file knows what stands below its folder in LAYERS, and its own folder. x.c and x.h are one unit; between units,
  and so between the files of a folder, there is no circle.
- An include names one file: beside the includer, or else under the roots of its tree.
- A function or variable is declared in the header of the .c that defines it and nowhere else; what has no header
  is static. A .c says neither `extern` nor what another file defines.

What a compiler would need to see (macros that make functions, variables without a header, callbacks) is beyond it:
callbacks that a layer registers with a lower one are listed in docs/architecture.md, by people.
"""

import argparse
import os
import re
import sys
from collections import namedtuple

# From top to bottom: a tree knows those on lines below its own, and nothing of those on the same line.
TREES = [
    "tests",
    "perf",
    "dataplane = control = peer",
    "lib",
]

# From top to bottom in each tree: a folder knows those of its tree on lines below its own, and nothing of those on the
# same line. "FOLDER: X Y" knows of its own tree nothing but X and Y, folders or files.
LAYERS = [
    "tests/fuzz = tests/netns = tests/interop",
    "tests/unit",
    #
    "perf/tools",
    #
    "dataplane",  # main.c and the keeper
    "dataplane/link:",
    "dataplane/worker",
    "dataplane/session",
    "dataplane/relay",
    "dataplane/crypto",
    "dataplane/port",
    "dataplane/packet",
    #
    "control/cli: control/base/vocabulary.h",
    "control",  # main.c and control.c
    "control/api",
    "control/peers",
    "control/sessions = control/pairs",
    "control/services",
    "control/link = control/store",
    "control/base",
    #
    "peer",
    #
    "lib/config",
    "lib/shared",
    "lib/protocol",
    "lib",
]

# Where an include is looked for that is not beside its includer: what meson.build gives as include directories.
ROOTS = {
    "dataplane": ["dataplane", "lib"],
    "control": ["control", "lib"],
    "peer": [".", "lib"],
    "lib": ["lib"],
    "perf": [".", "perf/tools", "dataplane", "control", "lib"],
    "tests": [".", "tests/unit", "dataplane", "dataplane/link", "control", "control/cli", "lib"],
}

# Global functions that no header of ours declares, each with who calls it.
CALLED_FROM_OUTSIDE = {
    "main",  # the C library
    "LLVMFuzzerTestOneInput",  # libFuzzer, which has no header for it; and its stand-in tests/fuzz/replay.c
}

# Files that define what other people's headers declare, and why.
STANDS_IN = {
    "tests/unit/allocations.c",  # for the C library's allocator, to count what is allocated
    "tests/interop/ngtcp2_application.c",  # for GnuTLS and nghttp3, to have Debian's ngtcp2-client speak culvert/1
}

Fault = namedtuple("Fault", "file line what")
Include = namedtuple("Include", "line name quoted")
Function = namedtuple("Function", "name line static defined")
Variable = namedtuple("Variable", "name line extern static")

COMMENT_OR_TEXT = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"\n]*)"|<([^>\n]*)>)', re.MULTILINE)
PREPROCESSOR = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.)*(?:\\\n(?:[^\n\\]|\\.)*)*", re.MULTILINE | re.DOTALL)
WORD = re.compile(r"[A-Za-z_]\w*")
BRACKET = re.compile(r"[{}();]")
TYPE = re.compile(r"\s*(?:struct|union|enum)\s+\w*\s*$")
MACRO = re.compile(r"\s*\w+\s*\(\s*(\w+)")
ATTRIBUTE = re.compile(r"^(?:__\w+|_Alignas|alignas|typeof)$")


# ---- Reading a file ----


def blank(text):
    """As long, with the same lines, and nothing in them."""
    return re.sub(r"[^\n]", " ", text)


class Source:
    """What one C file includes, declares and defines at file scope."""

    def __init__(self, path, text):
        self.path = path
        code = COMMENT_OR_TEXT.sub(lambda m: m[0] if m[0][0] in "\"'" else blank(m[0]), text)
        self.includes = [
            Include(line_at(code, m.start()), m[1] or m[2], m[1] is not None) for m in INCLUDE.finditer(code)
        ]
        self.with_macros = COMMENT_OR_TEXT.sub(lambda m: m[0][0] + blank(m[0][1:-1]) + m[0][-1], code)
        self.code = PREPROCESSOR.sub(lambda m: blank(m[0]), self.with_macros)
        self.functions = []
        self.variables = []
        for start, item, has_body in file_scope_items(self.code):
            self._read_item(start, item, has_body)

    def _read_item(self, start, item, has_body):
        words = WORD.findall(item)
        if not words or words[0] == "typedef":
            return
        name, at = function_name(item)
        static = "static" in WORD.findall(item[:at] if name else item)
        if name:
            self.functions.append(Function(name, line_at(self.code, start + at), static, has_body))
        elif MACRO.match(item) and self.path.endswith(".c"):  # RTE_LOG_REGISTER and its like define their first
            name, at = MACRO.match(item)[1], MACRO.match(item).start(1)
            self.variables.append(Variable(name, line_at(self.code, start + at), False, False))
        elif not has_body and not TYPE.match(item) and not MACRO.match(item):
            for name, at in variable_names(item):
                self.variables.append(Variable(name, line_at(self.code, start + at), words[0] == "extern", static))


def line_at(text, offset):
    return text.count("\n", 0, offset) + 1


def file_scope_items(code):
    """(offset, text, is a function with its body) of each declaration or definition, with braces blanked out."""
    start = depth = parens = opened = 0
    item = ""
    taken = 0  # code up to here is in `item`
    for bracket in BRACKET.finditer(code):
        at, char = bracket.start(), bracket[0]
        if char == "(":
            parens += 1
        elif char == ")":
            parens -= 1
        elif char == "{":
            if depth == 0 and parens == 0:
                item += code[taken:at]
                opened = taken = at
            depth += parens == 0
        elif char == "}" and parens == 0 and depth > 0:
            depth -= 1
            if depth == 0:
                is_body = function_name(item)[0] is not None
                if is_body:
                    yield start, item, True
                    start, item = at + 1, ""
                else:
                    item += blank(code[opened : at + 1])
                taken = at + 1
        elif char == ";" and depth == 0 and parens == 0:
            yield start, item + code[taken:at], False
            start = taken = at + 1
            item = ""


def end_of_group(text, at):
    """The offset behind the parenthesis that closes the one at `at`."""
    depth = 0
    for bracket in re.compile(r"[()]").finditer(text, at):
        depth += 1 if bracket[0] == "(" else -1
        if depth == 0:
            return bracket.end()
    return len(text)


def function_name(item):
    """The name of the function that an item declares or defines, and its offset; None when it does neither."""
    words_before = 0
    at = 0
    while True:
        found = re.compile(r"[A-Za-z_]\w*|[(=]").search(item, at)
        if not found or found[0] == "=":
            return None, 0
        at = found.end()
        if found[0] == "(":
            if item[at:].lstrip().startswith("*"):
                return None, 0  # a pointer to a function
            at = end_of_group(item, found.start())
            words_before = 0
            continue
        is_called = item[at:].lstrip().startswith("(")
        if is_called and ATTRIBUTE.match(found[0]):
            at = end_of_group(item, item.index("(", at))
        elif is_called and words_before > 0 and not item[at:].lstrip()[1:].lstrip().startswith("*"):
            return found[0], found.start()
        else:
            words_before += 1


def variable_names(item):
    for part in re.finditer(r"([A-Za-z_]\w*)\s*(?:\[[^=;]*\]\s*)*(?:=[^,]*)?(?:,|$)", item.rstrip()):
        if WORD.search(item[: part.start()]):
            yield part[1], part.start()


# ---- The order of folders ----


def siblings(line):
    return [name.strip() for name in line.partition(":")[0].split("=")]


class Order:
    def __init__(self, trees, layers):
        self.tree_rank = {tree: rank for rank, line in enumerate(trees) for tree in siblings(line)}
        self.rank = {folder: rank for rank, line in enumerate(layers) for folder in siblings(line)}
        self.only = {siblings(line)[0]: line.partition(":")[2].split() for line in layers if ":" in line}

    def fault(self, source, target):
        """What is wrong with an include of the file `target` in the file `source`; None when nothing is."""
        upper, lower = os.path.dirname(source), os.path.dirname(target)
        if upper == lower:
            return None
        upper_tree, lower_tree = upper.split("/")[0], lower.split("/")[0]
        if upper_tree != lower_tree:
            return self._wrong_way(upper_tree, lower_tree, self.tree_rank)
        if upper in self.only:
            known = target in self.only[upper] or lower in self.only[upper]
            return None if known else f"{upper} stands apart and may not know {lower}"
        return self._wrong_way(upper, lower, self.rank)

    @staticmethod
    def _wrong_way(upper, lower, rank):
        if upper not in rank or lower not in rank:
            return None  # said once, of the folder
        if rank[upper] == rank[lower]:
            return f"an arrow between {upper} and {lower}, which stand side by side"
        return f"an arrow up from {upper} to {lower}" if rank[upper] > rank[lower] else None


# ---- The tree ----


class Tree:
    """All C files below a root, and who includes whom."""

    def __init__(self, root):
        self.sources = {}
        for folder, folders, files in os.walk(root):
            folders[:] = sorted(f for f in folders if not re.match(r"\.|(build|node_modules)$", f))
            for name in sorted(files):
                if name.endswith((".c", ".h")):
                    path = os.path.relpath(os.path.join(folder, name), root)
                    with open(os.path.join(root, path), encoding="utf-8") as f:
                        self.sources[path] = Source(path, f.read())
        self.order = Order(TREES, LAYERS)
        self.arrows = []  # (includer, line, included)
        self.faults = []
        self._find_arrows()

    def say(self, file, line, what):
        self.faults.append(Fault(file, line, what))

    def candidates(self, path, include):
        """The files that an include may mean."""
        beside = os.path.normpath(os.path.join(os.path.dirname(path), include.name))
        if include.quoted and beside in self.sources:
            return [beside]
        roots = ROOTS.get(path.split("/")[0], ["."])
        below_roots = (os.path.normpath(os.path.join(root, include.name)) for root in roots)
        return sorted({path for path in below_roots if path in self.sources})

    def _find_arrows(self):
        for path, source in self.sources.items():
            for include in source.includes:
                found = self.candidates(path, include)
                if len(found) == 1:
                    self.arrows.append((path, include.line, found[0]))
                    if found[0].endswith(".c"):
                        self.say(path, include.line, f"{path} includes {found[0]}, which is no header")
                elif found:
                    self.say(path, include.line, f'"{include.name}" may be any of {", ".join(found)}')
                elif include.quoted:
                    self.say(path, include.line, f'"{include.name}" is no file of ours: <...> is for others')

    def check_folders(self):
        seen = set()
        for path in self.sources:
            folder = os.path.dirname(path)
            if folder not in self.order.rank and folder not in seen:
                seen.add(folder)
                self.say(path, 1, f"the folder {folder or '.'} has no place in LAYERS of scripts/lib/check_layers.py")
        for source, line, target in self.arrows:
            fault = self.order.fault(source, target)
            if fault:
                self.say(source, line, f"{source} includes {target}: {fault}")

    # Circles

    def check_circles(self):
        graph = {}
        for source, line, target in self.arrows:
            if unit(source) != unit(target):
                graph.setdefault(unit(source), {}).setdefault(unit(target), (source, line, target))
        for knot in knots(graph):
            circle = shortest_circle(graph, knot)
            arrows = [graph[a][b] for a, b in zip(circle, circle[1:] + circle[:1])]
            steps = ", ".join(f"{source}:{line} includes {target}" for source, line, target in arrows)
            rest = "" if len(knot) == len(circle) else f" ({len(knot)} units hang in circles here: {' '.join(knot)})"
            self.say(arrows[0][0], arrows[0][1], f"a circle: {steps}{rest}")

    # Declarations

    def check_declarations(self):
        defined = {}  # name -> the .c files that define it, for others to see
        for path, source in self.sources.items():
            if path.endswith(".c"):
                for name in {f.name for f in source.functions if f.defined and not f.static} | {
                    v.name for v in source.variables if not v.static and not v.extern
                }:
                    defined.setdefault(name, set()).add(path)
        declared = {
            thing.name
            for path, source in self.sources.items()
            if path.endswith(".h")
            for thing in source.functions + source.variables
        }
        for path, source in self.sources.items():
            if path.endswith(".c"):
                self._check_c(source, defined, declared)
            else:
                self._check_header(source, defined)

    def _check_c(self, source, defined, declared):
        for number, line in enumerate(source.code.split("\n"), 1):
            if re.search(r"\bextern\b", line):
                self.say(source.path, number, "extern in a .c file: include the header of who defines it")
        own = {f.name for f in source.functions if f.defined}
        for function in source.functions:
            if function.static or function.name in CALLED_FROM_OUTSIDE or source.path in STANDS_IN:
                continue
            if function.defined:
                if function.name not in declared:  # what a wrong header declares is said of that header
                    self.say(source.path, function.line, f"{function.name} is neither static nor in a header")
            elif function.name not in own:
                where = " ".join(sorted(defined.get(function.name, ["nothing here"])))
                self.say(source.path, function.line, f"a copied declaration: {function.name}, which {where} defines")

    def _check_header(self, source, defined):
        own = unit(source.path) + ".c"
        foreign = {}  # the .c files that define it -> [(line, name)]
        declared = [(f.line, f.name) for f in source.functions if not f.static and not f.defined]
        declared += [(v.line, v.name) for v in source.variables if not v.static]  # or functions, by a typedef
        inline = {f.name for f in source.functions if f.defined}
        for line, name in sorted(declared):
            files = defined.get(name, set())
            files = {path for path in files if path.split("/")[0] == own.split("/")[0]} or files
            if own not in files and name not in inline and name not in CALLED_FROM_OUTSIDE:
                foreign.setdefault(tuple(sorted(files)), []).append((line, name))
        for files, names in foreign.items():
            what = names[0][1] if len(names) == 1 else f"{names[0][1]} and {len(names) - 1} more"
            who = " and ".join(files) + (" define" if len(files) > 1 else " defines") if files else "no .c file defines"
            self.say(source.path, names[0][0], f"declares {what}, which {who}")


def unit(path):
    return os.path.splitext(path)[0]


def knots(graph):
    """The sets of more than one unit of which each reaches each other (Tarjan), sorted."""
    index, low, stack, on_stack, found = {}, {}, [], set(), []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        on_stack.add(node)
        for target in graph.get(node, {}):
            if target not in index:
                visit(target)
                low[node] = min(low[node], low[target])
            elif target in on_stack:
                low[node] = min(low[node], index[target])
        if low[node] == index[node]:
            knot = []
            while not knot or knot[-1] != node:
                knot.append(stack.pop())
                on_stack.discard(knot[-1])
            if len(knot) > 1:
                found.append(sorted(knot))

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return sorted(found)


def shortest_circle(graph, knot):
    best = None
    for start in knot:
        paths = [[start]]
        seen = {start}
        while paths and best != 2:
            path = paths.pop(0)
            if best and len(path) >= len(best):
                break
            targets = [target for target in sorted(graph.get(path[-1], {})) if target in knot]
            if start in targets:
                best = path
                break
            for target in targets:
                if target not in seen:
                    seen.add(target)
                    paths.append(path + [target])
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--root", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    parser.add_argument("folders", nargs="*", metavar="FOLDER")
    options = parser.parse_args()
    sys.setrecursionlimit(10000)
    tree = Tree(options.root)
    tree.check_folders()
    tree.check_circles()
    tree.check_declarations()
    wanted = tuple(os.path.normpath(folder) + "/" for folder in options.folders)
    for folder in wanted:
        if not any(path.startswith(folder) for path in tree.sources):
            sys.exit(f"no C file in {folder}")
    faults = sorted(fault for fault in tree.faults if not wanted or fault.file.startswith(wanted))
    for fault in faults:
        print(f"{fault.file}:{fault.line}: {fault.what}")
    if not tree.sources:
        sys.exit(f"no C file below {options.root}")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
