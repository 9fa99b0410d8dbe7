import type { Socket } from 'socket.io-client';
import { beforeAll, describe, expect, it } from 'vitest';
import { refresh } from '../support/auth.js';
import { api, as } from '../support/client.js';
import { anotherDevice, makeDirect, makeUser, sendText, type TestUser } from '../support/factories.js';
import { nthMail } from '../support/mails.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { connectAs, eventsOf, nextMessage, untilClosed } from '../support/sockets.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});

const newPassword = 'a password that is new';

async function changePassword({ phone }: { phone: TestUser }): Promise<void> {
  const body = { currentPassword: phone.password, newPassword };
  expect((await as(phone).post('/api/auth/change-password', body)).status).toBe(204);
}

async function resetPassword({ laptop }: { laptop: TestUser }): Promise<void> {
  await api(server).post('/api/auth/forgot-password', { email: laptop.email });
  const { token } = await nthMail(server, laptop.email, 2);
  expect((await api(server).post('/api/auth/reset-password', { token, password: newPassword })).status).toBe(204);
}

async function reuseRefreshToken({ laptop }: { laptop: TestUser }): Promise<void> {
  const second = await refresh(server, laptop.tokens.refreshToken);
  await refresh(server, second.body.refreshToken);
  expect((await refresh(server, laptop.tokens.refreshToken)).code).toBe('refresh_token_reused');
}

/** Actions that end the laptop's session; the phone's continues unless `endsAll` is set. */
const endings: {
  name: string;
  reason: string;
  endsAll?: boolean;
  action: (devices: { phone: TestUser; laptop: TestUser }) => Promise<unknown>;
}[] = [
  {
    name: 'requirement 14: logging out',
    reason: 'logout',
    action: ({ laptop }) => as(laptop).post('/api/auth/logout'),
  },
  {
    name: 'requirement 15: signing one device out',
    reason: 'revoked',
    action: ({ phone, laptop }) => as(phone).delete(`/api/users/sessions/${laptop.session.id}`),
  },
  {
    name: 'requirement 15: signing all others out',
    reason: 'revoked',
    action: ({ phone }) => as(phone).delete('/api/users/sessions'),
  },
  { name: 'requirement 15: changing the password', reason: 'password_changed', action: changePassword },
  { name: 'requirement 15: resetting the password', reason: 'password_reset', endsAll: true, action: resetPassword },
  { name: 'requirement 15: using a retired refresh token', reason: 'token_reused', action: reuseRefreshToken },
];

/** Expects the socket to be closed after a last event with the reason. */
async function expectEnded(socket: Socket, reason: string): Promise<void> {
  await untilClosed(socket, 3_000);
  expect(eventsOf(socket).at(-1)).toEqual({ event: 'session:revoked', payload: { reason } });
}

describe('a session that ends', () => {
  for (const { name, reason, endsAll = false, action } of endings) {
    it(`${name} closes its sockets and no others`, async () => {
      const phone = await makeUser(server);
      const laptop = await anotherDevice(server, phone);
      const friend = await makeUser(server);
      const direct = await makeDirect(server, phone, friend);
      const [onPhone, onLaptop] = [await connectAs(server, phone), await connectAs(server, laptop)];
      const onFriend = await connectAs(server, friend);
      await action({ phone, laptop });
      const marker = await sendText(server, friend, direct.id, 'a marker');
      await expectEnded(onLaptop, reason);
      if (endsAll) await expectEnded(onPhone, reason);
      else await nextMessage(onPhone, marker.id);
      await nextMessage(onFriend, marker.id);
      expect([onPhone.connected, onLaptop.connected, onFriend.connected]).toEqual([!endsAll, false, true]);
      expect(eventsOf(onLaptop, 'message:created')).toEqual([]);
    });
  }
});
