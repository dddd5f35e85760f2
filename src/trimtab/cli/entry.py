"""The command ``trimtab``: runs one, and ends with its code.

What takes time to import is imported by :func:`conducted`, where an interrupt has its line and its
code: the command line when it is read, and how a failure is told when something fails.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from typing import Final

from trimtab.cli.streams import open_what_is_closed, spell_in_any_encoding

COLLECT_EACH: Final = 100_000
"""New objects between collections. What is imported stays, and at Python's usual 700 a start
walks it again and again, which is a twentieth of its time."""
INTERRUPTED: Final = 130
"""As in :mod:`trimtab.cli.exits`, which takes time to import."""


def main() -> None:
    """Run the command that the process was called with, and exit with its code."""
    gc.set_threshold(COLLECT_EACH)
    open_what_is_closed()
    spell_in_any_encoding()
    code = conducted(sys.argv[1:])
    gc.freeze()  # Everything ends now; to look for garbage in it first would take a tenth longer.
    sys.exit(code)


def conducted(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; lets nothing out."""
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; what was sent is recorded; next: trimtab recover\n")
        return INTERRUPTED
    except SystemExit:
        return INTERRUPTED  # So rich says that nobody reads help on, and with 1, a mismatch's code.
    except Exception as fault:  # noqa: BLE001 -- the last one: a bug must end as a code.
        from trimtab.cli.failures import told  # noqa: PLC0415 -- help must not pay for it.

        return told(fault)


def _run(arguments: Sequence[str]) -> int:
    """Read the arguments and run what they name; loads the command line."""
    from trimtab.cli.command_line import application  # noqa: PLC0415 -- an interrupt has its line.
    from trimtab.cli.options import OPTIONS, Options, split  # noqa: PLC0415 -- the same.

    plain = Options(
        config=None,
        sets=(),
        as_json="--json" in arguments,
        log_level="warning",
        log_format="console",
    )
    OPTIONS.set(plain)
    line = split(arguments)
    OPTIONS.set(line.options)
    code = application()(
        list(line.rest),
        exit_on_error=False,
        print_error=False,
        result_action="return_value",
    )
    return code if isinstance(code, int) else 0
