"""The second run of a script with an architecture of its own, for what the examiner cannot compute itself.

The file is run again in a fresh sandbox, which has the hidden inputs without their labels.  Its weights must be those
of the first run, byte by byte; its logits are the file's own word, and never enough to pass.
"""

from __future__ import annotations

from dataclasses import replace

from grader import gate
from grader.errors import GateError
from grader.launch.base import Job
from grader.logits import Logits, hidden_inputs, of_sandbox, rows_of
from grader.models import Verification
from grader.runs import Ran, Runs, gated, job_of, run
from sandbox import trace


def with_logits(runs: Runs, ran: Ran) -> Ran:
    """A run with what its model gives for the hidden inputs, where the exercise leaves the architecture open."""
    own = runs.exercise.own
    if own is None or (ran.logits is not None and ran.logits.trained) or not runs.complete(ran):
        return ran
    try:
        trained = gate.read_tensors(ran.outcome.weights, gate.handed_over(ran.records, own["parameters"]))
        state = trained[: len(gate.state_shapes(ran.records, own["parameters"]))]
    except GateError:
        return ran  # the measurement says what is wrong with them
    runs.progress("asking the trained model in a fresh sandbox")
    found = replace(ran, logits=_asked(runs, state))
    if ran.verification is None or ran.verification.status != "verified":
        return found
    why = ran.logits.reason if ran.logits is not None else ""
    reason = f"the trained model could not be asked outside of the sandbox{f': {why}' if why else ''}"
    return replace(found, verification=Verification(status="observed", method="replay", reason=reason))


def _asked(runs: Runs, state: list[gate.Array]) -> Logits:
    """What the model gives in a second run."""
    unseen = hidden_inputs(runs.lines, runs.exercise, runs.prepared.hidden)
    first = job_of(runs.submission, runs.exercise, runs.challenge, runs.prepared, program=False)
    job = Job(files={**first.files, "exercise/inputs": unseen}, fields=first.fields)
    outcome = run(job, runs.exercise, runs.lines, runs.limits)
    refused, records = gated(outcome)
    if outcome.timed_out:
        return Logits(reason="asked for inputs that it had not seen, it did not answer in time")
    if refused:
        return Logits(reason=f"the record of the second run was refused: {refused}")
    if any(isinstance(record, trace.Stop) for record in records):
        return Logits(reason="run a second time, the file did not get through")
    try:
        rows = rows_of(runs.exercise, unseen)
        return of_sandbox(runs.exercise, records, outcome.weights, rows, state)
    except GateError as error:
        return Logits(reason=f"what the second run handed over was refused: {error}")
