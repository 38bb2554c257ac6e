"""checkpoint-resume: its challenges, its threshold, and what its judge says of told facts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from grader.checks.rates import expanded
from grader.examiner.answers import Answer, Answers
from grader.examiner.hidden import load_model, load_task
from grader.exercise import load_exercise
from tests.exercises.torch_exercise import Challenge

SLUG = "checkpoint-resume"
TASK = load_task(SLUG)
GOOD = {"killed": True, "there": True, "spoilt": False, "error": "", "difference": 0.0, "epochs": [3, 4]}


def seeds(number: int) -> dict[str, int]:
    return {"train": number * 1009 + 1, "hidden": number * 2003 + 5}


def test_a_challenge_follows_from_its_seeds() -> None:
    assert TASK.draw(seeds(1), None) == TASK.draw(seeds(1), None)
    assert TASK.draw(seeds(1), None)[0] != TASK.draw(seeds(2), None)[0]
    one, two = (TASK.draw({"train": 1, "hidden": secret}, None) for secret in (1, 2))
    assert one[0] == two[0]
    assert one[1] != two[1]


def test_a_run_is_killed_after_the_first_epochs_and_before_the_last() -> None:
    for number in range(50):
        parameters = TASK.draw(seeds(number), None)[2]
        assert 2 <= parameters["kill_epoch"] <= parameters["epochs"] - 2
        assert 2 <= parameters["kill_batch"] < parameters["samples"] / parameters["batch_size"]


def test_the_rates_due_are_those_of_the_scheduler_that_is_handed_in(tmp_path: Path) -> None:
    for number in range(4):
        challenge = Challenge(load_exercise(SLUG), number, tmp_path)
        given, parameters = challenge.arguments, challenge.parameters
        used: list[float] = []
        for _ in range(given["epochs"]):
            used += [given["optimizer"].param_groups[0]["lr"]] * len(given["loader"])
            given["optimizer"].step()
            given["scheduler"].step()
        assert np.allclose(used, expanded(json.loads(parameters[parameters["rates"]])), rtol=1e-9)


def test_the_orders_that_legs_are_told_are_those_of_the_loader(tmp_path: Path) -> None:
    challenge = Challenge(load_exercise(SLUG), 3, tmp_path)
    loader, parameters = challenge.arguments["loader"], challenge.parameters
    orders = load_model(SLUG).orders(loader.order.seed, parameters)
    assert len(orders) == parameters["epochs"]
    for epoch, batches in enumerate(orders):
        loader.set_epoch(epoch)
        assert [index for batch in batches for index in batch] == list(loader.order)
        assert [len(batch) for batch in batches] == [len(x) for x, _ in loader]


def test_one_epochs_order_says_nothing_of_anothers() -> None:
    order = load_model(SLUG).order
    assert order(50, 1, 0) != order(50, 1, 1) != order(50, 2, 0)
    assert order(50, 7919, 0) != order(50, 0, 1)


def trained(number: int, epochs: int | None = None) -> float:
    """The hidden accuracy after a bare loop."""
    training, hidden, parameters = TASK.draw(seeds(number), None)
    x, y = (torch.from_numpy(TASK._array(training[name])) for name in ("x.npy", "y.npy"))
    torch.manual_seed(number)
    model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.Tanh(), torch.nn.Linear(16, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.6)
    for _ in range(parameters["epochs"] if epochs is None else epochs):
        for batch in torch.randperm(len(x)).split(20):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()
        if epochs != 0:
            scheduler.step()
    weights = [parameter.detach().numpy() for parameter in model.parameters()]
    return float(TASK.evaluate(weights, hidden, 1.0, 0.0)[0]["accuracy"])


def test_a_right_loop_stays_above_the_threshold_and_an_untrained_model_below() -> None:
    threshold = load_exercise(SLUG).hidden.threshold
    assert min(trained(number) for number in range(20)) > threshold + 0.04
    assert max(trained(number, epochs=0) for number in range(20)) < threshold - 0.05


def judged(**facts: object) -> list[tuple[str, str]]:
    answers = Answers([Answer("train", "inside an epoch", {**GOOD, **facts})])
    return [(item.slug, item.evidence) for item in TASK.judge(answers, {}, {}, {}).items]


def test_a_resumed_run_that_ends_alike_is_right_whatever_it_restored() -> None:
    assert judged() == []
    assert judged(fresh=["scheduler"], begins=3, stands={}) == []
    assert judged(difference=1e-7) == []


@pytest.mark.parametrize(
    ("facts", "slug", "words"),
    [
        ({"there": False}, "checkpoint-incomplete", "no file at `path`"),
        ({"spoilt": True, "stopped": "EOFError: "}, "checkpoint-incomplete", "half of the new one"),
        ({"difference": 0.1, "fresh": ["optimizer"]}, "checkpoint-incomplete", "the optimizer's momentum"),
        (
            {"difference": 0.1, "fresh": ["model", "scheduler"]},
            "checkpoint-incomplete",
            "the weights and the",
        ),
        ({"difference": 0.1}, "resume-diverges", "up to 10 %"),
        ({"difference": None, "stopped": "KeyError: 'x'"}, "resume-diverges", "stopped with KeyError"),
        (
            {"difference": 0.1, "fresh": [], "begins": 2, "stands": {"model": [3]}},
            "resume-diverges",
            "with epoch 2, but its weights were those before epoch 3",
        ),
        (
            {"difference": 0.1, "fresh": [], "begins": 3, "stands": {"model": [3], "scheduler": [2]}},
            "resume-diverges",
            "In epoch 3 the learning rate stood where it belongs before epoch 2",
        ),
    ],
)
def test_what_went_wrong_is_named(facts: dict[str, object], slug: str, words: str) -> None:
    ((found, evidence),) = judged(**facts)
    assert found == slug
    assert words in evidence


@pytest.mark.parametrize(
    "value", [None, 3, [], {"killed": "yes"}, {"killed": True, "there": True, "stands": 3}]
)
def test_forged_facts_never_break_the_judge(value: object) -> None:
    TASK.judge(Answers([Answer("train", "inside a save", value)]), {}, {}, {})


def test_a_function_that_was_never_interrupted_could_not_be_judged() -> None:
    (one, two) = TASK.judge(Answers([]), {}, {}, {}).items
    assert {one.slug, two.slug} == {"checkpoint-incomplete", "resume-diverges"}
    assert one.status == two.status == "unknown"
