# exercise: losses
"""Cross-entropy and mean squared error, by hand."""

import numpy as np


def cross_entropy(logits, target):
    """The mean cross-entropy of scores (C,) and a class, or of scores (N, C) and classes (N,)."""
    logits = np.atleast_2d(logits)  # one sample is a batch of one
    target = np.atleast_1d(target)
    # Softmax stays the same when a number is taken from all scores of a sample.  With the largest taken away
    # every exponential lies between 0 and 1, and one of them is 1: nothing overflows, the sum is never 0.
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_of_sum = np.log(np.exp(shifted).sum(axis=1))
    right = shifted[np.arange(len(shifted)), target]
    return float(np.mean(log_of_sum - right))  # -log(exp(right) / sum), without ever making the fraction


def mse(pred, target):
    """The mean squared difference of two arrays of one shape."""
    return float(np.mean((pred - target) ** 2))
