"""Reading the file names of a Canvas download, also those that can be read in several ways."""

import string

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from grader.ingest.canvas import Reading, read_names


def read(*names, **known):
    return [(each.name, each.id, each.attachment, each.file) for each in read_names(names, known).values()]


def test_a_plain_name_is_read():
    assert read_names(["lovelaceada_123_456_loop.py"]) == {
        "lovelaceada_123_456_loop.py": Reading("lovelaceada", "123", 456, "loop.py")
    }


@pytest.mark.parametrize("name", ["ada_LATE_12_34_loop.py", "LATE_12_34_loop.py", "_LATE_12_34_loop.py"])
def test_late_is_taken_off_the_name(name):
    (reading,) = read_names([name]).values()
    assert reading.late
    assert reading.name in ("ada", "")


def test_late_in_small_letters_is_a_name():
    (reading,) = read_names(["ada_late_12_34_loop.py"]).values()
    assert (reading.name, reading.late) == ("ada_late", False)


@pytest.mark.parametrize(
    "name", ["loop.py", "ada_12_loop.py", "ada_12_34", "ada_12_34_", "ada_x_34_loop.py", "anon_a-b_1_x.py"]
)
def test_what_canvas_never_writes_is_not_read(name):
    assert not read_names([name])


def test_numbers_too_long_for_ids_are_not_read_as_such():
    assert not read_names([f"ada_{'1' * 21}_{'2' * 5000}_loop.py"])


def test_lengths_of_ids_tell_readings_apart():
    assert read("user_1_123_456_loop.py", "ann_123_456_hw_1_2_loop.py") == [
        ("user_1", "123", 456, "loop.py"),
        ("ann", "123", 456, "hw_1_2_loop.py"),
    ]
    # One name that is sure says more than any number of others.
    assert read("bob_777_888_loop.py", *(f"user_{n}_12{n}_45{n}_loop.py" for n in range(5)))[1:] == [
        (f"user_{n}", f"12{n}", 450 + n, "loop.py") for n in range(5)
    ]


def test_lengths_are_taken_from_names_that_are_sure_where_there_are_any():
    misleading = [f"user_1_12{n}_45{n}_7_8_9_loop.py" for n in range(3)]
    assert [each[1] for each in read(*misleading, "bob_777_888_loop.py")] == ["120", "121", "122", "777"]


def test_the_roster_tells_readings_apart():
    assert read("user_1_12345_456_loop.py", **{"12345": ""}) == [("user_1", "12345", 456, "loop.py")]
    assert read("user_1_12345_456_loop.py", **{"1": ""}) == [("user", "1", 12345, "456_loop.py")]


def test_without_evidence_the_leftmost_numbers_count_as_in_canvas():
    assert read("ann_12_34_56_78_loop.py") == [("ann", "12", 34, "56_78_loop.py")]


def test_a_file_name_does_not_hand_in_for_another_student():
    forged = "bob_999_456_1001_4567_loop.py"
    mine = ("bob", "999", 456, "1001_4567_loop.py")
    assert read(forged) == [mine]
    assert read(forged, **{"999": "", "1001": ""}) == [mine]
    assert read(forged, **{"1001": "Carol Jones"}) == [mine]
    assert read(forged, "joncarol_1001_4560_loop.py", "eve_1002_4561_loop.py")[0] == mine
    assert read(forged, "bob_999_450_notes.pdf", "eve_1002_4561_loop.py", "dan_1003_4561_loop.py")[0] == mine


def test_texts_and_links_are_read():
    assert read("ada_12_text.html", "bob_13_2_link.html", "ann_LATE_14_text.html") == [
        ("ada", "12", -1, "text.html"),
        ("bob", "13", 2, "link.html"),
        ("ann", "14", -1, "text.html"),
    ]


def test_anonymous_downloads_are_read():
    names = ["anon_aB3dE_5_loop.py", "LATE_anon_12345_6_a_1_2.py", "anon_Zz9_text.html", "anon_LATE_q_7_x.py"]
    readings = list(read_names(names).values())
    assert [(each.id, each.attachment, each.file, each.late) for each in readings] == [
        ("aB3dE", 5, "loop.py", False),
        ("12345", 6, "a_1_2.py", True),
        ("Zz9", -1, "text.html", False),
        ("q", 7, "x.py", True),
    ]
    assert all(each.anonymous for each in readings)


def test_a_student_called_anon_is_not_anonymous():
    readings = read_names(["anon_smith_123_456_loop.py", "bob_124_457_loop.py"])
    assert readings["anon_smith_123_456_loop.py"] == Reading("anon_smith", "123", 456, "loop.py")


def test_a_name_of_many_numbers_is_read_in_time():
    assert read("_1" * 500 + "_loop.py") == [("", "1", 1, "_".join("1" * 498) + "_loop.py")]


WORD = st.text(st.characters(categories=["Ll", "Lo", "Nd", "Mn"], include_characters="_"), max_size=30)
FILE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=30)


@example("", False, 10_000, 100_000, "\n")
@given(WORD, st.booleans(), st.integers(10_000, 99_999), st.integers(100_000, 999_999), FILE)
def test_any_name_is_parsed_back(name, late, user, attachment, file):
    entry = f"{name}{'_LATE' if late else ''}_{user}_{attachment}_{file}"
    known = {str(user): ""}
    others = [f"eve_{number}_{900_000 + number}_loop.py" for number in range(11_111, 11_115)]
    assume(str(user) not in ("11111", "11112", "11113", "11114"))
    assert read_names([entry, *others], known)[entry] == Reading(name, str(user), attachment, file, late)


@given(
    st.text(string.ascii_letters + string.digits, min_size=5, max_size=5),
    st.booleans(),
    st.integers(1, 10**9),
    FILE,
)
def test_any_anonymous_name_is_parsed_back(number, late, attachment, file):
    entry = f"{'LATE_' if late else ''}anon_{number}_{attachment}_{file}"
    assert read_names([entry])[entry] == Reading("anon", number, attachment, file, late, anonymous=True)


@given(
    st.lists(st.text(st.sampled_from("anoLTE_019.pyé"), max_size=40), unique=True),
    st.dictionaries(st.text("019"), WORD),
)
def test_any_names_are_read_alike_in_any_order(names, known):
    assert read_names(names, known) == read_names(names[::-1], known)
