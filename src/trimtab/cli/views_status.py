"""``status`` for a person. Nothing prints here; weights are shown in percent."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.cli.hedge_views import hedges_view
from trimtab.cli.rows import Rows
from trimtab.cli.survival import survival_view
from trimtab.cli.tables import (
    bar,
    bearings_table,
    group_lines,
    money,
    overlay_lines,
    percent,
    points,
    words,
)
from trimtab.cli.views_coin_margined import coin_positions_view
from trimtab.cli.views_history import prices_table, readings_table
from trimtab.cli.views_sleeves import sleeve_lines
from trimtab.cli.views_standing import standing_table
from trimtab.cli.views_tactical import tactical_lines
from trimtab.domain.exact import plain, shown
from trimtab.domain.exposure import leverage_text
from trimtab.domain.orders import Side
from trimtab.domain.plan import Drift
from trimtab.domain.trading import TradingState
from trimtab.ports import PlanStatus
from trimtab.workflow.status import AccountStatus, HeldPosition


def status_view(status: AccountStatus, *, calendar: str) -> RenderableType:
    """Return everything that ``status`` shows, what is wrong first; *calendar* in words."""
    parts: list[RenderableType] = [_heading(status)]
    parts += [*_alarms(status), *_notices(status)]
    parts += [Text(), *_weights(status), Text(), _holdings(status)]
    if status.positions:
        parts += [Text(), _positions(status)]
    if any(margin.positions for margin in status.coins):
        parts += [Text(), coin_positions_view(status.coins)]
    if status.hedges or status.pot:
        parts += [Text(), *hedges_view(status.hedges, status.pot, status.snapshot.quote)]
    parts += [Text(), _margin_line(status), survival_view(status.survival)]
    if status.bearings:
        parts += [Text(), bearings_table(status.bearings)]
    if status.resting:
        parts += [Text(), _resting(status)]
    if status.standing:
        parts += [Text(), standing_table(status.standing)]
    parts += [Text(), _ending(status, calendar)]
    return Group(*parts)


def _heading(status: AccountStatus) -> Text:
    """Return whose account it is, when it was read, and what it is worth."""
    key = status.snapshot.key
    return Text.assemble(
        (key.account, "bold"),
        f" on {key.venue}, ",
        (key.environment.value, "bold red" if key.environment == "live" else "bold"),
        f"   NAV {money(status.nav)} {status.snapshot.quote}",
        (f"   read {status.taken_at:%Y-%m-%d %H:%M:%S} UTC", "dim"),
    )


def _alarms(status: AccountStatus) -> Iterator[Text]:
    """Yield what stops a run."""
    latched = status.restraint
    if latched.halted is not None:
        yield Text(f"Halted: {latched.halted}  next: trimtab unhalt", "bold red")
    if latched.reducing is not None:
        told = f"Reducing, only reductions pass: {latched.reducing}  next: trimtab unhalt"
        yield Text(told, "bold red")
    if status.unresolved:
        names = ", ".join(r.intent.client_order_id for r in status.unresolved)
        yield Text(f"Unresolved orders: {names}  next: trimtab recover", "bold yellow")
    if status.unresolved_transfers:
        names = ", ".join(r.intent.transfer_id for r in status.unresolved_transfers)
        yield Text(f"Unresolved transfers: {names}  next: trimtab recover", "bold yellow")


def _notices(status: AccountStatus) -> Iterator[Text]:
    """Yield what nobody has read, and what did not arrive."""
    if status.unread:
        last = status.unread[-1].notice
        text = f"Unread, {len(status.unread)}: {last.subject}  next: trimtab notify ack {last.id}"
        yield Text(text, "bold red")
    if status.missed:
        text = f"Notices not told everywhere: {len(status.missed)}  next: trimtab notify list"
        yield Text(text, "yellow")


def _weights(status: AccountStatus) -> Iterator[RenderableType]:
    """Yield weights against bands, and the prices at which a band's edge is reached."""
    if status.unmeasured:
        yield Text(f"No weights: {status.unmeasured}", "yellow")
        return
    hedged = any(d.spot_weight != d.net_weight for d in status.drifts)
    spot = (">spot",) if hedged else ()
    columns = ("asset", *spot, ">net" if hedged else ">now", ">target", ">drift")
    rows = [_weight_row(d, hedged=hedged) for d in status.drifts]
    yield Rows((*columns, "band", ""), rows)
    yield from group_lines(status.groups)
    yield from overlay_lines(status.overlays)
    yield from sleeve_lines(status.sleeves, status.nets, acts=False)
    yield from tactical_lines(status.tactical, quote=status.snapshot.quote)
    if (prices := prices_table(status.drifts)) is not None:
        yield Text()
        yield prices
    if status.readings:
        yield Text()
        yield readings_table(status.readings)
    yield from (Text(remark, "yellow") for remark in status.remarks)
    if outside := [d.asset for d in status.drifts if d.breached]:
        yield Text(f"Outside the band: {', '.join(outside)}.", "yellow")


def _weight_row(drift: Drift, *, hedged: bool) -> list[str | Text]:
    """Return one asset's weights and its band."""
    style = "bold yellow" if drift.breached else ""
    spot = [percent(drift.spot_weight)] if hedged else []
    return [
        Text(drift.asset, style),
        *spot,
        percent(drift.net_weight),
        percent(drift.target),
        Text(points(drift.drift), style),
        bar(drift),
        Text("outside", style) if drift.breached else "",
    ]


def _holdings(status: AccountStatus) -> RenderableType:
    """Return what is held, and where."""
    quote = status.snapshot.quote
    locked = any(h.locked for h in status.holdings)
    columns = ["holding", ">units", *([">locked"] if locked else []), ">in futures wallet"]
    rows: list[list[str | Text]] = [
        [
            h.asset,
            plain(h.units),
            *([plain(h.locked) if h.locked else ""] if locked else []),
            plain(h.margin) if h.margin else "",
            "" if h.mid is None else plain(h.mid),
            "no market" if h.value is None else money(h.value),
        ]
        for h in status.holdings
    ]
    return Rows([*columns, f">{quote} each", f">value {quote}"], rows)


def _positions(status: AccountStatus) -> RenderableType:
    """Return open futures positions."""
    columns = ("position", "side", ">quantity", ">entry", ">mark", ">notional", ">profit")
    rows: list[list[str | Text]] = [
        [
            held.position.symbol,
            Text(*(("long", "green") if held.position.lots > 0 else ("short", "red"))),
            plain(held.units.copy_abs()),
            plain(held.position.entry_price),
            plain(held.contract.mark),
            money(held.notional),
            money(held.profit),
            _liquidation(held),
        ]
        for held in status.positions
    ]
    return Rows((*columns, ">liquidation"), rows)


def _liquidation(held: HeldPosition) -> str:
    """Return the venue's liquidation price."""
    at = held.position.liquidation_price
    return "none" if at is None else shown(at, 2)


def _margin_line(status: AccountStatus) -> Text:
    """Return leverage, and each wallet's margin ratio."""
    line = f"Leverage {leverage_text(status.leverage)}"
    for margin in status.pools:
        told = f"{shown(margin.ratio, 2)}" if margin.ratio.is_finite() else "no position"
        line += f", margin ratio {margin.asset} {told}"
    for wallet in status.coins:
        told = f"{shown(wallet.ratio, 2)}" if wallet.ratio.is_finite() else "no position"
        line += f", coin-margined {wallet.asset} {told}"
    shared = [margin.asset for margin in status.pools if margin.shares_cash]
    end = f" Cash and margin in {', '.join(shared)} are one wallet." if shared else ""
    if resting := [symbol for wallet in status.coins for symbol in wallet.orders]:
        end += f" Orders rest in {', '.join(resting)}: no plan passes until they are cancelled."
    return Text(f"{line}.{end}")


def _resting(status: AccountStatus) -> RenderableType:
    """Return orders that rest on the venue."""
    rows: list[list[str | Text]] = [
        [
            resting.order.client_order_id,
            resting.order.symbol,
            Side.of(resting.order.lots).value,
            plain(resting.quantity),
            plain(resting.order.limit_price),
            "ours" if resting.is_ours else Text("not ours", "yellow"),
        ]
        for resting in status.resting
    ]
    return Rows(("open order", "market", "side", ">quantity", ">limit", "whose"), rows)


def _ending(status: AccountStatus, calendar: str) -> Text:
    """Return the last plan, the calendar, and what to do next."""
    saved = status.last_plan
    told = "none yet"
    if saved is not None:
        made = f"{saved.plan.made_at:%Y-%m-%d %H:%M} UTC"
        told = f"{saved.plan.digest[:12]}, {words(saved.status.value)}, made {made}"
    return Text(f"Last plan: {told}.\nCalendar: {calendar}.\nnext: {_next(status)}")


def _next(status: AccountStatus) -> str:
    """Return the command that gets further."""
    if status.restraint.state is not TradingState.ACTIVE:
        return "trimtab unhalt"
    if status.unresolved or status.unresolved_transfers:
        return "trimtab recover"
    if status.unmeasured:
        return "trimtab doctor"
    saved = status.last_plan
    if saved is not None and saved.status is PlanStatus.APPROVED:
        return f"trimtab run --execute --plan {saved.plan.digest[:12]}"
    return "trimtab plan"
