"""Notebooks: the code of their cells as Python, each line at its place, and a sentence for what is none."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.cells import cell_of, left_out
from grader.exercise import load_exercise
from grader.ingest import notebook
from grader.ingest.loop import python_in, read_loop
from grader.ingest.notebook import MAX_NOTEBOOK, convert
from grader.models import CellPlace, Report, Submission
from grader.render import render
from grader.session import Session
from grader.settings import Settings


def cell(source: str | list[str], kind: str = "code", **more: object) -> dict[str, object]:
    return {"cell_type": kind, "source": source, "metadata": {}, **more}


def made(*cells: dict[str, object], **more: object) -> bytes:
    return json.dumps(
        {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells), **more}
    ).encode()


def lines(*cells: dict[str, object]) -> list[str]:
    """The lines of the source that is made from these cells."""
    converted = convert(made(*cells))
    assert converted.problem == ""
    return converted.source.decode().splitlines()


def test_code_cells_follow_one_another_and_text_is_left_behind() -> None:
    assert lines(
        cell("# A title", "markdown"),
        cell(["import torch\n", "x = 1"]),
        cell(""),
        cell("y = 2\n", outputs=[]),
    ) == ["# %% cell 2", "import torch", "x = 1", "# %% cell 3", "", "# %% cell 4", "y = 2"]


def test_a_line_is_found_again_by_cell_and_line() -> None:
    source = lines(cell("a = 1\nb = 2"), cell("text", "markdown"), cell("c = 3\nd = 4\n"))
    assert [cell_of(source, number) for number in range(1, 7)] == [
        (1, 0),
        (1, 1),
        (1, 2),
        (3, 0),
        (3, 1),
        (3, 2),
    ]
    assert cell_of(["x = 1"], 1) == (0, 0)
    assert cell_of([], 5) == (0, 0)


def test_what_only_a_notebook_understands_is_left_out_where_it_stood() -> None:
    source = lines(
        cell(
            "%matplotlib inline\n!pip install torch\nimport torch\ntorch?\n?torch.nn\n"
            "files = !ls\nif True:\n    %time x = 1\n"
        )
    )
    assert source == [
        "# %% cell 1",
        "# left out: %matplotlib inline",
        "# left out: !pip install torch",
        "import torch",
        "# left out: torch?",
        "# left out: ?torch.nn",
        "files = None  # left out: files = !ls",
        "if True:",
        "    pass  # left out: %time x = 1",
    ]
    ast.parse("\n".join(source))
    assert left_out(source) == 6


@pytest.mark.parametrize("magic", ["%%time", "%%capture out", "%%timeit -n 1"])
def test_a_cell_under_a_magic_that_only_watches_stays_python(magic: str) -> None:
    assert lines(cell(f"{magic}\nx = 3 % 2")) == ["# %% cell 1", f"# left out: {magic}", "x = 3 % 2"]


@pytest.mark.parametrize("magic", ["%%bash", "%%html", "%%writefile loop.py", "%%"])
def test_a_cell_in_another_language_is_left_out_whole(magic: str) -> None:
    source = lines(cell(f"{magic}\nx = 1"), cell("y = 2"))
    assert source == ["# %% cell 1", f"# left out: {magic}", "# left out: x = 1", "# %% cell 2", "y = 2"]


def test_python_that_looks_like_a_magic_stays() -> None:
    text = 'x = (7\n  % 4)\ny = """\n%matplotlib inline\n!ls\nwhat?\n"""'
    assert lines(cell(text))[1:] == text.split("\n")


def test_an_old_format_is_read_too() -> None:
    old = {"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "input": ["x = 1\n", "y = 2"]}]}]}
    assert convert(json.dumps(old).encode()).source == b"# %% cell 1\nx = 1\ny = 2\n"


def test_outputs_of_fifty_megabytes_are_no_burden() -> None:
    content = made(cell("x = 1", outputs=[{"data": {"image/png": "A" * (50 << 20)}}]))
    assert convert(content).source == b"# %% cell 1\nx = 1\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[]", "not a notebook"),
        (b"{}", "not a notebook"),
        (b'{"nbformat": 2}', "format '2'"),
        (b'{"nbformat": "four"}', "format 'four'"),
        (b'{"nbformat": 4, "cells": 7}', "not a notebook"),
        (b'{"nbformat": 4, "cells": [7]}', "not a notebook"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "code"}]}', "not a notebook"),
        (made(), "no code"),
        (made(cell("# hello", "markdown")), "no code"),
        (made(cell("# only a comment\n\n")), "no code"),
        (made(cell("!ls")), "no code"),
    ],
)
def test_what_is_no_notebook_gets_a_sentence(content: bytes, words: str) -> None:
    converted = convert(content)
    assert words in converted.problem
    assert converted.source == b""


def test_a_notebook_that_is_too_long_gets_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebook, "MAX_NOTEBOOK", 10)
    assert "clear its outputs" in convert(b" " * 11).problem
    assert MAX_NOTEBOOK == 64 << 20


@given(
    st.binary(max_size=300)
    | st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["nbformat", "cells", "cell_type", "source", "worksheets"]), inner
            )
        ),
    ).map(lambda value: json.dumps(value).encode())
)
def test_nothing_that_is_handed_in_is_more_than_a_sentence(content: bytes) -> None:
    assert convert(content).problem


@given(st.lists(st.text(alphabet="ab %!?#=\n\t'\"", max_size=60), max_size=5))
def test_every_line_keeps_its_place_whatever_it_is(texts: list[str]) -> None:
    source, problem = python_in("loop.ipynb", made(*map(cell, texts)))
    if problem:
        return
    count = sum(1 + len(text.removesuffix("\n").split("\n")) for text in texts)
    assert len(source.decode().split("\n")) == count + 1


def test_a_notebook_is_read_like_a_file(tmp_path: Path) -> None:
    path = tmp_path / "loop.ipynb"
    path.write_bytes(made(cell("# exercise: linreg-torch\ndef train(): ...")))
    submission, problem = read_loop(path, None, Settings())
    assert (submission.exercise, submission.filename, problem) == ("linreg-torch", "loop.ipynb", "")
    assert submission.source.startswith(b"# %% cell 1\n")
    path.write_bytes(made(cell("x = 1\0")))
    assert "NUL" in read_loop(path, "linreg-torch", Settings()).problem


def test_the_findings_on_a_notebook_name_cell_and_line() -> None:
    wrong = (load_exercise("linreg-torch").reference / "bugs" / "missing_zero_grad.py").read_text()
    source, problem = python_in("loop.ipynb", made(cell("text", "markdown"), cell("%pwd"), cell(wrong)))
    assert problem == ""
    submission = Submission(filename="loop.ipynb", source=source, exercise="linreg-torch")
    with Session(Settings(sandbox="local"), trusted=True) as session:
        report = session.grade(submission)
    (finding,) = [item for item in report.findings if item.severity == "error"]
    places = [(place.cell, place.cell_line) for place in finding.where if isinstance(place, CellPlace)]
    assert (finding.slug, places) == ("missing-zero-grad", [(3, 8), (3, 9)])
    assert report.remarks == (
        "1 line that only a notebook understands was left out (magics and shell commands).",
    )
    assert Report.model_validate_json(report.model_dump_json()) == report
    assert "cell 3, line 8" in render(report, "gradescope")
    assert "3:8" in render(report, "terminal")
    assert ">3:8</a>" in render(report, "html")
