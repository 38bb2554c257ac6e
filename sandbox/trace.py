"""The trace: what the spies saw, as records (`sandbox.records`); its streaming writer and its bounded reader.

A trace is a run of lines, one JSON object each, `{"kind": …, fields…}`; the first is a `Header`.
It is a *claim* of a process that ran a student's code: the reader bounds it, checks every field's
type and trusts nothing else.  Floats that JSON cannot hold travel as "nan", "inf" and "-inf".

Version history
    1   first format: order, ledger rows on windows, loader passes, losses, stops, results
    2   answers of several functions, modes of forwards, schedules, scalers, losses of each pass
    3   fields at their default are left out
    4   the program: scripts of operations with their operands
    5   what a script makes itself: first values of parameters, modules, bodies of forwards
    6   models of a script's own architecture: how they are called, first values beside the trace
"""

from __future__ import annotations

import base64
import json
import math
import types
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import MISSING, fields
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from sandbox.records import (
    KINDS,
    Answer,
    Body,
    End,
    Failure,
    Feed,
    ForwardUse,
    Function,
    Graded,
    Hash,
    Header,
    Indices,
    Initial,
    Layout,
    Live,
    Loader,
    LossCall,
    Losses,
    Module,
    Observed,
    Optimizer,
    OptimizerUse,
    Order,
    Origin,
    Over,
    Param,
    Pass,
    Pattern,
    Presented,
    Program,
    Progress,
    Rates,
    Reach,
    Record,
    Returned,
    Rng,
    Row,
    Scaler,
    Schedule,
    Script,
    Squashed,
    Started,
    StateLoad,
    Stop,
    Sync,
    Targets,
    Widened,
)

__all__ = [
    "KINDS",
    "MAX_LINE",
    "MAX_RECORDS",
    "MAX_TRACE",
    "VERSION",
    "Answer",
    "Body",
    "End",
    "Failure",
    "Feed",
    "ForwardUse",
    "Function",
    "Graded",
    "Hash",
    "Header",
    "Indices",
    "Initial",
    "Layout",
    "Live",
    "Loader",
    "LossCall",
    "Losses",
    "Module",
    "Observed",
    "Optimizer",
    "OptimizerUse",
    "Order",
    "Origin",
    "Over",
    "Param",
    "Pass",
    "Pattern",
    "Presented",
    "Program",
    "Progress",
    "Rates",
    "Reach",
    "Record",
    "Returned",
    "Rng",
    "Row",
    "Scaler",
    "Schedule",
    "Script",
    "Squashed",
    "Started",
    "StateLoad",
    "Stop",
    "Sync",
    "Targets",
    "TraceError",
    "Widened",
    "Writer",
    "decode",
    "encode",
    "encode_row",
    "pack_vector",
    "read",
    "unpack_vector",
]

VERSION = 7
MAX_TRACE = 4 << 20
"""Most bytes of trace a child writes; what would go beyond is left out and counted in `End.dropped`."""
MAX_LINE = 256 << 10
"""Longest record, in bytes."""
MAX_RECORDS = 50_000


class TraceError(ValueError):
    """The bytes are not a trace: too long, wrong version, unknown record, wrong type."""


# ── vectors ──────────────────────────────────────────────────────────────────────────────────────


def pack_vector(values: array[float]) -> str:
    """A vector of floats as text: `f` or `d` (4 or 8 bytes a number) and base64 of its bytes."""
    return values.typecode + base64.b64encode(values.tobytes()).decode("ascii")


def unpack_vector(text: str) -> array[float]:
    """The inverse of pack_vector.  Raises TraceError when the text is malformed."""
    if text[:1] not in ("f", "d"):
        raise TraceError("a vector of unknown type")
    values: array[float] = array("f" if text[0] == "f" else "d")
    try:
        values.frombytes(base64.b64decode(text[1:], validate=True))
    except ValueError as error:
        raise TraceError("a vector that is not base64 of whole numbers") from error
    return values


# ── writing ──────────────────────────────────────────────────────────────────────────────────────


def encode_row(
    window: int,
    beat: str,
    step: int,
    line: int,
    of: int = -1,
    rows: int = -1,
    flags: str = "",
    text: str = "",
    value: float | None = None,
    extra: float | None = None,
    before: str | None = None,
    after: str | None = None,
    params: str | None = None,
    rates: Sequence[float] = (),
) -> bytes:
    """What `encode` makes of a Row of these fields, five times as fast: rows are written at every beat."""
    told = f'{{"kind":"Row","window":{window},"beat":"{beat}","step":{step},"line":{line}'
    if of != -1:
        told += f',"of":{of}'
    if rows != -1:
        told += f',"rows":{rows}'
    if flags:
        told += f',"flags":"{flags}"'
    if text:
        told += f',"text":{_quoted(text)}'
    if value is not None:
        told += f',"value":{_number(value)}'
    if extra is not None:
        told += f',"extra":{_number(extra)}'
    if before is not None:
        told += f',"before":"{before}"'
    if after is not None:
        told += f',"after":"{after}"'
    if params is not None:
        told += f',"params":"{params}"'
    if rates:
        told += f',"rates":[{",".join(map(_number, rates))}]'
    return f"{told}}}\n".encode()


def _quoted(text: str) -> str:
    plain = text.isascii() and (text.isalnum() or text.isidentifier())
    return f'"{text}"' if plain or not text else json.dumps(text)


def _number(value: float) -> str:
    return repr(value) if math.isfinite(value) else f'"{_plain(value)}"'


_written = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def encode(record: Record) -> bytes:
    """One record as one line of JSON; what a field has by default is left out."""
    body: dict[str, object] = {"kind": record.kind}
    for name, default in _fields(record.kind):
        value = getattr(record, name)
        if value != default or default is MISSING:
            body[name] = value if type(value) in (int, str, bool) else _plain(value)
    return _written(body).encode() + b"\n"


@cache
def _fields(kind: str) -> list[tuple[str, Any]]:
    """The names of a kind's fields, each with what it is where nothing is said, or MISSING."""
    defaults = _defaults(kind)
    return [(item.name, defaults.get(item.name, MISSING)) for item in fields(KINDS[kind])]


@cache
def _defaults(kind: str) -> dict[str, Any]:
    """What the fields of a kind are where nothing is said."""
    found: dict[str, Any] = {}
    for item in fields(KINDS[kind]):
        if item.default is not MISSING:
            found[item.name] = item.default
        elif item.default_factory is not MISSING:
            found[item.name] = item.default_factory()
    return found


def _plain(value: Any) -> Any:
    """A value as JSON can hold it: non-finite floats become words."""
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


class Writer:
    """Writes records to `send` in batches, and stops short of MAX_TRACE.

    `send` takes bytes (one frame's payload).  Records over a limit are dropped and counted.
    """

    RESERVE = 1 << 20  # kept back for the records that close a trace
    ROWS = 512  # that wait for being encoded; one after another that costs a fraction

    def __init__(self, send: Callable[[bytes], object], *, batch: int = 64 << 10) -> None:
        self._send = send
        self._batch = batch
        self._buffer = bytearray()
        self._rows: list[tuple[tuple[int, str, int, int], dict[str, Any]]] = []
        self._written = 0
        self.dropped = 0

    def write(self, record: Record, *, closing: bool = False) -> None:
        """Queue one record; `closing` ones may use the reserve."""
        self._encode_rows()
        self._queue(encode(record), closing=closing)

    def write_row(self, window: int, beat: str, step: int, line: int, **values: Any) -> None:
        """Queue a Row of these fields, which is encoded when another record follows."""
        self._rows.append(((window, beat, step, line), values))
        if len(self._rows) >= self.ROWS:
            self._encode_rows()

    def _encode_rows(self) -> None:
        if self._rows:
            rows, self._rows = self._rows, []
            for place, values in rows:
                self._queue(encode_row(*place, **values), closing=False)

    def _queue(self, line: bytes, *, closing: bool) -> None:
        limit = MAX_TRACE if closing else MAX_TRACE - self.RESERVE
        if len(line) > MAX_LINE or self._written + len(line) > limit:
            self.dropped += 1
            return
        self._written += len(line)
        self._buffer += line
        if len(self._buffer) >= self._batch:
            self._send_buffer()

    def flush(self) -> None:
        """Send what is queued."""
        self._encode_rows()
        self._send_buffer()

    def _send_buffer(self) -> None:
        if self._buffer:
            data, self._buffer = bytes(self._buffer), bytearray()
            self._send(data)


# ── reading ──────────────────────────────────────────────────────────────────────────────────────


def read(data: bytes) -> tuple[Record, ...]:
    """All records of a trace; a last line that was cut off (a killed run) is left out.

    Raises TraceError for anything that is not a trace of this version.
    """
    if len(data) > MAX_TRACE:
        raise TraceError(f"a trace of {len(data)} bytes is longer than {MAX_TRACE}")
    records = tuple(_records(data))
    if not records or not isinstance(records[0], Header):
        raise TraceError("a trace must begin with its header")
    if records[0].version != VERSION:
        raise TraceError(f"trace version {records[0].version}, expected {VERSION}")
    return records


def _records(data: bytes) -> Iterator[Record]:
    complete, _, _ = data.rpartition(b"\n")
    lines = complete.split(b"\n") if complete else []
    if len(lines) > MAX_RECORDS:
        raise TraceError(f"a trace of {len(lines)} records is longer than {MAX_RECORDS}")
    for line in lines:
        if len(line) > MAX_LINE:
            raise TraceError("a record is too long")
        yield decode(line)


def decode(line: bytes) -> Record:
    """One record from its line.  Raises TraceError."""
    try:
        body = _parsed(line.decode())
    except (ValueError, RecursionError) as error:
        raise TraceError(f"a record is not JSON: {error}") from error
    if not isinstance(body, dict) or not isinstance(kind := body.pop("kind", None), str) or kind not in KINDS:
        raise TraceError("a record of unknown kind")
    readers = _readers(kind)
    if not body.keys() <= readers.keys() or not readers.keys() - body.keys() <= _defaults(kind).keys():
        raise TraceError(f"{kind}: wrong fields")
    values = {}
    for name, value in body.items():
        try:
            values[name] = readers[name](value)
        except _UnfitError as error:
            raise TraceError(f"{kind}.{name}: {error}") from error
    return KINDS[kind](**values)


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    body = dict(pairs)
    if len(body) != len(pairs):
        ((key, _),) = Counter(key for key, _ in pairs).most_common(1)
        raise ValueError(f"key {key!r} twice")
    return body


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_parsed = json.JSONDecoder(object_pairs_hook=_no_doubles, parse_constant=_no_constant).decode


@cache
def _readers(kind: str) -> dict[str, Callable[[Any], Any]]:
    """By field, what makes a value of JSON one of the field's type, or raises _UnfitError."""
    hints = get_type_hints(KINDS[kind])
    return {item.name: _reader(hints[item.name]) for item in fields(KINDS[kind])}


class _UnfitError(Exception):
    """A value that is not of its field's type."""


_WORDS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


@cache
def _reader(wanted: Any) -> Callable[[Any], Any]:
    """What reads a value of an annotated type; ints fit floats, bools fit nothing else."""
    origin, inner = get_origin(wanted), get_args(wanted)

    def unfit(value: Any) -> _UnfitError:
        return _UnfitError(f"{type(value).__name__} where {wanted} belongs")

    def number(value: Any) -> float:
        if type(value) is float:
            return value
        if type(value) is int:
            return _float(value)
        if isinstance(value, str) and value in _WORDS:
            return _WORDS[value]
        raise unfit(value)

    def plain(value: Any) -> Any:
        if type(value) is not wanted:
            raise unfit(value)
        return value

    def many(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise unfit(value)
        return [each(entry) for entry in value]

    def named(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise unfit(value)
        return {key: each(entry) for key, entry in value.items()}

    def perhaps(value: Any) -> Any:
        return None if value is None else each(value)

    if wanted is Any:
        return lambda value: value
    if wanted in (int, str, bool):
        return plain
    if wanted is float:
        return number
    if origin is list:
        each = _reader(inner[0])
        return many
    if origin is dict:
        each = _reader(inner[1])
        return named
    if origin in (Union, types.UnionType):
        each = _reader(next(part for part in inner if part is not type(None)))
        return perhaps
    raise TypeError(f"no field can be of the type {wanted}")


def _float(value: int) -> float:
    try:
        return float(value)
    except OverflowError as error:
        raise _UnfitError("a number too large") from error
