"""One loop over all micro-batches; a counter says when a window begins and ends."""

import torch


def train(
    model, get_batch, optimizer, schedule, max_steps, grad_accum, max_norm, eval_interval, estimate_loss
):
    losses, window = [], []
    for number in range(max_steps * grad_accum):
        step, place = divmod(number, grad_accum)
        if place == 0:
            for parameter in model.parameters():
                parameter.grad = None
            if step and step % eval_interval == 0:
                with torch.no_grad():
                    model.eval()
                    estimate_loss()
                    model.train()
        _, loss = model(*get_batch("train"))
        (loss * (1.0 / grad_accum)).backward()
        window.append(loss.item())
        if place == grad_accum - 1:
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            optimizer.param_groups[0]["lr"] = optimizer.param_groups[1]["lr"] = schedule(step)
            optimizer.step()
            losses.append(sum(window) / len(window))
            window.clear()
    return losses
