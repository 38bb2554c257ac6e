"""Notebooks as Python source: the markers between cells, and the way back from a line to its cell.

# %% cell 3
loader = DataLoader(train_set, batch_size=64)
"""

from __future__ import annotations

import re
from collections.abc import Sequence

SUFFIX = ".ipynb"
LEFT_OUT = "# left out: "
"""Stands before what only a notebook understands: magics, shell lines, questions."""
_MARKER = re.compile(r"# %% cell ([0-9]{1,9})")


def is_notebook(filename: str) -> bool:
    """Whether a file's name says that it is a notebook."""
    return filename.lower().endswith(SUFFIX)


def marker(cell: int) -> str:
    """The line that stands before a cell's code; cells are counted from 1, those of text too."""
    return f"# %% cell {cell}"


def left_out(source: Sequence[str]) -> int:
    """How many lines of such a source were left out."""
    return sum(LEFT_OUT in line for line in source)


def cell_of(source: Sequence[str], line: int) -> tuple[int, int]:
    """The cell of a line of such a source, and the line in it; both count from 1, and (0, 0) is none."""
    for start in range(min(line, len(source)), 0, -1):
        if found := _MARKER.fullmatch(source[start - 1]):
            return int(found[1]), line - start
    return 0, 0
