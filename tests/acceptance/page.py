"""A page as it is followed: its commands, in their order, run for real by who reads it."""

from __future__ import annotations

import asyncio
import re
import shlex
import signal
from asyncio.subprocess import Process
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.acceptance.conftest import WITHIN_S, Account, Ended, has_no_traceback, started
from tests.acceptance.test_interrupts import until

PLACEHOLDER: Final = re.compile(r"DIGEST|FILE|ID")
PROMPT: Final = re.compile(r'Type "([^"]+)" to \w+')


def commands_of(file: Path) -> list[str]:
    """Return the commands of a page, without the program's name."""
    blocks = re.findall(r"```console\n(.*?)```", file.read_text(encoding="utf-8"), re.DOTALL)
    return re.findall(r"^\$ trimtab (.+)$", "\n".join(blocks), re.MULTILINE)


class Page:
    """One page, and where its reader is."""

    def __init__(self, file: Path, account: Account, *, home: Path | None = None) -> None:
        self.account = account
        self.left = commands_of(file)
        self._home = {} if home is None else {"HOME": str(home)}
        assert self.left != [], "A page without a command helps nobody."

    async def follow(
        self,
        begins: str,
        *,
        code: int = 0,
        stop_after_s: float | None = None,
        answers: bool = True,
        variables: Mapping[str, str] | None = None,
        **names: str,
    ) -> Ended:
        """Run the next command of the page, which begins so, with its placeholders filled in.

        Whatever it asks for is typed, unless nobody *answers*.
        """
        line = self.left.pop(0)
        assert line.startswith(begins), f"the page goes on with: {line}"
        words = [names.get(word, word) for word in shlex.split(line)]
        assert not [w for w in words if PLACEHOLDER.fullmatch(w)], line
        given = self._home | dict(variables or {})
        process = await started(words, folder=self.account.folder, variables=given)
        ended = await _typed(process, stop_after_s=stop_after_s, answers=answers)
        assert ended.code == code, f"{line}: {ended.code}\n{ended.text}"
        assert has_no_traceback(ended)
        return ended

    def is_over(self) -> None:
        """Hold that nothing of the page was left out."""
        assert self.left == []


async def _typed(process: Process, *, stop_after_s: float | None, answers: bool) -> Ended:
    """Hear a command out, and type what it asks for."""
    assert process.stdin is not None
    assert process.stdout is not None
    if not answers:
        process.stdin.close()
    out = asyncio.ensure_future(process.stdout.read())
    said = asyncio.ensure_future(_answered(process, answers=answers))
    try:
        async with asyncio.timeout(WITHIN_S):
            if stop_after_s is not None:
                # On a busy machine it starts late.
                await until(lambda: _can_be_asked_to_stop(process.pid))
                await asyncio.sleep(stop_after_s)
                process.send_signal(signal.SIGTERM)
            code = await process.wait()
            return Ended(code=code, stdout=(await out).decode(), stderr=await said)
    except BaseException:
        process.kill()
        await process.wait()
        raise


def _can_be_asked_to_stop(pid: int) -> bool:
    """Whether a process catches SIGTERM by now; where nobody can tell, it is believed to."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return True
    (caught,) = re.findall(r"^SigCgt:\s*([0-9a-f]+)$", status.read_text(), re.MULTILINE)
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


async def _answered(process: Process, *, answers: bool) -> str:
    """Return all of standard error; each prompt in it gets the words that it asks for."""
    assert process.stdin is not None
    assert process.stderr is not None
    text, typed = "", 0
    while chunk := await process.stderr.read(4096):
        text += chunk.decode()
        prompts = PROMPT.findall(text)
        for words in prompts[typed:] if answers else []:
            process.stdin.write(f"{words}\n".encode())
            await process.stdin.drain()
        typed = len(prompts)
    return text
