/** The servers that run beside Postgres. */
export type GoServerName = 'nats-server' | 'temporal-server' | 'prometheus';

/** A server built from a pinned Go module under `infra/<name>`; its `go.sum` checks every source file. */
export interface GoServerRelease {
  readonly name: GoServerName | 'versitygw';
  readonly version: string;
  /** Packages to build, as `go build` names them; each gives a binary named by its last path element, or `binaries`. */
  readonly targets: readonly { readonly binary: string; readonly package: string }[];
  readonly tags: readonly string[];
  /** Variables set by the linker, so that the binary knows its version. */
  readonly linkerVariables: Readonly<Record<string, string>>;
  /** Arguments that print the version, and where it stands in the output. */
  readonly versionArguments: readonly string[];
  readonly versionPattern: RegExp;
  /** A binary from PATH or the environment is taken from this version on, within the same major version. */
  readonly minimumVersion: string;
  /** Names a binary that the user brings. */
  readonly environmentVariable: string;
  /** Usual time of the first build on two cores. */
  readonly usually: string;
}

export const goServers: Readonly<Record<GoServerName, GoServerRelease & { readonly name: GoServerName }>> = {
  'nats-server': {
    name: 'nats-server',
    version: '2.15.2',
    targets: [{ binary: 'nats-server', package: 'github.com/nats-io/nats-server/v2' }],
    tags: [],
    linkerVariables: {},
    versionArguments: ['--version'],
    versionPattern: /nats-server: v(\d+\.\d+\.\d+)/,
    minimumVersion: '2.12.0',
    environmentVariable: 'TRIBUTARY_NATS_SERVER',
    usually: 'half a minute',
  },
  'temporal-server': {
    name: 'temporal-server',
    version: '1.32.0',
    targets: [{ binary: 'temporal-server', package: '.' }],
    tags: [],
    linkerVariables: { 'main.version': '1.32.0' },
    versionArguments: ['-version'],
    // Temporal's own program of this name has other flags: only ours prints this.
    versionPattern: /^temporal-server: v(\d+\.\d+\.\d+)/,
    minimumVersion: '1.30.0',
    environmentVariable: 'TRIBUTARY_TEMPORAL_SERVER',
    usually: '4 to 5 minutes',
  },
  prometheus: {
    name: 'prometheus',
    version: '3.16.0',
    targets: [
      { binary: 'prometheus', package: 'github.com/prometheus/prometheus/cmd/prometheus' },
      { binary: 'promtool', package: 'github.com/prometheus/prometheus/cmd/promtool' },
    ],
    // File discovery stays in; the cloud providers' are most of the build.
    tags: ['remove_all_sd'],
    linkerVariables: { 'github.com/prometheus/common/version.Version': '3.16.0' },
    versionArguments: ['--version'],
    versionPattern: /prometheus, version (\d+\.\d+\.\d+)/,
    minimumVersion: '3.0.0',
    environmentVariable: 'TRIBUTARY_PROMETHEUS',
    usually: '2 minutes',
  },
};

/** An S3 gateway to a folder: what tests of the S3 checkpoint store run against. */
export const s3Gateway: GoServerRelease = {
  name: 'versitygw',
  version: '1.8.0',
  targets: [{ binary: 'versitygw', package: 'github.com/versity/versitygw/cmd/versitygw' }],
  tags: [],
  linkerVariables: { 'main.Version': '1.8.0' },
  versionArguments: ['--version'],
  versionPattern: /Version\s*: v?(\d+\.\d+\.\d+)/,
  minimumVersion: '1.8.0',
  environmentVariable: 'TRIBUTARY_VERSITYGW',
  usually: '1 to 2 minutes',
};

/** The Go version that the modules in `infra/` ask for. */
export const minimumGoVersion = '1.26.8';

/** Negative, zero or positive as `a` is lower than, equal to or higher than `b`; both `major.minor.patch`. */
export function compareVersions(a: string, b: string): number {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let index = 0; index < 3; index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Whether a binary of `version` that the user brings can serve; the reason if not. */
export function versionProblem(release: GoServerRelease, version: string | undefined): string | undefined {
  const wanted = `${release.minimumVersion} or later of version ${release.version.split('.')[0]}`;
  if (version === undefined)
    return `does not say a version of ${release.name} (${release.versionArguments.join(' ')}); ${wanted} is needed`;
  const sameMajor = version.split('.')[0] === release.version.split('.')[0];
  if (sameMajor && compareVersions(version, release.minimumVersion) >= 0) return undefined;
  return `is version ${version}; ${wanted} is needed`;
}
