import type { Actor } from '../../kernel/actor.js';
import type { Contacts } from '../contacts/contacts.service.js';
import type { Conversations } from '../conversations/conversations.service.js';
import type { Links } from '../../views/links.js';
import type { UploadRow, UploadRepository } from '../../repositories/uploads/upload-repository.js';
import type { MemberRepository } from '../../repositories/members/member-repository.js';
import type { MessageRepository, MessageRow } from '../../repositories/messages/message-repository.js';
import type { Notifications } from '../notifications/notifications.service.js';
import type { ReactionRepository, ReactionRow } from '../../repositories/reactions/reaction-repository.js';
import type { Sessions } from '../sessions/sessions.service.js';
import type { Users } from '../users/users.service.js';
import type { OwnMessage } from '@causerie/contract/account';

interface Deps {
  members: Pick<MemberRepository, 'conversationsEverOf'>;
  messages: Pick<MessageRepository, 'sentBy'>;
  reactions: Pick<ReactionRepository, 'pageOf'>;
  users: Pick<Users, 'me'>;
  sessions: Pick<Sessions, 'list'>;
  contacts: Pick<Contacts, 'relationsOf'>;
  conversations: Pick<Conversations, 'listConversations'>;
  notifications: Pick<Notifications, 'list'>;
  uploads: Pick<UploadRepository, 'pageOf'>;
  links: Pick<Links, 'attachment' | 'upload'>;
}

/** Exports all data of an account as one JSON document, in pieces; each is read when it is needed, so that a large export costs no memory. */
export type ExportAccount = (actor: Actor) => AsyncIterable<string>;

const pageSize = 100;

function toOwnMessage(row: MessageRow, links: Pick<Links, 'attachment'>): OwnMessage {
  return {
    id: row._id,
    conversationId: row.conversationId,
    seq: row.seq,
    clientId: row.clientId,
    type: row.type === 'media' ? 'media' : 'text',
    attachments: (row.attachments ?? []).map(links.attachment),
    text: row.text,
    replyTo: row.replyTo,
    mentions: row.mentions,
    revisions: row.revisions.map(({ text, editedAt }) => ({ text, editedAt: editedAt.toISOString() })),
    createdAt: row.createdAt.toISOString(),
    editedAt: row.editedAt?.toISOString() ?? null,
    deletedAt: row.deletedAt?.toISOString() ?? null,
  };
}

/** The pages of a list with cursors. */
async function* paged<Item>(
  read: (cursor: string | undefined) => Promise<{ items: Item[]; nextCursor: string | null }>,
): AsyncGenerator<Item[]> {
  let cursor: string | undefined;
  do {
    const { items, nextCursor } = await read(cursor);
    yield items;
    cursor = nextCursor ?? undefined;
  } while (cursor !== undefined);
}

/** The pages of rows in the order of their ids. */
async function* byId<Row extends { _id: UploadRow['_id'] }, View>(
  read: (page: { after: Row['_id'] | null; limit: number }) => Promise<Row[]>,
  view: (row: Row) => View,
): AsyncGenerator<View[]> {
  let after: Row['_id'] | null = null;
  for (;;) {
    const found: Row[] = await read({ after, limit: pageSize });
    yield found.map(view);
    after = found.at(-1)?._id ?? null;
    if (!after || found.length < pageSize) return;
  }
}

/** Writes one field that holds a list, page by page. */
async function* listed(name: string, pages: AsyncIterable<readonly unknown[]>): AsyncGenerator<string> {
  yield `,${JSON.stringify(name)}:[`;
  let isFirst = true;
  for await (const page of pages) {
    if (page.length === 0) continue;
    yield `${isFirst ? '' : ','}${page.map((item) => JSON.stringify(item)).join(',')}`;
    isFirst = false;
  }
  yield ']';
}

async function* once<Item>(items: readonly Item[]): AsyncGenerator<readonly Item[]> {
  yield await Promise.resolve(items);
}

export function createExportAccount(deps: Deps): ExportAccount {
  const { members, messages, reactions, users, sessions, contacts, conversations, notifications, uploads, links } =
    deps;

  async function* messagesOf(userId: string): AsyncGenerator<OwnMessage[]> {
    for (const conversationId of await members.conversationsEverOf(userId)) {
      for (let after = ''; ;) {
        const found = await messages.sentBy(userId, conversationId, { after, limit: pageSize });
        yield found.map((row) => toOwnMessage(row, links));
        const last = found.at(-1);
        if (!last || found.length < pageSize) break;
        after = last.clientId ?? '';
      }
    }
  }

  const reactionsOf = (userId: string) =>
    byId(
      (page) => reactions.pageOf(userId, page),
      ({ messageId, emoji, createdAt }: ReactionRow) => ({
        messageId,
        emoji,
        createdAt: createdAt.toISOString(),
      }),
    );
  const uploadsOf = (userId: string) => byId((page) => uploads.pageOf(userId, page), links.upload);

  return async function* exportAccount(actor) {
    const { userId } = actor;
    const me = await users.me(userId);
    yield `{"exportedAt":${JSON.stringify(new Date().toISOString())},"me":${JSON.stringify(me)}`;
    yield* listed('sessions', once((await sessions.list(actor)).items));
    const people = await contacts.relationsOf(userId);
    yield* listed('contacts', once(await people.contacts.read()));
    yield* listed('blocked', once(await people.blocked.read()));
    const page = (cursor: string | undefined) => ({ limit: pageSize, ...(cursor === undefined ? {} : { cursor }) });
    yield* listed(
      'conversations',
      paged((cursor) => conversations.listConversations(actor, { filter: 'all', ...page(cursor) })),
    );
    yield* listed('messages', messagesOf(userId));
    yield* listed('reactions', reactionsOf(userId));
    yield* listed(
      'notifications',
      paged((cursor) => notifications.list(actor, { unread: false, ...page(cursor) })),
    );
    yield* listed('uploads', uploadsOf(userId));
    yield '}';
  };
}
