"""What an exception's message tells: shapes that do not fit together, tensors on different devices."""

from __future__ import annotations

import re

_SHAPES: tuple[tuple[str, str], ...] = (
    (
        r"mat1 and mat2 shapes cannot be multiplied \((\d+)x(\d+) and (\d+)x(\d+)\)",
        "A batch of {0} rows with {1} numbers each met a layer or matrix that takes rows of {2} (and gives {3}).",
    ),
    (
        r"size mismatch, got input \(\d+\), mat \(\d+x\d+\), vec \(\d+\)",
        "A matrix and a vector of different lengths were multiplied.",
    ),
    (
        r"The size of tensor a \((\d+)\) must match the size of tensor b \((\d+)\) at non-singleton dimension (\d+)",
        "Two tensors were combined element by element, but in dimension {2} one has {0} entries and the other {1}.",
    ),
    (
        r"shape '\[([^\]]*)\]' is invalid for input of size (\d+)",
        "A tensor of {1} numbers cannot be given the shape ({0}): the product of its sizes is another number.",
    ),
    (
        r"Expected input batch_size \((\d+)\) to match target batch_size \((\d+)\)",
        "The loss got predictions for {0} samples and targets for {1}.",
    ),
    (
        r"Expected target size \[([^\]]*)\], got \[([^\]]*)\]",
        "The loss expected targets of shape ({0}) and got ({1}).",
    ),
    (
        r"Target size \(torch\.Size\(\[([^\]]*)\]\)\) must be the same as input size \(torch\.Size\(\[([^\]]*)\]\)\)",
        "The loss got targets of shape ({0}) and predictions of shape ({1}).",
    ),
    (
        r"expected input\[([^\]]*)\] to have (\d+) channels, but got (\d+) channels",
        "A convolution for {1} channels got an input of shape ({0}), which has {2}.",
    ),
    (
        r"running_mean should contain (\d+) elements not (\d+)",
        "A batch norm for {1} features got an input with {0}.",
    ),
    (
        r"Expected \dD.*input.*but got input of size: \[([^\]]*)\]|expected \dD.*input \(got (\d+)D input\)",
        "A layer got an input with the wrong number of dimensions.",
    ),
    (
        r"operands could not be broadcast together with (?:remapped )?shapes \(([^)]*)\) \(([^)]*)\)",
        "Two arrays were combined element by element, but their shapes ({0}) and ({1}) do not fit together.",
    ),
    (
        r"matmul: Input operand 1 has a mismatch in its core dimension.*\(size (\d+) is different from (\d+)\)",
        "Two matrices were multiplied whose inner sizes are {1} and {0}.",
    ),
    (
        r"shapes \(([^)]*)\) and \(([^)]*)\) not aligned",
        "Two arrays of the shapes ({0}) and ({1}) were multiplied; their inner sizes differ.",
    ),
    (
        r"cannot reshape array of size (\d+) into shape \(([^)]*)\)",
        "An array of {0} numbers cannot be given the shape ({1}).",
    ),
    (
        r"Sizes of tensors must match except in dimension (\d+)\. Expected size (\d+) but got size (\d+)",
        "Tensors were joined along dimension {0}, but elsewhere one has {1} entries and another {2}.",
    ),
    (
        r"stack expects each tensor to be equal size, but got \[([^\]]*)\] at entry \d+ and \[([^\]]*)\]",
        "Tensors of the shapes ({0}) and ({1}) were stacked.",
    ),
    (
        r"Expected size for first two dimensions of batch2 tensor to be: \[([^\]]*)\] but got: \[([^\]]*)\]",
        "Two batches of matrices were multiplied that do not fit together: ({1}) where ({0}) was needed.",
    ),
    (
        r"output with shape \[([^\]]*)\] doesn't match the broadcast shape \[([^\]]*)\]",
        "A tensor of shape ({0}) was to be changed in place by one that makes it ({1}).",
    ),
    (
        r"target size \(torch\.Size\(\[([^\]]*)\]\)\) that is different to the input size \(torch\.Size\(\[([^\]]*)\]",
        "The loss got targets of shape ({0}) and predictions of shape ({1}).",
    ),
    (
        r"0D or 1D target tensor expected, multi-target not supported",
        "The loss takes one class number for each sample; its target has a second dimension.",
    ),
    (
        r"non-broadcastable output operand with shape \(([^)]*)\) doesn't match the broadcast shape \(([^)]*)\)",
        "An array of shape ({0}) was to be changed in place by one that makes it ({1}).",
    ),
    (
        r"inconsistent tensor size, expected.*\[([^\]]*)\] and.*\[([^\]]*)\]",
        "Tensors of shape ({0}) and ({1}) met.",
    ),
)
_DEVICE = (
    r"Expected all tensors to be on the same device.*?(?:found at least two devices, |got mat\w* is on |is on )"
    r"?(cuda:?\d*|cpu|mps:?\d*)\W+(?:and |different from other tensors on )?(cuda:?\d*|cpu|mps:?\d*)"
)
_DEVICES = (
    r"Expected all tensors to be on the same device",
    r"Input type \(torch\.(?:cuda\.)?\w+\) and weight type \(torch\.(?:cuda\.)?\w+\) should be the same",
    r"can't convert (?:cuda|mps)\S* device type tensor to numpy",
    r"Expected a '\w+' device type for generator but found",
)


def shape_mismatch(message: str) -> str:
    """The two shapes that a message complains of, in a sentence; "" where it is about something else."""
    for pattern, sentence in _SHAPES:
        if found := re.search(pattern, message, flags=re.DOTALL):
            return sentence.format(*(_list(part or "") for part in found.groups()))
    return ""


def wrong_device(message: str) -> str:
    """The two devices that a message complains of, in a sentence; "" where it is about something else."""
    if not any(re.search(pattern, message) for pattern in _DEVICES):
        return ""
    found = re.search(_DEVICE, message, flags=re.DOTALL)
    if "Input type" in message and ("torch.cuda" not in message):
        return ""  # two types of number on one device
    one, two = found.groups() if found else ("one device", "another")
    return f"A computation got one tensor on {one} and another on {two}."


def _list(sizes: str) -> str:
    return sizes.strip().rstrip(",").replace(",", ", ").replace("  ", " ")
