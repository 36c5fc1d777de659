"""`python -m app`: the command line."""

import gc

# What is imported stays: looking for garbage in it meanwhile took a seventh of the start.
gc.disable()
from app.cli import kladka  # noqa: E402 - the line above is meant for it

gc.enable()
kladka(prog_name="kladka")
