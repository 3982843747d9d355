"""Light and dark: every colour of the window, the palette and the style sheet made from them, and who says when they change.

All colours live here. `colours(palette)` is what panels and plots ask; text on any `*_background` has a contrast of at least
4.5 to 1 (WCAG AA), which the tests compute.
"""
from __future__ import annotations

from string import Template
from typing import NamedTuple, cast

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory, QWidget

from inspector.resources_path import resource_path

CHOICES = ("system", "light", "dark")


class Colours(NamedTuple):
    """`window` lies behind everything, `base` behind lists and text, `card` behind raised boxes, `field` is the edge of
    what one can write into or choose from. `series` are the colours of
    plotted things, in order, told apart by colour-blind eyes too (after Okabe and Ito); `bar` is that of how far things are apart."""

    dark: bool
    window: str
    base: str
    alternate: str
    card: str
    border: str
    field: str
    text: str
    muted: str
    faint: str
    accent: str
    accent_text: str
    accent_hover: str
    link: str
    selection: str
    selection_text: str
    selection_idle: str
    hover: str
    track: str
    ok: str
    ok_background: str
    info: str
    info_background: str
    warning: str
    warning_background: str
    danger: str
    danger_background: str
    overlay: str
    plot_background: str
    plot_text: str
    plot_grid: str
    bar: str
    series: tuple[str, ...]


LIGHT = Colours(
    dark=False, window="#f4f5f7", base="#ffffff", alternate="#f8f9fb", card="#ffffff", border="#d9dde3", field="#868f9b",
    text="#1b2027", muted="#59636f", faint="#8b95a1",
    accent="#2f5fd0", accent_text="#ffffff", accent_hover="#264fb0", link="#2453c4",
    selection="#d6e3ff", selection_text="#0e1f45", selection_idle="#e4e8ef", hover="#ebeef3", track="#e3e7ed",
    ok="#1a6b3c", ok_background="#e2f4e8", info="#1f55a8", info_background="#e6effc",
    warning="#7a4b00", warning_background="#fdf0d3", danger="#a3211b", danger_background="#fce6e4", overlay="rgba(230, 239, 252, 235)",
    plot_background="#ffffff", plot_text="#454e59", plot_grid="#d5d9df", bar="#cf8f1d",
    series=("#2f5fd0", "#d55e00", "#00866a", "#b4558c", "#a87000", "#3a8fc2", "#5c6570", "#7b4fc9"))

DARK = Colours(
    dark=True, window="#1a1d22", base="#14171b", alternate="#191c21", card="#21252b", border="#363c45", field="#707a87",
    text="#e3e7ec", muted="#a0a9b5", faint="#707a87",
    accent="#7ea6ff", accent_text="#0c1730", accent_hover="#9dbcff", link="#93b4ff",
    selection="#2b4272", selection_text="#f3f6ff", selection_idle="#30353d", hover="#282d34", track="#31373f",
    ok="#7fd6a0", ok_background="#1b3526", info="#9cc2ff", info_background="#1d2d47",
    warning="#f2c46d", warning_background="#3b2f16", danger="#ff9d95", danger_background="#44211f", overlay="rgba(29, 45, 71, 235)",
    plot_background="#14171b", plot_text="#b6bec9", plot_grid="#343a43", bar="#edc84a",
    series=("#7ea6ff", "#ff9a56", "#46cfa9", "#e596c4", "#edc84a", "#62bdea", "#a9b2bd", "#b79bff"))


def colours(palette: QPalette | None = None) -> Colours:
    """The colours that go with `palette` (the application's own by default), by how light its window is."""
    shown = palette if palette is not None else QGuiApplication.palette()
    key = shown.cacheKey()              # asked for every cell that is drawn, of a palette that hardly ever changes
    found = _KNOWN.get(key)
    if found is None:
        if len(_KNOWN) >= _KNOWN_AT_MOST:
            _KNOWN.clear()
        found = _KNOWN[key] = DARK if shown.color(QPalette.ColorRole.Window).lightness() < 128 else LIGHT
    return found


_KNOWN: dict[int, Colours] = {}         # by the key of a palette
_KNOWN_AT_MOST = 64


def tinted(colour: str, ground: str, part: float) -> QColor:
    """`part` (0 to 1) of `colour` over `ground`."""
    over, under = QColor(colour), QColor(ground)
    return QColor.fromRgbF(*(under_ + (over_ - under_) * part for over_, under_ in zip(
        (over.redF(), over.greenF(), over.blueF()), (under.redF(), under.greenF(), under.blueF()), strict=True)))


class Theme(QObject):
    """Follows the person's choice ("system", "light", "dark") and, for "system", the desktop. One lives on the application."""

    changed = Signal()

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        app.setStyle(QStyleFactory.create("Fusion"))
        # what the platform theme gave us, before our own palette hides it: all there is to go by where colorScheme is Unknown
        self._platform_dark = app.palette().color(QPalette.ColorRole.Window).lightness() < 128
        self._choice = "system"
        self._shown: Colours | None = None
        self._sheet_applied = False
        app.styleHints().colorSchemeChanged.connect(self._apply)

    @property
    def choice(self) -> str:
        return self._choice

    @property
    def colours(self) -> Colours:
        return self._shown or colours()

    def choose(self, choice: str) -> None:
        """Shows `choice`; anything that is not in CHOICES means "system"."""
        self._choice = choice if choice in CHOICES else "system"
        wanted = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}.get(self._choice, Qt.ColorScheme.Unknown)
        QGuiApplication.styleHints().setColorScheme(wanted)     # window frames follow where the platform lets them
        self._apply()

    def apply_style_sheet(self) -> None:
        """Puts the style sheet on. Once the widgets are there: under a sheet, every widget that is given to a parent is styled
        anew with all that is in it, which doubled the time of making the window."""
        if not self._sheet_applied:
            self._sheet_applied = True
            cast(QApplication, QApplication.instance()).setStyleSheet(style_sheet(self.colours))

    def _apply(self) -> None:
        scheme = QGuiApplication.styleHints().colorScheme()
        if self._choice == "system":
            dark = self._platform_dark if scheme == Qt.ColorScheme.Unknown else scheme == Qt.ColorScheme.Dark
        else:
            dark = self._choice == "dark"
        shown = DARK if dark else LIGHT
        if shown is self._shown:
            return
        self._shown = shown
        app = cast(QApplication, QApplication.instance())
        app.setPalette(palette_of(shown))
        if self._sheet_applied:
            app.setStyleSheet(style_sheet(shown))
        self.changed.emit()


def current() -> Theme:
    """The application's theme, made on first use. Its `changed` says that colours must be fetched again."""
    app = cast(QApplication, QApplication.instance())
    found = app.findChild(Theme, options=Qt.FindChildOption.FindDirectChildrenOnly)
    return found if found is not None else Theme(app)


def repolish(widget: QWidget) -> None:
    """Has a widget drawn as the style sheet says of a property that it has now."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def palette_of(c: Colours) -> QPalette:
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    made = QPalette()
    for name, value in (
            (role.Window, c.window), (role.WindowText, c.text), (role.Base, c.base), (role.AlternateBase, c.alternate),
            (role.Text, c.text), (role.Button, c.card), (role.ButtonText, c.text), (role.BrightText, c.danger),
            (role.ToolTipBase, c.card), (role.ToolTipText, c.text), (role.PlaceholderText, c.muted),
            (role.Highlight, c.selection), (role.HighlightedText, c.selection_text), (role.Accent, c.accent),
            (role.Link, c.link), (role.LinkVisited, c.link),
            (role.Light, c.card), (role.Midlight, c.hover), (role.Mid, c.border), (role.Dark, c.border), (role.Shadow, c.border)):
        made.setColor(name, QColor(value))
    for name in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(group.Disabled, name, QColor(c.faint))
    made.setColor(group.Inactive, role.Highlight, QColor(c.selection_idle))
    made.setColor(group.Inactive, role.HighlightedText, QColor(c.text))
    made.setColor(group.Disabled, role.Highlight, QColor(c.selection_idle))
    return made


def style_sheet(c: Colours) -> str:
    colours_ = {name: value for name, value in c._asdict().items() if isinstance(value, str)}
    return Template(_SHEET).substitute(colours_, arrow=resource_path("themes/arrow-down.svg").as_posix(),
                                       check=resource_path(f"themes/check-{'dark' if c.dark else 'light'}.svg").as_posix())


# Only what Fusion and the palette cannot say. Sizes are in device-independent pixels.
_SHEET = """
QToolTip { background: $card; color: $text; border: 1px solid $border; padding: 5px 7px; }
QMainWindow::separator { background: $border; width: 1px; height: 1px; }
QMenuBar { background: $window; border-bottom: 1px solid $border; padding: 2px 4px; }
QMenuBar::item { padding: 4px 9px; border-radius: 5px; background: transparent; }
QMenuBar::item:selected, QMenuBar::item:pressed { background: $hover; }
QMenu { background: $card; border: 1px solid $border; padding: 5px; }
QMenu::item { padding: 5px 28px 5px 10px; border-radius: 5px; }
QMenu::item:selected { background: $selection; color: $selection_text; }
QMenu::item:disabled { color: $faint; background: transparent; }
QMenu::separator { height: 1px; background: $border; margin: 5px 6px; }
QMenu::icon { padding-left: 8px; }
QMenu::indicator { width: 14px; height: 14px; margin-left: 8px; }
QStatusBar { background: $window; border-top: 1px solid $border; color: $muted; }
QStatusBar::item { border: none; }
QSplitter::handle { background: $border; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }
QSplitter::handle:hover { background: $accent; }

QTabWidget::pane { border: none; border-top: 1px solid $border; }
QTabWidget::tab-bar { left: 12px; }
QTabBar { background: transparent; qproperty-drawBase: 0; }
QTabBar::tab { background: transparent; color: $muted; padding: 9px 14px 8px 14px; border: none;
               border-bottom: 2px solid transparent; margin-right: 2px; }
QTabBar[slim="true"]::tab { padding: 9px 9px 8px 9px; margin-right: 0; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { color: $text; border-bottom: 2px solid $accent; }
QTabBar::tab:focus { background: $hover; }

QPushButton { background: $card; color: $text; border: 1px solid $border; border-radius: 6px; padding: 6px 14px; }
QPushButton:hover { background: $hover; }
QPushButton:pressed { background: $track; }
QPushButton:focus { border: 1px solid $accent; }
QPushButton:disabled { color: $faint; }
QPushButton[primary="true"] { background: $accent; color: $accent_text; border: 1px solid $accent; }
QPushButton[primary="true"]:hover, QPushButton[primary="true"]:focus { background: $accent_hover; }
QPushButton[primary="true"]:disabled { background: $track; color: $faint; border: 1px solid $track; }
QPushButton[segment] { padding: 5px 10px; }
QPushButton[segment="left"] { border-top-right-radius: 0; border-bottom-right-radius: 0; }
QPushButton[segment="middle"] { border-radius: 0; border-left: none; }
QPushButton[segment="right"] { border-top-left-radius: 0; border-bottom-left-radius: 0; border-left: none; }
QPushButton[segment]:checked { background: $selection; color: $selection_text; }
QPushButton[slim="true"] { padding: 3px 11px; }
QPushButton[chip="true"] { background: $base; border: 1px solid $base; border-radius: 10px; padding: 2px 9px; }
QPushButton[chip="true"]:hover { background: $hover; }
QPushButton[chip="true"]:focus { border: 1px solid $accent; }
QPushButton[link="true"] { background: transparent; border: 1px solid transparent; color: $link; padding: 3px 6px;
                           text-align: left; }
QPushButton[link="true"]:hover { background: $hover; }
QPushButton[link="true"]:focus { border: 1px solid $accent; }
QPushButton[link="true"]:disabled { color: $faint; }
QToolButton { background: transparent; border: 1px solid transparent; border-radius: 5px; padding: 3px; }
QToolButton[bare="true"] { padding: 3px 7px; }
QToolButton[bare="true"]::menu-indicator { image: none; width: 0; }
QToolButton:hover { background: $hover; }
QToolButton:focus { border: 1px solid $accent; }
QToolButton:checked { background: $selection; color: $selection_text; }

QLineEdit { background: $base; border: 1px solid $field; border-radius: 6px; padding: 2px 8px; min-height: 1.6em;
            selection-background-color: $selection; selection-color: $selection_text; }
QLineEdit:focus { border: 1px solid $accent; }
QComboBox { background: $card; color: $text; border: 1px solid $field; border-radius: 6px; padding: 4px 8px; }
QComboBox:hover { background: $hover; }
QComboBox:focus { border: 1px solid $accent; }
QComboBox:disabled { color: $faint; }
QComboBox::drop-down { border: none; width: 22px; }
QComboBox::down-arrow { image: url("$arrow"); width: 12px; height: 12px; }
QComboBox QAbstractItemView { background: $card; border: 1px solid $border; padding: 4px; selection-background-color: $selection;
                              selection-color: $selection_text; }
QCheckBox { spacing: 7px; }
QCheckBox::indicator, QAbstractItemView::indicator { width: 14px; height: 14px; border: 1px solid $field; border-radius: 4px;
                                                    background: $base; }
QCheckBox::indicator:hover, QAbstractItemView::indicator:hover, QCheckBox::indicator:focus { border: 1px solid $accent; }
QCheckBox::indicator:checked, QAbstractItemView::indicator:checked { background: $accent; border: 1px solid $accent; image: url("$check"); }
QCheckBox::indicator:disabled, QAbstractItemView::indicator:disabled { border: 1px solid $border; background: $track; }
QRadioButton { spacing: 8px; }
QRadioButton::indicator { width: 14px; height: 14px; border: 1px solid $field; border-radius: 8px; background: $base; }
QRadioButton::indicator:hover, QRadioButton::indicator:focus { border: 1px solid $accent; }
QRadioButton::indicator:checked { width: 6px; height: 6px; border: 5px solid $accent; background: $accent_text; }
QPlainTextEdit { background: $base; border: 1px solid $field; border-radius: 6px; padding: 4px; }
QPlainTextEdit:focus { border: 1px solid $accent; }
QCheckBox { spacing: 8px; }
QTreeWidget { border: 1px solid $border; border-radius: 6px; padding: 4px; }
QTreeWidget::item { padding: 2px 0; }
QPlainTextEdit#code { border: none; border-top: 1px solid $border; border-radius: 0; padding: 0; }
QPlainTextEdit#code:focus { border-top: 1px solid $accent; }
QFrame#findbar { background: $card; border-top: 1px solid $border; }
QAbstractItemView { background: $base; border: none; outline: none; }
QTableView[sheet="true"]::item { padding: 0 8px; }
QListView[sheet="true"] { padding: 5px 0; }
QListView[sheet="true"]::item { padding: 4px 9px; }
QListView[sheet="true"]::item:hover { background: $hover; }
QListView[sheet="true"]::item:selected { background: $selection; color: $selection_text; }
QHeaderView { background: $window; }
QHeaderView::section { background: $window; color: $muted; border: none; border-bottom: 1px solid $border;
                       border-right: 1px solid $border; padding: 5px 8px; }
QHeaderView::section:last { border-right: none; }
QHeaderView::section:vertical { border-right: none; }
QTableCornerButton::section { background: $window; border: none; }

QAbstractScrollArea::corner { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: 12px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 0; }
QScrollBar::handle { background: $track; border-radius: 4px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 30px; }
QScrollBar::handle:horizontal { min-width: 30px; }
QScrollBar::handle:hover { background: $faint; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QProgressBar { background: $track; border: none; border-radius: 3px; max-height: 6px; min-height: 6px; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }

QScrollArea { border: none; background: transparent; }
#page { background: $window; }
QFrame#factbox { background: $card; border: 1px solid $border; border-radius: 9px; }
QFrame#factbox[table="true"] { background: $base; }
QFrame#factbox:focus { border: 1px solid $accent; }
QLabel#key { background: $base; border: 1px solid $border; border-radius: 4px; padding: 0 4px; color: $muted; }
QFrame#drop { background: $base; border: 2px dashed $border; border-radius: 14px; }
QFrame#drop[hot="true"] { border: 2px dashed $accent; background: $info_background; }
QFrame#dropoverlay { background: $overlay; border: 3px dashed $accent; border-radius: 14px; }
QFrame#dropoverlay[hot="true"] { border: 3px solid $accent; }
QFrame[level="danger"] { background: $danger_background; border: 1px solid $danger_background; border-radius: 7px; }
QFrame[level="warning"] { background: $warning_background; border: 1px solid $warning_background; border-radius: 7px; }
QFrame[level="info"] { background: $info_background; border: 1px solid $info_background; border-radius: 7px; }
QFrame[level="ok"] { background: $ok_background; border: 1px solid $ok_background; border-radius: 7px; }
QFrame#banner { border-radius: 0; }
QFrame#palette { border-radius: 9px; background: $card; border: 1px solid $border; }
QFrame#palette QListView { background: $card; }
QLabel#badge { background: $accent; color: $accent_text; border-radius: 9px; padding: 0 5px; margin-right: 7px; }
QLabel#badge[level="danger"] { background: $danger; color: $base; }
QLabel#badge[level="warning"] { background: transparent; color: $warning; border: 1px solid $warning; }
QLabel#chip { background: $selection; color: $selection_text; border-radius: 8px; padding: 2px 9px; }
QFrame[level="danger"]:focus, QFrame[level="warning"]:focus, QFrame[level="info"]:focus { border: 1px solid $accent; }
QLabel { background: transparent; }
QTextEdit#prose { background: transparent; border: none; padding: 0; }
QTextEdit#prose[tone="muted"] { color: $muted; }
QTextEdit#prose[tone="danger"] { color: $danger; }
QTextEdit#prose[tone="warning"] { color: $warning; }
QTextEdit#prose[tone="info"] { color: $info; }
QLabel[tone="muted"] { color: $muted; }
QLabel[tone="faint"] { color: $faint; }
QLabel[tone="danger"] { color: $danger; }
QLabel[tone="warning"] { color: $warning; }
QLabel[tone="info"] { color: $info; }
QLabel[tone="ok"] { color: $ok; }
QLabel[tone="accent"] { color: $link; }
"""
