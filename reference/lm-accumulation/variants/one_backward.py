"""The losses are averaged first and sent backward together."""

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
        parts = []
        for _ in range(grad_accum):
            parts.append(model(*get_batch("train"))[1])
        loss = torch.stack(parts).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        losses.append(loss.item())
    return losses
