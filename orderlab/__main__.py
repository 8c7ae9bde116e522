"""`python -m orderlab`: the same as `orderlab`."""

from orderlab.cli import main

main()
