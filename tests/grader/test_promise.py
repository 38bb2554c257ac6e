"""What the first line of a bug file promises."""

import pytest

from grader.promise import Promise, promise_of


@pytest.mark.parametrize(
    ("source", "promise"),
    [
        (b"# expect: a-b c-d\nx", Promise(("a-b", "c-d"))),
        (b"# expect: a-b numeric\nx", Promise(("a-b",), numeric=True)),
        (b"# expect: a-b numeric: an Adam: uphill \n", Promise(("a-b",), True, "an Adam: uphill")),
        (b"# expect: a-b: a loop that\n", Promise(("a-b",))),
        (b"x = 1\n# expect: a-b numeric", Promise()),
        (b"", Promise()),
        (b"\xff", Promise()),
    ],
)
def test_slugs_the_mark_and_the_words_are_told_apart(source, promise):
    assert promise_of(source) == promise
