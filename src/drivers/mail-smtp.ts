import { createTransport } from 'nodemailer';
import { composed, type Mailer } from './mail-message.js';

const connectMs = 10_000;
const silenceMs = 20_000;

/** Sends mail through an SMTP server; `url` is `smtp://user:password@host:port` or `smtps://…` (RFC 5321, RFC 8314). */
export function createSmtpMailer({ url, from }: { url: string; from: string }): Mailer {
  const transport = createTransport({
    url,
    connectionTimeout: connectMs,
    greetingTimeout: connectMs,
    socketTimeout: silenceMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send(mail) {
      await transport.sendMail(await composed(mail, from));
    },
  };
}
