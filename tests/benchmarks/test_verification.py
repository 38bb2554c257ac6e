"""The benchmark of verification: what it makes of the seconds it measured, and which files it measures."""

import pytest

from benchmarks.verification import File, Measured, closing, files, machine, right_files, row
from grader.exercise import course


def measured(name="circles/solution", own=0.1, plain=0.5, verified=0.7):
    return Measured(name, [own] * 7, [own + 0.1] * 7, [plain] * 7, [verified] * 7)


def test_the_cost_is_the_median_of_the_differences_and_not_the_difference_of_the_medians():
    taken = Measured("x", [0.1] * 3, [0.1] * 3, [1.0, 5.0, 2.0], [9.0, 6.0, 2.5])
    assert taken.costs == [8.0, 1.0, 0.5]
    assert taken.cost == 1.0


def test_the_bar_is_so_many_times_the_training_alone_and_a_fifth_of_a_second():
    assert measured(own=0.5).allowed == pytest.approx(0.8)
    assert measured(own=0.0).allowed == pytest.approx(0.2)


@pytest.mark.parametrize(("verified", "held"), [(0.81, True), (0.83, False), (0.4, True)])
def test_the_bar_is_held_up_to_what_is_allowed(verified, held):
    assert measured(own=0.1, plain=0.5, verified=verified).held is held


def test_a_row_tells_all_medians_the_quartiles_and_whether_the_bar_is_held():
    line = row(Measured("a/b", [0.1] * 7, [0.2] * 7, [1.0] * 7, [1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7]))
    assert line.split() == [
        "a/b",
        "0.100",
        "0.200",
        "1.000",
        "1.400",
        "0.400",
        "0.200",
        "…",
        "0.600",
        "0.320",
        "NO",
    ]
    assert row(measured()).endswith("yes")


def test_the_closing_sentence_names_what_breaks_the_bar():
    good, bad = measured(), measured("circles/by_hand", verified=2.0)
    assert closing("solutions", [good]) == "All 1 solutions hold the bar."
    sentence = closing("traced files", [good, bad])
    assert sentence == "1 of 2 traced files hold the bar; not: circles/by_hand."


def test_the_machine_is_told_with_its_processors_and_its_load():
    assert "load" in machine()


class Sorted:
    """Says of each file how it is verified, and remembers which it was asked about."""

    def __init__(self, **kinds):
        self.kinds = kinds
        self.asked = []

    def kind(self, file):
        self.asked.append(file.name)
        return self.kinds.get(file.path.stem, "replayed")


def test_the_solution_comes_first_of_an_exercises_files():
    solution, *variants = right_files("circles")
    assert solution == File("circles", course("reference") / "circles" / "solution.py")
    assert solution.name == "circles/solution"
    assert "circles/by_hand" in [file.name for file in variants]


def test_only_files_that_are_asked_for_are_measured():
    bench = Sorted()
    solutions, traced = files(bench, ["circles/sol"], None)
    assert [file.name for file in solutions] == bench.asked == ["circles/solution"]
    assert traced == []


def test_no_more_traced_files_of_an_exercise_are_measured_than_are_wanted():
    kinds = {"by_hand": "traced", "drawn_ahead": "traced", "mixed_samples": "traced"}
    _, traced = files(Sorted(**kinds), ["circles"], 2)
    assert [file.path.stem for file in traced] == ["by_hand", "drawn_ahead"]
    _, traced = files(Sorted(**kinds), ["circles"], None)
    assert [file.path.stem for file in traced] == ["by_hand", "drawn_ahead", "mixed_samples"]


def test_a_solution_that_has_to_be_traced_stands_among_the_traced_files():
    solutions, traced = files(Sorted(solution="traced"), ["circles/solution"], 0)
    assert solutions == []
    assert [file.name for file in traced] == ["circles/solution"]


def test_a_solution_that_is_verified_otherwise_is_left_out():
    assert files(Sorted(solution="otherwise"), ["circles/solution"], 0) == ([], [])
