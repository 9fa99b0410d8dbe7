/** Reads a form with a file (RFC 7578) as it comes: what is too much of anything is refused before a service sees it. */
import { setTimeout as wait } from 'node:timers/promises';
import busboy, { type Busboy } from 'busboy';
import type { Request } from 'express';
import type { z } from 'zod';
import type { IncomingFile, IncomingForm } from '../kernel/incoming-form.js';
import { parse } from '../kernel/parse.js';
import { invalidInput, Problem } from '../kernel/problem.js';

const idleMs = 30_000;
/** So long a sender who was refused may go on before he is cut off: he may read the answer only afterwards. */
const goOnMs = 5_000;
/** What the parser holds of a file before it slows its sender down. */
const fileHwm = 1024 * 1024;
const limits = { files: 1, fields: 1, parts: 3, fieldNameSize: 100, fieldSize: 1_000, headerPairs: 20 };

const noForm = {
  en: 'The body is no multipart form with one file named "file" and the field "purpose".',
  fr: 'Le corps n’est pas un formulaire multipart avec un fichier nommé « file » et le champ « purpose ».',
};
const cutOff = {
  en: 'The file did not arrive whole: send it again.',
  fr: 'Le fichier n’est pas arrivé en entier : renvoyez-le.',
};

function parserFor(req: Request): Busboy {
  if (!/^multipart\/form-data\s*(;|$)/i.test(req.headers['content-type'] ?? ''))
    throw new Problem('unsupported_media_type');
  try {
    return busboy({ headers: req.headers, defParamCharset: 'utf8', limits, fileHwm });
  } catch (error) {
    throw new Problem('invalid_input', { errors: [{ path: 'body', message: noForm }], cause: error });
  }
}

/** Lets a sender who was refused come to an end, but not for ever. */
function readOff(req: Request): void {
  req.resume();
  if (req.complete) return;
  void wait(goOnMs, undefined, { ref: false }).then(() => {
    if (!req.complete) req.socket.destroy();
  });
}

/** What browsers escape in the name of a file (HTML, section 4.10.21.8). */
function unescaped(name: string): string {
  return name.replace(/%22/g, '"').replace(/%0D|%0A/gi, '');
}

interface Reading<Taken> {
  file: Promise<Taken> | null;
  fields: Record<string, string>;
}

/** Waits until the parser has come to its end; rejects for whatever is wrong with the form, or with who sends it. */
function ended<Taken>(
  req: Request,
  parser: Busboy,
  take: (file: IncomingFile, fields: Record<string, string>) => Promise<Taken>,
): { form: Promise<void>; reading: Reading<Taken> } {
  const reading: Reading<Taken> = { file: null, fields: {} };
  const form = new Promise<void>((resolve, reject) => {
    const refuse = (path = 'body'): void => reject(invalidInput(path, noForm));
    const late = setTimeout(() => reject(new Problem('request_timeout')), idleMs);
    req.on('data', () => late.refresh());
    const close = (): void => {
      clearTimeout(late);
      if (!req.complete) reject(invalidInput('body', cutOff));
    };
    req.once('close', close);
    req.once('end', () => clearTimeout(late));
    parser.on('file', (name, bytes, { filename }) => {
      // Its end is told by who reads it.
      bytes.on('error', () => undefined);
      if (name !== 'file' || reading.file) {
        bytes.resume();
        return refuse();
      }
      reading.file = take({ name: unescaped(filename ?? ''), bytes }, reading.fields);
      reading.file.catch(reject);
    });
    parser.on('field', (name, value, { nameTruncated, valueTruncated }) => {
      if (nameTruncated || valueTruncated || name in reading.fields) return refuse();
      reading.fields[name] = value;
    });
    for (const event of ['filesLimit', 'fieldsLimit', 'partsLimit'] as const) parser.on(event, () => refuse());
    parser.on('error', () => refuse());
    parser.on('close', resolve);
    req.pipe(parser);
  });
  return { form, reading };
}

/** Gives the form of a request. */
export function incomingForm<Fields>(req: Request, schema: z.ZodType<Fields>): IncomingForm<Fields> {
  const length = Number(req.headers['content-length'] ?? NaN);
  return {
    length: Number.isSafeInteger(length) ? length : null,
    async read(take) {
      const parser = parserFor(req);
      const { form, reading } = ended(req, parser, (file, before) => take(file, before as Partial<Fields>));
      try {
        await form;
        if (reading.file === null) throw invalidInput('body.file', noForm);
        return { result: await reading.file, fields: parse(schema, reading.fields, 'body') };
      } catch (error) {
        req.unpipe(parser);
        parser.destroy();
        readOff(req);
        // What was begun with the file has ended before anybody is told.
        await reading.file?.catch(() => undefined);
        throw error;
      }
    },
  };
}
