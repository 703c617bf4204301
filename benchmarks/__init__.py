"""Speed and quality, measured by one command: `python -m benchmarks NAME`."""
