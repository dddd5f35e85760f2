"""The wallet host: ``/sapi`` endpoints.

``account/apiRestrictions`` and ``system/status`` are not on this host unless the
scenario serves them, as on the venue's own sandboxes.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from trimtab.testnet.accounts import Transfer
from trimtab.testnet.catalogue import Market
from trimtab.testnet.exact import ZERO, text8
from trimtab.testnet.margin import pool
from trimtab.testnet.rejections import Rejection
from trimtab.testnet.routes import Route, Table, span
from trimtab.testnet.state import State
from trimtab.testnet.usdm_desk import earn
from trimtab.testnet.wire import Params

Json = dict[str, Any]
_OUTWARD = "MAIN_UMFUTURE"
_INWARD = "UMFUTURE_MAIN"


def trade_fee(state: State, params: Params) -> list[Json]:
    """Return the commission rates of one pair or all."""
    asked = params.text("symbol")
    if asked:
        state.listing(Market.SPOT, asked)
    return [
        {
            "symbol": pair.symbol,
            "makerCommission": format(pair.rule.maker_fee, "f"),
            "takerCommission": format(pair.rule.taker_fee, "f"),
        }
        for pair in state.listings[Market.SPOT].values()
        if asked in {"", pair.symbol}
    ]


def move(state: State, kind: str, *, asset: str, units: Decimal) -> Transfer:
    """Move *units* between the spot and the futures wallet.

    Raises:
        Rejection: an unknown direction, an asset that is no collateral, or too little.

    """
    if kind not in {_OUTWARD, _INWARD}:
        raise Rejection(-9000, "Unsupported transfer type.")
    if asset != state.scenario.quote or units <= 0:
        raise Rejection(-5003, "The transfer asset is not supported.")
    outward = kind == _OUTWARD
    free = state.spot.free(asset) if outward else pool(state).withdrawable
    if units > free:
        raise Rejection(-5013, "Asset transfer failed: insufficient balance")
    signed = units if outward else -units
    state.spot.move(asset, -signed)
    earn(state, "TRANSFER", signed, symbol="", trade_id=0)
    done = Transfer(
        number=state.next_number(), kind=kind, asset=asset, units=units, moved_at=state.now_ms
    )
    state.transfers.append(done)
    return done


def transfer(state: State, params: Params) -> Json:
    """Transfer between wallets."""
    kind, asset = params.required("type"), params.required("asset")
    params.required("amount")
    return {"tranId": move(state, kind, asset=asset, units=params.quantity("amount")).number}


def transfers(state: State, params: Params) -> Json:
    """Return the transfers of one direction, latest first."""
    kind, (since, until) = params.required("type"), span(params)
    found = [t for t in state.transfers if t.kind == kind and since <= t.moved_at <= until]
    size = max(1, min(params.integer("size", 10), 100))
    skipped = (max(1, params.integer("current", 1)) - 1) * size
    rows = [
        {
            "asset": t.asset,
            "amount": text8(t.units),
            "type": t.kind,
            "status": "CONFIRMED",
            "tranId": t.number,
            "timestamp": t.moved_at,
        }
        for t in reversed(found)
    ]
    return {"total": len(found), "rows": rows[skipped : skipped + size]}


def coins(state: State, _params: Params) -> list[Json]:
    """Return every listed asset with its spot balance."""
    pairs = state.listings[Market.SPOT].values()
    return [
        {
            "coin": asset,
            "name": asset,
            "free": text8(state.spot.free(asset)),
            "locked": text8(state.spot.locked(asset)),
            "freeze": "0",
            "withdrawing": "0",
            "ipoing": "0",
            "ipoable": "0",
            "storage": "0",
            "isLegalMoney": False,
            "trading": True,
            "depositAllEnable": False,
            "withdrawAllEnable": False,
            "networkList": [],
        }
        for asset in (state.scenario.quote, *(pair.base for pair in pairs))
    ]


def wallet_balances(state: State, params: Params) -> list[Json]:
    """Return what each wallet is worth in the quote."""
    if params.required("quoteAsset") != state.scenario.quote:
        raise Rejection(-1100, "Illegal characters found in parameter 'quoteAsset'.")
    pairs, quote = state.listings[Market.SPOT].values(), state.scenario.quote
    spot = state.spot.free(quote) + state.spot.locked(quote)
    spot += sum((state.spot.free(p.base) + state.spot.locked(p.base)) * state.mid(p) for p in pairs)
    worth = {"Spot": spot, "USDⓈ-M Futures": state.usdm.wallet, **state.scenario.elsewhere}
    if accounts := state.scenario.coin_margined:
        worth["COIN-M Futures"] = sum(
            (held.wallet * state.prices.mid(coin) for coin, held in accounts.items()), ZERO
        )
    return [
        {"activate": True, "balance": text8(value), "walletName": name}
        for name, value in worth.items()
    ]


def restrictions(state: State, params: Params) -> Json:
    """Return the rights of the key."""
    rights = params.rights
    return {
        "ipRestrict": "any_address" not in rights,
        "createTime": state.started_at,
        "enableReading": "read" in rights,
        "enableSpotAndMarginTrading": "spot" in rights,
        "enableFutures": "futures" in rights,
        "enableWithdrawals": "withdraw" in rights,
        "enableInternalTransfer": "transfer_out" in rights,
        "permitsUniversalTransfer": "transfer" in rights,
        "enableMargin": "margin" in rights,
        "enableVanillaOptions": "options" in rights,
        "enableFixApiTrade": False,
        "enableFixReadOnly": False,
        "enablePortfolioMarginTrading": "portfolio_margin" in rights,
    }


def bnb_burn(state: State, _params: Params) -> Json:
    """Say whether spot commissions are paid in BNB."""
    return {"spotBNBBurn": state.scenario.bnb_fees, "interestBNBBurn": False}


def status(_state: State, _params: Params) -> Json:
    """Say that the system is up."""
    return {"status": 0, "msg": "normal"}


def nothing(_state: State, _params: Params) -> list[Json]:
    """Return an empty list: there is no margin trading here."""
    return []


def table() -> Table:
    """Return the endpoints of the wallet host."""
    return {
        ("GET", "/sapi/v1/asset/tradeFee"): Route(action=trade_fee, right="read"),
        ("POST", "/sapi/v1/asset/transfer"): Route(action=transfer, weight=900, right="transfer"),
        ("GET", "/sapi/v1/asset/transfer"): Route(action=transfers, right="read"),
        ("GET", "/sapi/v1/capital/config/getall"): Route(action=coins, weight=10, right="read"),
        ("GET", "/sapi/v1/margin/allPairs"): Route(action=nothing),
        ("GET", "/sapi/v1/margin/isolated/allPairs"): Route(action=nothing, right="read"),
        ("GET", "/sapi/v1/account/apiRestrictions"): Route(
            action=restrictions, right="read", switch="api_restrictions"
        ),
        ("GET", "/sapi/v1/asset/wallet/balance"): Route(
            action=wallet_balances, weight=60, right="read"
        ),
        ("GET", "/sapi/v1/bnbBurn"): Route(action=bnb_burn, right="read"),
        ("GET", "/sapi/v1/system/status"): Route(action=status, switch="system_status"),
    }
