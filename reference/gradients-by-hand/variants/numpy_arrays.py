import numpy as np


def shapes(batch, sizes):
    x = np.zeros((batch, sizes[0]))
    result = [list(x.shape)]
    for rows, columns in zip(sizes[:-1], sizes[1:]):
        x = np.maximum(x @ np.zeros((rows, columns)), 0)
        result.append(list(x.shape))
    return result


def gradients(w, b, x, target):
    design = np.array([x, 1.0])
    residual = design @ np.array([w, b]) - target
    return 2 * residual * design
