"""Small batches, big steps: the loop of a language model, one beat after the other."""

import torch


@torch.no_grad()
def evaluate(model, estimate_loss):
    """The loss on held-out text, in evaluation mode; the model is back in training mode afterwards."""
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
    """Take `max_steps` steps of `grad_accum` micro-batches each; return the loss of every step."""
    losses = []
    model.train()
    for step in range(max_steps):
        if step % eval_interval == 0:
            print(f"step {step}: held-out loss {evaluate(model, estimate_loss):.3f}")
        for group in optimizer.param_groups:
            group["lr"] = schedule(step)

        # Cleared once: the gradients of all micro-batches of this step add up.
        optimizer.zero_grad(set_to_none=True)
        total = 0.0
        for _ in range(grad_accum):
            xb, yb = get_batch("train")
            _, loss = model(xb, yb)
            # Each loss is a mean already; divided by their number, the sum is the mean of all.
            (loss / grad_accum).backward()
            total += loss.item()

        # Clipped once, when the gradient is complete.
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        losses.append(total / grad_accum)
    return losses
