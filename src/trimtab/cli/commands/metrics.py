"""``metrics``: where the account stands, for Prometheus. Reads once; sends and writes nothing else.

A scraper reads the file through the textfile collector of its node exporter.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from trimtab.bootstrap import open_shell
from trimtab.cli import session
from trimtab.cli.exits import Exit
from trimtab.cli.metrics_reading import reading_of
from trimtab.cli.metrics_text import exposition
from trimtab.cli.options import OPTIONS
from trimtab.cli.session import Result, Work
from trimtab.cli.streams import put
from trimtab.domain.errors import ConfigError
from trimtab.domain.rights import KeyUse


def metrics(*, out: Annotated[Path | None, Parameter(name="--out")] = None) -> Exit:
    """Print drift, leverage, margin, open orders and budgets in the format of Prometheus.

    Parameters
    ----------
    out
        Write them to this file instead, whole or not at all.

    """
    config = session.configuration()

    async def work(_: Work) -> Result | Exit:
        """Read once."""
        async with open_shell(config, os.environ, use=KeyUse.READ, dry_run=False) as shell:
            text = exposition(await reading_of(shell))
        if out is not None:
            await asyncio.to_thread(_write, out, text)
        return _shown(text, out)

    return session.conduct(work)


def _shown(text: str, out: Path | None) -> Result | Exit:
    """Return the text, or that it was written."""
    if out is None and not OPTIONS.get().as_json:
        put(text)
        return Exit.DONE
    document = {
        "status": "read" if out is None else "written",
        "file": None if out is None else str(out),
        "metrics": text,
    }
    return Result(document=document, view=f"written to {out}", code=Exit.DONE)


def _write(out: Path, text: str) -> None:
    """Put *text* in the place of the file at once, so that nobody reads half of it.

    Raises:
        ConfigError: it cannot be written there.

    """
    try:
        descriptor, made = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(made).chmod(0o644)  # The exporter is another user.
        Path(made).replace(out)
    except OSError as fault:
        raise ConfigError(
            f"--out {out}: cannot be written: {fault.strerror}",
            next_step="name a file in a folder that you may write to",
        ) from fault
