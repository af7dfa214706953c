#!/usr/bin/env bash
# Installs smp-check into an interpreter environment of its own below RUNNER_TEMP, and says where: the job's Python,
# its PATH and its environment files stay as they are. Everything comes by hash; the tool's own files are copied.
set -euo pipefail

# Settings of the job that would lead Python or pip elsewhere. Index, proxy and certificate settings stay.
unset PYTHONPATH PYTHONHOME PYTHONSTARTUP VIRTUAL_ENV PIP_TARGET PIP_PREFIX PIP_USER PIP_REQUIRE_VIRTUALENV \
  PIP_CONSTRAINT PIP_REQUIREMENT PIP_NO_BINARY PIP_PRE PIP_NO_INDEX_FALLBACK

action="${GITHUB_ACTION_PATH:?}"
candidates=(python3 python)
if [ -n "${SMP_PYTHON:-}" ]; then candidates=("$SMP_PYTHON"); fi
python=""
for candidate in "${candidates[@]}"; do # a python3 on Windows may be no more than an advertisement of the Microsoft Store
  if "$candidate" -I -c 'import sys; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1; then
    python="$candidate"
    break
  fi
done
if [ -z "$python" ]; then
  echo "::error title=smp-check::smp-check needs Python 3.10 or newer; give its path with the input \`python\`"
  exit 2
fi

mark="$("$python" -I "$action/scripts/identify.py" "$action")"
home="${RUNNER_TEMP:?}/smp-check/$mark"
case "${RUNNER_OS:-$(uname -s)}" in
  Windows | MINGW* | MSYS* | CYGWIN*) own="$home/Scripts/python.exe" ;;
  *) own="$home/bin/python" ;;
esac

if [ ! -f "$home/complete" ]; then
  rm -rf "$home"
  "$python" -I -m venv --without-pip "$home" # no more than this is there where Debian's python3-venv is missing
  if "$python" -I -m pip --python "$own" --version >/dev/null 2>&1; then
    pip=("$python" -I -m pip --python "$own")
  elif "$own" -I -m ensurepip >/dev/null 2>&1; then # pip knows --python since 22.3
    pip=("$own" -I -m pip)
  else
    echo "::error title=smp-check::$python has neither pip 22.3 or newer nor ensurepip; install pip, or leave the input \`python\` empty"
    exit 2
  fi
  "${pip[@]}" install --quiet --disable-pip-version-check --no-input --no-compile --no-deps --require-hashes \
    --only-binary :all: -r "$action/requirements/action.txt"
  "$own" -I "$action/scripts/copy_package.py" "$action"
  : >"$home/complete"
fi
printf 'python=%s\n' "$own" >>"${GITHUB_OUTPUT:?}"
