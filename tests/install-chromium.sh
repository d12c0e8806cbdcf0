#!/usr/bin/env bash
# The browser tests use the system's Chromium. Root installs it where it is missing; otherwise
# those tests are skipped with a reason (and fail in CI).
set -u
command -v chromium >/dev/null || command -v chromium-browser >/dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing Chromium for the browser tests"
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -qq && apt-get install -y -qq chromium fonts-noto-cjk fonts-noto-color-emoji; } >/dev/null \
    || echo "Chromium could not be installed; the browser tests are skipped"
else
  echo "no Chromium here and not root; the browser tests are skipped"
fi
exit 0
