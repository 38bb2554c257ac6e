"""Findings about pieces written by hand, judged by the values they give."""

from __future__ import annotations

from grader.catalogue.entry import Entry

ENTRIES: dict[str, Entry] = {
    "wrong-value": Entry(
        "error",
        "A value differs from the right one",
        "Whatever is built on this function gets the wrong number too.",
        "Work through the case that the evidence names on paper, and print each step of your function beside it.",
        computes="a function with another formula",
    ),
    "wrong-gradient": Entry(
        "error",
        "A gradient differs from the right one",
        "A step follows the gradient.  With a wrong one the model learns slowly, or something else, or not at all.",
        "Work through one small case on paper, layer by layer, and compare every number.  The evidence says which "
        "number differs first.",
        computes="a function with another derivative",
    ),
    "wrong-update": Entry(
        "error",
        "The update is not the rule that was asked for",
        "The rule says how far each parameter moves for a given gradient.  Another rule is another optimizer.",
        "Write the formula of the rule beside your code and compare them term by term.",
        computes="a function with another update rule",
    ),
    "wrong-average": Entry(
        "error",
        "The average is taken wrongly",
        "A loss over a batch is a mean, and so is its gradient.  A sum is as many times too large as there are "
        "numbers in it, and with a fixed divisor, or a mean of means, a short batch counts wrongly.",
        "Divide each sum by the number of what was added up: for a batch its own length, not the batch size that "
        "was asked for; for an epoch the number of all its samples.",
        computes="a function that averages over something else",
    ),
    "wrong-shape": Entry(
        "error",
        "A result does not have the form that was asked for",
        "What comes next in the loop counts on the form: one number for a loss, one row per sample, a pair where a "
        "pair is unpacked.",
        "Print the type and the shape of what your function returns, and compare them with what the exercise asks for.",
        computes="a function that gives values of another shape",
    ),
    "unstable-loss": Entry(
        "error",
        "The loss breaks down for large scores",
        "`exp` of a large number is infinite, and `log` of a probability that was rounded to zero is too.  A small "
        "number added inside the logarithm only hides it: the loss then stops growing where it should grow.",
        "Subtract each sample's largest score first, and never take the logarithm of a probability: the loss is "
        "log(sum(exp(scores))) minus the score of the right class.",
    ),
    "input-mutated": Entry(
        "warning",
        "The function changes what it was given",
        "The caller still needs its arrays and lists.  After this function they hold something else, and what is "
        "computed from them next is wrong without any error message.",
        "Compute a new array (`z = z - z.max()` instead of `z -= z.max()`), or work on a copy.",
    ),
    "symmetric-initialization": Entry(
        "error",
        "All units of a layer start alike",
        "Units with equal weights give equal outputs and get equal gradients, so they stay equal for ever.  However "
        "wide the layer is, it can do no more than one unit.",
        "Draw the weights at random; only the biases may start at zero.",
    ),
}
