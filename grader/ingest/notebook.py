"""Reads a notebook: its code cells in order become one Python source, in which every line keeps its place.

    # %% cell 3
    loader = DataLoader(train_set, batch_size=64)
    # left out: %matplotlib inline

A marker stands before each cell, so that a line of the source can be named by cell and line again
(`grader.cells`).  What only a notebook understands (magics, shell lines, questions) is left out, line by line.
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from typing import Any

from grader.cells import LEFT_OUT, marker

MAX_NOTEBOOK = 64 << 20
"""Longest notebook that is read, in bytes: its outputs and pictures, which are dropped, may be most of it."""

_SPECIAL = re.compile(r"[ \t]*(?:[%!]|\?{1,2}[\w.]+\s*$|[\w.]+\?{1,2}\s*$)")
_ASSIGNED = re.compile(r"([ \t]*)([A-Za-z_][\w, ]*)=[ \t]*[%!]")
_TRANSPARENT = frozenset({"time", "timeit", "capture", "prun"})
"""Cell magics whose cell is Python all the same."""


@dataclass(frozen=True)
class Converted:
    """A notebook as Python source; `left_out` counts the lines that were dropped, `problem` is why there is none."""

    source: bytes = b""
    left_out: int = 0
    problem: str = ""


def convert(content: bytes) -> Converted:
    """The code of a notebook of format 4 (or 3).  Never raises; what is wrong is said in `problem`."""
    if len(content) > MAX_NOTEBOOK:
        return Converted(problem=f"The notebook is larger than {MAX_NOTEBOOK >> 20} MiB; clear its outputs.")
    try:
        notebook = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return Converted(problem="The notebook is not UTF-8 text.")
    except (ValueError, RecursionError):
        return Converted(
            problem="The notebook is damaged: it is not valid JSON. Save it again and hand it in."
        )
    try:
        cells = _cells(notebook)
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        return Converted(problem=f"The file is not a notebook that can be read: {_reason(error)}.")
    lines: list[str] = []
    left_out = 0
    for number, text in cells:
        kept, dropped = _python(text)
        lines += [marker(number), *kept]
        left_out += dropped
    if not any(line.strip() and not line.lstrip().startswith("#") for line in lines):
        return Converted(problem="The notebook has no code.")
    return Converted("\n".join([*lines, ""]).encode("utf-8", "replace"), left_out)


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, ValueError) else "its parts are not where they should be"


def _cells(notebook: Any) -> list[tuple[int, str]]:
    """(number among all cells, code) of the code cells."""
    version = notebook["nbformat"]
    if not isinstance(version, int) or not 3 <= version <= 4:
        raise ValueError(f"it has the format {str(version)[:20]!r}, and 3 and 4 are known")
    if version == 4:
        cells = notebook["cells"]
    else:  # worksheets, with the code under another name
        cells = [cell for sheet in notebook["worksheets"] for cell in sheet["cells"]]
    found = []
    for number, cell in enumerate(cells, start=1):
        if cell["cell_type"] == "code":
            text = cell["source"] if version == 4 else cell["input"]
            whole = "".join(text) if isinstance(text, list) else str(text)
            found.append((number, whole.removesuffix("\n")))
    return found


def _python(text: str) -> tuple[list[str], int]:
    """A cell's lines as Python, and how many were left out."""
    lines = re.split(r"\r\n|\r|\n", text)
    if _parses(text):
        return lines, 0
    first = next((index for index, line in enumerate(lines) if line.strip()), 0)
    if lines[first].startswith("%%"):
        name = lines[first][2:].split(None, 1)[:1]
        if not name or name[0] not in _TRANSPARENT:
            return [_out(line) for line in lines], len(lines)
    kept = [_line(line) for line in lines]
    return kept, sum(line is not was for line, was in zip(kept, lines, strict=True))


def _line(line: str) -> str:
    """A line without what only a notebook understands; it stays where it is, and so does its block."""
    if found := _ASSIGNED.match(line):
        return f"{found[1]}{found[2].strip()} = None  {LEFT_OUT}{line.strip()}"
    if _SPECIAL.match(line) and not line.lstrip().startswith("#"):
        indent = line[: len(line) - len(line.lstrip())]
        return f"{indent}pass  {LEFT_OUT}{line.strip()}" if indent else _out(line)
    return line


def _out(line: str) -> str:
    return f"{LEFT_OUT}{line}" if line.strip() else line


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
