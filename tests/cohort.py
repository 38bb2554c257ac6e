"""A class of sixty with known outcomes, as a Canvas zip, as a Moodle zip, as folders, and its roster."""

from __future__ import annotations

import csv
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

from grader.exercise import load_exercise

SLUG = "linreg-torch"
REFERENCE = load_exercise(SLUG).reference
STOPS = {
    "crashed": "student_error",
    "import-error": "student_error",
    "syntax-error": "student_error",
    "unreadable-file": "student_error",
    "wrong-signature": "student_error",
    "timed-out": "limit_exceeded",
    "output-exceeded": "limit_exceeded",
}
NAMES = """
Ada Lovelace, Grace Hopper, Alan Turing, Barbara Liskov, Edsger Dijkstra, Frances Allen, Tony Hoare, Radia Perlman,
Ken Thompson, Margaret Hamilton, Donald Knuth, Katherine Johnson, Niklaus Wirth, Karen Spärck Jones, Leslie Lamport,
Anne-Marie O'Neill, José Núñez, Łukasz Żółć, Ольга Ладыженская, 王小云, 김정은, Nguyễn Văn An, Ada Lovelace,
Max 2000, Mary_Ann Evans, =SUM(A1:A9), -1+1 Smith, @lex Johnson, Zoë Quinn, Björn Åse, Sinéad O'Connor, Ibn al-Haytham
"""


@dataclass(frozen=True)
class Student:
    """One of the class; `files` are (name, content), oldest first.  `slug` is what is found, "" for nothing."""

    student: str
    name: str
    canvas_id: int
    moodle_id: int
    files: tuple[tuple[str, bytes], ...]
    outcome: str
    slug: str = ""
    late: bool = False


def _read(name: str) -> bytes:
    return (REFERENCE / name).read_bytes()


def _right() -> list[tuple[tuple[tuple[str, bytes], ...], str]]:
    variants = sorted((REFERENCE / "variants").glob("*.py"))[:24]
    return [((("loop.py", path.read_bytes()),), "") for path in variants]


def _wrong() -> list[tuple[tuple[tuple[str, bytes], ...], str]]:
    made = []
    for path in sorted((REFERENCE / "bugs").glob("*.py")):
        slug = path.read_text().splitlines()[0].partition("expect:")[2].split()[0]
        if slug not in STOPS and slug not in ("memory-exceeded", "sync-every-step"):
            made.append(((("loop.py", path.read_bytes()),), slug))
    return made[::2][:17]


def _odd() -> list[tuple[tuple[tuple[str, bytes], ...], str]]:
    """Crashing, endless, empty, no Python, handed in twice, copied."""
    solution = _read("solution.py")
    wrong = _read("bugs/missing_zero_grad.py")
    bugs = {
        "crashed.py": "crashed",
        "crashed_at_the_end.py": "crashed",
        "import_error.py": "import-error",
        "wrong_signature_no_function.py": "wrong-signature",
        "wrong_signature_parameters.py": "wrong-signature",
        "timed_out.py": "timed-out",
        "output_exceeded.py": "output-exceeded",
        "syntax_error.py": "syntax-error",
    }
    made = [((("loop.py", _read(f"bugs/{name}")),), slug) for name, slug in bugs.items()]
    for content in (b"", b" \n\n", b"\x89PNG\r\n\x1a\n\0\0", solution.decode().encode("utf-16")):
        made.append(((("loop.py", content),), "unreadable-file"))
    made.append(((("report.docx", b"PK\x03\x04 no Python at all"),), "unreadable-file"))
    for name in ("loop.py", "my_loop_2_3.py"):
        made.append((((name, wrong), (name, solution)), ""))
    made.append(((("loop.py", solution), ("loop.py", wrong)), "missing-zero-grad"))
    made += [((("loop.py", solution),), "")] * 2
    made.append(((("notes.txt", b"hi"), ("loop.py", solution)), ""))
    return made


def cohort() -> list[Student]:
    """The sixty; the ids are not in the order of the names, and some are late."""
    made = [*_right(), *_wrong(), *_odd()]
    assert len(made) == 60, len(made)
    students, names = [], [name.strip() for name in NAMES.replace("\n", ",").split(",") if name.strip()]
    for number, (files, slug) in enumerate(made):
        name = names[number] if number < len(names) else f"Student {number:02d} of Many"
        students.append(
            Student(
                student=f"s{number:03d}",
                name=name,
                canvas_id=4000 + number * 37 % 61,
                moodle_id=70_000 + number * 11,
                files=files,
                outcome=STOPS.get(slug, "graded"),
                slug=slug,
                late=number % 9 == 4,
            )
        )
    return students


def _suffixed(file: str, attempt: int) -> str:
    stem, dot, kind = file.rpartition(".")
    return f"{stem}-{attempt}{dot}{kind}" if attempt else file


def canvas_zip(path: Path, students: list[Student]) -> Path:
    """As Canvas makes it: one flat zip; later attempts carry -1 and higher attachment numbers."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for item in students:
            name = re.sub(r"[^\w]", "", item.name.lower())
            late = "_LATE" if item.late else ""
            for index, (file, content) in enumerate(item.files):
                same = [other for other, _ in item.files[:index]].count(file)
                attachment = 900_000 + item.canvas_id * 10 + index
                entry = f"{name}{late}_{item.canvas_id}_{attachment}_{_suffixed(file, same)}"
                archive.writestr(entry, content)
    return path


def moodle_zip(path: Path, students: list[Student]) -> Path:
    """As Moodle makes it: a folder for each attempt, whose number is the attempt's own."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for item in reversed(students):
            name = item.name.replace("_", " ")
            attempts = {file for file, _ in item.files}
            for index, (file, content) in enumerate(item.files):
                older = len(item.files) - 1 - index if len(attempts) == 1 else 0
                folder = f"{name}_{item.moodle_id - older}_assignsubmission_file_"
                archive.writestr(f"{folder}/{file}", content)
    return path


def folders(path: Path, students: list[Student]) -> Path:
    """A folder for each student, named by the roster's id, with the newest file."""
    for item in students:
        folder = path / item.student
        folder.mkdir(parents=True)
        file, content = item.files[-1]
        (folder / file).write_bytes(content)
    return path


def roster_csv(path: Path, students: list[Student]) -> Path:
    """The roster of all of them."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["student", "name", "canvas_id", "moodle_id"])
        for item in students:
            writer.writerow([item.student, item.name, item.canvas_id, item.moodle_id])
    return path


def read_grades(out: Path) -> dict[str, dict[str, str]]:
    """The rows of grades.csv by student."""
    with (out / "grades.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    by_student = {row["student"]: row for row in rows}
    assert len(by_student) == len(rows)
    return by_student


COMPARED = ("student", "outcome", "passed", "points", "max", "findings")


def compared(rows: dict[str, dict[str, str]]) -> dict[str, tuple[str, ...]]:
    """What two learning platforms must agree in."""
    return {student: tuple(row[key] for key in COMPARED) for student, row in rows.items()}


def assert_known(rows: dict[str, dict[str, str]], students: list[Student]) -> None:
    """Every row has the outcome that is known beforehand."""
    assert rows.keys() == {item.student for item in students}
    for item in students:
        row = rows[item.student]
        assert row["outcome"] == item.outcome, (item, row)
        if item.slug:
            assert item.slug in row["findings"].split("; "), (item.slug, row)
        else:
            assert (row["findings"], row["passed"], row["points"]) == ("", "true", "100"), row
        if item.outcome != "graded":
            assert (row["passed"], row["points"]) == ("false", "0"), row
