"""Losses stay tensors, without their graphs, until the end."""

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
        optimizer.zero_grad(set_to_none=False)
        parts = []
        for _ in range(grad_accum):
            xb, yb = get_batch("train")
            logits, loss = model(xb, yb)
            loss.backward(gradient=torch.tensor(1.0 / grad_accum))
            parts.append(loss.detach())
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        losses.append(torch.stack(parts).mean())
    return torch.stack(losses).tolist()
