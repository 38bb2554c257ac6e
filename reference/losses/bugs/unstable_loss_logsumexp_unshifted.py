# expect: unstable-loss
import numpy as np


def cross_entropy(logits, target):
    logits, target = np.atleast_2d(logits), np.atleast_1d(target)
    rows = np.arange(len(logits))
    return (np.log(np.exp(logits).sum(1)) - logits[rows, target]).mean()


def mse(pred, target):
    return np.mean((pred - target) ** 2)
