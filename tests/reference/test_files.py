"""The reference files themselves: every exercise has enough of them, and no two of one are the same program."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from grader.catalogue import CATALOGUE
from grader.checkup import expected_of
from grader.exercise import load_exercise, slugs
from tests.reference.grading import bug_files, right_files


def normalised(source: bytes) -> str:
    """A file's syntax tree without comments, docstrings, annotations and the names its author chose."""
    tree = ast.parse(source)
    chosen = {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    chosen |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    chosen |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
            if ast.get_docstring(node) is not None:
                del node.body[0]
            if not isinstance(node, ast.Module):
                node.name = names.setdefault(node.name, f"n{len(names)}")
        elif isinstance(node, ast.arg):
            node.annotation = None
            node.arg = names.setdefault(node.arg, f"n{len(names)}")
        elif isinstance(node, ast.Name) and node.id in chosen:
            node.id = names.setdefault(node.id, f"n{len(names)}")
    return ast.dump(tree)


def files_of(slug: str) -> list[Path]:
    """All of an exercise's reference files."""
    return [path for name, path in (*right_files(), *bug_files()) if name == slug]


@pytest.mark.parametrize("slug", slugs())
def test_no_two_files_are_the_same_program(slug: str) -> None:
    seen: dict[str, str] = {}
    for path in files_of(slug):
        source = path.read_bytes()
        if "syntax-error" in expected_of(source):
            continue
        same = seen.setdefault(normalised(source), path.name)
        assert same == path.name, f"{path.name} is {same} once more"


@pytest.mark.parametrize("slug", slugs())
def test_every_bug_promises_findings_of_the_rubric(slug: str) -> None:
    exercise = load_exercise(slug)
    rubric = {name for item in exercise.requirement for name in item.findings} | set(exercise.notes)
    stops = {name for name in CATALOGUE if name in STOPS}
    for path in sorted((exercise.reference / "bugs").glob("*.py")):
        promised = set(expected_of(path.read_bytes()))
        assert promised, f"{path.name} promises nothing"
        assert promised <= rubric | stops, path.name


STOPS = {
    *("unreadable-file", "syntax-error", "import-error", "crashed", "wrong-signature"),
    *("timed-out", "memory-exceeded", "output-exceeded", "shape-mismatch", "wrong-device"),
}


def test_there_are_enough_of_them() -> None:
    variants = [path for _, path in right_files() if path.parent.name == "variants"]
    assert len(variants) >= 60
    assert len(list(bug_files())) >= 160
    assert all(len(files_of(slug)) >= 12 for slug in slugs())


def test_normalising_forgets_names_and_comments_but_not_structure() -> None:
    assert normalised(b"a = 1\nprint(a)") == normalised(b'"""Doc."""\nb = 1  # why\nprint(b)')
    assert normalised(b"a = 1\nprint(a)") != normalised(b"a = 1\nprint(a, a)")
    assert normalised(b"a.step()") != normalised(b"a.zero_grad()")
