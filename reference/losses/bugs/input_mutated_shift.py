# expect: input-mutated
import numpy as np


def cross_entropy(logits, target):
    logits -= logits.max(axis=-1, keepdims=True)
    logits, target = np.atleast_2d(logits), np.atleast_1d(target)
    rows = np.arange(len(logits))
    return np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[rows, target])


def mse(pred, target):
    return np.mean((pred - target) ** 2)
