"""/mute, snooze and acknowledgement."""
