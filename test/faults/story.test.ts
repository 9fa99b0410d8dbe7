import { expect, it } from 'vitest';
import { spawnServer } from '../support/child.js';
import { api } from '../support/client.js';
import { anotherDevice, makeDirect, makeUser, sendText } from '../support/factories.js';
import { connectAs, nextEvent } from '../support/sockets.js';

it('two users register, a message arrives live, and everything survives kill -9', async () => {
  const first = await spawnServer();
  const ada = await makeUser(first);
  const bob = await makeUser(first);
  const listening = await connectAs(first, bob);

  const conversation = await makeDirect(first, ada, bob);
  const message = await sendText(first, ada, conversation.id, 'Bonjour, Bob \u{1F44B}');
  expect(message).toMatchObject({ seq: 1, senderId: ada.id, text: 'Bonjour, Bob \u{1F44B}', state: 'sent' });

  const announced = await nextEvent(listening, 'conversation:created');
  expect(announced.conversation).toMatchObject({ id: conversation.id, peer: { id: ada.id }, unreadCount: 1 });
  const received = await nextEvent(listening, 'message:created');
  expect(received.message).toMatchObject({ id: message.id, seq: 1, text: message.text });

  expect(await first.kill('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
  const second = await spawnServer({ DATA_DIR: first.dataDir });

  // The old token still works: session and key survived, too.
  const list = await api(second).as(bob).get(`/api/messages?conversationId=${conversation.id}`);
  expect(list.body.items.map((one) => one.id)).toEqual([message.id]);
  const seen = await api(second).as(bob).get(`/api/conversations/${conversation.id}`);
  expect(seen.body).toMatchObject({ seq: 1, unreadCount: 1, lastMessage: { id: message.id } });

  // A retry returns the same message, and a new message gets the next number.
  const again = await sendText(second, ada, conversation.id, message.text, message.clientId!);
  expect(again.id).toBe(message.id);
  const phone = await anotherDevice(second, bob, 'phone');
  expect(await sendText(second, phone, conversation.id, 'Bonjour, Ada')).toMatchObject({ seq: 2, senderId: bob.id });

  await second.stop();
});
