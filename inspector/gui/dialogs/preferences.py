"""What the program remembers of how a person wants it. Each choice holds at once; there is nothing to confirm."""
from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QDialogButtonBox, QFormLayout, QLabel, QVBoxLayout, QWidget

from inspector import core, languages
from inspector.gui.kit import theme, words
from inspector.gui.kit.settings import Settings
from inspector.gui.widgets.boxes import label


class Preferences(QDialog):
    """Writes to `settings` itself what nothing else has to follow; the rest it asks for."""

    theme_chosen = Signal(str)
    language_chosen = Signal(str)
    follow_chosen = Signal(bool)
    find_chosen = Signal(bool)          # instead of filtering

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Preferences"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.theme = self._choice(self.tr("Theme"), list(zip(theme.CHOICES, (self.tr("As the system"), self.tr("Light"), self.tr("Dark")),
                                                             strict=True)), theme.current().choice)
        self.theme.currentIndexChanged.connect(lambda: self.theme_chosen.emit(self.theme.currentData()))
        self.language = self._choice(self.tr("Language"), [(languages.SYSTEM, self.tr("As the system")), *languages.NAMES.items()],
                                     settings.language)
        self.language.currentIndexChanged.connect(self._speak)
        self.said = label("", tone="muted", selectable=False, wrap=True)
        self.said.hide()
        self.reopen = self._switch(self.tr("Open again what was open, when no file is named"), settings.reopens)
        self.reopen.toggled.connect(lambda on: setattr(settings, "reopens", on))
        self.follow = self._switch(self.tr("Read files again when they change on the disk"), settings.follows)
        self.follow.toggled.connect(self.follow_chosen)
        self.finding = self._switch(self.tr("Find instead of filter: hide nothing, go from hit to hit"), settings.finds)
        self.finding.toggled.connect(self.find_chosen)
        where = label(self.tr("Kept in {path}").format(path=core.visible(settings.path, 200)), tone="muted", wrap=True)
        where.setToolTip(words.tip(settings.path))
        self._place(where)

    def _place(self, where: QLabel) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(18)
        form.setVerticalSpacing(10)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.addRow(self.theme.accessibleName(), self.theme)
        form.addRow(self.language.accessibleName(), self.language)
        form.addRow("", self.said)
        files = QVBoxLayout()
        files.setSpacing(8)
        files.addWidget(self.reopen)
        files.addWidget(self.follow)
        form.addRow(self.tr("Files"), files)
        form.addRow(self.tr("Keys"), self.finding)
        buttons = QDialogButtonBox()
        buttons.addButton(self.tr("Close"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 16)
        column.setSpacing(16)
        column.addLayout(form)
        column.addStretch(1)
        column.addWidget(where)
        column.addWidget(buttons)
        self.resize(520, self.sizeHint().height())

    def _choice(self, name: str, choices: list[tuple[str, str]], chosen: str) -> QComboBox:
        made = QComboBox()
        made.setAccessibleName(name)
        for data, text in choices:
            made.addItem(text, data)
        made.setCurrentIndex(max(0, made.findData(chosen)))
        return made

    def _switch(self, text: str, on: bool) -> QCheckBox:
        made = QCheckBox(text)
        made.setChecked(on)
        return made

    def _speak(self) -> None:
        self.said.setText(self.tr("The language changes when the window is opened the next time."))
        self.said.show()
        self.language_chosen.emit(self.language.currentData())
