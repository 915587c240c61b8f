"""useapi.net: its pages, its errors, and the services behind it."""
