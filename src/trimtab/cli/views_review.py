"""``review`` for a person. Nothing prints here."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.cli.rows import Rows
from trimtab.cli.tables import bar, group_lines, money, percent, points
from trimtab.cli.views_history import price_text, readings_table
from trimtab.domain.exact import ZERO, exact_arithmetic, shown, trimmed
from trimtab.planning.review import DIP, Review, Risk
from trimtab.workflow.review import Reviewed


def review_view(seen: Reviewed) -> RenderableType:
    """Return the whole review."""
    review = seen.review
    head = Text.assemble(
        ("Review", "bold"),
        f"   NAV {money(review.nav)} {review.quote}",
        (f"   {review.days} days to {review.until}", "dim"),
    )
    parts: list[RenderableType] = [head, *_drifts(review), Text(), _coins(review)]
    parts += [Text(), _correlations(review), Text(), *_risks(review)]
    if any(each.dip is not None for each in review.assets):
        parts += [Text(), _dips(review)]
    if review.readings:
        parts += [Text(), readings_table(review.readings)]
    parts += [Text(f"Left out: {why}", "yellow") for why in review.left_out.values()]
    parts += [Text(remark, "yellow") for remark in seen.remarks]
    return Group(*parts, Text("Nothing was traded.\nnext: trimtab plan"))


def _drifts(review: Review) -> Iterator[RenderableType]:
    """Yield weights against bands."""
    if review.unmeasured:
        yield Text(f"No weights: {review.unmeasured}", "yellow")
        return
    rows: list[list[str | Text]] = [
        [d.asset, percent(d.net_weight), percent(d.target), points(d.drift), bar(d)]
        for d in review.drifts
    ]
    yield Rows(("asset", ">now", ">target", ">drift", "band"), rows)
    yield from group_lines(review.groups)


def _coins(review: Review) -> RenderableType:
    """Return each coin's own figures."""
    rows: list[list[str | Text]] = [
        [
            each.asset,
            percent(each.volatility),
            shown(each.strength, 1),
            _rounded(each.following.beta),
            _rounded(each.following.r_squared),
        ]
        for each in review.assets
    ]
    leader = next(iter(review.correlations))
    columns = ("coin", ">volatility a year", ">RSI", f">beta to {leader}", ">R²")
    return Rows(columns, rows)


def _correlations(review: Review) -> RenderableType:
    """Return the correlation matrix."""
    rows: list[list[str | Text]] = [
        [asset, *(_rounded(c) for c in row.values())] for asset, row in review.correlations.items()
    ]
    return Rows(("correlation", *(f">{a}" for a in review.correlations)), rows)


def _dips(review: Review) -> RenderableType:
    """Return whether each coin shows a sign of a dip, with the figures that say so."""
    average, high = f"{DIP.ema_days}-day average", f"{DIP.high_days}-day high"
    with exact_arithmetic():
        least, most = (trimmed(bound * 100, 2) for bound in (DIP.fall_low, DIP.fall_high))
    told = {"ema": "back above its average", "fall": f"fallen {least} to {most} %"}
    rows: list[list[str | Text]] = []
    for each in review.assets:
        if each.dip is None:
            continue
        figures = {figure.name: figure for figure in each.dip.readings}
        signs = ", ".join(told[name] for name, figure in figures.items() if figure.holds)
        rows.append(
            [
                each.asset,
                price_text(figures["ema"].measured),
                price_text(figures["ema"].limit),
                percent(figures["fall"].measured or ZERO),
                Text(signs or "none", "" if signs else "dim"),
            ]
        )
    return Rows(("dip", ">close", f">{average}", f">below {high}", "~sign"), rows)


def _rounded(figure: Decimal) -> str:
    """Return a figure with two decimals; what rounds to nothing has no sign."""
    text = shown(figure, 2)
    return "0.00" if text == "-0.00" else text


def _risks(review: Review) -> Iterator[Text]:
    """Yield what the risks come to, now and at the targets."""
    yield Text(f"Now: {_risk(review.now)}.")
    if review.at_target is not None:
        yield Text(f"At the targets: {_risk(review.at_target)}.")


def _risk(risk: Risk) -> str:
    """Return one portfolio's risk in words."""
    return f"volatility {percent(risk.volatility)} a year, {shown(risk.bets, 2)} effective bets"
