"""An exercise that leaves the architecture open, and what runs of it leave."""

import base64
import tomllib

import numpy as np
from safetensors.numpy import save

from grader.exercise import Exercise
from sandbox import trace
from tests.architectures.conftest import FOLDER, SLUG
from tests.grader.fakes import graded

TOML = (FOLDER / "exercises" / SLUG / "exercise.toml").read_text()
OWN = Exercise.model_validate(tomllib.loads(TOML))
ROWS = 3
STATE = [np.arange(20, dtype=np.float32).reshape(10, 2), np.ones(10, dtype=np.float32)]
LOGITS = np.arange(ROWS * 10, dtype=np.float32).reshape(ROWS, 10)


def presented(**changes):
    """The record of a model that was called when the run was over."""
    fields = {
        "module": 0,
        "rows": 50,
        "shape": [784],
        "dtype": "float32",
        "scale": 1.0,
        "shift": 0.0,
        "body": -1,
        "untold": "",
        "reason": "",
    }
    return trace.Presented(**{**fields, **changes})


def initial(number, values, *, aside=False):
    """The record of a parameter's first values."""
    data = "" if aside else base64.b64encode(values.tobytes()).decode()
    return trace.Initial(
        id=number, shape=list(values.shape), dtype=str(values.dtype), grad=True, data=data, aside=aside
    )


def weights(*arrays):
    """Arrays as a sandbox hands them over."""
    return save({str(place): array for place, array in enumerate(arrays)})


RECORDS = (graded(shapes=[[10, 2], [10]]), presented())
