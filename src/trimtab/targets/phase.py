"""Phase: the way to the targets in n steps, step k trading 1/(n − k + 1) of what remains.

Pure and exact. A step is taken when a plan that was due for it has been executed; a crash or a
refusal takes none. Between steps the effective targets are where the account stands, so that
nothing is traded. It arrives at step n. Source: strategy definitions 1.9.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from trimtab.domain.exact import ONE, ZERO, exact_arithmetic, ratio
from trimtab.domain.exposure import Exposure
from trimtab.domain.firings import Firing, TriggerKind
from trimtab.domain.instruments import Asset
from trimtab.domain.occasion import Occasion
from trimtab.domain.overlay_policy import PhasePolicy
from trimtab.domain.overlays import Overlay, OverlayKind
from trimtab.domain.plan import Plan
from trimtab.domain.policy import Basis
from trimtab.targets.by_hand import Aim
from trimtab.targets.effective import Targets
from trimtab.targets.groups import split


def step_subject(phase: PhasePolicy, step: int) -> str:
    """Return how a step is called in firings, by which it is counted."""
    return f"{phase.phase_id} step {step}"


def steps_taken(phase: PhasePolicy, executed: Iterable[Plan]) -> int:
    """Return how many steps the *executed* plans have taken."""
    subjects = {step_subject(phase, step) for step in range(1, phase.steps + 1)}
    return len(subjects & {f.subject for plan in executed for f in plan.firings})


def due_at(phase: PhasePolicy, taken: int) -> datetime:
    """Return when the step after *taken* ones is due."""
    return phase.begins_at + taken * timedelta(days=phase.days_between)


def step_due(phase: PhasePolicy | None, occasion: Occasion) -> Firing | None:
    """Return that a step is due, or None where none is."""
    if phase is None or not _is_under_way(phase, occasion):
        return None
    taken = occasion.phase_steps
    if occasion.now < due_at(phase, taken):
        return None
    return Firing(
        kind=TriggerKind.CALENDAR,
        subject=step_subject(phase, taken + 1),
        measured=None,
        limit=None,
        reason=f"step {taken + 1} of {phase.steps} is due",
    )


def phase_overlay(
    phase: PhasePolicy, targets: Targets, occasion: Occasion, present: Mapping[Asset, Decimal]
) -> Overlay | None:
    """Return what the phase does to *targets*, or None before its beginning and after its end.

    *present* is where the account stands, as :func:`present_weights` has it.
    """
    if not _is_under_way(phase, occasion):
        return None
    taken = occasion.phase_steps
    is_due = step_due(phase, occasion) is not None
    with exact_arithmetic():
        left = ONE * (phase.steps - taken)
        kept = ratio(left - ONE, left) if is_due else ONE
        shift = {
            asset: (weight - targets.effective[asset]) * kept for asset, weight in present.items()
        }
        shift = {asset: by for asset, by in shift.items() if by}
    told = f"step {taken + 1} of {phase.steps}"
    when = "is due" if is_due else f"is due at {due_at(phase, taken):%Y-%m-%d %H:%M} UTC"
    return Overlay(
        overlay_id=phase.phase_id,
        kind=OverlayKind.PHASE,
        reason=f"{told} {when}",
        until=f"step {phase.steps}",
        shift=shift,
    )


def _is_under_way(phase: PhasePolicy, occasion: Occasion) -> bool:
    """Whether the phase has begun and has steps left."""
    return phase.begins_at <= occasion.now and occasion.phase_steps < phase.steps


def present_weights(
    targets: Targets, exposed: Exposure, basis: Basis, *, aims: Iterable[Aim]
) -> Mapping[Asset, Decimal]:
    """Return present weights of the targeted assets, each >= 0; they sum to what targets do.

    Without hedges by hand, *aims*: an overlay of their own counts them. A net short counts as
    nothing, and where more is held than there is, in proportion.
    """
    is_net, quote = basis is Basis.NET, exposed.quote
    count = exposed.net if is_net else exposed.value_outside_of
    whole = (exposed.nav if is_net else exposed.value_outside)(targets.ignored)
    with exact_arithmetic():
        present = {a: count(a) for a in targets.effective if a != quote}
        for aim in aims if is_net else ():
            if aim.asset in present:
                present[aim.asset] += aim.units * exposed.mid(aim.asset)
        values = {asset: max(ZERO, value) for asset, value in present.items()}
        rest = max(ZERO, whole - sum(values.values(), ZERO))
        shares = values | {quote: rest}
        total = sum(targets.effective.values(), ZERO)
    return split(total, shares) if any(shares.values()) else dict(targets.effective)
