import type { DomainEvents } from '../../domain-events.js';
import type { Actor } from '../../kernel/actor.js';
import type { Cursors } from '../../kernel/cursors.js';
import type { EventBus } from '../../kernel/event-bus.js';
import { invalidInput, notFound, Problem } from '../../kernel/problem.js';
import type { RelationRepository } from '../../repositories/relations/relation-repository.js';
import type { PublicUser, UserRefList } from '@causerie/contract/users';
import type { Users } from '../users/users.service.js';
import { type ContactViews, createContactViews } from './contact-views.js';
import { createListContacts, placeOf } from './list-contacts.js';
import type { AddContact, Contact, ContactList, ListContacts } from '@causerie/contract/contacts';

interface Deps {
  repository: RelationRepository;
  users: Pick<Users, 'people' | 'refs' | 'listed' | 'find' | 'idOf' | 'statesOf'>;
  cursors: Cursors;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
}

/** The contacts and blocks of a user: a value that differs between two versions, and the function that reads them. */
export interface OwnRelations {
  contacts: { version: unknown; read(): Promise<Contact[]> };
  blocked: { version: unknown; read(): Promise<UserRefList['items']> };
}

/** The blocks of a user; their effect on conversations is in features/conversations. */
interface Blocks {
  /** Blocks a user; false if they were blocked already. Throws `not_found`, `invalid_input` for oneself, and `conflict` beyond 1,000. */
  block(actor: Actor, userId: string): Promise<boolean>;
  /** Removes a block; false if there was none. */
  unblock(actor: Actor, userId: string): Promise<boolean>;
  blocked(userId: string): Promise<UserRefList>;
}

export interface Contacts extends Blocks {
  list(actor: Actor, request: ListContacts): Promise<ContactList>;
  /** Adds a contact; throws `not_found`, `invalid_input` for oneself, and `conflict` beyond 5,000. */
  add(actor: Actor, input: AddContact): Promise<{ contact: Contact; isNew: boolean }>;
  /** Throws `not_found` if the user is not a contact. */
  rename(actor: Actor, userId: string, alias: string | null): Promise<Contact>;
  remove(actor: Actor, userId: string): Promise<void>;
  search(actor: Actor, q: string): Promise<{ items: PublicUser[] }>;
  /** Publishes the relation to another user to the actor's own devices. */
  announce(actor: Actor, userId: string): Promise<void>;
  relationsOf(userId: string): Promise<OwnRelations>;
}

const maxContacts = 5_000;
const maxBlocked = 1_000;

const oneself = { en: 'You cannot do this to yourself.', fr: 'Vous ne pouvez pas vous choisir vous-même.' };

async function requireOther({ users }: Deps, actor: Actor, userId: string, path: string): Promise<void> {
  if (userId === actor.userId) throw invalidInput(path, oneself);
  const state = (await users.statesOf([userId])).get(userId);
  if (state !== 'active' && state !== 'disabled') throw notFound();
}

/** Undoes a change that exceeds a limit, however many are made at once; then throws `conflict`. */
async function requireRoom(count: Promise<number>, max: number, undo: () => Promise<unknown>): Promise<void> {
  if ((await count) <= max) return;
  await undo();
  throw new Problem('conflict');
}

function createBlocks(deps: Deps): Blocks {
  const { repository, users } = deps;
  return {
    async block(actor, userId) {
      await requireOther(deps, actor, userId, 'params.userId');
      const isNew = await repository.block(actor.userId, userId, new Date());
      if (!isNew) return false;
      await requireRoom(repository.countBlocked(actor.userId), maxBlocked, () =>
        repository.unblock(actor.userId, userId),
      );
      return true;
    },
    unblock: (actor, userId) => repository.unblock(actor.userId, userId),
    async blocked(userId) {
      const ids = (await repository.blockedBy(userId)).map((row) => row.userId);
      return { items: await users.listed(ids) };
    },
  };
}

/** Reads the contacts and blocks of a user at once, and their views only when needed. */
function createRelationsOf({ repository, users }: Deps, views: ContactViews): Contacts['relationsOf'] {
  return async function relationsOf(userId) {
    const [contacts, blocked] = await Promise.all([repository.contactsOf(userId), repository.blockedBy(userId)]);
    const blockedIds = blocked.map((row) => row.userId);
    return {
      contacts: {
        version: contacts.map((row) => [...placeOf(row), row.alias]),
        read: () => views.of(userId, contacts),
      },
      blocked: {
        version: blockedIds,
        read: () => users.listed(blockedIds),
      },
    };
  };
}

export function createContacts(deps: Deps): Contacts {
  const { repository, users, bus } = deps;
  const views = createContactViews(deps);

  async function announce({ userId: ownerId }: Actor, userId: string): Promise<void> {
    const { contact, isBlocked } = await views.one(ownerId, userId);
    bus.publish('contact.updated', { ownerId, userId, contact, blocked: isBlocked });
  }

  async function contactOf(ownerId: string, userId: string): Promise<Contact> {
    const { contact } = await views.one(ownerId, userId);
    if (!contact) throw notFound();
    return contact;
  }

  return {
    announce,
    list: createListContacts(deps, views),
    ...createBlocks(deps),
    relationsOf: createRelationsOf(deps, views),
    async add(actor, { userId: given, username, alias }) {
      const userId = given ?? (await users.idOf(username ?? ''));
      if (userId === null) throw notFound();
      await requireOther(deps, actor, userId, given === undefined ? 'body.username' : 'body.userId');
      const isNew = await repository.addContact(actor.userId, userId, { alias: alias ?? null, at: new Date() });
      if (isNew)
        await requireRoom(repository.countContacts(actor.userId), maxContacts, () =>
          repository.removeContact(actor.userId, userId),
        );
      else if (alias !== undefined) await repository.setAlias(actor.userId, userId, alias);
      if (isNew || alias !== undefined) await announce(actor, userId);
      return { contact: await contactOf(actor.userId, userId), isNew };
    },
    async rename(actor, userId, alias) {
      if (!(await repository.setAlias(actor.userId, userId, alias))) throw notFound();
      await announce(actor, userId);
      return contactOf(actor.userId, userId);
    },
    async remove(actor, userId) {
      if (await repository.removeContact(actor.userId, userId)) await announce(actor, userId);
    },
    search: async ({ userId }, q) => ({ items: await users.find(userId, q) }),
  };
}
