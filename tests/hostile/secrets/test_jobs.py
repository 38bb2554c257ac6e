"""What a sandbox is handed for a run tells nothing of what stays outside, in any exercise."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator

import pytest

from grader.challenge import Challenge
from grader.examine import prepare
from grader.exercise import load_exercise, slugs
from grader.launch.base import Job
from grader.launch.lines import Lines
from grader.launch.local import LocalLauncher
from grader.models import Submission
from grader.runs import job_of
from tests.hostile.secrets.needles import DISTINCT, all_needles
from tests.hostile.secrets.search import WORD, Search, pairs_of

SECRET = secrets.token_bytes(32)
MIDDLE = 512
"""Bytes of a hidden file that no other has by chance, if they are no two or three labels."""


@pytest.fixture(scope="module")
def lines() -> Iterator[Lines]:
    """One examiner for all exercises."""
    with Lines(LocalLauncher()) as opened:
        yield opened


def texts(job: Job) -> list[bytes]:
    """All that a job holds."""
    return [*job.files.values(), *(name.encode() for name in job.files), json.dumps(job.fields).encode()]


def told(job: Job, search: Search) -> set[str]:
    """Names of the needles in a job."""
    return {name for text in texts(job) for shift in range(WORD) for name in search.in_bytes(text[shift:])}


@pytest.mark.parametrize("slug", slugs())
def test_a_job_tells_nothing_of_what_stays_outside(slug: str, lines: Lines) -> None:
    exercise = load_exercise(slug)
    submission = Submission(filename="loop.py", source=b"pass\n", exercise=slug, student="ada")
    challenge = Challenge.derive(SECRET, slug, exercise.version, "ada", submission.sha256)
    prepared = prepare(lines.examiner(), exercise, challenge)
    search = Search(pairs_of(all_needles(SECRET, challenge, prepared)))
    middles = [content[len(content) // 3 :][:MIDDLE] for content in prepared.hidden.values()]
    middles = [middle for middle in middles if len(set(middle)) >= DISTINCT]
    for parameters in ({}, *(more.parameters for more in exercise.run)):
        for traced in (False, True):
            job = job_of(submission, exercise, challenge, prepared, parameters, traced=traced)
            public = {purpose: challenge.torch_seed(purpose) for purpose in ("init", "order", "dropout")}
            assert job.fields["seeds"] == public
            assert told(job, search) == set()
            assert not any(middle in text for middle in middles for text in texts(job))
            leaking = Job(job.files, job.fields | {"more": challenge.seed("hidden")})
            assert told(leaking, search) == {"seed hidden as decimal digits"}
