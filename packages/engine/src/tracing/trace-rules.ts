import type { DataId, DataType, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import { isUniform } from '../tensorflow/graph.js';
import { tf } from '../tensorflow-js.js';
import { operationOfScope, operationsUnderWay, refuse } from './refusal.js';

/** Largest constant, in elements, that a function may make of unequal values: a larger one is data, not a constant. */
export const constantLimit = 4096;

type Numbers = Float32Array | Int32Array | Uint8Array;
type Values = Numbers | string[] | Uint8Array[];

/** The doors of the tfjs engine through which every operation, tensor and read passes. */
interface Engine {
  readonly state: { readonly tensorInfo: WeakMap<DataId, TensorInfo> };
  startScope(name?: string): void;
  runKernelFunc(call: { readonly inputs: Readonly<Record<string, unknown>> }): unknown;
  makeTensor(values: Values, shape: number[], dtype?: DataType, backend?: unknown): Tensor;
  makeVariable(...args: unknown[]): unknown;
  trackTensor(tensor: Tensor, backend?: unknown): void;
  disposeTensor(tensor: Tensor): void;
  readSync(dataId: DataId): unknown;
  read(dataId: DataId): Promise<unknown>;
}

/** Operations that draw their numbers in JavaScript, so that a graph would hold one draw for ever. */
const frozenDraws = new Set([
  'rand',
  'randomGamma',
  'randomNormal',
  'randomStandardNormal',
  'randomUniform',
  'randomUniformInt',
  'truncatedNormal',
  'multinomial',
]);

/** Operations whose output has a shape that the values of their inputs decide. */
const shapedByData = /^(unique|nonMaxSuppression(WithScore)?|ragged\w+|sparseFillEmptyRows|booleanMask|setdiff1d)$/;

const describe = ({ dtype, shape }: TensorInfo): string => `a ${dtype} tensor of shape [${shape.join(',')}]`;

const randomRemedy = 'take operations.randomMask or operations.randomUniform, or pass the numbers as an input';

/** Whether one of the engine's own operations runs, which may read and make what they need. */
const inOwnOperation = (): boolean => operationsUnderWay().some((name) => name.startsWith('operations.'));

/**
 * What a function may do while it is traced, the same on every backend: only what each later run would do again on other
 * values. Watches one run of it and throws `TRACE_REFUSED` at the first step that breaks a rule.
 */
export class TraceRules {
  readonly #name: string;
  readonly #engine = tf.engine() as unknown as Engine;
  readonly #made = new WeakSet<DataId>();
  readonly #tensors: Tensor[] = [];
  /** Constants that no operation has used yet: reading them back is harmless. */
  readonly #unread = new WeakMap<DataId, { readonly elements: number; readonly large: boolean }>();

  constructor(name: string, inputs: readonly Tensor[]) {
    this.#name = name;
    for (const { dataId } of inputs) this.#made.add(dataId);
  }

  /** Runs `body` under the rules. */
  watch<T>(body: () => T): T {
    const engine = this.#engine;
    const random = Math.random;
    const hooks = this.#hooks();
    Object.assign(engine, hooks);
    Math.random = () => {
      throw refuse(this.#name, 'Math.random', 'draws a number that every run would repeat', randomRemedy);
    };
    try {
      return body();
    } finally {
      Math.random = random;
      // The engine's methods are those of its class again.
      for (const hook of Object.keys(hooks)) delete engine[hook as keyof typeof hooks];
    }
  }

  /** The tensors that the function returned, if they may leave it. */
  checkOutputs(returned: unknown): readonly Tensor[] {
    if (returned instanceof Promise) {
      returned.catch(() => {});
      throw this.#refuse('is asynchronous', 'write it without async and await');
    }
    if (!Array.isArray(returned) || returned.length === 0)
      throw this.#refuse('returns no array of tensors', 'return at least one tensor in an array');
    returned.forEach((output: unknown, index) => {
      if (!(output instanceof tf.Tensor))
        throw this.#refuse(`returns something at ${index} that is no tensor`, 'return tensors alone');
      if (output.isDisposed)
        throw this.#refuse(`returns a tensor at ${index} that it disposed of`, 'leave disposing to the engine');
      this.#checkUse(output);
    });
    return returned as Tensor[];
  }

  /** Frees what the function kept from being freed. */
  release(): void {
    for (const tensor of this.#left()) tensor.dispose();
  }

  /** Refuses what the function kept from being freed: every run would leave it behind. */
  checkNothingKept(): void {
    const [kept] = this.#left();
    if (kept === undefined) return;
    throw this.#refuse(`keeps ${describe(kept)} (tf.keep), which every run would leave behind`, 'return it instead');
  }

  #left(): Tensor[] {
    return this.#tensors.filter(({ isDisposed }) => !isDisposed);
  }

  #refuse(why: string, remedy: string, operation?: string): Error {
    return refuse(this.#name, operation, why, remedy);
  }

  #hooks(): Omit<Engine, 'state'> {
    const engine = this.#engine;
    const original = Object.getPrototypeOf(engine) as Engine;
    return {
      startScope: (scope) => {
        const operation = operationOfScope(scope);
        if (operation !== undefined) this.#checkOperation(operation);
        original.startScope.call(engine, scope);
      },
      runKernelFunc: (call) => {
        for (const input of Object.values(call.inputs)) if (input instanceof tf.Tensor) this.#checkUse(input);
        return original.runKernelFunc.call(engine, call);
      },
      makeTensor: (values, shape, dtype, backend) => {
        if (dtype === 'string') throw this.#refuse('uses text', 'encode it as numbers outside');
        const tensor = original.makeTensor.call(engine, values, shape, dtype, backend);
        if (!inOwnOperation()) {
          const large = values.length > constantLimit && ArrayBuffer.isView(values) && !isUniform(values as Numbers);
          this.#unread.set(tensor.dataId, { elements: values.length, large });
        }
        return tensor;
      },
      makeVariable: () => {
        throw this.#refuse('makes a variable, which would outlive the run', 'pass state as an input, return the next');
      },
      trackTensor: (tensor, backend) => {
        this.#made.add(tensor.dataId);
        this.#tensors.push(tensor);
        original.trackTensor.call(engine, tensor, backend);
      },
      disposeTensor: (tensor) => {
        if (!this.#made.has(tensor.dataId))
          throw this.#refuse(`changes ${describe(tensor)} made outside of it`, 'return the new value instead');
        original.disposeTensor.call(engine, tensor);
      },
      readSync: (dataId) => {
        this.#checkRead(dataId);
        return original.readSync.call(engine, dataId);
      },
      read: (dataId) => {
        this.#checkRead(dataId);
        return original.read.call(engine, dataId);
      },
    };
  }

  #checkOperation(operation: string): void {
    if (frozenDraws.has(operation))
      throw this.#refuse('draws random numbers that every run would repeat', randomRemedy, operation);
    if (shapedByData.test(operation)) {
      const why = 'gives a tensor whose shape depends on values, which a graph of fixed shapes cannot hold';
      throw this.#refuse(why, 'use a mask instead', operation);
    }
  }

  #checkUse(tensor: Tensor): void {
    this.#checkMade(tensor.dataId);
    const constant = this.#unread.get(tensor.dataId);
    if (constant?.large) {
      const what = `a constant of ${constant.elements} elements (shape [${tensor.shape.join(',')}])`;
      throw this.#refuse(`meets ${what}, whose values would be frozen`, 'pass it as an input');
    }
    this.#unread.delete(tensor.dataId);
  }

  #checkMade(dataId: DataId): void {
    if (this.#made.has(dataId)) return;
    const info = this.#engine.state.tensorInfo.get(dataId);
    const which = info === undefined ? 'a disposed tensor' : describe(info);
    throw this.#refuse(`uses ${which} made outside of it, whose values would be frozen`, 'pass it as an input');
  }

  #checkRead(dataId: DataId): void {
    this.#checkMade(dataId);
    if (this.#unread.has(dataId) || inOwnOperation()) return;
    const why = 'reads the values of a tensor while it is being traced';
    throw this.#refuse(why, 'use operations on the tensor instead');
  }
}
