#!/bin/sh
# Says what is missing before anything of ours can run.
if ! command -v node >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
  echo "Node 20.19 or later with npm is needed; install it from https://nodejs.org" >&2
  exit 1
fi
node -e '
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) process.exit(0);
  console.error(`Node 20.19 or later is needed, this is ${process.version}; install it from https://nodejs.org`);
  process.exit(1);
'
