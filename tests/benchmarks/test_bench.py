"""The benchmarks: what is made of the figures, what a batch consists of, and a quick run of the cheap parts."""

import json

import pytest

from benchmarks import __main__ as bench
from benchmarks import batch, measuring
from benchmarks.measuring import Row, bare, command, pairs, ratios, skipped


def row(*values, **more):
    return Row("submit", "cold", values, "× bare", **more)


def test_ratios_are_taken_round_by_round():
    assert ratios([2.0, 9.0, 1.0], [1.0, 3.0, 2.0]) == (2.0, 3.0, 0.5)
    assert row(2.0, 3.0, 0.5).median == 2.0
    with pytest.raises(ValueError, match="zip"):
        ratios([1.0], [1.0, 2.0])


def test_every_second_round_begins_with_the_other_one():
    said = []
    one, other = (lambda: said.append("one") or 1.0), (lambda: said.append("other") or 2.0)
    assert pairs(one, other, 3) == ([1.0] * 3, [2.0] * 3)
    assert said == ["one", "other", "other", "one", "one", "other"]


@pytest.mark.parametrize(
    ("value", "bar", "least", "held"),
    [
        (0.25, 0.25, False, True),
        (0.26, 0.25, False, False),
        (15.0, 15.0, True, True),
        (14.9, 15.0, True, False),
        (1.0, None, False, None),
    ],
)
def test_a_bar_is_the_most_or_the_least_and_the_median_is_held_against_it(value, bar, least, held):
    assert row(0.0, value, 100.0, bar=bar, least=least).held is held


def test_a_skipped_row_breaks_no_bar_and_says_why():
    left = skipped("batch", "docker, isolation fork", "No engine answers.")
    assert left.held is None
    assert bench.line(left).endswith("skipped  No engine answers.")
    assert "median" not in left.as_json()


def test_a_line_tells_median_quartiles_and_bar():
    told = bench.line(row(1.0, 2.0, 3.0, bar=1.3, note="why"))
    assert told.split()[2:] == ["2.00", "×", "bare", "1.00", "…", "3.00", "≤", "1.3", "NO", "why"]
    assert "≥ 15" in bench.line(row(20.0, bar=15.0, least=True))


def test_the_json_has_every_value_and_the_bar():
    assert row(1.0, 2.0, 3.0, bar=15.0, least=True).as_json() == {
        "part": "submit",
        "what": "cold",
        "unit": "× bare",
        "note": "",
        "median": 2.0,
        "quartiles": (1.0, 3.0),
        "values": (1.0, 2.0, 3.0),
        "bar": 15.0,
        "bar_is": "least",
        "held": False,
    }


def test_a_class_has_right_and_wrong_files_no_two_the_same_and_none_that_runs_into_a_limit(tmp_path):
    paths = batch.write(tmp_path / "class", batch.CLASS)
    assert len({path.read_bytes() for path in paths}) == batch.CLASS
    stems = [path.stem for path in batch.sources()]
    assert not [stem for stem in stems if stem.startswith(batch.INTO_LIMITS)]
    right = [path for path in batch.sources() if path.parent.name != "bugs"]
    assert 2 * len(right) == len(stems)


def test_the_bare_driver_has_at_most_20_lines():
    assert len(measuring.BARE.read_text().splitlines()) <= 20


def test_the_bare_driver_trains_the_very_file_it_is_given(tmp_path):
    path = tmp_path / "loop.py"
    path.write_text(
        measuring.SOLUTION.read_text()
        + "\n\n_train = train\n\n\ndef train(*arguments):\n"
        + "    averages = _train(*arguments)\n    assert averages[-1] < averages[0] / 10\n"
        + f"    open({str(tmp_path / 'done')!r}, 'w').close()\n"
    )
    assert bare(path) > 0
    assert (tmp_path / "done").exists()


def test_a_command_that_ends_badly_is_no_measurement():
    with pytest.raises(RuntimeError, match="ended with 3"):
        command("-c", "raise SystemExit(3)")


def test_the_parts_are_chosen_by_name_and_a_broken_bar_is_exit_1(tmp_path, monkeypatch, capsys):
    parts = {
        "one": lambda quick: [row(1.0, bar=2.0)],
        "two": lambda quick: [row(3.0, bar=2.0), skipped("two", "x", "y")],
    }
    monkeypatch.setattr(bench, "PARTS", parts)
    path = tmp_path / "bench.json"
    assert bench.main(["one", "--json", str(path)]) == 0
    assert len(json.loads(path.read_text())["rows"]) == 1
    assert bench.main(["--json", str(path)]) == 1
    told = json.loads(path.read_text())
    assert len(told["rows"]) == 3
    assert {"machine", "versions", "load_at_the_end"} <= told.keys()
    assert "NO" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        bench.main(["three"])


def test_a_quick_run_of_the_trace_part_is_real(tmp_path, capsys):
    path = tmp_path / "bench.json"
    assert bench.main(["trace", "--quick", "--json", str(path)]) == 0
    size, memory = json.loads(path.read_text())["rows"]
    assert 50 < size["median"] < 1024
    assert -5 < memory["median"] < 64
    assert "MiB in all" in memory["note"]
    assert "1,000 steps, trace" in capsys.readouterr().out
