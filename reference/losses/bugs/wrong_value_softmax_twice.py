# expect: wrong-value numeric: a cross-entropy of scores that went through a softmax already
import numpy as np


def cross_entropy(logits, target):
    logits, target = np.atleast_2d(logits), np.atleast_1d(target)
    rows = np.arange(len(logits))
    z = logits - logits.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    again = np.exp(log_p)
    again = again - np.log(np.exp(again).sum(axis=1, keepdims=True))
    return -again[rows, target].mean()


def mse(pred, target):
    return np.mean((pred - target) ** 2)
