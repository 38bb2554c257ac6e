"""Charts of any numbers: well-formed, within their bounds, and told in words."""

import math
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.models import Measurement
from grader.render.chart import bar, histogram, loss_chart, ring, threshold_chart
from grader.render.series import series

LOSSES = st.lists(st.none() | st.floats(), max_size=120)


def parts(markup):
    return ElementTree.fromstring(f"<all>{markup}</all>")


def label(markup):
    return next(part.get("aria-label") for part in parts(markup) if part.get("aria-label"))


def measured(value, threshold=0.9, better="higher", metric="accuracy"):
    return Measurement(
        metric=metric, value=value, threshold=threshold, better=better, samples=1, basis="observed"
    )


@given(LOSSES, st.lists(st.integers(), max_size=4))
def test_any_losses_are_drawn_within_the_field(losses, steps):
    markup = loss_chart(series(losses, steps))
    assert "nan" not in re.sub(r'aria-label="[^"]*"', "", str(markup))
    for path in parts(markup).iter("path"):
        places = [float(number) for number in re.findall(r"-?[\d.]+", path.get("d"))]
        assert all(0 <= x <= 1000 for x in places[::2])
        assert all(10 <= y <= 190 for y in places[1::2])


def test_the_curve_is_told_in_words():
    markup = loss_chart(series([4.0, None, 1.0, 2.0], [1, 5, 9, 11]))
    assert label(markup) == "Loss over 4 values: from 4 to 2, lowest 1 at step 9, 1 not a finite number."
    assert label(loss_chart(series([1e4, 1.0], []))).endswith("Logarithmic axis.")


def test_gaps_are_crosses_and_lonely_points_dots():
    drawn = parts(loss_chart(series([4.0, None, 1.0, 2.0, None, 3.0], [])))
    texts = [part.text for part in drawn.iter("text")]
    assert texts.count("×") == 2
    assert len(list(drawn.iter("path"))) == 1
    assert len(list(drawn.iter("circle"))) >= 2


def test_one_point_and_a_constant_series_are_drawn():
    one = parts(loss_chart(series([2.0], [7])))
    assert "step 7" in [part.text for part in one.iter("text")]
    assert len(list(one.iter("circle"))) >= 1
    flat = parts(loss_chart(series([2.0] * 5, [])))
    heights = re.findall(r" ([\d.]+)", next(flat.iter("path")).get("d"))
    assert set(heights) == {"100"}


def test_without_any_number_there_is_no_chart():
    assert loss_chart(series([], [])) == ""
    assert loss_chart(series([None, math.nan], [])) == ""
    assert threshold_chart(measured(None)) == ""
    assert threshold_chart(measured(math.inf)) == ""
    assert threshold_chart(measured(0.5, threshold=math.nan)) == ""


def test_many_steps_have_a_running_mean():
    kinds = [path.get("class") for path in parts(loss_chart(series([1.0, 2.0] * 30, []))).iter("path")]
    assert kinds == ["loss thin", "loss"]


@pytest.mark.parametrize(
    ("measurement", "words", "kind"),
    [
        (measured(0.95), "accuracy 0.95, at least 0.9 was wanted.", "good"),
        (measured(0.5), "accuracy 0.5, at least 0.9 was wanted.", "bad"),
        (measured(12.0, 0.03, "lower", "mse"), "mse 12, at most 0.03 was wanted.", "bad"),
        (measured(0.03, 0.03, "lower", "mse"), "mse 0.03, at most 0.03 was wanted.", "good"),
    ],
)
def test_a_number_is_drawn_against_its_threshold(measurement, words, kind):
    markup = threshold_chart(measurement)
    assert label(markup) == words
    assert [circle.get("class") for circle in parts(markup).iter("circle")] == [kind]


@given(st.none() | st.floats(), st.floats(), st.sampled_from(["higher", "lower"]))
def test_any_number_is_drawn_within_the_line(value, threshold, better):
    for part in parts(threshold_chart(measured(value, threshold, better))).iter():
        for name in ("cx", "x", "x1", "width"):
            if "%" in part.get(name, ""):
                assert 0 <= float(part.get(name)[:-1]) <= 100


@given(st.lists(st.floats(-1, 2), max_size=50))
def test_every_share_is_counted_once(shares):
    drawn = parts(histogram(shares, "10 points"))
    counts = [int(part.text) for part in drawn.iter("text") if part.text.isdigit() and part.get("y") != "180"]
    assert sum(counts) == len(shares)


@given(st.none() | st.floats())
def test_bars_and_rings_take_any_share(share):
    parts(ring(share, "1", "of 2"))
    if share is not None:
        assert 0 <= float(list(parts(bar(share)).iter("rect"))[1].get("width")[:-1]) <= 100


def test_a_hostile_metric_stays_text():
    markup = threshold_chart(measured(0.5, metric='"><script>alert(1)</script>\x1b\u202e'))
    assert "<script>" not in markup
    assert label(markup).startswith('"><script>alert(1)</script> 0.5')
