"""What no single key can tell: inline secrets, the choice of a portfolio, sums, pairs of keys.

Pure. These read the raw tree, so they find their faults also when other keys are wrong. A
value that is itself no number or no table is left to the models.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic_core import PydanticCustomError

from trimtab.config.checks_cross import cross_flaws, sleeved_in
from trimtab.config.checks_groups import group_flaws, grouped, sum_flaws
from trimtab.config.checks_neutral import neutral_flaws, neutral_weights
from trimtab.config.checks_overlays import Wished, overlay_flaws
from trimtab.config.checks_sleeves import funded_weights, sleeve_flaws
from trimtab.config.checks_venue import (
    coin_flaws,
    dated_flaws,
    hedge_venue_flaws,
    stop_flaws,
    venue_flaws,
)
from trimtab.config.faults import Flaw
from trimtab.config.notify_checks import notify_flaws
from trimtab.config.numerals import read_exact, shown
from trimtab.config.positions import KeyPath
from trimtab.config.profiles import PROFILES
from trimtab.config.shape import is_per_asset, nearest_fix
from trimtab.config.sources import NOTIFY_SECRETS
from trimtab.config.tiers import tier_flaws
from trimtab.config.words import ASSET
from trimtab.domain.exact import ZERO, plain
from trimtab.domain.references import DOLLAR_STABLES

Tree = Mapping[str, Any]

_SECRET_KEY: Final = re.compile(
    r"secret|passw|passphrase|credential|private_?key|api_?key|(?:^|_)token(?:$|_)|apprise_urls"
)
CHOICES: Final = ("profile", "targets", "groups", "risk_parity")
"""What says where the portfolio should be; exactly one of them."""


def flaws(tree: Tree) -> Iterator[Flaw]:
    """Yield every fault that lies between keys, in no particular order."""
    yield from secrets_in(tree, ())
    yield from _choice(tree)
    yield from _profile(tree)
    yield from _weights(tree)
    sleeved = _beside(tree)
    groups = section(tree, "portfolio").get("groups")
    yield from group_flaws(groups, quote=quote_of(tree), beside=sleeved)
    yield from _banded(tree)
    yield from _baskets(tree)
    yield from _strangers(tree)
    wished = Wished(
        overlays=section(tree, "overlays"),
        targeted=targeted(tree),
        groups=section(section(tree, "portfolio"), "groups"),
        is_net=section(tree, "portfolio").get("basis", "net") == "net",
    )
    yield from overlay_flaws(wished)
    yield from cross_flaws(tree)
    yield from sleeve_flaws(tree, targeted=targeted(tree) or ())
    yield from neutral_flaws(tree, targeted=targeted(tree) or (), sleeved=sleeved_in(tree))
    yield from _markets(tree)
    hedge = section(tree, "hedge")
    yield from venue_flaws(section(tree, "venue"), hedge=hedge)
    yield from hedge_venue_flaws(section(tree, "venue"), hedge=hedge)
    yield from coin_flaws(section(tree, "venue"), is_split="venue" in hedge)
    yield from stop_flaws(section(tree, "venue"), hedge=hedge)
    yield from tier_flaws(section(tree, "venue"), hedge=hedge)
    yield from dated_flaws(section(tree, "venue"), hedge=hedge)
    yield from _shared_routes(tree)
    yield from _url(tree)
    yield from _references(tree)
    yield from _risk_parity(tree)
    yield from notify_flaws(tree)
    yield from _momentum(section(section(tree, "overlays"), "momentum"))


def secrets_in(node: object, path: KeyPath) -> Iterator[Flaw]:
    """Yield keys at any depth that look like a secret; what they hold is never repeated."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from secrets_in(item, (*path, index))
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        is_asset = is_per_asset(path) and ASSET.fullmatch(key) is not None
        if not is_asset and _SECRET_KEY.search(key.lower().replace("-", "_")):
            yield Flaw(
                path=(*path, key), reason="is a secret in the open", fix=_secret_fix((*path, key))
            )
        else:
            yield from secrets_in(value, (*path, key))


def _secret_fix(path: KeyPath) -> str:
    """Return where the secret belongs instead."""
    lower = str(path[-1]).lower()
    if path[0] == "notify" and lower in NOTIFY_SECRETS:
        variable = f"TRIMTAB__NOTIFY__{lower.upper()}"
        return f"remove it, make a new one, and use the keyring, {variable}_FILE or {variable}"
    name = "PASSWORD" if "pass" in lower else "API_SECRET" if "secret" in lower else "API_KEY"
    place = "HEDGE__VENUE" if path[:2] == ("hedge", "venue") else "VENUE"
    variable = f"TRIMTAB__{place}__{name}"
    return (
        f"remove it, replace it at the venue if anyone could read it, and use the keyring,"
        f" {variable}_FILE or {variable}"
    )


def section(tree: Tree, name: str) -> Tree:
    """Return a section of the raw tree; one that is no table counts as empty here."""
    table = tree.get(name)
    return table if isinstance(table, dict) else {}


def quote_of(tree: Tree) -> str | None:
    """Return the quote as it is written, None where it is no text."""
    quote = section(tree, "account").get("quote")
    return quote if isinstance(quote, str) else None


def _choice(tree: Tree) -> Iterator[Flaw]:
    """Exactly one of profile, targets, groups, risk_parity says where the portfolio should be."""
    portfolio = section(tree, "portfolio")
    chosen = [name for name in CHOICES if name in portfolio]
    if not chosen and isinstance(tree.get("portfolio", {}), dict):
        yield Flaw(
            path=("portfolio",),
            reason=f"needs exactly one of {', '.join(CHOICES)}, has none",
            fix='write [portfolio.targets] with one weight per asset, or profile = "moderate"',
        )
    if len(chosen) > 1:
        reason = f"excludes the others of {', '.join(CHOICES)}: {len(chosen)} are set"
        fix = f"keep {' or '.join(chosen)}"
        yield Flaw(path=("portfolio", chosen[-1]), reason=reason, fix=fix)


def _profile(tree: Tree) -> Iterator[Flaw]:
    """Check that a profile is one of ours and that its stable share, the quote, is no member."""
    name = section(tree, "portfolio").get("profile")
    if not isinstance(name, str):
        return
    if name not in PROFILES:
        reason = f"must be a ready profile, was {shown(name)}"
        yield Flaw(path=("portfolio", "profile"), reason=reason, fix=nearest_fix(name, PROFILES))
        return
    quote = section(tree, "account").get("quote")
    if isinstance(quote, str) and quote in PROFILES[name].weights:
        reason = f"keeps its stable share in the quote, but {quote} is one of its coins"
        fix = "choose a stable quote, or write [portfolio.targets] yourself"
        yield Flaw(path=("portfolio", "profile"), reason=reason, fix=fix)


def _weights(tree: Tree) -> Iterator[Flaw]:
    """Targets sum to 1; weights that are wrong by themselves are faults of their own."""
    targets = section(tree, "portfolio").get("targets")
    if not isinstance(targets, dict):
        return
    path = ("portfolio", "targets")
    if not targets:
        yield Flaw(path=path, reason="names no asset", fix='write such as BTC = "0.50"')
        return
    quote = quote_of(tree)
    lacks = quote is not None and ASSET.fullmatch(quote) is not None and quote not in targets
    rest = f'{quote} = "{{missing}}" for the quote' if lacks else ""
    yield from sum_flaws(path, targets, rest=rest, beside=_beside(tree))


def _beside(tree: Tree) -> Tree:
    """Return the weights of what the quote holds for sleeves, by their names."""
    sleeves = section(section(tree, "portfolio"), "sleeves")
    return {**funded_weights(sleeves), **neutral_weights(tree)}


def targeted(tree: Tree) -> tuple[str, ...] | None:
    """Return every asset that has a target, the quote among them; None where it cannot be told."""
    portfolio, quote = section(tree, "portfolio"), quote_of(tree)
    targets, profile = portfolio.get("targets"), portfolio.get("profile")
    if isinstance(profile, str) and profile in PROFILES:
        targets = PROFILES[profile].weights
    if isinstance(portfolio.get("groups"), dict):
        targets = dict.fromkeys(grouped(portfolio["groups"]))
    parity = section(portfolio, "risk_parity").get("assets")
    if isinstance(parity, list):
        targets = dict.fromkeys(map(str, parity))
    if not isinstance(targets, Mapping):
        return None
    # The targets that are written may name the quote or leave it the rest.
    return tuple(dict.fromkeys([*map(str, targets), *([quote] if quote else [])]))


def _banded(tree: Tree) -> Iterator[Flaw]:
    """Members of a group that has one band have none of their own."""
    groups = section(section(tree, "portfolio"), "groups")
    thresholds = section(section(tree, "rebalance"), "thresholds")
    for name in groups:
        table, members = section(groups, name), grouped({name: groups[name]})
        has_one = table.get("inner") == "keep" or "threshold" in table
        for asset in set(members) & set(thresholds) if has_one and len(members) > 1 else ():
            path = ("rebalance", "thresholds", asset)
            reason = f"is never read: its group {name} has one band for all"
            fix = f"remove it, or take the threshold from the group {name}"
            yield Flaw(path=path, reason=reason, fix=fix)


def _baskets(tree: Tree) -> Iterator[Flaw]:
    """Baskets hedge, so every member takes the route of futures."""
    groups, rebalance = section(section(tree, "portfolio"), "groups"), section(tree, "rebalance")
    routes = section(rebalance, "routes")
    for name, table in groups.items():
        members = grouped({name: table}) if section(groups, name).get("basket") is True else ()
        spot = [a for a in members if routes.get(a, rebalance.get("route")) != "futures"]
        if spot:
            path = ("portfolio", "groups", name, "basket")
            reason = f"needs the route of futures, and {', '.join(spot)} has another"
            yield Flaw(path=path, reason=reason, fix='write rebalance.route = "futures"')


def _strangers(tree: Tree) -> Iterator[Flaw]:
    """Exceptions per asset name assets that have a target; a slip would be ignored silently."""
    portfolio, rebalance = section(tree, "portfolio"), section(tree, "rebalance")
    targets, quote = targeted(tree), quote_of(tree)
    if targets is None:
        return
    for asset in section(portfolio, "flags"):
        if ASSET.fullmatch(asset) and asset not in targets:
            reason, fix = "is a flag for an asset without target", nearest_fix(asset, targets)
            yield Flaw(path=("portfolio", "flags", asset), reason=reason, fix=fix)
    for name in ("routes", "thresholds"):
        exceptions = rebalance.get(name)
        # An untargeted asset that will be sold may say how.
        is_open = name == "routes" and portfolio.get("untargeted") == "sell"
        for asset in exceptions if isinstance(exceptions, dict) else ():
            path = ("rebalance", name, asset)
            if name == "routes" and asset == quote:
                reason, fix = "the quote is what others are traded for", "remove it"
                yield Flaw(path=path, reason=reason, fix=fix)
            elif ASSET.fullmatch(asset) and asset not in targets and not is_open:
                fix = nearest_fix(asset, targets)
                yield Flaw(path=path, reason="is an exception for an asset without target", fix=fix)


def _markets(tree: Tree) -> Iterator[Flaw]:
    """Check that the futures route finds perpetuals among the markets."""
    markets = section(tree, "venue").get("markets")
    if not isinstance(markets, list) or "swap" in markets:
        return
    rebalance = section(tree, "rebalance")
    routes = rebalance.get("routes")
    wanted: list[tuple[KeyPath, object]] = [(("rebalance", "route"), rebalance.get("route"))]
    for asset, route in routes.items() if isinstance(routes, dict) else ():
        wanted.append((("rebalance", "routes", asset), route))
    if section(section(tree, "overlays"), "rotation"):
        wanted.append((("overlays", "rotation"), "futures"))
    for path, route in wanted:
        if route in ("futures", "mixed", "auto"):
            fix = 'add "swap" to venue.markets, or use the route "spot"'
            yield Flaw(path=path, reason="needs perpetuals, but venue.markets has none", fix=fix)


def _shared_routes(tree: Tree) -> Iterator[Flaw]:
    """Check that what a mixed or auto route leaves to a hedge is hedged at all."""
    try:
        hedged = read_exact(section(tree, "hedge").get("ratio", 1))
    except PydanticCustomError:
        return
    routes = section(tree, "rebalance").get("routes")
    named = routes.items() if isinstance(routes, dict) else ()
    wanted: list[tuple[KeyPath, object]] = [
        (("rebalance", "route"), section(tree, "rebalance").get("route")),
        *((("rebalance", "routes", str(asset)), route) for asset, route in named),
    ]
    for path, route in wanted:
        if hedged == ZERO and route in ("mixed", "auto"):
            fix = 'set hedge.ratio above 0, or use the route "spot"'
            reason = f'"{route}" hedges a share, but hedge.ratio is 0'
            yield Flaw(path=path, reason=reason, fix=fix)


def _url(tree: Tree) -> Iterator[Flaw]:
    """Only the local exchange has an address; the others are the venue's own."""
    venue = section(tree, "venue")
    environment = venue.get("environment")
    if venue.get("url") and environment in ("testnet", "live"):
        reason = f'is only for environment = "local", the environment is "{environment}"'
        fix = "remove it; the venue's own address is used"
        yield Flaw(path=("venue", "url"), reason=reason, fix=fix)
    if venue.get("url") == "" and environment == "local":
        fix = "remove it, or write where trimtab testnet listens"
        yield Flaw(path=("venue", "url"), reason="is empty", fix=fix)


def _risk_parity(tree: Tree) -> Iterator[Flaw]:
    """Check that what shares the risk has some: the quote and other dollars have none."""
    assets = section(section(tree, "portfolio"), "risk_parity").get("assets")
    for place, asset in enumerate(assets if isinstance(assets, list) else ()):
        if asset == quote_of(tree) or asset in DOLLAR_STABLES:
            reason = f"{asset} is stable: its share is risk_parity.stable, held in the quote"
            path = ("portfolio", "risk_parity", "assets", place)
            yield Flaw(path=path, reason=reason, fix="remove it")


def _momentum(wanted: Tree) -> Iterator[Flaw]:
    """Check that a day is looked at over enough closes for strength and divergence."""
    defaults = {"look_back_days": 90, "rsi_period": 14, "divergence_days": 30}
    try:
        days, *periods = (read_exact(wanted.get(k, d)) for k, d in defaults.items())
    except PydanticCustomError:
        return
    least = sum(periods, ZERO)
    if days <= least:
        key = next((k for k in defaults if k in wanted), "look_back_days")
        reason = f"look_back_days must be above rsi_period and divergence_days, {plain(least)}"
        fix = "raise look_back_days, or lower one of the two"
        yield Flaw(path=("overlays", "momentum", key), reason=reason, fix=fix)


def _references(tree: Tree) -> Iterator[Flaw]:
    """Independent prices come from two others than the venue, in time, over their own addresses."""
    venue, wanted = section(tree, "venue"), section(tree, "references")
    environment, sources = venue.get("environment"), wanted.get("sources")
    if sources == []:
        fix = 'write two or more, such as ["coinbase", "kraken"], or remove it'
        yield Flaw(path=("references", "sources"), reason="names nobody", fix=fix)
    elsewhere = section(section(tree, "hedge"), "venue")
    ours = [venue.get("id"), elsewhere.get("id")]
    for place, source in enumerate(sources if isinstance(sources, list) else ()):
        if source not in ours:
            continue
        reason = "is the venue itself, so it is not independent"
        yield Flaw(path=("references", "sources", place), reason=reason, fix="name another source")
    if wanted.get("url") and environment in ("testnet", "live"):
        reason = f'is only for environment = "local", the environment is "{environment}"'
        fix = "remove it; the sources' own addresses are used"
        yield Flaw(path=("references", "url"), reason=reason, fix=fix)
    yield from _reference_times(wanted)


def _reference_times(wanted: Tree) -> Iterator[Flaw]:
    """Check that an answer that took its whole time is still fresh."""
    try:
        age, wait = (read_exact(wanted.get(k, d)) for k, d in (("max_age_s", 60), ("timeout_s", 4)))
    except PydanticCustomError:
        return
    if wait >= age > ZERO:
        key = "timeout_s" if "timeout_s" in wanted else "max_age_s"
        reason = f"timeout_s must be below max_age_s, {plain(wait)} is not below {plain(age)}"
        yield Flaw(
            path=("references", key), reason=reason, fix="lower timeout_s or raise max_age_s"
        )


def password_flaw(tree: Tree) -> Iterator[Flaw]:
    """Yield a fault for a database password in the ledger's URL."""
    url = section(tree, "ledger").get("url")
    if not isinstance(url, str) or "://" not in url:
        return
    # A search, since a URL that cannot be taken apart may hold one all the same.
    if re.search(r"://[^/@]*:[^@]+@|[?&](?:ssl)?password=", url):
        reason = "has a password in the open"
        fix = "remove it and use PGPASSFILE, PGPASSWORD or TRIMTAB__LEDGER__URL"
        yield Flaw(path=("ledger", "url"), reason=reason, fix=fix)
