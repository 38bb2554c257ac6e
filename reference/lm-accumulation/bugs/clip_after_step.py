# expect: clip-after-step numeric
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
        total = 0.0
        for _ in range(grad_accum):
            xb, yb = get_batch("train")
            _, loss = model(xb, yb)
            (loss / grad_accum).backward()
            total += loss.item()
        optimizer.step()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        losses.append(total / grad_accum)
    return losses
