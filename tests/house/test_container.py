"""The container image is built from the lock, runs as nobody, and can say that it is well."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest
import yaml

from tests.house.source import ROOT

NEVER_COPIED: Final = (".git", ".venv", "tests", "*.db", "trimtab.toml")


def _stages() -> list[str]:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    joined = re.sub(r"\\\n\s*", " ", text)
    code = "\n".join(line for line in joined.splitlines() if not line.startswith("#"))
    return [f"FROM {stage}" for stage in code.split("FROM ")[1:]]


def _final() -> str:
    return _stages()[-1]


def test_what_builds_is_not_what_runs() -> None:
    assert len(_stages()) > 1
    assert "COPY --from=build" in _final()
    assert "uv sync" not in _final()
    assert "pip install" not in _final()


def test_every_base_and_the_installer_are_pinned() -> None:
    bases = re.findall(r"^FROM (\S+)", "\n".join(_stages()), re.MULTILINE)
    assert [base for base in bases if not re.search(r":3\.11\.\d+-slim-\w+", base)] == []
    installs = re.findall(r"pip install (.+)", "\n".join(_stages()))
    assert len(installs) == 1
    assert {"--require-hashes", "--only-binary=:all:", "installer.txt"} <= set(installs[0].split())
    lines = (ROOT / "installer.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith(("#", " "))]
    assert len(pins) == 1
    assert re.match(r"uv==\d+\.\d+\.\d+ ", pins[0])
    assert sum(bool(re.match(r"    --hash=sha256:[0-9a-f]{64}", line)) for line in lines) == 2


def test_dependencies_come_from_the_lock_with_their_hashes() -> None:
    syncs = re.findall(r"uv sync ([^\n&]+)", _stages()[0])
    assert len(syncs) > 0
    assert all({"--locked", "--no-dev"} <= set(sync.split()) for sync in syncs)


def test_the_process_is_not_root_and_may_have_a_read_only_root() -> None:
    final = _final()
    user = re.findall(r"^USER (\S+)$", final, re.MULTILINE)
    assert len(user) == 1
    assert user[0] not in {"root", "0"}
    assert "PYTHONDONTWRITEBYTECODE=1" in final
    assert re.search(r"^VOLUME ", final, re.MULTILINE), "the ledger must outlive the container"
    assert final.index("USER ") < final.index("ENTRYPOINT ")


def test_the_container_starts_trimtab_and_knows_its_health() -> None:
    assert 'ENTRYPOINT ["trimtab"]' in _final()
    assert re.search(r'HEALTHCHECK .*CMD \["trimtab", "config", "check"', _final())


def test_no_secret_and_no_state_enters_the_image() -> None:
    assert not re.search(r"(API_KEY|API_SECRET|PASSWORD|TOKEN)\s*=", "\n".join(_stages()))
    assert "COPY . " not in "\n".join(_stages())
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert ignored[0] == "*", "everything is left out but what is named"
    assert [name for name in NEVER_COPIED if f"!{name}" in ignored] == []


def test_everything_that_is_copied_exists_and_is_let_in() -> None:
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", "\n".join(_stages()), re.MULTILINE)
    sources = [source for line in copies for source in line.split()]
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert sources != []
    assert [s for s in sources if f"!{s}" not in ignored or not (ROOT / s).exists()] == []


def _service() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return found


def test_the_service_keeps_its_state_and_nothing_else() -> None:
    whole, service = _service(), _service()["services"]["trimtab"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    kept = re.findall(r"^VOLUME (\S+)$", _final(), re.MULTILINE)
    named = dict(v.split(":")[:2] for v in service["volumes"])
    assert [named[name] for name in whole["volumes"]] == kept
    assert all(v.endswith(":ro") for v in service["volumes"] if v.startswith("."))


def test_the_service_takes_its_secrets_from_files_and_holds_none() -> None:
    whole, service = _service(), _service()["services"]["trimtab"]
    assert set(service["secrets"]) == set(whole["secrets"])
    for name, place in service["environment"].items():
        assert name.endswith("_FILE")
        assert place.removeprefix("/run/secrets/") in whole["secrets"]
    assert all(list(secret) == ["file"] for secret in whole["secrets"].values())


def test_the_service_is_as_healthy_as_the_image_says_and_is_asked_to_stop() -> None:
    service = _service()["services"]["trimtab"]
    told = re.findall(r'HEALTHCHECK (.*) CMD \["(.+)"\]', _final())[0]
    assert service["healthcheck"]["test"] == ["CMD", *told[1].split('", "')]
    assert f"--interval={service['healthcheck']['interval']}" in told[0]
    assert service["stop_signal"] == "SIGTERM"
    unit = (ROOT / "config" / "timers" / "trimtab-schedule.service").read_text(encoding="utf-8")
    called = re.findall(r"trimtab --config \S+ (.+)$", unit, re.MULTILINE)[0]
    assert service["command"] == called.split()


@pytest.mark.parametrize("ignored", ["secrets", "compose.yaml", "trimtab.toml"])
def test_what_stands_beside_the_service_does_not_enter_the_image(ignored: str) -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert (lines[0], f"!{ignored}" in lines) == ("*", False)
