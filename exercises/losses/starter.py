"""Two losses by hand: fill the gaps, then `grade submit --exercise losses starter.py`."""

import numpy as np


def cross_entropy(logits, target):
    """The mean cross-entropy of scores (C,) and a class, or of scores (N, C) and classes (N,)."""
    logits = np.atleast_2d(logits)  # one sample becomes a batch of one
    target = np.atleast_1d(target)
    scores = logits[np.arange(len(logits)), target]  # each sample's score for its right class
    # TODO: log(sum(exp(scores of all classes))) minus the score of the right class,
    #       with the largest score subtracted first so that no exponential overflows
    return float(0.0 * scores.mean())


def mse(pred, target):
    """The mean squared difference of two arrays of one shape."""
    difference = pred - target
    # TODO: square, then take the mean over all numbers
    return float(0.0 * difference.mean())
