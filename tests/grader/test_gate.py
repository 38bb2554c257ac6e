"""The gate lets exactly the expected weights and traces in."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from grader.errors import GateError
from grader.gate import (
    MAX_HEADER,
    NonFiniteWeightsError,
    check_trace,
    check_weights,
    handed_over,
    read_tensors,
    state_shapes,
)
from sandbox import trace
from tests.grader.fakes import graded
from tests.grader.own import initial

SHAPES = [[3, 2], [3], []]
ARRAYS = [
    np.arange(6, dtype=np.float32).reshape(3, 2),
    np.array([1.5, -2, 0.1]),
    np.array(7, dtype=np.float32),
]
GOOD = save({str(index): array for index, array in enumerate(ARRAYS)})


def pack(header, body=b""):
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(raw).to_bytes(8, "little") + raw + body


def entry(dtype="F32", shape=(1,), offsets=(0, 4), **more):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets), **more}


def test_what_safetensors_writes_comes_through_exactly():
    arrays = check_weights(GOOD, SHAPES)
    for got, wanted in zip(arrays, ARRAYS, strict=True):
        assert got.dtype == wanted.dtype
        np.testing.assert_array_equal(got, wanted)


def test_the_arrays_cannot_be_written():
    with pytest.raises(ValueError, match="read-only"):
        check_weights(GOOD, SHAPES)[0][0, 0] = 1


def test_an_empty_tensor_and_a_mixed_order_are_fine():
    header = {"1": entry(offsets=(0, 4)), "0": entry(shape=(0, 5), offsets=(0, 0))}
    arrays = check_weights(pack(header, np.float32(2.5).tobytes()), [[0, 5], [1]])
    assert [array.shape for array in arrays] == [(0, 5), (1,)]
    assert arrays[1][0] == 2.5


ONE = np.float32(1).tobytes()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "header"),
        (b"\x01\0\0", "header"),
        (pack(b"{}")[:-1], "header"),
        ((2**63).to_bytes(8, "little") + b"{}", "header"),
        (pack(b"[]"), "not an object"),
        (pack(b'{"0": NaN}'), "strict JSON"),
        (pack(b'{"0": 1, "0": 2}'), "strict JSON"),
        (pack(b'{"\xff": 1}'), "strict JSON"),
        (pack({"0": entry()} | {"__metadata__": {"format": "pt"}}, ONE), "exactly"),
        (pack({}), "exactly"),
        (pack({"1": entry()}, ONE), "exactly"),
        (pack({"0": 7}, ONE), "unknown way"),
        (pack({"0": entry(more=1)}, ONE), "unknown way"),
        (pack({"0": entry(dtype="F16", offsets=(0, 2))}, ONE), "neither F32 nor F64"),
        (pack({"0": entry(dtype=["F32"])}, ONE), "neither F32 nor F64"),
        (pack({"0": entry(dtype="I32")}, ONE), "neither F32 nor F64"),
        (pack({"0": entry(shape=(1, 1))}, ONE), "another shape"),
        (pack({"0": entry(shape=(True,))}, ONE), "another shape"),
        (pack({"0": entry(shape=(1.0,))}, ONE), "another shape"),
        (pack({"0": entry(offsets=(0, 4, 4))}, ONE), "no offsets"),
        (pack({"0": entry(offsets=(False, 4))}, ONE), "no offsets"),
        (pack({"0": entry(offsets=(0, 8))}, ONE), "do not fit"),
        (pack({"0": entry(offsets=(-4, 0))}, ONE), "do not fit"),
        (pack({"0": entry(offsets=(4, 8))}, ONE + ONE), "gaps"),
        (pack({"0": entry()}, ONE + ONE), "more than its tensors"),
        (pack({"0": entry()}, ONE * 20_000), "more than the"),
    ],
)
def test_a_file_that_is_not_the_manifest_is_refused(data, words):
    with pytest.raises(GateError, match=words):
        check_weights(data, [[1]])


def test_tensors_that_share_bytes_are_refused():
    header = {"0": entry(), "1": entry()}
    with pytest.raises(GateError, match="overlap"):
        check_weights(pack(header, ONE), [[1], [1]])


def test_a_deeply_nested_header_is_refused():
    with pytest.raises(GateError, match="strict JSON"):
        check_weights(pack(b"[" * 50_000), [[1000]])


def test_a_header_over_its_bound_is_refused():
    padded = json.dumps({"0": entry(shape=(1000,), offsets=(0, 4000))}).encode().ljust(MAX_HEADER + 8)
    with pytest.raises(GateError, match="sane length"):
        check_weights(pack(padded, bytes(4000)), [[1000]])


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_are_refused_by_a_name_of_their_own(value):
    with pytest.raises(NonFiniteWeightsError):
        check_weights(save({"0": np.array([value], dtype=np.float32)}), [[1]])


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_as_weights(data):
    with pytest.raises(GateError):
        check_weights(data, SHAPES)


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255), st.booleans())
def test_a_changed_byte_passes_only_as_other_numbers(at, value, cut):
    changed = bytearray(GOOD)
    changed[at] = value
    try:
        arrays = check_weights(bytes(changed[: at + 1] if cut else changed), SHAPES)
    except GateError:
        return
    assert [list(array.shape) for array in arrays] == SHAPES
    assert all(np.isfinite(array).all() for array in arrays)


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
ENTRIES = st.fixed_dictionaries(
    {"dtype": JSONS | st.just("F32"), "shape": JSONS | st.just([1]), "data_offsets": JSONS | st.just([0, 4])}
)


@given(st.dictionaries(st.sampled_from(["0", "1"]), ENTRIES | JSONS, max_size=2), st.binary(max_size=8))
def test_no_header_gets_anything_but_a_gate_error(header, body):
    try:
        check_weights(pack(header, body), [[1]])
    except GateError:
        return
    assert header == {"0": entry()}


HEADER = trace.encode(trace.Header(version=trace.VERSION, torch="2", threads=1, entry="script"))


def stop(message):
    return trace.Stop(slug="crashed", type="ValueError", message=message, frames=[3])


def test_a_trace_comes_through():
    records = check_trace(HEADER + trace.encode(stop("no 🎉")))
    assert records[1] == stop("no 🎉")


def test_a_lone_surrogate_in_a_trace_is_replaced():
    data = HEADER + trace.encode(stop("a\ud800b")) + trace.encode(stop("🎉"))
    records = check_trace(data)
    assert records[1:] == (stop("a\ufffdb"), stop("🎉"))


def test_a_trace_nested_beyond_reason_is_refused():
    deep = '{"kind": "Order", "items": ' + "[" * 900 + '"\\ud800"' + "]" * 900 + ', "truncated": false}\n'
    with pytest.raises(GateError, match="nested"):
        check_trace(HEADER + deep.encode())


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_as_a_trace(data):
    with pytest.raises(GateError):
        check_trace(data)


TRACE = HEADER + b"".join(
    trace.encode(record)
    for record in (
        stop("boom \ud800"),
        trace.Layout(window=0, step=0, coordinates=[[0, [1, 2]]]),
        trace.Losses(
            count=1,
            first=[math.nan],
            last=[],
            thinned=[[1, 2]],
            non_finite_at=-1,
            non_finite_line=0,
            non_finite_value=None,
            line=3,
        ),
    )
)


@given(st.integers(0, len(TRACE) - 1), st.binary(max_size=3), st.integers(0, 3))
def test_a_mutated_trace_raises_nothing_but_gate_errors(at, value, removed):
    try:
        records = check_trace(TRACE[:at] + value + TRACE[at + removed :])
    except GateError:
        return
    assert isinstance(records[0], trace.Header)


@given(st.sampled_from(sorted(trace.KINDS)), st.dictionaries(st.text(max_size=8), JSONS, max_size=3))
def test_records_with_strange_fields_raise_nothing_but_gate_errors(kind, body):
    line = json.dumps({**body, "kind": kind}).encode() + b"\n"
    with pytest.raises(GateError):
        check_trace(HEADER + line)


# ── architectures of the file's own ──────────────────────────────────────────────────────────────


def test_what_is_no_number_can_be_read_but_not_checked():
    data = save({"0": np.array([np.nan, 1], dtype=np.float32)})
    assert math.isnan(read_tensors(data, [[2]])[0][0])
    with pytest.raises(NonFiniteWeightsError):
        check_weights(data, [[2]])


def test_the_manifest_is_the_records_shapes_and_what_is_beside_the_trace():
    records = (graded(shapes=[[3, 2], []]), initial(0, np.zeros(4)), initial(1, np.zeros((5, 2)), aside=True))
    assert state_shapes(records, 7) == [[3, 2], []]
    assert handed_over(records, 7) == [[3, 2], [], [5, 2]]


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        ([[3, 2], [2]], "8 numbers, and may have 7"),
        ([[10**9, 10**9]], "may have 7"),
        ([[-1, -3]], "shapes that none has"),
        ([[3, -2]], "shapes that none has"),
        ([[1] * 9], "shapes that none has"),
        ([[0]] * 513, "too many"),
    ],
)
def test_shapes_beyond_the_bounds_are_refused(shapes, words):
    with pytest.raises(GateError, match=words):
        state_shapes((graded(shapes=shapes),), 7)


def test_a_run_without_a_model_has_no_manifest():
    with pytest.raises(GateError, match="no trained model"):
        state_shapes((), 7)
    with pytest.raises(GateError, match="several"):
        state_shapes((graded(shapes=[], reason="several models"),), 7)
