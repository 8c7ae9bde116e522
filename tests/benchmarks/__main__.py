"""The command: `python tests/benchmarks`, or `python -m tests.benchmarks`."""

import sys
from importlib import import_module
from pathlib import Path

# Run as a folder, Python looks for modules beside this file; they are a package, and it is found one further up.
sys.path[0] = str(Path(__file__).resolve().parents[1])

if __name__ == "__main__":
    sys.exit(import_module("benchmarks.command").main())
