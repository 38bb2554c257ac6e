"""The recorder: the order of beats with the student's lines, steps as boundaries, marks for a killed run."""

from __future__ import annotations

from sandbox import trace
from tests.sandbox.watching import expand, line_of, watch

LOOP = """
for epoch in range(5):
    for xb, yb in DataLoader(data, 8):
        optimizer.zero_grad()
        out = model(xb)
        loss = criterion(out, yb)
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        for xb, yb in DataLoader(data, 12):
            model(xb)
"""
AT = {
    "D": "DataLoader(data, 8)",
    "Z": "optimizer.zero_grad()",
    "F": "out = model(xb)",
    "L": "loss = criterion",
    "B": "loss.backward()",
    "S": "optimizer.step()",
}


def test_the_order_is_the_sequence_of_patterns_with_the_students_lines() -> None:
    seen = watch(LOOP)
    patterns = {pattern.id: pattern for pattern in seen.of(trace.Pattern)}
    order = seen.one(trace.Order)
    sequence = [patterns[number].beats for number in expand(order.items)]
    assert sequence == (["DZFLBS"] * 3 + (["DfDfDZFLBS"] + ["DZFLBS"] * 2) * 4 + ["DfDf"])
    assert not order.truncated
    plain = next(pattern for pattern in patterns.values() if pattern.beats == "DZFLBS")
    assert plain.lines == [line_of(AT[beat], LOOP) for beat in "DZFLBS"]


def test_the_counts_are_the_true_counts() -> None:
    end = watch(LOOP).one(trace.End)
    assert end.counts == {"D": 25, "Z": 15, "F": 15, "L": 15, "B": 15, "S": 15, "f": 10}
    assert (end.steps, end.moved, end.finished, end.dropped) == (15, True, True, 0)


def test_a_loop_without_any_step_is_cut_at_the_next_batch() -> None:
    seen = watch(LOOP.replace("        optimizer.step()\n", ""))
    patterns = {pattern.id: pattern.beats for pattern in seen.of(trace.Pattern)}
    assert "DZFLB" in patterns.values()
    assert all(len(beats) < 12 for beats in patterns.values())


def test_a_stretch_that_never_steps_is_cut_into_pieces() -> None:
    seen = watch("with torch.no_grad():\n    for index in range(3000): model(x)\n")
    assert seen.counts == {"f": 3000}
    assert max(len(pattern.beats) for pattern in seen.of(trace.Pattern)) <= 512


def test_a_run_leaves_marks_at_powers_of_two() -> None:
    seen = watch(LOOP.replace("range(5)", "range(24)"))
    marked = [mark.steps for mark in seen.of(trace.Progress)]
    assert {1, 2, 4, 8, 16, 32, 64} <= set(marked)
    assert seen.of(trace.Progress)[0].line


def test_code_that_is_not_the_students_has_no_line() -> None:
    seen = watch("torch.nn.init.zeros_(model.weight)\nmodel(x)\n")
    (pattern,) = seen.of(trace.Pattern)
    assert pattern.lines == [9]


def test_a_process_that_the_student_forks_writes_nothing() -> None:
    seen = watch(
        """
        import os
        child = os.fork()
        if child == 0:
            try:
                model(x).sum().backward(); optimizer.step(); torch.manual_seed(3)
                for xb, yb in DataLoader(data, 8): pass
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        """
    )
    assert seen.counts == {}
    assert seen.of(trace.Rng) == []
