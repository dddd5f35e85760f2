"""What happens to stops by itself: a mark that reaches one, a person who withdraws one by hand.

Drawn from a stream of its own, so that seeds without stops keep what they mean.
"""

from __future__ import annotations

import random
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.simulation.stops_law import is_our_stop
from trimtab.testnet.conditionals import Conditional
from trimtab.testnet.interventions import set_prices

if TYPE_CHECKING:
    from tests.simulation.world import World

BEYOND = Decimal("1.0005")
"""Where the mark goes, by the trigger of a stop that buys."""
_ACTS = ("spike", "spike", "withdraw")
_PLACE = "/fapi/v1/algoOrder"


def meanwhile(world: World, call: int) -> None:
    """Draw what happens to a stop at a call."""
    planned = world.planned_for_stops.get(call)
    draw = world.chance.draws("stop", call)
    if planned is None and draw.random() >= world.setting.stop_bustle:
        return
    _befall(world, draw, planned or draw.choice(_ACTS), name=f"call-{call}")


def at_rest(world: World) -> None:
    """Draw what happens to a stop when nothing goes on any more."""
    draw = world.chance.draws("stop", "at rest")
    _befall(world, draw, draw.choice(_ACTS), name="at-rest")


def _befall(world: World, draw: random.Random, act: str, *, name: str) -> None:
    """Do to one of the stops that rest what was drawn."""
    resting = [s for s in world.exchange.state.conditionals.resting() if is_our_stop(s.client_id)]
    if resting and world.chance.happens(f"{name}-{act}"):
        world.tape.say(world.now_s, "meanwhile", act)
        (_reach if act == "spike" else _withdraw)(world, draw.choice(resting))


def _reach(world: World, stop: Conditional) -> None:
    """Move the price of a stop's asset beyond its trigger."""
    mid = (stop.trigger_price * BEYOND).quantize(Decimal("0.01"))
    asset = stop.symbol.removesuffix("USDT")
    set_prices(world.exchange.state, mid={asset: str(mid)}, mark={}, index={})


def _withdraw(world: World, stop: Conditional) -> None:
    """Have a person withdraw a stop on the venue's own page."""
    world.as_person("DELETE", _PLACE, {"clientAlgoId": stop.client_id})
