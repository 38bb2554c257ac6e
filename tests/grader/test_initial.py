"""First values that a trace had no room for come from beside it; in another order they are the same numbers."""

import base64

import numpy as np
import pytest

from grader.errors import GateError
from grader.initial import completed, shuffled
from sandbox import trace
from tests.grader.own import RECORDS, STATE, initial, weights

FIRST = np.arange(12, dtype=np.float32).reshape(3, 4)
LARGE = np.linspace(0, 1, 40).reshape(8, 5)


def values(record):
    return np.frombuffer(base64.b64decode(record.data), dtype=record.dtype).reshape(record.shape)


def told(records):
    return [record for record in records if isinstance(record, trace.Initial)]


def test_what_was_kept_aside_is_filled_in_and_the_rest_stays():
    records = (*RECORDS, initial(0, FIRST), initial(1, LARGE, aside=True), initial(2, -LARGE, aside=True))
    first, second, third = told(completed(records, weights(*STATE, LARGE, -LARGE), 1000))
    assert first == records[2]
    np.testing.assert_array_equal(values(second), LARGE)
    np.testing.assert_array_equal(values(third), -LARGE)
    assert not second.aside


def test_where_nothing_was_handed_over_it_stays_aside():
    records = (*RECORDS, initial(1, LARGE, aside=True))
    assert completed(records, b"", 1000) == records


@pytest.mark.parametrize("arrays", [STATE, [*STATE, LARGE.T.copy()], [*STATE, LARGE, LARGE]])
def test_another_manifest_is_refused(arrays):
    with pytest.raises(GateError):
        completed((*RECORDS, initial(1, LARGE, aside=True)), weights(*arrays), 1000)


def test_no_more_than_twice_what_a_model_may_have_is_read_from_beside_the_trace():
    records = (*RECORDS, *[initial(place, LARGE, aside=True) for place in range(2)])
    completed(records, weights(*STATE, LARGE, LARGE), 40)
    with pytest.raises(GateError, match="120 numbers, and may have 80"):
        completed((*records, records[-1]), weights(*STATE, LARGE, LARGE, LARGE), 40)


def test_in_another_order_all_numbers_are_there_and_nothing_else_has_changed():
    records = (*RECORDS, initial(0, FIRST), initial(1, LARGE))
    found = shuffled(records, np.random.default_rng(1))
    assert found[:2] == RECORDS
    for record, first in zip(told(found), (FIRST, LARGE), strict=True):
        assert not np.array_equal(values(record), first)
        np.testing.assert_array_equal(np.sort(values(record), axis=None), np.sort(first, axis=None))


@pytest.mark.parametrize("data", ["?", "AAAA"])
def test_values_that_are_none_are_left_to_be_refused(data):
    record = trace.Initial(id=0, shape=[3, 4], dtype="float32", grad=True, data=data)
    assert shuffled((record,), np.random.default_rng(1)) == (record,)
