"""First weights that read hidden data far better than untrained ones were brought along."""

from dataclasses import replace

import pytest

from grader.checks.prepared import prepared_weights
from grader.checks.registry import Clear, Facts, Found, Unknown
from grader.models import Measurement
from tests.grader.checks.tape import facts


def seen(value, *, most=0.35):
    plain = facts(exercise="mnist-from-memory")
    measured = Measurement(
        metric="renamed_accuracy", value=value, threshold=most, better="lower", samples=5000, basis="verified"
    )
    return Facts(replace(plain.evidence, untrained=measured), plain.exercise)


@pytest.mark.parametrize("value", [0.0, 0.1, 0.35, None, float("nan")])
def test_weights_that_nobody_trained_are_clear(value):
    assert prepared_weights(seen(value)) == Clear()


def test_first_weights_that_could_not_be_asked_are_unknown():
    plain = facts(exercise="mnist-from-memory")
    measured = Measurement(
        metric="renamed_accuracy",
        value=None,
        threshold=0.35,
        better="lower",
        samples=0,
        basis="observed",
        reason="it hangs",
    )
    verdict = prepared_weights(Facts(replace(plain.evidence, untrained=measured), plain.exercise))
    assert verdict == Unknown("it hangs")


def test_an_exercise_that_does_not_ask_is_clear():
    assert prepared_weights(facts()) == Clear()


@pytest.mark.parametrize("value", [0.3501, 0.9, 1.0])
def test_better_ones_are_found_with_their_number(value):
    verdict = prepared_weights(seen(value))
    assert isinstance(verdict, Found)
    assert verdict.numbers == {"renamed_accuracy": value, "most": 0.35}
    assert f"{value:.4g}" in verdict.evidence
    assert "renamed accuracy" in verdict.evidence
    assert "0.35" in verdict.evidence
