"""PixVerse and Telegram over real HTTP: for tests, benchmarks and the demo. Imports nothing of the bot."""
