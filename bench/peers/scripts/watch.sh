#!/usr/bin/env bash
# Tells a Telegram chat when an account has few credits left, and when it has enough again. In the crontab:
#   */15 * * * *  . ~/watch.env; flock -n /tmp/watch.lock ~/watch.sh
#
# Written for the comparison in bench/peers, as somebody who knows their shell would write it in half an hour. Each
# choice is the usual one; where two are usual, the more careful one was taken.
set -euo pipefail

USEAPI_URL=${USEAPI_URL:-https://api.useapi.net/v2}
TELEGRAM_API_URL=${TELEGRAM_API_URL:-https://api.telegram.org}
THRESHOLD=${THRESHOLD:-3000}
STATE_DIR=${STATE_DIR:-$HOME/.watch}
mkdir -p "$STATE_DIR"

# What most guides say a curl in cron needs: errors are failures, nothing hangs, passing trouble (5xx, 429, timeouts) is
# tried again after 1, 2 and 4 seconds, or after what Retry-After says.
CURL=(curl --silent --show-error --fail --max-time 10 --retry 3)

tell() {
  "${CURL[@]}" --output /dev/null "$TELEGRAM_API_URL/bot$TELEGRAM_BOT_TOKEN/sendMessage" \
    --data-urlencode "chat_id=$TELEGRAM_CHAT_ID" --data-urlencode "text=$1"
}

for email in $ACCOUNTS; do
  flag="$STATE_DIR/$email.low"

  # One account in trouble must not keep the others from being looked at. curl says why on stderr, which is cron's mail
  # or the syslog. Telling the chat from here is as easily written, but then every short trouble is told every time.
  body=$("${CURL[@]}" --get "$USEAPI_URL/pixverse/features/" --header "Authorization: Bearer $USEAPI_TOKEN" \
    --data-urlencode "email=$email") || continue

  # The page documents every field as optional, and an account without a package may have none: hence the "// 0".
  credits=$(jq '(.credit_daily // 0) + (.credit_monthly // 0) + (.credit_package // 0)' <<<"$body") || continue

  # A flag file, so that it is told once and not at every run. It changes only after Telegram has taken the message, so
  # what could not be sent is tried again at the next run.
  if (( credits < THRESHOLD )) && [[ ! -e $flag ]]; then
    tell "⚠️ $email: only $credits credits left" && touch "$flag"
  elif (( credits >= THRESHOLD )) && [[ -e $flag ]]; then
    tell "✅ $email: $credits credits again" && rm "$flag"
  fi
done
