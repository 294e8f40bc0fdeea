import { join } from 'node:path';
import { repositoryRoot } from '@tributary/devstack';
import ts from 'typescript';

/** The SDK's types, as JSON has them: enums by their values, no methods; panels and queries by their kind, nothing else allowed. */
const declarations = `
import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus';
import type * as stat from '@grafana/grafana-foundation-sdk/stat';
import type * as table from '@grafana/grafana-foundation-sdk/table';
import type * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';
import type * as trend from '@grafana/grafana-foundation-sdk/trend';

type Json<T> = T extends string ? \`\${T}\` : T extends number | boolean | null | undefined ? T
  : T extends readonly (infer E)[] ? Json<E>[] : { [K in keyof T as T[K] extends () => void ? never : K]: Json<T[K]> };
interface Postgres {
  refId: string;
  datasource: { type: 'grafana-postgresql-datasource'; uid: string };
  editorMode: 'code';
  format: 'table' | 'time_series';
  rawQuery: true;
  rawSql: string;
}
type Defaults<C> = Omit<Json<dashboard.FieldConfig>, 'custom' | 'links'> & { custom?: C; links?: Link[] };
type Link = Partial<Json<dashboard.DashboardLink>> & { title: string; url: string };
type PanelOf<T extends string, O, C> =
  Omit<Json<dashboard.Panel>, 'type' | 'options' | 'fieldConfig' | 'targets' | 'transformations' | 'gridPos'> & {
    type: T;
    id: number;
    title: string;
    description: string;
    gridPos: Json<dashboard.GridPos>;
    options: Partial<Json<O>>;
    fieldConfig: { defaults: Defaults<Partial<Json<C>>>; overrides: { matcher: { id: string; options: string }; properties: { id: string; value: unknown }[] }[] };
    targets: (Json<Dataquery> | Postgres)[];
    transformations?: { id: 'merge' | 'organize' | 'groupingToMatrix'; options: unknown }[];
  };
type Panel =
  | PanelOf<'stat', stat.Options, Record<never, never>>
  | PanelOf<'timeseries', timeseries.Options, timeseries.FieldConfig>
  | PanelOf<'trend', trend.Options, trend.FieldConfig>
  | PanelOf<'table', table.Options, table.FieldConfig>
  | Json<dashboard.RowPanel>;
type Variable = Omit<Json<dashboard.VariableModel>, 'query' | 'current'> & {
  query: string | { query: string; refId: string; qryType: 1 };
  current?: { selected: boolean; text: string[]; value: string[] };
};
export type Shipped = Omit<Json<dashboard.Dashboard>, 'panels' | 'templating' | 'annotations' | 'links'> & {
  uid: string;
  panels: Panel[];
  templating: { list: Variable[] };
  annotations: { list?: [] };
  links: Omit<Json<dashboard.DashboardLink>, 'placement'>[];
};
`;

/** Where the text of a dashboard breaks the SDK's types; empty where it does not. */
export function typeErrors(texts: ReadonlyMap<string, string>): string[] {
  const folder = join(repositoryRoot(), 'packages', 'dashboards', 'src');
  const files = new Map([[join(folder, 'shipped.ts'), declarations]]);
  for (const [name, text] of texts)
    files.set(
      join(folder, `${name}.ts`),
      `import type { Shipped } from './shipped.js';\nexport const dashboard: Shipped = ${text.trimEnd()};\n`,
    );
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (file) => files.has(file) || fileExists(file);
  host.readFile = (file) => files.get(file) ?? readFile(file);
  const getSourceFile = host.getSourceFile.bind(host);
  host.getSourceFile = (file, languageVersion, ...rest) => {
    const text = files.get(file);
    return text === undefined
      ? getSourceFile(file, languageVersion, ...rest)
      : ts.createSourceFile(file, text, languageVersion);
  };
  const program = ts.createProgram([...files.keys()], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const line = file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line : 0;
    return `${file?.fileName.split('/').at(-1)}:${line} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}
