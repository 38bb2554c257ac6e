"""Recorded generators: each draw of points is noted once, anything else never, and only while it is asked for."""

import random

import numpy as np
import pytest

from sandbox.recorded.draws import Places, RecordedGenerator, noted, record_modules
from sandbox.recorded.lines import counted_lines
from sandbox.recorded.notes import Notes

X, Y = [0.5, 1.5, 2.5, 3.5], [9.0, 8.0, 7.0, 6.0]


@pytest.fixture
def notes():
    return Notes()


@pytest.fixture
def places(notes):
    return Places(X, Y, notes)


@pytest.fixture(autouse=True)
def _generators_put_back(monkeypatch):
    for name in ("shuffle", "sample", "choices"):
        monkeypatch.setattr(random.Random, name, getattr(random.Random, name))
        monkeypatch.setattr(random, name, getattr(random, name))
    for name in ("permutation", "shuffle", "choice", "default_rng"):
        monkeypatch.setattr(np.random, name, getattr(np.random, name))
    record_modules()
    record_modules()  # once is enough, twice is no harm


def shuffled(shuffle, items):
    shuffle(items)
    return items


DRAWS = {
    "sample": lambda: random.sample(range(4), 4),
    "points": lambda: shuffled(random.shuffle, list(zip(X, Y, strict=True))),
    "own": lambda: shuffled(random.Random(3).shuffle, [0, 1, 2, 3]),
    "choices": lambda: random.choices(X, k=4),
    "numpy": lambda: np.random.permutation(4),
    "generator": lambda: np.random.default_rng(1).permutation(4),
    "array": lambda: shuffled(np.random.default_rng(1).shuffle, np.arange(4)),
    "table": lambda: np.random.default_rng(1).permutation(np.array([X, Y]).T),
    "choice": lambda: np.random.default_rng(1).choice(4, 4, replace=False),
    "integers": lambda: np.random.default_rng(1).integers(0, 4, size=4),
}


@pytest.mark.parametrize("name", DRAWS)
def test_a_draw_is_noted_once(name, places, notes):
    with noted(places):
        drawn = DRAWS[name]()
    firsts = [item[0] if isinstance(item, (tuple, np.ndarray)) else item for item in drawn]
    wanted = [X.index(float(item)) if isinstance(item, float) else int(item) for item in firsts]
    assert notes.lists["draws"] == wanted
    assert notes.lists["sizes"] == [4]


def test_outside_nothing_is_noted(notes):
    for draw in DRAWS.values():
        draw()
    assert notes.lists["draws"] == []


@pytest.mark.parametrize("items", [["a", "b"], [7, 8], [0], [[], []], [None, 1], [True, False], [0.1, 0.2]])
def test_what_is_no_point_is_not_noted(items, places, notes):
    with noted(places):
        random.shuffle(items)
    assert notes.lists["draws"] == []


def test_recording_changes_no_number():
    plain = np.random.Generator(np.random.PCG64(5)).permutation(20)
    assert np.array_equal(RecordedGenerator(np.random.PCG64(5)).permutation(20), plain)


def test_lines_are_counted_from_the_last_gradient_on(notes):
    code = "def f(note):\n    for k in range(3):\n        note()\n    for k in range(4):\n        pass\n"
    space = {}
    exec(compile(code, "student.py", "exec"), space)
    with counted_lines(space["f"], notes):
        space["f"](lambda: notes.product([0]))
    assert sorted(notes.lists["idle"])[-2:] == [4, 5]
