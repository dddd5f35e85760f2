"""What a person is asked before a standing approval is granted, and what must be typed. Pure.

The words name the grant; where real money is, the account and its caps too; and above the
threshold of a plan that is asked about twice, a second time, the cap per day and the last day.
Values are quote units. Source: docs/design/0015-standing-approvals.md.
"""

from __future__ import annotations

from trimtab.domain.exact import grouped, plain
from trimtab.domain.instruments import Asset
from trimtab.domain.policy import ApprovalPolicy
from trimtab.domain.question import DIGITS_TYPED
from trimtab.domain.snapshot import Environment
from trimtab.domain.standing_approval import StandingApproval


def grant_words(given: StandingApproval) -> str:
    """Return what must be typed to grant exactly *given*; in live with account and caps."""
    words, key = f"grant {given.digest[:DIGITS_TYPED]}", given.scope.key
    if key.environment is not Environment.LIVE:
        return words
    return f"{words} {key.account} {plain(given.caps.run)} x {given.caps.runs}"


def second_grant_words(given: StandingApproval, quote: Asset) -> str:
    """Return what must be typed beside that when a grant is asked about twice."""
    return f"{plain(given.caps.day)} {quote} a day until {given.expires_at:%Y-%m-%d}"


def is_grant_asked_twice(given: StandingApproval, policy: ApprovalPolicy) -> bool:
    """Whether one run of *given* may send more than one answer is enough for."""
    return given.caps.run > policy.two_step_above


def grant_question(given: StandingApproval, quote: Asset) -> str:
    """Return what is asked for, as lines: where, how much, what, and until when."""
    scope, caps, key = given.scope, given.caps, given.scope.key
    place = "LIVE, real money" if key.environment is Environment.LIVE else key.environment.value
    warned = "approved too" if scope.allow_warnings else "not approved"
    head = (
        f"This lets runs of {key.account} on {key.venue} ({place}) send orders with nobody asked, "
        f"until {given.expires_at:%Y-%m-%d %H:%M:%S} UTC:"
    )
    lines = (
        ("one order", f"up to {grouped(caps.order, 2)} {quote}"),
        ("one run", f"up to {grouped(caps.run, 2)} {quote}"),
        ("24 hours", f"up to {grouped(caps.day, 2)} {quote}"),
        ("all in all", f"up to {caps.runs} runs"),
        ("markets", ", ".join(scope.symbols)),
        ("kinds", ", ".join(kind.value for kind in scope.kinds)),
        ("triggers", ", ".join(scope.triggers)),
        ("warnings", f"a plan that the gate warns about is {warned}"),
    )
    tail = "It covers nothing under another configuration, while halted, or once it is revoked."
    return "\n".join([head, *(f"  {name:<11} {told}" for name, told in lines), tail])


def second_grant_question(policy: ApprovalPolicy, quote: Asset) -> str:
    """Return why it is asked again."""
    return (
        f"One run may send more than approval.two_step_above "
        f"({grouped(policy.two_step_above, 2)} {quote}), so it is asked twice."
    )
