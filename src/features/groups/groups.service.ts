import type { Actor } from '../../kernel/actor.js';
import type { Cursors } from '../../kernel/cursors.js';
import { invalidInput, notFound, Problem } from '../../kernel/problem.js';
import type { Conversation } from '@causerie/contract/conversations';
import type { Conversations } from '../conversations/conversations.service.js';
import type { MemberRepository } from '../../repositories/members/member-repository.js';
import type { PictureRow } from '../../repositories/uploads/attachment-row.js';
import type { Reservations } from '../media/reservations.js';
import { claims } from '../../rules/reservation-keys.js';
import type { Users } from '../users/users.service.js';
import { type Admission, createAdmission } from './admission.js';
import { createGroupAccess, type GroupAccess, requireMay, systemContent } from './group-access.js';
import type { GroupChanging } from './group-changing.js';
import type { GroupPublisher } from './group-publisher.js';
import type { GroupRepository } from '../../repositories/conversations/group-repository.js';
import type {
  CreatedGroup,
  CreateGroup,
  ListMembers,
  MemberList,
  OpenConversation,
  UpdateGroup,
} from '@causerie/contract/groups';
import { createMemberList } from './member-list.js';
import type { MemberChangeRepository } from '../../repositories/members/member-change-repository.js';
import { createMembership, type Membership } from './membership.js';
import { heirOf } from './succession.js';
import { createOwnership, type Ownership } from './ownership.js';

interface Deps {
  repository: GroupRepository;
  members: Pick<MemberRepository, 'one' | 'among' | 'groupsOf' | 'crowdedAmong'>;
  memberChanges: MemberChangeRepository;
  conversations: Pick<Conversations, 'viewFor' | 'findView' | 'openConversation'>;
  users: Pick<Users, 'people' | 'statesOf'>;
  changing: GroupChanging;
  publisher: GroupPublisher;
  cursors: Cursors;
  reservations: Pick<Reservations, 'reservePicture' | 'cancelReservation'>;
  /** GROUP_MAX_MEMBERS. */
  maxMembers: number;
}

interface Created {
  group: CreatedGroup;
  isNew: boolean;
}

/** Groups. Every call throws `not_found` for who is no member, and `forbidden` for what his role does not allow. */
export interface Groups extends Membership, Pick<Ownership, 'leave' | 'delete'> {
  /** Makes a group; who may not be added is left out and named. Throws `invalid_input` for too many members, `conflict` in too many conversations. */
  create(actor: Actor, input: CreateGroup): Promise<Created>;
  /** Opens a conversation of either type. */
  open(actor: Actor, input: OpenConversation): Promise<{ conversation: Conversation | CreatedGroup; isNew: boolean }>;
  get(actor: Actor, id: string): Promise<Conversation>;
  update(actor: Actor, id: string, input: UpdateGroup): Promise<Conversation>;
  /** Gives a group a photo; throws `not_found` for an upload that is not the caller's, and `conflict` for one in use. */
  setPhoto(actor: Actor, id: string, uploadId: string): Promise<Conversation>;
  removePhoto(actor: Actor, id: string): Promise<Conversation>;
  members(actor: Actor, id: string, asked: ListMembers): Promise<MemberList>;
  transfer(actor: Actor, id: string, userId: string): Promise<Conversation>;
  /** Who would be the creator of each group that somebody owns, if he left; null where nobody else is in it. */
  heirsOf(userId: string): Promise<{ conversationId: string; heirId: string | null }[]>;
}

const tooMany = {
  en: 'A group cannot have that many members.',
  fr: 'Un groupe ne peut pas avoir autant de membres.',
};

type TakeBack = (id: string, userIds: readonly string[]) => Promise<void>;

/** Has those leave again whose accounts are being erased: who brought them in saw them before. */
function createTakeBack(admission: Admission, ownership: Pick<Ownership, 'leave'>): TakeBack {
  return async function takeBack(id, userIds) {
    for (const userId of await admission.inactiveAmong(userIds)) {
      try {
        await ownership.leave(userId, id);
      } catch (error) {
        // Their erasure, or another one who asked, was faster.
        if (!(error instanceof Problem) || error.code !== 'not_found') throw error;
      }
    }
  };
}

/** What a picture of a group is claimed by. */
function photoOf(id: string, { userId: ownerId }: Actor) {
  return { ownerId, purpose: 'group_photo', reservation: claims.photo(id) } as const;
}

/** Builds the making of groups, once for each clientId. */
function createCreation(
  { repository, members, changing, conversations, maxMembers, reservations }: Deps,
  admission: Admission,
  takeBack: TakeBack,
): Groups['create'] {
  /** Makes a group that is not known yet; `made` is null where another call with its clientId was faster. */
  async function make(actor: Actor, input: CreateGroup) {
    const { title, description = null, memberIds, clientId = null, photoUploadId } = input;
    if ((await members.crowdedAmong([actor.userId])).size > 0) throw new Problem('conflict');
    const others = memberIds.filter((one) => one !== actor.userId);
    const { admitted, refused } = await admission.admit(actor.userId, others, maxMembers - 1);
    const id = repository.newId();
    const photo =
      photoUploadId === undefined
        ? null
        : await reservations.reservePicture(photoOf(id, actor), photoUploadId, 'body.photoUploadId');
    const group = { id, photo, creatorId: actor.userId, title, description, memberIds: admitted, clientId };
    const made = await repository.create(group);
    if (photo && !made) await reservations.cancelReservation(claims.photo(id));
    return { made, admitted, refused: made ? refused : [] };
  }

  return async function create(actor, input) {
    const { memberIds, clientId = null } = input;
    if (memberIds.length > maxMembers - 1) throw invalidInput('body.memberIds', tooMany);
    const known = async () => (clientId === null ? null : repository.byClientId(actor.userId, clientId));
    const first = await known();
    const { made, admitted, refused } = first
      ? { made: null, admitted: [] as string[], refused: [] }
      : await make(actor, input);
    const row = made ?? first ?? (await known());
    if (!row) throw notFound();
    if (row.pending) await changing.finish(row, row.pending);
    await takeBack(row._id, admitted);
    const view = await conversations.viewFor(actor.userId, row._id);
    return { group: { ...view, refused }, isNew: made !== null };
  };
}

type Info = Pick<Groups, 'get' | 'update' | 'setPhoto' | 'removePhoto'>;

/** Builds what a group is called and looks like. */
function createInfo({ conversations, changing, reservations }: Deps, asking: GroupAccess): Info {
  const viewFor = (actor: Actor, id: string): Promise<Conversation> => conversations.viewFor(actor.userId, id);

  async function set(actor: Actor, id: string, field: 'title' | 'description', value: string): Promise<void> {
    await changing.change(id, async (row) => {
      const { member, role } = await asking.presentIn(row, actor.userId);
      requireMay(role, { action: 'edit_info' });
      if (row[field] === value) return null;
      const title = field === 'title' ? value : null;
      return { system: systemContent(`${field}_changed`, member, { title }), set: { [field]: value } };
    });
  }

  async function show(actor: Actor, id: string, photo: PictureRow | null): Promise<void> {
    await changing.change(id, async (row) => {
      const { member, role } = await asking.presentIn(row, actor.userId);
      requireMay(role, { action: 'edit_info' });
      const before = row.photo?._id;
      if (String(before) === String(photo?._id)) return null;
      const replaced = before ? { replacedPhoto: before } : {};
      return { system: systemContent('photo_changed', member), set: { photo }, ...replaced };
    });
  }

  return {
    async get(actor, id) {
      await asking.rowFor(actor.userId, id);
      return viewFor(actor, id);
    },
    async update(actor, id, { title, description }) {
      await asking.requireEditor(actor.userId, id);
      if (title !== undefined) await set(actor, id, 'title', title);
      if (description !== undefined) await set(actor, id, 'description', description);
      return viewFor(actor, id);
    },
    async setPhoto(actor, id, uploadId) {
      await asking.requireEditor(actor.userId, id);
      const photo = await reservations.reservePicture(photoOf(id, actor), uploadId, 'body.uploadId');
      await show(actor, id, photo);
      return viewFor(actor, id);
    },
    async removePhoto(actor, id) {
      await asking.requireEditor(actor.userId, id);
      await show(actor, id, null);
      return viewFor(actor, id);
    },
  };
}

/** Builds the question to whom the groups of somebody would pass. */
function createHeirs({ repository, members, memberChanges }: Deps): Groups['heirsOf'] {
  return async function heirsOf(userId) {
    const heirs = (await members.groupsOf([userId])).map(async ({ userId: creatorId, conversationId }) => {
      const row = await repository.byId(conversationId);
      if (row?.creatorId !== creatorId) return null;
      const heir = await heirOf(row, creatorId, memberChanges);
      return { conversationId, heirId: heir ? heir.userId : null };
    });
    return (await Promise.all(heirs)).filter((one) => one !== null);
  };
}

/** Builds the groups of a server. */
export function createGroups(deps: Deps): Groups {
  const { conversations } = deps;
  const asking = createGroupAccess(deps);
  const admission = createAdmission(deps);
  const list = createMemberList(deps);
  const ownership = createOwnership({ ...deps, asking });
  const takeBack = createTakeBack(admission, ownership);
  const create = createCreation(deps, admission, takeBack);

  return {
    create,
    ...createInfo(deps, asking),
    ...createMembership({ ...deps, asking, admission, takeBack }),
    async open(actor, input) {
      if (input.type === 'direct') return conversations.openConversation(actor, input);
      const { type: _group, ...wanted } = input;
      const { group, isNew } = await create(actor, wanted);
      return { conversation: group, isNew };
    },
    members: async (actor, id, asked) => list(actor, await asking.rowFor(actor.userId, id), asked),
    heirsOf: createHeirs(deps),
    leave: ownership.leave,
    delete: ownership.delete,
    async transfer(actor, id, userId) {
      await ownership.transfer(actor, id, userId);
      return conversations.viewFor(actor.userId, id);
    },
  };
}
