"""The types of settings: pydantic reads each from its text."""

from datetime import time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator
from pydantic_settings import NoDecode

from bot.config.parsers import (
    Address,
    NamedAccount,
    parse_accounts,
    parse_address,
    parse_chats,
    parse_clock,
    parse_credit_ladder,
    parse_database,
    parse_ids,
    parse_interval,
    parse_job_cost,
    parse_quiet,
    parse_refused_jobs,
    parse_services,
    parse_telegram_url,
    parse_time_ladder,
    parse_useapi_url,
    parse_wait,
    parse_zone,
)
from bot.domain.accounts import JobCost
from bot.domain.chats import Chat
from bot.domain.quiet_hours import QuietHours
from bot.domain.rules import Thresholds

CreditLadder = Annotated[Thresholds, NoDecode, BeforeValidator(parse_credit_ladder)]
Cost = Annotated[JobCost | None, NoDecode, BeforeValidator(parse_job_cost)]
TimeLadder = Annotated[Thresholds, NoDecode, BeforeValidator(parse_time_ladder)]
RefusedJobs = Annotated[int, NoDecode, BeforeValidator(parse_refused_jobs)]
Wait = Annotated[timedelta, NoDecode, BeforeValidator(parse_wait)]
Interval = Annotated[timedelta, NoDecode, BeforeValidator(parse_interval)]
Chats = Annotated[tuple[Chat, ...], NoDecode, BeforeValidator(parse_chats)]
Ids = Annotated[frozenset[int], NoDecode, BeforeValidator(parse_ids)]
Accounts = Annotated[tuple[NamedAccount, ...], NoDecode, BeforeValidator(parse_accounts)]
Services = Annotated[tuple[str, ...], NoDecode, BeforeValidator(parse_services)]
Listen = Annotated[Address | None, NoDecode, BeforeValidator(parse_address)]
Quiet = Annotated[QuietHours | None, NoDecode, BeforeValidator(parse_quiet)]
ClockTime = Annotated[time | None, NoDecode, BeforeValidator(parse_clock)]
Zone = Annotated[ZoneInfo, NoDecode, BeforeValidator(parse_zone)]
TelegramUrl = Annotated[str, BeforeValidator(parse_telegram_url)]
UseapiUrl = Annotated[str, BeforeValidator(parse_useapi_url)]
DatabaseFile = Annotated[str, BeforeValidator(parse_database)]
