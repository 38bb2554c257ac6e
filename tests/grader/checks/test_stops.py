"""How a run ended: what the host saw comes before what the child says of itself."""

import dataclasses

import pytest

from grader.catalogue import LIMITS, STUDENT_ERRORS
from grader.checks.stops import Ending, ending_of, reached, stop_finding
from grader.models import Evidence
from sandbox import trace
from tests.grader.checks.tape import end, evidence

GOOD = Ending(
    exit_code=0,
    signal=None,
    out_of_memory=False,
    output_exceeded=False,
    timed_out=False,
    output_bytes=0,
    deadline=20.0,
    memory_mb=1024,
)
DONE = end({"B": 4, "S": 4})


def ended(*records, **changes):
    return ending_of(dataclasses.replace(GOOD, **changes), records)


def stop(slug="crashed", kind="ValueError", message="no", frames=(2, 3)):
    return trace.Stop(slug=slug, type=kind, message=message, frames=list(frames))


def progress(line=3, **counts):
    return trace.Progress(steps=counts.get("S", 0), counts=counts, line=line)


def test_a_run_that_ended_by_itself_has_no_stop():
    assert ended(DONE) == ("", "", ())


@pytest.mark.parametrize(
    ("changes", "records", "slug"),
    [
        ({"output_exceeded": True, "timed_out": True, "out_of_memory": True}, [stop()], "output-exceeded"),
        ({"timed_out": True, "out_of_memory": True, "signal": 9}, [stop()], "timed-out"),
        ({"out_of_memory": True, "signal": 9}, [stop()], "memory-exceeded"),
        ({"exit_code": 1}, [stop("memory-exceeded"), DONE], "memory-exceeded"),
        ({"exit_code": 1}, [stop("import-error"), DONE], "import-error"),
        ({"exit_code": None, "signal": 11}, [stop("wrong-signature")], "wrong-signature"),
        ({"exit_code": None, "signal": 11}, [DONE], "crashed"),
        ({"exit_code": 7}, [DONE], "crashed"),
        ({"exit_code": 0}, [], "crashed"),
    ],
)
def test_what_the_host_saw_comes_first(changes, records, slug):
    assert ended(*records, **changes)[0] == slug
    assert slug in (*STUDENT_ERRORS, *LIMITS)


def test_each_stop_is_told_with_its_numbers():
    assert ended(output_exceeded=True, output_bytes=17 << 20)[1] == (
        "It had printed 17 MiB when it was stopped."
    )
    assert ended(timed_out=True)[1].startswith("It was stopped after 20 s.")
    assert "1024 MiB" in ended(out_of_memory=True)[1]
    assert "signal 11" in ended(DONE, exit_code=None, signal=11)[1]
    assert "exit status 7" in ended(DONE, exit_code=7)[1]


def test_an_exception_is_told_with_the_students_own_lines():
    assert ended(stop(), exit_code=1) == ("crashed", "ValueError: no", (2, 3))
    assert ended(stop(kind="", message=""), exit_code=1)[1] == "It stopped."


def test_a_killed_run_names_the_last_line_it_was_seen_at():
    records = (progress(2, S=1), progress(0, S=2), progress(3, B=37, S=37))
    _, text, lines = ended(*records, exit_code=None, timed_out=True)
    assert lines == (3,)
    assert "step 37" in text
    assert ended(progress(0), timed_out=True)[2] == ()


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({}, "No training step had begun."),
        ({"Z": 3, "f": 2}, "No training step had begun."),
        ({"D": 5, "F": 5}, "So far it had made forward passes: 5; no step was seen."),
        ({"D": 5}, "It had drawn 5 batches; no step was seen."),
        ({"F": 37, "B": 36}, "So far it had made backward passes: 36; no step was seen."),
        ({"A": 4, "S": 0}, "So far it had made backward passes: 4; no step was seen."),
        ({"B": 9, "S": 8}, "It had reached step 8."),
    ],
)
def test_how_far_a_run_came_is_said_in_a_sentence(counts, words):
    assert reached((progress(**counts),)) == words
    assert reached(()) == "No training step had begun."


@pytest.mark.parametrize("slug", [*STUDENT_ERRORS, *LIMITS])
def test_every_stop_becomes_an_error_with_its_lines(slug):
    finding = stop_finding(slug, "It stopped.", (3, 99), evidence())
    assert (finding.slug, finding.severity, finding.basis) == (slug, "error", "observed")
    assert [(place.line, place.code) for place in finding.where] == [(3, "model(x)")]


def test_a_stop_without_source_has_no_lines():
    empty = Evidence(records=(), source=())
    assert stop_finding("unreadable-file", "It is empty.", (1,), empty).where == ()


# ── crashes whose message gives the cause away ───────────────────────────────────────────────────


def scaler(**counts):
    used = {"scaled": 1, "unscaled": 0, "steps": 0, "skipped": 0, "updates": 0, "bypassed": 0, **counts}
    return trace.Scaler(id=0, given=True, enabled=True, first=2.0, last=2.0, line=1, **used)


AGAIN = "step() has already been called since the last update()."
LATE = "unscale_() is being called after step()."
UNSEEN = "No inf checks were recorded prior to update."
UNSCALED = "Attempted step but _scale is None.  This may indicate …"


@pytest.mark.parametrize(
    ("message", "counts", "slug"),
    [
        (AGAIN, {"steps": 2}, "scaler-update-missing"),
        (LATE, {"unscaled": 2, "steps": 1}, "scaler-update-missing"),
        (LATE, {"unscaled": 1, "steps": 1}, "crashed"),  # unscaled after its own step
        (UNSEEN, {"bypassed": 1}, "scaler-bypassed"),
        (UNSEEN, {"bypassed": 0}, "crashed"),  # updated before the step
        (UNSCALED, {"scaled": 0}, "scaler-bypassed"),
        ("something else", {}, "crashed"),
    ],
)
def test_a_scaler_that_refuses_to_go_on_names_what_was_forgotten(message, counts, slug):
    found, text, lines = ended(stop(kind="RuntimeError", message=message), scaler(**counts))
    assert found == slug
    assert message in text
    assert lines == (2, 3)


@pytest.mark.parametrize(
    ("beats", "slug"),
    [
        (("DZFLS", "B"), "step-before-backward"),
        (("DZFLSB",), "step-before-backward"),
        (("DZFLBS", "FLB"), "crashed"),
        (("DZFLB",), "crashed"),
        ((), "crashed"),
    ],
)
def test_a_backward_that_torch_refuses_after_a_step_is_told_as_such(beats, slug):
    message = "one of the variables needed for gradient computation has been modified by an inplace operation"
    patterns = [
        trace.Pattern(id=number, beats=item, lines=[0] * len(item)) for number, item in enumerate(beats)
    ]
    assert ended(stop(kind="RuntimeError", message=message), *patterns)[0] == slug
