import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@tributary/devstack';
import { parse } from 'yaml';

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly (AlertRule | RecordingRule)[] }[];
}

export const ruleFiles = ['alerts.yml', 'recording.yml'].map((name) =>
  join(repositoryRoot(), 'infra', 'prometheus', 'rules', name),
);

const rules = ruleFiles.flatMap((file) =>
  (parse(readFileSync(file, 'utf8')) as RuleFile).groups.flatMap((group) => group.rules),
);
export const alertRules: readonly AlertRule[] = rules.filter((rule) => 'alert' in rule);
export const recordingRules: readonly RecordingRule[] = rules.filter((rule) => 'record' in rule);
