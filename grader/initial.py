"""The weights that a script's model had when it was first seen, from the trace that tells them."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from grader import gate
from sandbox import trace

_NAMES = {"float32": "F32", "float64": "F64"}


def first_weights(records: Sequence[trace.Record], shapes: Sequence[Sequence[int]], module: int) -> bytes:
    """A module's parameters as they were first seen, as safetensors in the order of `shapes`; b"" where not told."""
    numbers = next(
        (item.params for item in records if isinstance(item, trace.Module) and item.id == module), []
    )
    told = {item.id: item for item in records if isinstance(item, trace.Initial)}
    left = [told[number] for number in numbers if number in told]
    entries: dict[str, object] = {}
    body = b""
    for place, shape in enumerate(shapes):
        record = next((item for item in left if item.shape == list(shape) and item.dtype in _NAMES), None)
        if record is None:
            return b""
        left.remove(record)
        try:
            content = base64.b64decode(record.data, validate=True)
        except ValueError:
            return b""
        offsets = [len(body), len(body) + len(content)]
        entries[str(place)] = {"dtype": _NAMES[record.dtype], "shape": list(shape), "data_offsets": offsets}
        body += content
    header = json.dumps(entries).encode()
    return len(header).to_bytes(8, "little") + header + body


def completed(records: Sequence[trace.Record], weights: bytes, most: int) -> tuple[trace.Record, ...]:
    """The records, with the first values that were handed over beside them; a model has `most` numbers at the most.

    Where nothing was handed over they stay aside.  Raises GateError.
    """
    beside = [item for item in records if isinstance(item, trace.Initial) and item.aside]
    if not beside or not weights:
        return tuple(records)
    tensors = gate.read_tensors(weights, gate.handed_over(records, most))[-len(beside) :]
    names = {id(item): tensor for item, tensor in zip(beside, tensors, strict=True)}
    return tuple(
        replace(item, aside=False, data=base64.b64encode(names[id(item)].tobytes()).decode())
        if isinstance(item, trace.Initial) and item.aside
        else item
        for item in records
    )


def shuffled(records: Sequence[trace.Record], rng: np.random.Generator) -> tuple[trace.Record, ...]:
    """The records, with the numbers of each first value in another order."""
    return tuple(
        replace(item, data=_reordered(item, rng)) if isinstance(item, trace.Initial) else item
        for item in records
    )


def _reordered(record: trace.Initial, rng: np.random.Generator) -> str:
    try:
        content = base64.b64decode(record.data, validate=True)
    except ValueError:
        return record.data
    count = math.prod(record.shape)
    if count < 1 or len(content) % count:
        return record.data  # they will be refused
    numbers = np.frombuffer(content, dtype=np.uint8).reshape(count, -1)
    return base64.b64encode(rng.permutation(numbers).tobytes()).decode()
