"""`python -m merata`."""

from merata.cli import main

main()
