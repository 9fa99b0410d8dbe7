import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';
import { describe, expect, it } from 'vitest';
import { api } from '../support/client.js';
import { onCleanup } from '../support/cleanup.js';
import { makeUser } from '../support/factories.js';
import { nthMail, parseMail, type TestMail } from '../support/mails.js';
import { startTestServer } from '../support/server.js';

/** Starts a real SMTP server that rejects the first `refuse` mails. */
async function startSmtp(
  refuse = 0,
): Promise<{ url: string; next(): Promise<TestMail & { from: string; tried: number }> }> {
  const arrived: (TestMail & { from: string; tried: number })[] = [];
  const waiting: (() => void)[] = [];
  let tried = 0;
  const smtp = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    onAuth: ({ username, password }, _session, done) => {
      if (username === 'causerie' && password === 'p@ss') done(null, { user: username });
      else done(new Error('no'));
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        tried += 1;
        if (tried <= refuse) return done(Object.assign(new Error('come back later'), { responseCode: 451 }));
        const { mailFrom } = session.envelope;
        const from = mailFrom === false ? '' : mailFrom.address;
        arrived.push({ ...parseMail(Buffer.concat(chunks).toString()), from, tried });
        done();
        for (const resolve of waiting.splice(0)) resolve();
      });
    },
  });
  const listening = smtp.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  onCleanup(() => new Promise<void>((resolve) => smtp.close(() => resolve())));
  const { port } = listening.address() as AddressInfo;
  return {
    url: `smtp://causerie:p%40ss@127.0.0.1:${port}`,
    async next() {
      for (;;) {
        const mail = arrived.shift();
        if (mail) return mail;
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
  };
}

describe('mails', () => {
  it('requirement 21: are delivered to an SMTP server', async () => {
    const smtp = await startSmtp();
    const server = await startTestServer({ MAIL_URL: smtp.url, MAIL_FROM: 'Causerie <chat@example.test>' });
    const user = await makeUser(server);
    const mail = await smtp.next();
    expect([mail.to, mail.from]).toEqual([user.email, 'chat@example.test']);
    expect(mail.subject).toBe('Confirm your email address');
    expect((await api(server).post('/api/auth/verify-email', { token: mail.token })).status).toBe(204);
    await api(server).post(
      '/api/auth/forgot-password',
      { email: user.email },
      { headers: { 'accept-language': 'fr' } },
    );
    const french = await smtp.next();
    expect(french.text).toContain('Si vous n’êtes pas à l’origine');
    const reset = { token: french.token, password: 'a password that is new' };
    expect((await api(server).post('/api/auth/reset-password', reset)).status).toBe(204);
  });

  it('are retried if the SMTP server is not ready', async () => {
    const smtp = await startSmtp(1);
    const server = await startTestServer({ MAIL_URL: smtp.url });
    const user = await makeUser(server);
    const mail = await smtp.next();
    expect([mail.to, mail.tried]).toEqual([user.email, 2]);
  });

  it('survive the process that queued them, without storing a token', async () => {
    const silent = createServer();
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const { port } = silent.address() as AddressInfo;
    silent.close();
    const secret = { SECRET_KEY: 'the key of both servers, long enough for them' };
    const first = await startTestServer({ ...secret, MAIL_URL: `smtp://127.0.0.1:${port}` });
    const user = await makeUser(first);
    const [row] = await first.database.collection('jobs').find({ 'data.to': user.email }).toArray();
    expect(row).toBeDefined();
    await first.context.jobs.stop();
    await first.database.collection('jobs').updateMany({}, { $set: { runAt: new Date() } });
    const second = await startTestServer({ ...secret, MONGODB_URI: first.uri });
    const mail = await nthMail(second, user.email);
    expect(JSON.stringify(row)).not.toContain(mail.token);
    expect((await api(second).post('/api/auth/verify-email', { token: mail.token })).status).toBe(204);
  });

  it('are complete files in the outbox folder, readable only by their owner', async () => {
    const server = await startTestServer();
    const user = await makeUser(server);
    const mail = await nthMail(server, user.email);
    expect(mail.raw).toMatch(/^From: .+\r\n/m);
    expect(mail.raw).toContain('Content-Type: text/plain; charset=utf-8');
    expect(mail.text).toContain(`token=${mail.token}\n`);
    const folder = join(server.dataDir, 'outbox');
    expect(readdirSync(folder).every((name) => name.endsWith('.eml'))).toBe(true);
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o077).toBe(0);
  });
});
