import { type Endpoint, endpoint, made, nothing, ok } from '../../kernel/endpoint.js';
import { PublicUserList, SearchDirectory, UserParams, UserRefList } from '@causerie/contract/users';
import { AddContact, Contact, ContactList, ListContacts, UpdateContact } from '@causerie/contract/contacts';
import type { Contacts } from './contacts.service.js';

function lookingEndpoints(contacts: Contacts): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/search',
      summary: 'Search the directory',
      description:
        'At most 20 people by the beginning of a username or of a word in a name, without regard to case or accents; by a whole e-mail address only who allows it. At most 500 a day.',
      limit: 'directory',
      limitOf: () => 'directory_day',
      query: SearchDirectory,
      returns: { 200: PublicUserList },
      handle: async ({ actor, query }) => ok(await contacts.search(actor, query.q)),
    }),
    endpoint({
      method: 'get',
      path: '/blocked',
      summary: 'List whom one has blocked',
      returns: { 200: UserRefList },
      handle: async ({ actor }) => ok(await contacts.blocked(actor.userId)),
    }),
  ];
}

/** The own contacts and the directory, under `/api/contacts`; blocking is with the conversations that it ends. */
export function contactEndpoints(contacts: Contacts): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/',
      summary: 'List the own contacts',
      description: 'In the order in which they were added.',
      query: ListContacts,
      returns: { 200: ContactList },
      handle: async ({ actor, query }) => ok(await contacts.list(actor, query)),
    }),
    endpoint({
      method: 'post',
      path: '/',
      summary: 'Add a contact',
      description: 'Who is one already is answered with 200, and gets the alias that is given.',
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
      summary: 'Call a contact by another name',
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
