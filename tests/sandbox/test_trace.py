"""The trace: records come back as they were, and hostile bytes raise TraceError only."""

from __future__ import annotations

import json
import math
import types
from array import array
from dataclasses import fields
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import trace

HEADER = trace.Header(version=trace.VERSION, torch="2", threads=1, entry="script")
RNG = trace.Rng(what="seed", value=1, at_step=2, line=3)
NESTED = st.recursive(st.integers(0, 99), lambda inner: st.lists(inner, max_size=3), max_leaves=6)


def values_of(wanted: Any) -> st.SearchStrategy[Any]:
    """Values of an annotated type."""
    origin, inside = get_origin(wanted), get_args(wanted)
    if origin is list:
        return st.lists(values_of(inside[0]), max_size=4)
    if origin is dict:
        return st.dictionaries(st.text(max_size=5), values_of(inside[1]), max_size=3)
    if origin in (Union, types.UnionType):
        return st.none() | values_of(inside[0])
    plain: dict[Any, st.SearchStrategy[Any]] = {
        int: st.integers(-(1 << 70), 1 << 70),
        float: st.floats(),
        str: st.text(max_size=12),
        bool: st.booleans(),
        Any: NESTED,
    }
    return plain[wanted]


def records_of(kind: type[trace.Record]) -> st.SearchStrategy[trace.Record]:
    hints = get_type_hints(kind)
    return st.builds(kind, **{item.name: values_of(hints[item.name]) for item in fields(kind)})


RECORDS = st.sampled_from(sorted(trace.KINDS)).flatmap(lambda name: records_of(trace.KINDS[name]))


def whole(*records: trace.Record) -> bytes:
    return b"".join(trace.encode(record) for record in (HEADER, *records))


def line(**changes: Any) -> bytes:
    body = {"kind": "Rng", "what": "seed", "value": 1, "at_step": 2, "line": 3, **changes}
    return json.dumps({name: value for name, value in body.items() if value is not ...}).encode()


@given(st.lists(RECORDS, max_size=4))
def test_records_of_every_kind_come_back(records: list[trace.Record]) -> None:
    read = trace.read(whole(*records))
    assert [type(record) for record in read[1:]] == [type(record) for record in records]
    assert [repr(record) for record in read[1:]] == [repr(record) for record in records]  # nan equals itself


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_a_trace_error(data: bytes) -> None:
    with pytest.raises(trace.TraceError):
        trace.read(data)
    with pytest.raises(trace.TraceError):
        trace.decode(data)


@given(st.lists(RECORDS, min_size=1, max_size=3), st.data())
def test_a_mutated_trace_is_read_or_a_trace_error(records: list[trace.Record], data: st.DataObject) -> None:
    stream = bytearray(whole(*records))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(stream)))
        stream[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        read = trace.read(bytes(stream))
    except trace.TraceError:
        return
    assert isinstance(read[0], trace.Header)
    assert trace.read(b"".join(trace.encode(record) for record in read))


@given(st.lists(RECORDS, max_size=3), st.data())
def test_a_cut_off_trace_loses_its_last_record_only(records: list[trace.Record], data: st.DataObject) -> None:
    stream = whole(*records, RNG)
    first = len(trace.encode(HEADER))
    cut = data.draw(st.integers(first, len(stream)))
    read = trace.read(stream[:cut])
    assert len(read) == stream[:cut].count(b"\n")
    assert [repr(record) for record in read] == [repr(record) for record in (HEADER, *records, RNG)][
        : len(read)
    ]


def test_a_trace_begins_with_its_header_and_the_order_is_otherwise_free() -> None:
    assert trace.read(whole(RNG, HEADER, RNG)) == (HEADER, RNG, HEADER, RNG)
    with pytest.raises(trace.TraceError, match="begin with its header"):
        trace.read(trace.encode(RNG) + trace.encode(HEADER))
    with pytest.raises(trace.TraceError, match="begin with its header"):
        trace.read(b"")


def test_another_version_is_refused() -> None:
    header = trace.Header(version=trace.VERSION + 1, torch="2", threads=1, entry="script")
    with pytest.raises(trace.TraceError, match=f"expected {trace.VERSION}"):
        trace.read(trace.encode(header))


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"[]",
        b"null",
        b"1e999",
        b'{"kind":"Rng","kind":"Rng","what":"a","value":1,"at_step":1,"line":1}',
        line(value=...),
        line(more=1),
        line(kind="Record"),
        line(kind=["Rng"]),
        line(kind=...),
        line(value=True),
        line(value=1.0),
        line(value="1"),
        line(value=None),
        line(what=3),
        line(value=1).replace(b": 1,", b": NaN,"),
        line(value=1).replace(b": 1,", b": " + b"9" * 5000 + b","),
        b'{"kind":"Order","truncated":false,"items":' + b"[" * 60_000 + b"]" * 60_000 + b"}",
        '{"kind":"Rng"}'.encode("utf-16"),
        b'{"kind":"Rng","what":"\xff","value":1,"at_step":1,"line":1}',
    ],
)
def test_a_bad_record_is_a_trace_error(bad: bytes) -> None:
    with pytest.raises(trace.TraceError):
        trace.decode(bad)


@pytest.mark.parametrize("word", ["Infinity", "-Infinity", "NaN", '"NaN"', '"Inf"', "true", "[]", "9" * 400])
def test_a_float_is_a_json_number_or_one_of_three_words(word: str) -> None:
    good = b'{"kind":"Started","seconds":%s}'
    assert trace.decode(good % b"3") == trace.Started(seconds=3.0)
    with pytest.raises(trace.TraceError):
        trace.decode(good % word.encode())


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, -0.0, 5e-324])
def test_a_float_that_json_cannot_hold_comes_back(value: float) -> None:
    record = trace.decode(trace.encode(trace.Started(seconds=value)))
    assert isinstance(record, trace.Started)
    assert repr(record.seconds) == repr(value)


# ── bounds ───────────────────────────────────────────────────────────────────────────────────────


def test_a_trace_that_is_too_long_is_refused_unread() -> None:
    with pytest.raises(trace.TraceError, match="longer than 4194304"):
        trace.read(bytes(trace.MAX_TRACE + 1))


def test_too_many_records_are_refused() -> None:
    small = trace.encode(trace.Started(seconds=0.5))
    head = trace.encode(HEADER)
    assert len(trace.read(head + small * (trace.MAX_RECORDS - 1))) == trace.MAX_RECORDS
    with pytest.raises(trace.TraceError, match="50001 records"):
        trace.read(head + small * trace.MAX_RECORDS)


def test_a_record_that_is_too_long_is_refused() -> None:
    long = trace.Stop(slug="crashed", type="E", message="x" * trace.MAX_LINE, frames=[])
    with pytest.raises(trace.TraceError, match="too long"):
        trace.read(whole(long))


# ── the writer ───────────────────────────────────────────────────────────────────────────────────


def test_the_writer_sends_in_batches_and_the_rest_when_flushed() -> None:
    sent: list[bytes] = []
    writer = trace.Writer(sent.append, batch=200)
    for record in (HEADER, *[RNG] * 9):
        writer.write(record)
    assert 1 <= len(sent) < 5
    writer.flush()
    writer.flush()
    assert trace.read(b"".join(sent)) == (HEADER, *[RNG] * 9)
    assert all(sent)


def test_the_writer_stops_short_of_the_bound_and_keeps_room_for_the_end() -> None:
    sent: list[bytes] = []
    writer = trace.Writer(sent.append)
    block = trace.Stop(slug="crashed", type="E", message="x" * 100_000, frames=[])
    writer.write(HEADER)
    for _ in range(50):
        writer.write(block)
    kept = 50 - writer.dropped
    assert 0 < kept < 50
    for _ in range(5):
        writer.write(RNG, closing=True)
    writer.flush()
    data = b"".join(sent)
    assert len(data) <= trace.MAX_TRACE
    assert trace.read(data)[-5:] == (RNG,) * 5
    for _ in range(50):
        writer.write(block, closing=True)
    writer.flush()
    assert len(b"".join(sent)) <= trace.MAX_TRACE


def test_the_writer_leaves_out_a_record_that_is_too_long_and_counts_it() -> None:
    sent: list[bytes] = []
    writer = trace.Writer(sent.append)
    writer.write(HEADER)
    writer.write(trace.Stop(slug="crashed", type="E", message="x" * trace.MAX_LINE, frames=[]), closing=True)
    writer.write(RNG)
    writer.flush()
    assert trace.read(b"".join(sent)) == (HEADER, RNG)
    assert writer.dropped == 1


# ── vectors ──────────────────────────────────────────────────────────────────────────────────────


@given(st.lists(st.floats(), max_size=40))
def test_a_vector_of_doubles_comes_back_bit_by_bit(values: list[float]) -> None:
    vector = array("d", values)
    assert trace.unpack_vector(trace.pack_vector(vector)).tobytes() == vector.tobytes()


@given(st.lists(st.floats(width=32), max_size=40))
def test_a_vector_of_floats_comes_back_bit_by_bit(values: list[float]) -> None:
    vector = array("f", values)
    unpacked = trace.unpack_vector(trace.pack_vector(vector))
    assert unpacked.typecode == "f"
    assert unpacked.tobytes() == vector.tobytes()


@pytest.mark.parametrize(
    "text", ["", "q", "AAAA", "fAAA", "f====", "fA\nAA", "fAAAA", "dAAAAAA==", "f\u00e9", "f\ud800"]
)
def test_a_malformed_vector_is_a_trace_error(text: str) -> None:
    with pytest.raises(trace.TraceError):
        trace.unpack_vector(text)


@given(st.text(max_size=30))
def test_arbitrary_text_is_a_vector_or_a_trace_error(text: str) -> None:
    try:
        vector = trace.unpack_vector("f" + text)
    except trace.TraceError:
        return
    assert vector.typecode == "f"


PACKED = st.none() | st.lists(st.floats(width=32), max_size=3).map(
    lambda values: trace.pack_vector(array("f", values))
)


@given(
    st.integers(),
    st.text(max_size=20),
    st.none() | st.floats(),
    st.none() | st.floats(),
    PACKED,
    PACKED,
    st.lists(st.floats(), max_size=3),
)
def test_a_row_is_encoded_as_any_other_record(
    step: int,
    text: str,
    value: float | None,
    extra: float | None,
    before: str | None,
    params: str | None,
    rates: list[float],
) -> None:
    told = {
        "of": 2,
        "rows": 64,
        "flags": "pm",
        "text": text,
        "value": value,
        "extra": extra,
        "before": before,
    }
    fast = trace.encode_row(3, "B", step, 7, **told, after=before, params=params, rates=rates)
    record = trace.Row(
        window=3, beat="B", step=step, line=7, **told, after=before, params=params, rates=rates
    )
    assert fast == trace.encode(record)
