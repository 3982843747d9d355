"""What every part of the window uses: theme, icons, words, settings, dialogs of the desktop."""
