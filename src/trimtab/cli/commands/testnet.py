"""``testnet``: the local exchange on its own, in the foreground, until it is interrupted."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter, validators
from rich.text import Text

from trimtab.cli import session
from trimtab.cli.exits import Exit
from trimtab.cli.session import Result, Work
from trimtab.config.secrets import LOCAL_KEY, LOCAL_SECRET
from trimtab.domain.errors import ConfigError
from trimtab.testnet import Exchange, Scenario, serve
from trimtab.testnet.server import wall_ms

PORT: Final = 8900
"""Where the starter configuration looks for it."""
PORT_RANGE: Final = Parameter(validator=validators.Number(gte=0, lte=65_535))


def testnet(
    *,
    port: Annotated[int, PORT_RANGE] = PORT,  # noqa: PT028 -- a command, no test.
    scenario: Path | None = None,  # noqa: PT028 -- the same.
) -> Exit:
    """Serve the local exchange on its own, until it is interrupted.

    Parameters
    ----------
    port
        Port on 127.0.0.1; 0 picks a free one.
    scenario
        JSON file of prices, balances and rules; else an account that has drifted.

    """
    opening = Scenario.drifted() if scenario is None else _read(scenario)

    async def work(given: Work) -> Exit:
        """Serve until asked to stop."""
        try:
            async with serve(opening, port=port) as exchange:
                session.emit(_started(exchange.url, scenario))
                await given.stop.wait()
        except OSError as fault:
            raise _not_served(fault, port) from None
        return Exit.DONE

    return session.conduct(work)


def _read(file: Path) -> Scenario:
    """Read a scenario, and see that an exchange can start from it.

    Raises:
        ConfigError: it cannot be read, or says something that no exchange can be.

    """
    try:
        scenario = Scenario.from_file(file)
        Exchange(scenario, now_ms=wall_ms)
    except OSError as fault:
        raise ConfigError(
            f"{file}: {fault.strerror}", next_step="name a file that is there"
        ) from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as fault:
        raise ConfigError(
            f"{file}: no scenario: {type(fault).__name__}: {fault}",
            next_step=f"mend {file}, then trimtab testnet --scenario {file}",
        ) from None
    return scenario


def _not_served(fault: OSError, port: int) -> ConfigError:
    """Return why nothing listens."""
    if fault.errno == errno.EADDRINUSE:
        reason = f"port {port} is in use, perhaps by another trimtab testnet"
    else:
        reason = f"port {port} cannot be listened on: {fault.strerror}"
    return ConfigError(reason, next_step="trimtab testnet --port 0, which picks a free one")


def _started(url: str, scenario: Path | None) -> Result:
    """Return where it listens and what to type next."""
    account = "an account that has drifted" if scenario is None else f"the account of {scenario}"
    document = {
        "status": "serving",
        "url": url,
        "api_key": LOCAL_KEY,
        "api_secret": LOCAL_SECRET,
        "scenario": None if scenario is None else str(scenario),
    }
    steps = [
        ("trimtab init", "writes a configuration for it"),
        (f"trimtab{_at(url)} doctor", "checks everything a run would need"),
        (f"trimtab{_at(url)} plan", "says what it would trade, and sends nothing"),
    ]
    wide = max(len(command) for command, _ in steps)
    view = Text.assemble(
        "Local exchange on ",
        (url, "bold cyan"),
        f" with {account}; its state is in memory.\n\n",
        f"  key     {LOCAL_KEY}\n  secret  {LOCAL_SECRET}\n\n",
        "Commands with environment local know these keys. Next, in another terminal:\n\n",
        *(f"  {command:<{wide}}  {meaning}\n" for command, meaning in steps),
        ("\nCtrl-C ends it, and everything in it is forgotten.", "dim"),
    )
    return Result(document=document, view=view, code=Exit.DONE)


def _at(url: str) -> str:
    """Return the option that points commands at *url*; none for the usual port."""
    return "" if url.endswith(f":{PORT}") else f" --set venue.url={url}"
