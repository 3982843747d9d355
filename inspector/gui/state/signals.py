"""What is the matter with an open file, said once for every place that says it: file rows, guilty rows, tabs, the strip over the panels.

A signal is (kind, level, how many, text). Findings of opening are known at once, NaN and zeros only once values were read
(`value_checks`), edits while they wait to be saved.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from operator import itemgetter
from typing import NamedTuple

from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtCore import Signal as QtSignal

from inspector import core
from inspector.gui.kit import words

from .session import Document, Session
from .tasks import Tasks
from .value_checks import NOT_FINITE, Checked, ValueChecks, findings_by

translate = QCoreApplication.translate


class Kind(Enum):
    """The gravest first."""

    RUNS = "runs"               # commands, or a function that nobody knows
    BROKEN = "broken"           # cut short, missing, corrupt
    NAN = "nan"
    WRONG = "wrong"             # any other finding of level danger
    CLASSES = "classes"         # needs classes, or is refused by torch.load
    ZERO = "zero"               # all zero
    ODD = "odd"                 # any other warning
    EDITED = "edited"
    CHANGED = "changed"         # another one than before the file was read again
    NEW = "new"
    OK = "ok"                   # nothing to report


PICTURES = {Kind.RUNS: "runs", Kind.BROKEN: "torn", Kind.NAN: "nan", Kind.WRONG: "danger", Kind.CLASSES: "box", Kind.ZERO: "warning",
            Kind.ODD: "warning", Kind.EDITED: "edit", Kind.CHANGED: "reload", Kind.NEW: "add", Kind.OK: "shield"}
LEVELS = {Kind.RUNS: "danger", Kind.BROKEN: "danger", Kind.NAN: "danger", Kind.WRONG: "danger", Kind.CLASSES: "warning",
          Kind.ZERO: "warning", Kind.ODD: "warning", Kind.EDITED: "info", Kind.CHANGED: "info", Kind.NEW: "info", Kind.OK: "ok"}
_RUNS = frozenset(("unknown-code", "computed-call", "dead-call", "nested-pickle", "native-code"))
_CLASSES = frozenset(("unknown-code", "weights-only"))
CUT = frozenset(("truncated", "truncated-archive"))
_BROKEN = frozenset(("broken-tensor", "chunk-map", "corrupt-member", "bad-member", "missing-shard")) | CUT


_ONLY_TENSORS = ("safetensors", "safetensors-sharded")


class Signal(NamedTuple):
    """`n` of what `kind` is about; `text` says it in a word or two ("58 broken"). `keys`: the guilty ones, as far as they are told;
    `finding` says more."""

    kind: Kind
    n: int
    text: str
    keys: tuple[str, ...] = ()
    finding: core.Finding | None = None

    @property
    def level(self) -> str:
        return LEVELS[self.kind]


class Mark(NamedTuple):
    """A sign on a row; with `text` it is a pill, without it the glyph alone."""

    kind: Kind
    text: str = ""


def kind_of(finding: core.Finding) -> Kind | None:
    """None for what is only good to know."""
    if finding.level == "info":
        return None
    if finding.id in _BROKEN and finding.level == "danger":
        return Kind.BROKEN
    if finding.id in NOT_FINITE:
        return Kind.NAN
    if finding.level == "danger":
        return Kind.RUNS if finding.id in _RUNS else Kind.WRONG
    return Kind.CLASSES if finding.id in _CLASSES else Kind.ZERO if finding.id == "all-zero" else Kind.ODD


def findings_of(ckpt: core.Checkpoint, checked: Checked | None, monitor: core.Monitor = core.QUIET) -> tuple[core.Finding, ...]:
    """All that is known of a checkpoint: what opening found, and what its values say, as far as their tensors are still there and by the
    names that they have now. Linear in the keys where there are edits: for workers."""
    if checked is None:
        return ckpt.findings
    if ckpt.edited is None:
        return (*ckpt.findings, *checked.findings)
    left = {key: checked.odd[old] for key, old in core.stoppable(ckpt.edited.origin.items(), monitor)
            if old in checked.odd and key in ckpt.tensors} if checked.odd else {}
    return (*ckpt.findings, *(findings_by(ckpt, left, monitor) if left else ()))


def present_keys(ckpt: core.Checkpoint, keys: Iterable[str], monitor: core.Monitor = core.QUIET) -> tuple[str, ...]:
    """What tensors that have these `keys` in the file are called after the edits; those that were dropped are called nothing."""
    if ckpt.edited is None:
        return tuple(keys)
    wanted = set(core.stoppable(keys, monitor))
    return tuple([key for key, old in core.stoppable(ckpt.edited.origin.items(), monitor) if old in wanted])


def signals_of(ckpt: core.Checkpoint, findings: Iterable[core.Finding], edits: int,
               bad: Mapping[str, tuple[int, int]], monitor: core.Monitor = core.QUIET) -> tuple[Signal, ...]:
    """What a file says of itself, the gravest first, edits last; that nothing is to be reported, where nothing is. For workers: asks
    whether torch.load takes it. `bad` are the tensors with NaN or infinities that are still there."""
    by_kind: dict[Kind, list[core.Finding]] = {}
    for finding in findings:
        kind = kind_of(finding)
        if kind is not None and not (finding.id in CUT and _is_mended(ckpt)):
            by_kind.setdefault(kind, []).append(finding)
    found = [_signal(kind, by_kind[kind], bad, monitor) for kind in Kind if kind in by_kind]
    if not found and (ckpt.format in _ONLY_TENSORS or core.loads_with_torch(ckpt, monitor=monitor).weights_only):
        found.append(Signal(Kind.OK, 0, translate("Signals", "Nothing to report")))
    if edits:
        found.append(Signal(Kind.EDITED, edits, translate("Signals", "1 edit") if edits == 1
                            else translate("Signals", "{n} edits").format(n=f"{edits:,}")))
    return tuple(found)


def _is_mended(ckpt: core.Checkpoint) -> bool:
    """Whether edits leave nothing out of what was cut off: it is whole once it is saved."""
    return ckpt.edited is not None and not any(finding.id == "broken-tensor" for finding in ckpt.findings)


def _signal(kind: Kind, findings: list[core.Finding], bad: Mapping[str, tuple[int, int]], monitor: core.Monitor) -> Signal:
    first = max(findings, key=lambda finding: core.LEVELS.index(finding.level))
    keys = tuple(dict.fromkeys(core.stoppable((key for finding in findings for key in finding.keys), monitor)))
    if kind is Kind.RUNS:
        runs = any(core.any_runs_commands(finding.code) for finding in findings)
        return Signal(kind, len(findings), translate("Signals", "Runs commands") if runs
                      else translate("Signals", "Calls unknown code"), keys, first)
    if kind is Kind.BROKEN:
        cut = next((finding for finding in findings if finding.id in CUT), None)
        return Signal(kind, len(keys), translate("Signals", "Cut short") if cut is not None
                      else translate("Signals", "{n} broken").format(n=f"{max(1, len(keys)):,}"), keys, cut or first)
    if kind is Kind.NAN:
        nan, inf = _sums(bad)
        return Signal(kind, nan + inf, nan_text(nan, inf), keys, first)
    if kind is Kind.CLASSES:
        names = {name for finding in findings if finding.id == "unknown-code" for name in finding.code}
        n = len(names)
        said = translate("Signals", "Needs 1 class") if n == 1 else translate("Signals", "Needs {n} classes").format(n=f"{n:,}")
        return Signal(kind, n, said if n else translate("Signals", "Not for weights_only"), keys, first)
    if kind is Kind.ZERO:
        return Signal(kind, len(keys), translate("Signals", "{n} all 0").format(n=f"{len(keys):,}"), keys, first)
    return Signal(kind, len(findings), words.level(first.level, len(findings)), keys, first)


def sign_name(kind: Kind) -> str:
    """What the glyph of a kind says, in words."""
    return {
        Kind.RUNS: translate("Signals", "runs code when it is loaded"), Kind.BROKEN: translate("Signals", "broken"),
        Kind.NAN: translate("Signals", "NaN or infinite values"), Kind.WRONG: translate("Signals", "something is wrong"),
        Kind.CLASSES: translate("Signals", "needs its classes"), Kind.ZERO: translate("Signals", "all zero"),
        Kind.ODD: translate("Signals", "something is odd"), Kind.EDITED: translate("Signals", "edited"),
        Kind.CHANGED: translate("Signals", "changed on disk just now"), Kind.NEW: translate("Signals", "new on disk"),
        Kind.OK: translate("Signals", "nothing to report")}[kind]


def nan_text(nan: int, inf: int) -> str:
    """"129 NaN", "4 Inf", "3 NaN, Inf"."""
    if not inf:
        return translate("Signals", "{n} NaN").format(n=words.many(nan))
    if not nan:
        return translate("Signals", "{n} Inf").format(n=words.many(inf))
    return translate("Signals", "{n} NaN, Inf").format(n=words.many(nan + inf))


def zeros_text() -> str:
    return translate("Signals", "all 0")


def _sums(bad: Mapping[str, tuple[int, int]]) -> tuple[int, int]:
    return sum(map(itemgetter(0), bad.values())), sum(map(itemgetter(1), bad.values()))


class FileSignals(NamedTuple):
    """Of one document as it is shown. `findings`: all of them, of opening and of its values; `groups`: the same by kind, in so many
    `places`. `bad`: key -> NaN and infinite elements; `edited`: keys that edits made or changed; `rewritten`: what is another since the
    file was read again, for a while."""

    checkpoint: core.Checkpoint
    signals: tuple[Signal, ...]
    checked: Checked | None
    findings: tuple[core.Finding, ...]
    groups: tuple[core.FindingGroup, ...]
    places: int
    bad: Mapping[str, tuple[int, int]]
    edited: frozenset[str]
    rewritten: core.Rewritten | None = None

    @property
    def worst(self) -> Signal | None:
        """The gravest, edits aside."""
        return next((signal for signal in self.signals if signal.kind is not Kind.EDITED), None)


class Signals(QObject):
    """Lives on the GUI thread, one a session: the signals of each document, worked out anew whenever something is learnt of it."""

    changed = QtSignal(int)

    def __init__(self, session: Session, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._tasks = session, tasks
        self._checks = ValueChecks.shared(session, tasks)
        self._known: dict[int, FileSignals] = {}
        self._asked: dict[int, tuple[object, ...]] = {}         # about what the worker was asked last
        for signal in (session.document_changed, session.edits_changed, self._checks.changed):
            signal.connect(self._ask)
        session.document_removed.connect(self._forget)

    @staticmethod
    def shared(session: Session, tasks: Tasks) -> Signals:
        """The one of `session`."""
        return session.findChild(Signals) or Signals(session, tasks, session)

    def of(self, document: Document) -> FileSignals | None:
        """What is known of a document as it is shown now; None until that has been worked out."""
        found = self._known.get(document.id)
        return found if found is not None and found.checkpoint is document.checkpoint else None

    def _ask(self, id: int) -> None:
        document = self._session.document(id)
        ckpt = document.checkpoint if document is not None else None
        if document is None or ckpt is None:
            self._forget(id)
            return
        checked, edits, rewritten = self._checks.of(document), len(self._session.edits(id)), document.rewritten
        asked = (ckpt, checked, edits, rewritten)
        known = self._asked.get(id)
        if known is not None and known[0] is ckpt and known[1] is checked and known[2] == edits and known[3] is rewritten:
            return
        self._asked[id] = asked

        def done(found: FileSignals) -> None:
            self._known[id] = found
            self.changed.emit(id)

        self._tasks.start(("signals", id), lambda monitor: _work_out(ckpt, checked, edits, rewritten, monitor), on_done=done)

    def _forget(self, id: int) -> None:
        self._known.pop(id, None)
        if self._asked.pop(id, None) is not None:
            self._tasks.cancel(("signals", id))


def _work_out(ckpt: core.Checkpoint, checked: Checked | None, edits: int, rewritten: core.Rewritten | None,
              monitor: core.Monitor) -> FileSignals:
    """In a worker: linear in the keys where there are edits."""
    bad = dict(checked.bad) if checked is not None else {}
    edited: set[str] = set()
    if ckpt.edited is not None:
        origin, source = ckpt.edited.origin, ckpt.edited.source
        bad = {key: bad[old] for key, old in core.stoppable(origin.items(), monitor) if old in bad} if bad else {}
        for key, tensor in core.stoppable(ckpt.tensors.items(), monitor):
            if origin.get(key) != key or source.tensors.get(key) != tensor:
                edited.add(key)
        edited.update(key for key in ckpt.values if origin.get(key) != key or key in ckpt.edited.replaced)
    findings = findings_of(ckpt, checked, monitor)
    again = rewritten and rewritten._replace(new=present_keys(ckpt, rewritten.new, monitor),
                                             changed=present_keys(ckpt, rewritten.changed, monitor))
    groups = core.grouped_findings(findings, monitor)
    return FileSignals(ckpt, signals_of(ckpt, findings, edits, bad, monitor), checked, findings, groups,
                       core.count_places(groups, monitor), bad, frozenset(edited), again)
