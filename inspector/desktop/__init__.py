"""Double-click: file types and programs of the desktop, per user."""
