"""Counters while the bot runs; ``bot/web/pages.py`` shows them at /metrics beside stored values."""

from prometheus_client import CollectorRegistry, Counter, Histogram

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """Counters of one bot, in a registry of their own, so that two bots in one process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.looks = Counter("credit_bot_checks", "Checks by their result", ["result"], registry=self.registry)
        self.look_seconds = Histogram(
            "credit_bot_check_seconds", "Seconds from request to answer", buckets=SECONDS, registry=self.registry
        )
        self.sends = Counter("credit_bot_sends", "Messages by their result", ["result"], registry=self.registry)
        self.send_seconds = Histogram(
            "credit_bot_send_seconds", "Seconds until Telegram answered", buckets=SECONDS, registry=self.registry
        )
        self.overruns = Counter(
            "credit_bot_overruns", "Looks skipped: the one before had not ended", registry=self.registry
        )
        self.misfires = Counter(
            "credit_bot_misfires", "Scheduled work that failed or was late", ["job"], registry=self.registry
        )
        self.polls = Counter(
            "credit_bot_polls", "Answers of Telegram to the polling", ["result"], registry=self.registry
        )
        self.skipped_updates = Counter(
            "credit_bot_updates_skipped", "Updates of Telegram that cannot be understood", registry=self.registry
        )
