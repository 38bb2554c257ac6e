# expect: unstable-loss
import numpy as np


def cross_entropy(logits, target):
    logits, target = np.atleast_2d(logits), np.atleast_1d(target)
    rows = np.arange(len(logits))
    z = logits - logits.max()
    return np.mean(np.log(np.exp(z).sum(axis=1)) - z[rows, target])


def mse(pred, target):
    return np.mean((pred - target) ** 2)
