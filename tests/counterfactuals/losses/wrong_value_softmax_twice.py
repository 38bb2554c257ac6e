"""Probabilities are taken for scores."""

import numpy as np


def log_sum_exp(row):
    top = row.max()
    return top + np.log(np.sum(np.exp(row - top)))


def softmax(row):
    powers = np.exp(row - row.max())
    return powers / powers.sum()


def cross_entropy(logits, target):
    rows = [softmax(row) for row in np.atleast_2d(logits)]
    values = [log_sum_exp(row) - row[right] for row, right in zip(rows, np.ravel(target))]
    return sum(values) / len(values)


def mse(pred, target):
    apart = np.subtract(pred, target).ravel()
    return float(apart @ apart) / apart.size
