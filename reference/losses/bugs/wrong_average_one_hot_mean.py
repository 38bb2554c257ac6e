# expect: wrong-average numeric: a cross-entropy averaged over all scores, not over samples
import numpy as np


def cross_entropy(logits, target):
    logits, target = np.atleast_2d(logits), np.atleast_1d(target)
    rows = np.arange(len(logits))
    z = logits - logits.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    one_hot = np.eye(logits.shape[1])[target]
    return -np.mean(one_hot * log_p)


def mse(pred, target):
    return np.mean((pred - target) ** 2)
