"""`python -m app`: the command line."""

import gc

# What is imported stays: looking for garbage in it, meanwhile or afterwards, took a seventh of the start.
gc.disable()
from app.cli import kladka  # noqa: E402 - the line above is meant for it

gc.freeze()
gc.enable()
kladka(prog_name="kladka")
