#!/usr/bin/env bash
# Brings up what scripts/screenshots.mjs needs, a SLURM of its own among it, and keeps its pictures
# small. `make screenshots` calls it; by hand:
#   LLAMACTL=target/debug/llamactl scripts/screenshots.sh docs/screenshots
# Everything but the pictures lives in a scratch folder, and goes with it.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lab/common.sh
. "$here/lab/common.sh"
folder=$(realpath -m "${1:?usage: screenshots.sh FOLDER}")
LLAMACTL=$(readlink -f "${LLAMACTL:?set LLAMACTL to the built binary, or use: make screenshots}")
# The most that one picture may weigh, in bytes.
limit=150000

scratch=$(mktemp -d "${TMPDIR:-/tmp}/llamactl-pictures.XXXXXX")
cleanup() {
  LAB=$scratch/slurm "$here/lab/slurm-down.sh" >/dev/null || true
  rm -rf "$scratch"
}
trap cleanup EXIT
mkdir -p "$scratch"/{home,work/configs,runtime,tmp,bin,pictures}
for variable in $(compgen -e | grep -E '^(SLURM|SBATCH|SQUEUE|SINFO|SCANCEL|LLAMACTL_|XDG|NTFY|NOTIFY|REGISTRY)' || true); do
  unset "$variable"
done
export LLAMACTL LLAMACTL_LAB=$LAB_HOME HOME=$scratch/home XDG_RUNTIME_DIR=$scratch/runtime NO_COLOR=1
export LLAMACTL_SITE_CONFIG=$scratch/site.yaml LLAMACTL_LLAMA_SERVER=$LAB_HOME/tools/bin/llama-server
echo '{}' >"$LLAMACTL_SITE_CONFIG"

# What a desktop has as its own font; a server has one from 2004.
cat >"$scratch/fonts.conf" <<'XML'
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <match target="pattern"><test name="family"><string>system-ui</string></test><edit name="family" mode="prepend" binding="strong"><string>Inter</string></edit></match>
  <match target="pattern"><test name="family"><string>sans-serif</string></test><edit name="family" mode="prepend" binding="strong"><string>Inter</string></edit></match>
  <match target="pattern"><test name="family"><string>monospace</string></test><edit name="family" mode="prepend" binding="strong"><string>JetBrains Mono</string></edit></match>
</fontconfig>
XML
export FONTCONFIG_FILE=$scratch/fonts.conf

for model in tiny slow; do
  file=$LAB_HOME/$model.gguf
  args=()
  [ "$model" = tiny ] || args=(--slow)
  [ -s "$file" ] || "$here/lab/tiny-model.py" "$file" "${args[@]}"
  cat >"$scratch/work/configs/$model.yaml" <<YAML
name: $model
model: $file
server: { context: 8192, threads: 1, parallel: 2, host: 127.0.0.1, advertise: 127.0.0.1 }
slurm: { cpus: 1, mem: 200M, gpus: 1, time: "8:00:00" }
YAML
done
CLUSTER=jura LAB=$scratch/slurm "$here/lab/slurm-up.sh" >/dev/null
export SLURM_CONF=$scratch/slurm/etc/slurm.conf PATH=$PATH:/usr/sbin:/sbin

node "$here/screenshots.mjs" "$scratch/pictures" "$scratch"

mkdir -p "$folder"
for picture in "$scratch"/pictures/*.png; do
  name=$(basename "${picture%.png}").webp
  cwebp -quiet -near_lossless 40 -z 6 "$picture" -o "$scratch/$name"
  # A picture with much in it.
  [ "$(stat -c %s "$scratch/$name")" -le "$limit" ] || cwebp -quiet -q 80 -m 6 "$picture" -o "$scratch/$name"
  size=$(stat -c %s "$scratch/$name")
  [ "$size" -le "$limit" ] || die "$name has $size bytes, more than $limit"
  mv "$scratch/$name" "$folder/$name"
done
printf '%s pictures in %s, %s\n' "$(find "$folder" -name '*.webp' | wc -l)" "$folder" "$(du -sh "$folder" | cut -f 1)"
