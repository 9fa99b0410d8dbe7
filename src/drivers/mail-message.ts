/** A mail as the product writes it: plain text to one address. */
export interface OutgoingMail {
  /** Stays the same when a mail is sent again, so that a recipient can recognize duplicates. */
  id: string;
  to: string;
  date: Date;
  subject: string;
  text: string;
}

export interface Mailer {
  /** Resolves when the mail is accepted; otherwise it must be sent again. */
  send(mail: OutgoingMail): Promise<void>;
}

/** A mail in transit (RFC 5322). */
interface ComposedMail {
  envelope: { from: string; to: string[]; use8BitMime: boolean };
  raw: string;
}

/** The address in `Name <address>`. */
function addressIn(sender: string): string {
  return /<([^<>]+)>\s*$/.exec(sender)?.[1] ?? sender;
}

/**
 * The same mail for every driver. The text is sent as it is, in eight bits (RFC 6152) and short lines: quoted-printable
 * would break links and write `=3D` into them, which breaks a link that is copied out of a file.
 */
export async function composed(mail: OutgoingMail, from: string): Promise<ComposedMail> {
  const { default: MimeNode } = await import('nodemailer/lib/mime-node');
  const sender = addressIn(from);
  const head = new MimeNode('text/plain; charset=utf-8');
  head.setHeader({
    from,
    to: { name: '', address: mail.to },
    subject: mail.subject,
    date: mail.date.toUTCString().replace('GMT', '+0000'),
    'message-id': `<${mail.id}@${sender.replace(/^.*@/, '')}>`,
    'auto-submitted': 'auto-generated',
    'content-transfer-encoding': '8bit',
  });
  const raw = `${head.buildHeaders()}\r\n\r\n${mail.text.replaceAll('\n', '\r\n')}`;
  return { envelope: { from: sender, to: [mail.to], use8BitMime: true }, raw };
}
