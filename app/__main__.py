"""`python -m app`: the command line."""

from app.cli import kladka

kladka(prog_name="kladka")
