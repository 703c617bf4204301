"""`python -m ems`: the same as the command `ems`."""

from ems.cli import main

main()
