"""The next micro-batch is drawn while the last one goes backward."""

import torch


def train(
    model, get_batch, optimizer, schedule, max_steps, grad_accum, max_norm, eval_interval, estimate_loss
):
    losses = []
    xb, yb = get_batch("train")
    for step in range(max_steps):
        if step % eval_interval == 0:
            model.eval()
            with torch.no_grad():
                print(step, estimate_loss().item())
            model.train()
        for group in optimizer.param_groups:
            group["lr"] = schedule(step)
        optimizer.zero_grad()
        total = 0.0
        for _ in range(grad_accum):
            _, loss = model(xb, yb)
            xb, yb = get_batch("train")
            loss = loss / grad_accum
            total += loss.detach()
            loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        losses.append(float(total))
    return losses
