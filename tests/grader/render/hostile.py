"""A report and a gradebook whose every text tries to become something else than text."""

from grader.gradebook import Entry, Gradebook
from grader.models import (
    VERIFICATIONS,
    Beats,
    Finding,
    Measurement,
    Override,
    Place,
    Report,
    RequirementResult,
    SandboxFacts,
    Score,
    Verification,
)

ATTACKS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "'><svg onload=alert(3)>",
    "javascript:alert(4)",
    "</style><script>document.title='taken'</script>",
    "</title></textarea></pre></code><iframe src=//evil.example>",
    "{{7*7}}{% include 'x' %}",
    "<!-- --><base href=//evil.example>",
    "]]>&lt;script&gt;&#60;script&#62;",
    "http://evil.example www.evil.example @everyone #1 evil@example.com",
    "`<script>alert(5)</script>`",
    "``` `` `\n```\n[click](javascript:alert(6)) ![x](//evil.example) | a | b |",
    "access\u202elevel\u2066\u200b\x1b]0;title\x07\x00\ud800",
    "w" * 300,
    "数" * 200,
)
ALL = " ".join(ATTACKS)


def report(**changes):
    """A report in which every text is all attacks at once, or one each where there are several."""
    findings = tuple(
        Finding(
            slug=text,
            severity=("error", "warning", "note")[index % 3],
            title=text,
            evidence=text,
            where=(Place(line=index + 1, code=text), Place(line=-1, code=text), Place(line=10**9, code=text)),
            why=text,
            fix=text,
            basis=("verified", "observed", "unverified")[index % 3],
            numbers={text: text},
        )
        for index, text in enumerate(ATTACKS)
    )
    rows = tuple(
        RequirementResult(
            id=text,
            title=text,
            status=("passed", "failed", "could-not-check")[index % 3],
            points=(1.0, 0.0, None)[index % 3],
            max=1.0,
            required=bool(index % 2),
            reason=text,
            findings=(text,),
        )
        for index, text in enumerate(ATTACKS)
    )
    fields = {
        "grader_version": ALL,
        "report_id": ALL,
        "exercise": ALL,
        "exercise_title": ALL,
        "exercise_version": 1,
        "filename": ALL,
        "sha256": ALL,
        "student": ALL,
        "outcome": "graded",
        "passed": False,
        "score": Score(points=4.0, max=10.0),
        "summary": ALL,
        "findings": findings,
        "requirements": rows,
        "measurement": Measurement(
            metric=ALL, value=0.5, threshold=0.9, better="higher", samples=7, basis="observed", reason=ALL
        ),
        "verification": Verification(status="unverified", method="replay", steps=3, reason=ALL),
        "beats": Beats(pattern="Z<script>" + ALL, lines=(1, -1, 10**9), steps=3, epochs=1.5),
        "losses": (3.0, None, 2.0, 1.0),
        "loss_steps": (1, 2, 3, 4),
        "source": "\n".join(ATTACKS),
        "output": "\n".join(ATTACKS),
        "sandbox": SandboxFacts(launcher=ALL, isolated=False, torch=ALL, seconds=1.0),
        "seconds": 2.0,
        "override": Override(points=4.0, passed=False, reason=ALL, who=ALL, when=ALL),
    }
    return Report(**{**fields, **changes})


def gradebook(count=300):
    """A class of `count` hostile entries, of every outcome."""
    outcomes = (
        ("graded", True, 9.0),
        ("graded", False, 2.0),
        ("student_error", False, 0.0),
        ("needs_person", None, None),
        ("grader_error", None, None),
    )
    entries = []
    for index in range(count):
        text = ATTACKS[index % len(ATTACKS)]
        outcome, passed, points = outcomes[index % len(outcomes)]
        entries.append(
            Entry(
                student=f"{text}{index}",
                name=text,
                id=text,
                file=text,
                outcome=outcome,
                passed=passed,
                points=points,
                max=10.0,
                findings=ATTACKS[: index % 7],
                verification=VERIFICATIONS[index % len(VERIFICATIONS)],
                late=index % 3 == 0,
                overridden=index % 4 == 0,
                report=text,
                remark=text,
            )
        )
    return Gradebook(
        exercise=ALL,
        exercise_title=ALL,
        exercise_version=1,
        entries=tuple(entries),
        unmatched=ATTACKS,
        absent=ATTACKS,
        skipped=ATTACKS,
        titles={text: text for text in ATTACKS[:4]},
    )
