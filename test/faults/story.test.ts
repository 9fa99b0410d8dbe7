import { expect, it } from 'vitest';
import { spawnServer } from '../support/child.js';
import { api } from '../support/client.js';
import { anotherDevice, makeDirect, makeUser, sendText } from '../support/factories.js';
import { connectAs, nextEvent } from '../support/sockets.js';

it('two people register, a message arrives live, and all is there after kill -9', async () => {
  const first = await spawnServer();
  const ada = await makeUser(first);
  const bob = await makeUser(first);
  const listening = await connectAs(first, bob);

  const conversation = await makeDirect(first, ada, bob);
  const message = await sendText(first, ada, conversation.id, 'Bonjour, Bob \u{1F44B}');
  expect(message).toMatchObject({ seq: 1, senderId: ada.id, text: 'Bonjour, Bob \u{1F44B}', state: 'sent' });

  const announced = await nextEvent(listening, 'conversation:created');
  expect(announced.conversation).toMatchObject({ id: conversation.id, peer: { id: ada.id }, unreadCount: 1 });
  const heard = await nextEvent(listening, 'message:created');
  expect(heard.message).toMatchObject({ id: message.id, seq: 1, text: message.text });

  expect(await first.kill('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
  const second = await spawnServer({ DATA_DIR: first.dataDir });

  // The token of before is still good: session and key were kept, too.
  const list = await api(second).as(bob).get(`/api/messages?conversationId=${conversation.id}`);
  expect(list.body.items.map((one) => one.id)).toEqual([message.id]);
  const seen = await api(second).as(bob).get(`/api/conversations/${conversation.id}`);
  expect(seen.body).toMatchObject({ seq: 1, unreadCount: 1, lastMessage: { id: message.id } });

  // The same request again is the same message, and the next one takes the next number.
  const again = await sendText(second, ada, conversation.id, message.text, message.clientId!);
  expect(again.id).toBe(message.id);
  const phone = await anotherDevice(second, bob, 'phone');
  expect(await sendText(second, phone, conversation.id, 'Bonjour, Ada')).toMatchObject({ seq: 2, senderId: bob.id });

  await second.stop();
});
