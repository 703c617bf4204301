"""The command `ems`, also as `python -m ems`.

The commands are imported inside, so that Ctrl-C is answered quietly from the first moment. Linear
algebra stays on one thread, here and in all processes begun from here: the solver's many small
products lose time by threads. NumPy reads that when it is first loaded.
"""

import os

_INTERRUPTED = 130
"""Exit code of a program that was told to stop."""


def main() -> None:
    """Run the command line."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        from ems.cli import app

        app()
    except KeyboardInterrupt:
        raise SystemExit(_INTERRUPTED) from None


if __name__ == "__main__":
    main()
