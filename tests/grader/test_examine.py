"""Asking the examiner: what it draws is kept apart, what it answers is checked, and its failures are ours."""

import base64
import json
import math
import time

import numpy as np
import pytest
from safetensors.numpy import load, save

from grader import examine, gate
from grader.challenge import Challenge
from grader.errors import ExaminerError
from grader.examine import Prepared, first_weights, measure, prepare, untrained
from grader.exercise import load_exercise
from grader.launch.base import Limits
from grader.launch.drive import Line
from grader.launch.lines import Lines
from sandbox import trace, wire
from tests.grader.fakes import READY, FakeLauncher, Scripted, answer, examiner, graded

LINREG = load_exercise("linreg-torch")
CHALLENGE = Challenge.derive(b"s" * 32, LINREG.slug, LINREG.version, "ada", "0" * 64)
WEIGHTS = save({"0": np.array([[2.0]], dtype=np.float32), "1": np.array([0.5], dtype=np.float32)})
PREPARED = Prepared({"x.npy": b"1"}, {"x.npy": b"2", "y.npy": b"3"}, {"epochs": 3})
GRADED = (graded(),)
METRICS = answer({"metrics": {"mse": 0.01}, "samples": 2000})


def measured(endpoint=None, *, records=GRADED, weights=WEIGHTS, isolated=False):
    prepared = [endpoint] if endpoint else []
    with Lines(FakeLauncher(examiner=prepared, isolated=isolated)) as lines:
        return measure(lines, LINREG, records, weights, PREPARED)


# ── prepare ──────────────────────────────────────────────────────────────────────────────────────


def test_training_and_hidden_files_are_kept_apart():
    endpoint = examiner(
        answer({"parameters": {"epochs": 21}}, training__x_npy=b"T", hidden__x_npy=b"H", other__x_npy=b"?")
    )
    prepared = prepare(Line(endpoint), LINREG, CHALLENGE)
    assert (prepared.training, prepared.hidden) == ({"x.npy": b"T"}, {"x.npy": b"H"})
    assert prepared.parameters == {"epochs": 21}


def test_the_examiner_is_told_the_exercise_and_two_seeds_of_256_bits():
    endpoint = examiner(answer({"parameters": {}}))
    prepare(Line(endpoint), LINREG, CHALLENGE)
    (request,) = endpoint.requests
    assert (request["op"], request["exercise"]) == ("prepare", "linreg-torch")
    seeds = request["seeds"]
    assert seeds == {"train": CHALLENGE.seed("train"), "hidden": CHALLENGE.seed("hidden")}
    assert seeds["train"] != seeds["hidden"]
    assert all(0 <= seed < 2**256 for seed in seeds.values())


@pytest.mark.parametrize("parameters", [None, [], "epochs", 3])
def test_an_answer_without_parameters_is_refused(parameters):
    with pytest.raises(ExaminerError, match="no parameters"):
        prepare(Line(examiner(answer({"parameters": parameters}))), LINREG, CHALLENGE)


# ── an examiner that fails ───────────────────────────────────────────────────────────────────────

BAD = {
    "an error": (examiner(answer({"error": "KeyError: 'x'"})), "failed: KeyError: 'x'"),
    "no JSON": (examiner(wire.frame(wire.EXIT, b"{")), "not JSON"),
    "no object": (examiner(wire.frame(wire.EXIT, b"[1]")), "not an object"),
    "an unknown channel": (examiner(b"?" + bytes(4)), "protocol"),
    "too long a frame": (examiner(b"X\xff\xff\xff\xff"), "announces 4294967295 bytes"),
    "bytes that are no frame": (Scripted(b"Traceback (most recent call last):"), "protocol"),
    "an end before it was ready": (Scripted(said="no torch\nImportError: torch"), "ImportError: torch"),
    "an end before it answered": (examiner(), "ended before it answered"),
    "half an answer": (examiner(METRICS[:-3]), "ended before it answered"),
}


@pytest.mark.parametrize("name", BAD)
def test_an_examiner_that_breaks_is_our_failure_in_a_sentence(name):
    scripted, words = BAD[name]
    with pytest.raises(ExaminerError) as raised:
        measured(Scripted(*scripted._pieces, said=scripted._said))
    text = str(raised.value)
    assert words in text
    assert "sandbox" not in text
    assert (raised.value.exit_code, raised.value.slug) == (3, "examiner-failed")


def test_an_examiner_that_hangs_is_given_up(monkeypatch):
    monkeypatch.setattr(examine, "EXAMINER_LIMITS", Limits(deadline=0.2, memory=1))
    started = time.monotonic()
    with pytest.raises(ExaminerError, match="did not answer"):
        measured(Scripted(READY, hangs=True))
    assert time.monotonic() - started < 30


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"metrics": {}, "samples": 1},
        {"metrics": {"accuracy": 1.0}, "samples": 1},
        {"metrics": {"mse": None}, "samples": 1},
        {"metrics": {"mse": "x"}, "samples": 1},
        {"metrics": None, "samples": 1},
        {"metrics": {"mse": 0.1}},
        {"metrics": {"mse": 0.1}, "samples": None},
    ],
)
def test_an_answer_without_the_number_is_refused(fields):
    with pytest.raises(ExaminerError, match="no such metric"):
        measured(examiner(answer(fields)))


# ── measure ──────────────────────────────────────────────────────────────────────────────────────


def test_a_measurement_carries_the_number_and_the_threshold():
    result = measured(examiner(METRICS))
    assert (result.value, result.samples, result.reason) == (0.01, 2000, "")
    assert (result.metric, result.threshold, result.better) == ("mse", 0.03, "lower")


def test_only_what_was_measured_in_isolation_is_verified():
    assert measured(examiner(METRICS), isolated=True).basis == "verified"
    assert measured(examiner(METRICS), isolated=False).basis == "observed"


def test_the_examiner_gets_weights_hidden_files_and_the_input_map_and_no_more():
    endpoint = examiner(METRICS)
    measured(endpoint, records=(graded(scale=9.0), graded(scale=2.0, shift=-1.0)))
    assert endpoint.requests == [{"op": "measure", "exercise": "linreg-torch", "scale": 2.0, "shift": -1.0}]
    assert endpoint.files == {"weights.safetensors": WEIGHTS, "hidden/x.npy": b"2", "hidden/y.npy": b"3"}


def test_a_run_without_a_model_is_not_measured():
    result = measured(records=())
    assert (result.value, result.reason) == (None, "the run left no trained model")


def test_an_unclear_model_is_not_measured_and_the_reason_is_passed_on():
    result = measured(records=(graded(reason="two models fit"),))
    assert result.value is None
    assert result.reason == "the model could not be measured: two models fit"


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_weights_that_are_no_numbers_count_as_measured_and_bad(value):
    bad = save({"0": np.array([[value]], dtype=np.float32), "1": np.zeros(1, dtype=np.float32)})
    result = measured(weights=bad)
    assert math.isnan(result.value)


@pytest.mark.parametrize("weights", [b"", b"\x80\x04pickle", WEIGHTS[:-1], save({"0": np.zeros(3)})])
def test_weights_that_do_not_pass_the_gate_never_reach_the_examiner(weights):
    result = measured(weights=weights)  # no examiner is prepared: starting one would fail
    assert result.value is None
    assert result.reason.startswith("the weights were refused: ")


def test_a_request_is_json_whatever_the_map_holds():
    endpoint = examiner(METRICS)
    measured(endpoint, records=(graded(scale=1e300),))
    assert json.dumps(endpoint.requests[0], allow_nan=False)


# ── the first weights of a script's own model ────────────────────────────────────────────────────

MNIST = load_exercise("mnist-from-memory")
MATRIX = np.linspace(-1, 1, 7840, dtype=np.float32).reshape(10, 784)
BIAS = np.arange(10, dtype=np.float32)


def module(number=0, params=(0, 1)):
    return trace.Module(id=number, cls="Net", params=list(params), given=False)


def initial(number, array, **changes):
    fields = {
        "id": number,
        "shape": list(array.shape),
        "dtype": str(array.dtype),
        "grad": True,
        "data": base64.b64encode(np.ascontiguousarray(array).tobytes()).decode(),
    }
    return trace.Initial(**{**fields, **changes})


SHAPES = [[10, 784], [10]]
TOLD = (module(), initial(0, MATRIX), initial(1, BIAS))


def test_first_weights_are_the_module_s_own_as_they_were_told():
    weights = first_weights(TOLD, SHAPES, 0)
    gate.check_weights(weights, SHAPES)
    arrays = load(weights)
    assert np.array_equal(arrays["0"], MATRIX)
    assert np.array_equal(arrays["1"], BIAS)


def test_first_weights_come_in_the_order_of_the_shapes_from_the_right_module():
    others = (module(0, (2, 3)), initial(2, MATRIX + 1), initial(3, BIAS + 1))
    records = (*others, module(1, (1, 0)), *TOLD[1:])
    assert first_weights(records, SHAPES, 1) == first_weights(TOLD, SHAPES, 0)
    assert np.array_equal(load(first_weights(records, SHAPES, 0))["1"], BIAS + 1)


def test_parameters_of_one_shape_are_each_taken_once():
    records = (module(), initial(0, BIAS), initial(1, BIAS + 1))
    arrays = load(first_weights(records, [[10], [10]], 0))
    assert np.array_equal(arrays["0"], BIAS)
    assert np.array_equal(arrays["1"], BIAS + 1)
    assert first_weights(records[:2], [[10], [10]], 0) == b""


def test_double_weights_are_told_as_such():
    records = (module(), initial(0, MATRIX.astype(np.float64)), initial(1, BIAS))
    weights = first_weights(records, SHAPES, 0)
    assert load(weights)["0"].dtype == np.float64


@pytest.mark.parametrize(
    "records",
    [
        (),
        (module(),),
        (module(), initial(0, MATRIX)),
        (module(1), *TOLD[1:]),
        (module(0, ()), *TOLD[1:]),
        (module(), initial(0, MATRIX.T), initial(1, BIAS)),
        (module(), initial(0, MATRIX, dtype="float16"), initial(1, BIAS)),
        (module(), initial(0, MATRIX, data="no base64!"), initial(1, BIAS)),
        (module(), initial(0, MATRIX, data="\N{SNOWMAN}"), initial(1, BIAS)),
    ],
)
def test_first_weights_that_were_not_told_are_none(records):
    assert first_weights(records, SHAPES, 0) == b""


WHOLE = (*TOLD, graded(scale=2.0))


def measured_untrained(endpoint=None, *, records=WHOLE, exercise=MNIST):
    with Lines(FakeLauncher(examiner=[endpoint] if endpoint else [])) as lines:
        return untrained(lines, exercise, records, PREPARED)


def test_the_first_weights_are_measured_like_the_last_with_a_limit():
    endpoint = examiner(answer({"metrics": {"accuracy": 0.1, "renamed_accuracy": 0.2}, "samples": 5000}))
    result = measured_untrained(endpoint)
    assert (result.metric, result.value, result.threshold) == ("renamed_accuracy", 0.2, 0.35)
    assert (result.better, result.samples) == ("lower", 5000)
    (request,) = endpoint.requests
    assert (request["op"], request["scale"]) == ("measure", 2.0)
    assert endpoint.files["weights.safetensors"] == first_weights(TOLD, SHAPES, 0)


@pytest.mark.parametrize(
    "records",
    [
        TOLD,
        (graded(),),
        (*TOLD, graded(module=5)),
        (module(), initial(0, MATRIX, data="AAAA"), TOLD[2], graded()),
        (module(), initial(0, MATRIX * np.float32("nan")), TOLD[2], graded()),
        (module(), initial(0, MATRIX * np.float32("inf")), TOLD[2], graded()),
    ],
)
def test_what_was_not_told_or_is_no_number_is_not_measured(records):
    assert measured_untrained(records=records) is None  # no examiner is prepared: starting one would fail


def test_exercises_that_do_not_ask_do_not_measure():
    assert measured_untrained(exercise=LINREG) is None
