/** What the page of the API shows of its description, OpenAPI 3.1. */

/**
 * @param {object} document
 * @returns {{id: string, method: string, path: string, operation: object}[]}
 */
export const operationsOf = ({ paths }) =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      id: operation.operationId,
      method: method.toUpperCase(),
      path,
      operation,
    })),
  );

/**
 * @param {object} schema
 * @param {object} document
 * @param {string} [before] Path of the object that has the fields.
 * @returns {{name: string, required: boolean, type: string, bounds: string, usual: string | undefined,
 *   description: string}[]} All fields, those of objects and lists within too.
 */
export function fieldsOf(schema, document, before = '') {
  const { properties = {}, required = [] } = resolved(schema, document);
  return Object.entries(properties).flatMap(([key, value]) => {
    const field = resolved(value, document);
    const name = before + key;
    const [inner, path] = field.items ? [field.items, `${name}[].`] : [field, `${name}.`];
    return [fieldOf(name, field, required.includes(key)), ...fieldsOf(inner, document, path)];
  });
}

/**
 * @param {object} operation
 * @param {object} document
 * @returns {ReturnType<typeof fieldsOf>} The parameters and the fields of the body.
 */
export function requestFields({ parameters = [], requestBody }, document) {
  const named = parameters.map(({ name, schema, required, description }) =>
    fieldOf(name, { ...schema, description }, required),
  );
  const body = requestBody ? fieldsOf(jsonOf(requestBody)?.schema ?? {}, document) : [];
  return [...named, ...body];
}

/** @returns {{schema: object, example?: unknown, examples?: object} | undefined} */
export const jsonOf = ({ content }) => content?.['application/json'];

/**
 * @param {{responses: Record<string, object>}} operation
 * @returns {[string, object][]} Those that are no errors.
 */
export const successesOf = ({ responses }) =>
  Object.entries(responses).filter(([status]) => Number(status) < 400);

/**
 * @param {{responses: Record<string, object>}} operation
 * @returns {{status: string, code: string, message: string}[]}
 */
export const errorsOf = ({ responses }) =>
  Object.entries(responses)
    .filter(([status]) => Number(status) >= 400)
    .flatMap(([status, response]) => {
      const { example, examples } = jsonOf(response) ?? {};
      const values = example ? [example] : Object.values(examples ?? {}).map(({ value }) => value);
      return values.map(({ code, message }) => ({ status, code, message }));
    });

/**
 * @param {{method: string, path: string, operation: object}} one
 * @param {URL} base
 * @returns {string} A command that sends the example.
 */
export function curlOf({ method, path, operation }, base) {
  const { parameters = [], requestBody } = operation;
  const filled = (place) => parameters.filter((one) => one.in === place && 'example' in one);
  const address = filled('path').reduce(
    (all, { name, example }) => all.replace(`{${name}}`, encodeURIComponent(example)),
    path,
  );
  const query = new URLSearchParams(filled('query').map(({ name, example }) => [name, example]));
  const url = `${new URL(address.slice(1), base)}${query.size ? `?${query}` : ''}`;
  if (!requestBody) return `curl -s ${quoted(url)}`;
  const body = quoted(pretty(jsonOf(requestBody)?.example));
  const verb = method === 'POST' ? '' : ` -X ${method}`;
  return `curl -s${verb} ${quoted(url)} \\\n  -H 'content-type: application/json' -d ${body}`;
}

/** @param {unknown} value @returns {string} */
export const pretty = (value) => JSON.stringify(value, null, 2);

/**
 * @param {string} text With code in backquotes.
 * @returns {{text: string, code: boolean}[]}
 */
export const wordsOf = (text) =>
  text
    .split('`')
    .map((part, place) => ({ text: part, code: place % 2 === 1 }))
    .filter((part) => part.text);

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function resolved(schema, document) {
  if (schema.$ref) {
    const target = schema.$ref.split('/').slice(1);
    return target.reduce((place, key) => place[key], document);
  }
  return schema.anyOf ? merged(schema.anyOf.map((one) => resolved(one, document))) : schema;
}

// Objects that differ by type, as one: what each requires is required.
function merged(kinds) {
  const objects = kinds.filter(({ properties }) => properties);
  const properties = {};
  for (const kind of objects) {
    for (const [name, field] of Object.entries(kind.properties)) {
      const values = [...(properties[name]?.enum ?? []), ...(field.enum ?? [])];
      properties[name] = { ...field, ...(values.length && { enum: [...new Set(values)] }) };
    }
  }
  const required = Object.keys(properties).filter((name) =>
    objects.every((kind) => kind.required?.includes(name)),
  );
  return { type: 'object', properties, required };
}

function fieldOf(name, field, required) {
  return {
    name,
    required,
    type: typeOf(field),
    bounds: boundsOf(field),
    usual: 'default' in field ? JSON.stringify(field.default) : undefined,
    description: field.description ?? '',
  };
}

const TYPES = {
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: 'true or false',
  object: 'object',
  array: 'list',
  null: 'null',
};
const typeOf = ({ type }) =>
  [type ?? 'object']
    .flat()
    .map((one) => TYPES[one])
    .join(' or ');

function boundsOf({ enum: values, minLength, maxLength, minItems, maxItems, minimum, maximum }) {
  if (values) return values.join(', ');
  if (maxLength !== undefined) return `${minLength ?? 0} to ${maxLength} characters`;
  if (maxItems !== undefined) return `${minItems ?? 0} to ${maxItems}`;
  if (maximum !== undefined) return `${minimum ?? 0} to ${maximum}`;
  return minimum === undefined ? '' : `from ${minimum}`;
}
