/** Converts zod schemas to JSON Schema, and collects those with an id as the components of a document. */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';

/** A part of a JSON document. */
export type Json = Readonly<Record<string, unknown>>;

/** The direction of a value: a property with a default is optional in input and always present in output. */
type Direction = 'input' | 'output';

/** One field of a query or a path. */
interface Field {
  name: string;
  isRequired: boolean;
  schema: Json;
}

export interface Schemas {
  /** The schema itself, or a reference to its component if it has an id. */
  of(schema: z.ZodType, io: Direction): Json;
  /** The fields of an object one by one; the object itself does not become a component. */
  fieldsOf(schema: z.ZodType): Field[];
  /** All components so far, by id. */
  components(): Json;
}

/** OpenAPI 3.1 speaks JSON Schema 2020-12, AsyncAPI 3.0 draft 7. */
type Dialect = 'draft-2020-12' | 'draft-7';

const definitionsKey = { 'draft-2020-12': '$defs', 'draft-7': 'definitions' } as const;

/** Removes the bounds that every integer has. */
function dropSafeBounds({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
}

function convert(schema: z.ZodType, io: Direction, target: Dialect): { root: Json; definitions: Record<string, Json> } {
  const key = definitionsKey[target];
  const converted = JSON.stringify(z.toJSONSchema(schema, { io, target, override: dropSafeBounds }));
  const text = converted.replaceAll(`"$ref":"#/${key}/`, '"$ref":"#/components/schemas/');
  const { $schema: _dialect, [key]: definitions, ...root } = JSON.parse(text) as Record<string, unknown>;
  return { root, definitions: (definitions ?? {}) as Record<string, Json> };
}

/** Starts the components of one document. Throws if one id stands for two different schemas. */
export function createSchemas(target: Dialect): Schemas {
  const components = new Map<string, Json>();

  function collect(definitions: Record<string, Json>): void {
    for (const [id, schema] of Object.entries(definitions)) {
      const known = components.get(id);
      if (known && !isDeepStrictEqual(known, schema))
        throw new Error(`The schema id ${id} stands for two different schemas; give one of them an id of its own`);
      components.set(id, schema);
    }
  }

  return {
    of(schema, io) {
      const { root, definitions } = convert(schema, io, target);
      collect(definitions);
      return root;
    },
    fieldsOf(schema) {
      const { root, definitions } = convert(schema, 'input', target);
      const id = typeof root['$ref'] === 'string' ? (root['$ref'].split('/').at(-1) ?? '') : '';
      const { [id]: named, ...others } = definitions;
      collect(others);
      const { properties = {}, required = [] } = (named ?? root) as {
        properties?: Record<string, Json>;
        required?: string[];
      };
      return Object.entries(properties).map(([name, field]) => ({
        name,
        isRequired: required.includes(name),
        schema: field,
      }));
    },
    components: () => Object.fromEntries([...components].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}
