"""The version of Metronome, in one place."""

VERSION = "0.1.0"
