"""From a line of a notebook's source to its cell and back."""

from hypothesis import given
from hypothesis import strategies as st

from grader.cells import LEFT_OUT, cell_of, is_notebook, left_out, marker


def test_a_notebook_is_told_by_its_name():
    assert [is_notebook(name) for name in ("loop.ipynb", "LOOP.IPYNB", "loop.py", "ipynb", "")] == [
        True,
        True,
        False,
        False,
        False,
    ]


@given(st.lists(st.integers(0, 4), min_size=1, max_size=6))
def test_every_line_is_found_in_its_cell(lengths):
    source, expected = [], []
    for cell, length in enumerate(lengths, start=1):
        source += [marker(cell), *["x = 1"] * length]
        expected += [(cell, within) for within in range(length + 1)]
    assert [cell_of(source, line) for line in range(1, len(source) + 1)] == expected


def test_a_line_before_any_cell_has_none():
    assert cell_of(["x = 1", marker(1)], 1) == (0, 0)
    assert cell_of(["# %% cell one", "x = 1"], 2) == (0, 0)


def test_lines_left_out_are_counted():
    assert left_out(["x = 1", f"{LEFT_OUT}!ls", f"    pass  {LEFT_OUT}%time f()"]) == 2
