import type { CreatedGroup, CreateGroup, Refused } from '@causerie/contract/groups';
import type { Actor } from '../../kernel/actor.js';
import { invalidInput, notFound, Problem } from '../../kernel/problem.js';
import type { ConversationRow } from '../../repositories/conversations/conversation-repository.js';
import type { GroupRepository } from '../../repositories/conversations/group-repository.js';
import type { MemberRepository } from '../../repositories/members/member-repository.js';
import { reservationKeys } from '../../rules/uploads.js';
import type { Conversations } from '../conversations/conversations.service.js';
import type { ReservationRequest, Reservations } from '../media/reservations.js';
import type { AdmitMembers } from './admit-members.js';
import type { ChangeGroup } from './change-group.js';

interface Deps {
  repositories: {
    groups: Pick<GroupRepository, 'newId' | 'byClientId' | 'create'>;
    members: Pick<MemberRepository, 'crowdedAmong'>;
  };
  admission: Pick<AdmitMembers, 'admissionOf' | 'removeErased'>;
  changes: Pick<ChangeGroup, 'complete'>;
  conversations: Pick<Conversations, 'viewFor'>;
  reservations: Pick<Reservations, 'reservePicture' | 'cancelReservation'>;
  /** GROUP_MAX_MEMBERS. */
  maxMembers: number;
}

export interface GroupCreation {
  /**
   * Creates a group, once for each `clientId`, without the users whom the actor may not add. Throws `invalid_input` for
   * too many members, and `conflict` if the actor is in too many conversations.
   */
  create(actor: Actor, input: CreateGroup): Promise<{ group: CreatedGroup; isNew: boolean }>;
}

const tooMany = {
  en: 'A group cannot have that many members.',
  fr: 'Un groupe ne peut pas avoir autant de membres.',
};

/** The reservation of an upload as the photo of a group. */
export function photoRequest(id: string, { userId: ownerId }: Actor): Omit<ReservationRequest, 'ids'> {
  return { ownerId, purpose: 'group_photo', reservation: reservationKeys.photo(id) };
}

/** A group whose creation, its first change, may be pending. */
interface GroupToCreate {
  group: ConversationRow | null;
  isNew: boolean;
  admitted: string[];
  refused: Refused[];
}

export function createGroupCreation(deps: Deps): GroupCreation {
  const { repositories, admission, changes, conversations, reservations, maxMembers } = deps;
  const { groups, members } = repositories;

  const findCreated = async ({ userId }: Actor, { clientId }: CreateGroup): Promise<ConversationRow | null> =>
    clientId === undefined ? null : groups.byClientId(userId, clientId);

  async function foundGroup(actor: Actor, input: CreateGroup): Promise<GroupToCreate> {
    const { title, description = null, memberIds, clientId = null, photoUploadId } = input;
    if ((await members.crowdedAmong([actor.userId])).size > 0) throw new Problem('conflict');
    const others = memberIds.filter((one) => one !== actor.userId);
    const { admitted, refused } = await admission.admissionOf(actor.userId, others, maxMembers - 1);
    const id = groups.newId();
    const photo =
      photoUploadId === undefined
        ? null
        : await reservations.reservePicture(photoRequest(id, actor), photoUploadId, 'body.photoUploadId');
    const founding = { id, photo, creatorId: actor.userId, title, description, memberIds: admitted, clientId };
    const group = await groups.create(founding);
    if (group) return { group, isNew: true, admitted, refused };
    // Another request with this clientId was faster.
    if (photo) await reservations.cancelReservation(reservationKeys.photo(id));
    return { group: await findCreated(actor, input), isNew: false, admitted, refused: [] };
  }

  return {
    async create(actor, input) {
      if (input.memberIds.length > maxMembers - 1) throw invalidInput('body.memberIds', tooMany);
      const first = await findCreated(actor, input);
      const { group, isNew, admitted, refused } = first
        ? { group: first, isNew: false, admitted: [], refused: [] }
        : await foundGroup(actor, input);
      if (!group) throw notFound();
      if (group.pending) await changes.complete(group, group.pending);
      await admission.removeErased(group._id, admitted);
      const view = await conversations.viewFor(actor.userId, group._id);
      return { group: { ...view, refused }, isNew };
    },
  };
}
