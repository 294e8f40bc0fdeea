export { type AttributeName, type AttributeType, attributeNames, typeOfAttribute } from './attributes.js';
export {
  type AttributeField,
  type Comparison,
  type Condition,
  type Field,
  fieldsOf,
  type MetricField,
  type MetricSummary,
  type Moment,
  namesArchived,
  type OrderKey,
  type ParamField,
  type TagField,
} from './condition.js';
export { FilterError, type TextKind } from './filter-error.js';
export { formatField } from './format-field.js';
export { filterLimits } from './limits.js';
export { type Column, parseColumns, parseFilter, parseOrder } from './parse.js';
export { type MlflowStatus, mlflowStatus } from './states.js';
