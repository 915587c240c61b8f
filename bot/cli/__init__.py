"""What a terminal may ask. Each command imports only what it needs."""
