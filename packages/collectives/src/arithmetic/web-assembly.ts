/**
 * The part of WebAssembly's JavaScript interface that is used here. TypeScript declares it only together with the whole
 * browser. Undefined on a host without it.
 */
export interface WebAssemblyModule {
  readonly __brand: 'WebAssembly.Module';
}

export interface WebAssemblyMemory {
  readonly buffer: SharedArrayBuffer;
}

interface WebAssemblyInterface {
  validate(code: Uint8Array<ArrayBuffer>): boolean;
  Module: new (code: Uint8Array<ArrayBuffer>) => WebAssemblyModule;
  /** Sizes in pages of 64 KiB. */
  Memory: new (size: {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: true;
  }) => WebAssemblyMemory;
  Instance: new (
    module: WebAssemblyModule,
    imports: Readonly<Record<string, Readonly<Record<string, WebAssemblyMemory>>>>,
  ) => { readonly exports: Readonly<Record<string, unknown>> };
}

export const webAssembly = (globalThis as unknown as { readonly WebAssembly?: WebAssemblyInterface }).WebAssembly;
