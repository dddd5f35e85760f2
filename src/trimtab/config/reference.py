"""What the models say about themselves: the JSON Schema and the table of every key.

Reads the source of the modules that the models stand in for the text under each key.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from trimtab.config.checks import CHOICES
from trimtab.config.fields import DefaultText, Unit
from trimtab.config.models import Document
from trimtab.config.profiles import PROFILES
from trimtab.config.provenance import with_sections
from trimtab.config.shape import (
    ANY_NAME,
    Place,
    enum_words,
    keys_of,
    range_text,
    sections,
    table_of,
)

_HEAD: Final = """\
# Configuration

Generated from the models; change `src/trimtab/config/models.py`, then run
`python -m trimtab.config.reference > docs/configuration.md`.

The file is looked for in `--config`, `TRIMTAB_CONFIG`, `./trimtab.toml` and
`~/.config/trimtab/config.toml`. `--set section.key=value` wins over a variable
`TRIMTAB__SECTION__KEY`, a variable over the file, the file over a profile, a profile over
the defaults below. `trimtab config show` says where each value came from, and
`trimtab config check` names every fault at once with its place and its fix.

Numbers are text (`"0.50"`) or whole numbers and are taken digit for digit; a TOML float is
accepted while a float can hold its digits. `fraction` is of 1, `quote` is value in the account's
quote, `bps` is 1/10,000, `multiple` is so many times. A list in a variable or an option is
separated by commas: `--set venue.markets=spot,swap`.

Required are `account.quote`, `venue.id`, `venue.environment` and exactly one of
`portfolio.profile`, `portfolio.targets`, `portfolio.groups` and `portfolio.risk_parity`. A table in
a section, such as `[overlays.volatility]`, is a rule, and one that is not written is not followed.
"""

_PROFILES: Final = """\
## Profiles

`profile = "moderate"` is short for the targets and the two limits below. What the file sets
itself wins over the limits; own targets and a profile exclude each other. The stable share
is held in the quote.

| profile | meaning | targets | risk.max_leverage | hedge.max_ratio |
|---|---|---|---|---|
"""

_KEYS: Final = """\
## Keys of the venue

Keys never stand in the file or on the command line. The first of these that has a part of
the key must have all of it:

1. the operating system's keyring (`trimtab[keyring]`), service `trimtab`, entries
   `VENUE/ACCOUNT/ENVIRONMENT/api_key`, `.../api_secret` and, where the venue takes one,
   `.../password`, such as `binance/main/testnet/api_key`;
2. files that `TRIMTAB__VENUE__API_KEY_FILE`, `TRIMTAB__VENUE__API_SECRET_FILE` and
   `TRIMTAB__VENUE__PASSWORD_FILE` name: mode 0600, yours, no symbolic links, in a folder that
   nobody else may write to (mode 0700);
3. the variables `TRIMTAB__VENUE__API_KEY`, `TRIMTAB__VENUE__API_SECRET` and
   `TRIMTAB__VENUE__PASSWORD`.

A secret is one word without white space. At Coinbase it is the private half of a pair: a PEM (an
EC key of P-256), its lines kept, or written with `\\n` on one line as the download has it; or the
base64 of an Ed25519 key.

With `environment = "local"` and none of them set, the pair `local-key` and `local-secret`
is used, which `trimtab testnet` accepts.

A second key that may only read can stand beside it, under the same names with `read_` before
the part: the entry `binance/main/testnet/read_api_key`, the variables
`TRIMTAB__VENUE__READ_API_KEY_FILE` and `TRIMTAB__VENUE__READ_API_KEY`, and so on; the same rules
hold. When it is set, `plan`, `status`, `doctor`, `reconcile` and a dry `run` use it, and only
commands that send something take the key that trades.

Where contracts are held on another venue (`[hedge.venue]`), its keys stand beside those of the
coins: the entries `VENUE/ACCOUNT/ENVIRONMENT/hedge_api_key` (and `hedge_read_api_key`) with that
venue's id, the variables `TRIMTAB__HEDGE__VENUE__API_KEY_FILE`, `TRIMTAB__HEDGE__VENUE__API_KEY`
and so on. One is never used for the other.

Whichever is used, the gate asks the venue what the key may do (check `key_rights`). In live a
key is refused that may withdraw, move funds to another account, borrow or trade options, that
lacks a right which the plan needs, or whose rights the venue does not tell; a key that is bound
to no IP address, or may move funds between wallets though `hedge.max_topup` is 0, is a warning.
A venue that has no question for it (WEEX) takes orders in live only when
`venue.key_rights = "vouched"` says that you have seen the key; every plan then carries a warning.
The sandbox does not tell; the local exchange tells when its scenario `serves`
`api_restrictions`, and is judged the same way.

## What a position has to maintain

A venue tells it, and the gate holds our own figure against it (check `maintenance_agreement`).
WEEX does not. There, copy the table of each coin that is hedged from the app or a notice, and look
at it again when a notice says that tiers change; every plan carries a warning:

```toml
[venue.maintenance]                  # where contracts are elsewhere: [hedge.venue.maintenance]
BTC = [{ up_to = 50000, rate = "0.005" }, { up_to = 100000, rate = "0.01" }]
```

`up_to` is the largest notional of the whole position in the contract's quote. Beyond the last tier
no position is opened.
"""

_CHANNELS: Final = """\
## Tokens and passwords of the channels

They come from the same places as the venue's keys, each by itself: the keyring entry
`VENUE/ACCOUNT/ENVIRONMENT/notify_NAME`, the file that `TRIMTAB__NOTIFY__NAME_FILE` names, or the
variable `TRIMTAB__NOTIFY__NAME`. The names are `webhook_secret` (signs what is posted; optional),
`telegram_token`, `ntfy_token` (optional), `email_password` (where `email_user` is set),
`apprise_urls` (separated by white space) and `reply_secret`, which `trimtab notify enrol` makes.
`trimtab notify test` sends a message over each channel.
"""

_BOUNDS: Final = MappingProxyType(
    {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
)
"""JSON Schema's names of bounds, by pydantic's."""


def meanings() -> Mapping[str, Mapping[str, str]]:
    """Return the text under every key, by model and key."""
    modules = dict.fromkeys(model.__module__ for _, model in sections())
    trees = [ast.parse(inspect.getsource(sys.modules[name])) for name in modules]
    classes = [node for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)]
    return {node.name: dict(_documented(node)) for node in classes}


def _documented(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """Yield each annotated name of a class with the string under it."""
    for above, below in zip(node.body, node.body[1:], strict=False):
        match above, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(
                value=ast.Constant(value=str(t))
            ):
                yield name.removesuffix("_"), " ".join(t.split())


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the file, with the meaning of every key."""
    document = Document.model_json_schema()
    texts = meanings()
    for name, section in document["$defs"].items():
        for key, described in section.get("properties", {}).items():
            described["description"] = texts[name][key]
    document["$defs"]["Portfolio"]["oneOf"] = [{"required": [choice]} for choice in CHOICES]
    # The sections themselves may be left out: their required keys are what is missing then.
    document["required"] = ["account", "venue", "portfolio"]
    standard: dict[str, Any] = _standard(document)
    return standard


def _standard(node: Any) -> Any:  # noqa: ANN401  any JSON
    """Return a schema with bounds under their JSON Schema names.

    pydantic 2.14 writes ``ge`` where a validator of ours runs before its own.
    """
    if isinstance(node, list):
        return [_standard(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {_BOUNDS.get(key, key): _standard(value) for key, value in node.items()}


def markdown() -> str:
    """Return docs/configuration.md."""
    texts, defaults = meanings(), _defaults()
    parts = [_HEAD]
    for place, model in sections():
        about = inspect.cleandoc(model.__doc__ or "")
        rows = [
            f"| `{key}` | {_unit(field)} | {_default(field, _written(defaults, (*place, key)))} |"
            f" {texts[model.__name__][key]}{_choices((*place, key))} |"
            for key, field in keys_of(model)
        ]
        table = "\n".join(["| key | unit | default | meaning |", "|---|---|---|---|", *rows])
        title = ".".join("NAME" if step == ANY_NAME else step for step in place)
        parts.append(f"## [{title}]\n\n{about}\n\n{table}\n")
    parts.append(_PROFILES + "".join(_profile_rows()))
    parts.append(_KEYS)
    parts.append(_CHANNELS)
    return "\n".join(parts)


def _unit(field: FieldInfo) -> str:
    """Return a key's unit and bounds."""
    names = [mark.name for mark in field.metadata if isinstance(mark, Unit)]
    bounds = range_text(field)
    origin = get_origin(field.annotation)
    kind = "table per asset" if origin is dict else "list" if origin is tuple else "text"
    kind = "table" if table_of(field) is not None else kind
    kind = "true or false" if field.annotation is bool else kind
    return ", ".join([*names[-1:], *([bounds] if bounds else [])]) or kind


def _default(field: FieldInfo, written: object) -> str:
    """Return a key's default as a file would have it."""
    if field.is_required():
        return "required"
    words = [mark.text for mark in field.metadata if isinstance(mark, DefaultText)]
    if words:
        return words[0]
    if field.default_factory is not None or field.default in (None, ""):
        return "none"
    there = to_jsonable_python(field.default) if written is None else written
    return f"`{json.dumps(there)}`"


def _defaults() -> Mapping[str, Mapping[str, Any]]:
    """Return every key's default as JSON, by section and key."""
    required = {"account": {"quote": "USDT"}, "venue": {"id": "binance", "environment": "local"}}
    document = Document.model_validate(with_sections(required, Document))
    dumped: dict[str, dict[str, Any]] = document.model_dump(mode="json")
    return dumped


def _written(defaults: Mapping[str, Any], path: Place) -> Any:  # noqa: ANN401  any JSON
    """Return a key's default as JSON; none inside a table that is not there by default."""
    found: Any = defaults
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    return found


def _choices(path: Place) -> str:
    """Return the words that a key takes, when they are few and fixed."""
    words = enum_words(path)
    return f" One of: {', '.join(f'`{word}`' for word in words)}." if words else ""


def _profile_rows() -> Iterator[str]:
    """Yield one row per profile."""
    for profile in PROFILES.values():
        weights = ", ".join(f"{asset} {weight}" for asset, weight in profile.weights.items())
        yield (
            f"| `{profile.name}` | {profile.meaning} | {weights}, quote {profile.stable} |"
            f" {profile.max_leverage} | {profile.max_ratio} |\n"
        )


if __name__ == "__main__":
    sys.stdout.write(markdown())
