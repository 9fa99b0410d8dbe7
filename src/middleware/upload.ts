/** Parses a form with a file (RFC 7578) as it arrives; anything beyond the limits is rejected before a service sees it. */
import { setTimeout as wait } from 'node:timers/promises';
import busboy, { type Busboy } from 'busboy';
import type { Request } from 'express';
import type { z } from 'zod';
import type { IncomingFile, IncomingForm } from '../kernel/incoming-form.js';
import { parse } from '../kernel/parse.js';
import { invalidInput, Problem } from '../kernel/problem.js';

const idleMs = 30_000;
/** How long a rejected sender may go on before the connection is cut: some clients read the response only afterwards. */
const goOnMs = 5_000;
/** How much of a file the parser buffers before it slows down the sender. */
const fileHwm = 1024 * 1024;
const limits = { files: 1, fields: 1, parts: 3, fieldNameSize: 100, fieldSize: 1_000, headerPairs: 20 };

const noForm = {
  en: 'The body must be a multipart form with one file named "file" and the field "purpose".',
  fr: 'Le corps doit être un formulaire multipart avec un fichier nommé « file » et le champ « purpose ».',
};
const cutOff = {
  en: 'The upload was incomplete. Send the file again.',
  fr: 'L’envoi est incomplet. Renvoyez le fichier.',
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

/** Lets a rejected sender finish, within limits. */
function readOff(req: Request): void {
  req.resume();
  if (req.complete) return;
  void wait(goOnMs, undefined, { ref: false }).then(() => {
    if (!req.complete) req.socket.destroy();
  });
}

/** The escapes of browsers in file names (HTML, section 4.10.21.8). */
function unescaped(name: string): string {
  return name.replace(/%22/g, '"').replace(/%0D|%0A/gi, '');
}

interface Reading<Result> {
  file: Promise<Result> | null;
  fields: Record<string, string>;
}

/** Waits until the parser has finished; rejects for a malformed form and for a broken connection. */
function ended<Result>(
  req: Request,
  parser: Busboy,
  take: (file: IncomingFile, fields: Record<string, string>) => Promise<Result>,
): { form: Promise<void>; reading: Reading<Result> } {
  const reading: Reading<Result> = { file: null, fields: {} };
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
      // Its end is reported by its reader.
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

/** The form of a request. */
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
        // The work on the file has ended before the response is sent.
        await reading.file?.catch(() => undefined);
        throw error;
      }
    },
  };
}
