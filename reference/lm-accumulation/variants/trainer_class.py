"""A class that counts its own steps; evaluation comes after the step."""

import torch


class Trainer:
    def __init__(self, model, optimizer, schedule):
        self.model, self.optimizer, self.schedule = model, optimizer, schedule
        self.step = 0

    def gather(self, batches):
        self.optimizer.zero_grad()
        losses = []
        for xb, yb in batches:
            loss = self.model(xb, yb)[1]
            loss.div(len(batches)).backward()
            losses.append(loss.detach())
        return torch.stack(losses).mean().item()

    def move(self, max_norm):
        parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        torch.nn.utils.clip_grad_norm_(parameters, max_norm, foreach=True)
        rate = self.schedule(self.step)
        for group in self.optimizer.param_groups:
            group.update(lr=rate)
        self.optimizer.step()
        self.step += 1

    @torch.inference_mode()
    def evaluate(self, estimate_loss):
        was = self.model.training
        self.model.train(False)
        try:
            return float(estimate_loss())
        finally:
            self.model.train(was)


def train(
    model, get_batch, optimizer, schedule, max_steps, grad_accum, max_norm, eval_interval, estimate_loss
):
    trainer, losses = Trainer(model, optimizer, schedule), []
    while trainer.step < max_steps:
        losses.append(trainer.gather([get_batch("train") for _ in range(grad_accum)]))
        trainer.move(max_norm)
        if trainer.step % eval_interval == 0:
            trainer.evaluate(estimate_loss)
    return losses
