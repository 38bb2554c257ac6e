import math


def one(scores, label):
    top = max(scores)
    total = 0.0
    for score in scores:
        total += math.exp(score - top)
    return top + math.log(total) - scores[label]


def cross_entropy(logits, target):
    if logits.ndim == 1:
        return one(logits.tolist(), target)
    losses = [one(row, label) for row, label in zip(logits.tolist(), target.tolist())]
    return sum(losses) / len(losses)


def mse(pred, target):
    total, count = 0, 0
    for p, t in zip(pred.ravel(), target.ravel()):
        total += (p - t) * (p - t)
        count += 1
    return total / count
