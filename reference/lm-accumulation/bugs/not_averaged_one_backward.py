# expect: accumulation-not-averaged
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
            _, loss = model(*get_batch("train"))
            parts.append(loss)
        whole = sum(parts)
        whole.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        losses.append(whole.item() / grad_accum)
    return losses
