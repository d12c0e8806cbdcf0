#!/usr/bin/env bash
# Programs of the system that tests use: `install.sh chromium headless proxies w3m java`. Root installs
# what is missing by the package manager; otherwise the tests that need it are skipped with a reason,
# and the browser tests fail in CI. The status is 1 if one is missing; without `headless`, which takes
# half of Chromium's processor time, Chromium stands in.
set -u
export DEBIAN_FRONTEND=noninteractive

is_there() {
  case $1 in
    chromium) command -v chromium || command -v chromium-browser ;;
    headless) command -v chromium-headless-shell ;;
    java) java -version ;;
    proxies) command -v haproxy && command -v nginx && command -v pgbouncer ;;
    w3m) command -v w3m ;;
  esac >/dev/null 2>&1
}

packages_of() {
  case $1 in
    chromium) echo chromium fonts-noto-cjk fonts-noto-color-emoji ;;
    headless) echo chromium-headless-shell ;;
    java) echo openjdk-17-jre-headless ;; # Spark needs 17.
    proxies) echo haproxy nginx-light pgbouncer ;;
    w3m) echo w3m ;;
  esac
}

missing=0
for name in "$@"; do
  is_there "$name" && continue
  echo "installing $name for the tests"
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq >/dev/null
    for package in $(packages_of "$name"); do
      apt-get install -y -qq "$package" >/dev/null
    done
    is_there "$name" && continue
  fi
  if [ "$name" = headless ]; then
    echo "the tests run Chromium, which takes twice the processor time of chromium-headless-shell"
    continue
  fi
  echo "$name is not here and could not be installed: the tests that need it are skipped"
  missing=1
done
exit $missing
