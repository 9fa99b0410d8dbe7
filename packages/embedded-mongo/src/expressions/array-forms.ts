/** Array operators that evaluate an expression for each element: `$filter`, `$map` and `$reduce`. */
import { CommandError } from '../errors.js';
import { type Doc, isNumeric, typeName } from '../bson/value.js';
import { toDouble } from '../bson/numbers.js';
import { isNullish, isTruthy, type OperatorForm, parseFields, withVariables } from './operator.js';

function variableName(fields: Doc): string {
  const name = fields['as'];
  return typeof name === 'string' ? name : 'this';
}

const filterForm: OperatorForm = (operand, scope, compile) => {
  const fields = parseFields('$filter', operand, {
    required: ['input', 'cond'],
    optional: ['as', 'limit'],
    code: 28647,
  });
  const name = variableName(fields);
  const input = compile(fields['input'] ?? null, scope);
  const condition = compile(fields['cond'] ?? null, withVariables(scope, [name]));
  const limit = fields['limit'] === undefined ? null : compile(fields['limit'], scope);
  return (doc, variables) => {
    const list = input(doc, variables);
    if (isNullish(list)) return null;
    if (!Array.isArray(list)) throw new CommandError(28651, `input to $filter must be an array not ${typeName(list)}`);
    const matching = list.filter((item) => isTruthy(condition(doc, { ...variables, [name]: item })));
    const max = limit?.(doc, variables);
    return isNumeric(max) ? matching.slice(0, toDouble(max)) : matching;
  };
};

const mapForm: OperatorForm = (operand, scope, compile) => {
  const fields = parseFields('$map', operand, { required: ['input', 'in'], optional: ['as'], code: 16879 });
  const name = variableName(fields);
  const input = compile(fields['input'] ?? null, scope);
  const each = compile(fields['in'] ?? null, withVariables(scope, [name]));
  return (doc, variables) => {
    const list = input(doc, variables);
    if (isNullish(list)) return null;
    if (!Array.isArray(list)) throw new CommandError(16883, `input to $map must be an array not ${typeName(list)}`);
    return list.map((item) => each(doc, { ...variables, [name]: item }) ?? null);
  };
};

const reduceForm: OperatorForm = (operand, scope, compile) => {
  const fields = parseFields('$reduce', operand, { required: ['input', 'initialValue', 'in'], code: 40075 });
  const input = compile(fields['input'] ?? null, scope);
  const initial = compile(fields['initialValue'] ?? null, scope);
  const each = compile(fields['in'] ?? null, withVariables(scope, ['this', 'value']));
  return (doc, variables) => {
    const list = input(doc, variables);
    if (isNullish(list)) return null;
    if (!Array.isArray(list))
      throw new CommandError(40080, `$reduce requires that 'input' be an array, found: ${typeName(list)}`);
    let value = initial(doc, variables);
    for (const item of list) value = each(doc, { ...variables, this: item, value });
    return value;
  };
};

export const arrayForms: Readonly<Record<string, OperatorForm>> = {
  $filter: filterForm,
  $map: mapForm,
  $reduce: reduceForm,
};
