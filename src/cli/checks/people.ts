import type { Connection } from 'mongoose';

interface Person {
  _id: { toString(): string };
  username?: unknown;
  emailKey?: unknown;
  email?: unknown;
  passwordHash?: unknown;
  state?: unknown;
}

interface Device {
  _id: { toString(): string };
  userId?: { toString(): string };
  counter?: unknown;
  refreshHash?: unknown;
  previousHash?: unknown;
  refreshExpiresAt?: unknown;
  expiresAt?: unknown;
  endsAt?: unknown;
  createdAt?: unknown;
  endedAt?: unknown;
  endReason?: unknown;
}

const argon2id = /^\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$/;
const sha256 = /^[0-9a-f]{64}$/;
/** Form of a refresh token or mail token in plain text: 64 or 75 characters of base64url that are not all hex. */
const tokenForm =
  /(?<![A-Za-z0-9_-])(?=[A-Za-z0-9_-]*[G-Zg-z_-])(?:[A-Za-z0-9_-]{64}|[A-Za-z0-9_-]{75})(?![A-Za-z0-9_-])/;
const accessTokenForm = /eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\./;

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Checks that only the id of an erased user is left. */
function* brokenErased(person: Person): Generator<string> {
  const id = String(person._id);
  if (person.username !== `#${id}` || person.emailKey !== `#${id}` || person.email !== '' || person.passwordHash !== '')
    yield `User ${id}: it is erased, but still has personal data.`;
}

function* brokenAccount(person: Person): Generator<string> {
  const who = `User ${String(person._id)}`;
  if (person.state === 'erased') return yield* brokenErased(person);
  if (!/^[a-z0-9_.]{3,32}$/.test(text(person.username))) yield `${who}: the username is not in its normalized form.`;
  if (text(person.emailKey) !== text(person.email).normalize('NFKC').toLowerCase()) {
    yield `${who}: emailKey does not match the email address.`;
  }
  if (!argon2id.test(text(person.passwordHash))) yield `${who}: the password hash is not an argon2id hash.`;
  const states: readonly string[] = ['active', 'disabled', 'leaving', 'erasing', 'erased'];
  if (!states.includes(text(person.state))) yield `${who}: the state is unknown.`;
}

function isInOrder(...times: unknown[]): boolean {
  return times.every((time, at) => time instanceof Date && (at === 0 || (times[at - 1] as Date) <= time));
}

function* brokenSession(session: Device): Generator<string> {
  const which = `Session ${String(session._id)}`;
  if (!sha256.test(text(session.refreshHash))) yield `${which}: the refresh token is not stored as a hash.`;
  const { previousHash, counter } = session;
  if (counter === 0 ? previousHash !== null : !sha256.test(text(previousHash))) {
    yield `${which}: the hash of the previous token does not match the counter.`;
  }
  if (!isInOrder(session.createdAt, session.refreshExpiresAt, session.expiresAt, session.endsAt)) {
    yield `${which}: its times are not in order.`;
  }
  if ((session.endedAt === null) !== (session.endReason === null))
    yield `${which}: endedAt and endReason do not match.`;
}

/** Returns true if a row contains a token in plain text, outside the fields whose text users choose themselves. */
function holdsToken(document: Readonly<Record<string, unknown>>): boolean {
  const { bio: _bio, displayName: _name, deviceName: _device, ...rest } = document;
  const whole = JSON.stringify(rest);
  return tokenForm.test(whole) || accessTokenForm.test(whole);
}

/** Checks users, sessions and jobs; yields one sentence per violation. */
export async function* checkPeople(connection: Connection): AsyncGenerator<string> {
  const usernames = new Set<string>();
  const addresses = new Set<string>();
  for await (const person of connection.collection<Person>('users').find().sort({ _id: 1 })) {
    yield* brokenAccount(person);
    if (usernames.has(text(person.username))) yield `User ${String(person._id)}: another user has the same username.`;
    if (addresses.has(text(person.emailKey)))
      yield `User ${String(person._id)}: another user has the same email address.`;
    if (holdsToken({ ...person })) yield `User ${String(person._id)}: the row contains a token in plain text.`;
    usernames.add(text(person.username));
    addresses.add(text(person.emailKey));
  }
  const users = connection.collection('users');
  for await (const session of connection.collection<Device>('sessions').find().sort({ _id: 1 })) {
    yield* brokenSession(session);
    if (holdsToken({ ...session, refreshHash: null, previousHash: null })) {
      yield `Session ${String(session._id)}: the row contains a token in plain text.`;
    }
    const owner = session.userId && (await users.findOne({ _id: session.userId }, { projection: { _id: 1 } }));
    if (!owner) yield `Session ${String(session._id)}: its user does not exist.`;
  }
  for await (const job of connection.collection('jobs').find().sort({ _id: 1 })) {
    if (holdsToken(job)) yield `Job ${String(job._id)}: the row contains a token in plain text.`;
  }
}
