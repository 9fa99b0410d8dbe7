import type { Connection } from 'mongoose';
import { createAttemptRepository, type AttemptRepository } from './attempts/attempt-repository.js';
import { createChangeRepository, type ChangeRepository } from './changes/change-repository.js';
import { createCheckpointRepository, type CheckpointRepository } from './checkpoints/checkpoint-repository.js';
import { createConversationRepository, type ConversationRepository } from './conversations/conversation-repository.js';
import { createGroupRepository, type GroupRepository } from './conversations/group-repository.js';
import { createHiddenRepository, type HiddenRepository } from './hidden/hidden-repository.js';
import { createJobRepository, type JobRepository } from './jobs/job-repository.js';
import { createMemberChangeRepository, type MemberChangeRepository } from './members/member-change-repository.js';
import { createMemberRepository, type MemberRepository } from './members/member-repository.js';
import { createMessageChangeRepository, type MessageChangeRepository } from './messages/message-change-repository.js';
import { createMessageRepository, type MessageRepository } from './messages/message-repository.js';
import { createNotificationRepository, type NotificationRepository } from './notifications/notification-repository.js';
import { createQuotaRepository, type QuotaRepository } from './quotas/quota-repository.js';
import { createReactionRepository, type ReactionRepository } from './reactions/reaction-repository.js';
import {
  createReactionSummaryRepository,
  type ReactionSummaryRepository,
} from './messages/reaction-summary-repository.js';
import { createRelationRepository, type RelationRepository } from './relations/relation-repository.js';
import { createSearchRepository, type SearchRepository } from './messages/search-repository.js';
import { createSessionRepository, type SessionRepository } from './sessions/session-repository.js';
import { createUploadRepository, type UploadRepository } from './uploads/upload-repository.js';
import { createUserRepository, type UserRepository } from './users/user-repository.js';
import type { ErasesConversation } from './erasing.js';

/** One repository for each collection, or for one subject of a large one. */
export interface Repositories {
  changes: ChangeRepository;
  reactions: ReactionRepository;
  reactionSummaries: ReactionSummaryRepository;
  search: SearchRepository;
  notifications: NotificationRepository;
  groups: GroupRepository;
  memberChanges: MemberChangeRepository;
  messageChanges: MessageChangeRepository;
  hidden: HiddenRepository;
  uploads: UploadRepository;
  quotas: QuotaRepository;
  users: UserRepository;
  relations: RelationRepository;
  sessions: SessionRepository;
  attempts: AttemptRepository;
  jobs: JobRepository;
  conversations: ConversationRepository;
  members: MemberRepository;
  messages: MessageRepository;
  checkpoints: CheckpointRepository;
}

export function createRepositories(connection: Connection): Repositories {
  const changes = createChangeRepository(connection);
  const reactions = createReactionRepository(connection);
  return {
    changes,
    reactions,
    reactionSummaries: createReactionSummaryRepository(connection, reactions),
    search: createSearchRepository(connection),
    notifications: createNotificationRepository(connection),
    groups: createGroupRepository(connection),
    memberChanges: createMemberChangeRepository(connection),
    messageChanges: createMessageChangeRepository(connection, changes),
    hidden: createHiddenRepository(connection),
    uploads: createUploadRepository(connection),
    quotas: createQuotaRepository(connection),
    users: createUserRepository(connection),
    relations: createRelationRepository(connection),
    sessions: createSessionRepository(connection),
    attempts: createAttemptRepository(connection),
    jobs: createJobRepository(connection),
    conversations: createConversationRepository(connection),
    members: createMemberRepository(connection),
    messages: createMessageRepository(connection),
    checkpoints: createCheckpointRepository(connection),
  };
}

/** Creates what erases the content of a deleted conversation; a repository without an answer here does not compile. */
export function createConversationEraser(all: Repositories): (conversationId: string) => Promise<void> {
  const { hidden, changes, reactions, notifications, messages } = all;
  const erasers: Record<keyof Repositories, ErasesConversation | null> = {
    hidden,
    changes,
    reactions,
    notifications,
    messages,
    // Other writers of collections above.
    messageChanges: null,
    reactionSummaries: null,
    search: null,
    // The conversation's own row goes last, and ended member rows stay for the cursors that name them.
    conversations: null,
    groups: null,
    members: null,
    memberChanges: null,
    // Uploads go before, by their reservations.
    uploads: null,
    // Nothing in these belongs to a conversation.
    quotas: null,
    users: null,
    relations: null,
    sessions: null,
    attempts: null,
    jobs: null,
    checkpoints: null,
  };
  return async function eraseConversation(conversationId) {
    for (const eraser of Object.values(erasers)) await eraser?.eraseConversation(conversationId);
  };
}
