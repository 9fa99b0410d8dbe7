/** Reads flat text, from a query or a form, as the types of a schema. */
import type { z } from 'zod';

type Shape = Readonly<Record<string, z.core.$ZodType>>;

/** The schema inside `optional`, `default`, `nullable`, pipes and the like. */
function innerOf(schema: z.core.$ZodType): z.core.$ZodType {
  const { def } = schema._zod;
  if ('innerType' in def) return innerOf(def.innerType as z.core.$ZodType);
  if ('in' in def) return innerOf(def.in as z.core.$ZodType);
  return schema;
}

/** The fields of an object schema, or of all objects of a union. */
function shapeOf(schema: z.core.$ZodType): Shape {
  const inner = innerOf(schema)._zod.def;
  if ('shape' in inner) return inner.shape as Shape;
  if ('options' in inner) return Object.assign({}, ...(inner.options as z.core.$ZodType[]).map(shapeOf)) as Shape;
  return {};
}

/** One text as the type of its field. Text of another form stays text, for the schema to reject. */
function readOne(schema: z.core.$ZodType, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const { type } = innerOf(schema)._zod.def;
  if (type === 'number' && /^-?\d{1,16}(\.\d{1,16})?$/.test(value)) return Number(value);
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true';
  return value;
}

function readField(schema: z.core.$ZodType, value: unknown): unknown {
  const { def } = innerOf(schema)._zod;
  if (!('element' in def)) return readOne(schema, value);
  const items = Array.isArray(value) ? value : [value];
  return items.map((item) => readOne(def.element as z.core.$ZodType, item));
}

/** Converts the fields to the types of the schema: numbers, booleans, and lists where one is expected. */
export function parseForm(schema: z.ZodType, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const shape = shapeOf(schema);
  const fields = Object.entries(value).map(([key, item]) => {
    const field = Object.hasOwn(shape, key) ? shape[key] : undefined;
    return [key, field ? readField(field, item) : item] as const;
  });
  return Object.fromEntries(fields);
}
