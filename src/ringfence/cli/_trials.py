"""What `ringfence try` shows of a statement, made from its verdict."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ringfence.access import open_identities
from ringfence.gates.carrying import now
from ringfence.gates.postgres import World
from ringfence.gates.postgres.trying import Looked, NothingIsRecorded, look_at
from ringfence.gates.postgres.verdicts import Verdict
from ringfence.policy import Asker, Gate, Mode, Policy, ZoneName
from ringfence.policy.model import NONE
from ringfence.transform import Keyring

if TYPE_CHECKING:
    from ringfence.crossing import Json
    from ringfence.policy import Plan

_USES = {
    "compared": "compared: what comes back depends on its values",
    "equated": "compared for equality with given values",
    "matched": "compared with tokens",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A column of the result."""

    column: str
    origins: str
    judgement: str
    form: str
    rule: str

    @property
    def cells(self) -> tuple[str, ...]:
        """Give it as a row."""
        return (self.column, self.origins, self.judgement, self.form, self.rule)


@dataclass(frozen=True, slots=True)
class Asked:
    """A column that decides what comes back."""

    column: str
    judgement: str
    how: str

    @property
    def cells(self) -> tuple[str, ...]:
        """Give it as a row."""
        return (self.column, self.judgement, self.how)


@dataclass(frozen=True, slots=True)
class Filled:
    """A column that is written."""

    column: str
    source: str

    @property
    def cells(self) -> tuple[str, ...]:
        """Give it as a row."""
        return (self.column, self.source)


@dataclass(frozen=True, slots=True)
class Trial:
    """What would become of a statement."""

    verdict: str = ""
    flow: str = ""
    mode: Mode = Mode.ENFORCE
    refused: str = ""
    rule: str = ""
    mend: str = ""
    error: str = ""
    columns: tuple[Shown, ...] = ()
    compared: tuple[Asked, ...] = ()
    written: tuple[Filled, ...] = ()

    @property
    def as_data(self) -> "dict[str, Json]":
        """Give it for other programs."""
        if self.error:
            return {"error": self.error}
        made: dict[str, Json] = {"verdict": self.verdict, "flow": self.flow, "mode": self.mode.value}
        if self.refused:
            made |= {"refused": self.refused, "rule": self.rule, "mend": self.mend}
        return {
            **made,
            "columns": [
                {
                    "column": each.column,
                    "origins": each.origins.split(", ") if each.origins else [],
                    "judgement": each.judgement,
                    "form": each.form,
                    "rule": each.rule,
                }
                for each in self.columns
            ],
            "compared": [
                {"column": each.column, "judgement": each.judgement, "how": each.how} for each in self.compared
            ],
            "written": [{"column": each.column, "from": each.source} for each in self.written],
        }


async def trials(policy: Policy, gate: Gate, folder: Path, zone: ZoneName, asker: Asker, text: str) -> list[Trial]:
    """Try a text. Raises `AccessFault` where the server cannot be reached."""
    world = World(
        policy,
        gate,
        Keyring(()),
        NothingIsRecorded(),
        now,
        lambda _text: None,
        open_identities(policy, gate, folder, lambda _fault: None),
        folder,
    )
    assert asker.role is not None  # noqa: S101 (its caller takes one of the policy's)
    return [_trial(each) for each in await look_at(world, zone, asker, asker.role, text)]


def _trial(looked: Looked) -> Trial:
    if looked.error:
        return Trial(error=looked.error)
    if looked.refused is not None:
        return _refused(looked.refused.plan, Trial("would be refused", looked.refused.plan.flow))
    verdict = looked.verdict
    assert verdict is not None  # noqa: S101 (one of the three is there)
    analysis = verdict.known.analysis
    reading = verdict.standing.everything
    shown = _columns(verdict)
    trial = Trial(
        "would run" if all(each.form in ("as it is", "clear") for each in shown) else "would run, changed",
        verdict.plan.flow,
        verdict.plan.mode,
        columns=shown,
        compared=tuple(
            Asked(each.path, reading.judge(each.path), _USES["equated" if each.equated else "compared"])
            for each in analysis.compared
        ),
        written=tuple(
            Filled(each.path, ", ".join((*each.origins, *(["given values"] if each.given or each.mixed else []))))
            for each in analysis.written
        ),
    )
    return trial if verdict.refusal is None else _refused(verdict.refusal, trial)


def _refused(plan: "Plan", trial: Trial) -> Trial:
    refused = plan.refused
    assert refused is not None  # noqa: S101 (it is a plan that refuses)
    said = refused.why or refused.denial.value
    about = f" ({refused.category})" if refused.category else ""
    return Trial(
        "would be refused",
        plan.flow,
        plan.mode,
        f"{said}{about}",
        refused.rule,
        refused.mend,
        compared=trial.compared,
        written=trial.written,
    )


def _columns(verdict: Verdict) -> tuple[Shown, ...]:
    outputs = verdict.known.analysis.outputs
    announced = verdict.plan.announced[: len(outputs)]
    shown = []
    for output, each in zip(outputs, announced, strict=False):
        if each.decision is None:
            form, rule = "as it is", "" if each.judgement == NONE else "judged harmless"
        elif isinstance(each.decision, str):
            form, rule = "by its content", f"flows.{verdict.plan.flow}"
        else:
            form, rule = each.decision.form.name, each.decision.rule
        origins = ", ".join(output.origins) + ("" if output.exact or not output.origins else " (computed)")
        shown.append(Shown(output.name, origins or "(no column)", each.judgement, form, rule))
    return tuple(shown)
