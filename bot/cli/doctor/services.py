"""Says which services ``SERVICES=all`` means, and which it leaves out."""

from bot.cli.doctor.findings import Finding, ok, warn
from bot.config.settings import Settings
from bot.evaluation.account_row import outage_text
from bot.targets.services import Choice, titles_of, watches_all
from bot.telegram.text.services import NAME_THEM, UNSAID, in_their_place

SERVICES = "SERVICES"


async def examine_services(settings: Settings, choice: Choice) -> list[Finding]:
    """The services that are tested here and watched by the bot; nothing where the settings name them."""
    return services_findings(choice) if watches_all(settings) else []


def services_findings(choice: Choice) -> list[Finding]:
    """One line of those that stand for all, and one of those that a setting would have to name."""
    if choice.unsaid:
        instead = in_their_place(choice.titles, remembered=choice.remembered)
        words = f"{UNSAID}: {outage_text(choice.unsaid)}. Tested: {instead}. Try again, {NAME_THEM}"
        return [warn(SERVICES, f"all: {words}")]
    found = [ok(SERVICES, f"all: {', '.join(choice.titles)}")]
    if choice.left_out:
        names = ",".join(choice.left_out)
        left_out = ", ".join(titles_of(choice.left_out))
        words = f"{left_out} is left out, because a check claims free credits there; to watch it: SERVICES=all,{names}"
        found.append(warn(SERVICES, words))
    return found
