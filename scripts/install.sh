#!/usr/bin/env bash
# Installs smp-check into an interpreter environment of its own below RUNNER_TEMP, and says where: the job's Python,
# its PATH and its environment files stay as they are. Everything comes by hash; the tool's own files are copied.
set -euo pipefail

# Settings of the job that would lead Python or pip elsewhere. Index, proxy and certificate settings stay.
unset PYTHONPATH PYTHONHOME PYTHONSTARTUP VIRTUAL_ENV PIP_TARGET PIP_PREFIX PIP_USER PIP_REQUIRE_VIRTUALENV \
  PIP_CONSTRAINT PIP_REQUIREMENT PIP_NO_BINARY PIP_PRE PIP_NO_INDEX_FALLBACK

action="${GITHUB_ACTION_PATH:?}"
python="${SMP_PYTHON:-}"
if [ -z "$python" ]; then
  python="$(command -v python3 || command -v python || true)"
fi
if ! "$python" -I -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
  echo "::error title=smp-check::smp-check needs Python 3.10 or newer; give its path with the input \`python\`"
  exit 2
fi

mark="$("$python" -I "$action/scripts/identify.py" "$action")"
home="${RUNNER_TEMP:?}/smp-check/$mark"
case "${RUNNER_OS:-}" in Windows) own="$home/Scripts/python.exe" ;; *) own="$home/bin/python" ;; esac

if [ ! -f "$home/complete" ]; then
  rm -rf "$home"
  if "$python" -I -m pip --version >/dev/null 2>&1; then
    "$python" -I -m venv --without-pip "$home"
    pip=("$python" -I -m pip --python "$own")
  else
    "$python" -I -m venv "$home"
    pip=("$own" -I -m pip)
  fi
  "${pip[@]}" install --quiet --disable-pip-version-check --no-input --no-compile --no-deps --require-hashes \
    --only-binary :all: -r "$action/requirements/action.txt"
  "$own" -I "$action/scripts/copy_package.py" "$action"
  : >"$home/complete"
fi
echo "python=$own" >>"${GITHUB_OUTPUT:?}"
