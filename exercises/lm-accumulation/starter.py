"""Small batches, big steps: fill the gaps, then `grade submit --exercise lm-accumulation starter.py`."""


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
    for step in range(max_steps):
        # TODO: every eval_interval steps, estimate the loss: in which mode, and does it need gradients?
        # TODO: set the rate of this step on every parameter group
        optimizer.zero_grad(set_to_none=True)
        total = 0.0
        for _ in range(grad_accum):
            xb, yb = get_batch("train")
            logits, loss = model(xb, yb)
            # TODO: send the loss backward, so that all micro-batches together give the average gradient
            total += loss.item()
        # TODO: clip the gradient
        optimizer.step()
        losses.append(total / grad_accum)
    return losses
