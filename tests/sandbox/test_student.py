"""The student's file in the hands of an exercise's drive: what is called, recorded, compared and refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from sandbox import trace
from sandbox.answers import rebuild
from sandbox.student import BadSignatureError, Student, line_of


class Kept:
    """Stands in for the recorder: keeps the records."""

    def __init__(self) -> None:
        self.records: list[trace.Record] = []

    def write(self, record: trace.Record) -> None:
        self.records.append(record)

    def of(self, kind: type) -> list[Any]:
        return [record for record in self.records if isinstance(record, kind)]


def student(main: str = "", **names: Any) -> tuple[Student, Kept]:
    kept = Kept()
    return Student(names, kept, main), kept


def test_a_call_records_what_it_gave_and_gives_it_back():
    one, kept = student(f=lambda a, b: a + b)
    assert one.call("f", 2, 0.5, names=("a", "b"), case="two and a half") == 2.5
    (answer,) = kept.of(trace.Answer)
    assert (answer.function, answer.case, answer.value, answer.mutated) == ("f", "two and a half", 2.5, [])
    assert kept.of(trace.Returned) == []


def test_the_main_function_s_value_is_the_run_s_own():
    one, kept = student("train", train=lambda: [1.0, 2.0], other=lambda: 3)
    one.call("train")
    one.call("other")
    assert [record.numbers for record in kept.of(trace.Returned)] == [[1.0, 2.0]]


def test_a_call_may_go_unrecorded():
    one, kept = student(f=lambda x: x.fill(0))
    one.call("f", np.ones(2), record=False)
    assert kept.records == []


MUTATIONS = {
    "array": (np.ones(3), lambda x: x.fill(0)),
    "a view of it": (np.ones(3), lambda x: x[:1].fill(0)),
    "order": (np.arange(3), lambda x: x[::-1].sort()),
    "whole numbers": (np.arange(3), lambda x: x.__setitem__(0, 5)),
    "nan": (np.array([np.nan, 1.0]), lambda x: x.__setitem__(1, np.nan)),
    "tensor": (torch.ones(2), lambda x: x.add_(1)),
    "bfloat16": (torch.ones(2, dtype=torch.bfloat16), lambda x: x.zero_()),
    "list": ([1, 2], lambda x: x.append(3)),
    "list of lists": ([[1], [2]], lambda x: x[0].clear()),
    "list of arrays": ([np.ones(2), np.ones(2)], lambda x: x[1].fill(2)),
    "tuple of arrays": ((np.ones(2),), lambda x: x[0].fill(2)),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_changed_argument_is_named(name):
    value, change = MUTATIONS[name]
    one, kept = student(f=lambda other, x: change(x))
    one.call("f", np.zeros(2), value, names=("other", "x"))
    assert kept.of(trace.Answer)[0].mutated == ["x"]


def test_without_names_an_argument_is_known_by_its_place():
    one, kept = student(f=lambda a, b: b.fill(0))
    one.call("f", np.ones(1), np.ones(1))
    assert kept.of(trace.Answer)[0].mutated == ["argument 2"]


@pytest.mark.parametrize(
    "value",
    [
        np.array([np.nan, 1.0]),
        np.array(["a"]),
        [np.nan],
        np.array([1, 2]),
        np.array([]),
        torch.ones(2),
        "text",
        None,
    ],
)
def test_what_is_left_alone_is_not_accused(value):
    one, kept = student(f=lambda x: x)
    one.call("f", value)
    assert kept.of(trace.Answer)[0].mutated == []


def test_an_argument_that_comes_back_is_recorded_as_it_was_then():
    one, kept = student(f=lambda x: x)
    x = np.ones(2)
    one.call("f", x)
    x.fill(7)
    assert rebuild(kept.of(trace.Answer)[0].value).tolist() == [1, 1]


def test_notes_may_be_filled_in_while_the_function_runs():
    notes: dict[str, list[int]] = {"drawn": []}
    one, kept = student(f=lambda: notes["drawn"].append(3))
    one.call("f", notes=notes)
    assert kept.of(trace.Answer)[0].notes == {"drawn": [3]}


def test_a_record_can_be_written_as_a_line():
    one, kept = student(f=lambda: (np.float32(1), "x", object(), {"a": np.nan}))
    one.call("f")
    one.record("f", [1], case="looked at", mutated=["x"], notes={"n": [np.int64(2), True]})
    for record in kept.records:
        assert trace.decode(trace.encode(record).rstrip(b"\n")).kind == "Answer"
    assert kept.of(trace.Answer)[1].notes == {"n": [2, 1]}


# ── functions that are not there, or not that ────────────────────────────────────────────────────


@pytest.mark.parametrize(("names", "words"), [({}, "is missing"), ({"f": 3}, "is a int, not a function")])
def test_a_missing_function_is_told(names, words):
    one, _ = student(**names)
    for use in (lambda: one.call("f"), lambda: one.get("f"), lambda: one.require(["f"])):
        with pytest.raises(BadSignatureError, match=words) as raised:
            use()
        assert raised.value.stop.slug == "wrong-signature"


def test_what_is_there_is_written_down_with_its_line():
    one, kept = student(f=here, C=There)
    one.require(["f", "C"])
    lines = {record.name: record.line for record in kept.of(trace.Function)}
    assert lines == {"f": here.__code__.co_firstlineno, "C": There.__init__.__code__.co_firstlineno}
    assert one.get("C") is There


def test_arguments_that_do_not_fit_are_told_by_their_names():
    one, kept = student(f=here)
    with pytest.raises(BadSignatureError, match=r"cannot be called with \(w, b\)") as raised:
        one.call("f", 1, 2, names=("w", "b"))
    assert raised.value.stop.frames == [here.__code__.co_firstlineno]
    assert kept.records == []


def test_a_type_error_inside_the_function_is_no_bad_signature():
    one, _ = student(f=lambda x: x + "1")
    with pytest.raises(TypeError):
        one.call("f", 1)


def test_more_parameters_are_fine_when_they_have_defaults():
    one, _ = student(f=lambda x, *rest, h=1e-4, **more: x + h)
    assert one.call("f", 1.0) == 1.0001


async def later(x):
    return x


async def many(x):
    yield x


def lazy(x):
    yield x


@pytest.mark.parametrize("function", [later, many, lazy])
def test_a_body_that_does_not_run_is_told(function):
    one, _ = student(f=function)
    with pytest.raises(BadSignatureError, match="does not run its body"):
        one.call("f", 1)


def test_a_generator_may_be_allowed():
    one, _ = student(f=lazy)
    assert list(one.call("f", 1, generator=True, record=False)) == [1]


@pytest.mark.parametrize("function", [later, many])
def test_allowing_a_generator_allows_no_coroutine(function):
    one, _ = student(f=function)
    with pytest.raises(BadSignatureError):
        one.call("f", 1, generator=True)


def test_a_builtin_without_a_signature_can_be_called():
    one, kept = student(f=dict)
    assert one.call("f", [("a", 1)]) == {"a": 1}
    assert rebuild(kept.of(trace.Answer)[0].value) == {"a": 1}


@pytest.mark.parametrize("thing", [len, object(), 3, np.add])
def test_what_has_no_line_has_line_0(thing):
    assert line_of(thing) == 0


def here(x):
    return x


class There:
    def __init__(self, x):
        self.x = x
