"""``python -m smp_check``: the same as the ``smp-check`` command."""

from smp_check.cli import main

if __name__ == "__main__":
    main()
