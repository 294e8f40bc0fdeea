import protobuf from 'protobufjs';

/** A tensor of a `Const` node: every element in `tensor_content`, or one repeated value. */
export interface TensorProto {
  readonly dtype: number;
  readonly tensor_shape: ShapeProto;
  readonly tensor_content?: Uint8Array;
  readonly float_val?: readonly number[];
  readonly int_val?: readonly number[];
  readonly bool_val?: readonly boolean[];
}

export interface ShapeProto {
  readonly dim: readonly { readonly size: number }[];
}

export type AttributeProto =
  | {
      readonly list: {
        readonly i?: readonly number[];
        readonly f?: readonly number[];
        readonly b?: readonly boolean[];
      };
    }
  | { readonly s: Uint8Array }
  | { readonly i: number }
  | { readonly f: number }
  | { readonly b: boolean }
  | { readonly type: number }
  | { readonly shape: ShapeProto }
  | { readonly tensor: TensorProto };

export interface NodeProto {
  readonly name: string;
  readonly op: string;
  /** `node` or `node:output`, in the order of the operation's inputs. */
  readonly input: readonly string[];
  readonly attr: Readonly<Record<string, AttributeProto>>;
}

export const shapeProto = (shape: readonly number[]): ShapeProto => ({ dim: shape.map((size) => ({ size })) });

/** Names the one set of nodes that a model of ours holds. */
export const servingTag = 'serve';

// The part of TensorFlow's messages (saved_model.proto, graph.proto, tensor.proto, attr_value.proto) that a model of
// plain nodes needs; the field numbers are TensorFlow's.
const schema = `syntax = "proto3"; package tensorflow;
message Dim { int64 size = 1; }
message TensorShape { repeated Dim dim = 2; }
message Tensor {
  int32 dtype = 1; TensorShape tensor_shape = 2; bytes tensor_content = 4;
  repeated float float_val = 5; repeated int32 int_val = 7; repeated bool bool_val = 11;
}
message AttrList { repeated int64 i = 3; repeated float f = 4; repeated bool b = 5; }
message AttrValue { oneof value {
  AttrList list = 1; bytes s = 2; int64 i = 3; float f = 4; bool b = 5; int32 type = 6; TensorShape shape = 7; Tensor tensor = 8;
} }
message NodeDef { string name = 1; string op = 2; repeated string input = 3; map<string, AttrValue> attr = 5; }
message VersionDef { int32 producer = 1; }
message GraphDef { repeated NodeDef node = 1; VersionDef versions = 4; }
message MetaInfoDef { repeated string tags = 4; string tensorflow_version = 5; }
message MetaGraphDef { MetaInfoDef meta_info_def = 1; GraphDef graph_def = 2; }
message SavedModel { int64 saved_model_schema_version = 1; repeated MetaGraphDef meta_graphs = 2; }`;

const savedModelType = protobuf.parse(schema, { keepCase: true }).root.lookupType('tensorflow.SavedModel');

/** The version of the GraphDef format that is written (TensorFlow 2.17, August 2024; later ones read it). */
const graphProducer = 1882;

/** The bytes of `saved_model.pb` for a graph. */
export function encodeSavedModel(nodes: readonly NodeProto[], tensorflowVersion: string): Uint8Array {
  const message = {
    saved_model_schema_version: 1,
    meta_graphs: [
      {
        meta_info_def: { tags: [servingTag], tensorflow_version: tensorflowVersion },
        graph_def: { node: nodes, versions: { producer: graphProducer } },
      },
    ],
  };
  return savedModelType.encode(savedModelType.create(message)).finish();
}
