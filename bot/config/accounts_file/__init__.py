"""The accounts file: TOML with several sources, labels, rules and chats."""
