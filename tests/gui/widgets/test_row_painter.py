from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from inspector.gui.widgets.row_painter import _Text


def test_that_a_name_that_is_hebrew_behind_a_number_has_its_parts_in_their_order(qapp: QApplication) -> None:
    pictures = []
    for text in ("0.\u05d0", "\u200e0.\u05d0"):          # the second begins with a mark that says so
        made, picture = _Text(text, qapp.font()), QImage(60, 40, QImage.Format.Format_RGB32)
        picture.fill(Qt.GlobalColor.white)
        painter = QPainter(picture)
        painter.setFont(qapp.font())
        painter.drawStaticText(QPointF(2, 2), made.drawn)
        painter.end()
        pictures.append(picture)
    assert pictures[0] == pictures[1]
