import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { composed, type Mailer } from './mail-message.js';

/** Writes each mail as a file that any mail program opens, atomically and readable by its owner alone. */
function createFileMailer({ folder, from }: { folder: string; from: string }): Mailer {
  return {
    async send(mail) {
      const { raw } = await composed(mail, from);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const name = `${mail.date.toISOString().replaceAll(':', '-')}-${mail.id}.eml`;
      const draft = join(folder, `.${randomUUID()}.tmp`);
      try {
        const file = await open(draft, 'wx', 0o600);
        try {
          await file.writeFile(raw);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(draft, join(folder, name));
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      }
    },
  };
}

/** Chooses by MAIL_URL: `smtp:` and `smtps:` send through a server, anything else writes files into a folder. */
export function createMailer({ url, from, folder }: { url: string; from: string; folder: string }): Mailer {
  if (!/^smtps?:/i.test(url)) return createFileMailer({ folder, from });
  let smtp: Promise<Mailer> | null = null;
  return {
    async send(mail) {
      smtp ??= import('./mail-smtp.js').then(({ createSmtpMailer }) => createSmtpMailer({ url, from }));
      await (await smtp).send(mail);
    },
  };
}
