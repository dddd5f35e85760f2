"""The demo as a person sees it, and the README's copy of it.

``python -m tests.acceptance.transcript`` plays the demo and writes the README's copy anew.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Final

TRIMTAB: Final = str(Path(sys.executable).with_name("trimtab"))
README: Final = Path(__file__).parents[2] / "README.md"
PROMPT: Final = "anything else to decline: "
BEGIN: Final = "```console\n$ .venv/bin/uv run trimtab demo\n"
END: Final = "```\n"
STEADY: Final = (
    (r"127\.0\.0\.1:\d+", "127.0.0.1:49152"),
    (r"ledger in \S+", "ledger in /tmp/trimtab-demo"),
    (r"Plan [0-9a-f]{12}", "Plan 3f9c27d1a604"),
    (r"approve [0-9a-f]{8}", "approve 3f9c27d1"),
)
"""What differs from one demo to the next, and what stands for it."""


async def played() -> str:
    """Play the demo, type what it asks for, and return what was on the screen."""
    process = await asyncio.create_subprocess_exec(
        TRIMTAB,
        "demo",
        env={**os.environ, "COLUMNS": "96"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    seen = ""
    async with asyncio.timeout(90):
        while not seen.endswith(PROMPT):
            byte = await process.stdout.read(1)
            assert byte, seen
            seen += byte.decode("latin-1")
        seen = seen.encode("latin-1").decode()
        words = re.findall(r'Type "(approve [0-9a-f]{8})"', seen)[-1]
        process.stdin.write(f"{words}\n".encode())
        rest, _ = await process.communicate()
    assert process.returncode == 0, seen + rest.decode()
    return f"{seen}{words}\n{rest.decode()}"


def steadied(text: str) -> str:
    """Return *text* with what differs from run to run replaced, and no space at line ends."""
    for pattern, stand_in in STEADY:
        text = re.sub(pattern, stand_in, text)
    return "\n".join(line.rstrip() for line in text.rstrip().splitlines()) + "\n"


def printed() -> str:
    """Return the README's copy."""
    page = README.read_text(encoding="utf-8")
    return page.split(BEGIN, 1)[1].split(END, 1)[0]


def main() -> None:
    """Write the README's copy anew."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        fresh = steadied(asyncio.run(played()))
    page = README.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN, 1)
    README.write_text(before + BEGIN + fresh + END + rest.split(END, 1)[1], encoding="utf-8")


if __name__ == "__main__":
    main()
