"""What tensors come from, through views and whatever is written into them."""

import torch

from grader.examiner.origins import Origins, places


def test_views_share_what_is_known_of_their_memory():
    origins, rows = Origins(), torch.zeros(4, 2)
    origins.fresh([rows], "d")
    assert origins.of(rows[1:3].t()) == "d"
    origins.made([rows[0]], "g", [rows[0]])
    assert origins.of(rows) == "dg"


def test_a_result_in_memory_of_its_own_comes_from_its_arguments_alone():
    origins, old, data = Origins(), torch.ones(3), torch.zeros(3)
    origins.fresh([old], "g")
    origins.fresh([data], "d")
    origins.made([result := data + 1], origins.of(data), [data])
    assert origins.of({"a": [result, (old,)]}) == "dg"
    assert origins.of(result) == "d"


def test_a_copy_of_a_parameter_is_no_parameter():
    origins, parameter, data = Origins(), torch.nn.Parameter(torch.ones(3)), torch.zeros(3)
    origins.known(parameter, "p")
    origins.fresh([data], "d")
    copy = parameter.detach().clone()
    origins.made([copy], origins.of(parameter), [parameter])
    assert origins.of(copy) == "p"
    copy.copy_(data)
    origins.made([copy], origins.of([copy, data]), [copy, data])
    assert origins.of(copy) == "dp"


def test_parameters_and_gradients_stay_what_they_are():
    origins, parameter = Origins(), torch.ones(2)
    origins.known(parameter, "p")
    origins.made([parameter], "dg", [parameter])
    origins.known(parameter, "p")
    assert origins.of(parameter) == "p"


def test_places_are_found_in_nested_arguments():
    one, two = torch.ones(2), torch.ones(2)
    assert len(set(places({"x": [one, (two, 3)], "y": one[1:]}))) == 2
