"""The micro-batches are laid together: the mean over all of them at once."""

import torch


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
        optimizer.zero_grad()
        window = []
        for _ in range(grad_accum):
            window.append(get_batch("train"))
        xb, yb = (torch.cat(part) for part in zip(*window, strict=True))
        _, loss = model(xb, yb)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        losses.append(loss.item())
    return losses
