"""The loss is summed over all characters and divided by their number in the whole window."""

import torch
import torch.nn.functional as F


def train(
    model, get_batch, optimizer, schedule, max_steps, grad_accum, max_norm, eval_interval, estimate_loss
):
    losses = []
    for step in range(max_steps):
        if step % eval_interval == 0:
            model.eval()
            with torch.no_grad():
                print(step, estimate_loss().item())
            model.train()
        for group in optimizer.param_groups:
            group["lr"] = schedule(step)
        optimizer.zero_grad(set_to_none=True)
        window = [get_batch("train") for _ in range(grad_accum)]
        characters = sum(yb.numel() for _, yb in window)
        total = 0.0
        for _ in window:
            xb, yb = _
            logits, _ = model(xb, yb)
            loss = F.cross_entropy(logits.flatten(0, 1), yb.flatten(), reduction="sum") / characters
            loss.backward()
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        losses.append(total)
    return losses
