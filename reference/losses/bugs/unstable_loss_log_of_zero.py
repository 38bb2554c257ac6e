# expect: unstable-loss
import numpy as np


def cross_entropy(logits, target):
    logits, target = np.atleast_2d(logits), np.atleast_1d(target)
    rows = np.arange(len(logits))
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return -np.log(e[rows, target] / e.sum(axis=1)).mean()


def mse(pred, target):
    return np.mean((pred - target) ** 2)
