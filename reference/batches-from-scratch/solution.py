# exercise: batches-from-scratch
"""A data loader from scratch: permute, slice, drop_last."""

import numpy as np


def batches(x, y, batch_size, shuffle, drop_last, rng):
    """Give the samples of one epoch as batches (xb, yb)."""
    # The order is a list of indices.  Shuffling it, and not the data, keeps the caller's arrays as they are
    # and every sample with its target, because both are taken with the same indices.
    order = rng.permutation(len(x)) if shuffle else np.arange(len(x))
    for start in range(0, len(order), batch_size):
        indices = order[start : start + batch_size]  # a slice past the end is just shorter
        if drop_last and len(indices) < batch_size:
            return
        yield x[indices], y[indices]
