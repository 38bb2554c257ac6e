"""Names made safe to show, and what nobody handed in."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import BadArchive
from grader.ingest import tree
from grader.ingest.tree import Found, Tally, is_junk, is_python, listed, plain

RIGHT_TO_LEFT, SURROGATE = "\u202e", "\udcff"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (f"ada{RIGHT_TO_LEFT}yp.loop", "adayp.loop"),
        ("a\x1b[31md\x00a\n\tb\u2028c", "a[31mda b c"),
        (f"l{SURROGATE}oop.py", "loop.py"),
        ("e\u0301.py", "\u00e9.py"),
        ("\U0001f600.py", "\U0001f600.py"),
        ("  ada  ", "ada"),
        ("\u200b", ""),
    ],
)
def test_a_name_is_shown_without_what_could_mislead(name, shown):
    assert plain(name) == shown


def test_a_long_name_keeps_its_end():
    shown = plain("x" * 300 + ".py")
    assert len(shown) == 120
    assert shown.endswith("x.py")


@given(st.text(st.characters()), st.integers(8, 50))
def test_whatever_is_shown_is_one_bounded_line_of_utf8(text, limit):
    shown = plain(text, limit)
    shown.encode()
    assert len(shown) <= limit
    assert shown == plain(shown, limit)
    assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") for char in shown)


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (["a", "b", "a", "c", "d", "e"], "a, b, c and 2 more"),
    ],
)
def test_a_list_names_three_and_counts_the_others(names, sentence):
    assert listed(names) == sentence


def test_what_systems_leave_behind_is_no_hand_in():
    junk = [
        "__MACOSX/ada.py",
        ".DS_Store",
        "a/Thumbs.db",
        ".git/x.py",
        "ada/.loop.py",
        "ada/__pycache__/loop.py",
    ]
    assert all(map(is_junk, junk))
    assert not is_junk("ada/loop.py")
    found = Found()
    for path in [*junk, "ada/loop.py"]:
        found.add(path, b"")
    assert list(found.tree("x", zipped=True).members) == ["ada/loop.py"]


def test_python_is_told_by_the_end_of_the_name():
    assert all(map(is_python, ["loop.py", "A.PY", "x/y.ipynb"]))
    assert not any(map(is_python, ["loop.pyc", "py", ".py", "a.py/b.txt", "loop.py.zip", "loop.tar.gz"]))


def test_names_that_are_one_in_nfc_are_kept_once_and_listed():
    found = Found()
    found.add("\u00e9.py", b"1")
    found.add("e\u0301.py", b"2")
    gathered = found.tree("x", zipped=False)
    assert dict(gathered.members) == {"\u00e9.py": b"1"}
    assert [str(each) for each in gathered.skipped] == [
        "\u00e9.py: its name cannot be told from another file's"
    ]


def test_a_path_that_is_too_long_is_listed_and_cut():
    found = Found()
    found.add("x/" * 600 + "loop.py", b"")
    gathered = found.tree("x", zipped=False)
    assert not gathered.members
    assert len(str(gathered.skipped[0])) < 200


def test_the_ratio_counts_only_beyond_the_first_mebibyte(monkeypatch):
    tally = Tally("x", 10)
    tally.add_bytes(tree.FREE)
    with pytest.raises(BadArchive, match="200 times its size"):
        tally.add_bytes(1)
    tally = Tally("x", tree.FREE)
    tally.add_bytes(tree.FREE * 200)
    with pytest.raises(BadArchive, match="200 times its size"):
        tally.add_bytes(1)
    Tally("folder").add_bytes(tree.MAX_TOTAL)
