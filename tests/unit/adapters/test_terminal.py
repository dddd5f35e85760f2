"""A person at a terminal: what they type is taken for exactly what was asked."""

from __future__ import annotations

import asyncio
import os
import pty
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from tests.builders import KEY, account, dec, plan, policy, report_on
from trimtab.adapters.terminal import TerminalApprover, forget_typed_ahead
from trimtab.domain.plan import Plan
from trimtab.domain.policy import ApprovalPolicy
from trimtab.domain.question import asked_words, second_words
from trimtab.domain.snapshot import Environment
from trimtab.ports import Answer

SNAPSHOT = account("BTC 0.1 @ 60000, ETH 1 @ 3000, USDT 1000, wallet 100")
PLAN = plan(SNAPSHOT, "sell 0.01 BTC", "then buy 0.1 perp ETH")
LIVE = replace(PLAN, key=replace(KEY, environment=Environment.LIVE))
ONCE = replace(policy().approval, two_step_above=dec(900))
TWICE = replace(policy().approval, two_step_above=dec(899))
NAME, FIRST, SECOND = PLAN.digest[:8], asked_words(PLAN), second_words(PLAN)


@contextmanager
def typed(text: str) -> Iterator[int]:
    """Give the reading end of a pipe into which *text* was written, and then its end."""
    reading, writing = os.pipe()
    os.write(writing, text.encode())
    os.close(writing)
    try:
        yield reading
    finally:
        os.close(reading)


async def answer_to(
    text: str, asked: Plan = PLAN, rules: ApprovalPolicy = ONCE
) -> tuple[Answer, str]:
    """Ask about a plan while *text* is typed; return the answer and what was shown."""
    shown: list[str] = []
    with typed(text) as descriptor:
        approver = TerminalApprover(
            write=shown.append, descriptor=descriptor, policy=rules, pause_s=0.0
        )
        answer = await approver.ask(asked, report_on(asked))
    return answer, "".join(shown)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (f"{FIRST}\n", Answer.YES),
        (f"  {FIRST}  \n", Answer.YES),
        (FIRST, Answer.YES),
        ("", Answer.NOBODY),
        ("\n", Answer.NO),
        ("yes\n", Answer.NO),
        ("y\n", Answer.NO),
        (f"{FIRST.upper()}\n", Answer.NO),
        (f"{FIRST}0\n", Answer.NO),
        ("approve 00000000\n", Answer.NO),
        (f"\n{FIRST}\n", Answer.NO),
    ],
)
async def test_only_the_asked_for_words_approve(text: str, answer: Answer) -> None:
    assert (await answer_to(text))[0] is answer


@pytest.mark.parametrize("text", [f"approve {LIVE.digest[:8]}", "yes", "main 900"])
async def test_in_live_the_plans_name_alone_is_not_enough(text: str) -> None:
    answer, shown = await answer_to(f"{text}\n", LIVE)
    assert answer is Answer.NO
    assert f'Type "approve {LIVE.digest[:8]} main 900" to approve' in shown
    assert (await answer_to(f"approve {LIVE.digest[:8]} main 900\n", LIVE))[0] is Answer.YES


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (f"{FIRST}\n{SECOND}\n", Answer.YES),
        (f"{FIRST}\n{FIRST}\n", Answer.NO),
        (f"{FIRST}\nyes\n", Answer.NO),
        (f"{FIRST}\n", Answer.NOBODY),
        (f"{SECOND}\n{FIRST}\n", Answer.NO),
        (f"yes\n{SECOND}\n", Answer.NO),
    ],
)
async def test_above_the_threshold_both_answers_must_be_right(text: str, answer: Answer) -> None:
    assert (await answer_to(text, PLAN, TWICE))[0] is answer


async def test_a_wrong_first_answer_is_not_asked_about_again() -> None:
    _, shown = await answer_to(f"no\n{SECOND}\n", PLAN, TWICE)
    assert shown.count("anything else to decline") == 1


async def test_that_nobody_answered_is_told_and_what_follows_is_left_to_the_command() -> None:
    _, shown = await answer_to("")
    assert shown.endswith("anything else to decline: \nNobody answered.\n")


async def test_a_question_that_is_taken_back_ends_its_line() -> None:
    shown: list[str] = []
    asked = asyncio.Event()

    def write(text: str) -> None:
        """Note what is shown, and when it is the question."""
        shown.append(text)
        if text.startswith("Type"):
            asked.set()

    reading, writing = os.pipe()
    approver = TerminalApprover(write=write, descriptor=reading, policy=ONCE, pause_s=0.0)
    asking = asyncio.ensure_future(approver.ask(PLAN, report_on(PLAN)))
    await asked.wait()
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    os.close(writing)
    assert shown[-1] == "\n"


async def test_a_question_that_is_taken_back_takes_no_later_answer() -> None:
    reading, writing = os.pipe()
    approver = TerminalApprover(write=lambda _: None, descriptor=reading, policy=ONCE, pause_s=0.0)
    try:
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(approver.ask(PLAN, report_on(PLAN)), timeout=0.05)
        asking = asyncio.ensure_future(approver.ask(PLAN, report_on(PLAN)))
        await asyncio.sleep(0.05)
        os.write(writing, f"{FIRST}\n".encode())
        assert await asyncio.wait_for(asking, timeout=5) is Answer.YES
    finally:
        os.close(writing)
        os.close(reading)


async def test_what_answers_a_question_too_late_does_not_decline_the_next_one() -> None:
    outside, inside = pty.openpty()
    shown: list[str] = []
    approver = TerminalApprover(write=shown.append, descriptor=inside, policy=ONCE, pause_s=0.0)
    try:
        os.write(outside, b"approve 00000000\n")  # The words of a plan whose time went by.
        asking = asyncio.ensure_future(approver.ask(PLAN, report_on(PLAN)))
        await asyncio.sleep(0.05)
        assert shown[-1].endswith("to decline: ")
        os.write(outside, f"{FIRST}\n".encode())
        assert await asyncio.wait_for(asking, timeout=5) is Answer.YES
    finally:
        os.close(outside)
        os.close(inside)


def test_what_was_typed_ahead_at_a_terminal_does_not_count() -> None:
    outside, inside = pty.openpty()
    try:
        settings = termios.tcgetattr(inside)
        settings[3] &= ~termios.ICANON
        termios.tcsetattr(inside, termios.TCSANOW, settings)
        os.set_blocking(inside, False)
        os.write(outside, b"typed ahead\n")
        forget_typed_ahead(inside)
        with pytest.raises(BlockingIOError):
            os.read(inside, 100)
    finally:
        os.close(outside)
        os.close(inside)
    with typed("piped\n") as descriptor:
        forget_typed_ahead(descriptor)
        assert os.read(descriptor, 100) == b"piped\n"


BEHIND_THE_SHELL = """
import os, pty, signal
from trimtab.adapters.terminal import forget_typed_ahead
shell, _ = pty.fork()
if shell:
    raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(shell, 0)[1]))
watch = os.fork()
if not watch:
    os.setpgid(0, 0)
    forget_typed_ahead(0)
    os._exit(0)
stopped = os.WIFSTOPPED(os.waitpid(watch, os.WUNTRACED)[1])
if stopped:
    os.kill(watch, signal.SIGKILL)
os._exit(1 if stopped else 0)
"""


def test_a_watch_in_the_background_of_a_shell_is_not_stopped_by_its_question() -> None:
    ran = subprocess.run([sys.executable, "-c", BEHIND_THE_SHELL], timeout=30, check=False)
    assert ran.returncode == 0
