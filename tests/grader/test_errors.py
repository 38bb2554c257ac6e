"""The tree of errors: what its docstring draws is what there is."""

import re

import pytest

from grader import errors

ALL = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)]


def drawn():
    """(name, depth, exit code, slug) of every line of the tree in the docstring."""
    line = re.compile(r"^    ([│├└─ ]*)(\w+) +(\d) +([\w-]+)")
    matches = [line.match(text) for text in errors.__doc__.splitlines()]
    return [(m[2], len(m[1]) // 4, int(m[3]), m[4]) for m in matches if m]


def test_the_docstring_draws_every_error_with_its_code_and_slug():
    told = {name: (code, slug) for name, _, code, slug in drawn()}
    assert told == {kind.__name__: (kind.exit_code, kind.slug) for kind in ALL}


def test_the_tree_is_the_inheritance():
    above = []
    for name, depth, _, _ in drawn():
        above = [*above[:depth], name]
        parent = getattr(errors, name).__base__
        assert parent.__name__ == (above[depth - 1] if depth else "Exception")


def test_slugs_are_told_apart():
    slugs = [kind.slug for kind in ALL]
    assert len(set(slugs)) == len(slugs)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", slug) for slug in slugs)


@pytest.mark.parametrize("kind", ALL)
def test_usage_is_exit_2_and_all_else_is_our_failure(kind):
    assert kind.exit_code == (2 if issubclass(kind, errors.UsageError) else 3)
