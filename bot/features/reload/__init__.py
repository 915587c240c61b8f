"""/reload and SIGHUP: the accounts file, read again."""
