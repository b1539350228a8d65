#!/usr/bin/env bash
# The rivals, each in an environment of its own under $SYNTHESIST_PEERS, in the versions that were measured.
#   SYNTHESIST_PEERS=folder bash benchmarks/peers/setup.sh [sdv] [sdmetrics] [mostlyai] [synthpop] [people]
#     [dpmm] [smartnoise]     (no name: all)
# SDV is under the Business Source License: it is measured, and nothing of synthesist depends on it.
set -euo pipefail
: "${SYNTHESIST_PEERS:?say where the environments are to lie}"
PYTHON=${PYTHON:-python3.11}
mkdir -p "$SYNTHESIST_PEERS"
pin="$SYNTHESIST_PEERS/constraints.txt"
echo "torch==2.13.0" > "$pin"   # without a pin pip takes a build for graphics cards

peer() { # NAME PACKAGES...
  local name=$1; shift
  [ -d "$SYNTHESIST_PEERS/$name" ] || "$PYTHON" -m venv "$SYNTHESIST_PEERS/$name"
  "$SYNTHESIST_PEERS/$name/bin/python" -m pip install -q -c "$pin" "$@"
}

for name in "${@:-sdv sdmetrics mostlyai synthpop people dpmm smartnoise}"; do
  for one in $name; do
    case $one in
      sdv) peer sdv sdv==2.0.0 pyarrow ;;
      sdmetrics) peer sdmetrics sdmetrics==0.32.0 pyarrow ;;
      mostlyai) # its image and sound parts do not match a build of torch without them, and are not used
        peer mostlyai mostlyai-engine==2.7.3 pyarrow
        "$SYNTHESIST_PEERS/mostlyai/bin/python" -m pip uninstall -q -y torchvision torchaudio ;;
      synthpop) # it declares nothing and needs an old pandas
        "$PYTHON" -m venv "$SYNTHESIST_PEERS/synthpop"
        "$SYNTHESIST_PEERS/synthpop/bin/python" -m pip install -q "setuptools<81" wheel
        peer synthpop py-synthpop==0.1.2 pandas==1.5.3 numpy==1.26.4 scikit-learn==1.9.1 scipy pyarrow==16.1.0 ;;
      dpmm) # it needs numpy 1, for which this pyarrow was built
        peer dpmm torch dpmm==0.1.9 pyarrow==16.1.0 ;;
      smartnoise) peer smartnoise torch smartnoise-synth==1.0.8 mbi==1.1.0 pyarrow ;;
      people) peer people faker==40.54.0 mimesis==22.2.0 ;;
      *) echo "no peer $one" >&2; exit 2 ;;
    esac
  done
done
