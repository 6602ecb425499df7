"""From a document to a `Policy`: every name is looked up, every default filled in.

The rule: what comes out holds only names that exist. Each name that does not is reported with its place and the nearest one that
does; so is what contradicts itself. What is allowed but unwise is for `linting`.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Literal, TypeAlias

from ringfence.detect import Detection
from ringfence.policy import document as doc
from ringfence.policy import document_forms as forms
from ringfence.policy.digest import digest
from ringfence.policy.document_asking import PrincipalsDocument
from ringfence.policy.document_probe import ProbeDocument
from ringfence.policy.model import (
    ARGUMENTS,
    BUILT_IN_FORMS,
    EVERY_CATEGORY,
    KEPT,
    NONE,
    SCAN,
    UNKNOWN,
    Assertion,
    Asset,
    AssetName,
    CarryRule,
    Flow,
    FlowId,
    Form,
    FormKind,
    Gate,
    Key,
    KeyName,
    Limits,
    Login,
    Mode,
    Policy,
    Predicate,
    Principals,
    Probing,
    Purpose,
    PurposeName,
    Role,
    RoleName,
    Tls,
    Via,
    Zone,
    ZoneName,
)
from ringfence.policy.model_apis import MODEL_APIS, NO_API
from ringfence.policy.places import PLACES
from ringfence.policy.problems import Position, Problem, nearest, quoted
from ringfence.policy.resolving_alerts import AlertResolver
from ringfence.policy.resolving_asking import AskingResolver
from ringfence.policy.resolving_detect import DetectResolver
from ringfence.policy.resolving_endpoints import EndpointResolver
from ringfence.policy.tree import Step, Table, place
from ringfence.taxonomy import CATEGORIES

_JUDGEMENTS = (NONE, SCAN, UNKNOWN)
_MATCHES: Mapping[str, frozenset[str]] = {
    "log": frozenset({"stream"}),
    "http": frozenset({"method", "path"}),
    "queue": frozenset({"topic"}),
    "git": frozenset({"ref", "path"}),
    "file": frozenset({"target"}),
    "postgres": frozenset(),
}

_GATE_KEYS: Mapping[str, tuple[str, ...]] = {
    "allow": ("postgres",),
    "origins": ("postgres",),
    "tls": ("postgres", "http"),
    "clients": ("http",),
    "bodies": ("http",),
    "upstreams": ("http",),
    "hosts": ("http",),
    "headers": ("http",),
    "forward_token": ("http",),
    "principals": ("postgres", "http"),
    "conversation": ("http",),
}


LinesOf: TypeAlias = Callable[[str, Position], tuple[str, ...]]
"""From a file's name and the place that names it to its lines."""


def resolve(document: doc.Document, tree: Table, lines_of: LinesOf) -> tuple[Policy | None, list[Problem]]:
    """Give the policy that a document says, or None and all that is wrong with it."""
    resolver = _Resolver(document, tree, lines_of)
    policy = resolver.policy()
    return (None if resolver.problems else policy), resolver.problems


class _Resolver:
    def __init__(self, document: doc.Document, tree: Table, lines_of: LinesOf) -> None:
        self.problems: list[Problem] = []
        self._lines_of = lines_of
        self._document = document
        self._tree = tree
        self._forms: dict[str, Form] = dict(BUILT_IN_FORMS)

    def policy(self) -> Policy:
        written = self._document
        self._distinct_names()
        zones = {ZoneName(name): self._zone(name, zone) for name, zone in written.zones.items()}
        assets = {AssetName(name): self._asset(name, asset) for name, asset in written.assets.items()}
        keys = {
            KeyName(name): Key(KeyName(name), self._zones(key.zones, "keys", name, "zones"))
            for name, key in written.keys.items()
        }
        self._forms |= {name: self._form(name, form) for name, form in written.forms.items()}
        roles = {RoleName(name): self._role(name, role) for name, role in written.roles.items()}
        purposes = {
            PurposeName(name): Purpose(PurposeName(name), purpose.basis) for name, purpose in written.purposes.items()
        }
        principals = {name: self._principals(name, each) for name, each in written.principals.items()}
        gates = {name: self._gate(name, gate) for name, gate in written.gates.items()}
        flows = {FlowId(flow.id): self._flow(number, flow) for number, flow in enumerate(written.flows)}
        alerts = AlertResolver(self._known, self._wrong, _seconds, set(flows))
        detect = DetectResolver(self._known, self._wrong, self._lines)
        made = Policy(
            "",
            zones,
            assets,
            keys,
            self._forms,
            roles,
            purposes,
            principals,
            gates,
            flows,
            detect.detection(written.detect) or Detection(),
            self._assertions(),
            alerts.receivers(written.receivers),
            alerts.rules(written.alert, written.receivers),
            self._probe(written.probe),
        )
        return made if self.problems else replace(made, hash=digest(made))

    def _place(self, path: tuple[Step, ...], *, of_key: bool = False) -> Position:
        return place(self._tree, path, of_key=of_key)

    def _wrong(self, path: tuple[Step, ...], what: str, mend: str, *, of_key: bool = False) -> None:
        at = self._place(path, of_key=of_key)
        self.problems.append(Problem(at.file, at.line, at.column, what, mend))

    def _lines(self, file: str, path: tuple[Step, ...]) -> tuple[str, ...]:
        return self._lines_of(file, place(self._tree, path))

    def _known(
        self, name: str, valid: Collection[str], kind: str, path: tuple[Step, ...], *, of_key: bool = False
    ) -> None:
        """Report a name that does not exist."""
        if name not in valid:
            section = {"category": "`ringfence categories` lists them", "entity": "`ringfence entities` lists them"}
            none = section.get(kind, f"the policy declares no {kind}")
            mend = nearest(name, (word for word in valid if quoted(word)), none)
            if kind in section and not mend.startswith("did"):
                mend = none
            self._wrong(path, f"there is no {kind}{quoted(name)}", mend, of_key=of_key)

    def _distinct_names(self) -> None:
        for name in self._document.assets:
            if name in self._document.zones:
                self._wrong(
                    ("assets", name),
                    f"a zone has the name{quoted(name)} too",
                    "rename the asset or the zone",
                    of_key=True,
                )
        for name in self._document.forms:
            if name in BUILT_IN_FORMS or name == SCAN:
                self._wrong(
                    ("forms", name), f"the form{quoted(name)} is built in", "give yours another name", of_key=True
                )
        seen: set[str] = set()
        for number, flow in enumerate(self._document.flows):
            if flow.id in seen:
                self._wrong(
                    ("flows", number, "id"),
                    f"another flow has the id{quoted(flow.id)}",
                    "give each flow an id of its own",
                )
            seen.add(flow.id)

    def _zones(self, names: Iterable[str], *path: Step) -> frozenset[ZoneName]:
        listed = list(names)
        for number, name in enumerate(listed):
            self._known(name, self._document.zones, "zone", (*path, number))
        return frozenset(map(ZoneName, listed))

    def _zone(self, name: str, zone: doc.ZoneDocument) -> Zone:
        for number, code in enumerate(zone.residency):
            if code not in PLACES:
                mend = nearest(
                    code,
                    [code.upper()] if code.upper() in PLACES else [],
                    "two capitals of ISO 3166, such as DE; or EU, EEA",
                )
                self._wrong(("zones", name, "residency", number), f"there is no country{quoted(code)}", mend)
        return Zone(
            ZoneName(name),
            zone.label,
            zone.controlled,
            zone.at_rest,
            zone.in_transit,
            tuple(zone.residency),
            zone.retention,
        )

    def _asset(self, name: str, asset: doc.AssetDocument) -> Asset:
        self._known(asset.zone, self._document.zones, "zone", ("assets", name, "zone"))
        for field, judgement in asset.fields.items():
            if judgement not in _JUDGEMENTS:
                self._known(judgement, (*CATEGORIES, *_JUDGEMENTS), "category", ("assets", name, "fields", field))
        for function, returned in asset.functions.items():
            words = (*_JUDGEMENTS, ARGUMENTS)
            if returned not in words:
                self._known(returned, (*CATEGORIES, *words), "category", ("assets", name, "functions", function))
        api = MODEL_APIS[asset.api] if asset.api else NO_API
        return Asset(
            AssetName(name),
            ZoneName(asset.zone),
            asset.kind,
            asset.at,
            asset.subject,
            {**api.fields, **asset.fields},
            dict(asset.functions),
            EndpointResolver(self._known, self._wrong, self._place).endpoints(name, asset),
            asset.undeclared,
            api.conversation,
        )

    def _form(self, name: str, form: forms.FormDocument) -> Form:
        match form:
            case forms.MaskDocument():
                kept = (form.keep_first, form.keep_last, form.keep_domain)
                return Form(name, FormKind.MASK, None, frozenset(), *kept, fill=form.fill)
            case forms.TruncateDocument():
                return Form(name, FormKind.TRUNCATE, keep_first=form.keep_first)
            case forms.BucketDocument():
                return Form(name, FormKind.BUCKET, width=form.width, unit=form.unit)
            case forms.HashDocument():
                return Form(name, FormKind.HASH, key=self._key(form.key, "forms", name, "key"), length=form.length)
            case forms.TokenDocument() | forms.SurrogateDocument():
                key = self._key(form.key, "forms", name, "key")
                joinable = self._zones(form.joinable, "forms", name, "joinable")
                keep = _seconds(form.keep) if isinstance(form, forms.SurrogateDocument) else KEPT
                return Form(name, FormKind(form.transform), key=key, joinable=joinable, keep=keep)
            case forms.PlaceholderDocument():
                key = self._key(form.key, "forms", name, "key")
                return Form(name, FormKind.PLACEHOLDER, key=key, keep=_seconds(form.keep))
            case forms.RedactDocument() | forms.NullDocument():
                return Form(name, FormKind(form.transform))

    def _key(self, key: str, *path: Step) -> KeyName:
        self._known(key, self._document.keys, "key", path)
        return KeyName(key)

    def _role(self, name: str, role: doc.RoleDocument) -> Role:
        reverse = frozenset(self._key(key, "roles", name, "reverse", number) for number, key in enumerate(role.reverse))
        for number, purpose in enumerate(role.purposes or ()):
            self._known(purpose, self._document.purposes, "purpose", ("roles", name, "purposes", number))
        purposes = frozenset(map(PurposeName, role.purposes)) if role.purposes is not None else None
        return Role(RoleName(name), role.group, reverse, frozenset(role.needs), purposes)

    def _principals(self, name: str, each: PrincipalsDocument) -> Principals:
        self._known(each.zone, self._document.zones, "zone", ("principals", name, "zone"))
        zone = ZoneName(each.zone)
        if each.scram is not None:
            return Principals(name, zone, "scram", each.scram)
        if each.jwks is not None:
            claims = (each.audience, each.issuer, each.groups, each.subject)
            return Principals(name, zone, "jwks", each.jwks, *claims)
        if each.certificates is not None:
            return Principals(name, zone, "certificate", each.certificates)
        if each.api_keys is not None:
            return Principals(name, zone, "api_key", each.api_keys)
        return Principals(name, zone, "local")

    def _gate(self, name: str, gate: doc.GateDocument) -> Gate:
        if gate.upstream is not None:
            self._known(gate.upstream, self._document.assets, "asset", ("gates", name, "upstream"))
        for number, asset in enumerate(gate.upstreams):
            self._known(asset, self._document.assets, "asset", ("gates", name, "upstreams", number))
        for role in gate.logins:
            self._known(role, self._document.roles, "role", ("gates", name, "logins", role), of_key=True)
        if gate.clients is not None:
            self._known(gate.clients, self._document.zones, "zone", ("gates", name, "clients"))
        asking = AskingResolver(self._known, self._wrong, self._document.principals)
        for key, kinds in _GATE_KEYS.items():
            if gate.kind not in kinds and key in gate.model_fields_set:
                mend = f"remove it: a gate of kind {gate.kind} has none"
                what = f"{key} belongs to gates of kind {' and '.join(kinds)}"
                self._wrong(("gates", name, key), what, mend, of_key=True)
        if gate.hosts and not gate.upstreams and gate.kind == "http":
            what = "hosts belongs to gates with `upstreams`: clients of one service may call it what they like"
            self._wrong(("gates", name, "hosts"), what, "remove it", of_key=True)
        return Gate(
            name,
            gate.kind,
            gate.listen,
            AssetName(gate.upstream) if gate.upstream is not None else None,
            {RoleName(role): _login(login) for role, login in gate.logins.items()},
            frozenset(gate.allow),
            gate.origins,
            Tls(**gate.tls.model_dump()) if gate.tls is not None else None,
            gate.workers,
            Limits(**gate.limits.model_dump()),
            ZoneName(gate.clients) if gate.clients is not None else None,
            gate.bodies,
            tuple(map(AssetName, gate.upstreams)),
            tuple(gate.hosts),
            asking.principals(gate, ("gates", name)),
            asking.fields(gate, ("gates", name)),
            gate.forward_token,
            tuple(gate.conversation),
        )

    def _flow(self, number: int, flow: doc.FlowDocument) -> Flow:
        path: tuple[Step, ...] = ("flows", number)
        for position, purpose in enumerate(flow.purposes):
            self._known(purpose, self._document.purposes, "purpose", (*path, "purposes", position))
        if flow.index is not None:
            self._index(flow, flow.index, path)
        return Flow(
            id=FlowId(flow.id),
            source=AssetName(flow.source),
            sink=AssetName(flow.sink),
            source_zone=self._zone_of(flow.source, (*path, "from")),
            sink_zone=self._zone_of(flow.sink, (*path, "to")),
            via=self._via(flow.via, path),
            carry={category: self._carry(category, lines, path) for category, lines in flow.carry.items()},
            otherwise=self._form_named(flow.otherwise, (*path, "else")),
            unknown=self._unknown(flow.unknown, (*path, "unknown")),
            mode=Mode(flow.mode),
            purposes=tuple(map(PurposeName, flow.purposes)),
            relaxed=flow.durability == "relaxed",
            record_all=flow.record == "all",
            index=KeyName(flow.index) if flow.index is not None else None,
            predicates=self._predicates(flow.predicates, path),
            restore=flow.restore,
        )

    def _predicates(self, written: Mapping[str, doc.PredicateValue], path: tuple[Step, ...]) -> Mapping[str, Predicate]:
        for category in written:
            self._known(category, CATEGORIES, "category", (*path, "predicates", category), of_key=True)
        return {
            category: Predicate() if isinstance(each, str) else Predicate(each.equality, _seconds(each.per))
            for category, each in written.items()
        }

    def _index(self, flow: doc.FlowDocument, key: str, path: tuple[Step, ...]) -> None:
        self._known(key, self._document.keys, "key", (*path, "index"))
        ends = (self._document.assets.get(end) for end in (flow.source, flow.sink))
        if not any(asset is not None and asset.subject for asset in ends):
            mend = "say in one of the two assets which field identifies the person: `subject:`"
            self._wrong((*path, "index"), "an index of subjects, but neither end of the flow names its subject", mend)

    def _zone_of(self, end: str, path: tuple[Step, ...]) -> ZoneName:
        asset = self._document.assets.get(end)
        if asset is not None:
            return ZoneName(asset.zone)
        self._known(end, (*self._document.zones, *self._document.assets), "zone or asset", path)
        return ZoneName(end)

    def _via(self, via: doc.ViaDocument, path: tuple[Step, ...]) -> Via:
        match = {key: value for key, value in via.match.model_dump().items() if value is not None}
        if via.gate is not None:
            self._known(via.gate, self._document.gates, "gate", (*path, "via", "gate"))
            gate = self._document.gates.get(via.gate)
            for key in match:
                if gate is not None and key not in _MATCHES[gate.kind]:
                    mend = nearest(None, _MATCHES[gate.kind], "remove it: nothing narrows such a gate")
                    what = f"a gate of kind {gate.kind} has no {key} to match"
                    self._wrong((*path, "via", "match", key), what, mend, of_key=True)
        return Via(via.gate, match)

    def _carry(self, category: str, lines: doc.CarryValue, path: tuple[Step, ...]) -> tuple[CarryRule, ...]:
        path = (*path, "carry", category)
        if category != EVERY_CATEGORY:
            self._known(category, CATEGORIES, "category", path, of_key=True)
        if isinstance(lines, str):
            return (CarryRule(self._form_named(lines, path)),)
        return tuple(self._line(line, (*path, number)) for number, line in enumerate(lines))

    def _line(self, line: doc.CarryDocument, path: tuple[Step, ...]) -> CarryRule:
        if line.role is not None:
            self._known(line.role, self._document.roles, "role", (*path, "role"))
        if line.purpose is not None:
            self._known(line.purpose, self._document.purposes, "purpose", (*path, "purpose"))
        return CarryRule(
            self._form_named(line.form, (*path, "form")),
            RoleName(line.role) if line.role is not None else None,
            PurposeName(line.purpose) if line.purpose is not None else None,
        )

    def _form_named(self, name: str, path: tuple[Step, ...]) -> Form:
        self._known(name, self._forms, "form", path)
        return self._forms.get(name, BUILT_IN_FORMS["deny"])

    def _unknown(self, name: str | None, path: tuple[Step, ...]) -> Form | Literal["scan"] | None:
        if name is None:
            return None
        if name == "scan":
            return "scan"
        if name not in self._forms:
            self._known(name, (*self._forms, SCAN), "form", path)
        return self._forms.get(name)

    def _probe(self, probe: ProbeDocument) -> Probing:
        for role in probe.users:
            self._known(role, self._document.roles, "role", ("probe", "users", role), of_key=True)
        for path, written in [
            *((("probe", "users", role), where) for role, where in probe.users.items()),
            *((("probe", name), getattr(probe, name)) for name in ("reference", "writer")),
        ]:
            if written and not written.startswith(("env:", "file:")):  # a password never stands in a policy
                self._wrong(
                    path, "a login that is neither env:NAME nor file:PATH", "write where it is: env:PROBE_SUPPORT"
                )
        if probe.gate is not None:
            self._known(probe.gate, self._document.gates, "gate", ("probe", "gate"))
        return Probing(
            {RoleName(role): place for role, place in probe.users.items()},
            probe.gate,
            probe.reference,
            probe.writer,
            probe.write,
            _seconds(probe.every) if probe.every else 0.0,
            probe.on_leak,
            probe.budget,
            probe.rate,
        )

    def _assertions(self) -> tuple[Assertion, ...]:
        made: list[Assertion] = []
        for number, each in enumerate(self._document.assertions):
            path: tuple[Step, ...] = ("assert", number, "never")
            never = each.never
            self._known(never.category, CATEGORIES, "category", (*path, "category"))
            self._known(
                never.form, {name for name, form in self._forms.items() if not form.denies}, "form", (*path, "form")
            )
            self._zones(never.zones, *path, "zones")
            made.append(Assertion(never.category, never.form, tuple(map(ZoneName, never.zones))))
        return tuple(made)


def _login(written: str | doc.LoginDocument) -> Login:
    return Login(written) if isinstance(written, str) else Login(written.user, written.secret)


_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def _seconds(duration: str) -> float:
    return int(duration[:-1]) * _SECONDS[duration[-1]]
