"""The first window's end of `instance`: listens for files that later starts hand over.

QtNetwork costs as much as half the window, so it is loaded when listening begins, after the first picture.
"""
from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject, QTimer, Signal

from . import instance

if TYPE_CHECKING:
    from PySide6.QtNetwork import QLocalServer, QLocalSocket

_TOUCH = 2 * 60 * 60 * 1000         # ms; runtime folders are swept of what was not touched for six hours
_PATIENCE = 5000                    # ms that a caller may take for its line


class Server(QObject):
    asked = Signal(object)          # list of absolute paths; none means "come to the front". As object: Qt text drops surrogates

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._server: QLocalServer | None = None
        self._touch = QTimer(self)
        self._touch.setInterval(_TOUCH)
        self._touch.timeout.connect(self._refresh)
        self._heard: dict[QLocalSocket, bytearray] = {}

    def listen(self, listening: socket.socket | None = None) -> bool:
        """On the socket that `instance.start` has opened already, or on one of its own. False when another window listens or no socket can
        be had here; nothing is wrong then."""
        from PySide6.QtNetwork import QLocalServer
        address = instance.socket_path()
        if address is None:
            return False
        self._server = QLocalServer(self)
        self._server.newConnection.connect(self._greet)
        if listening is not None:
            there = self._server.listen(listening.detach())
        elif self._is_answered(address):
            return False
        else:
            QLocalServer.removeServer(address)          # left behind by a process that is gone
            if os.name == "nt":
                self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
            there = self._server.listen(address)
        if not there:
            return False
        if os.name != "nt":
            os.chmod(address, 0o600)
        self._touch.start()
        return True

    @staticmethod
    def _is_answered(address: str) -> bool:
        from PySide6.QtNetwork import QLocalSocket
        if os.name != "nt" and not os.path.exists(address):
            return False
        probe = QLocalSocket()
        probe.connectToServer(address)
        found = probe.waitForConnected(200)
        probe.abort()
        return found

    def close(self) -> None:
        self._touch.stop()
        for link in list(self._heard):
            link.abort()
        if self._server is not None:
            self._server.close()

    def _greet(self) -> None:
        while self._server is not None and (link := self._server.nextPendingConnection()) is not None:
            self._heard[link] = bytearray()
            # no lambdas: a link that holds the last reference to us would end us in its own end
            link.readyRead.connect(self._read_sender)
            link.disconnected.connect(self._leave)
            QTimer.singleShot(_PATIENCE, link, link.abort)
            if link.bytesAvailable():
                self._read(link)

    def _read_sender(self) -> None:
        self._read(cast("QLocalSocket", self.sender()))

    def _read(self, link: QLocalSocket) -> None:
        heard = self._heard.get(link)
        if heard is None:
            return
        heard += bytes(link.read(instance.CAP + 1 - len(heard)).data())
        line, newline, _ = bytes(heard).partition(b"\n")
        if not newline:
            if len(heard) > instance.CAP:
                link.abort()
            return
        paths = instance.parse(line)
        link.write(b"ok\n" if paths is not None else b"no\n")
        link.flush()
        link.disconnectFromServer()
        if paths is not None:
            self.asked.emit(paths)

    def _leave(self) -> None:
        link = cast("QLocalSocket", self.sender())
        if self._heard.pop(link, None) is not None:
            link.deleteLater()

    def _refresh(self) -> None:
        try:
            if self._server is not None and os.name != "nt":
                os.utime(self._server.fullServerName())
        except OSError:
            self._touch.stop()
