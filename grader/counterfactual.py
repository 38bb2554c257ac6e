"""Which known bug comes to a wrong run's numbers: asking the examiner, and putting its answer into words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader.catalogue import CATALOGUE
from grader.errors import ExaminerError
from grader.examine import Prepared
from grader.exercise import Exercise
from grader.launch.drive import ask_examiner
from grader.launch.lines import Lines
from grader.models import Counterfactual, Verification
from grader.verify import JOB
from sandbox import trace

SPARE_SECONDS = 30.0
"""How much longer than its budget allows an examiner may take to answer; its first steps load much of torch."""
SLACK = 5.0
"""How many times as long as its CPU time an examiner may take, as it does itself (grader.examiner.apart)."""


@dataclass(frozen=True)
class Match:
    """A bug of the exercise that comes to the same numbers (see grader.examiner.counterfactual)."""

    slug: str
    computes: str
    function: str
    distance: float
    steps: int
    whole: bool


def counterfactual(
    lines: Lines,
    exercise: Exercise,
    job: Mapping[str, object],
    prepared: Prepared,
    records: Sequence[trace.Record],
    found: Sequence[str],
) -> Counterfactual | None:
    """Have the examiner run the exercise's numeric bugs beside a run; the one that comes to the same, or None.

    `found` are the errors that the checks found: of several bugs with the same numbers theirs is named.  An examiner
    that fails in it is ended, and nothing is said.
    """
    kept = [record for record in records if isinstance(record, (trace.Hash, trace.Answer))]
    if exercise.entry == "script" or not exercise.budget or not kept:
        return None
    files = {f"training/{name}": content for name, content in prepared.training.items()}
    files["trace.jsonl"] = b"".join(trace.encode(record) for record in kept)
    request: dict[str, object] = {
        "op": "counterfactual",
        "exercise": exercise.slug,
        "job": {key: job[key] for key in (*JOB, "defines")},
        "seconds": exercise.budget,
        "found": list(found),
    }
    try:
        _, answer = ask_examiner(lines.examiner(), files, request, SLACK * exercise.budget + SPARE_SECONDS)
        matches = [Match(**item) for item in answer["matches"]]
    except (ExaminerError, KeyError, TypeError):
        lines.end_examiner()
        return None
    return told(matches, found) if matches else None


def told(matches: Sequence[Match], found: Sequence[str]) -> Counterfactual:
    """Bugs that came to the same numbers, in words; the one is named that is `found`, or else the first."""
    slugs = tuple(dict.fromkeys(match.slug for match in matches))
    chosen = next((slug for slug in found if slug in slugs), "")
    named = next(match for match in matches if match.slug == (chosen or slugs[0]))
    others = [match for match in matches if match.slug != named.slug]
    text = f"{_what(named)} exactly what {phrase_of(named)} computes"
    if others and not chosen:
        text += "".join(f", and what {phrase_of(match)} computes" for match in others)
    return Counterfactual(slug=named.slug, slugs=slugs, text=text, distance=named.distance)


def phrase_of(match: Match) -> str:
    """What computes the same, as "a loop that …": the bug file's own words, or those of its finding."""
    return match.computes or CATALOGUE[match.slug].computes or f"a loop with {match.slug}"


def _what(match: Match) -> str:
    if match.function:
        return f"what `{match.function}` gave is"
    if match.whole:
        return "the weights are"
    return f"through step {match.steps} the weights are"


def with_counterfactual(
    verification: Verification | None, named: Counterfactual | None, *, isolated: bool
) -> Verification | None:
    """A run's verification that names the bug whose numbers it has.  A run that was not verified is only observed."""
    if named is None:
        return verification
    reason = "" if isolated else "the file ran on this machine as it is, where it could have changed anything"
    known = verification or Verification(status="observed", method="none", reason=reason)
    return known.model_copy(update={"counterfactual": named})
