# expect: wrong-value
import numpy as np


def cross_entropy(logits, target):
    z = logits - logits.max()
    p = np.exp(z)
    p = p / p.sum()
    if p.ndim == 1:
        return -np.log(p[target])
    return -np.log(p[np.arange(len(p)), target]).mean()


def mse(pred, target):
    return np.mean((pred - target) ** 2)
