"""Whoever sits at this terminal: where questions go, and how long an answer is waited for.

Prompts go to standard error, the answer is one line of standard input.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from trimtab.adapters.terminal import TerminalApprover
from trimtab.cli.folding import to_stderr
from trimtab.config import Config
from trimtab.ports import Answer, StopSignal

STDIN: Final = 0
PAUSE_S: Final = 3.0
"""How long what is at stake stands there before a second answer is taken."""


def local_approver(config: Config) -> TerminalApprover:
    """Return who is asked at this terminal."""
    return TerminalApprover(
        write=to_stderr, descriptor=STDIN, policy=config.policy.approval, pause_s=PAUSE_S
    )


async def answered(asking: Coroutine[Any, Any, Answer], stop: StopSignal) -> Answer:
    """Return the answer; nobody's, when somebody wants the command to stop before it comes."""
    question = asyncio.ensure_future(asking)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({question, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return question.result() if question.done() else Answer.NOBODY
    finally:
        for task in (question, stopping):
            task.cancel()
        await asyncio.gather(question, stopping, return_exceptions=True)
