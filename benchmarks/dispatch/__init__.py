"""The dispatcher beside its peers: `python -m benchmarks.dispatch --help`."""
