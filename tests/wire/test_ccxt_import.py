"""ccxt's cut-down import: the same class, without the hundred others."""

from __future__ import annotations

import json
import subprocess
import sys

OURS = """
from trimtab.adapters.wire.ccxt_import import exchange_class
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


def test_an_instance_says_of_itself_what_an_eager_one_says() -> None:
    tell = (
        "import json\nmade = binance({'apiKey': 'k', 'secret': 's'})\n"
        "signed = made.sign('time', ['public'])\n"
        "sent = made.prepare_request_headers(signed['headers'])\n"
        "print(json.dumps({'agent': made.userAgent, 'sent': sent, 'url': signed['url'],\n"
        "                  'attributes': sorted(vars(made))}))\n"
    )
    ours, eager = in_a_new_process(OURS + tell), in_a_new_process(EAGER + "\n" + tell)
    assert str(ours["agent"]).startswith("python-requests/")
    assert ours == eager


def test_requests_is_not_imported_with_ccxt_and_is_the_real_one_afterwards() -> None:
    source = OURS + (
        "import json, sys\n"
        "before = [m for m in sys.modules if m.partition('.')[0] in ('requests', 'urllib3')]\n"
        "import requests, requests.adapters, requests.utils\n"
        "print(json.dumps({'before': before, 'is_package': hasattr(requests, '__path__'),\n"
        "    'session': requests.Session.__module__, 'same': requests.utils.default_user_agent()\n"
        "    == binance().userAgent}))\n"
    )
    assert in_a_new_process(source) == {
        "before": [],
        "is_package": True,
        "session": "requests.sessions",
        "same": True,
    }


def test_a_synchronous_client_catches_the_errors_of_the_real_requests() -> None:
    source = OURS + (
        "import ccxt, json\n"
        "client = ccxt.kraken({'maxRetriesOnFailure': 0})\n"
        "import requests, sys\n"
        "base = sys.modules['ccxt.base.exchange']\n"
        "found = [base.Session, base.Timeout, base.HTTPError, base.requestsConnectionError,\n"
        "         base.RequestException, base.TooManyRedirects, base.default_user_agent]\n"
        "real = [requests.Session, requests.Timeout, requests.HTTPError,\n"
        "        requests.ConnectionError, requests.RequestException, requests.TooManyRedirects,\n"
        "        requests.utils.default_user_agent]\n"
        "try:\n    client.fetch('http://127.0.0.1:1/')\n"
        "except ccxt.NetworkError as e:\n    raised = type(e).__name__\n"
        "print(json.dumps({'real': found == real, 'raised': raised,\n"
        "                  'session': type(client.session).__module__}))\n"
    )
    assert in_a_new_process(source) == {
        "real": True,
        "raised": "NetworkError",
        "session": "requests.sessions",
    }


def test_a_ccxt_that_wants_more_of_requests_gets_the_real_one() -> None:
    less = (
        "import trimtab.adapters.wire.ccxt_requests as stand_in\nstand_in.ERRORS = ('Timeout',)\n"
    )
    there = "import sys, json\nprint(json.dumps({'real': 'requests.sessions' in sys.modules}))\n"
    assert in_a_new_process(less + OURS + there)["real"] is True
    assert in_a_new_process(OURS + there)["real"] is False
    eager = in_a_new_process(EAGER + TELL)
    assert in_a_new_process(less + OURS + TELL)["told"] == eager["told"]


def test_a_requests_that_is_there_before_is_used_as_it_is() -> None:
    source = (
        "import requests\n"
        + OURS
        + "import json, sys\nbase = sys.modules['ccxt.base.exchange']\n"
        + "print(json.dumps({'same': base.Session is requests.Session}))\n"
    )
    assert in_a_new_process(source)["same"] is True


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
        "import trimtab.adapters.binance.venue, trimtab.adapters.binance.market\n"
        "print(json.dumps({'there': 'ccxt' in sys.modules}))\n"
    )
    assert in_a_new_process(source)["there"] is False
