"""Keys are found where they should be, refused where others can read them, and never shown."""

from __future__ import annotations

import copy
import dataclasses
import json
import os
import pickle
import subprocess
import sys
import traceback
from collections.abc import Callable, MutableMapping
from pathlib import Path

import pytest

from tests.unit.config.conftest import Load
from tests.unit.config.texts import text_with
from trimtab.config import Config
from trimtab.config.secrets import Credentials, Secret, credentials, keyring_entry
from trimtab.domain.errors import ConfigError
from trimtab.domain.rights import KeyUse
from trimtab.domain.snapshot import AccountKey, Environment

CANARY = "canary-3f9a"
KEYS = {"TRIMTAB__VENUE__API_KEY": "the-key", "TRIMTAB__VENUE__API_SECRET": "the-secret"}


def configured(load: Load, environment: str) -> Config:
    return load(text_with(("venue", f'environment = "{environment}"')))


def revealed(found: Credentials) -> tuple[str, str, str]:
    return (found.api_key.reveal(), found.api_secret.reveal(), found.password.reveal())


LIBRARY = """
from keyring import errors

def get_password(service, name):
    found = {entries!r}.get((service, name))
    if found in ("NoKeyringError", "KeyringError"):
        raise getattr(errors, found)({canary!r})
    return found
"""
ERRORS = "class KeyringError(Exception): ...\nclass NoKeyringError(KeyringError): ...\n"
PROGRAM = """
import sys
from pathlib import Path
from trimtab import config
from trimtab.config.secrets import credentials
from trimtab.domain.errors import ConfigError
from trimtab.domain.rights import KeyUse
from trimtab.domain.snapshot import AccountKey, Environment
here = Path.cwd()
read = config.load(None, environ={}, sets=(), home=here, cwd=here)
try:
    found = credentials(read, dict(zip(sys.argv[1::2], sys.argv[2::2])), use=KeyUse.SEND)
except ConfigError as e:
    print(e)
else:
    parts = (found.api_key, found.api_secret, found.password)
    print(found.source, *(part.reveal() for part in parts))
"""


def with_keyring(
    folder: Path, environ: MutableMapping[str, str], entries: object, *, use: str = "SEND"
) -> str:
    """What a program prints that finds a keyring library with *entries* installed."""
    library = folder / "installed" / "keyring"
    library.mkdir(parents=True)
    code = LIBRARY.format(entries=entries, canary=CANARY)
    (library / "__init__.py").write_text(code, encoding="utf-8")
    (library / "errors.py").write_text(ERRORS, encoding="utf-8")
    text = text_with(("venue", 'environment = "live"'))
    (folder / "trimtab.toml").write_text(text, encoding="utf-8")
    environ["PYTHONPATH"] = f"{environ['PYTHONPATH']}{os.pathsep}{library.parent}"
    arguments = [word for row in KEYS.items() for word in row]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("SEND", use), *arguments],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def ring(part: str, environment: Environment = Environment.LIVE) -> tuple[str, str]:
    key = AccountKey(venue="binance", account="main", environment=environment)
    return ("trimtab", keyring_entry(key, part))


@pytest.fixture
def secret_file(tmp_path: Path) -> Callable[..., str]:
    def write(text: str, *, mode: int = 0o600, name: str = "secret") -> str:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return str(path)

    return write


@pytest.mark.parametrize(
    "show",
    [
        str,
        repr,
        lambda secret: f"{secret}",
        lambda secret: f"{secret:>80}",
        lambda secret: "%s %r" % (secret, secret),  # noqa: UP031  the old way must be masked too
        lambda secret: json.dumps({"key": secret}, default=str),
        lambda secret: pickle.dumps(secret).decode("latin-1"),
        lambda secret: repr(pickle.loads(pickle.dumps(secret)).reveal()),
        lambda secret: repr([{"key": secret}]),
        lambda secret: str(getattr(secret, "__dict__", "")),
        lambda secret: str(ValueError(secret)),
        lambda secret: repr(
            Credentials(
                api_key=secret, api_secret=secret, password=secret, source="x", use=KeyUse.SEND
            )
        ),
        lambda secret: str(
            dataclasses.asdict(
                Credentials(
                    api_key=secret, api_secret=secret, password=secret, source="x", use=KeyUse.SEND
                )
            )
        ),
    ],
)
def test_no_way_of_showing_a_secret_shows_it(show: Callable[[Secret], str]) -> None:
    assert CANARY not in show(Secret(CANARY))


def test_a_secret_reveals_itself_when_asked_also_after_a_copy() -> None:
    secret = Secret(CANARY)
    assert secret.reveal() == CANARY
    assert copy.copy(secret).reveal() == copy.deepcopy(secret).reveal() == CANARY
    assert secret == Secret(CANARY)
    assert secret != Secret("other")
    assert secret != CANARY
    assert bool(secret)
    assert not Secret("")
    with pytest.raises(TypeError):
        hash(secret)


def test_local_has_its_documented_pair(load: Load) -> None:
    found = credentials(configured(load, "local"), {}, use=KeyUse.SEND)
    assert revealed(found) == ("local-key", "local-secret", "")
    assert found.source == "local"


@pytest.mark.parametrize("environment", ["testnet", "live"])
def test_a_missing_key_names_the_ways_to_set_it(load: Load, environment: str) -> None:
    with pytest.raises(ConfigError) as caught:
        credentials(configured(load, environment), {}, use=KeyUse.SEND)
    for way in ("keyring", f"binance/main/{environment}/api_key", "API_KEY_FILE", "API_SECRET"):
        assert way in str(caught.value)


@pytest.mark.parametrize("environment", ["local", "testnet", "live"])
def test_variables_hold_keys_in_every_environment(load: Load, environment: str) -> None:
    environ = {**KEYS, "TRIMTAB__VENUE__PASSWORD": "a phrase"}
    found = credentials(configured(load, environment), environ, use=KeyUse.SEND)
    assert revealed(found) == ("the-key", "the-secret", "a phrase")
    assert found.source == "environment"


@pytest.mark.parametrize("name", list(KEYS))
def test_half_a_key_is_refused_also_in_local(load: Load, name: str) -> None:
    with pytest.raises(ConfigError, match="environment has part of a key but no api_"):
        credentials(configured(load, "local"), {name: CANARY}, use=KeyUse.SEND)


def test_a_key_with_white_space_is_refused_unseen(load: Load) -> None:
    with pytest.raises(ConfigError, match="white space") as caught:
        credentials(
            configured(load, "live"),
            {**KEYS, "TRIMTAB__VENUE__API_KEY": f"{CANARY} "},
            use=KeyUse.SEND,
        )
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_files_come_before_variables(load: Load, secret_file: Callable[..., str]) -> None:
    environ = {
        **KEYS,
        "TRIMTAB__VENUE__API_KEY_FILE": secret_file("file-key\n", name="key"),
        "TRIMTAB__VENUE__API_SECRET_FILE": secret_file("file-secret\r\n", mode=0o400, name="sec"),
    }
    found = credentials(configured(load, "live"), environ, use=KeyUse.SEND)
    assert revealed(found) == ("file-key", "file-secret", "")
    assert found.source == "file"


def test_a_file_is_not_completed_from_a_variable(
    load: Load, secret_file: Callable[..., str]
) -> None:
    environ = {**KEYS, "TRIMTAB__VENUE__API_KEY_FILE": secret_file("file-key")}
    with pytest.raises(ConfigError, match="file has part of a key but no api_secret"):
        credentials(configured(load, "live"), environ, use=KeyUse.SEND)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_a_file_that_others_may_touch_is_refused(
    load: Load, secret_file: Callable[..., str], mode: int
) -> None:
    environ = {"TRIMTAB__VENUE__API_KEY_FILE": secret_file(CANARY, mode=mode)}
    with pytest.raises(ConfigError, match=f"mode {mode:04o}.*chmod 600") as caught:
        credentials(configured(load, "live"), environ, use=KeyUse.SEND)
    assert CANARY not in str(caught.value)


def test_a_link_a_folder_a_pipe_and_nothing_are_refused(
    load: Load, secret_file: Callable[..., str], tmp_path: Path
) -> None:
    real = secret_file(CANARY)
    (tmp_path / "link").symlink_to(real)
    os.mkfifo(tmp_path / "pipe", 0o600)
    read = configured(load, "live")
    for name, reason in (
        ("link", "without following links"),
        ("gone", "No such file"),
        ("pipe", "no regular file"),
        ("home", "No such file"),
        (".", "no regular file"),
    ):
        environ = {"TRIMTAB__VENUE__API_KEY_FILE": str(tmp_path / name)}
        with pytest.raises(ConfigError, match=reason):
            credentials(read, environ, use=KeyUse.SEND)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(load: Load, secret_file: Callable[..., str]) -> None:
    path = secret_file(CANARY)
    os.chown(path, 65534, 65534)
    with pytest.raises(ConfigError, match="belongs to another user"):
        credentials(
            configured(load, "live"), {"TRIMTAB__VENUE__API_KEY_FILE": path}, use=KeyUse.SEND
        )


@pytest.mark.parametrize("content", ["", "\n", "x" * 5000])
def test_an_empty_or_endless_file_is_refused(
    load: Load, secret_file: Callable[..., str], content: str
) -> None:
    environ = {"TRIMTAB__VENUE__API_KEY_FILE": secret_file(content)}
    with pytest.raises(ConfigError, match="empty or larger"):
        credentials(configured(load, "live"), environ, use=KeyUse.SEND)


def test_a_file_that_is_no_text_is_refused(load: Load, tmp_path: Path) -> None:
    path = tmp_path / "raw"
    path.write_bytes(b"\xff\xfe")
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="not UTF-8"):
        credentials(
            configured(load, "live"), {"TRIMTAB__VENUE__API_KEY_FILE": str(path)}, use=KeyUse.SEND
        )


def test_the_keyring_comes_first(tmp_path: Path, environ: MutableMapping[str, str]) -> None:
    entries = {ring(part): f"ring-{part}" for part in ("api_key", "api_secret", "password")}
    printed = with_keyring(tmp_path, environ, entries)
    assert printed == "keyring ring-api_key ring-api_secret ring-password"


def test_the_keyring_of_another_environment_is_not_used(
    tmp_path: Path, environ: MutableMapping[str, str]
) -> None:
    entries = {ring(part, Environment.TESTNET): "x" for part in ("api_key", "api_secret")}
    assert with_keyring(tmp_path, environ, entries) == "environment the-key the-secret"


def test_a_machine_without_a_keyring_goes_on(
    tmp_path: Path, environ: MutableMapping[str, str]
) -> None:
    entries = {ring("api_key"): "NoKeyringError"}
    assert with_keyring(tmp_path, environ, entries) == "environment the-key the-secret"


def test_a_locked_keyring_stops_the_search(
    tmp_path: Path, environ: MutableMapping[str, str]
) -> None:
    printed = with_keyring(tmp_path, environ, {ring("api_key"): "KeyringError"})
    assert printed == "the keyring cannot be read (KeyringError); unlock it"


# The key that only reads

READING = {
    "TRIMTAB__VENUE__READ_API_KEY": "read-key",
    "TRIMTAB__VENUE__READ_API_SECRET": "read-secret",
}


def test_who_only_reads_gets_the_key_that_only_reads(load: Load) -> None:
    read, environ = configured(load, "live"), {**KEYS, **READING}
    reading = credentials(read, environ, use=KeyUse.READ)
    trading = credentials(read, environ, use=KeyUse.SEND)
    assert (revealed(reading), reading.use) == (("read-key", "read-secret", ""), KeyUse.READ)
    assert (revealed(trading), trading.use) == (("the-key", "the-secret", ""), KeyUse.SEND)


def test_without_a_key_that_only_reads_the_one_that_trades_is_used_and_says_so(load: Load) -> None:
    found = credentials(configured(load, "live"), KEYS, use=KeyUse.READ)
    assert (found.api_key.reveal(), found.use) == ("the-key", KeyUse.SEND)


def test_the_key_that_only_reads_never_trades(load: Load) -> None:
    with pytest.raises(ConfigError, match="no key that trades for binance"):
        credentials(configured(load, "live"), READING, use=KeyUse.SEND)


def test_in_local_the_documented_pair_trades_beside_a_key_that_only_reads(load: Load) -> None:
    read = configured(load, "local")
    assert credentials(read, READING, use=KeyUse.READ).source == "environment"
    assert credentials(read, READING, use=KeyUse.SEND).source == "local"


@pytest.mark.parametrize(("name", "other"), [*zip(READING, reversed(READING), strict=True)])
def test_half_a_key_that_only_reads_is_refused_and_not_replaced(
    load: Load, name: str, other: str
) -> None:
    lacking = other.removeprefix("TRIMTAB__VENUE__").lower()
    with pytest.raises(ConfigError, match=f"part of a key but no {lacking}; set {lacking}"):
        credentials(configured(load, "live"), {**KEYS, name: CANARY}, use=KeyUse.READ)


def test_a_file_of_the_key_that_only_reads_is_not_completed_from_its_variable(
    load: Load, secret_file: Callable[..., str]
) -> None:
    environ = {**READING, "TRIMTAB__VENUE__READ_API_KEY_FILE": secret_file("file-key")}
    with pytest.raises(ConfigError, match="file has part of a key but no read_api_secret"):
        credentials(configured(load, "live"), environ, use=KeyUse.READ)


def test_files_hold_the_key_that_only_reads(load: Load, secret_file: Callable[..., str]) -> None:
    environ = {
        **KEYS,
        "TRIMTAB__VENUE__READ_API_KEY_FILE": secret_file("file-key", name="key"),
        "TRIMTAB__VENUE__READ_API_SECRET_FILE": secret_file("file-secret", name="secret"),
    }
    found = credentials(configured(load, "live"), environ, use=KeyUse.READ)
    assert (revealed(found), found.source) == (("file-key", "file-secret", ""), "file")


def test_the_keyring_holds_the_key_that_only_reads(
    tmp_path: Path, environ: MutableMapping[str, str]
) -> None:
    entries = {ring(f"read_{part}"): f"ring-{part}" for part in ("api_key", "api_secret")}
    printed = with_keyring(tmp_path, environ, entries, use="READ")
    assert printed == "keyring ring-api_key ring-api_secret"


# Folders and core dumps


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777, 0o1777])
def test_a_folder_that_others_may_write_to_is_refused(
    load: Load, secret_file: Callable[..., str], tmp_path: Path, mode: int
) -> None:
    environ = {"TRIMTAB__VENUE__API_KEY_FILE": secret_file(CANARY)}
    tmp_path.chmod(mode)
    with pytest.raises(ConfigError, match=f"mode {mode:04o}.*may replace it; chmod 700") as caught:
        credentials(configured(load, "live"), environ, use=KeyUse.SEND)
    assert CANARY not in str(caught.value)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_refused(
    load: Load, secret_file: Callable[..., str], tmp_path: Path
) -> None:
    environ = {"TRIMTAB__VENUE__API_KEY_FILE": secret_file(CANARY)}
    read = configured(load, "live")
    os.chown(tmp_path, 65534, 65534)
    with pytest.raises(ConfigError, match="which belongs to another user"):
        credentials(read, environ, use=KeyUse.SEND)


DUMPS = """
import os, resource, sys
from pathlib import Path
from trimtab import config
from trimtab.config.secrets import credentials
from trimtab.domain.rights import KeyUse
most = resource.getrlimit(resource.RLIMIT_CORE)[1]
resource.setrlimit(resource.RLIMIT_CORE, (most, most))
here = Path.cwd()
read = config.load(None, environ={}, sets=(), home=here, cwd=here)
credentials(read, {}, use=KeyUse.SEND)
print(*resource.getrlimit(resource.RLIMIT_CORE), flush=True)
os.abort()
"""


def test_a_process_that_has_read_a_secret_leaves_no_core_dump(
    tmp_path: Path, environ: MutableMapping[str, str]
) -> None:
    (tmp_path / "trimtab.toml").write_text(text_with(), encoding="utf-8")
    command = [sys.executable, "-c", DUMPS]
    before = {*tmp_path.iterdir()}
    done = subprocess.run(
        command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == ("0 0\n", -6)
    assert {*tmp_path.iterdir()} == before
