"""ccxt's cut-down import: the same class, without the hundred others."""

from __future__ import annotations

import json
import subprocess
import sys

OURS = """
from trimtab.adapters.ccxt_import import exchange_class
binance = exchange_class("binance")
"""
EAGER = "from ccxt.async_support import binance"
TELL = """
import json, sys
loaded = [m for m in sys.modules if m.startswith("ccxt.")]
told = json.dumps(binance().describe(), sort_keys=True, default=str)
mro = [c.__module__ + "." + c.__name__ for c in binance.__mro__]
print(json.dumps({"told": told, "mro": mro, "loaded": loaded}))
"""


def in_a_new_process(source: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True, timeout=120
    )
    return json.loads(done.stdout)


def test_the_class_is_the_one_that_the_eager_import_gives() -> None:
    ours = in_a_new_process(OURS + TELL)
    eager = in_a_new_process(EAGER + TELL)
    assert ours["told"] == eager["told"]
    assert ours["mro"] == eager["mro"]


def test_no_other_exchange_is_imported() -> None:
    loaded = in_a_new_process(OURS + TELL)["loaded"]
    assert "ccxt.async_support.binance" in loaded
    assert not {"ccxt.async_support.kraken", "ccxt.kraken", "ccxt.binance"} & set(loaded)


def test_what_was_left_out_is_imported_on_demand_as_a_class() -> None:
    source = OURS + (
        "import ccxt, ccxt.async_support, json\n"
        "names = [ccxt.async_support.kraken.__mro__[0].__name__, ccxt.kraken().id,\n"
        "         ccxt.async_support.binance is binance, hasattr(ccxt, 'no_such_exchange')]\n"
        "print(json.dumps({'names': names}))\n"
    )
    assert in_a_new_process(source)["names"] == ["kraken", "kraken", True, False]


def test_an_eager_import_before_ours_is_used_as_it_is() -> None:
    source = (
        "from ccxt.async_support import binance as eager\n"
        + OURS
        + "import json\nprint(json.dumps({'same': binance is eager}))\n"
    )
    assert in_a_new_process(source)["same"] is True


def test_importing_the_rooms_of_the_program_does_not_import_ccxt() -> None:
    source = (
        "import sys, json\n"
        "import trimtab.adapters.ccxt_venue, trimtab.adapters.ccxt_market\n"
        "print(json.dumps({'there': 'ccxt' in sys.modules}))\n"
    )
    assert in_a_new_process(source)["there"] is False
