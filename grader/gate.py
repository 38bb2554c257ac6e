"""The gate: what came out of a sandbox is checked here before anything parses it.

Weights are read by these few lines and numpy alone; nothing is unpickled, ever, and a header that says
anything but the expected manifest is refused.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.errors import GateError
from sandbox import trace

MAX_HEADER = 64 << 10
"""Longest header of a weights file, in bytes."""

MAX_TENSORS, MAX_RANK = 512, 8
"""Of a model of the file's own architecture: how many tensors it may have, and of how many dimensions."""
BESIDE = 2
"""Times as many numbers as such a model may have are first values that are handed over beside the trace."""

Array = npt.NDArray[np.floating[Any]]
_TYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F64": np.dtype("<f8")}
_SURROGATE = re.compile("[\ud800-\udfff]")


class NonFiniteWeightsError(GateError):
    """The file is in order, but some weights are NaN or infinite: the loop diverged."""


def check_weights(data: bytes, shapes: Sequence[Sequence[int]]) -> list[Array]:
    """The tensors "0", "1", … of a safetensors file, of exactly these shapes, F32 or F64, all finite.

    The arrays are read-only views of `data`.  Raises GateError, as NonFiniteWeightsError for the last.
    """
    arrays = read_tensors(data, shapes)
    if not all(np.isfinite(array).all() for array in arrays):
        raise NonFiniteWeightsError("The weights are not all finite numbers.")
    return arrays


def read_tensors(data: bytes, shapes: Sequence[Sequence[int]]) -> list[Array]:
    """Like `check_weights`, whatever the numbers are."""
    sizes = [math.prod(shape) for shape in shapes]
    most = 8 + MAX_HEADER + 8 * sum(sizes)
    if len(data) > most:
        raise GateError(f"The weights file has {len(data)} bytes, more than the {most} it may need.")
    header, body = _split(data)
    if set(header) != {str(index) for index in range(len(shapes))}:
        raise GateError("The weights file does not hold exactly the tensors of the graded module.")
    arrays, covered = [], []
    for index, shape in enumerate(shapes):
        dtype, start, end = _entry(header[str(index)], list(shape), sizes[index], len(body))
        covered.append((start, end))
        arrays.append(np.frombuffer(body[start:end], dtype=dtype).reshape(shape))
    _contiguous(covered, len(body))
    return arrays


def state_shapes(records: Sequence[trace.Record], most: int) -> list[list[int]]:
    """The shapes of a model of the file's own architecture, as its record tells them: `most` numbers at the most.

    Raises GateError.
    """
    graded = next((item for item in reversed(records) if isinstance(item, trace.Graded)), None)
    if graded is None or graded.reason:
        raise GateError(graded.reason if graded is not None else "The run left no trained model.")
    return _bounded(graded.shapes, most)


def handed_over(records: Sequence[trace.Record], most: int) -> list[list[int]]:
    """The shapes of all tensors that a run of such a model hands over: its state, and first values beside the trace.

    Raises GateError.
    """
    beside = [item.shape for item in records if isinstance(item, trace.Initial) and item.aside]
    return [*state_shapes(records, most), *_bounded(beside, BESIDE * most)]


def _bounded(shapes: Sequence[list[int]], most: int) -> list[list[int]]:
    if len(shapes) > MAX_TENSORS or any(
        len(shape) > MAX_RANK or min(shape, default=0) < 0 for shape in shapes
    ):
        raise GateError("The model's tensors are too many, or have shapes that none has.")
    if (count := sum(math.prod(shape) for shape in shapes)) > most:
        raise GateError(f"The model has {count:,} numbers, and may have {most:,} at the most.")
    return list(shapes)


def check_trace(data: bytes) -> tuple[trace.Record, ...]:
    """The records of a trace.  Raises GateError when it is none.

    Lone surrogates, which no UTF-8 file can hold, become U+FFFD: a report must always be writable.
    """
    try:
        records = trace.read(data)
        # JSON can only smuggle a surrogate in as an escape, so most traces need no second look.
        return tuple(map(_scrub_record, records)) if b"\\ud" in data.lower() else records
    except trace.TraceError as error:
        raise GateError(f"The sandbox's trace was refused: {error}.") from error
    except RecursionError as error:
        raise GateError("The sandbox's trace was refused: a record is nested too deeply.") from error


def _split(data: bytes) -> tuple[dict[str, Any], memoryview]:
    """A file's header, parsed, and its buffer."""
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or not 2 <= length <= min(MAX_HEADER, len(data) - 8):
        raise GateError("The weights file has no header of a sane length.")
    try:
        header = json.loads(
            data[8 : 8 + length].decode("utf-8"), object_pairs_hook=_no_doubles, parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as error:
        raise GateError("The weights file's header is not strict JSON.") from error
    if not isinstance(header, dict):
        raise GateError("The weights file's header is not an object.")
    return header, memoryview(data)[8 + length :]


def _no_doubles(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    pairs = list(pairs)
    body = dict(pairs)
    if len(body) != len(pairs):
        raise ValueError("a key stands twice")
    return body


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _entry(entry: Any, shape: list[int], size: int, room: int) -> tuple[np.dtype[Any], int, int]:
    """One tensor's type and its borders in the buffer."""
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise GateError("The weights file describes a tensor in an unknown way.")
    name, offsets = entry["dtype"], entry["data_offsets"]
    if not isinstance(name, str) or name not in _TYPES:
        raise GateError("The weights file holds a tensor that is neither F32 nor F64.")
    if not _whole_numbers(entry["shape"]) or entry["shape"] != shape:
        raise GateError(f"The weights file holds a tensor of another shape than {shape}.")
    if not _whole_numbers(offsets) or len(offsets) != 2:
        raise GateError("The weights file gives a tensor no offsets.")
    start, end = offsets
    if not 0 <= start <= end <= room or end - start != size * _TYPES[name].itemsize:
        raise GateError("The weights file gives a tensor offsets that do not fit its shape.")
    return _TYPES[name], start, end


def _whole_numbers(value: Any) -> bool:
    """A list of ints and nothing like them: Python calls True and 1.0 equal to 1."""
    return isinstance(value, list) and all(type(item) is int for item in value)


def _contiguous(covered: list[tuple[int, int]], room: int) -> None:
    """No byte of the buffer may be left out or used twice."""
    reached = 0
    for start, end in sorted(covered):
        if start != reached:
            raise GateError("The weights file's tensors overlap or leave gaps.")
        reached = end
    if reached != room:
        raise GateError("The weights file holds more than its tensors.")


def _scrub_record(record: trace.Record) -> trace.Record:
    return replace(record, **{item.name: _scrub(getattr(record, item.name)) for item in fields(record)})


def _scrub(value: Any) -> Any:
    """`value` with every lone surrogate in its texts replaced."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_scrub(item) for item in value]
    if isinstance(value, dict):
        return {_scrub(key): _scrub(item) for key, item in value.items()}
    return value
