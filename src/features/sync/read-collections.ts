import { createHash } from 'node:crypto';
import type { SyncAnswer } from '@causerie/contract/sync';
import type { Me } from '@causerie/contract/users';
import type { Contacts } from '../contacts/contacts.service.js';
import type { Notifications } from '../notifications/notifications.service.js';
import type { SyncVector } from './sync-cursor.js';

export interface CollectionReads {
  users: { me(userId: string): Promise<Me> };
  contacts: Pick<Contacts, 'relationsOf'>;
  notifications: Pick<Notifications, 'newest'>;
}

/** A collection that only its owner sees, and that is always sent whole. */
interface OwnCollection {
  /** Any value that differs whenever the content does. */
  version: unknown;
  read(): Promise<unknown>;
}

/** The collections that the device does not have in their current version, and the versions of all. */
interface SyncedCollections {
  views: Pick<SyncAnswer, 'me' | 'contacts' | 'blocked' | 'notifications'>;
  versions: SyncVector['versions'];
}

function hashOf(version: unknown): string {
  return createHash('sha256').update(JSON.stringify(version)).digest('base64url').slice(0, 12);
}

const loaded = (view: unknown): OwnCollection => ({ version: view, read: () => Promise.resolve(view) });

export function createReadCollections({ users, contacts, notifications }: CollectionReads) {
  async function collectionsOf(userId: string): Promise<Record<string, OwnCollection>> {
    const [me, relations, newest] = await Promise.all([
      users.me(userId),
      contacts.relationsOf(userId),
      notifications.newest(userId),
    ]);
    return {
      me: loaded(me),
      contacts: relations.contacts,
      blocked: relations.blocked,
      notifications: loaded(newest),
    };
  }

  return async function readCollections(userId: string, known: SyncVector['versions']): Promise<SyncedCollections> {
    const collections = Object.entries(await collectionsOf(userId));
    const versions = Object.fromEntries(collections.map(([name, { version }]) => [name, hashOf(version)]));
    const changed = collections.filter(([name]) => known[name] !== versions[name]);
    const views = await Promise.all(changed.map(async ([name, { read }]) => [name, await read()] as const));
    return { views: Object.fromEntries(views), versions };
  };
}
