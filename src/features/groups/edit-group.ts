import type { Conversation } from '@causerie/contract/conversations';
import type { UpdateGroup } from '@causerie/contract/groups';
import type { Actor } from '../../kernel/actor.js';
import type { PictureRow } from '../../repositories/uploads/attachment-row.js';
import { roleOf } from '../../rules/groups.js';
import { hasPermission } from '../../rules/roles.js';
import type { Conversations } from '../conversations/conversations.service.js';
import type { Reservations } from '../media/reservations.js';
import type { ChangeGroup } from './change-group.js';
import { photoRequest } from './create-group.js';
import { type GroupMembers, requireAllowed, systemContent } from './members.js';

interface Deps {
  members: Pick<GroupMembers, 'requireMember' | 'requireGroup'>;
  changes: Pick<ChangeGroup, 'change'>;
  conversations: Pick<Conversations, 'viewFor'>;
  reservations: Pick<Reservations, 'reservePicture'>;
}

export interface EditGroup {
  update(actor: Actor, id: string, input: UpdateGroup): Promise<Conversation>;
  /** Throws `not_found` for an upload of another user, and `conflict` for one in use. */
  setPhoto(actor: Actor, id: string, uploadId: string): Promise<Conversation>;
  removePhoto(actor: Actor, id: string): Promise<Conversation>;
}

export function createEditGroup({ members, changes, conversations, reservations }: Deps): EditGroup {
  const viewFor = ({ userId }: Actor, id: string): Promise<Conversation> => conversations.viewFor(userId, id);

  async function requireEditor({ userId }: Actor, id: string): Promise<void> {
    const group = await members.requireGroup(userId, id);
    requireAllowed(hasPermission(roleOf(group, userId), 'edit_info'));
  }

  async function changeText(actor: Actor, id: string, field: 'title' | 'description', text: string): Promise<void> {
    await changes.change(id, async (group) => {
      const { member, role } = await members.requireMember(group, actor.userId);
      requireAllowed(hasPermission(role, 'edit_info'));
      if (group[field] === text) return null;
      const title = field === 'title' ? text : null;
      return { system: systemContent(`${field}_changed`, member, { title }), set: { [field]: text } };
    });
  }

  async function changePhoto(actor: Actor, id: string, photo: PictureRow | null): Promise<void> {
    await changes.change(id, async (group) => {
      const { member, role } = await members.requireMember(group, actor.userId);
      requireAllowed(hasPermission(role, 'edit_info'));
      const replacedPhoto = group.photo?._id;
      if (replacedPhoto === photo?._id) return null;
      const system = systemContent('photo_changed', member);
      return { system, set: { photo }, ...(replacedPhoto ? { replacedPhoto } : {}) };
    });
  }

  return {
    async update(actor, id, { title, description }) {
      await requireEditor(actor, id);
      if (title !== undefined) await changeText(actor, id, 'title', title);
      if (description !== undefined) await changeText(actor, id, 'description', description);
      return viewFor(actor, id);
    },
    async setPhoto(actor, id, uploadId) {
      await requireEditor(actor, id);
      const photo = await reservations.reservePicture(photoRequest(id, actor), uploadId, 'body.uploadId');
      await changePhoto(actor, id, photo);
      return viewFor(actor, id);
    },
    async removePhoto(actor, id) {
      await requireEditor(actor, id);
      await changePhoto(actor, id, null);
      return viewFor(actor, id);
    },
  };
}
