"""`grade sandbox`: build the image that submissions run in."""

from __future__ import annotations

from typing import Literal

import click


def _say(line: str) -> None:
    """Progress goes to stderr: stdout holds the image's name alone."""
    click.echo(line, err=True)


@click.group()
def command() -> None:
    """Make the image that submissions run in (needs a Docker engine)."""


@command.command()
@click.option(
    "--device",
    type=click.Choice(["cpu", "cuda"]),
    default="cpu",
    show_default=True,
    help="Which torch to take.",
)
@click.option(
    "--base",
    metavar="IMAGE",
    help="Image with Python to build on.  [default: python:3.11-slim-bookworm, or the one `base` made]",
)
def build(device: Literal["cpu", "cuda"], base: str | None) -> None:
    """Build the sandbox image: wheels are downloaded here with pip, and installed without a network."""
    from grader.launch import image

    click.echo(image.build(device, base, _say))


@command.command()
@click.option(
    "--mirror", metavar="URL", help="Debian archive to take packages from.  [default: debootstrap's]"
)
def base(mirror: str | None) -> None:
    """Make a base image with debootstrap, where no image registry can be reached (as root)."""
    from grader.launch import debian

    click.echo(debian.base(_say, mirror))
