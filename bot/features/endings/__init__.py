"""Messages say when their alerts ended."""
