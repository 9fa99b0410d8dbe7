/** The response bodies of each route, and the types that find them by path. */
import type { z } from 'zod';
import * as wire from './wire.js';

/** The response schemas of each route, null for none; a contract test compares them with the routes. */
export const responses = {
  'POST /api/auth/register': [wire.AuthResult],
  'POST /api/auth/login': [wire.AuthResult],
  'POST /api/auth/refresh': [wire.Tokens],
  'POST /api/auth/forgot-password': [wire.Nothing],
  'POST /api/auth/reset-password': [null],
  'POST /api/auth/verify-email': [null],
  'POST /api/auth/logout': [null],
  'POST /api/auth/change-password': [null],
  'POST /api/auth/change-email': [wire.Nothing],
  'POST /api/auth/resend-verification': [wire.Nothing],
  'GET /api/users/me': [wire.Me],
  'DELETE /api/users/me': [wire.ErasurePreview, wire.ErasurePlanned],
  'GET /api/users/export': [wire.AccountExport],
  'PUT /api/users/profile': [wire.Me],
  'PUT /api/users/avatar': [wire.Me],
  'DELETE /api/users/avatar': [wire.Me],
  'PUT /api/users/status': [wire.Me],
  'DELETE /api/users/status': [wire.Me],
  'PUT /api/users/privacy': [wire.Me],
  'GET /api/users/sessions': [wire.SessionList],
  'DELETE /api/users/sessions': [null],
  'DELETE /api/users/sessions/:sessionId': [null],
  'GET /api/users/:userId': [wire.PublicUser],
  'GET /api/users': [wire.UserRefList],
  'GET /api/contacts': [wire.ContactList],
  'POST /api/contacts': [wire.Contact],
  'PATCH /api/contacts/:userId': [wire.Contact],
  'DELETE /api/contacts/:userId': [null],
  'GET /api/contacts/search': [wire.PublicUserList],
  'GET /api/contacts/blocked': [wire.UserRefList],
  'PUT /api/contacts/:userId/block': [null],
  'DELETE /api/contacts/:userId/block': [null],
  'POST /api/conversations': [wire.Opened],
  'GET /api/conversations': [wire.ConversationList],
  'GET /api/conversations/unread': [wire.UnreadTotals],
  'GET /api/conversations/:id': [wire.Conversation],
  'PATCH /api/conversations/:id': [wire.Conversation],
  'DELETE /api/conversations/:id': [null],
  'POST /api/conversations/:id/read': [wire.ReadResult],
  'POST /api/conversations/:id/delivered': [wire.DeliveredResult],
  'GET /api/conversations/:id/receipts': [wire.ReceiptList],
  'POST /api/messages': [wire.Message],
  'GET /api/messages': [wire.MessagePage],
  'GET /api/messages/:id': [wire.Message],
  'GET /api/messages/search': [wire.SearchResult],
  'GET /api/messages/:id/receipts': [wire.MessageReceipts],
  'GET /api/messages/:id/revisions': [wire.MessageRevisions],
  'PATCH /api/messages/:id': [wire.Message],
  'DELETE /api/messages/:id': [wire.Message, null],
  'PUT /api/reactions/:messageId/:emoji': [wire.MessageReactions],
  'DELETE /api/reactions/:messageId/:emoji': [wire.MessageReactions],
  'GET /api/reactions/:messageId': [wire.ReactionList],
  'GET /api/notifications': [wire.NotificationList],
  'GET /api/notifications/count': [wire.UnreadNotifications],
  'POST /api/notifications/read': [wire.UnreadNotifications],
  'POST /api/notifications/:id/read': [wire.Notification],
  'DELETE /api/notifications/:id': [null],
  'POST /api/sync': [wire.SyncAnswer],
  'POST /api/upload': [wire.Upload],
  'GET /api/upload/:id': [wire.Upload],
  'DELETE /api/upload/:id': [null],
  'POST /api/groups': [wire.CreatedGroup],
  'GET /api/groups/:id': [wire.Conversation],
  'PATCH /api/groups/:id': [wire.Conversation],
  'DELETE /api/groups/:id': [null],
  'PUT /api/groups/:id/photo': [wire.Conversation],
  'DELETE /api/groups/:id/photo': [wire.Conversation],
  'GET /api/groups/:id/members': [wire.MemberList],
  'POST /api/groups/:id/members': [wire.AddedMembers],
  'DELETE /api/groups/:id/members/:userId': [null],
  'PATCH /api/groups/:id/members/:userId': [wire.Member],
  'POST /api/groups/:id/leave': [null],
  'POST /api/groups/:id/transfer': [wire.Conversation],
} as const satisfies Record<string, readonly (z.ZodType | null)[]>;

type Responses = typeof responses;
type Output<Schema> = Schema extends z.ZodType ? z.output<Schema> : null;

type WithoutQuery<Path extends string> = Path extends `${infer Before}?${string}` ? Before : Path;

type Segments<Path extends string> = Path extends `${infer First}/${infer Rest}` ? [First, ...Segments<Rest>] : [Path];

/** Whether the segments of a path match a pattern; a parameter matches anything. */
type Fits<Path, Pattern> = Path extends [infer Segment, ...infer Rest]
  ? Pattern extends [infer Wanted, ...infer More]
    ? Wanted extends `:${string}`
      ? Fits<Rest, More>
      : Segment extends Wanted
        ? Fits<Rest, More>
        : false
    : false
  : Pattern extends []
    ? true
    : false;

/** The route with exactly this path, or those whose pattern matches it. */
type RouteAt<Method extends string, Path extends string> = `${Method} ${Path}` extends keyof Responses
  ? `${Method} ${Path}`
  : {
      [Route in keyof Responses]: Route extends `${Method} ${infer Pattern}`
        ? Fits<Segments<Path>, Segments<Pattern>> extends true
          ? Route
          : never
        : never;
    }[keyof Responses];

type OutputOf<Route> = Route extends keyof Responses ? wire.OneOf<Output<Responses[Route][number]>> : unknown;

/** The body of a successful response, by method and path; unknown if the path is not known at compile time. */
export type BodyAt<Method extends string, Path extends string> = string extends Method
  ? unknown
  : [RouteAt<Method, WithoutQuery<Path>>] extends [never]
    ? unknown
    : OutputOf<RouteAt<Method, WithoutQuery<Path>>>;
