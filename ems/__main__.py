"""The command `ems`, also as `python -m ems`.

The commands are imported inside, so that Ctrl-C is answered quietly from the first moment.
"""

_INTERRUPTED = 130
"""Exit code of a program that was told to stop."""


def main() -> None:
    """Run the command line."""
    try:
        from ems.cli import app

        app()
    except KeyboardInterrupt:
        raise SystemExit(_INTERRUPTED) from None


if __name__ == "__main__":
    main()
