"""What ``trimtab`` takes: its commands by name, each with where it lives.

Commands are named by import path and loaded when they run: help pays for the command line alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from cyclopts import App

from trimtab import __version__
from trimtab.cli.options import HELP


class Command(NamedTuple):
    """One command: its words, where it lives, and what it does in one line."""

    name: str
    path: str
    summary: str


COMMANDS: Final = (
    Command("demo", "demo:demo", "The whole job on a local exchange, with nothing to set up."),
    Command("init", "settings:init", "Write a commented configuration to begin with."),
    Command("doctor", "doctor:doctor", "Check everything a run would need, and say how to fix it."),
    Command("status", "status:status", "Show holdings, weights, drift, positions and orders."),
    Command("review", "review:review", "Report drift, correlations and risk; trade nothing."),
    Command("plan", "trading:plan", "Make a plan, ask the gate, and save it as proposed."),
    Command("run", "trading:run", "Plan and run dry; with --execute ask and send orders."),
    Command("hedge", "hedges:hedge", "Have a share of a holding short, by hand."),
    Command("close-hedges", "hedges:close_hedges", "Buy hedges back, by hand."),
    Command("mend-stops", "hedges:mend_stops", "Have stops rest as they should, by hand."),
    Command("rescue-margin", "hedges:rescue_margin", "Bring a futures wallet out of danger."),
    Command("approve", "decisions:approve", "Say yes to a pending plan."),
    Command("reject", "decisions:reject", "Say no to a plan that is not begun."),
    Command("explain", "explain:explain", "Tell why a saved plan is as it is."),
    Command("recover", "upkeep:recover", "Find out about every order that is not closed."),
    Command("reconcile", "upkeep:reconcile", "Compare the ledger with the exchange."),
    Command("halt", "upkeep:halt", "Latch the kill switch and cancel our open orders."),
    Command("unhalt", "upkeep:unhalt", "Release the kill switch, and what a loss limit latched."),
    Command("metrics", "metrics:metrics", "Print where the account stands, for Prometheus."),
    Command("testnet", "testnet:testnet", "Serve the local exchange on its own."),
)
CONFIG_COMMANDS: Final = (
    Command("show", "settings:show", "Print the effective configuration, secrets masked."),
    Command("check", "settings:check", "Print every fault of the configuration at once."),
    Command("schema", "settings:schema", "Print the JSON Schema of the configuration."),
)
LEDGER_COMMANDS: Final = (
    Command("orders", "ledger:orders", "List orders, oldest first."),
    Command("fills", "ledger:fills", "List executions, oldest first."),
    Command("payments", "ledger:payments", "List what moved the futures wallets."),
    Command("transfers", "ledger:transfers", "List moves between the account's own wallets."),
    Command("slots", "ledger:slots", "List what became of calendar slots."),
    Command("events", "ledger:events", "List every entry of the ledger."),
    Command("plans", "ledger:plans", "List plans and where they stand."),
    Command("pot", "hedges:pot", "List what hedges earned and cost, in double entry."),
    Command("hedges", "hedges:book", "List every hedge, and what auto's choices came to cost."),
    Command("verify", "ledger:verify", "Prove the ledger's chain, and name what is wrong."),
    Command("export", "ledger:export", "Write fills, payments, transfers or slots."),
    Command("backup", "ledger_copies:backup", "Copy the ledger while it is used, and prove it."),
    Command("restore", "ledger_copies:restore", "Put a proved copy in the ledger's place."),
)
STANDING_COMMANDS: Final = (
    Command("grant", "standing:grant", "Approve beforehand what runs may send with nobody asked."),
    Command("list", "standing:listed", "List standing approvals, and what is left of their caps."),
    Command("revoke", "standing:revoke", "Take a standing approval back, at once."),
)
VENUE_COMMANDS: Final = (
    Command("list", "venues:listed", "List venues, and what may be promised of each."),
    Command("show", "venues:show", "Show everything that is known of one venue."),
)
SCHEDULE_COMMANDS: Final = (
    Command("show", "schedule:show", "Show the next slots, and whether one is due."),
    Command("run", "watching:watch", "Keep running what is due, until it is stopped."),
)

NOTIFY_COMMANDS: Final = (
    Command("test", "notify:test", "Send a test message over every configured channel."),
    Command("list", "notify:listed", "List notices, how far each got, and who has read it."),
    Command("ack", "notify:ack", "Say that you have read a notice."),
    Command("retry", "notify:retry", "Send a notice again where it may not have arrived."),
    Command("enrol", "replies:enrol", "Make the secret of the codes that replies carry."),
    Command("replies", "replies:replies", "Read replies once, and take those that decide."),
)


def application() -> App:
    """Return the command line without its common options."""
    help_text = f"Keeps a crypto portfolio on its target weights, with your approval.\n\n{HELP}"
    app = App(
        name="trimtab",
        help=help_text,
        version=__version__,
        help_format="plaintext",
        suppress_keyboard_interrupt=False,
    )
    _add(app, COMMANDS)
    config = App(name="config", help="Show or check the configuration.")
    _add(config, CONFIG_COMMANDS)
    ledger = App(name="ledger", help="Query, verify and export the ledger.")
    _add(ledger, LEDGER_COMMANDS)
    standing = App(name="standing", help="Grant, list and revoke standing approvals.")
    _add(standing, STANDING_COMMANDS)
    schedule = App(name="schedule", help="Show the calendar's slots, and run what is due.")
    _add(schedule, SCHEDULE_COMMANDS)
    notify = App(name="notify", help="Test channels, list notices, say what you have read.")
    _add(notify, NOTIFY_COMMANDS)
    app.command(config)
    app.command(ledger)
    app.command(standing)
    app.command(_venues())
    app.command(schedule)
    app.command(notify)
    return app


def _venues() -> App:
    """Return the commands about venues; without one of them all venues are listed."""
    venues = App(name="venues", help="Say what is known of exchanges, and what is promised.")
    _add(venues, VENUE_COMMANDS)

    @venues.default
    def listed() -> int:
        """List venues, and what may be promised of each."""
        from trimtab.cli.commands.venues import listed  # noqa: PLC0415 -- loaded when it runs.

        return listed()

    return venues


def _add(app: App, commands: Sequence[Command]) -> None:
    """Name commands by where they live; none is imported yet."""
    for command in commands:
        path = f"trimtab.cli.commands.{command.path}"
        app.command(path, name=command.name, help=command.summary)
