"""`python -m svfair` is the `svfair` command."""

from svfair.cli.main import main

main()
