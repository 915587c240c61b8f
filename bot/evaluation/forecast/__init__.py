"""When credits run out, from an account's past. Pure."""
