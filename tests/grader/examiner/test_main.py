"""The examiner as a process of its own: ready, answering each request, and outliving those that fail."""

import json
import os
from itertools import chain

import numpy as np
import pytest
from safetensors.numpy import save

from grader.errors import BadExercise, ExaminerError
from grader.examiner import __main__ as main
from grader.examiner.__main__ import answer, frames
from grader.launch.drive import Line, ask_examiner
from grader.launch.lines import EXAMINER_LIMITS
from grader.launch.local import LocalLauncher
from sandbox import wire

PREPARE = {"op": "prepare", "exercise": "linreg-torch", "seeds": {"train": 5, "hidden": 6}}
MEASURE = {"op": "measure", "exercise": "linreg-torch", "scale": 1.0, "shift": 0.0}
WEIGHTS = save({"0": np.array([[2.0]], dtype=np.float32), "1": np.array([0.5], dtype=np.float32)})


@pytest.fixture(scope="module")
def line():
    """A line to a real examiner process."""
    endpoint = LocalLauncher().start("examiner", EXAMINER_LIMITS)
    yield Line(endpoint)
    endpoint.close()


def ask(line, request, **files):
    return ask_examiner(line, files, request, 60)


def test_it_draws_and_then_measures(line):
    drawn, fields = ask(line, PREPARE)
    assert {name.partition("/")[0] for name in drawn} == {"training", "hidden"}
    assert fields["parameters"]["samples"] == 128
    kept = {name: content for name, content in drawn.items() if name.startswith("hidden/")}
    none, fields = ask(line, MEASURE, **kept, **{"weights.safetensors": WEIGHTS})
    assert none == {}
    assert fields["samples"] == 2000
    assert fields["metrics"]["mse"] > 0


def test_files_belong_to_one_request_only(line):
    with pytest.raises(ExaminerError, match=r"KeyError: 'weights\.safetensors'"):
        ask(line, MEASURE)


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"op": "format", "exercise": "linreg-torch"}, "unknown request 'format'"),
        ({"op": "prepare", "exercise": "nonsense"}, "no exercise 'nonsense'"),
        ({"op": "prepare", "exercise": "linreg-torch"}, "KeyError: 'seeds'"),
        ({}, "KeyError"),
    ],
)
def test_a_request_that_fails_is_answered_and_the_next_one_works(line, request_, words):
    with pytest.raises(ExaminerError, match=words):
        ask(line, request_)
    assert ask(line, PREPARE)[1]["parameters"]


def test_weights_that_are_none_are_an_error_and_no_number(line):
    with pytest.raises(ExaminerError, match="GateError"):
        ask(line, MEASURE, **{"weights.safetensors": b"\x80\x04pickle"})


def test_it_ends_when_its_input_does():
    endpoint = LocalLauncher().start("examiner", EXAMINER_LIMITS)
    try:
        Line(endpoint).wait_ready()
        endpoint._process.stdin.close()
        assert endpoint._process.wait(60) == 0
    finally:
        endpoint.close()


def test_an_error_is_one_frame_and_its_traceback_goes_to_stderr(capsys):
    (piece,) = frames({"op": "prepare", "exercise": "nonsense"}, {}, None)
    ((channel, payload),) = wire.FrameReader().feed(piece)
    assert channel == wire.EXIT
    assert b"Traceback" not in payload
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "UnknownExercise" in shown.err


@pytest.mark.parametrize(
    ("exercise", "replays", "loaded"),
    [
        ("mnist-from-memory", True, [["torchvision"]]),
        ("linreg-torch", True, [[]]),
        ("linreg-torch", False, []),
        ("nonsense", True, []),
    ],
)
def test_what_replays_need_is_loaded_once_the_data_are_drawn(monkeypatch, exercise, replays, loaded):
    known = []
    monkeypatch.setattr(main, "load", known.append)
    monkeypatch.setattr(main, "frames", lambda *_: iter([b"answer" if not known else b"late"]))
    (source, asks), (gives, sink) = os.pipe(), os.pipe()
    os.write(
        asks, wire.frame(wire.JOB, json.dumps({**PREPARE, "exercise": exercise, "replays": replays}).encode())
    )
    os.close(asks)
    main.serve(source, sink)
    assert known == loaded
    assert os.read(gives, 1 << 16).endswith(b"answer")


def test_an_answer_is_pure():
    assert answer(PREPARE, {}, None) == answer(PREPARE, {"hidden/x.npy": b"old"}, None)


def test_orders_are_those_of_a_seed():
    request = {"op": "orders", "exercise": "checkpoint-resume", "seed": 1}
    parameters = {"epochs": 3, "samples": 7, "batch_size": 3}
    orders = answer({**request, "parameters": parameters}, {}, None)[1]["orders"]
    assert [[len(batch) for batch in epoch] for epoch in orders] == [[3, 3, 1]] * 3
    assert all(sorted(chain.from_iterable(epoch)) == list(range(7)) for epoch in orders)
    assert answer({**request, "parameters": parameters, "seed": 2}, {}, None)[1]["orders"] != orders


def test_an_exercise_without_orders_is_named():
    request = {"op": "orders", "exercise": "linreg-torch", "seed": 1, "parameters": {}}
    with pytest.raises(BadExercise, match=r"linreg-torch/model\.py: orders: AttributeError"):
        answer(request, {}, None)
