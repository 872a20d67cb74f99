"""`python -m svfair` is the `svfair` command."""

from svfair.cli.main import app

app(prog_name="svfair")
