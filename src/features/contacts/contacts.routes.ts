import { type Endpoint, endpoint, made, nothing, ok } from '../../kernel/endpoint.js';
import { PublicUserList, SearchDirectory, UserParams, UserRefList } from '@causerie/contract/users';
import { AddContact, Contact, ContactList, ListContacts, UpdateContact } from '@causerie/contract/contacts';
import type { Contacts } from './contacts.service.js';

function lookingEndpoints(contacts: Contacts): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/search',
      summary: 'Search for users',
      description:
        'Finds at most 20 users by a prefix of their username or of a word in their name, ignoring case and accents. A complete email address finds its owner if they allow it. At most 500 searches a day.',
      limit: 'directory',
      limitOf: () => 'directory_day',
      query: SearchDirectory,
      returns: { 200: PublicUserList },
      handle: async ({ actor, query }) => ok(await contacts.search(actor, query.q)),
    }),
    endpoint({
      method: 'get',
      path: '/blocked',
      summary: 'List blocked users',
      returns: { 200: UserRefList },
      handle: async ({ actor }) => ok(await contacts.blocked(actor.userId)),
    }),
  ];
}

/** Contacts and the directory, under `/api/contacts`. Blocking belongs to conversations, which it affects. */
export function contactEndpoints(contacts: Contacts): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/',
      summary: 'List contacts',
      description: 'In the order in which they were added, oldest first.',
      query: ListContacts,
      returns: { 200: ContactList },
      handle: async ({ actor, query }) => ok(await contacts.list(actor, query)),
    }),
    endpoint({
      method: 'post',
      path: '/',
      summary: 'Add a contact',
      description: 'If the user is a contact already, the response is 200, and the alias is updated if one is given.',
      body: AddContact,
      returns: { 200: Contact, 201: Contact },
      handle: async ({ actor, body }) => {
        const { contact, isNew } = await contacts.add(actor, body);
        return made(contact, isNew);
      },
    }),
    endpoint({
      method: 'patch',
      path: '/:userId',
      summary: 'Update a contact',
      params: UserParams,
      body: UpdateContact,
      returns: { 200: Contact },
      handle: async ({ actor, params, body }) => ok(await contacts.rename(actor, params.userId, body.alias)),
    }),
    endpoint({
      method: 'delete',
      path: '/:userId',
      summary: 'Remove a contact',
      params: UserParams,
      returns: { 204: null },
      handle: async ({ actor, params }) => {
        await contacts.remove(actor, params.userId);
        return nothing();
      },
    }),
    ...lookingEndpoints(contacts),
  ];
}
