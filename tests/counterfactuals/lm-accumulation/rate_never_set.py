"""The rate is looked up and not written down."""

import torch


class Loop:
    def __init__(self, model, get_batch, optimizer, schedule, grad_accum, max_norm):
        self.model, self.get_batch, self.optimizer = model, get_batch, optimizer
        self.schedule, self.parts, self.limit = schedule, grad_accum, max_norm

    def set_rate(self, number):
        rate = self.schedule(number)
        return rate

    def part(self):
        tokens, following = self.get_batch("train")
        loss = self.model(tokens, following)[1]
        share = loss / self.parts
        share.backward()
        return loss.item()

    def step(self, number):
        self.set_rate(number)
        self.model.zero_grad()
        losses = [self.part() for _ in range(self.parts)]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), max_norm=self.limit)
        self.optimizer.step()
        return sum(losses) / len(losses)


@torch.no_grad()
def look(model, estimate_loss):
    model.eval()
    value = float(estimate_loss())
    model.train()
    return value


def train(
    model, get_batch, optimizer, schedule, max_steps, grad_accum, max_norm, eval_interval, estimate_loss
):
    loop = Loop(model, get_batch, optimizer, schedule, grad_accum, max_norm)
    curve = []
    while len(curve) < max_steps:
        if not len(curve) % eval_interval:
            look(model, estimate_loss)
        curve.append(loop.step(len(curve)))
    return curve
