"""How Hypothesis is taught a domain: values, commands, runs, logs, and what a run must not break."""
