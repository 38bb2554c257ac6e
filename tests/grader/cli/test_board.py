"""What a watched file's reports look like: in place on a terminal, one below the other elsewhere."""

import io
import sys
import time

import pytest
from rich.console import Console

from grader.cli import board as boards
from grader.cli.board import Below, InPlace, board, fitting
from grader.cli.newest import Graded, Save
from grader.ingest.loop import Ingested
from grader.models import Submission
from grader.render import Canvas, render
from tests.grader.cli.conftest import report


def save(number):
    submission = Submission(filename="loop.py", source=b"", exercise="linreg-torch")
    return Save(number, time.monotonic(), Ingested(submission, ""))


def graded(number=1, *, whole=True, **changes):
    return Graded(save(number), report(**changes), whole)


# ── one below the other ──────────────────────────────────────────────────────────────────────────


def test_each_report_stands_under_a_line_that_says_which_save_it_is(capsysbinary):
    below = Below("loop.py")
    for number in (1, 2):
        below.saved(save(number))
        below.show(graded(number), 0.2)
    below.close()
    lines = capsysbinary.readouterr().out.decode().splitlines()
    heads = [line for line in lines if line.startswith("---")]
    assert [head.split(" at ")[0] for head in heads] == ["--- loop.py, save 1", "--- loop.py, save 2"]
    assert all(head.endswith("graded in 0.20 s ---") for head in heads)
    assert [line for line in lines if "PASSED" in line] == ["PASSED   10 of 10 points"] * 2
    assert lines.index(heads[1]) > lines.index("PASSED   10 of 10 points")


def test_below_a_report_is_shown_only_when_it_is_whole(capsysbinary):
    below = Below("loop.py")
    below.show(graded(whole=False), 0.1)
    assert capsysbinary.readouterr().out == b""


def test_what_is_told_goes_to_stderr_without_control_characters(capsys):
    Below("loop.py").tell("There is no file \x1b[2Jloop.py.")
    assert capsys.readouterr() == ("", "There is no file loop.py.\n")


def test_below_ends_when_nobody_reads_any_more(monkeypatch):
    below = Below("loop.py")
    assert below.turn()
    monkeypatch.setattr(boards, "show", lambda text: False)
    below.show(graded(), 0.1)
    assert not below.turn()


# ── in place ─────────────────────────────────────────────────────────────────────────────────────


class Terminal(io.StringIO):
    """A standard output that says it is a terminal; its alternate screen's last picture is `picture`."""

    encoding = "utf-8"

    def isatty(self):
        return True

    @property
    def picture(self):
        return self.getvalue().rsplit("\x1b[H", 1)[-1]


@pytest.fixture
def draw(monkeypatch):
    """Begin to draw on a terminal of 60 columns and 12 lines without colours; the board and the terminal."""
    for name, value in (("COLUMNS", "60"), ("LINES", "12"), ("TERM", "xterm"), ("NO_COLOR", "1")):
        monkeypatch.setenv(name, value)
    begun = []

    def begin(kind=InPlace):
        terminal = Terminal()
        monkeypatch.setattr(sys, "stdout", terminal)
        monkeypatch.setattr(boards, "show", lambda text: bool(terminal.write(text)))
        begun.append(kind("loop.py"))
        return begun[-1], terminal

    yield begin
    for place in begun:
        place.close()


def shown(terminal):
    """The lines on the alternate screen."""
    plain = terminal.picture.replace("\x1b[0m", "").replace("\x1b[1m", "").replace("\x1b[2m", "")
    return [line.rstrip() for line in plain.split("\n")]


def test_before_the_first_report_it_says_what_takes_so_long(draw):
    _, terminal = draw()
    assert shown(terminal)[0] == "loop.py: starting the sandbox; after this it is quick"


def test_a_report_is_drawn_over_the_one_before(draw):
    place, terminal = draw()
    place.show(graded(1, summary="Old."), 0.3)
    place.show(graded(2, summary="New."), 0.2)
    lines = shown(terminal)
    assert lines[0].startswith("loop.py: save 2 at ")
    assert lines[0].endswith("graded in 0.20 s")
    assert "New." in lines
    assert "Old." not in lines


def test_while_a_newer_save_is_graded_the_older_report_is_dim_and_the_first_line_says_so(draw):
    place, terminal = draw()
    place.show(graded(1), 0.3)
    assert "\x1b[2m" not in terminal.picture.split("PASSED")[0]
    place.saved(save(2))
    assert shown(terminal)[0].startswith("loop.py: grading save 2 at ")
    assert "\x1b[2m" in terminal.picture.split("PASSED")[0]


def test_a_report_to_which_something_may_be_added_says_so(draw):
    place, terminal = draw()
    place.show(graded(whole=False), 0.2)
    assert "comparing it with known mistakes" in " ".join(shown(terminal)[:2])


def test_a_sentence_stands_above_the_older_report(draw):
    place, terminal = draw()
    place.show(graded(1), 0.3)
    place.tell("There is no file loop.py.")
    assert shown(terminal)[0] == "loop.py: There is no file loop.py."
    assert any(line.startswith("PASSED") for line in shown(terminal))


def test_a_first_line_that_is_too_long_is_wrapped(draw, monkeypatch):
    place, terminal = draw()
    monkeypatch.setenv("COLUMNS", "30")
    place.tell("word " * 12)
    lines = shown(terminal)
    assert len(lines[0]) <= 30
    assert lines[1].startswith("word")


def test_a_report_that_does_not_fit_is_cut_and_the_last_line_says_by_how_much(draw):
    place, terminal = draw()
    place.show(graded(summary="\n".join(f"line {number}" for number in range(40))), 0.2)
    lines = shown(terminal)
    assert len(lines) == 12
    hidden = len(render(place._graded.report, "terminal", Canvas(60)).splitlines()) - 9
    assert lines[-1] == f"[{hidden} more lines: Ctrl-C shows all]"


def test_a_new_size_is_followed(draw):
    place, terminal = draw()
    place.show(graded(summary="\n".join(f"line {number}" for number in range(40))), 0.2)
    before = terminal.getvalue()
    place.turn()
    assert terminal.getvalue() == before
    place._live.console.size = (60, 8)
    place.turn()
    assert len(shown(terminal)) == 8


def test_in_the_end_the_screen_is_given_back_and_the_last_report_left_on_it(draw):
    place, terminal = draw()
    place.show(graded(), 0.2)
    place.close()
    _, left = terminal.getvalue().split("\x1b[?1049l")
    assert render(report(), "terminal", Canvas(60)) in left
    assert "\x1b[?25h" in terminal.getvalue()


def test_fitting_shows_all_that_fits():
    lines = [str(number) for number in range(5)]
    assert fitting(lines, 5) == lines
    assert fitting(lines, 4) == ["0", "1", "2", "[2 more lines: Ctrl-C shows all]"]
    assert fitting(lines, -3) == ["[5 more lines: Ctrl-C shows all]"]


@pytest.mark.parametrize(("term", "kind"), [("xterm", InPlace), ("dumb", Below)])
def test_only_a_terminal_that_can_is_drawn_on(draw, monkeypatch, term, kind):
    monkeypatch.setenv("TERM", term)
    chosen, _ = draw(board)
    assert isinstance(chosen, kind)


def test_what_is_no_terminal_gets_reports_one_below_the_other(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert not Console().is_terminal
    assert isinstance(board("loop.py"), Below)
